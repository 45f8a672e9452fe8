#!/usr/bin/env python3
"""Draws what a million transitions take packed, and what sampling costs, game by game, from the figures of

    build/bin/deepq bench replay --json --dialect sb3 --env PongNoFrameskip-v4 ... > replay.jsonl
    python tools/plot_replay.py replay.jsonl -o docs/results/replay.png         (needs matplotlib)
"""
import argparse
import json

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

BESIDE = 21  # bytes of each transition that are not its frame


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("figures", help="the output of deepq bench replay --json")
    parser.add_argument("-o", "--output", required=True)
    args = parser.parse_args()
    with open(args.figures) as f:
        figures = {tuple(o["name"].split("/")[1:]): o for o in map(json.loads, f) if o["name"].startswith("replay/")}
    games = [game for game, store in figures if store == "packed"]
    if not games:
        parser.error(f"{args.figures}: no figure of the packed store in it")
    names = [game.replace("_", "\n") for game in games]
    figure, (sizes, times) = plt.subplots(1, 2, figsize=(9, 3.8))
    bars = sizes.bar(names, [(figures[g, "packed"]["bytes_per_frame"] + BESIDE) / 1e3 for g in games], 0.6)
    sizes.bar_label(bars, fmt="%.2f", fontsize=8)
    sizes.set_ylabel("GB for a million transitions (plain: 7.1)")
    for i, store in enumerate(("plain", "packed")):
        bars = times.bar([g + 0.4 * i for g in range(len(games))],
                         [1e6 / figures[g, store]["median"] for g in games], 0.4, label=store)
        times.bar_label(bars, fmt="%.0f", fontsize=8)
    times.set_xticks([g + 0.2 for g in range(len(games))], names)
    times.set_ylabel("us for 32 states and next states")
    times.legend(fontsize=8)
    for axes in sizes, times:
        axes.grid(axis="y", alpha=0.3)
        axes.tick_params(axis="x", labelsize=8)
    figure.tight_layout()
    figure.savefig(args.output, dpi=100)


if __name__ == "__main__":
    main()
