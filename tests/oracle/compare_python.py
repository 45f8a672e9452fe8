#!/usr/bin/env python3
"""The Python package beside live ale-py: the same seeds and actions must give the same bytes.

    compare_python.py vector [--games pong,breakout] [--samples N | --from A --to B] [--steps 60] [--envs 2]
    compare_python.py env [--games all] [--steps 500]
    compare_python.py interface [--games all] [--steps 500]
    compare_python.py recording [--games pong,breakout]

Needs ale-py, gymnasium, numpy, the ROMs, and deepq installed (or PYTHONPATH=build/python). `vector` takes
combinations of every option of AtariVectorEnv, all 65,536 of them, those numbered from A to before B (a slice
for each core, or for each evening), or N at random; `env` AtariEnv's arguments;
`interface` screens, RAM, sound, states of ALEInterface under sets of its settings; `recording` the
pictures that it records. Prints one line a part and ends with 1 when anything differs.
"""

import argparse
import itertools
import pathlib
import random
import sys
import tempfile
import zlib

import ale_py
import gymnasium
import numpy as np

import deepq
import deepq.ale

VECTOR = {
    "size": ((84, 84), (250, 170), (210, 160), (96, 72)),
    "grayscale": (True, False),
    "maxpool": (True, False),
    "stack_num": (1, 4),
    "frameskip": (1, 4),
    "noop_max": (0, 30),
    "episodic_life": (False, True),
    "life_loss_info": (False, True),
    "reward_clipping": (True, False),
    "use_fire_reset": (True, False),
    "repeat_action_probability": (0.0, 0.25),
    "full_action_space": (False, True),
    "continuous": (False, True),
    "max_steps": (None, 37),  # max_num_frames_per_episode is that of the frames
    "autoreset_mode": ("NextStep", "SameStep"),
}


def check(same, where):
    if not same:
        raise AssertionError(where)


def same_info(a, b, over, is_over):
    if a.keys() != b.keys():
        return False
    # ale-py leaves the last observations of games that go on as they were in memory.
    return all(np.array_equal(v[over], b[k][over]) if k == "final_obs" else np.array_equal(v, b[k])
               for k, v in a.items() if k != "final_obs" or is_over)


def compare_vector(game, options, n_envs, n_steps):
    height, width = options.pop("size")
    max_steps = options.pop("max_steps")
    if max_steps:
        options["max_num_frames_per_episode"] = max_steps * options["frameskip"]
    kwargs = dict(options, num_envs=n_envs, img_height=height, img_width=width, num_threads=1)
    theirs, ours = ale_py.AtariVectorEnv(game, **kwargs), deepq.AtariVectorEnv(game, **kwargs)
    check(theirs.observation_space == ours.observation_space, "observation space")
    check(theirs.action_space == ours.action_space, "action space")
    a, b = theirs.reset(seed=11), ours.reset(seed=11)
    check(np.array_equal(a[0], b[0]) and same_info(a[1], b[1], None, False), "reset")
    theirs.action_space.seed(5)
    before = a[1]["lives"]
    for t in range(n_steps):
        actions = theirs.action_space.sample()
        a, b = theirs.step(actions), ours.step(actions)
        for i in range(4):
            check(np.array_equal(a[i], b[i]) and a[i].dtype == b[i].dtype, f"step {t}, result {i}")
        # A life that is only told does not end an episode.
        told = options["life_loss_info"] and not options["episodic_life"]
        check(same_info(a[4], b[4], a[2] | a[3], not told), f"step {t}, info")
        before = a[4]["lives"]
    ours.close()
    return before


def vectors(games, args, n_steps):
    combinations = list(itertools.product(*VECTOR.values()))[args.first:args.end]
    if args.samples:
        combinations = random.Random(1).sample(combinations, args.samples)
    for game in games:
        n_bad = 0
        for i, values in enumerate(combinations):
            if i > 0 and i % 1024 == 0:
                print(f"  {game} up to {args.first + i}: {n_bad} differ", flush=True)
            options = dict(zip(VECTOR, values))
            try:
                compare_vector(game, dict(options), args.envs, n_steps)
            except AssertionError as e:
                n_bad += 1
                print(f"  {game} {options}: differs at {e}")
        print(f"vector {game}: {len(combinations) - n_bad}/{len(combinations)} combinations equal, {n_steps} steps each")
        yield n_bad


ENVS = (
    {},
    {"obs_type": "grayscale", "frameskip": (2, 5), "full_action_space": True},
    {"obs_type": "ram", "frameskip": 1, "repeat_action_probability": 0.0, "max_num_frames_per_episode": 300},
    {"continuous": True, "sound_obs": True},
)


def equal_obs(a, b):
    return all(equal_obs(a[k], b[k]) for k in a) if isinstance(a, dict) else np.array_equal(a, b)


def compare_env(game, options, n_steps):
    theirs, ours = ale_py.AtariEnv(game, **options), deepq.AtariEnv(game, **options)
    check(theirs.action_space == ours.action_space, "action space")
    check(theirs.observation_space == ours.observation_space, "observation space")
    check(theirs.get_action_meanings() == ours.get_action_meanings(), "meanings")
    theirs.action_space.seed(3)
    a, b = theirs.reset(seed=9), ours.reset(seed=9)
    for t in range(n_steps):
        check(equal_obs(a[0], b[0]) and a[1:] == b[1:], f"step {t}")
        if len(a) == 5 and (a[2] or a[3]):
            a, b = theirs.reset(), ours.reset()
            check(equal_obs(a[0], b[0]) and a[1:] == b[1:], f"reset before step {t}")
        action = theirs.action_space.sample()
        a, b = theirs.step(action), ours.step(action)


