#!/usr/bin/env python3
"""Writes tests/data/learner/VARIANT.txt.gz: every step of reference_learner.py in small exact worlds.

    python make_learner_golden.py [VARIANT...] [--pong LIBDEEPQ.SO]      (needs torch and numpy)

A file has `config KEY VALUE` for every hyperparameter, `world KEY VALUE`, and a line for each step; tests/unit/test_learner_golden.c holds the
trainer against all of it. Values that a step does not have (no update was due) are not in its line.
The goldens come out identical when made again: float64, one thread, and nine digits of each number.

Two things would make a golden worthless: an action, or a draw by priority, so near to being another
that float32 could decide it otherwise. So the seed is the first with MARGIN between all of them.
"""
import argparse
import ctypes as c
import dataclasses
import gzip
import os

import numpy as np
import torch

from reference_learner import SIDE, STACK, Config, Stream, train

MARGIN = 2e-5
N_ACTIONS = 4
FOLDER = os.path.join(os.path.dirname(__file__), "..", "data", "learner")


# ------------------------------------------------------------------ worlds

class TableWorld:
    """N_STATES states, each shown as a picture; what an action does stands in a table. With CHANCE the
    next state is any. tests/unit/table_world.h is the same in C."""
    N_STATES, CHANCE, BLOCK = 8, 0.25, 12

    def __init__(self, repeats=0, game_steps=0):
        self.repeats = repeats        # the first picture fills the stack, else black does
        self.game_steps = game_steps  # a game has so many steps; 0: the table says when it is over
        table = Stream(0, "table")
        self.table = [[self.row(table) for _ in range(N_ACTIONS)] for _ in range(self.N_STATES)]
        self.pictures = [picture(Stream(s, "picture")) for s in range(self.N_STATES)]

    def row(self, table):
        """Next state, reward, and how it ends: 0 terminated, 1 truncated, else not."""
        return table.below(self.N_STATES), (table.below(9) - 4) / 2, table.below(8)

    def seed(self, seed):
        self.chance = Stream(seed, "environment")

    def reset(self):
        self.state, self.steps = self.chance.below(self.N_STATES), 0
        shown = self.pictures[self.state]
        black = np.zeros_like(shown)
        self.stack = [shown if self.repeats else black] * (STACK - 1) + [shown]
        return np.stack(self.stack)

    def step(self, action):
        self.state, reward, end = self.table[self.state][action]
        if self.chance.unit() < self.CHANCE:
            self.state = self.chance.below(self.N_STATES)
        self.steps += 1
        if self.game_steps > 0:
            end = 0 if self.steps == self.game_steps else 2
        self.stack = self.stack[1:] + [self.pictures[self.state]]
        return np.stack(self.stack), reward, end == 0, end == 1


def picture(stream):
    """Squares of BLOCK pixels, each of one brightness."""
    n = SIDE // TableWorld.BLOCK
    squares = np.array([stream.below(256) for _ in range(n * n)], np.uint8).reshape(n, n)
    return squares.repeat(TableWorld.BLOCK, axis=0).repeat(TableWorld.BLOCK, axis=1)


class PongWorld:
    """deepq/Pong-v0 in the book's pipeline: deepq's console, which ALE's recordings hold, plays it; what is
    learned from it is still ours to say here."""

    class Result(c.Structure):
        _fields_ = [("reward", c.c_float), ("terminated", c.c_bool), ("truncated", c.c_bool), ("lives", c.c_int)]

    def __init__(self, library):
        self.lib, self.env = c.CDLL(library), c.c_void_p()
        self.lib.dq_env_step.argtypes = [c.c_void_p, c.c_int, c.c_void_p, c.POINTER(self.Result)]
        self.lib.dq_env_reset.argtypes = [c.c_void_p, c.c_void_p]
        self.lib.dq_env_seed.argtypes = [c.c_void_p, c.c_uint64]
        self.obs = np.zeros((STACK, SIDE, SIDE), np.uint8)
        assert self.lib.dq_env_make_book(c.byref(self.env), b"deepq/Pong-v0", None) == 0

    def seed(self, seed):
        assert self.lib.dq_env_seed(self.env, seed) == 0

    def reset(self):
        assert self.lib.dq_env_reset(self.env, self.obs.ctypes.data) == 0
        return self.obs.copy()

    def step(self, action):
        result = self.Result()
        assert self.lib.dq_env_step(self.env, action, self.obs.ctypes.data, c.byref(result)) == 0
        return self.obs.copy(), result.reward, result.terminated, result.truncated


# ------------------------------------------------------------------ variants

SMALL = dict(gamma=0.9, batch=4, replay_size=60, replay_start=40, target_sync=15, epsilon_decay=80,
             epsilon_final=0.1, learning_rate=1e-4, adam_epsilon=1e-3, reward_bound=1e6, max_steps=100)

BOUND = 0.725  # the mean of the first 100 games of "at_the_bound" is just that: it is not above it

