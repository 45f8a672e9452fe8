#!/usr/bin/env python3
"""A roofline plot of the learning step's kernels: what bench/learner.py --json has measured.

Each kernel stands at its operations a byte (of the arrays that it must read or write) and the GFLOP/s
of the multiplications that it does, on one thread. The roofs are the multiply-add peaks, in processor
time as the kernels, and the reading of memory, by the clock, of the same run. Arrays that stay in a
cache may lift a kernel above the slope: that roof is memory's.

    python tools/plot_roofline.py RESULTS.json docs/results/roofline.png       (needs matplotlib)
"""
import json
import statistics
import sys

import matplotlib
matplotlib.use("Agg")
import matplotlib.pyplot as plt

COLOURS = {"fp32": "tab:blue", "bf16": "tab:orange"}


def memory_speed(results):
    """GB/s that one thread reads: the median."""
    for s in results["samples"]:
        if (s["name"], s["threads"]) == ("peak/memory", 1):
            return statistics.median(s["values"])
    sys.exit("no peak/memory on one thread in there")


def kernels(results):
    """Rows with products; what is float32 in both runs comes once."""
    for run, rows in results["layers"].items():
        yield from (row for row in rows if row["done_gflops"] and row["precision"] == run)


def draw_roofs(axes, results):
    memory = memory_speed(results)
    peaks = {row["precision"]: row["peak_gflops"] for row in kernels(results)}
    for precision, peak in peaks.items():
        axes.plot([1, peak / memory, 200], [memory, peak, peak], color=COLOURS[precision],
                  linewidth=1, label=f"{precision}: {peak:.0f} GFLOP/s, memory {memory:.0f} GB/s")


def draw_kernels(axes, results):
    names = []
    for number, row in enumerate(kernels(results), 1):
        at = row["done_gflops"] * 1e3 * row["us"] / row["bytes"], row["done_gflops"]
        axes.scatter(*at, color=COLOURS[row["precision"]], s=14)
        axes.annotate(str(number), at, fontsize=7, xytext=(3, 2), textcoords="offset points")
        share = row["done_gflops"] / row["peak_gflops"]
        names.append(f"{number:2} {row['precision']} {row['layer']}, {share:.0%}")
    axes.text(1.02, 1, "\n".join(names), transform=axes.transAxes, va="top", fontsize=7,
              family="monospace")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as f:
        results = json.load(f)
    figure, axes = plt.subplots(figsize=(9, 6))
    draw_roofs(axes, results)
    draw_kernels(axes, results)
    axes.set(xscale="log", yscale="log", xlabel="operations a byte",
             ylabel="GFLOP/s of multiplications done, one thread",
             title=f"deepq's learning step, batch 32: {results['machine']}, {results['date']}")
    axes.grid(True, which="both", alpha=0.2)
    axes.legend(loc="lower right")
    figure.savefig(sys.argv[2], dpi=130, bbox_inches="tight")


if __name__ == "__main__":
    main()
