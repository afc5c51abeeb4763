#!/usr/bin/env bash
# Jobs/peers/training.sh [HOSTS [RATE [STEPS]]]
#
# Training of an MLP 784-1024-1024-10 on Fashion-MNIST, batch 128 a rank, by signum and by PyTorch's
# DistributedDataParallel (gloo), on the same emulated hosts in the same run: 4 hosts, 1gbit and 2
# epochs unless said; STEPS ends runs on slow links early. Where the processor multiplies bfloat16,
# both also with products of it. Prints a table; the logs stay in runs/peers.
set -euo pipefail
# shellcheck source=Jobs/peers/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

hosts=${1:-4} rate=${2:-1gbit} steps=${3:-}
if [ -z "${SIGNUM_ON_HOST:-}" ]; then
  make_venv
  build_signum
  export signum
  exec "$root/Jobs/emulated-network.sh" "$hosts" "$rate" -- \
    bash "$peers/training.sh" "$hosts" "$rate" ${steps:+"$steps"}
fi

folder=$root/runs/peers/training-$hosts-$rate-$(date -u +%Y%m%dT%H%M%SZ)
mkdir -p "$folder"
length=(--epochs 2)
[ -z "$steps" ] || length=(--steps "$steps")
products=(float32)
if grep -q -w avx512_bf16 /proc/cpuinfo; then products+=(bf16); fi
# One thread a rank for all: each emulated host takes the machine's cores for its own.
for dtype in "${products[@]}"; do
  for coding in none delta; do
    mpirun -np "$hosts" "$signum" train --hidden 1024,1024 --batch 128 --threads 1 "${length[@]}" \
      --dtype "$dtype" --coding "$coding" --log-every 10 \
      --log "$folder/signum-$coding-$dtype.jsonl" > /dev/null
  done
  for method in int8-signs fp32; do
    on_every_host "$peers/ddp.py" "$method" "${length[@]}" --dtype "$dtype" \
      --log "$folder/ddp-$method-$dtype.jsonl"
  done
done
# Versions of PyTorch differ in whether this hook runs without CUDA; in some its ranks wait for ever.
limit=600 on_every_host "$peers/ddp.py" powersgd "${length[@]}" \
  --log "$folder/ddp-powersgd-float32.jsonl" 2> "$folder/powersgd.txt" ||
  say "PowerSGD's hook does not run here: $(grep -m 1 -i error "$folder/powersgd.txt" || echo "too slow")"
"$python" "$peers/table.py" training "$folder"/*.jsonl
