#!/usr/bin/env bash
# Jobs/peers/gradient.sh [MODEL…]
#
# Gradients of the same models by signum and by PyTorch, one thread, in turn, each in a process of its
# own: mlp, cnn, resnet20 and gpt unless said.
set -euo pipefail
# shellcheck source=Jobs/peers/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

[ $# -gt 0 ] || set -- mlp cnn resnet20 gpt
make_venv
build_signum
export OMP_NUM_THREADS=1
"$signum" bench gradient --models "$1" --repetitions 1 | sed '/^[^#]/,$d'
for model in "$@"; do
  "$signum" bench gradient --models "$model" | sed '1,/^# Model/d'
  "$python" "$peers/gradient.py" "$model"
done
