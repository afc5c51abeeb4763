#!/usr/bin/env bash
# The claims of the paper on real data: a perceptron 784-256-256-10 on Fashion-MNIST, ten methods,
# batches of 8, 32 and 128, sign rules, adversaries, differing data, federated rounds.
#
#   Jobs/records/fashion-mnist.sh [FOLDER]      default: Jobs/records/DATE_fashion-mnist
#
# Installs what is missing (see Jobs/common.sh, and jq, gnuplot-nox), builds, and runs what FOLDER
# does not hold yet: stop it at any time and start it again with the same folder. Writes one log a
# run, results.md, and plots. About twenty minutes on two cores, ten of them for the batch sweep.
set -euo pipefail
# shellcheck source=Jobs/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../common.sh"

folder=$(realpath -m "${1:-$root/Jobs/records/$(date -u +%F)_fashion-mnist}")
logs=$folder/logs
need_swift
install_missing "${build_packages[@]}" dataset-fashion-mnist jq gnuplot-nox
cd "$root"
swift build -c release --product signum > /dev/null
signum=$(swift build -c release --show-bin-path)/signum
launch_environment
mkdir -p "$logs"

# Runs 'signum train' unless its log is complete: run NAME RANKS FLAG…
# A search may diverge: then NAME.failed says so, and the rate is not taken.
run() {
  local name=$1 ranks=$2 log=$logs/$1.jsonl failed=$logs/$1.failed
  shift 2
  [ ! -f "$failed" ] || return 0
  if [ -f "$log" ] && tail -n 1 "$log" | jq -e '.type == "summary"' > /dev/null 2>&1; then
    return 0
  fi
  rm -f "$log"
  printf '%s  %s ranks  %s\n' "$(date -u +%T)" "$ranks" "$name" >&2
  local launcher=(mpirun -np "$ranks")
  [ "$ranks" -gt 1 ] || launcher=()
  local message
  message=$("${launcher[@]}" "$signum" train --threads 1 --log "$(realpath -m --relative-to="$root" "$log")" "$@" 2>&1 > /dev/null \
    < /dev/null) || {
    say "$message"
    if [[ $name != search_* || $message != *"not finite"* ]]; then
      say "$name failed: ${launcher[*]} $signum train --threads 1 $*"
      return 1
    fi
    printf '%s\n' "$message" > "$failed"
  }
}

# One run at a time of several ranks, two at a time of one rank.
run_two() {
  while [ "$(jobs -rp | wc -l)" -ge 2 ]; do wait -n; done
  run "$@" &
}
all_done() { while [ "$(jobs -rp | wc -l)" -gt 0 ]; do wait -n; done; }

# The accuracy of a run on a set: accuracy NAME SPLIT
accuracy() {
  jq -r --arg split "$2" 'select(.type == "evaluation" and .split == $split) | .accuracy' \
    "$logs/$1.jsonl" | tail -n 1
}

# 1. Batch sweep at one rank, three epochs: rates a factor of sqrt(10) apart, chosen by 5,000 held
# out training images with seed 100; the test set is not there then.
search_data=$(mktemp -d)
trap 'rm -rf "$search_data"' EXIT
ln -s /usr/share/datasets/fashion-mnist/train-* "$search_data"
methods=(sgd-momentum signsgd signum ef-signsgd)
batches=(8 32 128)

