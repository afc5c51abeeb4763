"""What the replays have in common: data, gradients, momentum, ballots, votes, steps, comparison.

Arithmetic is Float32 where the definition says so: every product and sum rounded, constants formed
in Double and rounded once. Steps, rounds, ranks and clients count from 0.
"""

import numpy as np

import streams

f32 = np.float32


def read_libsvm(path):
    """Features (Double, rounded to Float32) and labels 0, 1, ... in the order of their numbers."""
    labels, rows, width = [], [], 0
    with open(path) as lines:
        for line in lines:
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


def contiguous_parts(count, parts):
    """Ranges that divide 0..<count, the larger first."""
    base, larger = divmod(count, parts)
    sizes = [base + (p < larger) for p in range(parts)]
    ends = np.cumsum(sizes)
    return [range(end - size, end) for size, end in zip(sizes, ends)]


def average(theta, m, g):
    """The moving average fl(fl(theta*m) + fl((1-theta)*g)); what is below the normal numbers is 0."""
    return flushed(f32(theta) * m + f32(1 - theta) * g)


def flushed(values):
    return np.where(np.abs(values) < np.finfo(f32).tiny, f32(0), values)


def sign(values):
    """-1, 0 or +1."""
    return np.sign(values).astype(int)


def rounded(value):
    """The nearest whole number, halves up."""
    return int(np.floor(value + 0.5))


