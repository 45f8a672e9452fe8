#!/usr/bin/env python3
"""Plays games side by side with the real ALE and compares every frame (needs ale-py and numpy).

    compare_ale.py LIBDEEPQ.SO [-n FRAMES] [-s SEEDS] [--skip-draw] [--modes] [--poke] [--strength] [--clones] [--sound]
                   [--continuous] [--paddles MIN MAX] [GAME...]

RAM, screen, reward, lives, game over, truncation, frame numbers. Actions are random and held for 1 to 16 frames;
games that end are reset, some are reset in mid-game. Every few hundred frames our session is saved and another one, fresh
from the cartridge, continues from there. Odd seeds play the minimal action set without sticky actions, even
ones the legal set with sticky actions and episodes of at most 3,000 frames. With --skip-draw most of our frames
are emulated without a picture and the screen is only compared on the others. With --modes each reset takes
another mode and difficulty, in turn all that the game has: that presses SELECT and RESET. With --poke bytes of
RAM are overwritten every 40 frames and before resets, in both, by preference those that the game's rules read:
scores run over, lives jump, programs crash. With --strength paddles are moved with strengths
that change, some of them beyond 1 or negative. With --clones both go back, every 150 frames or so, to a state that
cloneState() gave, every other one with the random numbers; without them both continue with the numbers where they
are. With --continuous actions are a radius, a direction
and fire, of which ale-py makes what its AtariEnv makes. --paddles
sets ALE's limits of paddles. With --sound every frame's 512 samples are compared, and no session is saved: sound is no part of a state. With
--verbose every session that is equal is told as well, as it ends.

Every game in full: compare_ale.py LIBDEEPQ.SO -n 20000 -s 2 --verbose, some eight minutes a seed on one core of a Zen 4.
"""
import argparse
import ctypes as C
import itertools
import json
import os
import pathlib
import re
import sys
import time

import numpy as np
from ale_py import ALEInterface, LoggerMode, roms
from ale_py.env import AtariEnv


class Config(C.Structure):
    _fields_ = [("seed", C.c_uint32), ("repeat", C.c_float), ("frame_skip", C.c_int), ("max_ticks", C.c_uint32),
                ("game_id", C.c_char_p), ("paddle_min", C.c_int), ("paddle_max", C.c_int), ("system_seed", C.c_int64),
                ("life_loss_truncates", C.c_bool), ("color_averaging", C.c_bool), ("sound", C.c_bool)]


def open_library(path):
    lib = C.CDLL(os.path.abspath(path))
    lib.dq_errmsg.restype = C.c_char_p
    for name in ("ram", "screen", "audio"):
        getattr(lib, "dq_atari_" + name).restype = C.c_void_p
    lib.dq_atari_game_over.restype = lib.dq_atari_truncated.restype = C.c_bool
    lib.dq_writer_bytes.restype = C.POINTER(C.c_char)
    lib.dq_atari_ticks.restype = lib.dq_atari_frames.restype = C.c_uint64
    lib.dq_atari_continuous_action.argtypes = [C.c_float] * 4
    lib.dq_atari_set_strength.argtypes = [C.c_void_p, C.c_float]
    lib.dq_atari_act.argtypes = [C.c_void_p, C.c_int, C.c_bool]
    lib.dq_atari_set_ram.argtypes = [C.c_void_p, C.c_int, C.c_uint8]
    for name in ("ram", "screen", "audio", "game_over", "truncated", "lives", "height", "reset", "destroy", "ticks", "frames"):
        getattr(lib, "dq_atari_" + name).argtypes = [C.c_void_p]
    return lib


