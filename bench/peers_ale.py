#!/usr/bin/env python3
"""How fast ALE plays: the peer of `deepq bench emulator` and `deepq bench env`.

Needs ale-py and numpy; the wrapper figures also gymnasium and opencv. Prints one JSON object a line,
in the format of `deepq bench --json`, with a key "peer" that says what was measured. Games are the
ROM ids of ALE.

    python bench/peers_ale.py --game pong --game breakout [--repeats 5] [--seconds 1] [--what emulator]
"""
import argparse
import json
import statistics
import time

import numpy as np


def new_ale(game):
    import ale_py
    from ale_py import roms
    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)
    ale = ale_py.ALEInterface()
    ale.setInt("random_seed", 1)
    ale.setFloat("repeat_action_probability", 0.0)
    ale.loadROM(roms.get_rom_path(game))
    ale.reset_game()
    return ale


def act_loop(game, with_screen):
    """Frames one by one with random minimal actions, the palette screen read or not."""
    ale = new_ale(game)
    actions = list(ale.getMinimalActionSet())
    choice = np.random.default_rng(0).integers(len(actions), size=400)
    turn = [actions[i] for i in choice]
    screen = np.zeros((ale.getScreenDims()[0], ale.getScreenDims()[1]), np.uint8)

    def work():
        for action in turn:
            if ale.game_over(with_truncation=False):
                ale.reset_game()
            ale.act(action)
            if with_screen:
                ale.getScreen(screen)
        return len(turn)

    return work


def vector_loop(game):
    """ALE's own vectorised environment: skip 4, maximum of two, 84x84, stack of 4; 8 games."""
    from ale_py.vector_env import AtariVectorEnv
    env = AtariVectorEnv(game=game, num_envs=8, num_threads=1, noop_max=0,
                         repeat_action_probability=0.0)
    env.reset(seed=0)
    rng = np.random.default_rng(0)

    def work():
        for _ in range(25):
            env.step(rng.integers(env.single_action_space.n, size=8))
        return 25 * 8

    return work


def wrapper_loop(game):
    """Gymnasium's AtariPreprocessing and frame stack, one game."""
    import ale_py
    import gymnasium as gym
    gym.register_envs(ale_py)
    name = "".join(part.capitalize() for part in game.split("_"))
    env = gym.make(f"ALE/{name}-v5", frameskip=1, repeat_action_probability=0.0)
    env = gym.wrappers.AtariPreprocessing(env, noop_max=0)
    env = gym.wrappers.FrameStackObservation(env, 4)
    env.reset(seed=0)
    rng = np.random.default_rng(0)

    def work():
        for _ in range(100):
            if any(env.step(rng.integers(env.action_space.n))[2:4]):
                env.reset()
        return 100

    return work


def measure(name, peer, unit, work, repeats, seconds):
    rates = []
    work()
    for _ in range(repeats):
        start, done = time.perf_counter(), 0
        while time.perf_counter() - start < seconds:
            done += work()
        rates.append(done / (time.perf_counter() - start))
    print(json.dumps({"name": name, "peer": peer, "unit": unit, "min": round(min(rates), 1),
                      "median": round(statistics.median(rates), 1), "max": round(max(rates), 1),
                      "repeats": repeats, "threads": 1, "isa": "generic", "device": "cpu"}),
          flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--game", action="append", help="ALE's ROM id (pong); may be repeated")
    parser.add_argument("--what", action="append", choices=["emulator", "env"])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0)
    args = parser.parse_args()
    for game in args.game or ["pong"]:
        figures = []
        if "emulator" in (args.what or ["emulator"]):
            figures += [(f"emulator/{game}", "ale-py act", "frames/s", act_loop(game, False)),
                        (f"emulator/{game}/screen", "ale-py act and getScreen", "frames/s",
                         act_loop(game, True))]
        if "env" in (args.what or ["env"]):
            figures += [(f"env/{game}", "ale-py AtariVectorEnv, 8 games", "steps/s",
                         vector_loop(game)),
                        (f"env/{game}", "Gymnasium AtariPreprocessing", "steps/s",
                         wrapper_loop(game))]
        for figure in figures:
            measure(*figure, args.repeats, args.seconds)


if __name__ == "__main__":
    main()
