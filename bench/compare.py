#!/usr/bin/env python3
"""deepq and its peers in one run: each figure measured in turn on both sides, several rounds.

A shared machine moves by 10 to 30 percent from minute to minute, so every round measures ours, then
the peer's, and the ratios are those of the medians over all rounds. Run it with a Python that has
ale-py, numpy, gymnasium, opencv and torch; a peer that cannot be imported is left out with a word.

    python bench/compare.py [--deepq build/bin/deepq] [--rounds 5] [--game pong] [--what learn]
"""
import argparse
import collections
import json
import os
import pathlib
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ALE, TORCH = HERE / "peers_ale.py", HERE / "peers_torch.py"
PEER_OF = {"emulator": ALE, "env": ALE, "act": TORCH, "learn": TORCH, "train": TORCH}


def figures(command):
    """Run a command that prints JSON lines; what it could not measure is told and left out."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        print(f"left out: {' '.join(map(str, command[:4]))} ...: {last}", file=sys.stderr)
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def one_round(args, what):
    common = ["--repeats", "1", "--seconds", str(args.seconds)]
    threads = ["--threads", str(args.threads)] if args.threads else []
    ours = [args.deepq, "bench", what, "--json", *common]
    peer = [sys.executable, PEER_OF[what], "--what", what, *common]
    if PEER_OF[what] is ALE:
        for game in args.game:
            ours += ["--env", game]
            peer += ["--game", game]
    else:
        ours += threads
        peer += threads + [word for v in args.variant for word in ("--variant", v)]
    return figures(ours) + figures(peer)


def spread(values):
    return f"{statistics.median(values):12,.1f}  ({min(values):,.1f} to {max(values):,.1f})"


def report(samples, units):
    for name in dict.fromkeys(name for name, _ in samples):
        ours = samples.get((name, "deepq"))
        print(f"\n{name}, {units[name]}")
        for (other, who), values in samples.items():
            if other != name:
                continue
            ratio = ""
            if ours and who != "deepq":
                ratio = f"  deepq is {statistics.median(ours) / statistics.median(values):.1f}x"
            print(f"  {who:34}{spread(values)}{ratio}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deepq", default="build/bin/deepq")
    parser.add_argument("--what", action="append", choices=PEER_OF)
    parser.add_argument("--game", action="append", help="ALE's name (pong); may be repeated")
    parser.add_argument("--variant", action="append", default=[], help="of PyTorch's (all)")
    parser.add_argument("--threads", type=int, help="of act, learn and train (all cores)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each figure in a round")
    args = parser.parse_args()
    args.game = args.game or ["pong"]
    samples, units = collections.defaultdict(list), {}
    for number in range(args.rounds):
        for what in args.what or PEER_OF:
            for f in one_round(args, what):
                samples[f["name"], f.get("peer", "deepq")].append(f["median"])
                units[f["name"]] = f["unit"]
        print(f"round {number + 1} of {args.rounds} done", file=sys.stderr)
    print(f"{args.rounds} rounds of {args.seconds} s, {os.cpu_count()} cores; "
          "median (least to most)")
    report(samples, units)


if __name__ == "__main__":
    main()
