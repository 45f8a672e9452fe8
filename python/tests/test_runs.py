"""deepq.train(out=..., resume=...): no run is lost, and the program reads and continues them."""

import contextlib
import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import unittest

import gymnasium
import numpy as np

import deepq
from deepq import _core

PROGRAM = pathlib.Path(_core.__file__).resolve().parents[2] / "bin" / "deepq"
QUICK = {"progress": False, "threads": 1, "replay_start": 100, "replay_size": 1000, "checkpoint_every": 200}
FRAMES = 900


class Walk(gymnasium.Env):
    """Right leads to the reward, by chance."""

    observation_space = gymnasium.spaces.Box(-1, 1, (2,), np.float32)
    action_space = gymnasium.spaces.Discrete(2, start=1)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place = self.n = 0
        return self.look(), {}

    def look(self):
        return np.array([self.place / 10, self.n / 30], np.float32)

    def step(self, action):
        self.place += 1 if (action == 2) ^ (self.np_random.random() < 0.2) else -1
        self.n += 1
        return self.look(), float(self.place == 5), abs(self.place) == 5, self.n == 30, {}


class Forgetful(Walk, gymnasium.utils.EzPickle):
    """A pickle of it has not where it is."""

    def __init__(self):
        gymnasium.utils.EzPickle.__init__(self)


