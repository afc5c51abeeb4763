#!/usr/bin/env bash
# Jobs/peers/gradient.sh [--dtype float32 | bf16] [MODEL…]
#
# Gradients of the same models by signum and by PyTorch, one thread, in turn, each in a process of its
# own: mlp, cnn, resnet20 and gpt, products of float32, unless said.
set -euo pipefail
# shellcheck source=Jobs/peers/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

type=float32
if [ "${1:-}" = --dtype ]; then
  type=${2:?"--dtype float32 or --dtype bf16"}
  shift 2
fi
[ $# -gt 0 ] || set -- mlp cnn resnet20 gpt
make_venv
build_signum
export OMP_NUM_THREADS=1
"$signum" bench gradient --dtype "$type" --models "$1" --repetitions 1 | sed '/^[^#]/,$d'
for model in "$@"; do
  "$signum" bench gradient --dtype "$type" --models "$model" | sed '1,/^# Model/d'
  "$python" "$peers/gradient.py" --dtype "$type" "$model"
done
