"""Every allocation of a command fails once: one line says so, nothing crashes, nothing is left unfreed.

A command that succeeds holds what its libraries took when they were loaded, as deepq --help does.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest
import zlib

from program import DATA, DEEPQ, OWN_BRICKS, OWN_PONG, Case, main, run

LIBRARY = os.environ.get("DEEPQ_COUNTED_MALLOC", "")
# What the C library keeps of time zones and of a thread that has ended, and those that read JSON and archives.
KEPT_OF_RUNS, KEPT_OF_MODELS = 2, 4
BRIEFLY = ["--seconds", "0.001", "--repeats", "1", "--threads", "1"]


@unittest.skipUnless(LIBRARY, "the library that makes allocations fail was not built")
class Memory(Case):
    def setUp(self):
        """In memory, where there is such a folder: a checkpoint is synced a thousand times."""
        super().setUp()
        if os.access("/dev/shm", os.W_OK):
            self.dir = pathlib.Path(tempfile.mkdtemp(prefix="deepq-e2e-", dir="/dev/shm"))
            self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def attempt(self, fail_at, *args, run_folder=None):
        """The process, and how many allocations it made and left. NEW is a new path, RUN a copy of the run."""
        report = self.dir / "report"
        if run_folder:  # what a checkpoint has is replaced and never changed, so links will do
            shutil.rmtree(self.dir / "copy", ignore_errors=True)
            shutil.copytree(run_folder, self.dir / "copy", ignore=shutil.ignore_patterns("checkpoint"))
            shutil.copytree(run_folder / "checkpoint", self.dir / "copy" / "checkpoint", copy_function=os.link)
        args = [str(a).replace("NEW", f"new{fail_at}").replace("RUN", "copy") for a in args]
        done = subprocess.run([DEEPQ, *args], cwd=self.dir, capture_output=True, text=True,
                              env={**os.environ, "LD_PRELOAD": LIBRARY, "FAIL_AT": str(fail_at),
                                   "FAIL_REPORT": str(report)})
        made, held = map(int, report.read_text().split()) if report.exists() else (0, 0)
        report.unlink(missing_ok=True)
        return done, made, held

    def config(self, args, fail_at):
        """That of the run in NEW: one that succeeds although an allocation failed lacks nothing. The name of
        its events has a process's number in it."""
        path = self.dir / str(args[-1]).replace("NEW", f"new{fail_at}") / "config"
        return re.sub("^events = .*\n", "", path.read_text(), flags=re.M) if path.exists() else None

    def check_every_allocation(self, *args, run_folder=None, kept=0, step=1):
        _, _, least = self.attempt(0, "--help")
        whole, n, held = self.attempt(0, *args, run_folder=run_folder)
        self.assertEqual(whole.returncode, 0, whole.stderr)
        self.assertGreater(n, 0)
        self.assertLessEqual(held, least + kept, "blocks not freed though it succeeds")
        for fail_at in range(1, n + 1, step):
            done, _, left = self.attempt(fail_at, *args, run_folder=run_folder)
            told = f"allocation {fail_at} of {n}: {done.returncode}: {done.stderr}"
            self.assertIn(done.returncode, (0, 1), told)
            if done.returncode == 1:
                self.assertRegex(done.stderr, r"\A(deepq: nothing will be learned[^\n]*\n)?deepq: [^\n]*memory[^\n]*\n\Z",
                                 told)
            self.assertLessEqual(left, held, told)
            if done.returncode == 0:
                self.assertEqual(self.config(args, fail_at), self.config(args, 0), told)
            for made in self.dir.glob(f"*-new{fail_at}"):
                shutil.rmtree(made) if made.is_dir() else made.unlink()

    def test_train(self):
        few = ["--frames", "4", "--threads", "1", "--set", "network=small", "--set", "replay_size=50",
               "--set", "replay_start=40", "--out"]
        self.check_every_allocation("train", "--env", OWN_PONG, "--dialect", "sb3", "--envs", "3", "--set",
                                    "priority_alpha=0.6", "--set", "double_dqn=true", *few, "a-NEW", kept=KEPT_OF_RUNS)

    def test_vectors(self):
        few = ["--set", "replay_size=50", "--set", "replay_start=40", "--set", "hidden=8"]
        self.check_every_allocation("train", "--env", "MountainCar-v0", *few, "--envs", "2", "--threads", "1",
                                    "--frames", "45", "--out", "v-NEW", kept=KEPT_OF_RUNS)
        self.check(run("train", "--env", "CartPole-v1", *few, "--frames", "120", "--out", self.dir / "run"), 0)
        self.check_every_allocation("play", "-m", self.dir / "run", "--last", "--no-vis", kept=KEPT_OF_MODELS)

    def test_resume_and_models(self):
        """Games of about 20 steps, some over before the stop and some after it, of a small state: what pictures
        take is test_train's. Every fifth: what a run and a model allocate when they begin fails one by one in
        test_vectors."""
        self.check(run("train", "--env", "CartPole-v1", "--set", "hidden=8", "--set", "replay_size=3000", "--set",
                       "replay_start=3000", "--frames", "200", "--out", self.dir / "run"), 0)
        self.assertTrue(list((self.dir / "run").glob("*.dat")))
        self.check_every_allocation("inspect", self.dir / "run")
        self.check_every_allocation("train", "--resume", "RUN", "--frames", "260",
                                    "--threads", "1", run_folder=self.dir / "run", kept=KEPT_OF_MODELS, step=5)
        self.check_every_allocation("eval", "-m", self.dir / "run", "--episodes", "1", "--cap", "40",
                                    kept=KEPT_OF_MODELS, step=5)

    def test_exports(self):
        """The zip is made of all parts that files of other programs are made of. Every fifth: a model's
        allocations fail one by one in the unit tests of its readers."""
        self.check(run("train", "--env", "CartPole-v1", "--set", "hidden=8", "--set", "replay_size=100", "--set",
                       "replay_start=50", "--frames", "120", "--out", self.dir / "run"), 0)
        model = next((self.dir / "run").glob("*.dat"))
        self.check_every_allocation("export", model, "-o", "x-NEW.zip", kept=KEPT_OF_MODELS, step=5)
        self.check_every_allocation("export", model, "-o", "x-NEW.c", "--quantize", "int8", "--states", "1",
                                    kept=KEPT_OF_MODELS, step=5)

    def test_plot(self):
        """Numbers alone: how cairo and fontconfig end without memory is theirs."""
        game, evaluation = '{"frame":900,"reward":1.5,"loss":null}\n', '{"frame":5,"mean":2,"rewards":[1,3]}\n'
        for seed in 1, 2, 3:
            (self.dir / f"s{seed}").mkdir()
            (self.dir / f"s{seed}" / "config").write_text(f"seed = {seed}\ndouble_dqn = {str(seed > 2).lower()}\n")
            (self.dir / f"s{seed}" / "log.jsonl").write_text(game * 3)
            (self.dir / f"s{seed}" / "evaluations.jsonl").write_text(evaluation)
        self.check_every_allocation("plot", "s1", "s2", "s3", "--csv", "NEW", "-r", "dopamine-c51", "-r", "human")
        self.check_every_allocation("plot", "s1", "s2", "--csv", "NEW", "-m", "evaluation")

    def test_what_is_refused_leaves_nothing(self):
        """A checkpoint and a model that end early, a trace of another cartridge, settings that are none."""
        self.check(run("train", "--env", OWN_PONG, "--set", "network=small", "--set", "replay_size=100", "--set",
                       "replay_start=50", "--frames", "5", "--out", self.dir / "run"), 0)
        state = self.dir / "run" / "checkpoint" / "state"
        cut = state.read_bytes()
        cut = cut[:cut.index(b"batch = ")]
        state.write_bytes(cut + zlib.crc32(cut).to_bytes(4, "little"))
        model = (DATA.parents[1] / "data" / "models" / "pong.dat").read_bytes()
        (self.dir / "cut.dat").write_bytes(model[:len(model) // 2])
        trace = next((DATA / "testroms").glob("*.atr")).read_bytes()
        (self.dir / "cut.atr").write_bytes(trace[:-5])
        (self.dir / "none").write_text("gamma = 2\n")
        _, _, least = self.attempt(0, "--help")
        for args in (["inspect", "run"], ["train", "--resume", "run", "--frames", "9"], ["eval", "-m", "run", "--last"],
                     ["inspect", "cut.dat"], ["play", "-m", "cut.dat"], ["trace", "check", "cut.atr"],
                     ["train", "--config", "none"], ["roms", "import", "none"], ["envs", "Pong"]):
            done, _, held = self.attempt(0, *args)
            self.assertIn(done.returncode, (1, 2), f"{args}: {done.stderr}")
            self.assertLessEqual(held, least + KEPT_OF_MODELS * ("cut.dat" in args), f"{args}: {done.stderr}")

    def test_the_rest(self):
        trace = DATA.resolve() / "homebrew" / "pong.atr"
        for args in (["tabular", "q-learning", "--max-iterations", "3", "--no-log"],
                     ["tabular", "value-iteration", "--max-iterations", "3", "--no-log", "--env", "Taxi-v3"],
                     ["tabular", "q-learning", "--target", "double", "--max-iterations", "3", "--no-log"],
                     ["tabular", "q-learning", "--max-iterations", "3", "--no-log", "--seeds", "2", "--threads", "1"],
                     ["tabular", "q-iteration", "--model", "known", "--show", "--render"],
                     ["envs"], ["envs", OWN_PONG], ["envs", "--dialect", "sb3"],
                     ["trace", "check", trace], ["trace", "record", "--env", OWN_PONG, "--frames", "5", "-o", "NEW"],
                     *(["bench", what, "--env", OWN_PONG, *BRIEFLY] for what in ("emulator", "env", "tabular")),
                     ["bench", "vector", "--env", OWN_PONG, "--envs", "2", *BRIEFLY]):
            with self.subTest(args):
                self.check_every_allocation(*args)


main()