def outcome(folder):
    """What a run came to, without what a clock says."""
    games = [{k: v for k, v in game.items() if k not in ("time", "speed") and not k.endswith("_ms")} for game in deepq.Run(folder).games]
    models = {p.name: deepq.load(p).values(np.full(deepq.load(p)._n_bytes // 4, 0.1, np.float32)).tolist()
              for p in pathlib.Path(folder).glob("*.dat")}
    return games, models


def program(*words):
    return subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True)


class Runs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.whole = pathlib.Path(temporary.name) / "whole"
        cls.whole_trained = deepq.train("CartPole-v1", "cartpole", frames=FRAMES, out=cls.whole, **QUICK)

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def train(self, name, env="CartPole-v1", frames=FRAMES, **settings):
        return deepq.train(env, "cartpole", frames=frames, out=self.folder / name, **{**QUICK, **settings})

    def kill(self, name, world, frame):
        """Train in another process, and kill it at a frame."""
        code = (f"import sys, os, signal; sys.path.insert(0, {os.path.dirname(__file__)!r})\n"
                f"import deepq, test_runs\n"
                f"def callback(event, p):\n"
                f"    if event == 'game' and p['step'] > {frame}: os.kill(os.getpid(), signal.SIGKILL)\n"
                f"deepq.train({world}, 'cartpole', frames={FRAMES}, out={str(self.folder / name)!r}, "
                f"callback=callback, **test_runs.QUICK)")
        done = subprocess.run([sys.executable, "-B", "-c", code], capture_output=True, text=True)
        self.assertEqual(done.returncode, -signal.SIGKILL, done.stderr)

    def check_same(self, name, whole=None):
        for x, y in zip(outcome(self.folder / name), outcome(whole or self.whole), strict=True):
            self.assertEqual(x, y)

    def test_a_run_that_is_killed_goes_on_as_if_nothing_had_been(self):
        whole = self.whole_trained
        self.kill("killed", "'CartPole-v1'", 500)
        resumed = deepq.train(resume=self.folder / "killed", progress=False)
        self.check_same("killed")
        self.assertEqual(resumed.progress["step"], FRAMES)
        obs = np.full(4, 0.1, np.float32)
        np.testing.assert_array_equal(whole.values(obs), resumed.values(obs))
        self.assertEqual(whole.games[-1]["frame"], resumed.games[-1]["frame"])

    @unittest.skipUnless(PROGRAM.exists(), "the program is not built")
    def test_the_program_goes_on_with_it(self):
        self.train("python", frames=500)
        done = program("train", "--resume", self.folder / "python", "--frames", FRAMES, "--plain")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.check_same("python")
        self.assertIn("CartPole-v1", program("inspect", self.folder / "python").stdout)
        done = program("eval", "-m", self.folder / "python", "--episodes", 3, "--json")
        self.assertEqual((done.returncode, json.loads(done.stdout)["env"]), (0, "CartPole-v1"), done.stderr)

    @unittest.skipUnless(PROGRAM.exists(), "the program is not built")
    def test_it_goes_on_with_the_programs(self):
        settings = [f"--set={key}={QUICK[key]}" for key in ("replay_start", "replay_size", "checkpoint_every")]
        done = program("train", "--env", "CartPole-v1", "--preset", "cartpole", "--frames", 500, "--threads", 1, "--plain",
                       "--out", self.folder / "program", *settings)
        self.assertEqual(done.returncode, 0, done.stderr)
        deepq.train(resume=self.folder / "program", frames=FRAMES, progress=False)
        self.check_same("program")

    def test_atari_with_options(self):
        more = {"options": {"sticky": 0.25, "frame_skip": 3}, "dialect": "sb3", "network": "small"}
        pong = "deepq/Pong-v0"
        trained = deepq.train(pong, frames=130, out=self.folder / "pong", **QUICK, **more)
        self.assertEqual([trained.settings[k] for k in ("env", "dialect", "sticky", "frame_skip")],
                         [pong, "sb3", "0.25", "3"])
        trained.close()
        self.assertEqual(deepq.train(resume=self.folder / "pong", frames=150, progress=False).progress["step"], 150)

    def test_evaluations(self):
        trained = deepq.train("CartPole-v1", preset="cartpole", frames=500, out=self.folder / "run", eval_every=200,
                              eval_games=3, **QUICK)
        trained.close()
        deepq.train(resume=self.folder / "run", frames=600, progress=False, eval_games=2)
        told = deepq.Run(self.folder / "run").evaluations
        self.assertEqual([(e["frame"], e["games"]) for e in told], [(200, 3), (400, 3), (600, 2)])
        np.testing.assert_allclose([e["mean"] for e in told], [np.mean(e["rewards"]) for e in told])
        with self.assertRaisesRegex(ValueError, "eval_every: its scores are written to a run's folder"):
            deepq.train("CartPole-v1", preset="cartpole", frames=500, eval_every=200, **QUICK)
        with self.assertRaisesRegex(ValueError, "eval_every: an environment of Python's"):
            deepq.train(Walk(), frames=500, out=self.folder / "walk", eval_every=200, **QUICK)

    def test_training_goes_on_after_a_stop(self):
        parts = self.train("parts", callback=lambda event, p: event == "game" and p["n_games"] == 7)
        self.assertLess(parts.progress["step"], FRAMES)
        with self.assertRaises(ZeroDivisionError):
            parts.go_on(lambda event, p: event == "game" and p["n_games"] == 20 and 1 / 0)
        del parts
        deepq.train(resume=self.folder / "parts", progress=False)
        self.check_same("parts")

    def test_worlds_in_python(self):
        self.train("whole", Walk())
        self.kill("killed", "test_runs.Walk()", 500)
        folder = self.folder / "killed"
        self.assertEqual(deepq.Run(folder).config["env"], "python/Walk")
        self.assertRaisesRegex(ValueError, "written in Python", deepq.train, resume=folder, progress=False)
        self.assertRaisesRegex(ValueError, "not python/Forgetful", deepq.train, Forgetful(), resume=folder, progress=False)
        deepq.train(Walk(), resume=folder, progress=False)
        self.check_same("killed", self.folder / "whole")

    def test_several_worlds(self):
        self.train("whole", Walk, n_envs=3)
        self.train("parts", Walk, n_envs=3, frames=500)
        deepq.train(Walk, resume=self.folder / "parts", frames=FRAMES, progress=False)
        self.check_same("parts", self.folder / "whole")

    def test_worlds_that_cannot_be_saved(self):
        starts = []
        for _ in range(2):
            name = f"run{len(starts)}"
            self.train(name, Forgetful(), frames=500)
            trained = deepq.train(Forgetful(), resume=self.folder / name, frames=FRAMES, progress=False)
            self.assertEqual(trained.progress["step"], FRAMES)
            starts.append(outcome(self.folder / name))
        self.assertEqual(starts[0], starts[1])
        cut = next(game for game in starts[0][0] if game["frame"] > 500)
        self.assertEqual((cut["frame"], cut["reward"]), (501, 0.0))

    @unittest.skipUnless(PROGRAM.exists(), "the program is not built")
    def test_the_program_says_what_it_cannot_make(self):
        self.train("walk", Walk(), frames=300)
        done = program("train", "--resume", self.folder / "walk", "--frames", FRAMES)
        self.assertEqual(done.returncode, 2)
        self.assertIn("python/Walk is written in Python: continue there", done.stderr)

    def test_what_is_refused(self):
        self.train("run", frames=200)
        folder = self.folder / "run"
        for change in ({"gamma": 0.9}, {"seed": 4}, {"out": self.folder / "other"}, {"dialect": "sb3"}, {"preset": "cartpole"}):
            self.assertRaisesRegex(ValueError, "keeps what it began with", deepq.train, resume=folder, **change)
        self.assertRaisesRegex(ValueError, "learns CartPole-v1", deepq.train, "Acrobot-v1", resume=folder)
        self.assertRaisesRegex(ValueError, "not python/Walk", deepq.train, Walk(), resume=folder)
        self.assertRaises(FileNotFoundError, deepq.train, resume=self.folder / "missing")
        self.assertRaises(FileNotFoundError, deepq.train, resume=self.folder)
        with open(folder / "checkpoint" / "state", "r+b") as f:
            f.truncate(100)
        self.assertRaises(ValueError, deepq.train, resume=folder, progress=False)

    def test_a_folder_is_one_runs(self):
        trained = self.train("run", frames=200)
        self.assertRaisesRegex(ValueError, "at work", deepq.train, resume=self.folder / "run", progress=False)
        trained.close()
        self.assertRaisesRegex(RuntimeError, "closed", trained.go_on)
        trained.values(np.zeros(4))
        deepq.train(resume=self.folder / "run", frames=210, progress=False)

    def test_damage_is_told(self):
        self.train("run", frames=500)
        with open(self.folder / "run" / "log.jsonl", "a") as f:
            f.write("{no json\n")
        with self.assertWarnsRegex(RuntimeWarning, "damaged"), contextlib.redirect_stderr(io.StringIO()):
            deepq.train(resume=self.folder / "run", frames=510, progress=False)


if __name__ == "__main__":
    unittest.main()
