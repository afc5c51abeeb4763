# Shared by the scripts of this folder: sourced, never run.
# shellcheck shell=bash disable=SC2034  # the variables are used by those who source it

# shellcheck source=Jobs/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

peers=$root/Jobs/peers
venv=$root/.venv-peers
python=$venv/bin/python

# PyTorch in a venv of its own: the build for CPUs where its index can be reached.
make_venv() {
  install_missing python3-venv
  "$python" -c 'import torch, numpy' 2> /dev/null && return
  say "Installing PyTorch into $venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install -q numpy
  "$venv/bin/pip" install -q torch --index-url https://download.pytorch.org/whl/cpu 2> /dev/null ||
    "$venv/bin/pip" install -q torch
}

build_signum() {
  need_swift
  install_missing "${build_packages[@]}" dataset-fashion-mnist
  (cd "$root" && swift build -c release --product signum >&2)
  signum=$(cd "$root" && swift build -c release --show-bin-path)/signum
}

# Runs a Python program on each emulated host, one process a host; fails where one of them does, or
# takes more than the seconds in `limit`, where that is set.
on_every_host() {
  local addresses processes=() process rank=0 status=0
  read -ra addresses <<< "$SIGNUM_ADDRESSES"
  for address in "${addresses[@]}"; do
    RANK=$rank WORLD_SIZE=${#addresses[@]} MASTER_ADDR=${addresses[0]} MASTER_PORT=29500 \
      GLOO_SOCKET_IFNAME=eth0 OMP_NUM_THREADS=1 \
      "$SIGNUM_ON_HOST" "$address" "$(printf '%q ' ${limit:+timeout "$limit"} "$python" "$@")" &
    processes+=($!)
    rank=$((rank + 1))
  done
  for process in "${processes[@]}"; do wait "$process" || status=$?; done
  return "$status"
}