class Session:
    def __init__(self, lib, rom, config):
        self.lib, self.rom, self.config, self.a = lib, rom, config, C.c_void_p()
        self.create()

    def check(self, status):
        if status:
            raise RuntimeError(self.lib.dq_errmsg().decode())

    def create(self):
        self.check(self.lib.dq_atari_create(C.byref(self.a), self.rom, C.c_size_t(len(self.rom)), C.byref(self.config)))
        self.height = self.lib.dq_atari_height(self.a)

    def choose(self, mode, difficulty):
        self.check(self.lib.dq_atari_set_mode(self.a, mode))
        self.check(self.lib.dq_atari_set_difficulty(self.a, difficulty))

    def write(self, function, *arguments):
        w, n = C.c_void_p(), C.c_size_t()
        self.check(self.lib.dq_writer_create(C.byref(w)))
        self.check(function(self.a, *arguments, w))
        state = C.string_at(self.lib.dq_writer_bytes(w, C.byref(n)), n.value)
        self.lib.dq_writer_destroy(w)
        return state

    def read(self, function, state):
        r = C.c_void_p()
        self.check(self.lib.dq_reader_create(C.byref(r), state, C.c_size_t(len(state))))
        self.check(function(self.a, r))
        self.lib.dq_reader_destroy(r)

    def move_to_another(self):
        """Save, throw the session away, load into a new one."""
        state = self.write(self.lib.dq_atari_save)
        self.lib.dq_atari_destroy(self.a)
        self.create()
        self.read(self.lib.dq_atari_load, state)

    def clone(self, include_rng):
        return self.write(self.lib.dq_atari_clone, C.c_bool(include_rng))

    def restore(self, state):
        self.read(self.lib.dq_atari_restore, state)

    def act(self, action, draw, strength=1.0):
        self.check(self.lib.dq_atari_set_strength(self.a, strength))
        return self.lib.dq_atari_act(self.a, action, draw)

    def reset(self):
        self.lib.dq_atari_reset(self.a)

    def ram(self):
        return np.frombuffer(C.string_at(self.lib.dq_atari_ram(self.a), 128), np.uint8)

    def screen(self):
        pixels = C.string_at(self.lib.dq_atari_screen(self.a), self.height * 160)
        return np.frombuffer(pixels, np.uint8).reshape(self.height, 160)

    def outcome(self):
        lib, a = self.lib, self.a
        return (lib.dq_atari_lives(a), lib.dq_atari_game_over(a), lib.dq_atari_truncated(a), lib.dq_atari_frames(a),
                lib.dq_atari_ticks(a))


class Pokes:
    """Bytes to overwrite in RAM: more often than not some of those that the game's rules read."""

    VALUES = [0x99, 0x98, 0x90, 0x09, 0x89, 0x00, 0x01, 0x0A, 0xAA, 0x9F, 0xF9, 0xFF]

    def __init__(self, game, rng):
        data = pathlib.Path(__file__).resolve().parents[2] / "data/atari/games.json"
        rule = json.loads(data.read_text())["games"][game]["rule"]
        read = {int(x, 16) & 127 for x in re.findall(r"0x([89A-Fa-f][0-9A-Fa-f])\b", json.dumps(rule))}
        self.read, self.rng = sorted(read) or list(range(128)), rng

    def draw(self):
        """Pairs of place, 0 to 127, and value."""
        rng = self.rng
        n = int(rng.integers(1, 4)) if rng.random() < 0.8 else 8
        places = rng.choice(self.read if rng.random() < 0.6 else 128, n)
        values = rng.choice(self.VALUES, n) if rng.random() < 0.7 else rng.integers(256, size=n)
        return zip(places.tolist(), values.tolist())

    def __call__(self, ale, ours):
        for place, value in self.draw():
            ale.setRAM(place, value)
            ours.lib.dq_atari_set_ram(ours.a, place, value)


class Watch:
    """ALE's bytes of the moment, held against ours."""

    def __init__(self, ale, ours):
        self.ale, self.ours = ale, ours
        self.memcmp = C.CDLL(None).memcmp
        self.memcmp.argtypes = [C.c_void_p, C.c_void_p, C.c_size_t]
        self.ram, self.screen = np.zeros(128, np.uint8), np.zeros(ale.getScreenDims(), np.uint8)
        self.audio = np.zeros(512, np.uint8) if ale.getBool("sound_obs") else None

    def difference(self, reward, our_reward, drawn):
        """What differs now, or None."""
        ale, ours = self.ale, self.ours
        ale.getRAM(self.ram)
        if self.memcmp(self.ram.ctypes.data, ours.lib.dq_atari_ram(ours.a), 128):
            return "RAM at " + " ".join(f"{0x80 + i:02X}" for i in np.flatnonzero(self.ram != ours.ram()))
        if drawn:
            if self.screen.shape != (ours.height, 160):
                return f"screen size {self.screen.shape}"
            ale.getScreen(self.screen)
            if self.memcmp(self.screen.ctypes.data, ours.lib.dq_atari_screen(ours.a), self.screen.size):
                rows, columns = np.nonzero(self.screen != ours.screen())
                return f"screen, {len(rows)} pixels, first in row {rows[0]} column {columns[0]}"
        if self.audio is not None:
            ale.getAudio(self.audio)
            if self.memcmp(self.audio.ctypes.data, ours.lib.dq_atari_audio(ours.a), 512):
                return "sound"
        if int(reward) != our_reward:
            return f"reward {reward} {our_reward}"
        real = (ale.lives(), ale.game_over(with_truncation=False), ale.game_truncated(), ale.getFrameNumber(),
                ale.getEpisodeFrameNumber())
        return None if real == ours.outcome() else f"lives, over, truncated, frames {real} {ours.outcome()}"


