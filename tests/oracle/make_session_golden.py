#!/usr/bin/env python3
"""What ALE's interface gives besides pictures: writes tests/data/env/session.txt.gz.

    make_session_golden.py ROMS_FOLDER > tests/data/env/session.txt.gz       (needs ale-py and numpy)

ROMS_FOLDER is roms/ of this repository. For each case a line `case ROM game=ID sticky=P seed=N`
and ALE's settings; ROM is one of
our own cartridges, one of ALE's, or a program in hexadecimal at the start of 2 KiB that begin at F800. Then
lines of what is done, each with what is found after it:

    act ACTION STRENGTH, reset, clone INCLUDE_RNG, restore (the last clone)
    reward over truncated lives frame_number episode_frame_number, CRC-32 of RAM, screen and sound
"""
import gzip
import io
import pathlib
import shutil
import sys
import tempfile
import zlib

import numpy as np
from ale_py import Action, ALEInterface, LoggerMode, roms

# Each frame other sounds: in 512 frames voice 0 plays every AUDC with every AUDF. AUDV1 is written in every line,
# and only the last write counts.
SOUNDS = """
A2 FF 9A                        start: LDX #FF, TXS
A9 02 85 02 85 00 85 02 85 02   frame: VSYNC on for three lines
85 02 A9 00 85 00
E6 80 D0 02 E6 81               count in 80, 81
A5 80 85 15                     AUDC0: bits 0 to 3
4A 4A 4A 4A 85 82
A5 81 0A 0A 0A 0A 05 82 85 17   AUDF0: bits 4 to 8
A5 80 49 5A 85 16               AUDC1
4A 4A 4A 85 18                  AUDF1
A2 F8 85 02 86 1A CA D0 F9      AUDV1 in each of 248 lines
A5 80 4A 4A 85 1A               and once more
A5 80 49 1F 09 04 85 19         AUDV0
4C 03 F8                        JMP frame
"""
NUMBERS = {"system_random_seed": 4753849, "paddle_min": -1, "paddle_max": -1, "frame_skip": 1}
SETTINGS = {**NUMBERS, "truncate_on_loss_of_life": False, "color_averaging": False}
CASES = [  # rom, game whose rules it keeps, frames, chance of a sticky action, seed, settings
    ("sounds", "koolaid", 530, 0.0, 1, {}),
    ("own/pong", "pong", 150, 0.25, 2, {}),
    ("own/bricks", "breakout", 150, 0.5, 3, {}),
    ("breakout", "breakout", 250, 0.25, 4, {}),
    ("kaboom", "kaboom", 200, 0.0, 5, {}),
    ("seaquest", "seaquest", 200, 0.25, 6, {}),
    ("air_raid", "air_raid", 200, 0.5, 7, {}),
    ("pitfall2", "pitfall2", 150, 0.0, 8, {}),
    ("own/bricks", "breakout", 150, 0.0, 9, {"color_averaging": True}),
    ("space_invaders", "space_invaders", 100, 0.25, 10, {"color_averaging": True, "system_random_seed": 3}),
    ("breakout", "breakout", 700, 0.0, 11, {"truncate_on_loss_of_life": True, "paddle_min": 200000, "paddle_max": 500000}),
    ("kaboom", "kaboom", 250, 0.0, 12, {"paddle_min": 0, "paddle_max": 1000000, "system_random_seed": 0}),
    ("berzerk", "berzerk", 80, 0.5, 14, {"frame_skip": 3, "truncate_on_loss_of_life": True}),
    ("seaquest", "seaquest", 700, 0.0, 13, {"truncate_on_loss_of_life": True}),
]


def program():
    lines = SOUNDS.split("\n")
    return "".join(word for line in lines for word in line[:32].split())


def image_of(rom, folder):
    if rom == "sounds":
        code = bytes.fromhex(program())
        return code + bytes(2048 - len(code) - 4) + bytes([0x00, 0xF8, 0x00, 0xF8])
    if rom.startswith("own/"):
        return (folder / (rom[4:] + ".bin")).read_bytes()
    return pathlib.Path(roms.__file__).with_name(rom + ".bin").read_bytes()


class Case:
    def __init__(self, image, game, sticky, seed, settings, out):
        self.ale, self.out, self.state = ALEInterface(), out, None
        self.ale.setInt("random_seed", seed)
        self.ale.setFloat("repeat_action_probability", sticky)
        self.ale.setBool("sound_obs", True)
        for key, value in settings.items():
            (self.ale.setInt if key in NUMBERS else self.ale.setBool)(key, value)
        with tempfile.TemporaryDirectory() as temporary:
            path = pathlib.Path(temporary, game + ".bin")
            path.write_bytes(image)
            self.ale.loadROM(str(path))

    def note(self, done, reward=0):
        ale = self.ale
        crcs = " ".join(f"{zlib.crc32(x.tobytes()):08x}" for x in (ale.getRAM(), ale.getScreen(), ale.getAudio()))
        self.out.write(f"{done} {int(reward)} {int(ale.game_over(with_truncation=False))} "
                       f"{int(ale.game_truncated())} {ale.lives()} {ale.getFrameNumber()} {ale.getEpisodeFrameNumber()} {crcs}\n")

    def reset(self):
        self.ale.reset_game()
        self.note("reset")

    def clone(self, include_rng):
        self.state = self.ale.cloneState(include_rng=include_rng)
        self.note(f"clone {int(include_rng)}")

    def act(self, action, strength):
        self.note(f"act {action} {strength:.9g}", self.ale.act(Action(action), strength))

    def play(self, frames, goes_back, rng):
        self.reset()
        actions = [a.value for a in self.ale.getLegalActionSet()]
        action, strength = 0, 1.0
        for n in range(frames):
            if self.ale.game_over() or n == frames // 3:
                self.reset()
            if goes_back and n % 40 == 15:
                self.clone(n % 80 == 15)
            if goes_back and n % 40 == 35:
                self.ale.restoreState(self.state)
                self.note("restore")
            if rng.random() < 0.3:
                action = int(rng.choice(actions))
                strength = float(np.float32(rng.choice([0.0, 0.1, 0.7, 1.0, 1.0, -0.3, 1.5, rng.random()])))
            self.act(action, strength)


def main():
    folder = pathlib.Path(sys.argv[1])
    ALEInterface.setLoggerMode(LoggerMode.Error)
    out = io.StringIO()
    for rom, game, frames, sticky, seed, settings in CASES:
        name = program() if rom == "sounds" else rom
        words = " ".join(f"{key}={int(value)}" for key, value in {**SETTINGS, **settings}.items())
        out.write(f"case {name} game={game} sticky={sticky} seed={seed} {words}\n")
        case = Case(image_of(rom, folder), game, sticky, seed, settings, out)
        case.play(frames, rom != "sounds", np.random.default_rng(seed))
    with gzip.GzipFile(fileobj=sys.stdout.buffer, mode="wb", mtime=0) as f:
        shutil.copyfileobj(io.BytesIO(out.getvalue().encode()), f)


if __name__ == "__main__":
    main()
