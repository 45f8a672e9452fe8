"""deepq's learner on an environment that is written in Python: Catch, a ball and a paddle on a board.

    python own_world.py [--frames 20000]
"""

import argparse

import deepq
import gymnasium as gym
import numpy as np


class Catch(gym.Env):
    """A ball falls through a field of 7 x 7 cells; the paddle at the bottom should be where it lands."""

    observation_space = gym.spaces.Box(0, 255, (7, 7, 1), np.uint8)  # a pixel for each cell
    action_space = gym.spaces.Discrete(3)  # left, stay, right

    def _picture(self):
        field = np.zeros((7, 7, 1), np.uint8)
        field[self.row, self.column] = 255
        field[6, self.paddle] = 255
        return field

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.row, self.column, self.paddle = 0, int(self.np_random.integers(7)), 3
        return self._picture(), {}

    def step(self, action):
        self.row += 1
        self.paddle = min(max(self.paddle + int(action) - 1, 0), 6)
        over = self.row == 6
        return self._picture(), float(self.paddle == self.column) if over else 0.0, over, False, {}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--frames", type=int, default=10_000)
    args = parser.parse_args()
    trained = deepq.train(Catch(), "book", frames=args.frames, network="cnn", convolutions="16k3s1", hidden=(64,),
                          replay_start=500, replay_size=5_000, epsilon_decay=4_000, target_sync=200,
                          learning_rate=1e-3, reward_bound=0.95)
    print(trained)
