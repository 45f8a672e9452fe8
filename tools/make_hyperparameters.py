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
    yield row(["hyperparameter", *(f"`{n}`" for n in names), "unit", "what it is", "range"])
    yield "|---|" + "--:|" * len(names) + "---|---|---|"
    for k in keys:
        yield row([f"`{k['key']}`", *(k["presets"][n] for n in names), k["unit"], k["help"], k["range"]])


if __name__ == "__main__":
    print("\n".join(page(sys.argv[1])))
