# Shared by the scripts of this folder: sourced, never run.
# shellcheck shell=bash disable=SC2034  # the variables are used by those who source it

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# What building and running signum needs, as Debian packages.
build_packages=(pkg-config libopenmpi-dev openmpi-bin libdnnl-dev libxxhash-dev libzstd-dev
  zlib1g-dev)

# The processor that the kernels are built for: this machine's. Empty: any of the architecture.
export SIGNUM_MARCH=${SIGNUM_MARCH-native}
[ -n "$SIGNUM_MARCH" ] || unset SIGNUM_MARCH

# How what is tested is built: warnings are errors, and the tests are optimized too, since the models
# that they compare with are naive. The same everywhere, so that no script builds it again.
strict_build=(-c release -Xswiftc -enable-testing -Xswiftc -warnings-as-errors
  --explicit-target-dependency-import-check error)

say() { printf '%s\n' "$*" >&2; }

# Installs the Debian packages among the arguments that are missing, and says which first.
install_missing() {
  local missing=() package
  if ! command -v dpkg-query > /dev/null; then
    say "This is not a Debian-like system. Please install what these packages hold, then run again:"
    say "  $*"
    say "  (Open MPI 4 or later, oneDNN 2.6 or later, xxHash, zstd, zlib, pkg-config)"
    command -v mpirun > /dev/null || return 1
    return 0
  fi
  for package in "$@"; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2> /dev/null)" = installed ] ||
      missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  local as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  say "Installing Debian packages: ${missing[*]}"
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
}

need_swift() {
  if ! command -v swift > /dev/null; then
    say "swift is not on the PATH: install Swift 6.2 or later from https://www.swift.org/install"
    exit 1
  fi
}

# How ranks share few cores and how root, as in containers, may launch.
# Each variable keeps the value the caller gave it.
launch_environment() {
  export OMPI_MCA_rmaps_base_oversubscribe=${OMPI_MCA_rmaps_base_oversubscribe:-1}
  export PRTE_MCA_rmaps_default_mapping_policy=${PRTE_MCA_rmaps_default_mapping_policy-:oversubscribe}
  export OMPI_MCA_mpi_yield_when_idle=${OMPI_MCA_mpi_yield_when_idle:-1}
  # As Jobs/slurm.sh has it, which says why.
  export SLURM_PMIX_FENCE=${SLURM_PMIX_FENCE:-ring}
  if [ "$(id -u)" -eq 0 ]; then
    export OMPI_ALLOW_RUN_AS_ROOT=${OMPI_ALLOW_RUN_AS_ROOT:-1}
    export OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=${OMPI_ALLOW_RUN_AS_ROOT_CONFIRM:-1}
  fi
}