# In these ALE 0.12.1 does not come back to the state that it cloned: docs/emulator.md. Nor does it in others when
# frames run out of instructions, as they do with --poke, where programs crash, and in some modes.
LOST_BY_ALE = ("miniature_golf", "qbert", "tetris", "tic_tac_toe_3d", "yars_revenge")


class Clones:
    """A state that was cloned in both, to which both go back later. Before that ours alone does again what came
    after it, and must come to what ALE came to at first."""

    def __init__(self, ale, ours, rng, does_again, ale_comes_back):
        self.ale, self.ours, self.rng, self.does_again = ale, ours, rng, does_again
        self.ale_comes_back, self.states, self.n = ale_comes_back, None, 0
        self.frames, self.noting = [], False

    def moment(self):
        return self.ours.ram().tobytes(), self.ours.outcome(), self.ours.screen().tobytes()

    def note(self, action, strength, reward):
        """A frame that was equal in both."""
        if self.noting and len(self.frames) < 30:
            self.frames.append((action, strength, reward, self.moment()))

    def stop_noting(self):
        """Something else happens than actions."""
        self.noting = False

    def do_again(self):
        for i, (action, strength, reward, before) in enumerate(self.frames):
            again, moment = self.ours.act(action, True, strength), self.moment()
            # Rows that a frame does not reach are of older pictures, which clones lack.
            n = 3 if i > 1 and self.ale_comes_back else 2
            if again != reward or moment[:n] != before[:n]:
                raise RuntimeError(f"frame {i} after a restored state is another one")

    def go_back(self):
        state, our_state, include_rng = self.states
        now = self.ours.write(self.ours.lib.dq_atari_save)
        self.ours.restore(our_state)
        if self.ours.clone(include_rng) != our_state:
            raise RuntimeError("a restored state has another clone")
        if self.does_again:
            self.do_again()
        self.ours.read(self.ours.lib.dq_atari_load, now)
        if self.ale_comes_back:
            self.ours.restore(our_state)
            self.ale.restoreState(state)

    def __call__(self):
        if self.rng.integers(75):
            return
        if self.states:
            self.go_back()
            self.states, self.noting = None, False
            return
        self.n += 1
        include_rng = self.n % 2 == 1
        self.states = self.ale.cloneState(include_rng=include_rng), self.ours.clone(include_rng), include_rng
        self.frames, self.noting = [], True


class Continuous:
    """Draws actions of Box([0, -pi, 0], [1, pi, 1]), some of them special ones."""

    THRESHOLDS = 0.5, 0.3, 0.8

    def __init__(self, lib, rng, seed):
        self.lib, self.rng, self.threshold = lib, rng, self.THRESHOLDS[seed % 3]

    def draw(self):
        """What ALE plays, its strength, and what we play."""
        rng, threshold = self.rng, self.threshold
        action = np.float32([rng.random(), rng.uniform(-np.pi, np.pi), rng.random()])
        if rng.random() < 0.3:
            action = np.float32([rng.choice([0, 0.5, 1]), rng.integers(-12, 13) * np.pi / 12, rng.choice([0, 0.5, 1])])
        x, y = action[0] * np.cos(action[1]), action[0] * np.sin(action[1])
        played = AtariEnv.map_action_idx(
            left_center_right=-int(x < -threshold) + int(x > threshold),
            down_center_up=-int(y < -threshold) + int(y > threshold), fire=bool(action[2] > threshold))
        ours = self.lib.dq_atari_continuous_action(*action.tolist(), threshold)
        if played.value != ours:
            raise RuntimeError(f"continuous action {action.tolist()} is {played} and {ours}")
        return played, float(action[0])


STRENGTHS = np.float32([0.0, 0.1, 0.3, 0.5, 0.7, 1 / 3, 0.999, 1.0, -0.7, 1.5, 250.0])
SEEDS_FOR_ALL = 3  # in which every mode is played
USUAL_RESETS = 12


