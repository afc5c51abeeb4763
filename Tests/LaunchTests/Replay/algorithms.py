"""Every algorithm of the program, one function each, from the definitions alone.

Each takes a `Run` and returns the parameters after its last step. g: gradient, m: momentum, w:
parameters, theta: weight of the past, gamma: learning rate.
"""

import numpy as np

from common import average, f32, flushed, mean, sign


def signum(run):
    """m = theta*m + (1-theta)*g on each rank; s = majority of sign(m); w = w - gamma*s."""
    w, momenta = run.zeros(), run.zeros(run.workers)
    for t in range(run.steps):
        for r in range(run.workers):
            momenta[r] = average(run.theta, momenta[r], run.gradient(w, r))
        w = run.step(w, run.verdict(sign(momenta), t), t)
    return w


def signum_extrapolated(run):
    """Signum with the gradient at z = w + theta/(1-theta)*(w - w_before).

    Where gamma is constant and nothing decays, z = w - gamma*theta/(1-theta)*s with the last s.
    """
    w, momenta = run.zeros(), run.zeros(run.workers)
    ahead = run.theta / (1 - run.theta)
    stored = run.flags.schedule == "cosine" or run.flags.weight_decay > 0
    before, verdict = w, np.zeros(run.count, int)
    for t in range(run.steps):
        if stored:
            z = w + f32(ahead) * (w - before)
        else:
            z = w - f32(run.rate(t) * ahead) * verdict.astype(f32)
        for r in range(run.workers):
            momenta[r] = average(run.theta, momenta[r], run.gradient(z, r))
        verdict = run.verdict(sign(momenta), t)
        before, w = w, run.step(w, verdict, t)
    return w


def signum_stochastic(run):
    """Signum whose ballots are S_R(m), with the same R on all ranks."""
    w, momenta = run.zeros(), run.zeros(run.workers)
    for t in range(run.steps):
        for r in range(run.workers):
            momenta[r] = average(run.theta, momenta[r], run.gradient(w, r))
        w = run.step(w, run.verdict(stochastic(run, momenta, range(run.workers), t), t), t)
    return w


def stochastic(run, momenta, workers, t):
    """The ballots S_R(m) of those workers."""
    radii = run.radii(momenta[workers])
    return [run.stochastic_sign(momenta[i], radii, i, t) for i in workers]


def signum_federated(run):
    """Signum of those clients that take part, on the mean gradient along their local steps."""
    w, momenta = run.zeros(), run.zeros(run.workers)
    for t in range(run.steps):
        present = run.present(t)
        for c in present:
            momenta[c] = average(run.theta, momenta[c], run.local_gradient(w, c))
        if run.flags.radius is None:
            ballots = sign(momenta[present])
        else:
            ballots = stochastic(run, momenta, present, t)
        w = run.step(w, run.verdict(ballots, t), t)
    return w


def lion(run):
    """s = majority of sign(b1*m + (1-b1)*g) with the old m; then m = b2*m + (1-b2)*g."""
    w, momenta = run.zeros(), run.zeros(run.workers)
    for t in range(run.steps):
        ballots = []
        for r in range(run.workers):
            g = run.gradient(w, r)
            ballots.append(sign(average(run.flags.interpolation, momenta[r], g)))
            momenta[r] = average(run.theta, momenta[r], g)
        w = run.step(w, run.verdict(ballots, t), t)
    return w


def ssvr(run):
    """v = g + theta*(v - h), h the gradient of the same samples at the parameters before."""
    w, estimates = run.zeros(), run.zeros(run.workers)
    before = w
    for t in range(run.steps):
        for r in range(run.workers):
            g, h = run.gradient(w, r), run.gradient(before, r)
            estimates[r] = flushed(g + f32(run.theta) * (estimates[r] - h))
        if run.flags.radius is None:
            ballots = sign(estimates)
        else:
            ballots = stochastic(run, estimates, range(run.workers), t)
        before, w = w, run.step(w, run.verdict(ballots, t), t)
    return w


def ef_signsgd(run):
    """Scaled signs both ways; what they leave out is added next time. One rank: no way down."""
    w, momenta = run.zeros(), run.zeros(run.workers)
    errors, error_down = run.zeros(run.workers), run.zeros()
    for t in range(run.steps):
        sent = []
        for r in range(run.workers):
            momenta[r] = average(run.theta, momenta[r], run.gradient(w, r))
            p = f32(run.rate(t)) * momenta[r] + errors[r]
            sent.append(scaled_sign(run, p))
            errors[r] = p - sent[r]
        if run.workers == 1:
            step = sent[0]
        else:
            p = mean(sent) + error_down
            step = scaled_sign(run, p)
            error_down = p - step
        w = run.shrunk(w, t) - step
    return w


def scaled_sign(run, p):
    """In every tensor the mean magnitude, summed in Double, times the sign; of zeros it is +."""
    scaled = np.where(p < 0, f32(-1), f32(1))
    for tensor in run.tensors:
        scaled[tensor] *= f32(np.abs(p[tensor].astype(float)).mean())
    return scaled


def sgd(run):
    """w = w - gamma*(g + lambda*w), g the mean over ranks; over clients' local steps: FedAvg."""
    w = run.zeros()
    for t in range(run.steps):
        g = mean([run.local_gradient(w, i) for i in run.present(t)])
        w = w - f32(run.rate(t)) * (g + run.decay() * w)
    return w


def sgd_momentum(run):
    """The heavy ball: m = theta*m + g; w = w - gamma*(m + lambda*w)."""
    w, m = run.zeros(), run.zeros()
    for t in range(run.steps):
        g = mean([run.gradient(w, r) for r in range(run.workers)])
        m = f32(run.theta) * m + g
        w = w - f32(run.rate(t)) * (m + run.decay() * w)
    return w


def adamw(run):
    """Moving averages of g and g*g, each divided by what is missing from 1; then decoupled decay."""
    w, m, v = run.zeros(), run.zeros(), run.zeros()
    b1, b2, epsilon = run.theta, 0.999, 1e-8
    for t in range(run.steps):
        g = mean([run.gradient(w, r) for r in range(run.workers)])
        m = f32(b1) * m + f32(1 - b1) * g
        v = f32(b2) * v + f32(1 - b2) * g * g
        m_hat = m / f32(1 - b1 ** (t + 1))
        v_hat = v / f32(1 - b2 ** (t + 1))
        w = run.shrunk(w, t) - f32(run.rate(t)) * m_hat / (np.sqrt(v_hat) + f32(epsilon))
    return w


ALL = {
    "signsgd": signum,  # with theta = 0
    "signum": signum,
    "signum-extrapolated": signum_extrapolated,
    "signum-stochastic": signum_stochastic,
    "signum-federated": signum_federated,
    "ef-signsgd": ef_signsgd,
    "lion": lion,
    "ssvr": ssvr,
    "sgd": sgd,
    "sgd-momentum": sgd_momentum,
    "adamw": adamw,
}
