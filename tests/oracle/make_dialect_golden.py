#!/usr/bin/env python3
"""What well-known programs observe in Atari games: writes tests/data/env/dialects.txt.gz.

    make_dialect_golden.py ROMS_FOLDER GYMNASIUM_029 DOPAMINE [--steps N] > tests/data/env/dialects.txt.gz

Every dialect is played by its original: Stable-Baselines3's AtariWrapper in DummyVecEnv and VecFrameStack,
CleanRL's chain with the wrappers of Gymnasium 0.29.1, Dopamine's AtariPreprocessing, Gymnasium's
AtariPreprocessing and FrameStackObservation, EnvPool, and ale-py's AtariVectorEnv. Needs ale-py, gymnasium,
numpy, opencv, stable-baselines3 and envpool; torch, which Stable-Baselines3's wrappers import and do not use,
is stood in for. GYMNASIUM_029 is a folder of `pip install --no-deps --target GYMNASIUM_029 gymnasium==0.29.1`,
DOPAMINE one with the unpacked wheel of dopamine-rl. `baselines` and `book-3e` are Stable-Baselines3's wrappers
with the stack, no-ops and rewards of those two. ROMS_FOLDER is roms/ of this repository: our own cartridges
are played under the name of the game whose rules they keep.

For each case a line `case DIALECT ROM key=value...`, then a line for each reset and step: action (-1 for a
reset), reward, terminated, truncated, lives, CRC-32 of the stack. An episode that ends is reset.
"""
import argparse
import ast
import gzip
import importlib.util
import io
import pathlib
import shutil
import sys
import tempfile
import types
import unittest.mock
import zlib

for name in ("torch", "torch.nn", "torch.nn.functional", "torch.distributions", "pandas"):
    sys.modules.setdefault(name, unittest.mock.MagicMock())
sb3_package = types.ModuleType("stable_baselines3")  # the package without its algorithms
sb3_package.__path__ = importlib.util.find_spec("stable_baselines3").submodule_search_locations
sys.modules["stable_baselines3"] = sb3_package

import ale_py
import ale_py.env as ale_env
import ale_py.vector_env as ale_vector
import cv2
import envpool
import gymnasium as gym
import numpy as np
import stable_baselines3.common.atari_wrappers as sb3
from gymnasium.wrappers import AtariPreprocessing, FrameStackObservation
from stable_baselines3.common.vec_env import DummyVecEnv, VecFrameStack

RULES = {"own/pong": "pong", "own/bricks": "breakout"}
NO_GYM = dict(life=-1, clip=-1, noops=-1, fire=-1, linear=0, skip=4, stack=4, sticky=0.0, ticks=108_000)


class Atari(ale_env.AtariEnv):
    """AtariEnv of a ROM by its path, as registered for NoFrameskip-v4 (sticky 0 unless said otherwise)."""

    def __init__(self, rom_path, o):
        ale_env.roms.get_rom_path = lambda game: rom_path
        super().__init__(rom_path.stem, frameskip=1, repeat_action_probability=o["sticky"],
                         max_num_frames_per_episode=o["ticks"])
        self.spec = None


def chosen(o, key, default):
    return default if o[key] < 0 else o[key]


class Repeat:
    """The stack that OpenAI baselines' FrameStack gives: filled with the first frame."""

    def __init__(self, n):
        self.n = n

    def first(self, frame):
        self.frames = [frame] * self.n
        return np.stack(self.frames)

    def next(self, frame):
        self.frames = self.frames[1:] + [frame]
        return np.stack(self.frames)


class Sb3:
    """AtariWrapper in DummyVecEnv in VecFrameStack; the last observation comes from infos."""

    def __init__(self, rom_path, o):
        def make():
            return sb3.AtariWrapper(Atari(rom_path, o), noop_max=chosen(o, "noops", 30), frame_skip=o["skip"],
                                    terminal_on_life_loss=bool(chosen(o, "life", 1)),
                                    clip_reward=bool(chosen(o, "clip", 1)))
        inner = DummyVecEnv([make])
        self.env, self.vec = inner.envs[0], VecFrameStack(inner, o["stack"], channels_order="last")
        self.vec.seed(o["seed"])
        self.n_actions, self.after = self.env.action_space.n, None

    def lives(self):
        return self.env.unwrapped.ale.lives()

    def reset(self):
        obs, self.after = self.after if self.after is not None else self.vec.reset(), None
        return np.moveaxis(obs[0], 2, 0)

    def step(self, action):
        obs, reward, done, infos = self.vec.step(np.array([action]))
        if done[0]:
            self.after, obs = obs, [infos[0]["terminal_observation"]]
        cut = bool(infos[0].get("TimeLimit.truncated"))
        return np.moveaxis(obs[0], 2, 0), reward[0], bool(done[0]) and not cut, cut


