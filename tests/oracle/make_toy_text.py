#!/usr/bin/env python3
"""Writes tests/data/toy_text: what Gymnasium's toy texts are, and what is true about them.

    python3 make_toy_text.py tests/data/toy_text      (needs gymnasium and numpy)

tables.txt.gz     `world NAME n_states n_actions max_steps`, then `NAME s a p next reward end` for
                  each outcome in order and `NAME start p s` for each possible start
renderings.txt.gz `NAME state last_action TEXT`, render_mode "ansi", with \\n and \\e written so
blackjack.txt     deals: `sab natural cards actions states rewards`, lists joined by commas
optimum.txt.gz    `NAME gamma state q...`: the optimal values of actions, by policy iteration with
                  linear equations solved exactly; `score NAME gamma steps reward success`: what a
                  greedy policy of those comes to within the limit, by following the distribution of
                  states forwards; `best NAME steps reward`: the best within the limit
"""
import gzip
import os
import sys

import gymnasium as gym
import numpy as np
from gymnasium.envs.toy_text import blackjack
from gymnasium.envs.toy_text.cliffwalking import CliffWalkingEnv
from gymnasium.envs.toy_text.frozen_lake import FrozenLakeEnv
from gymnasium.envs.toy_text.taxi import TaxiEnv

CUSTOM_MAP = ["SFHFS", "FFFFF", "GFHFG"]
TIE = 1e-9


def limit(env_id):
    return gym.spec(env_id).max_episode_steps or 0


def worlds():
    """Name, environment, time limit."""
    lake, big = limit("FrozenLake-v1"), limit("FrozenLake8x8-v1")
    ansi = {"render_mode": "ansi"}
    yield "lake", FrozenLakeEnv(map_name="4x4", **ansi), lake
    yield "lake8x8", FrozenLakeEnv(map_name="8x8", **ansi), big
    yield "firm", FrozenLakeEnv(map_name="4x4", is_slippery=False, **ansi), lake
    yield "rate", FrozenLakeEnv(map_name="4x4", success_rate=0.7, **ansi), lake
    yield "custom", FrozenLakeEnv(desc=CUSTOM_MAP, reward_schedule=(10, -5, -1), **ansi), lake
    yield "cliff", CliffWalkingEnv(**ansi), limit("CliffWalking-v1")
    yield "slippery", CliffWalkingEnv(is_slippery=True, **ansi), limit("CliffWalkingSlippery-v1")
    yield "taxi", TaxiEnv(**ansi), limit("Taxi-v4")
    yield "rainy", TaxiEnv(is_rainy=True, **ansi), limit("Taxi-v4")


def write_gz(path, lines):
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as f:
        f.write(("\n".join(lines) + "\n").encode())


def table_lines(name, env, steps):
    yield f"world {name} {env.observation_space.n} {env.action_space.n} {steps}"
    for s, actions in env.P.items():
        for a, outcomes in actions.items():
            for p, after, reward, end in outcomes:
                yield f"{name} {s} {a} {float(p)!r} {int(after)} {float(reward)!r} {int(end)}"
    for s, p in enumerate(env.initial_state_distrib):
        if p > 0:
            yield f"{name} start {float(p)!r} {s}"


def rendering_lines(name, env):
    for s in range(env.observation_space.n):
        env.reset(seed=0)
        env.s, env.lastaction = s, [None, *range(env.action_space.n)][s % (env.action_space.n + 1)]
        text = env.render().replace("\x1b", "\\e").replace("\n", "\\n")
        action = -1 if env.lastaction is None else env.lastaction
        yield f"{name} {s} {action} {text}"


