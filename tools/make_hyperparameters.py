#!/usr/bin/env python3
"""Prints docs/hyperparameters.md, from the program's own table: tools/make_hyperparameters.py
build/bin/deepq > docs/hyperparameters.md. A test compares the page with what this prints."""

import json
import subprocess
import sys


def listed(program):
    lines = subprocess.run([program, "train", "--help-set", "--json"], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    objects = [json.loads(line) for line in lines]
    return [o for o in objects if "preset" in o], [o for o in objects if "key" in o]


def row(cells):
    return "| " + " | ".join(cells) + " |"

# What the parts of deepq do in another way than the program that a preset is of.
DIFFERENCES = """Where a preset is not its original:
- `nature`: DQN Zoo makes its pictures smaller with a bilinear filter; after a lost life, which ends what is learned
  from, `sb3` acts once without choosing.
- `nips2013`: the paper leaves most numbers out; they are deep_q_rl's, whose RMSProp is not centred.
- `sb3`: the original acts at random until learning starts; here epsilon is falling meanwhile.
- `ch8-*`: the book divides pixels by 256, begins an episode with four times its first frame, and stops by a running
  mean; here it is by 255, with zeros before it, and by the mean of the last 100 games.
- `dopamine-qr`: Dopamine's quantile agent weighs only the loss that it prints, not the gradient, so `priority_beta`
  is 0.
- `rainbow`: DQN Zoo draws one transition in a thousand uniformly, here all are drawn by their priorities; its beta
  begins to rise when learning starts. Of `ch8-rainbow` the book's value stream has no noise.
- `drq-eps`, `der`: the original begins a game with 0 to 29 no-ops of four frames each, here it is 1 to 29 frames; its replay
  buffer of 1,000,000 is never full in 100,000 steps.
- `pqn`: the authors' code normalises the channels of each pixel apart, where this is PyTorch's LayerNorm over all of
  a layer, as CleanRL has it; its output layer begins with a deviation of `1 / sqrt(inputs)`. `replay_size`,
  `replay_start` and `target_sync` have no effect on it.
- For the CPU alone are `cartpole` and `ch7-cartpole` (vectors)."""


def page(program):
    presets, keys = listed(program)
    names = [p["preset"] for p in presets]
    yield "# Hyperparameters"
    yield ""
    yield "What `deepq train --set KEY=VALUE` takes, with each preset's value. `deepq train --help-set --preset"
    yield "NAME` prints the same, and this page is made from it (`tools/make_hyperparameters.py`). A step is an"
    yield "agent step, which the book calls a frame; whole numbers may be written as `1e6`."
    yield ""
    yield row(["preset", "what it is", "source", "preprocessing of games", "evaluation: epsilon, no-ops"])
    yield "|---|---|---|---|---|"
    for p in presets:
        yield row([f"`{p['preset']}`", p["help"], p["source"], " ".join(filter(None, [f"`{p['dialect']}`", p["options"]])),
                   f"{p['eval_epsilon']:g}, {p['eval_noops']}"])
    yield ""
    yield "A preset brings its dialect ([environments.md](environments.md)), its sticky actions and other options along,"
    yield "and `deepq eval` scores a model by the epsilon and the no-ops of its preset. Every option that is written"
    yield "wins over the preset's: `deepq train --preset dopamine-dqn --sticky 0 --set gamma=0.98`."
    yield ""
    yield DIFFERENCES
    yield ""
    yield row(["hyperparameter", *(f"`{n}`" for n in names), "unit", "what it is", "range"])
    yield "|---|" + "--:|" * len(names) + "---|---|---|"
    for k in keys:
        yield row([f"`{k['key']}`", *(k["presets"][n] for n in names), k["unit"], k["help"], k["range"]])


if __name__ == "__main__":
    print("\n".join(page(sys.argv[1])))
