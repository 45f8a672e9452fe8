#!/usr/bin/env python3
"""The Python package beside ale-py, in turn, on one core: frames a second, and how many times as many.

    bench_python.py [--games pong,breakout,space_invaders,seaquest] [--seconds 2] [--rounds 3] [--json]

Needs deepq and ale-py installed in one environment. Random actions. Per game: `vector`, AtariVectorEnv.step
of 8 environments with the usual preprocessing; `act`, ALEInterface.act; `env`, AtariEnv.step with RGB.
Then, for the first game, two threads beside one, and the memory of 256 environments. Frames are console
frames; medians of the rounds, and of the rounds' ratios, with their quartiles where there are four or more.
"""

import argparse
import json
import os
import statistics
import sys
import time

import ale_py
import numpy as np

import deepq
import deepq.ale


def rate(step, frames, seconds):
    """Frames a second of a function that plays some."""
    step()
    n, start = 0, time.perf_counter()
    while (now := time.perf_counter()) < start + seconds:
        step()
        n += frames
    return n / (now - start)


def vector(module, game, threads=1, n=8):
    env = module.AtariVectorEnv(game, n, num_threads=threads)
    env.reset(seed=1)
    rng = np.random.default_rng(1)
    actions = iter([])

    def step():
        nonlocal actions
        action = next(actions, None)
        if action is None:
            actions = iter(rng.integers(0, env.single_action_space.n, (1000, n)))
            action = next(actions)
        env.step(action)

    return step, 4 * n


def act(module, game):
    ale = (deepq.ale if module is deepq else module).ALEInterface()
    ale.setInt("random_seed", 1)
    ale.loadROM(ale_py.roms.get_rom_path(game))
    actions = np.random.default_rng(1).integers(0, 18, 1000).tolist()

    def step():
        for action in actions:
            ale.act(action)
            if ale.game_over():
                ale.reset_game()

    return step, len(actions)


def env(module, game):
    world = module.AtariEnv(game)
    world.reset(seed=1)
    actions = np.random.default_rng(1).integers(0, world.action_space.n, 200).tolist()

    def step():
        for action in actions:
            _, _, over, cut, _ = world.step(action)
            if over or cut:
                world.reset()

    return step, 4 * len(actions)


def beside(make, game, args, **options):
    """[theirs, ours] of each round, measured in turn."""
    sides = [make(module, game, **options) for module in (ale_py, deepq)]
    return [[rate(step, frames, args.seconds) for step, frames in sides] for _ in range(args.rounds)]


def resident():
    with open("/proc/self/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def report(args, name, rounds):
    theirs, ours = (statistics.median(column) for column in zip(*rounds))
    ratios = [b / a for a, b in rounds]
    ratio = statistics.median(ratios)
    low, _, high = statistics.quantiles(ratios) if len(ratios) > 3 else (None, None, None)
    if args.json:
        print(json.dumps({"name": name, "ale_py": theirs, "deepq": ours, "ratio": ratio, "quartiles": [low, high],
                          "unit": "frames/s"}))
    else:
        spread = f"  ({low:.2f} to {high:.2f})" if low else ""
        print(f"{name:28} {theirs:12,.0f} {ours:12,.0f} {ratio:8.2f}x{spread}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--games", default="pong,breakout,space_invaders,seaquest")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    games = args.games.split(",")
    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
    if not args.json:
        print(f"{'frames/s':28} {'ale-py ' + ale_py.__version__:>12} {'deepq':>12}")
    for game in games:
        for make in (vector, act, env):
            report(args, f"{make.__name__}/{game}", beside(make, game, args))
    sides = [vector(deepq, games[0], threads=n, n=32) for n in (1, 2)]
    rounds = [[rate(step, frames, args.seconds) for step, frames in sides] for _ in range(args.rounds)]
    report(args, f"threads/{games[0]} (1, 2)", rounds)
    before = resident()
    many = deepq.AtariVectorEnv(games[0], 256, num_threads=1, copy=False)
    many.reset(seed=1)
    for _ in range(20):
        many.step(np.zeros(256, np.int32))
    text = f"memory/{games[0]}, 256 environments: {(resident() - before) / 2**20:.1f} MiB"
    print(text, file=sys.stderr if args.json else sys.stdout)


if __name__ == "__main__":
    main()
