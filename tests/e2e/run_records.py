"""A run's records, log.jsonl and TensorBoard's events: whole after any stop, one file for one run."""

import json
import re
import signal

from event_file import scalars
from program import OWN_PONG, Case, main, run

# Games of one life, about 40 frames: many lines in a short run, and nothing is learnt.
MANY = ["--env", "deepq/Bricks-v0", "--dialect", "sb3", "--set", "network=small"]


def records(path):
    """(step, tag) of each point in an event file."""
    return [(step, tag) for tag, step, _, _ in scalars(path)]


def games(folder):
    return [(g["frame"], g["reward"]) for g in
            map(json.loads, (folder / "log.jsonl").read_text().splitlines())]


class Records(Case):
    def event_file(self, folder):
        files = list(folder.glob("*tfevents*"))
        self.assertEqual(len(files), 1, files)
        return files[0]

    def assert_one_curve(self, folder):
        """Each game of the log is there once, in its order."""
        frames = [frame for frame, _ in games(folder)]
        self.assertEqual(frames, sorted(set(frames)))
        points = records(self.event_file(folder))
        for tag in ("epsilon", "speed", "reward_100", "reward"):
            self.assertEqual([step for step, name in points if name == tag], frames)

    def test_killed_before_its_first_checkpoint(self):
        out, whole = self.dir / "run", self.dir / "whole"
        deepq = self.start("train", *MANY, "--set", "checkpoint_every=100000", "--out", out)
        while "done 4 games" not in deepq.stdout.readline():
            pass
        deepq.send_signal(signal.SIGKILL)
        deepq.communicate()
        self.check(run("train", "--resume", out, "--frames", "700"), 0)
        self.check(run("train", *MANY, "--frames", "700", "--out", whole), 0)
        self.assert_one_curve(out)
        self.assertEqual(games(out), games(whole))

    def test_many_restarts_are_one_file(self):
        out = self.dir / "run"
        self.check(run("train", *MANY, "--frames", "100", "--out", out), 0)
        for frames in range(150, 600, 50):
            self.check(run("train", "--resume", out, "--frames", frames), 0)
        self.assert_one_curve(out)

    def test_a_logdir_of_many_runs(self):
        board = self.dir / "board"
        for name in "ab":
            self.check(run("train", *MANY, "--frames", "100", "--out", self.dir / name, "--logdir",
                           board), 0)
        self.check(run("train", "--resume", self.dir / "a", "--frames", "300"), 0)
        self.check(run("train", "--config", self.dir / "a" / "config", "--out", self.dir / "c"), 0)
        self.assertEqual(len(list(board.iterdir())), 2)
        self.event_file(self.dir / "c")

    def test_a_run_from_before_goes_on_in_a_new_file(self):
        """Its settings name no file: the new one says from where on it counts."""
        out = self.dir / "run"
        self.check(run("train", *MANY, "--frames", "300", "--out", out), 0)
        config = (out / "config").read_text()
        (out / "config").write_text(re.sub("^events = .*\n", "", config, flags=re.M))
        self.event_file(out).rename(out / "events.out.tfevents.0000000001.host.1.0")
        self.check(run("train", "--resume", out, "--frames", "600"), 0)
        files = sorted(out.glob("*tfevents*"))
        self.assertEqual(len(files), 2)
        self.assertIn(b"\x3a\x02\x08\x01", files[1].read_bytes()[:100])  # a session's start
        self.check(run("train", "--resume", out, "--frames", "700"), 0)
        self.assertIn(b"\x3a\x02\x08\x01", files[1].read_bytes()[:100])
        self.assertEqual(sorted(out.glob("*tfevents*")), files)

    def test_the_name_of_the_event_file_leads_nowhere_else(self):
        out = self.dir / "run"
        self.check(run("train", *MANY, "--frames", "20", "--out", out), 0)
        config = (out / "config").read_text()
        (out / "config").write_text(re.sub("^events = ", "events = ../", config, flags=re.M))
        self.check(run("train", "--resume", out, "--frames", "30"), 2, "events", "slashes")

    def test_one_damaged_byte(self):
        out = self.dir / "run"
        self.check(run("train", *MANY, "--frames", "500", "--out", out), 0)
        before, points = games(out), records(self.event_file(out))
        self.assertGreater(len(before), 4)
        log = bytearray((out / "log.jsonl").read_bytes())
        log[log.index(b"\n") + 12] = 0
        (out / "log.jsonl").write_bytes(log)
        events = self.event_file(out)
        data = bytearray(events.read_bytes())
        data[data.index(b"epsilon")] ^= 1
        events.write_bytes(data)
        done = self.check(run("train", "--resume", out, "--frames", "510"), 0)
        self.assertEqual(len(done.stderr.splitlines()), 2, done.stderr)
        self.assertIn(f"{out}/log.jsonl: lines damaged: 1, set aside in {out}/log.jsonl.damaged",
                      done.stderr)
        self.assertIn(f"set aside in {out}/events.damaged", done.stderr)
        self.assertEqual(games(out)[:len(before) - 1], [before[0], *before[2:]])
        self.assertEqual(records(events)[:len(points) - 1], points[1:])
        again = self.check(run("train", "--resume", out, "--frames", "520"), 0)
        self.assertEqual(again.stderr, "")


main()
