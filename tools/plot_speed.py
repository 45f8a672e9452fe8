#!/usr/bin/env python3
"""Draws how many times faster than its peers deepq is, game by game, from what compare.py printed.

    python bench/compare.py --what emulator --what env ... | tee compare.txt
    python tools/plot_speed.py compare.txt -o docs/results/speed.png         (needs matplotlib)
"""
import argparse
import re

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def ratios(path):
    """{peer: {game: ratio}}, in the order of the file; pictures apart from plain frames."""
    found, game = {}, None
    with open(path) as f:
        for line in f:
            if head := re.match(r"(emulator|env)/(\w+)(/screen)?, ", line):
                game = head[2]
            elif peer := re.match(r"  (\S.*?)  .*deepq is ([\d.]+)x", line):
                found.setdefault(peer[1], {})[game] = float(peer[2])
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("text", help="the output of bench/compare.py")
    parser.add_argument("-o", "--output", required=True)
    args = parser.parse_args()
    found = ratios(args.text)
    if not found:
        parser.error(f"{args.text}: no figure of a peer in it: is it the output of bench/compare.py?")
    games = list(dict.fromkeys(game for peer in found.values() for game in peer))
    width = 0.8 / len(found)
    figure, axes = plt.subplots(figsize=(9, 4.5))
    for i, (peer, of) in enumerate(found.items()):
        bars = axes.bar([g + i * width for g in range(len(games))], [of.get(g, 0) for g in games],
                        width, label=peer)
        axes.bar_label(bars, fmt="%.1f", fontsize=8)
    axes.set_xticks([g + 0.4 - width / 2 for g in range(len(games))], games)
    axes.axhline(1, color="0.4", lw=0.8)
    axes.set_ylabel("times as fast as")
    axes.grid(axis="y", alpha=0.3)
    axes.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(args.output, dpi=100)


if __name__ == "__main__":
    main()
