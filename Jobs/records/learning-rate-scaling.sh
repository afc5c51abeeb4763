#!/usr/bin/env bash
# The record of --lr-scaling on Fashion-MNIST: MLPs of two hidden layers of W, the best learning rate at
# each W with and without it. 2 ranks, batch 128 a rank, 120 steps (half an epoch), seed 1.
#
#   Jobs/records/learning-rate-scaling.sh [FOLDER]     default: Jobs/records/DATE_learning-rate-scaling
#
# Installs what is missing, builds, and runs what FOLDER does not hold yet. Writes one log a run and
# results.md. Some five minutes on two cores.
set -euo pipefail
# shellcheck source=Jobs/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

widths=(128 256 512 1024)
settings=(none fan-in)
exponents=(12 11 10 9 8)

folder=$(realpath -m "${1:-$root/Jobs/records/$(date -u +%F)_learning-rate-scaling}")
need_swift
install_missing "${build_packages[@]}" dataset-fashion-mnist jq
cd "$root"
swift build -c release --product signum > /dev/null
signum=$(swift build -c release --show-bin-path)/signum
launch_environment
mkdir -p "$folder/logs"

run() { # WIDTH SETTING EXPONENT
  local log rate
  log=$(realpath -m --relative-to="$root" "$folder/logs/w$1_$2_e-$3.jsonl")
  [ ! -f "$log" ] || return 0
  rate=$(awk "BEGIN { printf \"%.12g\", 2^-$3 }")
  say "$(date -u +%T)  width $1, $2, lr 2^-$3"
  mpirun -np 2 "$signum" train --hidden "$1,$1" --lr-scaling "$2" --lr "$rate" \
    --steps 120 --batch 128 --threads 1 --vote exchange --evaluate-every 0 --log-every 1000 \
    --log "$log.partial" > /dev/null
  mv "$log.partial" "$log"
}

# The test accuracy in percent.
accuracy() { # WIDTH SETTING EXPONENT
  jq -r 'select(.type == "summary") | .accuracy' "$folder/logs/w$1_$2_e-$3.jsonl" |
    awk '{ printf "%.2f", 100 * $1 }'
}

for width in "${widths[@]}"; do
  for setting in "${settings[@]}"; do
    for exponent in "${exponents[@]}"; do
      run "$width" "$setting" "$exponent"
    done
  done
done
{
  printf '| --lr-scaling | width |%s best lr |\n' "$(printf ' 2^-%s |' "${exponents[@]}")"
  printf '|---|---|%s---|\n' "$(printf -- '---|%.0s' "${exponents[@]}")"
  for setting in "${settings[@]}"; do
    for width in "${widths[@]}"; do
      row='' best='' most=0
      for exponent in "${exponents[@]}"; do
        found=$(accuracy "$width" "$setting" "$exponent")
        row+=" $found |"
        if awk "BEGIN { exit !($found > $most) }"; then most=$found best=$exponent; fi
      done
      printf '| %s | %s |%s 2^-%s |\n' "$setting" "$width" "$row" "$best"
    done
  done
} > "$folder/results.md"
cat "$folder/results.md"
