#!/usr/bin/env python3
"""What Gymnasium's vector environments do when episodes end: writes tests/data/vector_autoreset.txt.

    make_vector_golden.py > tests/data/vector_autoreset.txt        (needs gymnasium and numpy)

Three environments that count: an observation is (number of the episode, steps in it, last action),
the reward 10 * steps + action. Environment i's episodes have i + 2 steps; odd ones are terminated, even
ones truncated. A line holds step and environment, then the observation, reward, terminated, truncated,
and the last observation (-1 -1 -1 where Gymnasium gives none). With DISABLED those that ended are reset
by reset(options={"reset_mask": ...}) before the next step, on lines of their own.
"""
import gymnasium as gym
import numpy as np
from gymnasium.vector import AutoresetMode, SyncVectorEnv

N_ENVS, N_STEPS = 3, 14


class Counter(gym.Env):
    observation_space = gym.spaces.Box(-1, 1000, (3,), np.int32)
    action_space = gym.spaces.Discrete(5)

    def __init__(self, index):
        self.length, self.episode, self.steps = index + 2, 0, 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.episode, self.steps = self.episode + 1, 0
        return np.array([self.episode, 0, -1], np.int32), {}

    def step(self, action):
        self.steps += 1
        over = self.steps == self.length
        odd = self.episode % 2 == 1
        obs = np.array([self.episode, self.steps, action], np.int32)
        return obs, float(10 * self.steps + action), over and odd, over and not odd, {}


def line(step, i, obs, reward, terminated, truncated, last):
    words = [step, i, *obs[i], int(reward[i]), int(terminated[i]), int(truncated[i]), *last]
    print(" ".join(str(int(w)) for w in words))


def record(mode):
    envs = SyncVectorEnv([lambda i=i: Counter(i) for i in range(N_ENVS)], autoreset_mode=mode)
    none = np.zeros(N_ENVS)
    obs, _ = envs.reset()
    print("mode", mode.name)
    for i in range(N_ENVS):
        line(-1, i, obs, none, none, none, [-1] * 3)
    over = np.zeros(N_ENVS, bool)
    for step in range(N_STEPS):
        if mode == AutoresetMode.DISABLED and over.any():
            obs, _ = envs.reset(options={"reset_mask": over})
            for i in np.flatnonzero(over):
                line(-1, i, obs, none, none, none, [-1] * 3)
        obs, reward, terminated, truncated, info = envs.step([(step + i) % 5 for i in range(N_ENVS)])
        over = terminated | truncated
        for i in range(N_ENVS):
            has_last = "final_obs" in info and info["_final_obs"][i]
            line(step, i, obs, reward, terminated, truncated, info["final_obs"][i] if has_last else [-1] * 3)


print(f"# gymnasium {gym.__version__}, by tests/oracle/make_vector_golden.py: "
      "step environment obs[3] reward terminated truncated last_obs[3]")
for autoreset in (AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP, AutoresetMode.DISABLED):
    record(autoreset)
