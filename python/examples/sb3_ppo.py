"""Stable-Baselines3's PPO on eight of deepq's games at once.

    python sb3_ppo.py [--env PongNoFrameskip-v4] [--steps 20000] [--quiet]      (needs stable-baselines3 and opencv)
"""

import argparse

import deepq.ale as ale_py
import gymnasium as gym
from stable_baselines3 import PPO
from stable_baselines3.common.env_util import make_atari_env
from stable_baselines3.common.vec_env import VecFrameStack

gym.register_envs(ale_py)

parser = argparse.ArgumentParser()
parser.add_argument("--env", default="PongNoFrameskip-v4")
parser.add_argument("--steps", type=int, default=20_000)
parser.add_argument("--quiet", action="store_true", help="without Stable-Baselines3's tables")
parser.add_argument("--envs", type=int, default=8)
args = parser.parse_args()

env = VecFrameStack(make_atari_env(args.env, n_envs=args.envs, seed=1), n_stack=4)
model = PPO("CnnPolicy", env, n_steps=128, n_epochs=4, batch_size=256, learning_rate=2.5e-4, clip_range=0.1,
            ent_coef=0.01, verbose=0 if args.quiet else 1)
model.learn(args.steps)
print("mean of the last games:", sum(e["r"] for e in model.ep_info_buffer) / max(len(model.ep_info_buffer), 1))
