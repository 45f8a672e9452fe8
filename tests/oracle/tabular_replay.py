#!/usr/bin/env python3
"""The runs of tabular_original.py, draw by draw, without Gymnasium's overhead: many more seeds.

It takes every random number that the original takes, from the same NumPy generators in the same
order, but looks transitions up in tables made from Gymnasium's own. So a seed ends after the same
number of iterations: --check CSV runs the seeds of a file that the original printed and fails at the
first difference. Prints the same columns, with seconds left empty.

    python3 tabular_replay.py --check runs.csv
    python3 tabular_replay.py --seed 1 --runs 200 > replayed.csv      (needs gymnasium and numpy)
"""
import argparse
import csv
import sys

import gymnasium as gym
import numpy as np

from tabular_original import ALPHA, BOUND, GAMMA, TEST_EPISODES

BLOCK = 1 << 16


class Draws:
    """The numbers that one environment's generator gives."""

    def __init__(self, seed):
        self.rng, _ = gym.utils.seeding.np_random(seed)
        self.block, self.at = [], 0

    def refill(self):
        self.block, self.at = self.block[self.at:] + self.rng.random(BLOCK).tolist(), 0

    def one(self):
        if self.at == len(self.block):
            self.refill()
        self.at += 1
        return self.block[self.at - 1]


class Lake:
    """Gymnasium's table: for each state and action the cumulated chances, and what follows."""

    def __init__(self, env_id):
        env = gym.make(env_id)
        self.limit = env.spec.max_episode_steps
        self.n_actions = int(env.action_space.n)
        table = env.unwrapped.P
        self.start = int(np.argmax(env.unwrapped.initial_state_distrib))
        assert env.unwrapped.initial_state_distrib[self.start] == 1
        self.rows = {s: [self.row(table[s][a]) for a in table[s]] for s in table}

    @staticmethod
    def row(outcomes):
        cumulated = np.cumsum([o[0] for o in outcomes]).tolist() + [2.0, 2.0]
        last = outcomes[-1]
        after = [(int(s), r, t) for _, s, r, t in outcomes] + [last, last]
        return cumulated[0], cumulated[1], after[0], after[1], after[2]


def follow(row, draw):
    first, second, a, b, c = row
    return a if draw < first else b if draw < second else c


def test(lake, policy, draws):
    """The rewards of all test episodes of an iteration."""
    total = 0.0
    rows, limit = policy, lake.limit
    for _ in range(TEST_EPISODES):
        if len(draws.block) - draws.at <= limit:
            draws.refill()
        block, at, state = draws.block, draws.at + 1, lake.start  # a reset takes a number too
        end = at + limit
        while True:
            state, reward, terminated = follow(rows[state], block[at])
            at += 1
            total += reward
            if terminated or at == end:
                break
        draws.at = at
    return total / TEST_EPISODES


def run(lake, seed):
    actions, _ = gym.utils.seeding.np_random(seed)
    walk, tests = Draws(seed), Draws(seed + 1_000_000)
    tests.one()  # the original resets its test environment once before the first test
    walk.one()
    values = {s: [0.0] * lake.n_actions for s in lake.rows}
    policy = {s: lake.rows[s][0] for s in lake.rows}
    state, n_steps, iteration = lake.start, 0, 0
    while True:
        iteration += 1
        action = int(actions.integers(lake.n_actions))
        after, reward, terminated = follow(lake.rows[state][action], walk.one())
        n_steps += 1
        target = reward + GAMMA * max(values[after])
        row = values[state]
        row[action] = row[action] * (1 - ALPHA) + target * ALPHA
        policy[state] = lake.rows[state][row.index(max(row))]
        state = after
        if terminated or n_steps == lake.limit:
            walk.one()
            state, n_steps = lake.start, 0
        if test(lake, policy, tests) > BOUND:
            return iteration


def check(lake, path):
    with open(path) as f:
        rows = list(csv.DictReader(f))
    for row in rows:
        iterations = run(lake, int(row["seed"]))
        if iterations != int(row["iterations"]):
            sys.exit(f"seed {row['seed']}: {iterations} iterations, the original {row['iterations']}")
    print(f"{len(rows)} seeds: the same iterations as the original")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--env", default="FrozenLake-v1")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1, help="of the first run")
    parser.add_argument("--check", metavar="CSV", help="what tabular_original.py printed")
    args = parser.parse_args()
    lake = Lake(args.env)
    if args.check:
        check(lake, args.check)
        return
    print("seed,iterations,seconds", flush=True)
    for seed in range(args.seed, args.seed + args.runs):
        print(f"{seed},{run(lake, seed)},", flush=True)


if __name__ == "__main__":
    main()
