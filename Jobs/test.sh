#!/usr/bin/env bash
# Everything that has to hold before a change lands: installs what the tests need, builds with
# warnings as errors, checks the format and the scripts, runs all tests. The tests start mpirun
# themselves, with 1 to 4 ranks, and a Slurm of two nodes on this host.
#
#   Jobs/test.sh
#   SIGNUM_KILLS=200 SIGNUM_FUZZ_SECONDS=60 Jobs/test.sh     more random kills, longer fuzzing
set -euo pipefail
# shellcheck source=Jobs/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

need_swift
install_missing "${build_packages[@]}" dataset-fashion-mnist faketime gnuplot-nox shellcheck \
  python3-venv slurm-wlm slurm-wlm-basic-plugins munge
cd "$root"
launch_environment

say "== shellcheck"
shellcheck -x Jobs/*.sh Jobs/*.sbatch Jobs/records/*.sh Jobs/peers/*.sh Tests/JobTests/*.sh .ci/run
say "== swift format"
swift format lint --strict --recursive Package.swift Sources Tests

say "== build: the program and the tests"
swift build --build-tests "${strict_build[@]}"

say "== numpy, safetensors, Extra-P and mlperf-logging, for the tests that compare with them"
venv=$root/.venv-tests
if [ ! -x "$venv/bin/python" ] ||
  ! "$venv/bin/python" -c 'import numpy, safetensors, extrap, mlperf_logging' 2> /dev/null; then
  python3 -m venv "$venv"
  install=("$venv/bin/pip" install -q --disable-pip-version-check)
  "${install[@]}" numpy safetensors 'marshmallow<4' matplotlib packaging scikit-learn tqdm
  # Without what these two need for windows and tables only: 350 MB.
  "${install[@]}" --no-deps extrap mlperf-logging pycubexr
fi

say "== tests"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
SIGNUM_EXECUTABLE=$(swift build -c release --show-bin-path)/signum \
  SIGNUM_PYTHON=$venv/bin/python \
  swift test -c release --skip-build 2>&1 | tee "$log"

say "== tests of networks, as on a processor without AVX-512"
DNNL_MAX_CPU_ISA=AVX2 swift test -c release --skip-build --filter '^NetworksTests'

# Rank tests run under mpirun, whose launcher counts them, and those with ULFM need another library;
# without root some others can't run.
elsewhere='runs under mpirun|Jobs/other-mpi.sh runs and counts it'
if [ "$(id -u)" -eq 0 ] && grep ' skipped' "$log" | grep -vE "$elsewhere" >&2; then
  say "tests above did not run: what is missing?"
  exit 1
fi
