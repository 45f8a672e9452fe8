#!/usr/bin/env python3
"""Compares deepq's environments with Gymnasium, ale-py, OpenCV and the book's wrappers, step by step.

Every game is played with random actions on both sides; observation, reward, end and lives must be
equal at every step. The Python wrappers below are written from what the book's lib/wrappers.py and
OpenAI baselines' atari_wrappers.py do. Needs gymnasium, ale-py (with its ROMs), numpy and opencv.

    compare_wrappers.py LIBDEEPQ.SO [--games pong,breakout] [--steps 300] [--seeds 1]

For each game and seed:
  raw       ALE/NAME-v5: frame skip 4 and sticky actions, RGB
  composed  the book's chain from deepq's wrappers, float32
  fused     the same as one environment, bytes
  lives     EpisodicLife inside the chain and the reward's sign, as in the book's later chapters
A game that the Python chain refuses (no FIRE, other resolution) must be refused by deepq as well.
"""
import argparse
import ctypes as c
import os
import sys
import time

import ale_py
import cv2
import numpy as np
from ale_py import env as ale_env
from ale_py import roms


# ------------------------------------------------------------------ the book's wrappers in Python

class Wrapper:
    def __init__(self, env):
        self.env = env
        self.ale, self.names = env.ale, env.names

    def reset(self):
        return self.env.reset()

    def step(self, action):
        return self.env.step(action)


class Raw:
    """ale-py's Gymnasium environment with ALE's random_seed set by hand: (obs, reward, done, ...)."""

    def __init__(self, game, skip, sticky, seed):
        self.env = ale_env.AtariEnv(game, frameskip=skip, repeat_action_probability=sticky,
                                    full_action_space=False, max_num_frames_per_episode=108_000)
        self.ale = self.env.ale
        self.ale.setInt("random_seed", seed)
        self.env.load_game()
        self.names = [a.name for a in self.ale.getMinimalActionSet()]

    def reset(self):
        return self.env.reset()[0]

    def step(self, action):
        obs, reward, terminated, truncated, _ = self.env.step(action)
        return obs, reward, terminated or truncated


class EpisodicLife(Wrapper):
    def __init__(self, env):
        super().__init__(env)
        self.lives, self.was_real_done = 0, True

    def step(self, action):
        obs, reward, done = self.env.step(action)
        self.was_real_done = done
        lives = self.ale.lives()
        if 0 < lives < self.lives:
            done = True
        self.lives = lives
        return obs, reward, done

    def reset(self):
        if self.was_real_done:
            obs = self.env.reset()
        else:
            obs, _, over = self.env.step(0)
            if over:  # as Stable-Baselines3 does
                obs = self.env.reset()
        self.was_real_done = False
        self.lives = self.ale.lives()
        return obs


class MaxAndSkip(Wrapper):
    def __init__(self, env, skip=4):
        super().__init__(env)
        self.skip, self.frames = skip, []

    def step(self, action):
        total, done = 0.0, False
        for _ in range(self.skip):
            obs, reward, done = self.env.step(action)
            self.frames = (self.frames + [obs])[-2:]
            total += reward
            if done:
                break
        return np.max(np.stack(self.frames), axis=0), total, done

    def reset(self):
        self.frames = [self.env.reset()]
        return self.frames[0]


class FireReset(Wrapper):
    def __init__(self, env):
        super().__init__(env)
        assert env.names[1] == "FIRE"
        assert len(env.names) >= 3

    def reset(self):
        self.env.reset()
        for action in (1, 2):
            obs, _, done = self.env.step(action)
            if done:
                self.env.reset()
        return obs


class ProcessFrame84(Wrapper):
    def __init__(self, env):
        super().__init__(env)
        height, width = env.ale.getScreenDims()
        assert width == 160 and height in (210, 250), "Unknown resolution."

    @staticmethod
    def process(frame):
        img = frame.astype(np.float32)
        img = img[:, :, 0] * 0.299 + img[:, :, 1] * 0.587 + img[:, :, 2] * 0.114
        assert img.dtype == np.float32
        resized = cv2.resize(img, (84, 110), interpolation=cv2.INTER_AREA)
        return resized[18:102, :].astype(np.uint8).reshape(84, 84, 1)

    def step(self, action):
        obs, reward, done = self.env.step(action)
        return self.process(obs), reward, done

    def reset(self):
        return self.process(self.env.reset())


