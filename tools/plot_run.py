#!/usr/bin/env python3
"""Draws the learning curves of training runs.

    python tools/plot_run.py RUN [RUN ...] -o docs/results/pong-book.png      (needs matplotlib)

RUN is a run folder or a file of what `deepq train --plain` printed, NAME=RUN to call it NAME in the
legend. The upper plot has the mean of the last 100 games (and, of a run folder drawn alone, each
game's reward); the lower one the speed.
"""
import argparse
import json
import os
import re

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt


PRINTED = re.compile(r"(?P<frame>\d+): done \d+ games, reward (?P<reward_100>\S+), eps \S+, "
                     r"speed (?P<speed>\S+) f/s")


def read_games(run):
    if os.path.isdir(run):
        with open(os.path.join(run, "log.jsonl")) as f:
            return [json.loads(line) for line in f]
    with open(run) as f:
        lines = filter(None, map(PRINTED.match, f))
        return [{key: float(text) for key, text in m.groupdict().items()} for m in lines]


def draw(run, axes, alone):
    name, _, path = run.rpartition("=")
    games = read_games(path)
    frame = [g["frame"] / 1000 for g in games]
    name = name or os.path.basename(os.path.normpath(path)).removesuffix(".log")
    reward, settings = axes
    if alone and "reward" in games[0]:
        reward.plot(frame, [g["reward"] for g in games], ".", ms=2, color="0.7", label="each game")
    reward.plot(frame, [g["reward_100"] for g in games], label=name)
    settings.plot(frame, [g["speed"] for g in games], lw=0.8, label=name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="+", metavar="RUN")
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--bound", type=float, default=19.0)
    args = parser.parse_args()
    figure, axes = plt.subplots(2, 1, figsize=(9, 7), sharex=True, height_ratios=(3, 1))
    for run in args.runs:
        draw(run, axes, len(args.runs) == 1)
    axes[0].axhline(args.bound, color="0.4", lw=0.8, ls="--", label=f"solved above {args.bound:g}")
    axes[0].set_ylabel("reward, mean of the last 100 games")
    axes[0].legend(loc="lower right")
    axes[0].grid(alpha=0.3)
    axes[1].set_ylabel("agent steps a second")
    axes[1].set_yscale("log")  # before learning begins a run is fifty times as fast
    axes[1].set_xlabel("frames (agent steps), thousands")
    axes[1].grid(alpha=0.3)
    figure.tight_layout()
    figure.savefig(args.output, dpi=110)


if __name__ == "__main__":
    main()
