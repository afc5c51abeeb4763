#!/usr/bin/env bash
# The record of a convolutional network on Fashion-MNIST: `cnn`, 4 ranks, batch 32 a rank, 4 epochs,
# seeds 1, 2, 3, no augmentation.
#
#   Jobs/records/networks.sh [FOLDER]      default: Jobs/records/DATE_networks
#
# Installs what is missing, builds, and runs what FOLDER does not hold yet. Writes one log a run and
# results.md. A minute a run on two cores that do nothing else.
set -euo pipefail
# shellcheck source=Jobs/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

folder=$(realpath -m "${1:-$root/Jobs/records/$(date -u +%F)_networks}")
need_swift
install_missing "${build_packages[@]}" dataset-fashion-mnist jq
cd "$root"
swift build -c release --product signum > /dev/null
signum=$(swift build -c release --show-bin-path)/signum
launch_environment
mkdir -p "$folder/logs"
for seed in 1 2 3; do
  log=$(realpath -m --relative-to="$root" "$folder/logs/cnn_s$seed.jsonl")
  if [ ! -f "$log" ]; then
    say "$(date -u +%T)  seed $seed"
    mpirun -np 4 "$signum" train --model cnn --batch 32 --epochs 4 --lr 5e-4 --schedule cosine \
      --momentum 0.9 --threads 1 --seed "$seed" --log "$log.partial" > /dev/null
    mv "$log.partial" "$log"
  fi
done
{
  printf '| run | test accuracy | seconds | samples/s |\n|---|---|---|---|\n'
  for log in "$folder"/logs/*.jsonl; do
    jq -r --arg run "$(basename "$log" .jsonl)" 'select(.type == "summary")
      | "| \($run) | \(.accuracy) | \(.trainingSeconds * 10 | round / 10) | \(.samplesPerSecond | round) |"' \
      "$log"
  done
} > "$folder/results.md"
cat "$folder/results.md"
