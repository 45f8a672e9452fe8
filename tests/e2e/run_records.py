"""A run's records, log.jsonl and TensorBoard's events: whole after any stop, one file for one run."""

import json
import os
import pathlib
import re
import random
import resource
import shutil
import signal
import subprocess
import tarfile
import unittest
import zlib

from event_file import scalars
from program import DATA, DEEPQ, SANITIZED, Case, main, open_terminal, run

FAULTS = pathlib.Path(os.environ.get("DEEPQ_DISK_FAULTS", "build/tests/libdisk_faults.so"))


# Games of about 20 frames, each of them long: many lines in a short run, and nothing is learnt.
MANY = ["--env", "deepq/Bricks-v0", "--dialect", "sb3", "--frame-skip", "20", "--set", "network=small"]


def records(path):
    """(step, tag) of each point in an event file."""
    return [(step, tag) for tag, step, _, _ in scalars(path)]


def state(folder):
    return (folder / "checkpoint" / "state").read_bytes()


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
        data[data.index(b"\n\x06reward") + 2] ^= 1  # the first curve's name, with its length
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



class Faults(Case):
    """A disk that is full or slow for a while, by a library of ours that is loaded before libc."""

    def setUp(self):
        super().setUp()
        if not FAULTS.exists():
            self.skipTest("the library disk_faults is missing")
        self.list = self.dir / "list"

    def env(self, **faults):
        return {"LD_PRELOAD": str(FAULTS), "DEEPQ_FAULTS_LIST": str(self.list), **faults,
                "ASAN_OPTIONS": "verify_asan_link_order=0:" + os.environ.get("ASAN_OPTIONS", "")}

    event_file = Records.event_file
    assert_one_curve = Records.assert_one_curve

    def test_a_disk_that_is_full_for_a_while(self):
        """Log, events, models and checkpoints: each is told once, none is missing at the end."""
        whole = self.dir / "whole"
        args = [*MANY, "--set", "checkpoint_every=100", "--frames", "600"]
        self.check(run("train", *args, "--out", whole), 0)
        for full in ("4-9", "9-20", "16-60"):
            out = self.dir / full
            done = run("train", *args, "--out", out, env=self.env(DEEPQ_FAULTS_FULL=full))
            first, *told = self.check(done, 0).stderr.splitlines()
            self.assertIn("nothing will be learned", first)
            self.assertIn("No space left on device: training continues, and this is tried again", told[0])
            self.assertIn("it can be written again", told[-1])
            self.assertLessEqual(len(told), 8, told)
            self.assertEqual(state(out), state(whole))
            self.assertEqual((out / "actions").read_bytes(), (whole / "actions").read_bytes())
            self.assertEqual(games(out), games(whole))
            best = max(whole.glob("*.dat"))  # one that a better one overtook while it waited may lack
            self.assertEqual(best.read_bytes(), (out / best.name).read_bytes())
            self.assert_one_curve(out)

    def test_an_end_that_cannot_be_saved(self):
        out, whole = self.dir / "run", self.dir / "whole"
        args = [*MANY, "--set", "checkpoint_every=100", "--frames", "600"]
        self.check(run("train", *args, "--out", whole), 0)
        done = run("train", *args, "--out", out, env=self.env(DEEPQ_FAULTS_FULL="110-999999"))
        told = done.stderr.splitlines()
        self.assertEqual(done.returncode, 1, told)
        self.assertRegex(told[-1], "No space left on device; the checkpoint of frame [1-5]00 is whole: "
                         "continue from there with deepq train --resume ")
        self.check(run("train", "--resume", out), 0)
        self.assertEqual(state(out), state(whole))
        self.assertEqual(games(out), games(whole))
        self.assert_one_curve(out)

    def test_records_are_on_the_disk_before_the_checkpoint_is(self):
        out = self.dir / "run"
        self.check(run("train", *MANY, "--frames", "250", "--set", "checkpoint_every=100", "--out", out,
                       env=self.env()), 0)
        lines = self.list.read_text().splitlines()
        checkpoint = f"rename {out}/checkpoint/state"
        self.assertEqual(lines.count(checkpoint), 3)
        at = -1
        for _ in range(3):
            before, at = at, lines.index(checkpoint, at + 1)
            self.assertIn(f"sync {out}/log.jsonl", lines[before + 1:at])
            self.assertTrue(any("tfevents" in line for line in lines[before + 1:at]))

    def test_the_last_state_is_saved_once(self):
        out = self.dir / "run"
        self.check(run("train", *MANY, "--frames", "200", "--set", "checkpoint_every=100", "--out", out,
                       env=self.env()), 0)
        lines = self.list.read_text().splitlines()
        self.assertEqual(lines.count(f"rename {out}/checkpoint/state"), 2)

    def test_a_slow_save_is_told_on_a_terminal(self):
        env = self.env(DEEPQ_FAULTS_SLOW="1")
        master, terminal = open_terminal(self)
        deepq = subprocess.Popen([DEEPQ, "train", *MANY, "--frames", "20", "--out", self.dir / "run"],
                                 stdout=terminal, stderr=subprocess.PIPE,
                                 env={**os.environ, **env, "TERM": "xterm"})
        os.close(terminal)
        written = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:
                part = b""
            if not part:
                break
            written += part
        os.close(master)
        told = deepq.communicate()[1]
        self.assertEqual(deepq.returncode, 0, told)
        self.assertRegex(told, rb"\Adeepq: nothing will be learned: [^\n]*\n\Z")
        self.assertIn(b"\rsaving the checkpoint ...\x1b[K", written)
        self.assertTrue(written.endswith(b"\r\x1b[K"))
        done = self.check(run("train", *MANY, "--frames", "20", "--out", self.dir / "b", env=env), 0)
        self.assertNotIn("saving", done.stdout + done.stderr)


