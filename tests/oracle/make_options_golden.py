#!/usr/bin/env python3
"""What ale-py's AtariEnv does under ALE's options: writes tests/data/env/options.txt.gz.

    make_options_golden.py ROMS_FOLDER > tests/data/env/options.txt.gz       (needs ale-py and gymnasium)

ROMS_FOLDER is roms/ of this repository: our own cartridges are played under the name of the game whose rules
they keep. For each case a line `case ROM key=value...`, then a line for each reset and step: action (-1 for a
reset), reward, terminated, truncated, lives, CRC-32 of the observation. An episode that ends is reset.
Seeding `gymnasium` is env.reset(seed=SEED), `ale` is ale.setInt("random_seed", SEED) before the ROM is loaded.
"""
import gzip
import io
import pathlib
import shutil
import sys
import tempfile
import zlib

import ale_py
import ale_py.env as ale_env
import numpy as np

# rom, steps, options
CASES = [
    ("own/pong", 120, dict(seeding="gymnasium", seed=42, low=4, high=4, sticky=0.25)),
    ("own/pong", 160, dict(seeding="gymnasium", seed=7, low=2, high=4, sticky=0.25)),
    ("own/pong", 160, dict(seeding="ale", seed=3, low=1, high=1, sticky=0.6, full=1)),
    ("own/pong", 100, dict(seeding="ale", seed=5, low=3, high=3, sticky=0.0, obs="grey", ticks=100)),
    ("own/bricks", 300, dict(seeding="gymnasium", seed=2**32 + 5, low=4, high=4, sticky=0.1, obs="ram", life=1)),
    ("own/bricks", 200, dict(seeding="ale", seed=8, low=1, high=1, sticky=0.25, obs="index", blend="average")),
    ("own/bricks", 150, dict(seeding="gymnasium", seed=9, low=2, high=6, sticky=0.25, blend="max")),
    ("own/bricks", 150, dict(seeding="ale", seed=10, low=4, high=4, sticky=1.0, obs="grey", blend="max")),
    ("breakout", 300, dict(seeding="gymnasium", seed=1, low=2, high=4, sticky=0.25, life=1)),
    ("space_invaders", 250, dict(seeding="gymnasium", seed=11, low=4, high=4, sticky=0.25, full=1, mode=5, difficulty=1)),
    ("seaquest", 200, dict(seeding="ale", seed=12, low=5, high=5, sticky=0.25, obs="index", blend="average")),
    ("seaquest", 200, dict(seeding="ale", seed=13, low=4, high=4, sticky=0.0, obs="rgb", blend="average")),
    ("air_raid", 150, dict(seeding="gymnasium", seed=14, low=4, high=4, sticky=0.25, obs="grey", blend="max")),
    ("air_raid", 150, dict(seeding="gymnasium", seed=15, low=3, high=3, sticky=0.25, obs="rgb")),
    ("pitfall", 120, dict(seeding="gymnasium", seed=16, low=4, high=4, sticky=0.25, obs="grey", blend="average")),
    ("tetris", 150, dict(seeding="ale", seed=17, low=4, high=4, sticky=0.25, blend="max")),
    ("qbert", 150, dict(seeding="gymnasium", seed=18, low=2, high=4, sticky=0.25, blend="average")),
    ("tic_tac_toe_3d", 150, dict(seeding="gymnasium", seed=19, low=1, high=3, sticky=0.25, blend="max")),
    ("entombed", 150, dict(seeding="ale", seed=20, low=4, high=4, sticky=0.25, obs="grey", blend="max")),
]
RULES = {"own/pong": "pong", "own/bricks": "breakout"}
DEFAULTS = dict(obs="rgb", blend="none", full=0, life=0, mode=-1, difficulty=-1, ticks=108_000)


