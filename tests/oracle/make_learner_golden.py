#!/usr/bin/env python3
"""Writes tests/data/learner/VARIANT.txt.gz: every step of reference_learner.py in small exact worlds.

    python make_learner_golden.py [VARIANT...] [--pong LIBDEEPQ.SO]      (needs torch and numpy)

A file has `config KEY VALUE` for every hyperparameter that is not the book's, `world KEY VALUE`, and a line
for each step, which tests/unit/test_learner_golden.c compares. Values that a step does not have (no update was due) are not in
its line. With the same PyTorch the goldens come out identical when made again: float64, one thread, nine
digits of each number. `r` behind an action says that it was random, for readers.

The seed is the first that is worth it (why_not()): an action or a sample that is so near to another that
float32 could decide otherwise would make a golden useless, and so would a run in which what the variant
is about never happens.
"""
import argparse
import ctypes as c
import dataclasses
import gzip
import os

import numpy as np
import torch

from reference_learner import SIDE, STACK, Config, Stream, train

N_ACTIONS = 4
FOLDER = os.path.join(os.path.dirname(__file__), "..", "data", "learner")


# ------------------------------------------------------------------ worlds

class TableWorld:
    """N_STATES states, each shown as a picture; what an action does stands in a table. With CHANCE the
    next state is any. tests/unit/table_world.h is the same in C."""
    N_STATES, CHANCE, BLOCK = 8, 0.25, 12

    def __init__(self, repeats=0, game_steps=0):
        self.repeats = repeats        # the first picture fills the stack, else black does
        self.game_steps = game_steps  # steps of a game; 0: the table says when it is over
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
    """deepq/Pong-v0 in the book's pipeline. The game is deepq's emulator, tested against ALE elsewhere; only
    the learning is independent here."""

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

SMALL = dict(network="small", gamma=0.9, batch=4, replay_size=60, replay_start=40, target_sync=15, epsilon_decay=80,
             epsilon_final=0.1, learning_rate=1e-4, adam_epsilon=1e-3, reward_bound=1e6, max_steps=100)

BOUND = 0.725  # just the mean return after 100 episodes of "at_the_bound": a strict `>` does not stop there