class Checkpoints(Case):
    def test_it_holds_what_is_filled(self):
        """None at the start, none twice, and none of what the replay may hold one day."""
        out = self.dir / "run"
        self.check(run("train", *MANY, "--set", "replay_size=100000", "--set", "priority_alpha=0.6",
                       "--frames", "50", "--out", out), 0)
        self.assertLess(len(state(out)), 9_000_000)  # 706 MB when it is full
        inode = (out / "checkpoint" / "state").stat().st_ino
        self.check(run("train", "--resume", out), 0, "is finished")
        young = self.dir / "young"
        deepq = self.start("train", *MANY, "--out", young)
        deepq.stdout.readline()
        self.assertEqual(list((young / "checkpoint").iterdir()), [])
        deepq.send_signal(signal.SIGKILL)
        deepq.communicate()
        self.assertEqual((out / "checkpoint" / "state").stat().st_ino, inode)

    def test_those_of_the_first_format_go_on(self):
        """Written by deepq 7c7ab8e, from weights that were all zero. To it each life was a game: it
        went on to 1 and 1 point at frames 132 and 182 of one, which are in the game that ends at 270."""
        with tarfile.open(DATA / "runs" / "first_checkpoints.tar.xz") as archive:
            archive.extractall(self.dir)
        later = {"one": [(270, 3.0)], "two": [(236, 1.0)]}
        for name, expected in later.items():
            out = self.dir / name
            before = games(out)
            self.check(run("eval", "-m", out, "--last", "--episodes", "1", "--cap", "100"), 2,
                       "an older deepq")
            self.check(run("train", "--resume", out, "--frames", "280"), 0)
            self.assertEqual(games(out), before + expected)
            self.check(run("eval", "-m", out, "--last", "--episodes", "1", "--cap", "100"), 0)

    def test_it_is_tied_to_its_settings(self):
        out = self.dir / "run"
        self.check(run("train", *MANY, "--isa", "ref", "--frames", "30", "--out", out), 0)
        config = (out / "config").read_text()
        for key, value, was in [("gamma", "0.5", "0.99"), ("n_step", "3", "1"), ("seed", "7", "0"),
                                ("precision", "bf16", "fp32"), ("isa", "avx2", "ref"),
                                ("dialect", "cleanrl", "sb3"), ("replay_size", "20000", "10000")]:
            changed = re.sub(f"^{key} = .*$", f"{key} = {value}", config, flags=re.M)
            self.assertNotEqual(changed, config)
            (out / "config").write_text(changed)
            done = run("train", "--resume", out, "--frames", "40")
            if key == "isa" and done.returncode == 1:
                continue  # this machine has not that one
            self.check(done, 2, f"{key} is {value} in the run's config and {was} in its checkpoint")
        for key, value in [("max_steps", "35"), ("reward_bound", "100"), ("checkpoint_every", "7"),
                           ("threads", "2"), ("eval_every", "34"), ("eval_games", "1")]:
            config = re.sub(f"^{key} = .*$", f"{key} = {value}", config, flags=re.M)
        (out / "config").write_text(config)
        self.check(run("train", "--resume", out), 0)
        self.check(run("inspect", out), 0, "35")

    def test_a_start_that_failed(self):
        """Killed or stopped by a full disk before its first checkpoint: it begins again, or is begun
        again in its place."""
        out = self.dir / "run"
        done = run("train", *MANY, "--frames", "100", "--out", out, preexec_fn=lambda:
                   resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16)))
        told = done.stderr.splitlines()
        self.assertEqual(done.returncode, 1)
        self.assertIn("there is no checkpoint yet: begin again with deepq train --resume", told[-1])
        self.check(run("train", *MANY, "--frames", "100", "--out", out), 2, "--resume")
        self.check(run("train", "--resume", out), 0)
        self.check(run("train", *MANY, "--frames", "100", "--out", self.dir / "whole"), 0)
        self.assertEqual(state(out), state(self.dir / "whole"))
        none = self.dir / "none"
        done = run("train", *MANY, "--frames", "100", "--out", none, preexec_fn=lambda:
                   resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)))
        self.check(done, 1, "config", "File too large")
        self.check(run("train", *MANY, "--frames", "100", "--out", none), 0)
        self.assertEqual(state(none), state(self.dir / "whole"))



