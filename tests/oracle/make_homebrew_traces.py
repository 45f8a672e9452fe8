"""Record how ALE plays deepq's own cartridges: tests/data/homebrew/NAME.atr. Needs ale-py.

    make_homebrew_traces.py [--frames N] [--seed N] FOLDER ROM...

ALE finds the rules by the file's name, so the ROM is given to it under the name of the game whose
rules it keeps. The actions come from a player who follows the ball most of the time: play at random
would see no rally. The format is that of the reference traces.
"""
import argparse
import hashlib
import pathlib
import random
import struct
import tempfile
import zlib

import ale_py

HEADER = struct.Struct("<8sIIIIIHHIIifQIBBH32s16s16s")
RECORD = struct.Struct("<BBhiII")
FRAME, LOADED, RESET, FORCED = range(4)
NOOP, FIRE, RIGHT, LEFT = 0, 1, 3, 4
RULES = {"pong": "pong", "bricks": "breakout"}
# Where the player, the ball and the ball's wait are in RAM, and what steers towards larger values.
BALL, PADDLE, WAIT, OFFSET, MORE, LESS = range(6)
SENSES = {"pong": (0x88, 0x8F, 0x83, 6, LEFT, RIGHT), "bricks": (0x85, 0x8C, 0x83, 7, RIGHT, LEFT)}


def follow(ram, senses):
    if ram[senses[WAIT] - 0x80]:
        return FIRE
    off = int(ram[senses[BALL] - 0x80]) - senses[OFFSET] - int(ram[senses[PADDLE] - 0x80])
    return senses[MORE] if off > 5 else senses[LESS] if off < -5 else NOOP


def player(ale, name, seed):
    """Actions for ever: held for 1 to 6 frames, one in four drawn from all of them."""
    rng = random.Random(seed)
    actions = [a.value for a in ale.getMinimalActionSet()]
    while True:
        lost = rng.random() < 0.25
        action = rng.choice(actions) if lost else follow(ale.getRAM(), SENSES[name])
        for _ in range(rng.randint(1, 6)):
            yield action


def record(rom, frames, seed, period):
    name, game = rom.stem, RULES[rom.stem]
    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
    ale = ale_py.ALEInterface()
    ale.setInt("random_seed", 1)
    ale.setFloat("repeat_action_probability", 0.0)
    with tempfile.TemporaryDirectory() as folder:
        named = pathlib.Path(folder, game + ".bin")
        named.write_bytes(rom.read_bytes())
        ale.loadROM(str(named))
    records = []

    def note(kind, action=255, reward=0):
        over = 16 if ale.game_over(with_truncation=False) else 0
        records.append(RECORD.pack(kind | over, action, ale.lives(), reward,
                                   zlib.crc32(ale.getRAM().tobytes()),
                                   zlib.crc32(ale.getScreen().tobytes())))

    note(LOADED)
    ale.reset_game()
    note(RESET)
    actions = player(ale, name, seed)
    for n in range(frames):
        if ale.game_over():
            ale.reset_game()
            note(RESET)
        elif n and n % period == 0:
            ale.reset_game()
            note(FORCED)
        action = next(actions)
        note(FRAME, action, ale.act(action))
    height, width = ale.getScreenDims()
    header = HEADER.pack(b"ATRTRACE", 1, HEADER.size, RECORD.size, len(records), frames, width,
                         height, 0, 0, 1, 0.0, seed, period, 0, 0, 0, game.encode(),
                         hashlib.md5(rom.read_bytes()).digest(), ale_py.__version__.encode())
    return header + b"".join(records)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--frames", type=int, default=2400)
    parser.add_argument("--period", type=int, default=2000, help="frames between resets in mid-game")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("rom", type=pathlib.Path, nargs="+")
    options = parser.parse_args()
    for path in options.rom:
        trace = record(path, options.frames, options.seed, options.period)
        (options.folder / (path.stem + ".atr")).write_bytes(trace)
