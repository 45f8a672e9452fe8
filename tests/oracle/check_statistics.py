#!/usr/bin/env python3
"""`deepq compare` beside rliable on the published runs of Atari 100k: 26 games, 100 runs, two agents.

    check_statistics.py --deepq build/bin/deepq data/published/atari100k_runs.csv data/published/scores.csv

Point estimates are to be equal to 1e-9, ends of intervals within 6 % of their width: both sides draw 10,000 times,
from different random numbers. Exit status 77: no rliable here.
"""
import argparse
import csv
import json
import subprocess
import sys

try:
    import numpy as np
    from rliable import library, metrics
except ImportError as e:
    print(f"SKIP: {e}")
    sys.exit(77)

REPS = 10_000


def rows(path):
    with open(path) as f:
        return list(csv.reader(line for line in f if not line.startswith("#")))


def scores_of(runs, human):
    """Human-normalised, [runs][games] of each agent."""
    agents = {}
    for game, agent, *scores in runs:
        low, high = human["".join(c for c in game.lower())]
        agents.setdefault(agent, []).append([(float(s) - low) / (high - low) for s in scores])
    return {agent: np.array(games).T for agent, games in agents.items()}


class Check:
    def __init__(self):
        self.n = self.bad = 0

    def near(self, what, ours, value, low, high, scale):
        width = scale * (high - low)
        is_near = (abs(ours["value"] - scale * value) <= 1e-9 * max(1, abs(scale * value))
                   and abs(ours["low"] - scale * low) <= 0.06 * width and abs(ours["high"] - scale * high) <= 0.06 * width)
        self.n += 1
        self.bad += not is_near
        print(f"{'same' if is_near else 'DIFFERS'}: {what}: {ours['value']:.6g} ({ours['low']:.6g} to {ours['high']:.6g}), "
              f"rliable {scale * value:.6g} ({scale * low:.6g} to {scale * high:.6g})")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deepq", default="build/bin/deepq")
    parser.add_argument("runs")
    parser.add_argument("scores")
    args = parser.parse_args()
    human = {r[0].replace("_", ""): (float(r[1]), float(r[2])) for r in rows(args.scores)[1:] if r[1]}
    agents = scores_of(rows(args.runs), human)
    result = json.loads(subprocess.run([args.deepq, "compare", args.runs, "--json"], check=True, stdout=subprocess.PIPE).stdout)
    check, thresholds = Check(), np.arange(21) / 10
    for ours in result["agents"]:
        scores = agents[ours["agent"]]
        of = lambda x: np.array([metrics.aggregate_iqm(x), metrics.aggregate_mean(x), metrics.aggregate_median(x),
                                 metrics.aggregate_optimality_gap(x), *((x > t).mean() for t in thresholds)])
        point, interval = library.get_interval_estimates({"x": scores}, of, reps=REPS)
        parts = [("human_normalised_iqm", 100), ("human_normalised_mean", 100), ("human_normalised_median", 100),
                 ("optimality_gap", 100)]
        for i, (key, scale) in enumerate(parts):
            check.near(f"{ours['agent']} {key}", ours[key], point["x"][i], *interval["x"][:, i], scale)
        for i, t in enumerate(thresholds):
            assert abs(ours["profile"][i]["above"] - t) < 1e-12
            check.near(f"{ours['agent']} above {t:.1f}", ours["profile"][i], point["x"][4 + i], *interval["x"][:, 4 + i], 1)
    first, *others = [ours["agent"] for ours in result["agents"]]
    for i, agent in enumerate(others):
        of = lambda x, y: np.array([metrics.probability_of_improvement(x, y)])
        point, interval = library.get_interval_estimates({"p": (agents[agent], agents[first])}, of, reps=REPS // 10)
        check.near(f"{agent} over {first}", result["agents"][1 + i]["probability_of_improvement"], point["p"][0],
                   *interval["p"][:, 0], 1)
    print(f"{check.n - check.bad} of {check.n} the same")
    return check.bad > 0


if __name__ == "__main__":
    sys.exit(main())