def deal(rng, sab, natural):
    """One game with known cards, every other one with a natural in somebody's hand."""
    cards = [int(c) for c in rng.choice(blackjack.deck, 40)]
    if rng.random() < 0.5:
        at = 2 * int(rng.integers(2))
        cards[at:at + 2] = [1, 10] if rng.random() < 0.5 else [10, 1]
    tape = iter(cards)
    blackjack.draw_card = lambda _: next(tape)
    env = blackjack.BlackjackEnv(sab=sab, natural=natural)
    states, rewards, actions = [env.reset(seed=0)[0]], [], []
    while True:
        actions.append(int(rng.random() < 0.4))
        state, reward, end, _, _ = env.step(actions[-1])
        states.append(state)
        rewards.append(reward)
        if end:
            break
    codes = [(s[0] * 11 + s[1]) * 2 + s[2] for s in states]
    return " ".join([str(int(sab)), str(int(natural))]
                    + [",".join(map(str, x)) for x in (cards, actions, codes, rewards)])


def blackjack_lines():
    rng = np.random.default_rng(7)
    for sab, natural in ((True, False), (False, True), (False, False)):
        for _ in range(150):
            yield deal(rng, sab, natural)


class Model:
    """A table as arrays: chance of each next state that continues, and mean reward."""

    def __init__(self, env):
        self.n, self.n_actions = int(env.observation_space.n), int(env.action_space.n)
        self.go = np.zeros((self.n, self.n_actions, self.n))
        self.reward = np.zeros((self.n, self.n_actions))
        self.win = np.zeros((self.n, self.n_actions))  # chance to end with a positive reward now
        self.start = env.initial_state_distrib
        for s, actions in env.P.items():
            for a, outcomes in actions.items():
                for p, after, reward, end in outcomes:
                    self.reward[s, a] += p * reward
                    if end:
                        self.win[s, a] += p * (reward > 0)
                    else:
                        self.go[s, a, after] += p

    def q_of(self, gamma, v):
        return self.reward + gamma * self.go @ v

    def optimal_q(self, gamma):
        """Policy iteration (Howard 1960): evaluate by linear equations, improve, until it stays."""
        policy = np.zeros(self.n, int)
        rows = np.arange(self.n)
        while True:
            a = np.eye(self.n) - gamma * self.go[rows, policy]
            v = np.linalg.solve(a, self.reward[rows, policy])
            q = self.q_of(gamma, v)
            better = q.max(1) > q[rows, policy] + TIE
            if not better.any():
                return q
            policy = np.where(better, q.argmax(1), policy)

    def score(self, policy, steps):
        rows = np.arange(self.n)
        now, reward, win = self.start.copy(), 0.0, 0.0
        for _ in range(steps):
            reward += now @ self.reward[rows, policy]
            win += now @ self.win[rows, policy]
            now = now @ self.go[rows, policy]
        return reward, win

    def best(self, steps):
        v = np.zeros(self.n)
        for _ in range(steps):
            v = self.q_of(1.0, v).max(1)
        return self.start @ v


def greedy(q):
    """The lowest of the best actions, where rounding makes no difference."""
    return np.array([int(np.flatnonzero(row >= row.max() - TIE)[0]) for row in q])


def optimum_lines(name, env, steps):
    model, steps = Model(env), steps or 1000
    for gamma in (0.9, 0.99):
        q = model.optimal_q(gamma)
        for s, row in enumerate(q):
            yield " ".join([name, str(gamma), str(s), *(repr(float(x)) for x in row)])
        reward, win = model.score(greedy(q), steps)
        yield f"score {name} {gamma} {steps} {float(reward)!r} {float(win)!r}"
    yield f"best {name} {steps} {float(model.best(steps))!r}"


def main():
    to = sys.argv[1]
    os.makedirs(to, exist_ok=True)
    all_worlds = list(worlds())
    write_gz(os.path.join(to, "tables.txt.gz"), [f"# gymnasium {gym.__version__}"]
             + [line for w in all_worlds for line in table_lines(*w)])
    write_gz(os.path.join(to, "renderings.txt.gz"),
             [line for name, env, _ in all_worlds for line in rendering_lines(name, env)])
    write_gz(os.path.join(to, "optimum.txt.gz"),
             [line for w in all_worlds for line in optimum_lines(*w)])
    with open(os.path.join(to, "blackjack.txt"), "w") as f:
        f.write("\n".join(blackjack_lines()) + "\n")


main()
