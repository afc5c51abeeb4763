#!/usr/bin/env bash
# From a machine with Swift 6.2 or later to a trained network: installs the Debian packages that
# are missing, builds, and trains an MLP on Fashion-MNIST by majority vote.
#
#   Jobs/quickstart.sh [FLAG…]     flags of 'signum train', for instance --seed 2
#   RANKS=8 Jobs/quickstart.sh     another number of ranks than 4
#   SIGNUM_MARCH= Jobs/quickstart.sh   kernels for any processor, not for this machine's alone
set -euo pipefail
# shellcheck source=Jobs/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

need_swift
install_missing "${build_packages[@]}" dataset-fashion-mnist
cd "$root"
say "Building (release, kernels for ${SIGNUM_MARCH:-any processor})…"
swift build -c release --product signum -Xswiftc -warnings-as-errors > .build-quickstart.log 2>&1 || {
  tail -n 40 .build-quickstart.log >&2
  exit 1
}
rm -f .build-quickstart.log
launch_environment
ranks=${RANKS:-4}
mkdir -p runs
log=runs/quickstart-np$ranks-$(date -u +%Y%m%dT%H%M%SZ).jsonl
mpirun -np "$ranks" "$(swift build -c release --show-bin-path)/signum" train \
  --data fashion-mnist --model mlp --epochs 5 --log "$log" "$@"
