"""A DQN that Stable-Baselines3 trains plays here with the same actions as there, on the same seed.

    sb3_same_actions.py DEEPQ LIBRARY FOLDER [--steps N] [--seeds N] [--env ID]

Trains stable_baselines3.DQN("CnnPolicy") on an Atari game behind AtariWrapper and VecFrameStack(4) for N steps
into FOLDER/ID.zip (kept: a second call plays what is there), and "MlpPolicy" on CartPole-v1. Then plays a whole
game for each seed there, with predict(deterministic=True), and here, in the dialect that the file's network
tells: every action and every observation must be the same, and `deepq play -m FOLDER/ID.zip -e ID --seed N`
must print these points and these counts of actions. Needs stable-baselines3, ale-py, opencv, and the game's ROM
imported into deepq.
"""
import argparse
import ctypes
import pathlib
import re
import subprocess
import sys

try:
    import ale_py
    import gymnasium as gym
    import numpy as np
    import torch
    from stable_baselines3 import DQN
    from stable_baselines3.common.atari_wrappers import AtariWrapper
    from stable_baselines3.common.vec_env import DummyVecEnv, VecFrameStack, VecTransposeImage

    from exported import Library
except ImportError as error:
    print(f"SKIP: {error}")
    sys.exit(77)

gym.register_envs(ale_py)
VECTORS = "CartPole-v1"


class Preprocessing(ctypes.Structure):
    _fields_ = [("dialect", ctypes.c_int), ("skip", ctypes.c_int), ("noop_max", ctypes.c_int),
                ("fire_reset", ctypes.c_bool), ("episodic_life", ctypes.c_bool), ("clip_reward", ctypes.c_bool),
                ("linear_resize", ctypes.c_bool), ("stack", ctypes.c_int), ("pool_all", ctypes.c_bool)]


class Step(ctypes.Structure):
    _fields_ = [("reward", ctypes.c_float), ("terminated", ctypes.c_bool), ("truncated", ctypes.c_bool),
                ("rest", ctypes.c_uint8 * 64)]


def make(env_id, whole_games=False):
    """As in training, or whole games with their own points, as `deepq play` has them."""
    if env_id == VECTORS:
        return DummyVecEnv([lambda: gym.make(env_id)])
    inner = DummyVecEnv([lambda: AtariWrapper(gym.make(env_id), terminal_on_life_loss=not whole_games,
                                              clip_reward=not whole_games)])
    return VecTransposeImage(VecFrameStack(inner, 4))


def train(path, env_id, steps):
    options = ({"learning_rate": 1e-3, "learning_starts": 1000, "target_update_interval": 500,
                "policy_kwargs": {"net_arch": [64]}} if env_id == VECTORS else
               {"buffer_size": 10_000, "learning_starts": 1000, "learning_rate": 2e-4,
                "target_update_interval": 1000, "exploration_fraction": 0.4})
    model = DQN("MlpPolicy" if env_id == VECTORS else "CnnPolicy", make(env_id), seed=0, device="cpu", **options)
    model.learn(steps)
    model.save(path)


def theirs(model, env_id, seed):
    """Actions, observations and points of one game."""
    env = make(env_id, whole_games=True)
    actions, observations, points, done = [], [], 0.0, [False]
    env.seed(seed)
    obs = env.reset()
    while not done[0]:
        observations.append(obs[0].copy())
        action, _ = model.predict(obs, deterministic=True)
        actions.append(int(action[0]))
        obs, reward, done, _ = env.step(action)
        points += float(reward[0])
    return actions, observations, points


def make_ours(library, env_id, seed):
    c, env = library.c, ctypes.c_void_p()
    if env_id == VECTORS:
        library.check(c.dq_env_make(ctypes.byref(env), env_id.encode(), None))
    else:
        how, options = Preprocessing(), (ctypes.c_uint8 * 4096)()
        library.check(c.dq_preprocessing_init(ctypes.byref(how), b"sb3"))
        assert how.skip == 4 and how.noop_max == 30 and how.stack == 4, "dq_preprocessing has other fields"
        how.episodic_life = how.clip_reward = False
        library.check(c.dq_atari_options_init(options, env_id.encode()))
        library.check(c.dq_env_make_preprocessed(ctypes.byref(env), env_id.encode(), ctypes.byref(how), options))
    library.check(c.dq_env_seed(env, ctypes.c_uint64(seed)))
    return env


def ours(library, path, env_id, seed, like):
    c, policy, env = library.c, ctypes.c_void_p(), make_ours(library, env_id, seed)
    library.check(c.dq_policy_load(ctypes.byref(policy), str(path).encode(), None))
    actions, observations, points = [], [], 0.0
    obs, step = np.zeros_like(like), Step()
    assert c.dq_policy_obs_bytes(policy) == obs.nbytes
    at = obs.ctypes.data_as(ctypes.c_void_p)
    library.check(c.dq_env_reset(env, at))
    while not step.terminated and not step.truncated:
        observations.append(obs.copy())
        actions.append(c.dq_policy_act(policy, at))
        library.check(c.dq_env_step(env, actions[-1], at, ctypes.byref(step)))
        points += step.reward
    c.dq_env_destroy(env)
    c.dq_policy_destroy(policy)
    return actions, observations, points


def printed(deepq, path, env_id, seed):
    """Points, and how often each action was taken, the most frequent first."""
    done = subprocess.run([deepq, "play", "-m", path, "-e", env_id, "--no-vis", "--seed", str(seed)],
                          stdout=subprocess.PIPE, text=True, check=True)
    counts = re.search(r"Action counts: (.*)", done.stdout)[1]
    return (float(re.search(r"Total reward: (\S+)", done.stdout)[1]),
            sorted((int(n) for n in re.findall(r" (\d+)(?:,|$)", counts)), reverse=True))


def compare(o, library, path, env_id):
    model = DQN.load(path, device="cpu", custom_objects={"buffer_size": 1})
    for seed in range(o.seeds):
        actions, observations, points = theirs(model, env_id, seed)
        counts = np.bincount(actions, minlength=model.action_space.n)
        here = ours(library, path, env_id, seed, observations[0])
        same = next((i for i, (a, b) in enumerate(zip(here[0], actions)) if a != b), len(actions))
        equal = sum(np.array_equal(a, b) for a, b in zip(here[1], observations))
        print(f"{env_id} seed {seed}: {points:g} points in {len(actions)} steps, actions {counts.tolist()}; the same "
              f"for {same} steps here, observations equal in {equal}", flush=True)
        assert here[0] == actions and equal == len(actions) and here[2] == points
        assert printed(o.deepq, path, env_id, seed) == (points, sorted(counts.tolist(), reverse=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("deepq")
    parser.add_argument("library")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--steps", type=int, default=60_000)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--env", default="PongNoFrameskip-v4")
    o = parser.parse_args()
    torch.set_num_threads(1)
    library = Library(o.library)
    o.folder.mkdir(parents=True, exist_ok=True)
    roms = subprocess.run([o.deepq, "roms", "list"], stdout=subprocess.PIPE, text=True, check=True).stdout
    if o.env == "PongNoFrameskip-v4" and not re.search(r"^\s*pong\s+yes", roms, re.M):
        print("SKIP: the Pong ROM is missing")
        sys.exit(77)
    for env_id, steps in ((o.env, o.steps), (VECTORS, 20_000)):
        path = o.folder / f"{env_id}.zip"
        if not path.exists():
            train(path, env_id, steps)
        compare(o, library, path, env_id)


if __name__ == "__main__":
    main()
