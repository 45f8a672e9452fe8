"""deepq's learner on an environment that is written in Python: Catch, a ball and a paddle in 84x84 pictures.

    python own_world.py [--frames 20000]
"""

import argparse

import deepq
import gymnasium as gym
import numpy as np


class Catch(gym.Env):
    """A ball falls through a field of 7 x 7 cells; the paddle at the bottom should be where it lands."""

    observation_space = gym.spaces.Box(0, 255, (84, 84, 4), np.uint8)
    action_space = gym.spaces.Discrete(3)  # left, stay, right

    def _picture(self):
        field = np.zeros((7, 7), np.uint8)
        field[self.row, self.column] = 255
        field[6, self.paddle] = 128
        return np.kron(field, np.ones((12, 12), np.uint8))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.row, self.column, self.paddle = 0, int(self.np_random.integers(7)), 3
        self.frames = np.repeat(self._picture()[:, :, None], 4, axis=2)
        return self.frames, {}

    def step(self, action):
        self.row += 1
        self.paddle = min(max(self.paddle + int(action) - 1, 0), 6)
        self.frames = np.concatenate([self.frames[:, :, 1:], self._picture()[:, :, None]], axis=2)
        over = self.row == 6
        return self.frames, float(self.paddle == self.column) if over else 0.0, over, False, {}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--frames", type=int, default=20_000)
    args = parser.parse_args()
    trained = deepq.train(Catch(), "book", frames=args.frames, network="small", replay_start=500,
                          replay_size=5_000, epsilon_decay=5_000, learning_rate=5e-4, reward_bound=0.95)
    print(trained)
