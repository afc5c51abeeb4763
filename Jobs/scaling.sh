#!/usr/bin/env bash
# A scaling study: the same training at several numbers of ranks, by several routes, on several
# networks, some times each; then the comparison with its plots.
#
#   Jobs/scaling.sh FOLDER [-- FLAGS of 'signum train'…]
#
# What is swept stands in variables, each a list separated by blanks:
#   RANKS="1 2 4"             numbers of ranks; the first is the base
#   ROUTES="exchange fp32"    a route of --vote, uncoded, or coded with +delta; auto: what a run
#                             chooses at its start; fp32: sgd-momentum by MPI_Allreduce, the baseline
#   KINDS="weak strong"       weak: BATCH samples a step and rank; strong: BATCH of all ranks
#   RATES=""                  rates of an emulated network, such as "100mbit 1gbit 10gbit": a host
#                             a rank, by Jobs/emulated-network.sh, which needs root. Empty: here,
#                             or where the launcher puts the ranks
#   REPETITIONS=3  BATCH=256  STEPS=60
#   GRADIENT_MS=""            a synthetic time of BATCH samples' gradient, for more ranks than cores:
#                             --simulate-gradient, in proportion to a rank's samples
#
# Runs what FOLDER/logs does not hold yet: stop it at any time and start it again. Under Slurm it
# launches by srun; the tasks of an array share the runs:
#   sbatch --array=0-3 --ntasks=4 --wrap 'Jobs/scaling.sh FOLDER'
# Ends in FOLDER/results.md, FOLDER/results.json and FOLDER/*.svg, *.png once every run is there.
set -euo pipefail
# shellcheck source=Jobs/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

if [ $# -lt 1 ] || { [ $# -gt 1 ] && [ "$2" != -- ]; }; then
  say "expected FOLDER [-- FLAGS…], found '$*'"
  exit 2
fi
folder=$(realpath -m "$1")
flags=("${@:3}")
RANKS=${RANKS:-1 2 4} ROUTES=${ROUTES:-exchange fp32} KINDS=${KINDS:-weak strong}
RATES=${RATES:-} REPETITIONS=${REPETITIONS:-3} BATCH=${BATCH:-256} STEPS=${STEPS:-60}
GRADIENT_MS=${GRADIENT_MS:-}
export RANKS ROUTES KINDS RATES REPETITIONS BATCH STEPS GRADIENT_MS

# The flags of a route: route_flags ROUTE
route_flags() {
  case $1 in
    fp32) echo --algorithm sgd-momentum --mean mpi ;;
    *+delta) echo --algorithm signum --vote "${1%+delta}" --coding delta ;;
    auto) echo --algorithm signum ;;
    *) echo --algorithm signum --vote "$1" --coding none ;;
  esac
}

# The log of a run, seen from FOLDER: name KIND ROUTE RANKS RATE REPETITION
name() { echo "logs/$1_$2_n$3${4:+_$4}_$5.jsonl"; }

is_complete() { [ -f "$1" ] && tail -n 1 "$1" | grep -q '^{"type":"summary"'; }

# Trains unless the log is complete: train KIND ROUTE RANKS RATE REPETITION
train() {
  local log batch launcher=() run_flags=()
  log=$(name "$@")
  is_complete "$log" && return
  batch=$BATCH
  [ "$1" = weak ] || batch=$((BATCH / $3))
  if [ "$batch" -lt 1 ]; then
    say "strong scaling of $BATCH samples leaves none to some of $3 ranks: raise BATCH"
    exit 2
  fi
  if [ -n "$GRADIENT_MS" ]; then
    run_flags+=(--simulate-gradient
      "$(awk -v ms="$GRADIENT_MS" -v b="$batch" -v all="$BATCH" 'BEGIN { print ms * b / all }')")
  fi
  if [ -n "${SLURM_JOB_ID:-}" ] && [ -z "$4" ]; then
    launcher=(srun --mpi=pmix --kill-on-bad-exit=1 -n "$3")
  elif [ "$3" -gt 1 ]; then
    # Open MPI hands variables to other hosts when told to.
    launcher=(mpirun -np "$3" -x SIGNUM_LINK_GBPS)
  fi
  rm -f "$log"
  say "$(date -u +%T)  ${log##*/}"
  # shellcheck disable=SC2046  # a route's flags are several words
  "${launcher[@]}" "$signum" train --threads 1 --steps "$STEPS" --log-every 5 \
    --evaluate-every 0 --batch "$batch" --seed "$5" $(route_flags "$2") "${run_flags[@]}" \
    "${flags[@]}" --log "$log" > "$log.out" 2>&1 < /dev/null || {
    say "failed: $(tail -n 3 "$log.out")"
    exit 1
  }
  rm "$log.out"
}

