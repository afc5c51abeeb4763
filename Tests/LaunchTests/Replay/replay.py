"""Replays a run of `signum train` with numpy alone and compares the parameters that it saved.

Written from the definitions of the algorithms, not from the program. Takes the flags of the run, of
which it knows those of logistic regression on full batches, and how close the parameters must be:

    replay.py --ranks N --tolerance 0 --save WEIGHTS.safetensors --data libsvm:FILE --steps T ...
"""

import argparse
import sys

import numpy as np
from safetensors.numpy import load_file

import algorithms
from common import Run, difference

# Where the run says nothing: the momentum (0.9 if not here; of lion its second beta), the radius.
MOMENTUM = {"lion": 0.99, "ef-signsgd": 0.0, "signsgd": 0.0}
RADIUS = {"signum-stochastic": "max"}


def flags(arguments):
    """The options of a run, and those of its replay."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--ranks", type=int, required=True)
    parser.add_argument("--tolerance", type=float, default=0.0)
    parser.add_argument("--save")
    parser.add_argument("--data", required=True, type=lambda text: text.removeprefix("libsvm:"))
    parser.add_argument("--algorithm", choices=algorithms.ALL, default="signum")
    parser.add_argument("--model", choices=["logistic"])
    parser.add_argument("--batch", choices=["full"])
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--lr", type=float, required=True)
    parser.add_argument("--schedule", choices=["constant", "cosine", "paper"], default="constant")
    parser.add_argument("--sign-rule", choices=["exact", "fair"], default="exact")
    parser.add_argument("--weight-decay", type=float, default=0.0)
    parser.add_argument("--momentum", type=float)
    parser.add_argument("--interpolation", type=float, default=0.9)
    parser.add_argument("--radius")
    parser.add_argument("--clients", type=int)
    parser.add_argument("--participation", type=float, default=1.0)
    parser.add_argument("--local-steps", type=int, default=1)
    parser.add_argument("--local-lr", type=float)
    parser.add_argument("--partition", choices=["shared"])
    parser.add_argument("--adversaries", type=float, default=0.0)
    parser.add_argument("--attack", choices=["invert", "random", "collude", "freeze"])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads")
    parsed = parser.parse_args(arguments)
    if parsed.momentum is None:
        parsed.momentum = MOMENTUM.get(parsed.algorithm, 0.9)
    if parsed.radius is None:
        parsed.radius = RADIUS.get(parsed.algorithm)
    return parsed


def main():
    options = flags(sys.argv[1:])
    run = Run(options)
    expected = algorithms.ALL[options.algorithm](run)
    tensors = load_file(options.save)
    found = np.concatenate([tensors["weight"].ravel(), tensors["bias"].ravel()])
    wrong = difference(found, expected, options.tolerance)
    if wrong:
        sys.exit(wrong)
    moved = np.count_nonzero(expected)
    assert moved >= run.count // 4, f"only {moved} of {run.count} parameters moved"
    print(f"equal: {run.count} parameters, {moved} moved, {options.ranks} ranks, "
          f"{options.steps} steps, at most {np.abs(found - expected).max():.1e} apart")


if __name__ == "__main__":
    main()