class ImageToPyTorch(Wrapper):
    def step(self, action):
        obs, reward, done = self.env.step(action)
        return np.moveaxis(obs, 2, 0), reward, done

    def reset(self):
        return np.moveaxis(self.env.reset(), 2, 0)


class Buffer(Wrapper):
    def __init__(self, env, n=4):
        super().__init__(env)
        self.n = n

    def push(self, obs):
        self.buffer[:-1] = self.buffer[1:]
        self.buffer[-1] = obs
        return self.buffer.copy()

    def step(self, action):
        obs, reward, done = self.env.step(action)
        return self.push(obs), reward, done

    def reset(self):
        self.buffer = np.zeros((self.n, 84, 84), np.float32)
        return self.push(self.env.reset())


class ScaledFloat(Wrapper):
    def step(self, action):
        obs, reward, done = self.env.step(action)
        return np.array(obs).astype(np.float32) / 255.0, reward, done

    def reset(self):
        return np.array(self.env.reset()).astype(np.float32) / 255.0


class ClipReward(Wrapper):
    def step(self, action):
        obs, reward, done = self.env.step(action)
        return obs, np.sign(reward), done


# ------------------------------------------------------------------ deepq through ctypes

class Space(c.Structure):
    _fields_ = [("dtype", c.c_int), ("n_dims", c.c_int), ("shape", c.c_int * 4),
                ("low", c.c_float), ("high", c.c_float)]


class Spec(c.Structure):
    _fields_ = [("id", c.c_char_p), ("obs", Space), ("n_actions", c.c_int),
                ("action_names", c.POINTER(c.c_char_p))]


class Step(c.Structure):
    _fields_ = [("reward", c.c_float), ("terminated", c.c_bool), ("truncated", c.c_bool),
                ("lives", c.c_int)]


class Options(c.Structure):
    _fields_ = [("rom_dir", c.c_char_p), ("seed", c.c_uint64)]


class Refused(Exception):
    pass


class Deepq:
    def __init__(self, path):
        self.lib = c.CDLL(os.path.abspath(path))
        self.lib.dq_errmsg.restype = c.c_char_p
        self.lib.dq_env_get_spec.restype = c.POINTER(Spec)
        self.lib.dq_env_destroy.restype = None

    def call(self, name, *args):
        if getattr(self.lib, name)(*args) != 0:
            raise Refused(self.lib.dq_errmsg().decode())

    def make(self, name, env_id, seed, wrappers=()):
        env = c.c_void_p()
        options = Options(os.path.dirname(str(roms.get_rom_path("pong"))).encode(), seed)
        self.call(name, c.byref(env), env_id.encode(), c.byref(options))
        try:
            for wrapper, *args in wrappers:
                outer = c.c_void_p()
                self.call(wrapper, c.byref(outer), env, *args)
                env = outer
        except Refused:
            self.lib.dq_env_destroy(env)
            raise
        return Env(self, env)


class Env:
    def __init__(self, deepq, env):
        self.deepq, self.env = deepq, env
        self.spec = deepq.lib.dq_env_get_spec(env).contents
        dims = tuple(self.spec.obs.shape[:self.spec.obs.n_dims])
        self.obs = np.zeros(dims, [np.uint8, np.float32, np.int32][self.spec.obs.dtype])
        self.names = [self.spec.action_names[i].decode() for i in range(self.spec.n_actions)]

    def reset(self):
        self.deepq.call("dq_env_reset", self.env, c.c_void_p(self.obs.ctypes.data))
        return self.obs

    def step(self, action):
        result = Step()
        self.deepq.call("dq_env_step", self.env, int(action), c.c_void_p(self.obs.ctypes.data),
                        c.byref(result))
        return self.obs, result.reward, result.terminated or result.truncated

    def lives(self):
        return self.deepq.lib.dq_env_lives(self.env)

    def close(self):
        self.deepq.lib.dq_env_destroy(self.env)


# ------------------------------------------------------------------ comparison

