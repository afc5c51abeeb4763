#!/usr/bin/env bash
# Jobs/peers/vote.sh [HOSTS [RATE [PARAMETERS]]]
#
# One vote beside the collectives of PyTorch (gloo) that do the same work, on the same emulated
# hosts in the same run: 4 hosts, 1gbit and 25.6 M parameters unless said. Prints a table; the JSON
# lines stay in runs/peers.
set -euo pipefail
# shellcheck source=Jobs/peers/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

hosts=${1:-4} rate=${2:-1gbit} parameters=${3:-25600000}
if [ -z "${SIGNUM_ON_HOST:-}" ]; then
  make_venv
  build_signum
  export signum
  exec "$root/Jobs/emulated-network.sh" "$hosts" "$rate" -- \
    bash "$peers/vote.sh" "$hosts" "$rate" "$parameters"
fi

log=$root/runs/peers/vote-$hosts-$rate-$(date -u +%Y%m%dT%H%M%SZ).jsonl
mkdir -p "$root/runs/peers"
on_every_host "$peers/collectives.py" "$parameters" "$log"
mpirun -np "$hosts" "$signum" bench vote --sizes "$parameters" --routes exchange \
  --link-gbps "$SIGNUM_LINK_GBPS" --log "$log"
mpirun -np "$hosts" "$signum" bench vote --sizes "$parameters" --routes exchange \
  --coding none,delta --flip-rate 0.03 --link-gbps "$SIGNUM_LINK_GBPS" --log "$log"
"$python" "$peers/table.py" vote "$log"