# The rate 10^(k/2): rate K
rate() { awk -v k="$1" 'BEGIN { printf "%.3g", 10 ^ (k / 2) }'; }
# The half-powers of ten that a method starts with: exponents METHOD
exponents() {
  case $1 in
    sgd-momentum) seq -6 -2 ;;
    ef-signsgd) seq -4 0 ;;
    *) seq -9 -5 ;;
  esac
}
search() {
  local method=$1 batch=$2 exponent=$3
  run_two "search_${method}_b${batch}_e$exponent" 1 --data "idx:$search_data" --validation 5000 \
    --algorithm "$method" --batch "$batch" --epochs 3 --evaluate-every 0 --seed 100 \
    --lr "$(rate "$exponent")" --log-every $((16000 / batch))
}
# The exponent with the best held-out accuracy so far: best METHOD BATCH
best() {
  local log
  for log in "$logs/search_${1}_b${2}_e"*.jsonl; do
    local name=${log##*/}
    name=${name%.jsonl}
    [ -f "$logs/$name.failed" ] || printf '%s %s\n' "$(accuracy "$name" validation)" "${name##*_e}"
  done | sort -gr | head -n 1 | cut -d ' ' -f 2
}
for method in "${methods[@]}"; do
  for batch in "${batches[@]}"; do
    for exponent in $(exponents "$method"); do search "$method" "$batch" "$exponent"; done
  done
done
all_done
for method in "${methods[@]}"; do
  for batch in "${batches[@]}"; do
    # Where the best one is at an edge, one further, until it is not.
    for _ in 1 2 3; do
      chosen=$(best "$method" "$batch")
      for exponent in $((chosen - 1)) $((chosen + 1)); do search "$method" "$batch" "$exponent"; done
      all_done
    done
    for seed in 1 2 3; do
      run_two "sweep_${method}_b${batch}_s$seed" 1 --algorithm "$method" --batch "$batch" \
        --epochs 3 --evaluate-every 0 --seed "$seed" --lr "$(rate "$(best "$method" "$batch")")" \
        --log-every $((16000 / batch))
    done
  done
done
all_done

# 2. Every algorithm with its defaults, 4 ranks, five epochs.
for algorithm in signum signsgd signum-extrapolated signum-stochastic signum-federated \
  ef-signsgd lion ssvr sgd sgd-momentum adamw; do
  for seed in 1 2 3; do
    run "defaults_${algorithm}_s$seed" 4 --algorithm "$algorithm" --seed "$seed" --log-every 100
  done
done

# 3. Sign rules at even and odd numbers of ranks, five epochs.
for ranks in 2 3 4 5 8; do
  for rule in fair exact positive; do
    for seed in 1 2 3; do
      run "rule_${rule}_n${ranks}_s$seed" "$ranks" --sign-rule "$rule" --seed "$seed" \
        --log-every 100
    done
  done
done

# 4. Adversaries that invert their signs among 7 ranks, three epochs.
for count in 0 1 3 4; do
  for seed in 1 2 3; do
    run "invert_${count}of7_s$seed" 7 --epochs 3 --seed "$seed" --log-every 100 \
      --adversaries "$(awk -v k=$count 'BEGIN { print k / 7 }')"
  done
done

# 5. Data that differ: 4 ranks, and 100 clients of which 10 take part in a round.
for partition in iid dirichlet:0.1; do
  for seed in 1 2 3; do
    common=(--partition "$partition" --seed "$seed" --log-every 100)
    label=${partition%%:*}_s$seed
    run "ranks_signum_$label" 4 --algorithm signum "${common[@]}"
    run "ranks_stochastic-max_$label" 4 --algorithm signum-stochastic "${common[@]}"
    run "ranks_stochastic-rms_$label" 4 --algorithm signum-stochastic --radius rms:3 "${common[@]}"
    run "ranks_sgd-momentum_$label" 4 --algorithm sgd-momentum "${common[@]}"
    common+=(--epochs 10 --log-every 20)
    run "clients_signum_$label" 4 --algorithm signum-federated "${common[@]}"
    run "clients_stochastic-max_$label" 4 --algorithm signum-federated --radius max "${common[@]}"
    run "clients_stochastic-rms_$label" 4 --algorithm signum-federated --radius rms:3 \
      "${common[@]}"
    run "clients_fedavg_$label" 4 --algorithm sgd --clients 100 "${common[@]}"
  done
done

# Tables and plots. A line of the table: median, lowest and highest test accuracy of the seeds.
summarize() {
  jq -r -n '[inputs | select(.type == "summary") | .accuracy * 100] | sort
    | if length == 0 then empty else
      "\(.[(length - 1) / 2 | floor]) \(.[0]) \(.[-1]) \(length)" end' "$@"
}
row() {
  local label=$1 median low high count
  shift
  read -r median low high count < <(summarize "$@")
  LC_ALL=C printf '| %s | %.2f | %.2f | %.2f | %s |\n' "$label" "$median" "$low" "$high" "$count"
}
heading() { printf '\n## %s\n\n| %s | median %% | lowest | highest | seeds |\n|---|---|---|---|---|\n' "$1" "$2"; }

{
  printf '# Test accuracies\n\nMade by Jobs/records/fashion-mnist.sh from the logs beside it.\n'
  heading "Batch sweep, one rank, 3 epochs" "method, batch, rate"
  for method in "${methods[@]}"; do
    for batch in "${batches[@]}"; do
      row "$method, $batch, $(rate "$(best "$method" "$batch")")" \
        "$logs/sweep_${method}_b${batch}_s"*.jsonl
    done
  done
  heading "Defaults, 4 ranks, 5 epochs" "algorithm"
  for log in "$logs"/defaults_*_s1.jsonl; do
    name=${log##*/defaults_}
    row "${name%_s1.jsonl}" "${log%1.jsonl}"*.jsonl
  done
  heading "Sign rules, 5 epochs" "rule, ranks"
  for rule in fair exact positive; do
    for ranks in 2 3 4 5 8; do row "$rule, $ranks" "$logs/rule_${rule}_n${ranks}_s"*.jsonl; done
  done
  heading "Inverting ranks among 7, 3 epochs" "inverting"
  for count in 0 1 3 4; do row "$count" "$logs/invert_${count}of7_s"*.jsonl; done
  heading "Data that differ" "who votes, method, partition"
  for who in ranks clients; do
    for log in "$logs/$who"_*_s1.jsonl; do
      name=${log##*/}
      name=${name%_s1.jsonl}
      row "${name//_/, }" "${log%1.jsonl}"*.jsonl
    done
  done
} > "$folder/results.md"

data() { # data PREFIX SUFFIX X…: columns x, median, lowest, highest
  local prefix=$1 suffix=$2 x
  shift 2
  for x in "$@"; do printf '%s %s\n' "$x" "$(summarize "$logs/$prefix$x$suffix"*.jsonl)"; done
}
for method in "${methods[@]}"; do
  data "sweep_${method}_b" _s "${batches[@]}" > "$search_data/$method"
done
for rule in fair exact positive; do data "rule_${rule}_n" _s 2 3 4 5 8 > "$search_data/$rule"; done
data invert_ of7_s 0 1 3 4 > "$search_data/invert"
# The curves of a plot: curves NAME…, each with a dash and a mark of its own, all in black.
curves() {
  local marks=(7 6 9 4) number=0 name list=()
  for name in "$@"; do
    list+=("\"$search_data/$name\" using 1:2:3:4 with yerrorlines lw 2 lc rgb 'black' dt $((number + 1)) pt ${marks[number]} title '$name'")
    number=$((number + 1))
  done
  local IFS=,
  printf '%s' "${list[*]}"
}
for terminal in 'svg size 720,440 font "Helvetica,14"' 'pngcairo size 900,550 font "Helvetica,13"'; do
  suffix=${terminal%% *}
  suffix=${suffix%cairo}
  gnuplot <<PLOT
set terminal $terminal background "white"
set grid ytics lc rgb "#cccccc"
set ylabel "test accuracy (%), median and range of 3 seeds"
set key bottom
set pointsize 1.3
set output "$folder/batch-sweep.$suffix"
set logscale x 2
set xrange [6:170]
set xtics (8, 32, 128)
set xlabel "batch (samples), one rank, 3 epochs, each at its best rate"
plot $(curves "${methods[@]}")
set output "$folder/sign-rules.$suffix"
set xrange [1.8:9]
set xtics (2, 3, 4, 5, 8)
set xlabel "ranks, 5 epochs"
plot $(curves fair exact positive)
unset logscale x
set output "$folder/inverting.$suffix"
set xrange [-0.3:4.3]
set yrange [0:100]
set xtics (0, 1, 3, 4)
set xlabel "ranks of 7 that invert their signs, 3 epochs"
plot $(curves invert)
PLOT
done
say "results: $folder/results.md"
