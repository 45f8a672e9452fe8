#!/usr/bin/env python3
"""Makes tests/data/statistics/rliable.txt: what rliable says of small sets of scores.

    make_statistics_golden.py > tests/data/statistics/rliable.txt

Needs rliable (1.2.0). Each set is a line `scores NAME RUNS GAMES` and one line of scores a game; then lines `WHAT
NAME [NAME | THRESHOLD] VALUE [LOW HIGH]`, with the intervals of 20,000 resamples (a tenth of that for the last) where there are any.
"""
import numpy as np
from rliable import library, metrics

REPS = 20_000


def sets():
    rng = np.random.default_rng(1)
    return {
        "one_game": rng.normal(10, 3, (7, 1)).round(2),
        "ties": rng.integers(0, 4, (6, 3)).astype(float),
        "four_games": (rng.gamma(0.8, 1.0, (5, 4)) * [0.3, 1, 2, 20]).round(3),
        "other_four": (rng.gamma(1.2, 1.0, (5, 4)) * [0.3, 1, 2, 20]).round(3),
        "single_run": np.array([[0.25, 1.5, -3.0]]),
    }


def interval(of, scores, task_bootstrap=False):
    _, intervals = library.get_interval_estimates({"x": scores}, of, reps=REPS, random_state=np.random.RandomState(7))
    return intervals["x"][:, 0]


def main():
    data = sets()
    for name, scores in data.items():
        print("scores", name, *scores.shape)
        for game in scores.T:
            print(*game.tolist())
    for name, scores in data.items():
        for what, of in (("iqm", metrics.aggregate_iqm), ("mean", metrics.aggregate_mean),
                         ("median", metrics.aggregate_median), ("gap", metrics.aggregate_optimality_gap)):
            low, high = interval(lambda x, of=of: np.array([of(x)]), scores)
            print(what, name, float(of(scores)), low, high)
        threshold = float(np.quantile(scores, 0.4))
        above = lambda x: np.array([np.mean(x > threshold)])
        print("above", name, threshold, float(above(scores)[0]), *interval(above, scores))
    for a, b in (("four_games", "other_four"), ("other_four", "four_games"), ("ties", "ties")):
        of = lambda x, y: np.array([metrics.probability_of_improvement(x, y)])
        _, intervals = library.get_interval_estimates({"p": (data[a], data[b])}, of, reps=REPS // 10,
                                                      random_state=np.random.RandomState(7))
        print("improvement", a, b, float(of(data[a], data[b])[0]), *intervals["p"][:, 0])


if __name__ == "__main__":
    main()
