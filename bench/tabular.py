#!/usr/bin/env python3
"""Everything in docs/results/tabular.md: speed against Python, distributions, exact answers.

    python bench/tabular.py [--deepq build/bin/deepq] [--rounds 3] [--load "idle machine"]
    (needs gymnasium, numpy and matplotlib; writes docs/results/tabular.md and tabular.png)

Speed: in every round the book's loop in Python (tests/oracle/tabular_original.py) learns two seeds
until they are solved, and deepq a hundred, one after the other on one thread. Iterations are divided
by wall-clock seconds and by seconds of processor time; the latter say something on a busy machine
too. Distributions: deepq's seeds against tests/data/tabular/python_runs.csv.
"""
import argparse
import csv
import json
import os
import pathlib
import platform
import resource
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "oracle"))

from kolmogorov import ks_test  # noqa: E402

OUT = ROOT / "docs" / "results"
PYTHON_SEEDS = (2, 3)  # short ones
N_SEEDS = 200          # as many as the issue of the Kolmogorov-Smirnov test names
N_MANY = 2000          # for the curves


def deepq_json(args, *words):
    done = subprocess.run([args.deepq, "tabular", *map(str, words), "--json"], check=True,
                          stdout=subprocess.PIPE, text=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def rates_of_python():
    """Iterations a second of wall-clock and of processor time."""
    import tabular_original
    wall, cpu, n = time.perf_counter(), time.process_time(), 0
    for seed in PYTHON_SEEDS:
        n += tabular_original.run("FrozenLake-v1", seed, None)
    return n / (time.perf_counter() - wall), n / (time.process_time() - cpu)


def cpu_s():
    """Seconds of processor time of all commands that have ended."""
    u = resource.getrusage(resource.RUSAGE_CHILDREN)
    return u.ru_utime + u.ru_stime


def rates_of_deepq(args):
    before = cpu_s()
    *seeds, summary = deepq_json(args, "q-learning", "--seeds", 100, "--seed", 1, "--threads", 1)
    n = sum(s["iterations"] for s in seeds)
    return n / summary["seconds"], n / (cpu_s() - before)


def measure_speed(args):
    rounds = []
    for number in range(args.rounds):
        rounds.append((rates_of_python(), rates_of_deepq(args)))
        print(f"round {number + 1} of {args.rounds} done", file=sys.stderr)
    return rounds


def speed_lines(rounds):
    for k, what in enumerate(("wall clock", "processor time")):
        python, ours = ([r[side][k] for r in rounds] for side in (0, 1))
        ratios = [b / a for a, b in zip(python, ours)]
        yield (f"| {what} | {spread(python)} | {spread(ours)} | "
               f"**{statistics.median(ratios):,.0f}** ({min(ratios):,.0f} to {max(ratios):,.0f}) |")


def spread(values):
    return f"{statistics.median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"


def hundred_seeds(args):
    """Seconds for a hundred seeds on all cores: of the wall clock, of processor time."""
    wall, cpu = [], []
    for _ in range(args.rounds):
        before = cpu_s()
        wall.append(deepq_json(args, "q-learning", "--seeds", 100, "--seed", 1)[-1]["seconds"])
        cpu.append(cpu_s() - before)
    return wall, cpu


def seeds_of(args, method, n, *words):
    lines = deepq_json(args, method, "--seeds", n, "--seed", 1, *words)
    return [s for s in lines if s["event"] == "seed"]


def python_runs():
    with open(ROOT / "tests/data/tabular/python_runs.csv") as f:
        rows = list(csv.DictReader(line for line in f if not line.startswith("#")))
    return ([int(r["iterations"]) for r in rows],
            [int(r["iterations"]) for r in rows if r["seconds"]])


def quartiles(values):
    q = statistics.quantiles(values, n=4, method="inclusive")
    return f"{q[1]:,.0f} | {q[0]:,.0f} to {q[2]:,.0f} | {min(values):,.0f} to {max(values):,.0f}"


def shares(values):
    values = sorted(values)
    return values, [(i + 1) / len(values) for i in range(len(values))]


def draw(python, ours, best):
    import matplotlib
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2))
    left.step(*shares([s["iterations"] for s in ours]), where="post",
              label=f"deepq, {len(ours)} seeds")
    left.step(*shares(python), where="post", label=f"the book's loop in Python, {len(python)} seeds")
    left.axvline(13117, ls=":", color="0.4", label="one run: 13,117")
    left.set(xlabel="iterations until solved", ylabel="share of runs", ylim=(0, 1), xlim=(0, 30000))
    left.legend(loc="lower right")
    right.hist([s["success"] for s in ours], bins=[i / 50 for i in range(46)], color="0.7")
    right.axvline(best, color="C2", label=f"best policy there is: {best:.3f}")
    right.axvline(0.8, color="C3", ls="--", label="what a test must be above: 0.80")
    right.set(xlabel="chance that a \"solved\" policy wins a game, exactly",
              ylabel="runs", xlim=(0, 0.9))
    right.legend(loc="upper left")
    figure.tight_layout()
    figure.savefig(OUT / "tabular.png", dpi=80)


