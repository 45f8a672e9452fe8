#!/usr/bin/env python3
"""Value iteration, Q iteration, and Q-learning with its relatives, as one program to be read.

Writes tests/data/tabular/reference.txt: what each variant knows after every few iterations in a small
noisy world with ends and cut-offs, for tests/unit/test_tabular_golden.c. Nothing comes from deepq but its
named random streams: see reference_learner.py. Needs torch, because Stream is imported from there.

    python reference_tabular.py > ../data/tabular/reference.txt

Sources: Lapan 2020, chapters 5 and 6; Rummery and Niranjan 1994 (SARSA); van Seijen et al. 2009 (expected
SARSA); van Hasselt 2010 (double Q-learning; its step size there counts the visits of each table alone, here
both together).
"""
from collections import Counter
from dataclasses import dataclass, fields

from reference_learner import Stream

N_STATES, N_ACTIONS, CHANCE = 8, 4, 0.25


@dataclass
class Config:
    """deepq's names (deepq/tabular.h)."""
    method: str = "q-learning"
    target: str = "q-learning"
    gamma: float = 0.9
    n_steps: int = 20            # of the walk in one iteration
    test_episodes: int = 3
    max_episode_steps: int = 12
    max_iterations: int = 30
    seed: int = 0
    alpha: float = 0.2
    alpha_schedule: str = "constant"
    alpha_final: float = 0.01
    alpha_power: float = 0.8
    alpha_decay: int = 1
    epsilon: float = 1.0
    epsilon_final: float = 0.1
    epsilon_decay: int = 0       # iterations; 0: epsilon stays


class World:
    """make_learner_golden.py's TableWorld with the state's number as its observation. An episode is also
    truncated after max_steps."""

    def __init__(self, stream, max_steps):
        table = Stream(0, "table")
        self.table = [[(table.below(N_STATES), (table.below(9) - 4) / 2, table.below(8))
                       for _ in range(N_ACTIONS)] for _ in range(N_STATES)]
        self.chance, self.max_steps = Stream(stream.bits(), "environment"), max_steps

    def reset(self):
        self.state, self.steps = self.chance.below(N_STATES), 0

    def step(self, action):
        """(state, action, reward, next state, terminated, ended)"""
        before = self.state
        self.state, reward, end = self.table[before][action]
        if self.chance.unit() < CHANCE:
            self.state = self.chance.below(N_STATES)
        self.steps += 1
        return before, action, reward, self.state, end == 0, end <= 1 or self.steps >= self.max_steps


def best(row):
    """The first of the largest."""
    return row.index(max(row))


def table():
    return [[0.0] * N_ACTIONS for _ in range(N_STATES)]


class Model:
    """Chapter 5: transitions counted, the last reward and end of each kept."""

    def __init__(self):
        self.counts, self.last = {}, {}

    def add(self, step):
        state, action, reward, after, terminated, _ = step
        self.counts.setdefault((state, action), Counter())[after] += 1
        self.last[state, action, after] = reward, terminated

    def value(self, state, action, gamma, values):
        counts, total = self.counts.get((state, action), Counter()), 0.0
        for after, count in counts.items():
            reward, terminated = self.last[state, action, after]
            future = 0.0 if terminated else gamma * values[after]
            total += count / sum(counts.values()) * (reward + future)
        return total


