#!/usr/bin/env python3
"""Prints the table of dialects of docs/environments.md, from the program's own rows. A test compares the
page with what `tools/make_dialects.py build/bin/deepq` prints."""

import re
import subprocess
import sys

COLUMNS = ["original", "grey", "frame skip", "after a reset", "no-op starts", "life ends it", "rewards clipped",
           "stack"]


def dialects(program):
    """(name, {what: how}) for each."""
    text = subprocess.run([program, "envs", "--dialect", "all"], check=True, capture_output=True,
                          text=True).stdout
    for block in re.split(r"^(?=\S)", text, flags=re.M)[1:]:
        name, *lines = block.splitlines()
        yield name, {line[2:18].strip(): line[18:] for line in lines}


def table(program):
    yield "| name | " + " | ".join(COLUMNS) + " |"
    yield "|---" * (len(COLUMNS) + 1) + "|"
    for name, row in dialects(program):
        yield f"| `{name}` | " + " | ".join(row[c] for c in COLUMNS) + " |"


if __name__ == "__main__":
    print("\n".join(table(sys.argv[1])))
