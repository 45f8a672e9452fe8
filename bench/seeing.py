#!/usr/bin/env python3
"""What it costs to see a run: the share of the trainer's time that its callbacks take, by perf's samples.

    bench/seeing.py [--program build/bin/deepq] [--frames 2400] [--env PongNoFrameskip-v4]

Sides, a run each: `logs`, into a pipe: log.jsonl, events, actions, models; `screen`, on a terminal of 80x24; `watch`, with
--watch in 24-bit colours; `page`, with --dashboard and a reader of its events. Learner: --preset book, one thread, learning
from frame 1,000 on. Pairs of whole runs cannot show a hundredth on a machine that others share; samples of one run can, since
all of it is slowed alike. Needs perf, and may take a minute a side.
"""

import argparse
import fcntl
import os
import pty
import struct
import subprocess
import tempfile
import termios
import threading
import time
import urllib.request

PORT = 8771
SIDES = {"logs": [], "screen": [], "watch": ["--watch"], "page": ["--dashboard", str(PORT)]}
PARTS = {"models": {"on_best"}, "logs and actions": {"dq_run_store_act", "dq_run_store_game"},
         "terminal": {"train_screen_update", "train_screen_game"}, "page": {"dq_live_game_act", "dq_live_game_step"},
         "all": {"on_game", "on_best", "on_solved", "on_step", "on_act", "on_checkpoint"}}


def drain(fd):
    try:
        while os.read(fd, 65536):
            pass
    except OSError:
        pass


def read_events(over):
    while not over.wait(0.05):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{PORT}/events", timeout=60) as events:
                while events.readline():
                    pass
        except OSError:
            pass


def record(side, args, folder):
    """perf's samples of a run."""
    data, over, ends = os.path.join(folder, "perf.data"), threading.Event(), None
    command = ["perf", "record", "-q", "-F", "300", "--call-graph", "dwarf,16384", "-o", data, args.program, "train", "--env",
               args.env, "--preset", "book", "--threads", "1", "--set", "replay_start=1000", "--set",
               "checkpoint_every=1000000000", "--frames", str(args.frames), "--out", os.path.join(folder, "run"), *SIDES[side]]
    env = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
    if side != "logs":
        ends = pty.openpty()
        fcntl.ioctl(ends[1], termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        threading.Thread(target=drain, args=[ends[0]], daemon=True).start()
    if side == "page":
        threading.Thread(target=read_events, args=[over], daemon=True).start()
    subprocess.run(command, check=True, env=env, stdout=ends[1] if ends else subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    over.set()
    for fd in ends or ():
        os.close(fd)
    return data


def stacks(data):
    """The functions of each sample, as a set."""
    text = subprocess.run(["perf", "script", "-i", data, "-F", "ip,sym"], check=True, capture_output=True, text=True).stdout
    for block in text.split("\n\n"):
        yield {words[1] for words in (line.split(None, 1) for line in block.splitlines()) if len(words) == 2}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", default="build/bin/deepq")
    parser.add_argument("--env", default="PongNoFrameskip-v4")
    parser.add_argument("--frames", type=int, default=2400)
    args = parser.parse_args()
    print(f"{'% of the samples of the trainer':32}" + "".join(f"{part:>18}" for part in PARTS) + f"{'samples':>9}")
    for side in SIDES:
        with tempfile.TemporaryDirectory() as folder:
            found = [names for names in stacks(record(side, args, folder)) if "dq_trainer_run" in names]
        shares = [100 * sum(bool(names & of) for names in found) / len(found) for of in PARTS.values()]
        print(f"{side:32}" + "".join(f"{share:18.3f}" for share in shares) + f"{len(found):9}", flush=True)
        time.sleep(1)


if __name__ == "__main__":
    main()
