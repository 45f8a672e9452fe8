"""kill -9 at random moments, often while a checkpoint is written: the run that is resumed ends as one that
was never stopped, in every store of the replay buffer.

DEEPQ_KILLS says how many times (9, under a sanitizer 6); DEEPQ_KILLS_SEED repeats a failure.
"""

import json
import os
import random
import time

import event_file
from program import OWN_PONG, SANITIZED, Case, main, run

N_KILLS = int(os.environ.get("DEEPQ_KILLS", "6" if SANITIZED else "9"))
SEED = int(os.environ.get("DEEPQ_KILLS_SEED", random.randrange(1 << 30)))
FRAMES = 400 if SANITIZED else 1500
COMMON = ["--env", OWN_PONG, "--set", "replay_size=300", "--set", "replay_start=100", "--set", "network=small",
          "--set", "checkpoint_every=50", "--set", "train_every=2"]
PRIORITISED = ["--set", "priority_alpha=0.6", "--set", "priority_beta=0.4", "--set", "priority_beta_steps=2000"]
KINDS = {
    "plain": ["--threads", "1", "--set", "replay_store=plain"],
    "packed, two threads": ["--threads", "2", "--set", "replay_store=packed"],
    "in a file, prioritised": ["--threads", "2", "--set", "replay_store=file:.", *PRIORITISED],
    "packed, four environments": ["--threads", "1", "--set", "replay_store=packed", "--set", "n_envs=4",
                                  "--set", "n_step=3"],
    "in a file, four environments": ["--threads", "2", "--set", "replay_store=file:.", "--set", "n_envs=4"],
    "plain, four environments, prioritised": ["--threads", "2", "--set", "n_envs=4", *PRIORITISED],
}


class Kills(Case):
    def setUp(self):
        super().setUp()
        self.random = random.Random(SEED)

    def is_writing(self, out):
        """A checkpoint's temporary files are there."""
        try:
            return any(name.endswith(".tmp") for name in os.listdir(out / "checkpoint"))
        except FileNotFoundError:
            return False

    def kill(self, out, *arguments):
        """Start or continue a run and kill it: after a while, or in the middle of a checkpoint."""
        deepq = self.start("train", *arguments, cwd=self.dir)
        end = time.monotonic() + self.random.uniform(0, 3 if SANITIZED else 0.8)
        waits_for_checkpoint = self.random.randrange(3) == 0
        while deepq.poll() is None and (time.monotonic() < end or waits_for_checkpoint):
            if time.monotonic() >= end and self.is_writing(out):
                break
            time.sleep(0.0002)
        deepq.kill()
        deepq.wait()

    def told(self, out):
        """What a run left behind, without the times in it."""
        log = [{k: v for k, v in json.loads(line).items() if k not in ("time", "speed")}
               for line in (out / "log.jsonl").read_text().splitlines()]
        events, = out.glob("events.out.tfevents.*")
        scalars = [(tag, step, value) for tag, step, value, *_ in event_file.scalars(events) if tag != "speed"]
        models = {p.name: p.read_bytes() for p in out.glob("*.dat")}
        checkpoint = {p.name: p.read_bytes() for p in (out / "checkpoint").iterdir()
                      if p.name != "state.before" and not p.name.startswith("replay-")}
        return {"log": log, "scalars": scalars, "models": models, "checkpoint": checkpoint}

    def check_kind(self, name, options, n_kills):
        whole, out = self.dir / f"{name} whole", self.dir / name
        play = [*COMMON, *options, "--frames", FRAMES]
        self.check(run("train", *play, "--out", whole, cwd=self.dir), 0)
        for _ in range(n_kills):
            self.kill(out, *(["--resume", out] if (out / "config").exists() else [*play, "--out", out]))
        done = run("train", *(["--resume", out, "--frames", FRAMES] if (out / "config").exists()
                              else [*play, "--out", out]), cwd=self.dir)
        self.check(done, 0)
        self.assertEqual(done.stderr, "", "something was damaged")
        want, got = self.told(whole), self.told(out)
        for part in want:
            self.assertEqual(got[part], want[part], f"{name}: {part} (DEEPQ_KILLS_SEED={SEED})")
        self.check(run("inspect", out), 0, "checksum right")

    def test_kill_9(self):
        for i, (name, options) in enumerate(KINDS.items()):
            with self.subTest(name):
                self.check_kind(name, options, (N_KILLS + i) // len(KINDS))


main()