# What each changes; "world" is of the world, "bootstraps" makes a truncated game go on in its target.
VARIANTS = {
    "book": dict(),
    "double": dict(double_dqn=True, target_sync=30),
    "huber": dict(loss="huber", learning_rate=2e-4),
    "n_step": dict(n_step=3),
    "n_step_envs": dict(n_step=4, n_envs=3),
    "envs": dict(n_envs=3, epsilon_decay=200),
    "repeats": dict(n_envs=2, world=dict(repeats=1)),
    "ratio": dict(train_every=4, target_sync=10, n_envs=2),
    "replay": dict(replay_size=17, replay_start=17, batch=13, n_envs=2, n_step=3),
    "priorities": dict(priority_alpha=0.6, priority_beta=0.4, priority_beta_rise=70),
    "priorities_beta": dict(priority_alpha=1.0, priority_beta=0.7, n_step=2, replay_size=30, replay_start=20),
    "schedules": dict(epsilon_decay=50, epsilon_final=0.3, epsilon_last=0.1, epsilon_last_decay=70,
                      epsilon_start=0.9, learning_rate_final=2e-5, learning_rate_decay=80),
    "adam": dict(adam_beta1=0.5, adam_beta2=0.9, adam_epsilon=1e-2, learning_rate=5e-4),
    "gamma": dict(gamma=0.5, n_step=2, adam_epsilon=1.5e-4),
    "fast": dict(n_step=3, loss="huber", priority_alpha=0.6, priority_beta=0.4, priority_beta_rise=90,
                 n_envs=4, train_every=2, learning_rate_final=2e-5, learning_rate_decay=90),
    "everything": dict(n_step=2, double_dqn=True, loss="huber", priority_alpha=0.5, priority_beta=0.5,
                       priority_beta_rise=60, n_envs=3, train_every=2, target_sync=20),
    "nips": dict(network="nips"),
    "nature": dict(network="nature", max_steps=60),
    "gpu": dict(network="nature", batch=2, max_steps=60, n_step=2, n_envs=2, target_sync=7),
    "gpu_book": dict(network="nature", batch=2, max_steps=60, train_every=2, target_sync=8),
    "games": dict(replay_size=300, replay_start=300, max_steps=260, world=dict(game_steps=1)),
    "solved": dict(replay_size=300, replay_start=300, max_steps=260, reward_bound=0.6, epsilon_decay=100,
                   world=dict(game_steps=1)),
    "at_the_bound": dict(replay_size=300, replay_start=300, max_steps=115, reward_bound=BOUND,
                         world=dict(game_steps=1)),
    "bootstraps": dict(bootstraps=True),
    "bootstraps_n_step": dict(bootstraps=True, n_step=3, n_envs=2),
    "pong": dict(world=dict(pong=1), replay_size=50, n_step=2),
}


def config_of(variant):
    return Config(**{**SMALL, **{k: v for k, v in variant.items() if k not in ("world", "bootstraps")}})


def text(value):
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def line_of(record, learner, probe):
    """What a step was; `r` marks an action that was drawn."""
    end = "T" if record.terminated else "C" if record.truncated else "-"
    words = [f"step={record.step} env={record.env} action={record.action}{'r' if record.at_random else ''}",
             f"reward={text(record.reward)} end={end} epsilon={text(record.epsilon)} games={record.games}",
             f"mean={text(record.mean)} best={text(record.best)} solved={text(record.solved)}",
             f"updates={record.updates}"]
    if record.drawn:
        words.append(f"loss={text(record.loss)} moved={text(learner.moved())}")
        for name, values in (("draw", record.drawn), ("targets", record.targets), ("weights", record.weights),
                             ("q", learner.values(learner.online, [probe])[0].tolist()),
                             ("target_q", learner.values(learner.target, [probe])[0].tolist())):
            words.append(f"{name}={','.join(text(v) for v in values)}")
    return " " + " ".join(words)


def play(variant, seed, library):
    """The lines of a variant with this seed, and the smallest margins of its actions and draws."""
    cfg, world = dataclasses.replace(config_of(variant), seed=seed), dict(variant.get("world", {}))
    worlds = [PongWorld(library) if world.get("pong") else TableWorld(**world) for _ in range(cfg.n_envs)]
    n_actions = 6 if world.get("pong") else N_ACTIONS
    probe = np.stack([picture(Stream(s, "picture")) for s in range(STACK)])
    lines = [f"config {f.name} {text(getattr(cfg, f.name))}" for f in dataclasses.fields(Config)]
    lines += [f"world {k} {v}" for k, v in {"actions": n_actions, **world}.items()]
    learner, replay = train(cfg, worlds, n_actions, lambda r, l: lines.append(line_of(r, l, probe)),
                            truncation_ends="bootstraps" not in variant)
    return lines, learner.least_margin, replay.least_margin


def make(name, library):
    seed, lines, margins = -1, [], [0.0]
    while min(margins) < MARGIN:
        seed += 1
        lines, *margins = play(VARIANTS[name], seed, library)
    with open(os.path.join(FOLDER, name + ".txt.gz"), "wb") as raw:
        with gzip.GzipFile("", "wb", 9, raw, mtime=0) as f:
            f.write(("\n".join(lines) + "\n").encode())
    print(f"{name}: seed {seed}, actions {margins[0]:.2g} apart or more, draws {margins[1]:.2g}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("variants", nargs="*")
    parser.add_argument("--pong", metavar="LIBDEEPQ.SO", help="make the golden that plays our Pong, too")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    os.makedirs(FOLDER, exist_ok=True)
    for name in args.variants or VARIANTS:
        if name != "pong" or args.pong:
            make(name, args.pong)


if __name__ == "__main__":
    main()
