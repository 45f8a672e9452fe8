"""kill -9 at random moments, often while a checkpoint is written: the run that is resumed ends as one that
was never stopped, in every store of the replay buffer.

DEEPQ_KILLS says how many times (9, under a sanitizer 6); DEEPQ_KILLS_SEED repeats a failure.
"""

import json
import os
import random
import signal
import time

import event_file
from program import OWN_BRICKS, SANITIZED, Case, main, run

N_KILLS = int(os.environ.get("DEEPQ_KILLS", "6" if SANITIZED else "9"))
SEED = int(os.environ.get("DEEPQ_KILLS_SEED", random.randrange(1 << 30)))
# Games of about 20 frames: much is told, and there are models.
COMMON = ["--env", OWN_BRICKS, "--dialect", "sb3", "--frame-skip", "20", "--set", "replay_size=300", "--set",
          "replay_start=100", "--set", "network=small", "--set", "checkpoint_every=50", "--set", "train_every=2"]
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

    def kill(self, out, *arguments):
        """Start or continue a run and kill it some checkpoints later, a moment after one or in the middle of the
        next. Its own progress is what is waited for, so that it is at work on any machine."""
        deepq = self.start("train", *arguments, cwd=self.dir)
        folder, n = out / "checkpoint", self.random.randrange(4)
        in_the_middle, moment = self.random.randrange(3) == 0, self.random.uniform(0, 0.005)

        def newest():
            try:
                state = (folder / "state").stat()
                return state.st_ino, state.st_mtime_ns
            except FileNotFoundError:
                return None

        def is_writing():
            return folder.exists() and any(name.endswith(".tmp") for name in os.listdir(folder))

        last = newest()
        while deepq.poll() is None and (n > 0 or in_the_middle and not is_writing()):
            if newest() != last:
                last, n = newest(), n - 1
            time.sleep(0.0002)
        time.sleep(0 if in_the_middle else moment)
        deepq.kill()
        self.assertEqual(deepq.wait(), -signal.SIGKILL, f"it had ended before (DEEPQ_KILLS_SEED={SEED})")

    def told(self, out):
        """What a run left behind, without the times in it."""
        log = [{k: v for k, v in json.loads(line).items() if k not in ("time", "speed") and not k.endswith("_ms")}
               for line in (out / "log.jsonl").read_text().splitlines()]
        events, = out.glob("events.out.tfevents.*")
        scalars = [(tag, step, value) for tag, step, value, *_ in event_file.scalars(events)
                   if tag != "speed" and not tag.endswith("_ms")]
        models = {p.name: p.read_bytes() for p in out.glob("*.dat")}
        checkpoint = {p.name: p.read_bytes() for p in (out / "checkpoint").iterdir()
                      if p.name != "state.before" and not p.name.startswith("replay-")}
        return {"log": log, "scalars": scalars, "models": models, "checkpoint": checkpoint}

    def check_kind(self, name, options, n_kills):
        whole, out = self.dir / f"{name} whole", self.dir / name
        frames = 50 * (8 * n_kills + 4)  # a kill takes four checkpoints, and a few on a fast machine
        play = [*COMMON, *options, "--frames", frames]
        self.check(run("train", *play, "--out", whole, cwd=self.dir), 0)
        for _ in range(n_kills):
            self.kill(out, *(["--resume", out] if (out / "config").exists() else [*play, "--out", out]))
        done = run("train", *(["--resume", out, "--frames", frames] if (out / "config").exists()
                              else [*play, "--out", out]), cwd=self.dir)
        self.check(done, 0)
        self.assertEqual(done.stderr, "", "something was damaged")
        want, got = self.told(whole), self.told(out)
        for part in want:
            self.assertTrue(want[part], part)
            self.assertEqual(got[part], want[part], f"{name}: {part} (DEEPQ_KILLS_SEED={SEED})")
        self.check(run("inspect", out), 0, "checksum right")

    def test_kill_9(self):
        for i, (name, options) in enumerate(KINDS.items()):
            with self.subTest(name):
                self.check_kind(name, options, (N_KILLS + i) // len(KINDS))


main()
