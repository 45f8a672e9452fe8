"""deepq train when it is stopped, from inside or outside: nothing is lost, nothing is damaged."""

import os
import re
import resource
import signal
import subprocess
import time
import unittest

from program import DEEPQ, OWN_PONG, Case, main, run

SMALL = ["--env", OWN_PONG, "--set", "replay_size=150", "--set", "replay_start=50",
         "--set", "checkpoint_every=40", "--set", "network=small", "--set", "train_every=8"]



def state(folder):
    return (folder / "checkpoint" / "state").read_bytes()


class Stops(Case):
    def start_training(self, out):
        """A run that only ends when it is stopped."""
        return self.start("train", *SMALL, "--frames", "1000000000", "--out", out)

    def wait_for_checkpoint(self, deepq, out, n=2):
        """Until the checkpoint was replaced n times."""
        path, seen = out / "checkpoint" / "state", set()
        while len(seen) < n:
            self.assertIsNone(deepq.poll(), "it ended by itself")
            if path.exists():
                seen.add(path.stat().st_ino)
            time.sleep(0.005)

    def assert_ends_as_expected(self, out):
        """After resuming, the run ends as one that nobody stopped, forty frames after the stop."""
        found = re.search(r"^ +frames +(\d+)$", run("inspect", out).stdout, re.M)
        frames = int(found[1]) + 40
        self.check(run("train", "--resume", out, "--frames", frames), 0)
        self.check(run("train", *SMALL, "--frames", frames, "--out", self.dir / "whole"), 0)
        self.assertEqual(state(out), state(self.dir / "whole"))

    def stop_by(self, *signals):
        out = self.dir / "run"
        deepq = self.start_training(out)
        self.wait_for_checkpoint(deepq, out)
        for number in signals:
            deepq.send_signal(number)
        status = deepq.wait()
        return out, status, deepq.stderr.read()

    def test_ctrl_c(self):
        out, status, text = self.stop_by(signal.SIGINT)
        self.assertEqual(status, 130, text)
        self.assertIn(f"continue with deepq train --resume {out}", text)
        self.assertEqual(len(text.splitlines()), 1)
        self.assert_ends_as_expected(out)

    def test_ctrl_c_twice_is_harmless(self):
        out, status, text = self.stop_by(signal.SIGINT, signal.SIGINT, signal.SIGTERM)
        self.assertEqual(status, 130, text)
        self.assert_ends_as_expected(out)

    def test_sigterm_and_a_closed_terminal(self):
        for number in (signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number), self.subTest():
                self.dir = self.dir / number.name
                self.dir.mkdir()
                out, status, text = self.stop_by(number)
                self.assertEqual(status, 130, text)
                self.assert_ends_as_expected(out)

    def test_kill_9(self):
        out, status, _ = self.stop_by(signal.SIGKILL)
        self.assertEqual(status, -signal.SIGKILL)
        self.assert_ends_as_expected(out)

    def test_standard_output_goes_away(self):
        out = self.dir / "run"
        deepq = self.start("train", "--env", OWN_PONG, "--out", out)
        deepq.stdout.readline()
        deepq.stdout.close()
        self.assertEqual(deepq.wait(), 1)
        text = deepq.stderr.read()
        self.assertIn("standard output", text)
        self.assertIn(f"--resume {out}", text)
        for path in (out / "checkpoint", out / "checkpoint" / "state"):
            self.check(run("inspect", path), 0, "checksum right")


class ClosedDescriptors(Case):
    def test_the_programs_lines_stay_out_of_the_runs_files(self):
        """Standard input, output and error closed, in all combinations: a file that is opened would
        get the first free number."""
        for closed in ([0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2]):
            out = self.dir / "".join(map(str, closed))
            arguments = ["train", *SMALL, "--frames", "60", "--plain", "--out", str(out)]
            done = subprocess.run(["sh", "-c", 'exec "$0" "$@" ' + " ".join(f"{fd}>&-" for fd in closed),
                                   DEEPQ, *arguments], capture_output=True, timeout=300)
            self.assertEqual(done.returncode, 0, done.stderr)
            for line in (out / "log.jsonl").read_text().splitlines():
                self.assertTrue(line.startswith("{"), line)
            for path in out.iterdir():
                if path.is_file():
                    self.assertNotIn(b"Conv2d", path.read_bytes(), path)
                    self.assertNotIn(b"done 1 games", path.read_bytes(), path)
            self.check(run("inspect", out / "checkpoint"), 0, "checksum right")


