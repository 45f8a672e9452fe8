#!/usr/bin/env python3
"""Tabular Q-learning on FrozenLake as chapter 6 does it, in Python with Gymnasium: the yardstick.

Written from the facts of the program (one random step, one blended update, 20 greedy test episodes,
solved above 0.80), not from its source. Prints one CSV line a run: seed, iterations until solved,
seconds. `--iterations N` stops each run after N iterations instead, for timing.

    python3 tabular_original.py --runs 50 > runs.csv
"""
import argparse
import collections
import time

import gymnasium as gym

GAMMA = 0.9
ALPHA = 0.2
TEST_EPISODES = 20
BOUND = 0.80


class Agent:
    def __init__(self, env_id, seed):
        self.env = gym.make(env_id)
        self.n_actions = self.env.action_space.n
        self.env.action_space.seed(seed)
        self.state, _ = self.env.reset(seed=seed)
        self.values = collections.defaultdict(float)

    def random_step(self):
        action = self.env.action_space.sample()
        before = self.state
        after, reward, terminated, truncated, _ = self.env.step(action)
        self.state = self.env.reset()[0] if terminated or truncated else after
        return before, action, reward, after

    def best(self, state):
        best_value, best_action = None, None
        for action in range(self.n_actions):
            value = self.values[(state, action)]
            if best_value is None or best_value < value:
                best_value, best_action = value, action
        return best_value, best_action

    def learn(self, state, action, reward, after):
        target = reward + GAMMA * self.best(after)[0]
        old = self.values[(state, action)]
        self.values[(state, action)] = old * (1 - ALPHA) + target * ALPHA

    def play(self, env):
        total = 0.0
        state, _ = env.reset()
        while True:
            state, reward, terminated, truncated, _ = env.step(self.best(state)[1])
            total += reward
            if terminated or truncated:
                return total


def run(env_id, seed, max_iterations):
    agent = Agent(env_id, seed)
    test_env = gym.make(env_id)
    test_env.reset(seed=seed + 1_000_000)
    iteration = 0
    while max_iterations is None or iteration < max_iterations:
        iteration += 1
        agent.learn(*agent.random_step())
        reward = sum(agent.play(test_env) for _ in range(TEST_EPISODES)) / TEST_EPISODES
        if reward > BOUND and max_iterations is None:
            break
    return iteration


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--env", default="FrozenLake-v1")
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1, help="of the first run")
    parser.add_argument("--iterations", type=int, help="stop each run here, solved or not")
    args = parser.parse_args()
    print("seed,iterations,seconds", flush=True)
    for seed in range(args.seed, args.seed + args.runs):
        start = time.perf_counter()
        iterations = run(args.env, seed, args.iterations)
        print(f"{seed},{iterations},{time.perf_counter() - start:.3f}", flush=True)


if __name__ == "__main__":
    main()
