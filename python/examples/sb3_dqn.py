"""Stable-Baselines3's DQN on deepq's Atari: nothing differs from ale-py but the second import.

    python sb3_dqn.py [--env ALE/Pong-v5] [--steps 20000] [--quiet]      (needs stable-baselines3 and opencv)
"""

import argparse

import deepq.ale as ale_py
import gymnasium as gym
from stable_baselines3 import DQN
from stable_baselines3.common.env_util import make_atari_env
from stable_baselines3.common.vec_env import VecFrameStack

gym.register_envs(ale_py)

parser = argparse.ArgumentParser()
parser.add_argument("--env", default="PongNoFrameskip-v4")
parser.add_argument("--steps", type=int, default=20_000)
parser.add_argument("--quiet", action="store_true", help="without Stable-Baselines3's tables")
args = parser.parse_args()

env = VecFrameStack(make_atari_env(args.env, n_envs=1, seed=1), n_stack=4)
model = DQN("CnnPolicy", env, buffer_size=10_000, learning_starts=min(1000, args.steps // 2),
            verbose=0 if args.quiet else 1)
model.learn(args.steps)
print("mean of the last games:", sum(e["r"] for e in model.ep_info_buffer) / max(len(model.ep_info_buffer), 1))
