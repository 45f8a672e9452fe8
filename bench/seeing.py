#!/usr/bin/env python3
"""What it costs to see a run: processor time a frame of `deepq train` beside the same learner without a folder.

    bench/seeing.py [--program build/bin/deepq] [--rounds 5] [--frames 1500] [-- MORE OF TRAIN]

Sides, in turn: `bare`, deepq.train() in this Python, which writes nothing; `logs`, `deepq train` into a pipe: log.jsonl,
events, actions and models; `screen`, on a terminal of 80x24; `watch`, with --watch; `page`, with --dashboard and a
reader of its events. Learner: --preset book on Pong, one thread, learning from frame 1,000 on, no checkpoints. A run of
1,000 frames is taken off one of 1,000 + `frames`, so that neither the start nor the import counts. Processor time, since
other programs take little of it; medians of the rounds.
"""

import argparse
import os
import pty
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import urllib.request

BARE = """
import deepq, sys
deepq.train(sys.argv[1], preset="book", frames=int(sys.argv[2]), progress=False, threads=1, replay_start=1000,
            checkpoint_every=10**9)
"""
SIDES = {"bare": [], "logs": [], "screen": [], "watch": ["--watch"], "page": ["--dashboard", "{port}"]}


def drain(fd):
    try:
        while os.read(fd, 65536):
            pass
    except OSError:
        pass


def read_events(port):
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/events", timeout=60) as events:
                while events.readline():
                    pass
            return
        except OSError:
            if read_events.over.wait(0.05):
                return


def command(side, args, frames, folder):
    if side == "bare":
        return [sys.executable, "-c", BARE, args.env, str(frames)]
    more = [word.format(port=args.port) for word in SIDES[side]]
    return [args.program, "train", "--env", args.env, "--preset", "book", "--threads", "1", "--set", "replay_start=1000",
            "--set", "checkpoint_every=1000000000", "--frames", str(frames), "--out", os.path.join(folder, "run"), *more,
            *args.more]


def seconds(side, args, frames):
    """Processor time of a run in a process of its own."""
    env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    with tempfile.TemporaryDirectory() as folder:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        read_events.over = threading.Event()
        ours = theirs = None
        if side in ("screen", "watch", "page"):
            ours, theirs = pty.openpty()
            threading.Thread(target=drain, args=[ours], daemon=True).start()
        if side == "page":
            threading.Thread(target=read_events, args=[args.port], daemon=True).start()
        subprocess.run(command(side, args, frames, folder), check=True, env=env, stderr=theirs,
                       stdout=theirs if theirs else subprocess.DEVNULL)
        read_events.over.set()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        for fd in (ours, theirs):
            if fd:
                os.close(fd)
    return sum(after[:2]) - sum(before[:2])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", default="build/bin/deepq")
    parser.add_argument("--env", default="PongNoFrameskip-v4")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--frames", type=int, default=1500)
    parser.add_argument("--port", type=int, default=8765)
    parser.add_argument("--sides", default=",".join(SIDES))
    parser.add_argument("more", nargs="*")
    args = parser.parse_args()
    sides = args.sides.split(",")
    taken = {side: [] for side in sides}
    for _ in range(args.rounds):
        for side in sides:
            taken[side].append(1000 * (seconds(side, args, 1000 + args.frames) - seconds(side, args, 1000)) / args.frames)
    print(f"{'ms of processor time a frame':30} {'median':>8} {'least':>8} {'most':>8}")
    for side, ms in taken.items():
        ratio = statistics.median(a / b for a, b in zip(ms, taken[sides[0]]))
        print(f"{side:30} {statistics.median(ms):8.3f} {min(ms):8.3f} {max(ms):8.3f}  {100 * (ratio - 1):+.2f} %")


if __name__ == "__main__":
    main()
