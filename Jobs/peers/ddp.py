"""Training by DistributedDataParallel over gloo:

ddp.py METHOD [--epochs E | --steps S] [--dtype float32 | bf16] --log FILE

Started on each host by training.sh. Methods:
  fp32        gradients as they are, AdamW at 1e-3
  powersgd    PyTorch's PowerSGD hook of rank 1, AdamW at 1e-3
  int8-signs  a hook that keeps the momentum, sums its signs as int8 and steps by the sign of the sum
--dtype bf16 forms products of bfloat16, by torch.autocast.
All with signum's course of the learning rate: 2 % warm-up, then a cosine. Rank 0 writes one JSON line.
"""

import argparse
import gzip
import json
import math
import statistics
import time
from datetime import timedelta

import numpy
import torch
import torch.distributed as dist
from torch.distributed.algorithms.ddp_comm_hooks import powerSGD_hook
from torch.nn.parallel import DistributedDataParallel

FOLDER = "/usr/share/datasets/fashion-mnist"
BATCH = 128
MOMENTUM = 0.9
# Steps that set up connections and buckets, and are not counted in the time of a step.
WARM_UPS = 5


def images_and_labels(part: str) -> tuple[torch.Tensor, torch.Tensor]:
    def content(name: str, head: int) -> numpy.ndarray:
        with gzip.open(f"{FOLDER}/{part}-{name}-ubyte.gz") as file:
            return numpy.frombuffer(file.read(), numpy.uint8, offset=head)

    pixels = torch.tensor(content("images-idx3", 16)).reshape(-1, 784).float() / 255
    return pixels, torch.tensor(content("labels-idx1", 8)).long()


def vote_by_int8(
    momenta: dict, bucket: dist.GradBucket
) -> torch.futures.Future[torch.Tensor]:
    gradient = bucket.buffer()
    # DDP orders its buckets anew after the first step, so momenta are kept by bucket and size.
    key = (bucket.index(), gradient.numel())
    momentum = momenta.setdefault(key, torch.zeros_like(gradient))
    momentum.mul_(MOMENTUM).add_(gradient, alpha=1 - MOMENTUM)
    work = dist.all_reduce(torch.sign(momentum).to(torch.int8), async_op=True)
    return work.get_future().then(lambda sums: torch.sign(sums.value()[0]).to(torch.float32))


def register(method: str, model: DistributedDataParallel) -> None:
    if method == "int8-signs":
        model.register_comm_hook({}, vote_by_int8)
    elif method == "powersgd":
        state = powerSGD_hook.PowerSGDState(
            process_group=None, matrix_approximation_rank=1, start_powerSGD_iter=2)
        model.register_comm_hook(state, powerSGD_hook.powerSGD_hook)


def accuracy(model: torch.nn.Module, images: torch.Tensor, labels: torch.Tensor) -> float:
    with torch.no_grad():
        return float((model(images).argmax(1) == labels).float().mean())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("method", choices=["fp32", "powersgd", "int8-signs"])
    parser.add_argument("--epochs", type=int)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--dtype", choices=["float32", "bf16"], default="float32")
    parser.add_argument("--log", required=True)
    options = parser.parse_args()

    torch.set_num_threads(1)
    torch.manual_seed(1)
    # A hook that gets stuck ends the run, not the whole comparison's time.
    dist.init_process_group("gloo", timeout=timedelta(minutes=2))
    ranks, rank = dist.get_world_size(), dist.get_rank()
    images, labels = images_and_labels("train")
    mean, deviation = images.mean(), images.std()
    images = (images - mean) / deviation
    network = torch.nn.Sequential(
        torch.nn.Linear(784, 1024), torch.nn.ReLU(), torch.nn.Linear(1024, 1024), torch.nn.ReLU(),
        torch.nn.Linear(1024, 10))
    model = DistributedDataParallel(network)
    register(options.method, model)

    per_epoch = math.ceil(len(images) / (BATCH * ranks))
    steps = options.steps or options.epochs * per_epoch
    if options.method == "int8-signs":
        optimizer = torch.optim.SGD(model.parameters(), lr=5e-4)
    else:
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0)
    warm_up = max(1, steps // 50)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: (step + 1) / warm_up if step < warm_up
        else 0.5 * (1 + math.cos(math.pi * (step - warm_up) / (steps - warm_up))))

    times = []
    for step in range(steps):
        start = time.perf_counter()
        if step % per_epoch == 0:
            order = torch.randperm(len(images), generator=torch.Generator().manual_seed(step))
        first = step % per_epoch * BATCH * ranks
        mine = order[first + rank:first + BATCH * ranks:ranks]
        optimizer.zero_grad()
        with torch.autocast("cpu", torch.bfloat16, enabled=options.dtype == "bf16"):
            loss = torch.nn.functional.cross_entropy(model(images[mine]), labels[mine])
        loss.backward()
        optimizer.step()
        schedule.step()
        times.append(time.perf_counter() - start)
    if rank == 0:
        test_images, test_labels = images_and_labels("t10k")
        record = {
            "type": "ddp",
            "method": options.method,
            "dtype": options.dtype,
            "ranks": ranks,
            "steps": steps,
            "stepSecondsMedian": statistics.median(times[WARM_UPS:]),
            "trainingSeconds": sum(times),
            "accuracy": accuracy(network, (test_images - mean) / deviation, test_labels),
        }
        with open(options.log, "a", encoding="utf-8") as log:
            log.write(json.dumps(record) + "\n")
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
