#!/usr/bin/env python3
"""Which hyperparameters solve a game soonest: trains every candidate with several seeds.

    python3 bench/search_presets.py bench/search_fast.json --out DIR [--seeds 3] [--minutes 20]

The file names the environment, options of `deepq train` and settings that all share, and each
candidate's own. Runs go on side by side with one thread each, which is the best use of the cores; so
the times compare the candidates with each other, not with a run that has the machine to itself. A run
ends when it is solved or has used its minutes. Stopped at any moment, the same command goes on: what
is finished is kept, what was begun is resumed. Prints the table, and writes it to DIR/table.md after
each run.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import signal
import statistics
import subprocess
import time


class Run:
    def __init__(self, plan, name, seed, args):
        self.name, self.seed, self.args = name, seed, args
        self.settings = {**plan["shared"], **plan["candidates"][name]}
        self.env = plan["env"]
        self.options = plan.get("options", [])
        self.dir = args.out / f"{name}-s{seed}"

    def games(self):
        try:
            return [json.loads(line) for line in (self.dir / "log.jsonl").read_text().splitlines()]
        except (OSError, json.JSONDecodeError):
            return []

    def seconds(self):
        """Time spent training, pauses between two sittings not counted."""
        total, frame = 0.0, 0
        for game in self.games():
            total += (game["frame"] - frame) / game["speed"]
            frame = game["frame"]
        return total

    def solved(self):
        games = self.games()
        bound = float(self.settings.get("reward_bound", 19))
        return bool(games) and games[-1]["reward_100"] > bound

    def best(self):
        """Best mean of 100 games; before the hundredth there is none."""
        return max((g["reward_100"] for g in self.games() if g["game"] >= 100), default=None)

    def train(self):
        left = self.args.minutes * 60 - self.seconds()
        if self.solved() or left <= 0:
            return
        if (self.dir / "checkpoint" / "state").exists():
            command = [self.args.deepq, "train", "--resume", self.dir]
        else:
            command = [self.args.deepq, "train", "--env", self.env, "--seed", str(self.seed),
                       "--out", self.dir, *self.options]
            for key, value in self.settings.items():
                command += ["--set", f"{key}={value}"]
        command += ["--threads", "1", "--plain"]
        self.dir.parent.mkdir(parents=True, exist_ok=True)
        with open(f"{self.dir}.out", "ab") as out:
            process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
            try:
                process.wait(timeout=left)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGTERM)
                process.wait()


def median_text(values, form):
    return form.format(statistics.median(values)) if values else "–"


def table(plan, runs):
    lines = ["| candidate | solved | minutes, median (all) | frames, median | best mean, median |",
             "|---|---|---|---|---|"]
    for name in plan["candidates"]:
        mine = [r for r in runs if r.name == name and r.games()]
        solved = [r for r in mine if r.solved()]
        minutes = sorted(r.seconds() / 60 for r in solved)
        each = ", ".join(f"{m:.1f}" for m in minutes)
        frames = [r.games()[-1]["frame"] for r in solved]
        best = [r.best() for r in mine if r.best() is not None]
        lines.append(f"| {name} | {len(solved)} of {len(mine)} | "
                     f"{median_text(minutes, '{:.1f}')} ({each}) | "
                     f"{median_text(frames, '{:,.0f}')} | {median_text(best, '{:.1f}')} |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("plan", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("--deepq", default="build/bin/deepq")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=20, help="for each run, on one core")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args()
    plan = json.loads(args.plan.read_text())
    args.out.mkdir(parents=True, exist_ok=True)
    runs = [Run(plan, name, seed, args) for seed in range(args.seeds)
            for name in plan["candidates"]]
    start = time.time()
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(r.train) for r in runs]):
            done.result()
            (args.out / "table.md").write_text(table(plan, runs))
    print(table(plan, runs), end="")
    print(f"\n{len(runs)} runs, {args.jobs} at a time, this sitting {(time.time() - start) / 60:.0f} "
          "minutes")


if __name__ == "__main__":
    main()