class Gym:
    """A chain of Gymnasium's kind, observations [stack][84][84]."""

    def __init__(self, env, o):
        self.env, self.seed, self.n_actions = env, o["seed"], env.action_space.n

    def lives(self):
        return self.env.unwrapped.ale.lives()

    def reset(self):
        obs, self.seed = self.env.reset(seed=self.seed)[0], None
        return np.asarray(obs)

    def step(self, action):
        obs, reward, terminated, truncated, _ = self.env.step(action)
        return np.asarray(obs), reward, terminated, truncated


class Baselines(Gym):
    """Stable-Baselines3's wrappers one by one, the stack filled with the first frame."""

    def __init__(self, rom_path, o):
        super().__init__(sb3.AtariWrapper(Atari(rom_path, o), noop_max=chosen(o, "noops", 30),
                                          frame_skip=o["skip"], clip_reward=bool(chosen(o, "clip", 1)),
                                          terminal_on_life_loss=bool(chosen(o, "life", 1))), o)
        self.stack = Repeat(o["stack"])

    def reset(self):
        return self.stack.first(super().reset()[:, :, 0])

    def step(self, action):
        obs, *rest = super().step(action)
        return self.stack.next(obs[:, :, 0]), *rest


def module_of_029(folder, name):
    spec = importlib.util.spec_from_file_location("old_" + name, folder / "gymnasium/wrappers" / (name + ".py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def cleanrl(rom_path, o, folder):
    env = sb3.NoopResetEnv(Atari(rom_path, o), noop_max=30)
    env = sb3.EpisodicLifeEnv(sb3.MaxAndSkipEnv(env, skip=4))
    if "FIRE" in env.unwrapped.get_action_meanings():
        env = sb3.FireResetEnv(env)
    env = module_of_029(folder, "resize_observation").ResizeObservation(sb3.ClipRewardEnv(env), (84, 84))
    env = module_of_029(folder, "gray_scale_observation").GrayScaleObservation(env)
    return Gym(module_of_029(folder, "frame_stack").FrameStack(env, 4), o)


class Dopamine:
    """Dopamine's AtariPreprocessing, the stack of zeros that its replay gives, rewards as its agents clip them."""

    def __init__(self, rom_path, o, folder):
        source = (folder / "dopamine/discrete_domains/atari_lib.py").read_text()
        parts = [n for n in ast.parse(source).body if isinstance(n, ast.ClassDef) and n.name == "AtariPreprocessing"]
        parts[0].decorator_list = []
        names = {"np": np, "cv2": cv2, "Box": gym.spaces.Box}
        exec(compile(ast.Module(parts, []), "atari_lib.py", "exec"), names)
        self.atari, self.o = Atari(rom_path, o), o
        wrapped = gym.Wrapper(self.atari)
        self.env = names["AtariPreprocessing"](wrapped, terminal_on_life_loss=bool(chosen(o, "life", 0)))
        self.n_actions = self.atari.action_space.n
        self.atari.reset(seed=o["seed"])
        self.first = True

    def lives(self):
        return self.atari.ale.lives()

    def reset(self):
        if self.first:  # reset(seed=) just loaded the game and reset it once
            self.env.environment.reset = lambda: None
        obs = self.env.reset()
        if self.first:
            del self.env.environment.reset
        self.first = False
        self.frames = [np.zeros((84, 84), np.uint8)] * 3 + [obs[:, :, 0]]
        return np.stack(self.frames)

    def step(self, action):
        obs, reward, over, _ = self.env.step(action)
        self.frames = self.frames[1:] + [obs[:, :, 0]]
        cut = bool(over and self.atari.ale.game_truncated())
        return np.stack(self.frames), np.clip(reward, -1, 1), bool(over) and not cut, cut


def gymnasium(rom_path, o):
    env = AtariPreprocessing(Atari(rom_path, o), noop_max=chosen(o, "noops", 30), frame_skip=o["skip"],
                             terminal_on_life_loss=bool(chosen(o, "life", 0)))
    return Gym(FrameStackObservation(env, o["stack"]), o)


class EnvPool:
    def __init__(self, rom_path, o):
        name = "".join(word.capitalize() for word in rom_path.stem.split("_")) + "-v5"
        options = dict(episodic_life=bool(chosen(o, "life", 0)), reward_clip=bool(chosen(o, "clip", 0)),
                       use_fire_reset=bool(chosen(o, "fire", 1)), use_inter_area_resize=not o["linear"],
                       repeat_action_probability=o["sticky"], frame_skip=o["skip"], stack_num=o["stack"],
                       max_episode_steps=o["ticks"] // o["skip"], noop_max=chosen(o, "noops", 30))
        base = rom_path.parent.parent.parent
        self.env = envpool.make(name, env_type="gymnasium", num_envs=1, seed=o["seed"], base_path=str(base), **options)
        self.n_actions = self.env.action_space.n
        self.over = False

    def lives(self):
        return self.n_lives

    def reset(self):
        if self.over:  # EnvPool resets in the step after the last one
            obs, _, _, _, info = self.env.step(np.array([0]))
        else:
            obs, info = self.env.reset()
        self.over, self.n_lives = False, int(info["lives"][0])
        return obs[0]

    def step(self, action):
        obs, reward, terminated, truncated, info = self.env.step(np.array([action]))
        self.over, self.n_lives = bool(terminated[0] or truncated[0]), int(info["lives"][0])
        return obs[0], reward[0], bool(terminated[0]), bool(truncated[0])


class AleVector:
    def __init__(self, rom_path, o):
        ale_vector.roms.get_rom_path = lambda game: rom_path
        self.env = ale_vector.AtariVectorEnv(
            rom_path.stem, num_envs=1, frameskip=o["skip"], stack_num=o["stack"], noop_max=chosen(o, "noops", 30),
            episodic_life=bool(chosen(o, "life", 0)), reward_clipping=bool(chosen(o, "clip", 1)),
            use_fire_reset=bool(chosen(o, "fire", 1)), repeat_action_probability=o["sticky"],
            max_num_frames_per_episode=o["ticks"])
        self.n_actions, self.seed, self.over = self.env.single_action_space.n, o["seed"], False

    lives = EnvPool.lives

    def reset(self):
        if self.over:
            obs, _, _, _, info = self.env.step(np.array([0]))
        else:
            obs, info = self.env.reset(seed=self.seed)
        self.over, self.n_lives = False, int(info["lives"][0])
        return obs[0]

    step = EnvPool.step


def cases():
    def case(dialect, rom, seed, **options):
        return dialect, rom, {**NO_GYM, "seed": seed, **options}

    games = ["own/pong", "own/bricks", "breakout", "seaquest", "air_raid"]
    seed = 100
    for dialect in ("book-3e", "baselines", "sb3", "cleanrl", "dopamine", "gymnasium", "envpool", "ale-vector"):
        for rom in games:
            seed += 1
            yield case(dialect, rom, seed)
    yield case("sb3", "freeway", 1, noops=7, stack=2)             # has no FIRE
    yield case("sb3", "own/bricks", 2, life=0, clip=0, sticky=0.25, skip=3)
    yield case("sb3", "own/pong", 3, ticks=400)
    yield case("baselines", "space_invaders", 4, skip=1)
    yield case("cleanrl", "pitfall", 5)
    yield case("dopamine", "own/bricks", 6, life=1, sticky=0.25)
    yield case("dopamine", "tennis", 7, ticks=300)
    yield case("gymnasium", "own/bricks", 8, life=1, noops=0, sticky=0.25)
    yield case("gymnasium", "own/pong", 9, ticks=401, skip=4)
    yield case("gymnasium", "own/pong", 10, ticks=402, skip=4, stack=1)
    yield case("gymnasium", "own/pong", 11, ticks=403, skip=4)
    yield case("gymnasium", "kung_fu_master", 12, skip=2, noops=3)
    yield case("envpool", "own/bricks", 13, life=1, clip=1, sticky=0.25)
    yield case("envpool", "own/pong", 14, ticks=400, linear=1)
    yield case("envpool", "amidar", 15, linear=1, fire=0, stack=3)
    yield case("envpool", "montezuma_revenge", 16, noops=10)
    yield case("ale-vector", "own/bricks", 17, life=1, clip=0, sticky=0.25)
    yield case("ale-vector", "own/pong", 18, ticks=402, fire=0)
    yield case("ale-vector", "own/pong", 19, ticks=400, noops=1)
    yield case("ale-vector", "asterix", 20)
    # Frames that never sync continue in the same picture.
    yield case("book-3e", "tic_tac_toe_3d", 21)
    yield case("sb3", "qbert", 22)
    yield case("cleanrl", "entombed", 23)
    yield case("dopamine", "tetris", 24, sticky=0.25)
    yield case("gymnasium", "tic_tac_toe_3d", 25)
    yield case("gymnasium", "tetris", 26)
    yield case("envpool", "entombed", 27)
    yield case("ale-vector", "qbert", 28)


MAKERS = {"book-3e": Sb3, "baselines": Baselines, "sb3": Sb3, "cleanrl": cleanrl, "dopamine": Dopamine,
          "gymnasium": gymnasium, "envpool": EnvPool, "ale-vector": AleVector}


def play(dialect, rom, rom_path, o, steps, folder, out):
    print("case", dialect, rom, *(f"{k}={v}" for k, v in o.items()), file=out)
    env = MAKERS[dialect](rom_path, o, *([folder] if folder else []))
    rng = np.random.default_rng(o["seed"])

    def note(action, obs, reward, terminated, truncated):
        assert obs.shape == (o["stack"], 84, 84) and obs.dtype == np.uint8, obs.shape
        crc = zlib.crc32(np.ascontiguousarray(obs).tobytes())
        # After the end DummyVecEnv has reset already: the lives are the next episode's.
        lives = -1 if isinstance(env, Sb3) and (terminated or truncated) else env.lives()
        print(action, int(reward), int(terminated), int(truncated), lives, f"{crc:08x}", file=out)

    note(-1, env.reset(), 0, False, False)
    held = 0
    for _ in range(steps):
        if held == 0:
            action, held = int(rng.integers(env.n_actions)), int(rng.integers(1, 5))
        held -= 1
        obs, reward, terminated, truncated = env.step(action)
        note(action, obs, reward, terminated, truncated)
        if terminated or truncated:
            note(-1, env.reset(), 0, False, False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("roms", type=pathlib.Path)
    parser.add_argument("gymnasium_029", type=pathlib.Path)
    parser.add_argument("dopamine", type=pathlib.Path)
    parser.add_argument("--steps", type=int, default=150)
    args = parser.parse_args()
    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
    real_rom_path = ale_env.roms.get_rom_path
    folders = {"cleanrl": args.gymnasium_029, "dopamine": args.dopamine}
    with tempfile.TemporaryDirectory() as folder, \
            gzip.GzipFile(fileobj=sys.stdout.buffer, mode="wb", compresslevel=9, mtime=0, filename="") as packed:
        out = io.TextIOWrapper(packed)
        named = pathlib.Path(folder, "atari", "roms")  # where EnvPool looks
        named.mkdir(parents=True)
        print(f"# ale-py {ale_py.__version__}, gymnasium {gym.__version__}, envpool {envpool.__version__}, "
              f"OpenCV {cv2.__version__}, by tests/oracle/make_dialect_golden.py", file=out)
        for dialect, rom, options in cases():
            path = named / (RULES.get(rom, rom) + ".bin")
            shutil.copyfile(args.roms / (rom[4:] + ".bin") if rom in RULES else real_rom_path(rom), path)
            if dialect == "book-3e":
                options = {**options, "noops": 0, "clip": 0}
            steps = args.steps * (4 if rom == "own/bricks" else 1)  # its games end soon
            play(dialect, rom, path, options, steps, folders.get(dialect), out)
        out.flush()


if __name__ == "__main__":
    main()
