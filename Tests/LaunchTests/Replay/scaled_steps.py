"""Checks that each step between saved parameters has the size that --lr-scaling fan-in gives it.

Takes the parameters after 0, 1, 2, ... steps at a constant rate, decoupled decay and how near they
must be. The sign of each coordinate is read off; size and decay are those of the definition.

    scaled_steps.py --lr 0.01 --weight-decay 0.5 --tolerance 0 STEP0.safetensors STEP1.safetensors ...
"""

import argparse

import numpy as np
from safetensors.numpy import load_file

f32 = np.float32


def factors(tensors):
    """256 / inputs of a sum for matrices between the first and the last, else 1."""
    matrices = sorted(name for name, values in tensors.items() if values.ndim >= 2)
    return {name: 256 / float(np.prod(values.shape[1:])) if name in matrices[1:-1] else 1.0
            for name, values in tensors.items()}


def main():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--lr", type=float, required=True)
    parser.add_argument("--weight-decay", type=float, required=True)
    parser.add_argument("--tolerance", type=float, required=True)
    parser.add_argument("files", nargs="+")
    options = parser.parse_args()
    steps = [load_file(file) for file in options.files]
    multiples = factors(steps[0])
    for before, after in zip(steps, steps[1:]):
        for name, w in before.items():
            rate = options.lr * multiples[name]
            shrunk = f32(1 - rate * options.weight_decay) * w if w.ndim >= 2 else w
            choices = [shrunk - f32(rate) * f32(sign) for sign in (-1, 0, 1)]
            nearest = np.min([np.abs(after[name] - choice) for choice in choices], axis=0)
            assert np.all(nearest <= options.tolerance * rate), (name, nearest.max() / rate)
            moved = np.mean(np.abs(after[name] - shrunk) > rate / 2)
            assert moved > 0.05, (name, moved)
    print(f"{len(steps) - 1} steps hold, factors {sorted(set(multiples.values()))}")


if __name__ == "__main__":
    main()
