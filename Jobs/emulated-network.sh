#!/usr/bin/env bash
# Jobs/emulated-network.sh HOSTS RATE -- COMMAND…
#
# Runs COMMAND on a network of HOSTS emulated hosts, each behind a link of RATE (as tc writes it:
# 1gbit, 100mbit), and takes the network away again:
#
#   Jobs/emulated-network.sh 4 1gbit -- mpirun -np 4 .build/release/signum bench vote --link-gbps 1
#
# A host is a network namespace with a name of its own; one veth pair leads to a switch, limited
# both ways by a token bucket (tc-tbf) of 1 ms of the rate. That much is lent to the first bytes
# after a pause: measure back to back. COMMAND runs at the switch. mpirun (Open MPI 4) finds the
# hosts by itself, one rank each, unbound. Anything else starts a process on a host by
#   $SIGNUM_ON_HOST ADDRESS COMMAND…
# COMMAND also finds
#   SIGNUM_ADDRESSES   the hosts' addresses, separated by blanks
#   SIGNUM_LINK_GBPS   the rate
# The rate is checked first, in transfers of 64 kB and of 64 MB, and must be within 10 %. What each
# host's interface counted during COMMAND is printed at the end, so that it can be compared with
# logs: the payload is the bytes without 66 of Ethernet, IP and TCP headers a packet.
# Needs root. Exits as COMMAND does; 2 where it cannot run.
# shellcheck disable=SC2317  # functions called by their names and by traps
set -euo pipefail

# shellcheck source=Jobs/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

network=10.77.0
names=signum-net
header_bytes=66

refuse() {
  say "emulated-network: $*"
  exit 2
}

# A rate as tc writes it, in bits per second; fails for anything else.
bits_per_second() {
  local number=${1%%[a-z]*} unit=${1##*[0-9]}
  [[ $number =~ ^[1-9][0-9]{0,5}$ ]] || return 1
  case $unit in
    kbit) echo "${number}000" ;;
    mbit) echo "${number}000000" ;;
    gbit) echo "${number}000000000" ;;
    *) return 1 ;;
  esac
}

# Ends what runs in the namespaces with a prefix, and removes them with all their links.
remove_namespaces() {
  local space process
  for space in $(ip netns list | cut -d' ' -f1 | grep "^$1-" || true); do
    for process in $(ip netns pids "$space"); do kill -KILL "$process" 2> /dev/null || true; done
    ip netns delete "$space"
  done
}

# Removes what a run left that was killed before it could clean up.
remove_stale() {
  local owner
  for owner in $(ip netns list | sed -n "s/^$names-\([0-9]*\)-.*/\1/p" | sort -u); do
    grep -qs emulated-network "/proc/$owner/cmdline" && continue
    say "Removing the network that process $owner left"
    remove_namespaces "$names-$owner"
    rm -rf "${TMPDIR:-/tmp}/$names-$owner"
  done
}

clean_up() {
  trap '' INT TERM HUP
  [ -z "${command_process:-}" ] || kill -TERM "$command_process" 2> /dev/null || true
  remove_namespaces "$prefix"
  rm -rf "$folder"
}

limit() {
  tc -n "$1" qdisc add dev "$2" root tbf rate "$rate" burst "$burst" latency 50ms
}

make_network() {
  local host space
  ip netns add "$prefix-switch"
  ip -n "$prefix-switch" link set lo up
  ip -n "$prefix-switch" link add switch type bridge
  ip -n "$prefix-switch" address add "$network.254/24" dev switch
  ip -n "$prefix-switch" link set switch up
  for ((host = 1; host <= hosts; host++)); do
    space=$prefix-$host
    ip netns add "$space"
    ip -n "$space" link set lo up
    # On every kernel, and steady: BBR, where it is the default, scatters by 10 % at these rates.
    ip netns exec "$space" sh -c 'echo reno > /proc/sys/net/ipv4/tcp_congestion_control'
    ip link add eth0 netns "$space" type veth peer name "port$host" netns "$prefix-switch"
    ip -n "$space" address add "$network.$host/24" dev eth0
    limit "$space" eth0
    limit "$prefix-switch" "port$host"
    ip -n "$prefix-switch" link set "port$host" master switch up
    ip -n "$space" link set eth0 up
    addresses+=("$network.$host")
  done
}