# What each changes of SMALL. "world" has TableWorld's arguments.
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
    "priorities": dict(priority_alpha=0.6, priority_beta=0.4, priority_beta_steps=70),
    "priorities_beta": dict(priority_alpha=1.0, priority_beta=0.7, n_step=2, replay_size=30, replay_start=20),
    "schedules": dict(epsilon_decay=50, epsilon_final=0.3, epsilon_last=0.1, epsilon_last_decay=70,
                      epsilon_start=0.9, learning_rate_final=2e-5, learning_rate_decay=80),
    "warm_up": dict(epsilon_begin=55, epsilon_decay=20, epsilon_final=0.2, epsilon_last=0.1, epsilon_last_decay=90),
    "adam": dict(adam_beta1=0.5, adam_beta2=0.9, adam_epsilon=1e-2, learning_rate=5e-4),
    "rmsprop": dict(optimiser="rmsprop", learning_rate=5e-5, rmsprop_decay=0.8, rmsprop_epsilon=1e-4, loss="huber"),
    "gradient_norm": dict(gradient_norm=1.0, adam_epsilon=0.1, learning_rate=2e-3),
    "gamma": dict(gamma=0.5, n_step=2, adam_epsilon=1.5e-4),
    "fast": dict(n_step=3, loss="huber", priority_alpha=0.6, priority_beta=0.4, priority_beta_steps=90,
                 n_envs=4, train_every=2, learning_rate_final=2e-5, learning_rate_decay=90),
    "everything": dict(n_step=2, double_dqn=True, loss="huber", priority_alpha=0.5, priority_beta=0.5,
                       priority_beta_steps=60, n_envs=3, train_every=2, target_sync=20),
    "nips": dict(network="nips"),
    "nature": dict(network="nature", max_steps=60),
    "gpu": dict(network="nature", batch=2, max_steps=60, n_step=2, n_envs=2, target_sync=7),
    "gpu_book": dict(network="nature", batch=2, max_steps=60, train_every=2, target_sync=8),
    "games": dict(replay_size=300, replay_start=300, max_steps=260, world=dict(game_steps=1)),
    "solved": dict(replay_size=300, replay_start=300, max_steps=260, reward_bound=0.6, epsilon_decay=100,
                   world=dict(game_steps=1)),
    "at_the_bound": dict(replay_size=300, replay_start=300, max_steps=115, reward_bound=BOUND,
                         world=dict(game_steps=1)),
    "bootstraps": dict(truncation_ends=False),
    "bootstraps_n_step": dict(truncation_ends=False, n_step=3, n_envs=2),
    "bootstraps_double": dict(truncation_ends=False, double_dqn=True, target_sync=30, priority_alpha=0.6,
                              priority_beta=0.5, n_step=2, n_envs=3, world=dict(repeats=1)),
    "dopamine": dict(priority_rule="dopamine", priority_alpha=0.5, priority_beta=0.5, n_step=2, n_envs=2),
    "dopamine_huber": dict(priority_rule="dopamine", priority_alpha=0.5, priority_beta=0.5, loss="huber",
                           learning_rate=2e-4, replay_size=50),
    "shifted": dict(augment_shift=4, n_step=2, n_envs=2),
    "brighter": dict(augment_intensity=0.1, loss="huber", learning_rate=2e-4),
    "drq": dict(augment_shift=4, augment_intensity=0.05, n_step=3, n_envs=2, double_dqn=True, target_sync=3,
                updates=2, train_every=2, truncation_ends=False, priority_alpha=0.6, priority_beta=0.5),
    "soft_target": dict(target_rate=0.3, target_sync=5, n_step=2, n_envs=2, double_dqn=True),
    "soft_target_small": dict(target_rate=0.05, target_sync=1),
    "updates": dict(updates=2, train_every=3, target_sync=12, max_steps=80),
    "updates_envs": dict(updates=3, train_every=4, target_sync=10, priority_alpha=0.6, priority_beta=0.5, n_envs=2),
    "dueling": dict(dueling="output"),
    "streams": dict(dueling="streams", stream_width=128, double_dqn=True, target_sync=30),
    "c51": dict(head="c51", atoms=21, value_min=-6.0, value_max=8.0),
    "c51_clipped": dict(head="c51", atoms=11, value_min=-1.0, value_max=1.0, double_dqn=True, target_sync=30),
    "qr": dict(head="qr", atoms=9),
    "qr_priorities": dict(head="qr", atoms=8, priority_alpha=0.6, priority_beta=0.4, n_step=2),
    "munchausen": dict(munchausen_tau=0.5, munchausen_alpha=0.7, munchausen_least=-0.6),
    "munchausen_qr": dict(munchausen_tau=0.3, head="qr", atoms=7, n_step=2, n_envs=2, munchausen_least=-0.3),
    "rainbow": dict(head="c51", atoms=21, value_min=-6.0, value_max=6.0, dueling="streams", stream_width=128,
                    double_dqn=True, priority_alpha=0.5, priority_beta=0.4, priority_beta_steps=90, n_step=3,
                    n_envs=2, target_sync=20),
    "iqn": dict(head="iqn", atoms=1, value_levels=4),
    "iqn_double": dict(head="iqn", atoms=5, value_levels=7, double_dqn=True, target_sync=30, n_step=2, n_envs=2,
                       dueling="output", noisy="factorised", noisy_sigma=0.2, priority_alpha=0.5, priority_beta=0.5),
    "munchausen_iqn": dict(head="iqn", atoms=8, value_levels=8, munchausen_tau=0.3, munchausen_least=-0.3),
    "noisy": dict(noisy="factorised", epsilon_start=0.3, epsilon_final=0.3),
    "noisy_double": dict(noisy="factorised", noisy_sigma=0.8, double_dqn=True, n_envs=3, dueling="output",
                         epsilon_start=0.5, epsilon_final=0.0),
    "noisy_independent": dict(noisy="independent", head="qr", atoms=5, n_step=2, max_steps=60, train_every=4,
                              target_sync=8),
    "noisy_munchausen": dict(noisy="factorised", noisy_sigma=0.3, munchausen_tau=0.5, munchausen_least=-0.6,
                             n_envs=2, target_rate=0.3, target_sync=5),
    "full_rainbow": dict(noisy="factorised", head="c51", atoms=21, value_min=-6.0, value_max=6.0, dueling="streams",
                         stream_width=128, double_dqn=True, priority_alpha=0.5, priority_beta=0.4,
                         priority_beta_steps=90, n_step=3, n_envs=2, target_sync=20, epsilon_start=0.2,
                         epsilon_final=0.1),
    "layer_norm": dict(layer_norm=True, dueling="streams", stream_width=128, n_envs=2, initialisation="he_normal"),
    "radam": dict(optimiser="radam", learning_rate=5e-4, loss="half_mse"),
    "pqn": dict(rollout=8, n_envs=3, batch=6, epochs=2, layer_norm=True, initialisation="he_normal",
                optimiser="radam", loss="half_mse", gradient_norm=20.0, truncation_ends=False),
    "pqn_one": dict(rollout=10, batch=5, return_lambda=1.0),
    "pqn_huber": dict(rollout=6, n_envs=4, batch=8, return_lambda=0.0, loss="huber", learning_rate=2e-4,
                      world=dict(repeats=1)),
    "pqn_noisy": dict(rollout=5, n_envs=2, batch=5, epochs=3, noisy="factorised", return_lambda=0.9,
                      truncation_ends=False, epsilon_start=0.5, epsilon_final=0.2),
    "pong": dict(world=dict(pong=1), replay_size=50, n_step=2),
}


