#!/usr/bin/env bash
# What the job tests run inside the Slurm sandbox: submits the real scripts and prints what came of
# it as NAME=VALUE, one a line.
#
#   scenario.sh preempt|scripts FOLDER
#
# FOLDER takes logs and checkpoints; SIGNUM is the program.
set -euo pipefail
work=$2
small=(--data fashion-mnist --hidden 16 --batch 16 --lr 0.005 --threads 1 --log-every 100 --evaluate-every 0)
export SIGNUM_RUNS=$work SIGNUM_ROOT=$PWD
# Both nodes are one host, where memory shared between them would be memory of one node.
export OMPI_MCA_btl=tcp,self OMPI_MCA_mpi_yield_when_idle=1

tell() { printf '%s=%s\n' "$1" "$2"; }

# The value of a member in the last line of a log that has it.
last() { sed -n 's/.*"'"$2"'":"\{0,1\}\([^",}]*\).*/\1/p' "$1" | tail -n 1; }

# The state of a job as squeue has it; nothing once it is gone.
state() { squeue --noheader --jobs="$1" --format=%T 2> /dev/null || true; }

# Waits until a command succeeds, so many tenths of a second.
wait_for() {
  local tenths=$1
  shift
  while ! "$@"; do
    tenths=$((tenths - 1))
    [ "$tenths" -gt 0 ] || { echo "waited in vain: $*" >&2; return 1; }
    sleep 0.1
  done
}

submit() { sbatch --parsable --output="$work/%x-%j.out" "$@"; }
direct() {
  env -u OMPI_MCA_btl OMPI_MCA_rmaps_base_oversubscribe=1 mpirun "$@"
}
is_gone() { [ -z "$(state "$1")" ]; }
has_starts() { [ -e "$1" ] && [ "$(grep -c '^[^ ]* job ' "$1" || true)" -ge "$2" ]; }

preempt() {
  local job log output
  # Steps of 20 ms at least last beyond the moment at which Slurm warns of the limit: it looks every
  # 30 s.
  local steps=2500 step_milliseconds=20
  direct -np 4 "$SIGNUM" train "${small[@]}" --steps "$steps" --log "$work/unbroken.jsonl" > /dev/null
  tell unbroken "$(last "$work/unbroken.jsonl" weightHash)"

  # A limit of a minute, of which Slurm warns half a minute before: at once, when it looks.
  job=$(submit --job-name=preempted --time=1 --signal=B:USR1@30 Jobs/train.sbatch "${small[@]}" \
    --steps "$steps" --simulate-gradient "$step_milliseconds" --checkpoint-every 200)
  log=$work/preempted-$job/log.jsonl
  output=$work/preempted-$job.out
  wait_for 1800 has_starts "$output" 2
  # The second start is thrown back without a warning.
  wait_for 300 grep -q '"event":"resume"' "$log"
  sleep 1
  scontrol requeue "$job"
  wait_for 300 has_starts "$output" 3
  wait_for 3600 is_gone "$job"
  tell hash "$(last "$log" weightHash)"
  tell heads "$(grep -c '"type":"run"' "$log")"
  tell runs "$(sed -n 's/.*"runIdentifier":"\([^"]*\).*/\1/p' "$log" | sort -u | wc -l)"
  tell signals "$(grep -c '"event":"signal"' "$log")"
  tell resumes "$(grep -c '"event":"resume"' "$log")"
  tell nodes "$(last "$log" nodes)"
  tell restarts "$(sed -n 's/.*"slurmRestartCount":\([0-9]*\).*/\1/p' "$log" | tr '\n' ' ')"
  tell job "$(last "$log" slurmJobID)"
  tell submitted "$job"
  tell end "$(last "$log" exitReason)"
  tell ending "$(tail -n 1 "$output")"
}

scripts() {
  local job name
  job=$(submit --wait --job-name=by-mpirun --export=ALL,SIGNUM_LAUNCHER=mpirun Jobs/train.sbatch \
    "${small[@]}" --steps 60)
  tell mpirun "$(last "$work/by-mpirun-$job/log.jsonl" weightHash)"
  job=$(submit --wait --job-name=by-srun Jobs/train.sbatch "${small[@]}" --steps 60)
  tell srun "$(last "$work/by-srun-$job/log.jsonl" weightHash)"
  for name in strong weak; do
    job=$(REPETITIONS=1 submit --wait Jobs/scaling-$name.sbatch "${small[@]}" --steps 20)
    tell "$name" "$(find "$work/scaling-$name-$job" -name '*.jsonl' | wc -l)"
  done
  job=$(submit --wait --ntasks-per-node=2 Jobs/reproduce.sbatch flips)
  tell reproduce "$(find "$work/reproduce-$job/report" -name README.md | wc -l)"
  job=$(submit --wait Jobs/vote-bench.sbatch --sizes 4096 --routes exchange,allreduce --coding none \
    --repetitions 3)
  tell votes "$(grep -c '"type":"vote"' "$work/vote-bench-$job/votes.jsonl" || true)"
  # Cancelled: a checkpoint, and no second start.
  job=$(submit --job-name=cancelled Jobs/train.sbatch "${small[@]}" --steps 1000000 \
    --checkpoint-every 100)
  wait_for 300 grep -q '"type":"checkpoint"' "$work/cancelled-$job/log.jsonl"
  scancel "$job"
  wait_for 200 is_gone "$job"
  tell cancelled "$(last "$work/cancelled-$job/log.jsonl" exitReason)"
  # Ranks of both nodes wait for each other before the first one sends.
  local flags=()
  read -ra flags <<< "$(pkg-config --cflags --libs pmix)"
  cc -o "$work/fence" Tests/JobTests/fence.c "${flags[@]}"
  job=$(SIGNUM=$work/fence submit --wait --job-name=fence Jobs/train.sbatch)
  tell fence "$(awk '/^fence came/ { if ($3 > came) came = $3; if (!left || $5 < left) left = $5; ranks++ }
    END { print ranks, (left >= came ? "together" : "apart") }' "$work/fence-$job.out")"
  # A job without a program says so.
  job=$(SIGNUM=/nowhere submit --job-name=mislaunched Jobs/train.sbatch || true)
  wait_for 200 is_gone "$job"
  tell mislaunched "$(tail -n 1 "$work/mislaunched-$job.out")"
}

case $1 in
  preempt) preempt ;;
  scripts) scripts ;;
  *) echo "preempt or scripts, found $1" >&2; exit 2 ;;
esac
