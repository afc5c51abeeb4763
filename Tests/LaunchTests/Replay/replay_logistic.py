"""Replays signSGD with momentum and majority vote on logistic regression, with numpy alone.

Written from the definitions (momentum, the exact sign rule, full batches in contiguous parts), not
from the program. Compares the parameters that the program saved, coordinate for coordinate.

    replay_logistic.py DATA.libsvm RANKS STEPS RATE THETA WEIGHTS.safetensors
"""

import sys

import numpy as np
from safetensors.numpy import load_file

f32 = np.float32


def read_libsvm(path):
    labels, rows, width = [], [], 0
    for line in open(path):
        parts = line.split("#")[0].split()
        if not parts:
            continue
        labels.append(float(parts[0]))
        row = {int(i) - 1: float(v) for i, v in (p.split(":") for p in parts[1:])}
        rows.append(row)
        width = max([width] + [i + 1 for i in row])
    features = np.zeros((len(rows), width))
    for r, row in enumerate(rows):
        for i, v in row.items():
            features[r, i] = f32(v)
    return features, np.searchsorted(sorted(set(labels)), labels)


def contiguous_parts(count, ranks):
    base, larger = divmod(count, ranks)
    sizes = [base + (r < larger) for r in range(ranks)]
    ends = np.cumsum(sizes)
    return [range(end - size, end) for size, end in zip(sizes, ends)]


def gradient(weight, bias, features, labels):
    logits = features @ weight.astype(np.float64).T + bias.astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    delta = np.exp(logits)
    delta /= delta.sum(axis=1, keepdims=True)
    delta[np.arange(len(labels)), labels] -= 1
    delta /= len(labels)
    return np.concatenate([(delta.T @ features).ravel(), delta.sum(axis=0)]).astype(f32)


def main():
    path, ranks, steps, rate, theta, saved = sys.argv[1:]
    ranks, steps, rate, theta = int(ranks), int(steps), float(rate), float(theta)
    features, labels = read_libsvm(path)
    classes, width = labels.max() + 1, features.shape[1]
    parts = contiguous_parts(len(labels), ranks)
    w = np.zeros(classes * (width + 1), f32)
    momenta = [np.zeros_like(w) for _ in range(ranks)]
    tiny = np.finfo(f32).tiny
    for _ in range(steps):
        votes = np.zeros(len(w), int)
        for r, part in enumerate(parts):
            weight, bias = w[: classes * width].reshape(classes, width), w[classes * width :]
            g = gradient(weight, bias, features[part], labels[part])
            m = f32(theta) * momenta[r] + f32(1 - theta) * g
            m[np.abs(m) < tiny] = 0
            momenta[r] = m
            votes += np.sign(m).astype(int)
        w = w - f32(rate) * np.sign(votes).astype(f32)
    tensors = load_file(saved)
    found = np.concatenate([tensors["weight"].ravel(), tensors["bias"].ravel()])
    assert found.dtype == f32 and found.shape == w.shape, (found.dtype, found.shape, w.shape)
    wrong = np.flatnonzero(found.view(np.uint32) != w.view(np.uint32))
    if len(wrong) > 0:
        i = wrong[0]
        sys.exit(f"{len(wrong)} of {len(w)} differ, first {i}: {found[i]!r} against {w[i]!r}")
    moved = np.count_nonzero(w)
    assert moved >= len(w) // 4, f"only {moved} of {len(w)} parameters moved"
    print(f"equal: {len(w)} parameters, {moved} moved, {ranks} ranks, {steps} steps")


main()