class Run:
    """A run of full batches on logistic regression: its data, its rates, its votes.

    `flags` has the options of the program by their names. Parameters: K x width weights, then K
    biases, all zero at the start.
    """

    def __init__(self, flags):
        self.flags = flags
        self.steps = flags.steps
        self.features, self.labels = read_libsvm(flags.data)
        self.width, self.classes = self.features.shape[1], int(self.labels.max()) + 1
        self.weights = self.classes * self.width
        self.count = self.weights + self.classes
        # A tensor's coordinates; the biases are the tensor that does not decay.
        self.tensors = [slice(0, self.weights), slice(self.weights, self.count)]
        self.workers = flags.clients or flags.ranks
        self.parts = contiguous_parts(len(self.labels), self.workers)
        self.theta, self.base_rate = self.paper() if flags.schedule == "paper" else (
            flags.momentum, flags.lr)
        self.adversaries = streams.permutation(
            self.workers, flags.seed, streams.ADVERSARIES)[
                : rounded(flags.adversaries * self.workers)]
        self.frozen = None

    def paper(self):
        """Momentum and rate of --schedule paper from the number T of steps."""
        extrapolated = self.flags.algorithm == "signum-extrapolated"
        a, b = (5 / 7, 4 / 7) if extrapolated else (3 / 4, 1 / 2)
        return 1 - self.steps**-b, self.flags.lr * self.steps**-a

    def zeros(self, copies=None):
        """Zeros for every parameter, or so many copies of them."""
        return np.zeros(self.count if copies is None else (copies, self.count), f32)

    def rate(self, t):
        """The learning rate of a step, in Double."""
        cosine = (1 + np.cos(np.pi * t / self.steps)) / 2
        return self.base_rate * (cosine if self.flags.schedule == "cosine" else 1)

    # Gradients

    def scores(self, parameters, features):
        """The score of every class for every sample, in Double, less the sample's highest."""
        weight = parameters[: self.weights].reshape(self.classes, self.width).astype(float)
        scores = features @ weight.T + parameters[self.weights :].astype(float)
        return scores - scores.max(axis=1, keepdims=True)

    def gradient(self, parameters, worker):
        """The mean gradient over the worker's part, in Double, rounded to Float32 at the end."""
        samples = self.parts[worker]
        features, labels = self.features[samples], self.labels[samples]
        delta = np.exp(self.scores(parameters, features))
        delta /= delta.sum(axis=1, keepdims=True)
        delta[np.arange(len(labels)), labels] -= 1
        delta /= len(labels)
        return np.concatenate([(delta.T @ features).ravel(), delta.sum(axis=0)]).astype(f32)

    def loss(self, parameters):
        """The mean loss over all samples."""
        scores = self.scores(parameters, self.features)
        chosen = scores[np.arange(len(self.labels)), self.labels]
        return (np.log(np.exp(scores).sum(axis=1)) - chosen).mean()

    def local_gradient(self, parameters, client):
        """The mean of the gradients along K local steps."""
        y, sums = parameters.copy(), self.zeros()
        for k in range(self.flags.local_steps):
            g = self.gradient(y, client)
            sums += g
            if k + 1 < self.flags.local_steps:
                y -= f32(self.flags.local_lr) * g
        return sums / f32(self.flags.local_steps)

    def present(self, t):
        """The clients of a round, in ascending order; all ranks where there are no clients."""
        chosen = max(1, rounded(self.flags.participation * self.workers))
        order = streams.permutation(self.workers, self.flags.seed, streams.CLIENTS, step=t)
        return sorted(order[:chosen])

    # Ballots

    def radii(self, momenta):
        """The radius of S_R for every coordinate, from the momenta of all that vote (rows)."""
        kind, _, factor = self.flags.radius.partition(":")
        radii = self.zeros().astype(float)
        for tensor in self.tensors:
            values = momenta[:, tensor].astype(float)
            if kind == "max":
                radii[tensor] = np.abs(values).max()
            elif kind == "rms":
                radii[tensor] = float(factor) * np.sqrt((values**2).mean())
            else:
                radii[tensor] = float(kind)
        return radii

    def stochastic_sign(self, values, radii, worker, t):
        """S_R: -1 with probability (R - v)/(2R), else +1; a zero abstains."""
        words = streams.words32(
            self.count, self.flags.seed, streams.STOCHASTIC_SIGN, owner=worker, step=t)
        v = values.astype(float)
        safe = np.where(radii > 0, radii, 1)
        negative = words < (safe - v) / (2 * safe) * 2.0**32
        return np.where(v == 0, 0, np.where(negative, -1, 1))

    def attacked(self, ballots, t):
        """The ballots (rows, one a rank), those of adversaries replaced."""
        if not self.adversaries:
            return ballots
        ballots = ballots.copy()
        own = ballots[self.adversaries]
        if self.frozen is None:
            self.frozen = own
        if self.flags.attack == "invert":
            ballots[self.adversaries] = -own
        elif self.flags.attack == "freeze":
            ballots[self.adversaries] = self.frozen
        elif self.flags.attack == "collude":
            ballots[self.adversaries] = -np.sign(own.sum(axis=0))
        elif self.flags.attack == "random":
            for rank in self.adversaries:
                coins = streams.bits(
                    self.count, self.flags.seed, streams.ATTACK, owner=rank, step=t)
                ballots[rank] = np.where(coins, -1, 1)
        return ballots

    # Votes and steps

    def verdict(self, ballots, t):
        """The sign of the sum of the ballots (rows); what a tie is depends on the rule."""
        votes = np.sign(self.attacked(np.array(ballots), t).sum(axis=0))
        if self.flags.sign_rule == "fair":
            coins = streams.bits(
                self.count, self.flags.seed, streams.TIE_BREAK, step=t // 16)
            votes = np.where(votes == 0, np.where(coins, -1, 1), votes)
        return votes

    def shrunk(self, w, t):
        """The parameters after decoupled decay, of the weights only."""
        if self.flags.weight_decay == 0:
            return w
        w = w.copy()
        w[self.tensors[0]] *= f32(1 - self.rate(t) * self.flags.weight_decay)
        return w

    def decay(self):
        """Lambda for every coordinate, for the methods that add it to the direction."""
        decay = self.zeros()
        decay[self.tensors[0]] = self.flags.weight_decay
        return decay

    def step(self, w, verdict, t):
        """fl(fl(c*w) - fl(gamma*s))."""
        return self.shrunk(w, t) - f32(self.rate(t)) * verdict.astype(f32)


def mean(rows):
    """The mean over rows in their order, in Float32."""
    total = rows[0].copy()
    for row in rows[1:]:
        total += row
    return total / f32(len(rows))


def difference(found, expected, tolerance):
    """What is wrong with parameters, or None; a tolerance of 0 asks for the same bits."""
    if found.dtype != f32 or found.shape != expected.shape:
        return f"{found.dtype} {found.shape} against {expected.dtype} {expected.shape}"
    if tolerance == 0:
        wrong = np.flatnonzero(found.view(np.uint32) != expected.view(np.uint32))
    else:
        # Not "> tolerance", which NaN would pass.
        wrong = np.flatnonzero(~(np.abs(found - expected) <= tolerance))
    if len(wrong) == 0:
        return None
    i = wrong[0]
    return f"{len(wrong)} of {len(found)} differ, first {i}: {found[i]!r} against {expected[i]!r}"