# What starts a process on a host, called as ssh is.
write_starter() {
  cat > "$folder/on-host" << END
#!/bin/sh
host=\${1##*.}
shift
exec ip netns exec $prefix-\$host unshare --uts sh -c 'hostname "\$0"; eval "\$*"' host\$host "\$@"
END
  chmod +x "$folder/on-host"
}

# How mpirun finds the hosts. btl and its like keep the value that the caller gave them.
mpi_environment() {
  printf '%s slots=1\n' "${addresses[@]}" > "$folder/hosts"
  launch_environment
  export OMPI_MCA_orte_default_hostfile=$folder/hosts
  export OMPI_MCA_plm=rsh OMPI_MCA_plm_rsh_agent=$folder/on-host
  export OMPI_MCA_btl=${OMPI_MCA_btl:-tcp,vader,self}
  export OMPI_MCA_btl_tcp_if_include=$network.0/24 OMPI_MCA_oob_tcp_if_include=$network.0/24
  # Each host believes that it has all cores for itself.
  export OMPI_MCA_hwloc_base_binding_policy=none
}

# Measures a rate until it is within 10 % of the one asked for: a busy moment is no slow link.
check() {
  local size=$1 measure=$2 slowest _
  for _ in 1 2 3 4 5 6 7 8; do
    slowest=$($measure | sort -n | head -n 1)
    awk -v got="$slowest" -v want="$bits" 'BEGIN { exit !(got > 0.9 * want && got < 1.1 * want) }' &&
      return
    sleep 1
  done
  refuse "a link carries $slowest bit/s in transfers of $size, asked for were $bits: what was" \
    "measured on it would be worthless; end what else runs here, or ask for a lower rate"
}

# The rate from a host to the next in transfers of so many bytes, so many in turn.
rate_from() {
  local next=$network.$(($1 % hosts + 1)) receiver
  "$folder/on-host" "$next" python3 "$root/Jobs/link_rate.py" receive "$next" &
  receiver=$!
  "$folder/on-host" "$network.$1" python3 "$root/Jobs/link_rate.py" send "$next" "$2" "$3"
  wait "$receiver"
}

one_after_the_other() {
  local host
  for ((host = 1; host <= hosts; host++)); do rate_from "$host" 65536 64; done
}

# As a run uses them.
all_at_once() {
  local host
  for ((host = 1; host <= hosts; host++)); do rate_from "$host" 67108864 1 & done
  wait
}

# The counters of the hosts' interfaces: bytes and packets sent, bytes and packets received.
counters() {
  local host name
  for ((host = 1; host <= hosts; host++)); do
    for name in tx_bytes tx_packets rx_bytes rx_packets; do
      ip netns exec "$prefix-$host" cat "/sys/class/net/eth0/statistics/$name"
    done | paste -sd ' '
  done
}

print_counters() {
  say "# interface counters during the command; payload: without $header_bytes bytes a packet"
  say "# host           sent   packets   sent_payload       received   packets  received_payload"
  paste -d ' ' "$folder/before" <(counters) | awk -v header=$header_bytes '{
    printf "%-6s %14.0f %9.0f %14.0f %14.0f %9.0f %17.0f\n", "host" NR, $5 - $1, $6 - $2,
      $5 - $1 - header * ($6 - $2), $7 - $3, $8 - $4, $7 - $3 - header * ($8 - $4) }' >&2
}

if [ $# -lt 4 ] || [ "$3" != -- ]; then
  refuse "expected HOSTS RATE -- COMMAND…, as in '4 1gbit -- mpirun -np 4 …', found '$*'"
fi
hosts=$1 rate=$2
shift 3
if ! [[ $hosts =~ ^[1-9][0-9]{0,2}$ ]] || [ "$hosts" -lt 2 ] || [ "$hosts" -gt 250 ]; then
  refuse "expected 2 to 250 hosts, found '$hosts'"
fi
bits=$(bits_per_second "$rate") ||
  refuse "expected a rate as in 1gbit, 100mbit or 500kbit, found '$rate'"
[ "$(id -u)" -eq 0 ] || refuse "only root may make network namespaces: run it with sudo"
install_missing iproute2 python3

# 1 ms of the rate; less than 16 kB would not hold a packet of a fast card.
burst=$((bits / 8000 > 16384 ? bits / 8000 : 16384))
prefix=$names-$$
folder=${TMPDIR:-/tmp}/$prefix
addresses=()
remove_stale
ip netns add "$prefix-try" 2> /dev/null ||
  refuse "root may not make network namespaces here: a container needs CAP_SYS_ADMIN for it"
# To run in one a process mounts a /sys of its own, which a chroot does not allow.
ip netns exec "$prefix-try" true 2> /dev/null || {
  ip netns delete "$prefix-try"
  refuse "network namespaces cannot be entered here: / has to be a mount point, not a chroot"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
ip netns delete "$prefix-try"
mkdir "$folder"
make_network
write_starter
mpi_environment
check "64 kB" one_after_the_other
check "64 MB" all_at_once
export SIGNUM_ON_HOST=$folder/on-host
export SIGNUM_ADDRESSES="${addresses[*]}"
SIGNUM_LINK_GBPS=$(awk -v bits="$bits" 'BEGIN { print bits / 1e9 }')
export SIGNUM_LINK_GBPS
counters > "$folder/before"
# In the background, since a shell obeys signals only between commands; with our input.
ip netns exec "$prefix-switch" "$@" <&0 &
command_process=$!
status=0
wait "$command_process" || status=$?
command_process=
print_counters
exit "$status"