def config_of(variant):
    return Config(**{**SMALL, **{k: v for k, v in variant.items() if k != "world"}})


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


def needed_gap(n_updates):
    """How far float32 may differ after that many updates: a thirtieth of the test's tolerance."""
    return min(1e-4 * 10 ** (n_updates / 16), 3e-2) / 30


def why_not(variant, cfg, records, learner, replay):
    """What makes a run worthless as a golden; None."""
    if any(gap < needed_gap(n) for n, gap in learner.gaps):
        return "two actions are too near each other"
    if any(gap < min(needed_gap(i // cfg.batch), 1e-4) for i, gap in enumerate(replay.gaps)):
        return "a sample is too near another"
    learned = [r for r in records if r.drawn]
    if not learned:
        return None
    if len({r.action for r in records if not r.at_random}) < 2:
        return "the best action is always the same"
    if cfg.double_dqn and learner.n_other_actions < 3:
        return "Double DQN chooses as DQN"
    errors = [abs(e) for r in learned for e in r.errors]
    if cfg.head == "value" and cfg.loss == "huber" and not min(errors) < 1 < max(errors):
        return "errors are all on one side of Huber's threshold"
    if cfg.gradient_norm > 0 and not min(learner.norms) < cfg.gradient_norm < max(learner.norms):
        return "gradients are all on one side of the limit"
    if not cfg.truncation_ends and not any(replay.steps[i].truncated for r in learned for i in r.drawn):
        return "no truncated episode was sampled"
    return None


def play(variant, seed, library):
    """The lines of a variant with this seed, and what makes them worthless."""
    cfg, world = dataclasses.replace(config_of(variant), seed=seed), dict(variant.get("world", {}))
    worlds = [PongWorld(library) if world.get("pong") else TableWorld(**world) for _ in range(cfg.n_envs)]
    n_actions = 6 if world.get("pong") else N_ACTIONS
    probe = np.stack([picture(Stream(s, "picture")) for s in range(STACK)])
    lines = [f"config {f.name} {text(getattr(cfg, f.name))}" for f in dataclasses.fields(Config)
             if getattr(cfg, f.name) != f.default]
    lines += [f"world {k} {v}" for k, v in {"actions": n_actions, **world}.items()]
    records = []

    def tell(record, learner):
        records.append(record)
        lines.append(line_of(record, learner, probe))

    learner, replay = train(cfg, worlds, n_actions, tell)
    return lines, why_not(variant, cfg, records, learner, replay)


def make(name, library):
    seed, lines, reason = -1, [], "none was tried"
    while reason:
        seed += 1
        lines, reason = play(VARIANTS[name], seed, library)
    with open(os.path.join(FOLDER, name + ".txt.gz"), "wb") as raw:
        with gzip.GzipFile("", "wb", 9, raw, mtime=0) as f:
            f.write(("\n".join(lines) + "\n").encode())
    print(f"{name}: seed {seed}", flush=True)


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