# Calls a command for each run of a network: each_run RATE COMMAND…
# One rank needs no network: it runs with the first, or without any.
each_run() {
  local rate=$1 number=0 repetition kind route ranks
  shift
  for ((repetition = 1; repetition <= REPETITIONS; repetition++)); do
    for kind in $KINDS; do
      for route in $ROUTES; do
        for ranks in $RANKS; do
          number=$((number + 1))
          # One rank does the same by every kind and network, but not by every algorithm.
          if [ "$ranks" -eq 1 ]; then
            if [ -n "$rate" ] || [ "$kind" != "${KINDS%% *}" ]; then continue; fi
            if [ "$route" != fp32 ] && [ "$route" != "$first_vote" ]; then continue; fi
          elif [ -n "$RATES" ] && [ -z "$rate" ]; then
            continue
          fi
          "$@" "$kind" "$route" "$ranks" "$rate" "$repetition" "$number"
        done
      done
    done
  done
}

# The first route that votes.
first_vote=
for route in $ROUTES; do
  [ "$route" = fp32 ] || { first_vote=$route && break; }
done

# The runs of an array's task.
my_share() {
  local tasks=${SLURM_ARRAY_TASK_COUNT:-1} task=${SLURM_ARRAY_TASK_ID:-0}
  [ $(($6 % tasks)) -ne $(((task - ${SLURM_ARRAY_TASK_MIN:-0}) % tasks)) ] || train "${@:1:5}"
}

absent=0
count_missing() { is_complete "$(name "${@:1:5}")" || absent=$((absent + 1)); }

mkdir -p "$folder/logs"
# Logs tell the paths that they were given: none of this machine.
cd "$folder"
if [ -n "${SCALING_RATE:-}" ]; then
  # Within an emulated network, where this script starts itself.
  signum=$SIGNUM
  each_run "$SCALING_RATE" my_share
  exit
fi
if [ -z "${SIGNUM:-}" ]; then
  need_swift
  install_missing "${build_packages[@]}" gnuplot-nox
  swift build --package-path "$root" -c release --product signum > /dev/null
  SIGNUM=$(swift build --package-path "$root" -c release --show-bin-path)/signum
fi
export SIGNUM
signum=$SIGNUM
launch_environment
each_run "" my_share
hosts=$(tr ' ' '\n' <<< "$RANKS" | sort -n | tail -n 1)
for rate in $RATES; do
  absent=0
  each_run "$rate" count_missing
  [ "$absent" -eq 0 ] ||
    SCALING_RATE=$rate "$root/Jobs/emulated-network.sh" "$hosts" "$rate" -- \
      "$root/Jobs/scaling.sh" "$folder" -- "${flags[@]}"
done

absent=0
each_run "" count_missing
for rate in $RATES; do each_run "$rate" count_missing; done
if [ "$absent" -gt 0 ]; then
  say "$absent runs are still missing: the comparison is left to whoever makes the last one"
  exit
fi
# Two tasks may come to be the last: what each writes is moved into place when it is whole.
compare() {
  if ! "$signum" compare logs "${@:2}" > "$1.$$"; then
    rm "$1.$$"
    exit 1
  fi
  mv "$1.$$" "$1"
}
compare results.md --format markdown --plots .
compare results.json --format json
say "results: $folder/results.md"
