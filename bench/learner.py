#!/usr/bin/env python3
"""The learner on the processor beside PyTorch's best, and beside what the cores can do.

Every round runs `deepq bench` in fp32 and in bf16 and then every variant of peers_torch.py, so that
all see the same minutes; figures are medians over the rounds. The last table has a row for each goal:
what it was, and what was measured. Run it on a quiet machine with a Python that has torch, ale-py,
numpy and opencv.

    python bench/learner.py [--deepq build/bin/deepq] [--rounds 5] [--seconds 2] [--threads 2]
                            [--json OUT] [--variant tuned]

--json keeps all samples, with the machine and the date, for docs/results and tools/plot_roofline.py.
"""
import argparse
import collections
import datetime
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys

from compare import figures

TORCH = pathlib.Path(__file__).resolve().parent / "peers_torch.py"
PLAIN_GFLOP = 2.18  # of one step by the plain algorithm: src/app/bench_learn.c


def processor():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return platform.machine()


def one_round(args):
    """(name, who, precision, threads) and the value of everything measured once."""
    common = ["--repeats", "1", "--seconds", str(args.seconds), "--threads", str(args.threads)]
    for precision in "fp32", "bf16":
        for f in figures([args.deepq, "bench", "learn", "train", "act", "--json", "--precision",
                          precision, *common]):
            if f["precision"] == precision:
                yield (f["name"], "deepq", precision, f["threads"]), f["median"]
    for f in figures([args.deepq, "bench", "peak", "--json", *common]):
        yield (f["name"], "deepq", f["precision"], f["threads"]), f["median"]
    variants = [word for v in args.variant for word in ("--variant", v)]
    for f in figures([sys.executable, TORCH, *common, *variants]):
        yield (f["name"], f["peer"], f["precision"], f["threads"]), f["median"]


def best(median, name, precision, of=lambda who: who != "deepq"):
    """The largest median of those, or None."""
    return max((v for (n, who, p, _), v in median.items() if (n, p) == (name, precision) and of(who)),
               default=None)


def goals(median, threads):
    """Rows: what, floor, aim, measured (None where a part of it is missing)."""
    def ours(name, precision):
        return best(median, name, precision, lambda who: who == "deepq")

    def ratio(a, b):
        return a / b if a and b else None
    book = best(median, "train/book", "fp32", lambda who: who == "PyTorch, book")
    peak = max((v for (n, _, p, t), v in median.items()
                if (n, p, t) == ("peak/fp32", "fp32", threads)), default=None)
    learn = ours("learn/book", "fp32")
    return [
        ("train/book fp32 against the book's loop in PyTorch", "4.5x", "6x",
         ratio(ours("train/book", "fp32"), book), "{:.1f}x"),
        ("learn/book fp32 against PyTorch's fp32 best", "2x", "3x",
         ratio(learn, best(median, "learn/book", "fp32")), "{:.1f}x"),
        ("learn/book bf16 against PyTorch's bf16 best", "2x", "3x",
         ratio(ours("learn/book", "bf16"), best(median, "learn/book", "bf16")), "{:.1f}x"),
        ("train/book bf16, agent steps/s", "150", "250", ours("train/book", "bf16"), "{:.0f}"),
        ("share of the fp32 peak, 2.18 GFLOP a step", "85 %", "120 %",
         ratio(100 * PLAIN_GFLOP * learn if learn else None, peak), "{:.0f} %"),
    ]


def report(samples, threads):
    median = {key: statistics.median(values) for key, values in samples.items()}
    for (name, who, precision, n), values in sorted(samples.items(), key=lambda i: str(i[0])):
        print(f"{name:12} {precision or '':5} {n} threads  {who:24} {statistics.median(values):10.1f}"
              f"  ({min(values):.1f} to {max(values):.1f})")
    print("\n| figure | floor | aim | here |\n|---|---|---|---|")
    for what, floor, aim, value, form in goals(median, threads):
        print(f"| {what} | {floor} | {aim} | {form.format(value) if value else 'not measured'} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deepq", default="build/bin/deepq")
    parser.add_argument("--variant", action="append", default=[], help="of PyTorch's (all)")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=2.0, help="for each figure in a round")
    parser.add_argument("--json", help="write all samples to this file")
    args = parser.parse_args()
    samples = collections.defaultdict(list)
    for number in range(args.rounds):
        for key, value in one_round(args):
            samples[key].append(value)
        print(f"round {number + 1} of {args.rounds} done", file=sys.stderr)
    layers = {p: [f for f in figures([args.deepq, "bench", "layers", "--json", "--precision", p])]
              for p in ("fp32", "bf16")}
    print(f"{processor()}, {os.cpu_count()} cores, {datetime.date.today()}, {args.threads} threads, "
          f"{args.rounds} rounds of {args.seconds} s; median (least to most)\n")
    report(samples, args.threads)
    if args.json:
        keys = ["name", "who", "precision", "threads"]
        pathlib.Path(args.json).write_text(json.dumps({
            "machine": processor(), "cores": os.cpu_count(), "date": str(datetime.date.today()),
            "samples": [dict(zip(keys, key), values=v) for key, v in samples.items()],
            "layers": layers}, indent=1) + "\n")


if __name__ == "__main__":
    main()
