"""Checks the replays by themselves: what must hold between the algorithms, and known answers.

    check_replays.py DATA.libsvm
"""

import sys

import numpy as np

import algorithms
import streams
from common import Run, f32, sign
from replay import flags

DATA = sys.argv[1]


def start(text, ranks=3, steps=40):
    common = f"--ranks {ranks} --steps {steps} --data {DATA} "
    return Run(flags((common + ("" if "--lr" in text else "--lr 0.01 ") + text).split()))


def end(text, **size):
    run = start(text, **size)
    return algorithms.ALL[run.flags.algorithm](run)


def equal(one, other, **size):
    """The same bits."""
    assert (end(one, **size) == end(other, **size)).all(), f"{one} differs from {other}"


def test_philox_has_the_known_answers():
    full = 0xFFFF_FFFF
    pi = (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0)
    answers = [
        (((0,) * 4, (0,) * 2), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
        (((full,) * 4, (full,) * 2), (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
        (pi, (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1)),
    ]
    for (counter, key), answer in answers:
        assert tuple(streams.philox(counter, key)) == answer


def test_streams_have_their_places():
    halves, words = streams.words32(9, 5, 6, owner=2, step=7), streams.words64(4, 5, 6, 2, 7)
    assert words[3] == int(halves[7]) << 32 | int(halves[6])
    bits = streams.bits(200, 5, 6, 2, 7)
    assert bits[70] == (int(words[1]) >> 6 & 1)
    assert sorted(streams.permutation(50, 5, 7)) == list(range(50))
    assert streams.permutation(50, 5, 7) != streams.permutation(50, 5, 7, step=1)


def test_sign_sgd_is_signum_without_past():
    for other in ["signum", "signum-extrapolated", "ssvr", "lion --interpolation 0"]:
        equal("--algorithm signsgd", f"--algorithm {other} --momentum 0")


def test_lion_with_one_beta_is_signum():
    equal("--algorithm lion --momentum 0.8 --interpolation 0.8", "--momentum 0.8")


def test_federated_with_all_clients_and_one_step_is_the_vote():
    federated = "--algorithm signum-federated --clients 3 --local-lr 0.1"
    equal(federated, "--algorithm signum")
    equal(federated + " --radius max", "--algorithm signum-stochastic")
    equal("--algorithm sgd --clients 3 --local-lr 0.1", "--algorithm sgd")


def test_federated_with_few_clients_is_another():
    federated = "--algorithm signum-federated --clients 12 --local-lr 0.1 "
    others = ["", "--participation 0.3", "--local-steps 3", "--seed 2 --participation 0.3"]
    ends = [end(federated + other).tobytes() for other in others]
    assert len(set(ends)) == len(others)
    presence = [start(federated + "--participation 0.3").present(t) for t in range(40)]
    assert all(len(set(present)) == 4 for present in presence)
    assert set().union(*presence) == set(range(12))


def test_heavy_ball_has_the_signs_of_the_average():
    run = start("--momentum 0.75")
    w, m = run.zeros(), run.zeros(3)
    for t in range(run.steps):
        m = f32(0.75) * m + np.array([run.gradient(w, r) for r in range(3)])
        w = run.step(w, run.verdict(sign(m), t), t)
    assert (w == algorithms.signum(start("--momentum 0.75"))).all()


def test_extrapolation_has_two_forms():
    # Their points differ by rounding alone, which no sign of this run sees.
    run = start("--algorithm signum-extrapolated")
    rebuilt = algorithms.signum_extrapolated(run)
    run.flags.schedule = "cosine"
    run.rate = lambda t: 0.01
    assert (algorithms.signum_extrapolated(run) == rebuilt).all()
    assert (rebuilt != end("--algorithm signum")).any()


def test_stochastic_signs_have_their_mean():
    run = start("--algorithm signum-stochastic")
    v = np.linspace(-1, 1, run.count).astype(f32)
    draws = np.array([run.stochastic_sign(v, np.ones(run.count), 1, t) for t in range(2000)])
    assert np.abs(draws.mean(axis=0) - v).max() < 4.5 / np.sqrt(2000)
    assert (draws[:, 0] == -1).all() and (draws[:, -1] == 1).all()
    assert (run.stochastic_sign(0 * v, np.ones(run.count), 1, 0) == 0).all()


def test_ties_fall_evenly():
    run = start("--sign-rule fair", ranks=2)
    ballots = [np.ones(run.count, int), -np.ones(run.count, int)]
    coins = [run.verdict(ballots, t) for t in range(0, 6400, 16)]
    assert (run.verdict(ballots, 15) == coins[0]).all()
    assert np.abs(np.mean(coins)) < 4 / np.sqrt(400 * run.count)


def test_adversaries_replace_their_ballots():
    ends = {
        attack: end(f"--adversaries 0.4 --attack {attack}", ranks=7).tobytes()
        for attack in ["invert", "random", "collude", "freeze"]
    }
    assert len(set(ends.values()) | {end("", ranks=7).tobytes()}) == 5
    assert len(start("--adversaries 0.4 --attack invert", ranks=7).adversaries) == 3


def test_every_algorithm_descends():
    federated = "--clients 12 --local-lr 0.05 --local-steps 3 --participation 0.5"
    runs = [f"--algorithm {name}" for name in algorithms.ALL if "sgd" not in name]
    runs += ["--algorithm signsgd", f"--algorithm signum-federated {federated}"]
    runs += [f"--algorithm sgd {federated} --lr 0.3", "--algorithm sgd --lr 0.3"]
    runs += ["--algorithm sgd-momentum --lr 0.05", "--algorithm ef-signsgd --lr 0.3"]
    for text in runs:
        for ranks in [1, 3]:
            run = start(text, ranks=ranks)
            before = run.loss(run.zeros())
            after = run.loss(algorithms.ALL[run.flags.algorithm](run))
            assert after < 0.8 * before, f"{text}: {before} to {after}"


def main():
    tests = [value for name, value in globals().items() if name.startswith("test_")]
    for test in tests:
        test()
    print(f"{len(tests)} checks hold")


main()
