"""Collectives of PyTorch's gloo, timed back to back: collectives.py PARAMETERS LOG.

Started on each host by vote.sh. Rank 0 appends a JSON line for each, with the median over the
repetitions of the ranks' mean time, as `signum bench vote` does.
"""

import json
import sys
import time

import torch
import torch.distributed as dist

WARM_UPS = 2
REPETITIONS = 9


def sum_floats(values: torch.Tensor) -> None:
    dist.all_reduce(values)


def vote_by_int8(values: torch.Tensor) -> None:
    """Signs as int8, summed, and the sign of the sum: what a user of gloo would write."""
    signs = torch.sign(values).to(torch.int8)
    dist.all_reduce(signs)
    torch.sign(signs, out=signs)


def seconds(work, values: torch.Tensor) -> list[float]:
    for _ in range(WARM_UPS):
        work(values)
    dist.barrier()
    times = []
    for _ in range(REPETITIONS):
        start = time.perf_counter()
        work(values)
        times.append(time.perf_counter() - start)
    return times


def check(ranks: int, rank: int) -> None:
    """Gloo adds right, and the sum of signs is the vote."""
    values = torch.full((1000,), float(rank + 1))
    sum_floats(values)
    assert values[0] == ranks * (ranks + 1) / 2
    signs = torch.full((1000,), 1 if rank == 0 else -1, dtype=torch.int8)
    dist.all_reduce(signs)
    assert signs[0] == 2 - ranks


def main() -> None:
    parameters = int(sys.argv[1])
    torch.set_num_threads(1)
    dist.init_process_group("gloo")
    ranks, rank = dist.get_world_size(), dist.get_rank()
    check(ranks, rank)
    generator = torch.Generator().manual_seed(rank)
    normal = torch.randn(parameters, generator=generator)
    for name, work, dtype in [
        ("gloo/fp32", sum_floats, torch.float32),
        ("gloo/fp16", sum_floats, torch.float16),
        ("gloo/int8-signs", vote_by_int8, torch.float32),
    ]:
        times = torch.tensor(seconds(work, normal.to(dtype)), dtype=torch.float64)
        dist.all_reduce(times)
        quartiles = (times / ranks).quantile(torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64))
        width = 1 if work is vote_by_int8 else dtype.itemsize
        if rank == 0:
            record = {
                "type": "vote",
                "route": name,
                "coding": "none",
                "flipRate": None,
                "ranks": ranks,
                "parameters": parameters,
                "repetitions": REPETITIONS,
                "lowQuartileSeconds": float(quartiles[0]),
                "medianSeconds": float(quartiles[1]),
                "highQuartileSeconds": float(quartiles[2]),
                "bytesSentPerRank": 2 * width * parameters * (ranks - 1) / ranks,
                "bytesModelled": True,
            }
            with open(sys.argv[2], "a", encoding="utf-8") as log:
                log.write(json.dumps(record) + "\n")
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