SKIP, FIRE, FRAME = ("dq_wrap_max_and_skip", 4), ("dq_wrap_fire_reset",), ("dq_wrap_process_frame84",)
TORCH, BUFFER, SCALED = ("dq_wrap_image_to_pytorch",), ("dq_wrap_buffer", 4), ("dq_wrap_scaled_float",)
BOOK = [SKIP, FIRE, FRAME, TORCH, BUFFER, SCALED]


def book_chain(env):
    return ScaledFloat(Buffer(ImageToPyTorch(ProcessFrame84(FireReset(MaxAndSkip(env))))))


def scaled(env, obs):
    return obs.astype(np.float32) / np.float32(255.0) if env.obs.dtype == np.uint8 else obs


def compare(python, ours, n_steps, seed, as_float):
    """Steps until the first difference, and what it is ('' if there is none)."""
    def differs(want, got, what):
        return "" if np.array_equal(want, scaled(ours, got) if as_float else got) else what

    if python.names != ours.names:
        return 0, "actions"
    rng = np.random.default_rng(seed)
    problem = differs(python.reset(), ours.reset(), "first observation")
    for step in range(n_steps):
        if problem:
            return step, problem
        action = rng.integers(len(python.names))
        want_obs, want_reward, want_done = python.step(action)
        obs, reward, done = ours.step(action)
        if (reward, done) != (want_reward, want_done):
            return step, f"reward {reward}, done {done}, should be {want_reward}, {want_done}"
        if ours.lives() != python.ale.lives():
            return step, f"lives {ours.lives()}, should be {python.ale.lives()}"
        problem = differs(want_obs, obs, "observation")
        if not problem and (done or rng.integers(400) == 0):
            problem = differs(python.reset(), ours.reset(), "observation after reset")
    return n_steps, problem


def tests(deepq, game, seed):
    """Name, Python's environment, deepq's, and whether observations are compared as floats."""
    def raw():
        return Raw(game, 1, 0.0, seed)

    pascal = game.title().replace("_", "")
    yield ("raw", lambda: Raw(game, 4, 0.25, seed),
           lambda: deepq.make("dq_env_make", f"ALE/{pascal}-v5", seed), False)
    yield ("composed", lambda: book_chain(raw()),
           lambda: deepq.make("dq_env_make", game, seed, BOOK), True)
    yield ("fused", lambda: book_chain(raw()),
           lambda: deepq.make("dq_env_make_book", game, seed), True)
    yield ("lives", lambda: ClipReward(book_chain(EpisodicLife(raw()))),
           lambda: deepq.make("dq_env_make", game, seed,
                              [("dq_wrap_episodic_life",), *BOOK, ("dq_wrap_clip_reward",)]), True)


def build(make, refusal):
    try:
        return make()
    except refusal as e:
        return str(e) or "refused"


def run_one(name, make_python, make_ours, as_float, n_steps, seed):
    python, ours = build(make_python, AssertionError), build(make_ours, Refused)
    if isinstance(python, str) or isinstance(ours, str):
        both = isinstance(python, str) and isinstance(ours, str)
        return both, "refused" if both else f"Python: {python}, deepq: {ours}"
    steps, problem = compare(python, ours, n_steps, seed, as_float)
    ours.close()
    return not problem, f"step {steps}: {problem}" if problem else str(steps)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library")
    parser.add_argument("--games", help="ALE rom ids with commas; all single-player games")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--seeds", type=int, default=1)
    args = parser.parse_args()
    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
    cv2.setNumThreads(1)
    games = args.games.split(",") if args.games else [
        g for g in roms.get_all_rom_ids() if g not in ("combat", "joust", "maze_craze", "warlords")]
    deepq = Deepq(args.library)
    n, n_bad, start = 0, 0, time.time()
    for game in games:
        for seed in range(1, args.seeds + 1):
            texts = []
            for name, *how in tests(deepq, game, seed):
                good, text = run_one(name, *how, args.steps, seed)
                texts.append(f"{name} {text if good else 'DIFFERS at ' + text}")
                n, n_bad = n + 1, n_bad + (not good)
            print(f"{game} seed {seed}: {', '.join(texts)}", flush=True)
    print(f"{n - n_bad} of {n} runs equal, {time.time() - start:.0f} s, ale-py {ale_py.__version__}, "
          f"OpenCV {cv2.__version__}, numpy {np.__version__}")
    return 1 if n_bad else 0


if __name__ == "__main__":
    sys.exit(main())
