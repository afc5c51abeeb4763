"""One table from the logs of a comparison: table.py vote|training FILE…"""

import json
import os
import sys


def records(path: str) -> list[dict]:
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def print_votes(paths: list[str]) -> None:
    rows = [row for path in paths for row in records(path)]
    gloo = next(row for row in rows if row["route"] == "gloo/fp32")["medianSeconds"]
    print("# times: median and quartiles over repetitions of the ranks' mean, back to back")
    print("# bits: sent per parameter and rank; of gloo and of MPI's fp32 by 2(N-1)/N")
    print(f"#{'method':<31} {'repeats':>7} {'ms':>10} {'q1':>9} {'q3':>9} {'bits':>8}"
          f" {'gloo fp32 / t':>14} {'t / wire':>9}")
    for row in rows:
        name = row["route"] if row["coding"] == "none" else f"{row['route']}/{row['coding']}"
        if name == "fp32":
            name = "openmpi/fp32"
        elif not name.startswith("gloo"):
            name = "signum/" + name
        if row["flipRate"] is not None:
            name += f" (flips {row['flipRate']})"
        seconds = row["medianSeconds"]
        bits = 8 * row["bytesSentPerRank"] / row["parameters"]
        wire = row.get("wireRatio")
        print(f"{name:<32} {row['repetitions']:>7} {1e3 * seconds:>10.2f}"
              f" {1e3 * row['lowQuartileSeconds']:>9.2f} {1e3 * row['highQuartileSeconds']:>9.2f}"
              f" {bits:>8.4f} {gloo / seconds:>14.2f}"
              f" {'-' if wire is None else format(wire, '.3f'):>9}")


def training_row(path: str) -> tuple[str, str, int, float, float, float]:
    """Name, type of products, steps, milliseconds of the median step, seconds of all, accuracy."""
    name, dtype = os.path.basename(path).removesuffix(".jsonl").rsplit("-", 1)
    rows = records(path)
    if rows[0]["type"] == "ddp":
        row = rows[0]
        return (name, dtype, row["steps"], 1e3 * row["stepSecondsMedian"], row["trainingSeconds"],
                row["accuracy"])
    steps = sorted(row["stepSeconds"]["median"] for row in rows if row["type"] == "step")
    summary = next(row for row in rows if row["type"] == "summary")
    return (name, dtype, summary["steps"], 1e3 * steps[len(steps) // 2], summary["trainingSeconds"],
            summary["accuracy"])


def print_training(paths: list[str]) -> None:
    rows = sorted((training_row(path) for path in paths), key=lambda row: row[3])
    ddp = {dtype: step for name, dtype, _, step, _, _ in rows if name == "ddp-fp32"}
    print("# ms: median step; s: all steps; ratio: the median step of DDP with fp32 messages and"
          " products of the same type over it")
    print(f"#{'method':<15} {'products':<9} {'steps':>6} {'ms':>9} {'s':>8} {'accuracy':>9}"
          f" {'ratio':>7}")
    for name, dtype, steps, step, seconds, accuracy in rows:
        print(f"{name:<16} {dtype:<9} {steps:>6} {step:>9.2f} {seconds:>8.2f}"
              f" {100 * accuracy:>7.2f} % {ddp[dtype] / step:>7.2f}")


if __name__ == "__main__":
    (print_votes if sys.argv[1] == "vote" else print_training)(sys.argv[2:])
