#!/usr/bin/env bash
# The scaling record: vote against fp32 all-reduce, weak and strong, at 1, 2, 4 and 8 emulated hosts
# behind links of 100 Mbit/s, 1 and 10 Gbit/s, three repetitions; and the prediction for 8 hosts,
# weak, from the runs at up to 4. RATES="100mbit 1gbit" does with fewer: Jobs/emulated-network.sh
# refuses a rate that the machine does not reach.
#
#   Jobs/records/scaling.sh [FOLDER]      default: Jobs/records/DATE_scaling
#
# A perceptron 784-256-256-10 of 269,322 parameters on Fashion-MNIST. The gradient of 32 samples takes
# 40 ms by --simulate-gradient, as 8 ranks share this machine's cores. Needs root, and a machine that
# does nothing else. Stop it at any time and start it again with the same folder. About ten minutes.
# Exits 1 when a prediction is off by more than 15 %.
set -euo pipefail
# shellcheck source=Jobs/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

folder=$(realpath -m "${1:-$root/Jobs/records/$(date -u +%F)_scaling}")
install_missing dataset-fashion-mnist
RANKS="1 2 4 8" ROUTES="exchange exchange+delta fp32" KINDS="weak strong" \
  RATES="${RATES:-100mbit 1gbit 10gbit}" REPETITIONS=3 BATCH=32 STEPS=60 GRADIENT_MS=40 \
  "$root/Jobs/scaling.sh" "$folder"
cd "$folder"
signum=${SIGNUM:-$(swift build --package-path "$root" -c release --show-bin-path)/signum}
# In strong scaling 8 ranks are left 5 ms each, and the cores that they share decide.
"$signum" predict 'logs/weak_*' --fit-up-to 4 --tolerance 0.15 --format markdown > prediction.md
say "prediction: $folder/prediction.md"