class Learner:
    def __init__(self, cfg):
        self.cfg, self.explore = cfg, Stream(cfg.seed, "exploration")
        self.walk = World(Stream(cfg.seed, "walk"), cfg.max_episode_steps)
        self.test = World(Stream(cfg.seed, "tests"), cfg.max_episode_steps)
        self.walk.reset()
        self.q, self.two = table(), (table(), table())
        self.values, self.model, self.visits = [0.0] * N_STATES, Model(), Counter()
        self.iteration, self.next_action = 0, None

    # ---- chapter 5

    def learn_by_iteration(self):
        for _ in range(self.cfg.n_steps):
            step = self.walk.step(self.explore.below(N_ACTIONS))
            self.model.add(step)
            if step[5]:
                self.walk.reset()
        for state in range(N_STATES):
            for action in range(N_ACTIONS):
                self.q[state][action] = self.model.value(state, action, self.cfg.gamma, self.values)
                if self.cfg.method == "q-iteration":  # in place: later actions see the new maximum
                    self.values[state] = max(self.q[state])
            self.values[state] = max(self.q[state])

    # ---- chapter 6

    def epsilon(self):
        cfg = self.cfg
        if cfg.epsilon_decay == 0:
            return cfg.epsilon
        return cfg.epsilon + (cfg.epsilon_final - cfg.epsilon) * min(1.0, self.iteration / cfg.epsilon_decay)

    def alpha(self, state, action):
        cfg = self.cfg
        if cfg.alpha_schedule == "linear":
            return cfg.alpha + (cfg.alpha_final - cfg.alpha) * min(1.0, self.iteration / cfg.alpha_decay)
        if cfg.alpha_schedule == "visits":
            self.visits[state, action] += 1
            return max(cfg.alpha_final, cfg.alpha / self.visits[state, action] ** cfg.alpha_power)
        return cfg.alpha

    def choose(self, state):
        if self.epsilon() < 1 and self.explore.unit() >= self.epsilon():
            return best(self.q[state])
        return self.explore.below(N_ACTIONS)

    def next_value(self, state, learning):
        row = self.q[state]
        if self.cfg.target == "sarsa":
            self.next_action = self.choose(state)
            return row[self.next_action]
        if self.cfg.target == "expected-sarsa":
            return (1 - self.epsilon()) * max(row) + self.epsilon() * sum(row) / N_ACTIONS
        if self.cfg.target == "double":
            return self.two[1 - learning][state][best(self.two[learning][state])]
        return max(row)

    def learn_step(self):
        action = self.choose(self.walk.state) if self.next_action is None else self.next_action
        self.next_action = None
        state, action, reward, after, terminated, ended = self.walk.step(action)
        learning = self.explore.below(2) if self.cfg.target == "double" else 0
        q = self.two[learning] if self.cfg.target == "double" else self.q
        target = reward + self.cfg.gamma * (0.0 if terminated else self.next_value(after, learning))
        alpha = self.alpha(state, action)
        q[state][action] = q[state][action] * (1 - alpha) + target * alpha
        if self.cfg.target == "double":
            self.q[state][action] = (self.two[0][state][action] + self.two[1][state][action]) / 2
        if ended:  # after a truncation the target still bootstraps, but the walk restarts
            self.next_action = None
            self.walk.reset()

    # ---- both

    def test_episode(self):
        """Greedy. Chapter 5's methods also add its steps to their model; value iteration computes the values
        of a state's actions again before each."""
        self.test.reset()
        total, ended = 0.0, False
        while not ended:
            state = self.test.state
            if self.cfg.method == "value-iteration":
                self.q[state] = [self.model.value(state, a, self.cfg.gamma, self.values)
                                 for a in range(N_ACTIONS)]
            step = self.test.step(best(self.q[state]))
            if self.cfg.method != "q-learning":
                self.model.add(step)
            total, ended = total + step[2], step[5]
        return total

    def iterate(self):
        self.iteration += 1
        if self.cfg.method == "q-learning":
            for _ in range(self.cfg.n_steps):
                self.learn_step()
        else:
            self.learn_by_iteration()
        return sum(self.test_episode() for _ in range(self.cfg.test_episodes)) / self.cfg.test_episodes


VARIANTS = [
    Config(method="value-iteration"),
    Config(method="q-iteration", seed=1, gamma=0.8),
    Config(),
    Config(epsilon=0.5, alpha_schedule="visits", alpha=1.0),
    Config(target="sarsa", epsilon=0.4),
    Config(target="sarsa", epsilon=0.9, epsilon_decay=20, max_episode_steps=3),
    Config(target="expected-sarsa", epsilon=0.6, epsilon_decay=15),
    Config(target="expected-sarsa", alpha_schedule="linear", alpha_decay=20),
    Config(target="double", epsilon=0.5),
    Config(target="double", alpha=0.7, alpha_schedule="visits", alpha_power=0.5, gamma=0.95),
]


def main():
    for cfg in VARIANTS:
        print("variant", *(f"{f.name}={getattr(cfg, f.name)}" for f in fields(cfg)))
        learner = Learner(cfg)
        for _ in range(cfg.max_iterations):
            reward = learner.iterate()
            if learner.iteration in (1, 2, 5) or learner.iteration % 10 == 0:
                if cfg.method == "value-iteration":  # what it would say now
                    q = [[learner.model.value(s, a, cfg.gamma, learner.values) for a in range(N_ACTIONS)]
                         for s in range(N_STATES)]
                else:
                    q = learner.q
                print(learner.iteration, f"{reward:.15g}", *(f"{v:.15g}" for row in q for v in row))


if __name__ == "__main__":
    main()
