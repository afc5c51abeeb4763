#!/usr/bin/env bash
# The record of networks: Fashion-MNIST by `cnn` and `resnet20`, the King James Bible by `gpt`, each by
# signum beside what users have today.
#
#   Jobs/records/networks.sh [FOLDER]      default: Jobs/records/DATE_networks
#
# Installs what is missing, builds, and runs what FOLDER does not hold yet. Writes one log a run and
# results.md. An hour on two cores that do nothing else.
set -euo pipefail
# shellcheck source=Jobs/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

folder=$(realpath -m "${1:-$root/Jobs/records/$(date -u +%F)_networks}")
need_swift
install_missing "${build_packages[@]}" dataset-fashion-mnist bible-kjv bible-kjv-text jq
cd "$root"
swift build -c release --product signum > /dev/null
signum=$(swift build -c release --show-bin-path)/signum
launch_environment
mkdir -p "$folder/logs"

# train NAME OPTION…: one run of 4 ranks, unless its log is there.
train() {
  local log
  log=$(realpath -m --relative-to="$root" "$folder/logs/$1.jsonl")
  [ ! -f "$log" ] || return 0
  say "$(date -u +%T)  $1"
  rm -f "$log.partial"
  mpirun -np 4 "$signum" train --threads 1 "${@:2}" --log "$log.partial" > /dev/null
  mv "$log.partial" "$log"
}

# rates NAME RATES OPTION…: short runs with each rate; prints the one with the smallest loss.
rates() {
  local name=$1 rate
  for rate in $2; do train "${name}_rate_$rate" --lr "$rate" "${@:3}" >&2; done
  for rate in $2; do
    jq -r --arg rate "$rate" 'select(.type == "summary") | "\(.finalLoss) \($rate)"' \
      "$folder/logs/${name}_rate_$rate.jsonl"
  done | sort -g | head -n 1 | cut -d ' ' -f 2
}

images=(--model cnn --batch 32 --epochs 4 --schedule cosine)
for seed in 1 2 3; do train "cnn_signum_seed_$seed" "${images[@]}" --lr 5e-4 --seed "$seed"; done
train cnn_sgd-momentum "${images[@]}" --algorithm sgd-momentum --lr 0.05
train cnn_adamw "${images[@]}" --algorithm adamw --lr 1e-3

residual=(--model resnet20 --batch 32 --epochs 4 --schedule cosine)
for seed in 1 2 3; do train "resnet20_signum_seed_$seed" "${residual[@]}" --lr 1e-3 --seed "$seed"; done
train resnet20_sgd-momentum "${residual[@]}" --algorithm sgd-momentum --lr 0.1

# Rates are chosen on the last 2 % of the training text, by runs on what stands before: the last 5 % of
# a text are its validation, and 2 % are the last 5 % of 40 %.
end=$(realpath -m --relative-to="$root" "$folder/bible.txt")
bible -f 'Gen1:1-Rev22:21' | sed 's/^[^ ]* //' > "$end.all"
training=$(($(stat -c %s "$end.all") * 95 / 100))
head -c "$training" "$end.all" | tail -c $((training * 40 / 100)) > "$end"
rm "$end.all"
text=(--model gpt --batch 4)
short=("${text[@]}" --data "text:$end" --steps 1200)
long=("${text[@]}" --data bible --steps 8000)
train gpt_signum "${long[@]}" --lr "$(rates gpt_signum '3.5e-4 5e-4 7e-4 1e-3' "${short[@]}")"
train gpt_adamw "${long[@]}" --algorithm adamw \
  --lr "$(rates gpt_adamw '5e-4 1e-3 2e-3 4e-3' "${short[@]}" --algorithm adamw)"
rm "$end"

{
  printf '| run | test accuracy or nats a byte | seconds | samples/s |\n|---|---|---|---|\n'
  for log in "$folder"/logs/*.jsonl; do
    jq -r --arg run "$(basename "$log" .jsonl)" 'select(.type == "summary")
      | "| \($run) | \(.accuracy // .finalLoss) | \(.trainingSeconds * 10 | round / 10) | \(.samplesPerSecond | round) |"' \
      "$log"
  done
} > "$folder/results.md"
cat "$folder/results.md"
