#!/usr/bin/env python3
"""Writes tests/data/classic_control/runs.txt.gz: what Gymnasium's classic control does, to the last bit.

    python3 make_classic_control.py tests/data/classic_control      (needs gymnasium and numpy)

Of each environment 1,000 steps for each of several seeds. Actions are drawn; with the last seed most of
them are those of a simple controller, so that episodes end in every way that they can.

`run ID seed steps limit`   reset(seed=seed)
`start STATE OBS`           after a reset: float64 numbers, float32 numbers, both as hex of their bytes
`action reward terminated truncated CRC [STATE OBS]`   a step; the CRC-32 of STATE, then OBS; both are
                            written out at every 50th step and at the ends of episodes
"""
import gzip
import os
import sys
import zlib

import gymnasium as gym
import numpy as np

IDS = ["CartPole-v0", "CartPole-v1", "MountainCar-v0", "Acrobot-v1"]
SEEDS = [0, 7, 2**40 + 3, 11]
N_STEPS, EVERY = 1000, 50


def controller(env_id, s):
    """An action that does what the environment wants: balances, or adds energy."""
    if env_id.startswith("CartPole"):
        return int(0.1 * s[0] + 0.3 * s[1] + 3 * s[2] + s[3] > 0)
    if env_id.startswith("MountainCar"):
        return 2 if s[1] >= 0 else 0
    return 2 if s[3] > 0 else 0


def texts(env, obs):
    state = np.asarray(env.unwrapped.state, np.float64)
    return state.tobytes(), np.asarray(obs, np.float32).tobytes()


def run(env_id, seed):
    env = gym.make(env_id)
    rng = np.random.default_rng([seed, IDS.index(env_id)])
    skill = 0.97 if seed == SEEDS[-1] else 0
    yield f"run {env_id} {seed} {N_STEPS} {env.spec.max_episode_steps}"
    obs, _ = env.reset(seed=seed)
    state, seen = texts(env, obs)
    yield f"start {state.hex()} {seen.hex()}"
    for i in range(N_STEPS):
        action = int(rng.integers(env.action_space.n))
        if rng.random() < skill:
            action = controller(env_id, env.unwrapped.state)
        obs, reward, terminated, truncated, _ = env.step(action)
        state, seen = texts(env, obs)
        line = f"{action} {reward:g} {int(terminated)} {int(truncated)} {zlib.crc32(state + seen):08x}"
        over = terminated or truncated
        yield line + (f" {state.hex()} {seen.hex()}" if over or i % EVERY == 0 else "")
        if over:
            obs, _ = env.reset()
            state, seen = texts(env, obs)
            yield f"start {state.hex()} {seen.hex()}"


def main():
    to = sys.argv[1]
    os.makedirs(to, exist_ok=True)
    lines = [f"# gymnasium {gym.__version__}, numpy {np.__version__}"]
    for env_id in IDS:
        for seed in SEEDS:
            lines += run(env_id, seed)
    with open(os.path.join(to, "runs.txt.gz"), "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as f:
        f.write(("\n".join(lines) + "\n").encode())


main()
