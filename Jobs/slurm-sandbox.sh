#!/usr/bin/env bash
# A Slurm of two nodes on this host, for tests: starts munged, slurmctld and two slurmd, runs a
# command under them, and stops them whatever happens. Everything lives in a folder that is removed.
#
#   Jobs/slurm-sandbox.sh COMMAND…     for instance: Jobs/slurm-sandbox.sh sbatch --wait job.sh
#
# The nodes are node1 and node2, with as many cores each as this host has. SLURM_CONF tells Slurm's
# commands where it is. Needs the Debian packages slurm-wlm and munge.
set -euo pipefail

[ $# -gt 0 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0" >&2; exit 2; }
for program in munged slurmctld slurmd srun; do
  command -v "$program" > /dev/null || PATH=$PATH:/usr/sbin
  command -v "$program" > /dev/null || {
    printf '%s is missing; run: sudo apt-get install slurm-wlm munge\n' "$program" >&2
    exit 1
  }
done

dir=$(mktemp -d "${TMPDIR:-/tmp}/slurm-sandbox.XXXXXX")
daemons=()

stop() {
  local code=$? pid i
  trap - EXIT INT TERM HUP
  # Jobs first, so that no task outlives its node.
  scancel --user="$(id -un)" 2> /dev/null || true
  for _ in $(seq 50); do
    [ -n "$(squeue --noheader 2> /dev/null)" ] || break
    sleep 0.1
  done
  # munged, the first one, last.
  for ((i = ${#daemons[@]} - 1; i >= 0; i--)); do
    pid=${daemons[i]}
    kill "$pid" 2> /dev/null || true
    for _ in $(seq 50); do kill -0 "$pid" 2> /dev/null || break; sleep 0.1; done
    kill -KILL "$pid" 2> /dev/null || true
  done
  wait 2> /dev/null || true
  rm -rf "$dir"
  exit "$code"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# Ports that nobody listens on: each is tried once.
free_port() {
  local port
  while :; do
    port=$((20000 + RANDOM % 20000))
    (exec 3<> "/dev/tcp/127.0.0.1/$port") 2> /dev/null || { echo "$port"; return; }
  done
}

head -c 1024 /dev/urandom > "$dir/munge.key"
chmod 600 "$dir/munge.key"
chmod 755 "$dir"
cores=$(nproc)
user=$(id -un)
cat > "$dir/slurm.conf" << END
ClusterName=sandbox
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmUser=$user
SlurmdUser=$user
SlurmctldPort=$(free_port)
AuthType=auth/munge
AuthInfo=socket=$dir/munge.socket,cred_expire=5
CredType=cred/munge
MpiDefault=pmix
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=1,bf_interval=1,batch_sched_delay=0,sched_min_interval=0
ReturnToService=2
JobRequeue=1
KillWait=5
MinJobAge=300
StateSaveLocation=$dir/state
TmpFS=$dir/tmp-%n
SlurmdSpoolDir=$dir/spool-%n
SlurmctldPidFile=$dir/slurmctld.pid
SlurmdPidFile=$dir/slurmd-%n.pid
SlurmctldLogFile=$dir/slurmctld.log
SlurmdLogFile=$dir/slurmd-%n.log
NodeName=node1 NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=$(free_port) CPUs=$cores
NodeName=node2 NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=$(free_port) CPUs=$cores
PartitionName=sandbox Nodes=node1,node2 Default=YES MaxTime=INFINITE State=UP
END
mkdir -p "$dir/state" "$dir/"{spool,tmp}-node{1,2}
export SLURM_CONF=$dir/slurm.conf

munged --foreground --force --key-file="$dir/munge.key" --socket="$dir/munge.socket" \
  --pid-file="$dir/munged.pid" --seed-file="$dir/munge.seed" --log-file="$dir/munged.log" \
  > "$dir/munged.out.log" 2>&1 &
daemons+=($!)
for _ in $(seq 50); do [ -S "$dir/munge.socket" ] && break; sleep 0.1; done
slurmctld -D > "$dir/slurmctld.out.log" 2>&1 &
daemons+=($!)
for node in node1 node2; do
  slurmd -D -N "$node" > "$dir/slurmd-$node.out.log" 2>&1 &
  daemons+=($!)
done

for _ in $(seq 200); do
  [ "$(sinfo --noheader --states=idle --format=%D 2> /dev/null || true)" = 2 ] && break
  sleep 0.1
done
[ "$(sinfo --noheader --states=idle --format=%D)" = 2 ] || {
  echo "the nodes of the sandbox did not come up:" >&2
  sinfo >&2 || true
  tail -n 20 "$dir"/*.log >&2
  exit 1
}
"$@"