def envs(games, _args, n_steps):
    for game in games:
        n_bad = 0
        for options in ENVS:
            try:
                compare_env(game, options, n_steps)
            except AssertionError as e:
                n_bad += 1
                print(f"  {game} {options}: differs at {e}")
        print(f"env {game}: {len(ENVS) - n_bad}/{len(ENVS)} sets of options equal, {n_steps} steps each")
        yield n_bad


SETTINGS = (
    {},
    {"color_averaging": True, "system_random_seed": 7},
    {"truncate_on_loss_of_life": True, "frame_skip": 3},
    {"paddle_min": 100000, "paddle_max": 400000, "repeat_action_probability": 0.0},
    {"reward_min": -1, "reward_max": 1, "frame_skip": 4, "max_num_frames_per_episode": 900},
)


def loaded(module, game, settings):
    ale = module.ALEInterface()
    for key, value in {"random_seed": 21, "sound_obs": True, **settings}.items():
        {int: ale.setInt, bool: ale.setBool, float: ale.setFloat, str: ale.setString}[type(value)](key, value)
    ale.loadROM(ale_py.roms.get_rom_path(game))
    return ale


def see(ale):
    return (ale.getRAM().tobytes(), ale.getScreen().tobytes(), ale.getScreenRGB().tobytes(),
            ale.getScreenGrayscale().tobytes(), ale.getAudio().tobytes(), ale.lives(), ale.game_over(),
            ale.game_truncated(), ale.getFrameNumber(), ale.getEpisodeFrameNumber())


def compare_interface(game, settings, n_steps):
    theirs, ours = loaded(ale_py, game, settings), loaded(deepq.ale, game, settings)
    names = [a.name for a in theirs.getMinimalActionSet()]
    check(names == [a.name for a in ours.getMinimalActionSet()], "minimal actions")
    check(theirs.getAvailableModes() == ours.getAvailableModes(), "modes")
    check(theirs.getAvailableDifficulties() == ours.getAvailableDifficulties(), "difficulties")
    check(theirs.getScreenDims() == ours.getScreenDims(), "dims")
    rng = random.Random(4)
    states = []
    for t in range(n_steps):
        check(see(theirs) == see(ours), f"frame {t}")
        if theirs.game_over():
            theirs.reset_game()
            ours.reset_game()
        if t % 100 == 50:
            states.append((theirs.cloneState(include_rng=True), ours.cloneState(include_rng=True)))
        if t % 170 == 169:
            a, b = rng.choice(states)
            theirs.restoreState(a)
            ours.restoreState(b)
        action, strength = rng.randrange(18), rng.random()
        check(theirs.act(action, strength) == ours.act(action, strength), f"reward {t}")


def interfaces(games, _args, n_steps):
    for game in games:
        n_bad = 0
        for settings in SETTINGS:
            try:
                compare_interface(game, settings, n_steps)
            except AssertionError as e:
                n_bad += 1
                print(f"  {game} {settings}: differs at {e}")
        print(f"interface {game}: {len(SETTINGS) - n_bad}/{len(SETTINGS)} sets of settings equal, {n_steps} acts each")
        yield n_bad


def recorded(module, game, folder, n_steps):
    """The decompressed pictures that are recorded, by file name."""
    ale = loaded(module, game, {"record_screen_dir": folder, "frame_skip": 2})
    for t in range(n_steps):
        ale.act(t % 6)
        if t % 7 == 6:
            ale.reset_game()
    pictures = {}
    for path in sorted(pathlib.Path(folder).iterdir()):
        data = path.read_bytes()
        begin = data.index(b"IDAT")
        size = int.from_bytes(data[begin - 4 : begin], "big")
        pictures[path.name] = data[:33], zlib.decompress(data[begin + 4 : begin + 4 + size])
    return pictures


def recordings(games, _args, n_steps):
    for game in games:
        with tempfile.TemporaryDirectory() as a, tempfile.TemporaryDirectory() as b:
            same = recorded(ale_py, game, a, n_steps) == recorded(deepq.ale, game, b, n_steps)
        print(f"recording {game}: {'equal' if same else 'differs'}, {n_steps} acts of two frames")
        yield not same


PARTS = {"vector": (vectors, "pong,breakout", 60), "env": (envs, "all", 500), "interface": (interfaces, "all", 500),
         "recording": (recordings, "pong,breakout", 20)}

parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
parser.add_argument("part", choices=PARTS)
parser.add_argument("--games", default=None, help="rom ids, or all")
parser.add_argument("--samples", type=int, default=0, help="of the combinations; 0: all of them")
parser.add_argument("--from", dest="first", type=int, default=0, help="number of the first combination")
parser.add_argument("--to", dest="end", type=int, default=None, help="number after the last combination")
parser.add_argument("--steps", type=int, default=0)
parser.add_argument("--envs", type=int, default=2, help="games of a vector")
args = parser.parse_args()
ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
run, usual_games, usual_steps = PARTS[args.part]
chosen = (args.games or usual_games).split(",")
if chosen == ["all"]:
    chosen = [g for g in ale_py.roms.get_all_rom_ids() if g in deepq.ale.roms.get_all_rom_ids()]
total = sum(run(chosen, args, args.steps or usual_steps))
print(f"gymnasium {gymnasium.__version__}, ale-py {ale_py.__version__}: {total} differ")
sys.exit(total > 0)
