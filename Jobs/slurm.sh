# Shared by the job scripts of this folder: sourced by them, never run.
# shellcheck shell=bash
#
# launch COMMAND…   runs a command on the job's ranks and ends with its exit code
# finish CODE       ends the job; after a stop for the time limit it is queued again, and goes on
#
# What a signal does. Slurm sends USR1 to this shell some time before the limit (--signal=B:USR1@…);
# it is handed to the launcher, which hands it to the ranks: they agree on a step, write a checkpoint
# and exit with 85. A TERM, as of scancel or a preemption, goes the same way, as USR1: mpirun would
# answer a TERM by killing the ranks within seconds. Only after a USR1 the job is queued again from
# here: who cancels a job does not want it back, and a preempted one comes back by itself.
#
# Variables: SIGNUM is the program, SIGNUM_ROOT its checkout (where the job was submitted),
# SIGNUM_LAUNCHER is srun (default) or mpirun.

# Slurm's default fence, a tree, does not wait for other nodes (22.05, with PMIx 4.2): a rank of a fast
# node leaves MPI_Init and sends to one that can't take messages yet, which dies of it. A ring waits.
export SLURM_PMIX_FENCE=${SLURM_PMIX_FENCE:-ring}

root=${SIGNUM_ROOT:-$SLURM_SUBMIT_DIR}
signum=${SIGNUM:-$root/.build/release/signum}
# A job that was stopped and started this often makes no progress.
max_restarts=100

launcher=
asked=
ask() {
  [ "$asked" = USR1 ] || asked=$1
  [ -z "$launcher" ] || kill -USR1 "$launcher" 2> /dev/null || true
}
trap 'ask USR1' USR1
trap 'ask TERM' TERM

say() { printf '%s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$*"; }

say "job $SLURM_JOB_ID ($SLURM_JOB_NAME), start $((${SLURM_RESTART_COUNT:-0} + 1))," \
  "$SLURM_NTASKS ranks on $SLURM_JOB_NODELIST"
[ -x "$signum" ] || {
  say "no program at $signum: run 'swift build -c release' in $root, or set SIGNUM"
  exit 1
}

# launch [-n RANKS] COMMAND…
launch() {
  local ranks=() code=0
  if [ "$1" = -n ]; then ranks=(-n "$2"); shift 2; fi
  case ${SIGNUM_LAUNCHER:-srun} in
    srun) srun --mpi=pmix --kill-on-bad-exit=1 "${ranks[@]}" "$@" & ;;
    mpirun) mpirun "${ranks[@]}" "$@" & ;;
    *) say "SIGNUM_LAUNCHER is srun or mpirun, found $SIGNUM_LAUNCHER"; exit 2 ;;
  esac
  launcher=$!
  # A signal that came before there was a launcher.
  [ -z "$asked" ] || ask "$asked"
  # A trap ends a wait, not the launcher: it is waited for again until it is gone.
  wait "$launcher" || true
  while kill -0 "$launcher" 2> /dev/null; do wait "$launcher" || true; done
  wait "$launcher" || code=$?
  launcher=
  return "$code"
}

finish() {
  # A task that is slow to exit may be killed by srun after the first one's 85: 137 is a stop too.
  if [ "$1" -gt 2 ] && [ "$asked" = USR1 ]; then
    if [ "${SLURM_RESTART_COUNT:-0}" -lt $max_restarts ]; then
      say "stopped with code $1; queued again"
      scontrol requeue "$SLURM_JOB_ID"
      # Slurm ends this shell now.
      sleep 60
    fi
    say "stopped with code $1 after $max_restarts starts: not queued again"
  else
    say "ended with code $1"
  fi
  exit "$1"
}