class HostileFolder(Case):
    """A run's folder that somebody else made, or may write to: what is no plain file in it is not
    written through, and nothing outside of it is touched."""

    def setUp(self):
        super().setUp()
        self.out = self.dir / "run"
        self.check(run("train", *SMALL, "--frames", "60", "--out", self.out), 0)
        self.victim = self.dir / "victim"
        self.victim.write_text("precious")

    def resume(self, status, *words):
        self.check(run("train", "--resume", self.out, "--frames", "90", stdin=subprocess.DEVNULL),
                   status, *words)
        self.assertEqual(self.victim.read_text(), "precious")

    def test_a_log_that_is_a_link_is_not_cut(self):
        log = self.out / "log.jsonl"
        for target in (self.victim, self.dir / "nothing"):
            log.unlink()
            log.symlink_to(target)
            self.resume(2, "log.jsonl is a link")
        self.assertFalse((self.dir / "nothing").exists())
        log.unlink()
        os.mkfifo(log)
        self.resume(2, "log.jsonl is a device or pipe")

    def test_a_checkpoint_is_not_written_through_links(self):
        for name in ("checkpoint/state.tmp", "config.tmp"):
            (self.out / name).symlink_to(self.victim)
        self.resume(0)
        self.assertTrue((self.out / "checkpoint/state.tmp").is_symlink())
        kept = self.out / "checkpoint/kept"
        (self.out / "checkpoint/state").rename(kept)
        (self.out / "checkpoint/state").symlink_to("kept")
        before = kept.read_bytes()
        self.check(run("train", "--resume", self.out, "--frames", "120"), 2, "state is a link")
        self.assertEqual(kept.read_bytes(), before)

    def test_its_config_makes_no_folders(self):
        config = self.out / "config"
        elsewhere = self.dir / "a" / "b"
        text = config.read_text()
        config.write_text(text + f"logdir = {elsewhere}\n")
        self.resume(2, "config", str(elsewhere))
        self.assertFalse(elsewhere.parent.exists())
        elsewhere.mkdir(parents=True)
        self.resume(0)

    def test_what_a_killed_process_left_goes(self):
        left = [self.out / "checkpoint/state.0123abcd.tmp", self.out / "x.dat.00000000.tmp"]
        kept = self.out / "notes.tmp"
        for path in (*left, kept):
            path.write_text("half")
        self.resume(0)
        self.assertTrue(kept.exists())
        self.assertEqual([p for p in left if p.exists()], [])


class FullDisk(Case):
    def check_end(self, done, *words):
        """What failed first is told, and at the end what could not be saved."""
        told = done.stderr.splitlines()
        self.assertEqual((done.returncode, len(told)), (1, 2), done.stderr)
        self.assertIn("training continues, and this is tried again", told[0])
        for word in words:
            self.assertIn(word, told[1])

    def test_no_room_for_a_checkpoint(self):
        """A limit on the size of files stands for the end of the disk."""
        out = self.dir / "run"
        limit = 1 << 20
        done = run("train", *SMALL, "--frames", "60", "--out", out,
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        self.check_end(done, "File too large", "no checkpoint yet")
        self.assertEqual(list(out.rglob("*.tmp")), [])

    def test_the_last_checkpoint_stays(self):
        out = self.dir / "run"
        self.check(run("train", *SMALL, "--frames", "60", "--out", out), 0)
        before = state(out)
        limit = 1 << 20
        done = run("train", "--resume", out, "--frames", "200",
                   preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)))
        self.check_end(done, "File too large", "checkpoint of frame 60 is whole")
        self.assertEqual(state(out), before)
        self.assertEqual(list(out.rglob("*.tmp")), [])

    @unittest.skipUnless(hasattr(os, "geteuid") and os.geteuid() == 0, "mounting needs root")
    def test_a_small_disk(self):
        small = self.small_disk("24m")
        deepq = self.start("train", *SMALL, "--set", "checkpoint_every=1000000", "--out", small / "run")
        deepq.stdout.readline()  # it found room enough, and begins
        with open(small / "ballast", "wb", buffering=0) as ballast, self.assertRaises(OSError):
            while True:
                ballast.write(bytes(1 << 16))
        deepq.send_signal(signal.SIGINT)
        _, told = deepq.communicate()
        self.assertEqual(deepq.returncode, 1, told)
        self.assertIn("No space left on device; there is no checkpoint yet", told.splitlines()[-1])
        (small / "ballast").unlink()
        self.check(run("train", "--resume", small / "run", "--frames", "60"), 0)

    def test_standard_output_on_a_full_disk(self):
        """Its lines are lost; the run is not."""
        out = self.dir / "run"
        with open("/dev/full", "w") as full:
            done = run("train", *SMALL, "--frames", "90", "--out", out, stdout=full)
        told = done.stderr.splitlines()
        self.assertEqual((done.returncode, len(told)), (1, 2), told)
        self.assertIn("standard output: No space left on device: training continues", told[0])
        self.assertIn("some lines could not be written to standard output", told[1])
        self.check(run("train", *SMALL, "--frames", "90", "--out", self.dir / "whole"), 0)
        self.assertEqual(state(out), state(self.dir / "whole"))

    def test_folders_that_cannot_be_written(self):
        (self.dir / "file").write_text("in the way")
        for out, word in ((self.dir / "file" / "run", "a file is in its place"),
                          ("/proc/deepq-run", "/proc/deepq-run")):
            self.check(run("train", *SMALL, "--frames", "60", "--out", out), 1, word)


main()