def lucky_tests(args):
    for env, name in (("FrozenLake-v1", "4x4"), ("FrozenLake8x8-v1", "8x8")):
        for gamma in (0.9, 0.99):
            e, = deepq_json(args, "value-iteration", "--model", "known", "--env", env, "--gamma",
                            gamma)
            yield (f"| {name} | {gamma} | {e['sweeps']} | {e['start_value']:.4f} | "
                   f"{e['success']:.4f} | {e['best_exact_reward']:.4f} |")


TEXT = """\
# Tabular methods: speed and distributions
Made by `python bench/tabular.py{options}` (with gymnasium, numpy, matplotlib) on {date}; {machine};
Python {python}, Gymnasium {gymnasium}. Load: {load}.

## Speed
Iterations a second on one core, Q-learning on FrozenLake-v1 until solved, one iteration being one
update and 20 test episodes; {rounds} rounds of Python, then deepq; median (least to most).

| | the book's loop in Python | deepq | ratio |
|---|--:|--:|--:|
{speed}

A hundred seeds until solved on {cores} cores: {hundred} s by the wall clock,
{hundred_cpu} s of processor time on all of them together.

## Iterations until solved
| | runs | median | quartiles | least to most |
|---|--:|--:|--:|--:|
{distribution}

Kolmogorov-Smirnov test of {n_seeds} seeds of deepq's Q-learning against {n_original} runs of
`tests/oracle/tabular_original.py`: largest distance {d_original:.4f}, p = {p_original:.3f}. Against
all {n_python} Python runs: {d:.4f}, p = {p:.3f}; the further ones are `tabular_replay.py`'s, which takes
the same random numbers from the same generators and gives the same iterations as the original for
each of its seeds.

![Iterations until solved, and what the solved policies are worth](tabular.png)

The right picture is the truth about "solved": of {n_many} runs that ended with `Solved`, the policies
win {worth_median:.3f} of their games in the median (quartiles {worth_low:.3f} and {worth_high:.3f}),
none more than {worth_most:.4f}. [tabular.md](../tabular.md) says why.

## Exact answers
By dynamic programming on the known model: the policy that is optimal for gamma, and the best one
within the time limit of 100 (4x4) or 200 steps (8x8).

| map | gamma | sweeps | value of the start | it wins within the limit | the best there is |
|---|--:|--:|--:|--:|--:|
{exact}
"""


def cpu_name():
    try:
        with open("/proc/cpuinfo") as f:
            return next(line.split(":")[1].strip() for line in f if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deepq", default=str(ROOT / "build/bin/deepq"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--load", default="not said", help="what else the machine was doing")
    args = parser.parse_args()
    import gymnasium
    rounds, (hundred, hundred_cpu) = measure_speed(args), hundred_seeds(args)
    ours, (python, original) = seeds_of(args, "q-learning", N_MANY), python_runs()
    first = [s["iterations"] for s in ours[:N_SEEDS]]
    (d, p), (d_original, p_original) = ks_test(python, first), ks_test(original, first)
    rows = [f"| Python, Q-learning | {len(python)} | {quartiles(python)} |",
            f"| deepq, Q-learning, the first {N_SEEDS} | {N_SEEDS} | {quartiles(first)} |",
            f"| deepq, Q-learning | {N_MANY} | {quartiles([s['iterations'] for s in ours])} |"]
    for method in ("value-iteration", "q-iteration"):
        counts = [s["iterations"] for s in seeds_of(args, method, N_SEEDS)]
        rows.append(f"| deepq, {method} | {N_SEEDS} | {quartiles(counts)} |")
    exact = list(lucky_tests(args))
    best, = deepq_json(args, "value-iteration", "--model", "known")
    worth = [s["success"] for s in ours]
    low, median, high = statistics.quantiles(worth, n=4, method="inclusive")
    draw(python, ours, best["best_exact_reward"])
    (OUT / "tabular.md").write_text(TEXT.format(
        options="" if args.rounds == 3 else f" --rounds {args.rounds}", date=time.strftime("%F"),
        machine=f"{cpu_name()}, {os.cpu_count()} cores", python=platform.python_version(),
        gymnasium=gymnasium.__version__, load=args.load, rounds=args.rounds,
        speed="\n".join(speed_lines(rounds)), cores=os.cpu_count(),
        hundred=f"{statistics.median(hundred):.2f} ({min(hundred):.2f} to {max(hundred):.2f})",
        hundred_cpu=f"{statistics.median(hundred_cpu):.2f}", d_original=d_original,
        p_original=p_original, distribution="\n".join(rows), n_seeds=N_SEEDS, n_python=len(python), d=d, p=p,
        n_original=len(original), n_many=N_MANY, worth_median=median, worth_low=low, worth_high=high,
        worth_most=max(worth), exact="\n".join(exact)))


if __name__ == "__main__":
    main()