def resets_for_modes(ale):
    return max(USUAL_RESETS, -(-len(ale.getAvailableModes()) // SEEDS_FOR_ALL))


def settings(ale, seed):
    """Modes with difficulties, all of each in turn; each seed continues where the one before it ended."""
    modes, difficulties = ale.getAvailableModes(), ale.getAvailableDifficulties()
    for n in itertools.count(resets_for_modes(ale) * (seed - 1)):
        yield modes[n % len(modes)], difficulties[n // len(modes) % len(difficulties)]


def play(lib, game, seed, args):
    frames, skip_draw = args.frames, args.skip_draw
    rom_path = os.path.join(os.path.dirname(roms.__file__), game + ".bin")
    with open(rom_path, "rb") as f:
        rom = f.read()
    rng = np.random.default_rng([seed, sum(map(ord, game))])
    sticky = 0.0 if seed % 2 else 0.25
    ale = ALEInterface()
    ale.setInt("random_seed", seed)
    ale.setFloat("repeat_action_probability", sticky)
    cap = 0 if seed % 2 else 3000
    ale.setInt("max_num_frames_per_episode", cap)
    for setting, limit in zip(("paddle_min", "paddle_max"), args.paddles or ()):
        ale.setInt(setting, limit)
    ale.setBool("sound_obs", args.sound)
    ale.loadROM(rom_path)
    paddle_min, paddle_max = args.paddles or (0, 0)
    ours = Session(lib, rom, Config(seed=seed, repeat=sticky, max_ticks=cap, paddle_min=paddle_min, paddle_max=paddle_max,
                                    sound=args.sound))
    watch = Watch(ale, ours)
    problem = watch.difference(0, 0, True)
    if problem:
        return f"after loading: {problem}"
    poke, switches = Pokes(game, rng), settings(ale, seed)
    clones = Clones(ale, ours, rng, does_again=not sticky and not args.sound,
                    ale_comes_back=game not in LOST_BY_ALE and not args.poke and not args.modes)
    continuous = Continuous(lib, rng, seed)

    def reset():
        if args.modes:
            mode, difficulty = next(switches)
            ale.setMode(mode)
            ale.setDifficulty(difficulty)
            ours.choose(mode, difficulty)
        ale.reset_game()
        ours.reset()

    reset()
    actions = ale.getMinimalActionSet() if seed % 2 else ale.getLegalActionSet()
    resets, moves, looks = (rng.integers(n, size=frames) == 0 for n in (2500, 300, 4))
    if args.modes:
        period = frames // resets_for_modes(ale)
        resets = np.arange(frames) % period == period - 1
    played = np.repeat(rng.integers(len(actions), size=frames), rng.integers(1, 17, size=frames))[:frames].tolist()
    strengths = np.repeat(rng.choice(STRENGTHS, frames), rng.integers(1, 5, size=frames))[:frames].tolist()
    for n in range(frames):
        draw = not skip_draw or bool(looks[n])
        if args.poke and (resets[n] or n % 40 == 20):
            poke(ale, ours)
            clones.stop_noting()
        if resets[n] or ale.game_over():
            reset()
            clones.stop_noting()
            problem = watch.difference(0, 0, draw)
            if problem:
                return f"frame {n}, after a reset: {problem}"
        if moves[n] and not args.sound:  # which no saved state has
            ours.move_to_another()
        if args.clones:
            clones()
        if not args.continuous:
            action, strength = actions[played[n]], strengths[n] if args.strength else 1.0
        elif n % 3 == 0:
            action, strength = continuous.draw()
        our_reward = ours.act(action.value, draw, strength)
        problem = watch.difference(ale.act(action, strength), our_reward, draw)
        if problem:
            return f"frame {n}: {problem}"
        if args.clones:
            clones.note(action.value, strength, our_reward)
    lib.dq_atari_destroy(ours.a)
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("library")
    parser.add_argument("games", nargs="*")
    parser.add_argument("-n", "--frames", type=int, default=2000, help="per game and seed")
    parser.add_argument("-s", "--seeds", type=int, default=2)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--skip-draw", action="store_true")
    parser.add_argument("--modes", action="store_true")
    parser.add_argument("--poke", action="store_true")
    parser.add_argument("--strength", action="store_true")
    parser.add_argument("--clones", action="store_true")
    parser.add_argument("--sound", action="store_true")
    parser.add_argument("--continuous", action="store_true")
    parser.add_argument("--paddles", type=int, nargs=2, metavar=("MIN", "MAX"))
    parser.add_argument("--verbose", action="store_true")
    args = parser.parse_args()
    ALEInterface.setLoggerMode(LoggerMode.Error)
    lib = open_library(args.library)
    lib.dq_atari_game_by_id.restype = C.c_void_p
    folder = os.path.dirname(roms.__file__)
    known = sorted(f[:-4] for f in os.listdir(folder) if f.endswith(".bin"))
    games = args.games or [g for g in known if lib.dq_atari_game_by_id(g.encode())]
    bad, start = 0, time.time()
    for seed in range(args.first_seed, args.first_seed + args.seeds):
        for game in games:
            try:
                problem = play(lib, game, seed, args)
            except RuntimeError as error:
                problem = error
            bad += bool(problem)
            if problem or args.verbose:
                print(f"{game} seed {seed}: {problem or f'{args.frames} frames equal'}", flush=True)
    total = len(games) * args.seeds * args.frames
    print(f"{len(games)} games, {total} frames, {bad} sessions differ, {time.time() - start:.0f} s")
    return bad != 0


if __name__ == "__main__":
    sys.exit(main())
