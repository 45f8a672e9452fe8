#!/usr/bin/env python3
"""Training curves of runs beside Dopamine's published ones: a row for each iteration of 250,000 steps.

    python compare_curves.py --game breakout --agent dqn_adam RUN...

An iteration's return is the mean over the games that end in it, as in Dopamine. The band reaches from a tenth
below the least of the published runs to a tenth above the largest. The published curves are
data/published/dopamine_curves.csv; agents: dqn_adam, dqn_nature, c51, qr_dqn, iqn, rainbow. An iteration that
a run has not ended is not shown.
"""
import argparse
import collections
import csv
import json
import os
import statistics

STEPS = 250000
CURVES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data", "published", "dopamine_curves.csv")


def published(path, game, agent):
    """The returns of the runs, by iteration."""
    with open(path, newline="") as f:
        rows = csv.reader(line for line in f if not line.startswith("#"))
        return {int(row[2]): [float(x) for x in row[3:] if x] for row in rows if row[:2] == [game, agent]}


def returns(folder):
    """Mean return of each whole iteration of a run."""
    games, last = collections.defaultdict(list), 0
    with open(os.path.join(folder, "log.jsonl")) as f:
        for line in f:
            game = json.loads(line)
            last = game["frame"]
            games[(last - 1) // STEPS + 1].append(game["reward"])
    slack = STEPS // 100  # the last game of an iteration need not end with its last step
    return {i: statistics.mean(r) for i, r in games.items() if i * STEPS <= last + slack}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="+", metavar="RUN")
    parser.add_argument("--game", required=True)
    parser.add_argument("--agent", required=True)
    args = parser.parse_args()
    theirs = published(CURVES, args.game, args.agent)
    print("| million frames | published, 5 runs | band | ours |\n|--:|---|---|---|")
    curves = [returns(run) for run in args.runs]
    for i in range(1, max(max(c) for c in curves) + 1):
        low, high = min(theirs[i]), max(theirs[i])
        ours = [f"{c[i]:.2f}{'' if low * 0.9 <= c[i] <= high * 1.1 else ' (outside)'}" for c in curves if i in c]
        print(f"| {i} | {low:.2f} to {high:.2f} | {low * 0.9:.2f} to {high * 1.1:.2f} | {', '.join(ours)} |")


if __name__ == "__main__":
    main()
