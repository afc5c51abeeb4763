#!/usr/bin/env bash
# Builds with other MPI libraries than the system's Open MPI, runs the rank tests with each and
# trains the same runs: their parameters have to end with the same hash. With Open MPI 5 ranks are
# killed too, and the others have to go on. Ends non-zero when a test fails or a hash differs.
#
#   Jobs/other-mpi.sh                MPICH and Open MPI 5, beside the system's
#   Jobs/other-mpi.sh openmpi5       only that one beside the system's
#
# The libraries come from PyPI, launcher and headers with them. Each lies with its build in a folder
# of its own, .build-mpich and .build-openmpi5, which stay for the next time.
set -euo pipefail
# shellcheck source=Jobs/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

declare -A packages=([mpich]="mpich>=5,<6" [openmpi5]="openmpi>=5,<6")
[ $# -gt 0 ] || set -- mpich openmpi5
for name in "$@"; do
  if [ -z "${packages[$name]-}" ]; then
    say "usage: Jobs/other-mpi.sh [mpich|openmpi5 ...]: no library '$name'"
    exit 2
  fi
done

need_swift
install_missing "${build_packages[@]}" dataset-fashion-mnist python3-venv
cd "$root"
launch_environment

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
common=(--data fashion-mnist --hidden 32 --batch 16 --steps 100 --seed 7 --threads 1)
runs=("signum" "sgd-momentum --mean fixed" "adamw --mean fixed")
system_path=$PATH
status=0

# Installs a library and tells pkg-config of it.
install_library() {
  local name=$1 prefix=$root/.build-$1/library
  if [ ! -x "$prefix/bin/mpirun" ]; then
    say "== Installing ${packages[$name]} from PyPI into $prefix"
    python3 -m venv "$prefix"
    "$prefix/bin/pip" install -q --disable-pip-version-check "${packages[$name]}"
  fi
  mkdir -p "$prefix/lib/pkgconfig"
  printf '%s\n' "Name: $name" "Description: MPI, from PyPI" "Version: 5" \
    "Cflags: -I$prefix/include" "Libs: -L$prefix/lib -lmpi" > "$prefix/lib/pkgconfig/$name.pc"
}

# Builds program and tests with a library and puts its launcher first on the path.
build_with() {
  local name=$1 prefix=$root/.build-$1/library
  build=$root/.build
  PATH=$system_path
  local library=()
  if [ "$name" != system ]; then
    build=$root/.build-$name
    PATH=$prefix/bin:$system_path
    library=(env "SIGNUM_MPI=$name" "PKG_CONFIG_PATH=$prefix/lib/pkgconfig")
    install_library "$name"
    set -- --scratch-path "$build" -Xlinker -rpath -Xlinker "$prefix/lib"
  else
    set --
  fi
  say "== Building with $name"
  "${library[@]}" swift build --build-tests "${strict_build[@]}" "$@" >&2
}

# The number of rank tests that all of so many ranks passed, or FAILED with their output.
rank_tests() {
  local ranks=$1 output=$results/ranks
  mkdir -p "$output"
  # shellcheck disable=SC2016  # for the shell of each rank
  if SIGNUM_EXPECTED_RANKS=$ranks SIGNUM_OUTPUT=$output timeout 1800 mpirun --bind-to none \
    -np "$ranks" sh -c 'exec "$0" "$@" > "$SIGNUM_OUTPUT/${PMIX_RANK:-$PMI_RANK}" 2>&1' \
    "$build/release/signumPackageTests.xctest" --testing-library swift-testing --no-parallel \
    --filter '^RankTests\.' > "$output/launcher" 2>&1 &&
    [ "$(grep -l 'Test run with .* passed' "$output"/[0-9]* | wc -l)" -eq "$ranks" ]; then
    sed -n 's/.*Test run with \([0-9]*\) tests.* passed.*/\1/p' "$output/0"
  else
    tail -n 50 "$output"/* >&2
    echo FAILED
  fi
  rm -r "$output"
}

# The hash of the parameters at the end of a run on four ranks, or FAILED with its output.
final_hash() {
  local output
  output=$(timeout 300 mpirun --bind-to none -np 4 "$build/release/signum" train "$@" 2>&1) ||
    say "$output"
  sed -n 's/^weights \([0-9a-f]\{16\}\).*/\1/p' <<< "$output" | grep . || echo FAILED
}

# Whether the others go on when a rank is killed; only Open MPI 5 has what that needs.
ranks_die() {
  SIGNUM_ULFM=1 timeout 900 "$build/release/signumPackageTests.xctest" --testing-library swift-testing \
    --filter '^LaunchTests\.LaunchTests/RankDeath/' > "$results/deaths" 2>&1 &&
    grep -q 'Test run with [1-9].* passed' "$results/deaths" && echo "go on" && return
  tail -n 50 "$results/deaths" >&2
  echo FAILED
}

line() { printf '%-16s %10s %10s  %-16s  %-16s  %-16s  %s\n' "$@"; }

line "" "tests, N=1" "tests, N=4" "signum" "sgd-momentum" "adamw" "a rank dies" > "$results/table"
for name in system "$@"; do
  build_with "$name"
  version=$("$build/release/signum" doctor 2> /dev/null |
    sed -n 's/^ok *MPI library *\([^,]*\).*/\1/p' | sed 's/Version: *//' || true)
  say "== $version: rank tests and runs"
  row=("$(rank_tests 1)" "$(rank_tests 4)")
  for run in "${runs[@]}"; do
    read -ra words <<< "$run"
    row+=("$(final_hash --algorithm "${words[@]}" "${common[@]}")")
  done
  [ "$name" != system ] || expected=${row[*]}
  [ "${row[*]}" = "$expected" ] || status=1
  if [ "$name" = openmpi5 ]; then row+=("$(ranks_die)"); else row+=("all end"); fi
  case "${row[*]}" in *FAILED*) status=1 ;; esac
  line "$version" "${row[@]}" >> "$results/table"
done

cat "$results/table"
if [ "$status" -ne 0 ]; then
  say "A test failed, or a library differs from the system's in tests passed or parameters."
fi
exit "$status"