class Game:
    def __init__(self, rom_path, o):
        ale_env.roms.get_rom_path = lambda game: rom_path
        self.o = o
        self.env = ale_env.AtariEnv(
            rom_path.stem, mode=None if o["mode"] < 0 else o["mode"],
            difficulty=None if o["difficulty"] < 0 else o["difficulty"],
            frameskip=o["low"] if o["low"] == o["high"] else (o["low"], o["high"] + 1),
            repeat_action_probability=o["sticky"], full_action_space=bool(o["full"]),
            max_num_frames_per_episode=o["ticks"])
        self.ale = self.env.ale
        self.ale.setBool("color_averaging", o["blend"] == "average")
        if o["seeding"] == "ale":
            self.ale.setInt("random_seed", o["seed"])
            self.env.load_game()
        self.started = False

    def screen(self):
        return self.ale.getScreenGrayscale() if self.o["obs"] == "grey" else self.ale.getScreenRGB()

    def observation(self):
        if self.o["obs"] == "ram":
            return self.ale.getRAM()
        return self.ale.getScreen() if self.o["obs"] == "index" else self.screen()

    def reset(self):
        seeded = self.started or self.o["seeding"] == "ale"
        self.env.reset(seed=None if seeded else self.o["seed"])
        self.started = True
        self.lives = self.ale.lives()
        return self.observation()

    def brighter_of_two(self, action):
        """AtariEnv.step() frame by frame, and the maximum of the last two frames that were emulated."""
        o, reward, pictures = self.o, 0.0, self.pictures
        skip = o["low"] if o["low"] == o["high"] else self.env.np_random.integers(o["low"], o["high"] + 1)
        for _ in range(skip):
            was_over = self.ale.game_over()
            reward += self.ale.act(self.env._action_set[action])
            if not was_over:
                pictures = [pictures[-1], self.screen()]
        self.pictures = pictures
        over = self.ale.game_over(with_truncation=False)
        return np.maximum(*pictures), reward, over, self.ale.game_truncated()

    def step(self, action):
        if self.o["blend"] == "max":
            obs, reward, terminated, truncated = self.brighter_of_two(action)
        else:
            _, reward, terminated, truncated, _ = self.env.step(action)
            obs = self.observation()
        lives = self.ale.lives()
        terminated = terminated or bool(self.o["life"] and lives < self.lives)
        self.lives = lives
        return obs, reward, terminated, truncated


def play(name, rom_path, steps, o, out):
    game = Game(rom_path, o)
    rng = np.random.default_rng(o["seed"])
    print("case", name, *(f"{k}={v}" for k, v in o.items()), file=out)

    def note(action, obs, reward, terminated, truncated):
        crc = zlib.crc32(np.ascontiguousarray(obs).tobytes())
        print(action, int(reward), int(terminated), int(truncated), game.ale.lives(), f"{crc:08x}", file=out)

    def reset():
        note(-1, game.reset(), 0, False, False)
        if o["blend"] == "max":
            game.pictures = [game.screen()]

    reset()
    held = 0
    for _ in range(steps):
        if held == 0:
            action, held = int(rng.integers(game.env.action_space.n)), int(rng.integers(1, 8))
        held -= 1
        obs, reward, terminated, truncated = game.step(action)
        note(action, obs, reward, terminated, truncated)
        if terminated or truncated:
            reset()


def main():
    own_roms, real_rom_path = pathlib.Path(sys.argv[1]), ale_env.roms.get_rom_path
    with tempfile.TemporaryDirectory() as folder, \
            gzip.GzipFile(fileobj=sys.stdout.buffer, mode="wb", compresslevel=9, mtime=0, filename="") as packed:
        out = io.TextIOWrapper(packed)
        print(f"# ale-py {ale_py.__version__}, by tests/oracle/make_options_golden.py", file=out)
        for name, steps, options in CASES:
            path = pathlib.Path(real_rom_path(name)) if name not in RULES else None
            if path is None:
                path = pathlib.Path(folder, RULES[name] + ".bin")
                shutil.copyfile(own_roms / (name[4:] + ".bin"), path)
            play(name, path, steps, {**DEFAULTS, **options}, out)
        out.flush()


if __name__ == "__main__":
    main()