class Room(Case):
    """What a run takes is looked at before anything is taken, and before anything is made."""

    def refused(self, *args, words, **options):
        out = self.dir / "run"
        self.check(run("train", *MANY, *args, "--frames", "20", "--out", out, **options), 2, *words)
        self.assertFalse(out.exists())

    @unittest.skipIf(SANITIZED, "a sanitizer needs more address space than the limit")
    def test_memory(self):
        limit = 600_000_000
        limits = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))}
        large = ["--set", "replay_size=100000"]
        self.refused(*large, "--set", "replay_store=plain", **limits,
                     words=["replay_size 100000", "memory", "600.0 MB", "ulimit -v", "smaller", "replay_store=packed"])
        self.check(run("train", *MANY, *large, "--frames", "20", "--out", self.dir / "packed", **limits), 0)
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
        if memory < 500e9:
            self.refused("--set", "replay_size=100000000", words=["GB of memory", "has "])

    def test_the_memory_of_a_control_group(self):
        groups = [(pathlib.Path("/sys/fs/cgroup"), "memory.max"),
                  (pathlib.Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes")]
        for root, name in groups:
            group = root / f"deepq-test-{os.getpid()}"
            try:
                group.mkdir()
            except OSError:
                continue
            self.addCleanup(group.rmdir)
            if not (group / name).exists():  # a folder, but no control group
                continue
            try:
                (group / name).write_text("400000000")
            except OSError:
                continue
            self.refused("--set", "replay_size=60000", "--set", "replay_store=plain", words=["this control group has 400.0 MB"],
                         preexec_fn=lambda: (group / "cgroup.procs").write_text(str(os.getpid())))
            return
        self.skipTest("no control group can be made here")

    def test_a_replay_in_a_file_has_its_room_at_once(self):
        small = self.small_disk("24m")
        store = f"replay_store=file:{small}"
        for args in ([store, "70 MB", "No space left"], [f"{store}/none", "No such file"]):
            self.check(run("train", *MANY, "--set", args[0], "--frames", "20", "--out", self.dir / "a"), 1,
                       str(small), *args[1:])
        self.assertFalse((self.dir / "a").exists())
        self.check(run("train", *MANY, "--set", "replay_size=2000", "--set", "replay_start=40", "--set", store,
                       "--frames", "60", "--out", self.dir / "run"), 0)
        self.assertEqual(list(small.iterdir()), [])

    def test_the_disk(self):
        small = self.small_disk("24m")
        self.check(run("train", *MANY, "--frames", "20", "--out", small / "a" / "b"), 2,
                   "the run's checkpoints take about ", " there, and there is room for 25.2 MB", "--out")
        few = ["--set", "replay_size=50", "--set", "replay_start=40"]
        self.check(run("train", *MANY, *few, "--frames", "20", "--out", small / "run"), 0)
        (small / "ballast").write_bytes(b"x" * 8_000_000)
        self.check(run("train", "--resume", small / "run", "--frames", "30"), 2, "there is room for 15.")
        (small / "ballast").write_bytes(b"x" * 100_000)  # the one that is there counts
        self.check(run("train", "--resume", small / "run", "--frames", "30"), 0)

    def test_what_is_taken_is_as_told(self):
        """Of a run whose replay is full: the memory at its most, and the checkpoint."""
        out = self.dir / "run"
        args = [*MANY, "--set", "replay_size=20000", "--set", "replay_start=20000", "--frames", "20100",
                "--set", "priority_alpha=0.6", "--threads", "1", "--json"]
        deepq = self.start("train", *args, "--out", out)
        start = json.loads(deepq.stdout.readline())
        deepq.stdout.read()
        _, status, used = os.wait4(deepq.pid, 0)
        deepq.returncode = status
        self.assertEqual(status, 0)
        files = {p.name: p.stat().st_size for p in (out / "checkpoint").iterdir() if p.name != "state.before"}
        size = sum(files.values())  # the segments' are an estimate
        self.assertTrue(files["state"] < start["checkpoint"], start)
        self.assertTrue(size <= start["checkpoint"] < size + 20000 * 7056 / 8, (files, start["checkpoint"]))
        if not SANITIZED:
            most = used.ru_maxrss * 1024
            self.assertTrue(0.6 * most < start["memory"] < 1.5 * most, (most, start["memory"]))


class Damaged(Case):
    """The checkpoint before takes the place of one that is damaged."""

    ARGS = ["--env", "deepq/Pong-v0", "--set", "network=small", "--set", "replay_size=200", "--set",
            "replay_start=50", "--set", "checkpoint_every=60", "--set", "train_every=4", "--threads", "1"]

    def setUp(self):
        super().setUp()
        self.out, self.whole = self.dir / "run", self.dir / "whole"
        self.check(run("train", *self.ARGS, "--frames", "290", "--out", self.out), 0)
        self.check(run("train", *self.ARGS, "--frames", "310", "--out", self.whole), 0)
        self.names = sorted(p.name for p in (self.out / "checkpoint").iterdir())

    def copy(self):
        copy = self.dir / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.out, copy)
        return copy

    def needed(self, name):
        """Files that the newest checkpoint alone needs."""
        newest = next(n for n in self.names if n.endswith("-240")).removesuffix("-240")  # of the one before
        return name == "state" or name.endswith("-290") or (name.startswith("replay-") and newest <= name and
                                                            not name.endswith("-240"))

    def assert_goes_on(self, copy, *words):
        done = run("train", "--resume", copy, "--frames", "310")
        self.check(done, 0)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        for word in (*words, "continues from the checkpoint before, at frame 240"):
            self.assertIn(word, done.stderr)
        self.assertEqual(state(copy), state(self.whole))
        self.assertEqual(games(copy), games(self.whole))
        again = run("train", "--resume", copy, "--frames", "320")
        self.assertEqual((again.returncode, again.stderr), (0, ""))

    def test_what_there_is(self):
        self.assertIn("state.before", self.names)
        self.assertTrue(any(n.endswith("-240") for n in self.names), self.names)
        self.assertTrue(any(n.endswith("-290") for n in self.names), self.names)
        self.assertEqual([n for n in self.names if not n.startswith(("state", "replay-"))], [])

    def test_a_flipped_byte_anywhere(self):
        """Of each file five: all of them would take an hour."""
        chance = random.Random(5)
        for name in self.names:
            size = (self.out / "checkpoint" / name).stat().st_size
            for at in sorted(chance.randrange(size) for _ in range(1 if SANITIZED else 3)) + [0, size - 1]:
                copy = self.copy()
                path = copy / "checkpoint" / name
                data = bytearray(path.read_bytes())
                data[at] ^= 1 << chance.randrange(8)
                path.write_bytes(data)
                with self.subTest(name, at=at):
                    done = run("train", "--resume", copy, "--frames", "290")
                    if name == "state.before":
                        self.assertEqual((done.returncode, done.stderr), (0, ""))
                    elif self.needed(name):
                        self.check(done, 0)
                        self.assertIn(f"checkpoint/{name}", done.stderr)
                    elif done.returncode == 0:  # of the checkpoint before alone
                        self.assertTrue(name.endswith(("-240", "replay-00000000")) and not done.stderr,
                                        (name, done.stderr))
                    else:  # of both
                        self.check(done, 2, f"checkpoint/{name}", "and the checkpoint before")
        self.assertGreater(len(self.names), 4)

    def test_it_ends_as_if_nothing_had_been_damaged(self):
        for name in filter(self.needed, self.names):
            copy = self.copy()
            data = bytearray((copy / "checkpoint" / name).read_bytes())
            data[len(data) // 2] ^= 16
            (copy / "checkpoint" / name).write_bytes(data)
            self.assert_goes_on(copy, f"checkpoint/{name}", "damaged")
            if name == "state":  # it is kept for who wants to look
                self.assertEqual((copy / "checkpoint" / "state.damaged").read_bytes(), bytes(data))

    def test_a_missing_file(self):
        for name in filter(self.needed, self.names):
            copy = self.copy()
            (copy / "checkpoint" / name).unlink()
            self.assert_goes_on(copy, f"checkpoint/{name}", "No such file")

    def test_a_file_of_another_run(self):
        other = self.dir / "other"
        self.check(run("train", *self.ARGS, "--frames", "290", "--seed", "9", "--out", other), 0)
        for name in filter(self.needed, self.names):
            if name == "state":
                continue
            copy = self.copy()
            shutil.copy(other / "checkpoint" / name, copy / "checkpoint" / name)
            self.assert_goes_on(copy, f"checkpoint/{name}", "of another checkpoint")

    def test_a_file_as_long_with_a_sum_of_its_own(self):
        name = next(n for n in self.names if n.startswith("replay-") and self.needed(n))
        copy = self.copy()
        data = bytearray((copy / "checkpoint" / name).read_bytes())
        data[len(data) // 2] ^= 1
        data[-4:] = zlib.crc32(data[:-4]).to_bytes(4, "little")
        (copy / "checkpoint" / name).write_bytes(data)
        self.assert_goes_on(copy, f"checkpoint/{name}", "of another checkpoint")

    def test_no_state_without_its_segments(self):
        """Where one could not be written the state before stays."""
        last = next(p.name for p in (self.whole / "checkpoint").iterdir() if p.name.endswith("-310"))
        copy = self.copy()
        (copy / "checkpoint" / last / "in the way").mkdir(parents=True)
        done = run("train", "--resume", copy, "--frames", "310")
        self.assertIn(last, done.stderr)
        shutil.rmtree(copy / "checkpoint" / last)
        done = run("train", "--resume", copy, "--frames", "310")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(state(copy), state(self.whole))

    def test_no_checkpoint_is_whole(self):
        copy = self.copy()
        for name in "state", "state.before":
            data = bytearray((copy / "checkpoint" / name).read_bytes())
            data[1000] ^= 1
            (copy / "checkpoint" / name).write_bytes(data)
        before = {p.name: p.read_bytes() for p in (copy / "checkpoint").iterdir()}
        log = (copy / "log.jsonl").read_bytes()
        self.check(run("train", "--resume", copy, "--frames", "310"), 2, "checkpoint/state is damaged",
                   "checkpoint/state.before is damaged")
        self.assertEqual({p.name: p.read_bytes() for p in (copy / "checkpoint").iterdir()}, before)
        self.assertEqual((copy / "log.jsonl").read_bytes(), log)

    def test_what_no_checkpoint_needs_goes(self):
        stray = self.out / "checkpoint" / "replay-00000077"
        stray.write_bytes(b"of a killed process")
        self.check(run("train", "--resume", self.out, "--frames", "310"), 0)
        self.assertFalse(stray.exists())
        self.assertEqual(state(self.out), state(self.whole))
        kept = sum(p.name.startswith("replay-") for p in (self.out / "checkpoint").iterdir())
        self.assertLess(kept, 10)


main()
