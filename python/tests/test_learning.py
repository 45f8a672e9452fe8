"""deepq.load, deepq.train, deepq.Run, deepq.preprocessed."""

import contextlib
import pathlib
import runpy
import tempfile
import unittest
import warnings

import gymnasium
import numpy as np
from gymnasium.utils.env_checker import check_env

import deepq

DATA = pathlib.Path(__file__).resolve().parents[2] / "data" / "models"
QUICK = {"progress": False, "threads": 1, "replay_start": 100, "replay_size": 1000}


class Counting(gymnasium.Env):
    """Right ends it with a reward after some steps."""

    action_space = gymnasium.spaces.Discrete(2)

    def __init__(self, space, obs, fails_after=None):
        self.observation_space, self.obs, self.fails_after, self.n = space, obs, fails_after, 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return self.obs, {}

    def step(self, action):
        self.n += 1
        if self.fails_after is not None and self.n > self.fails_after:
            raise KeyError("mine")
        return self.obs, float(action), self.n % 10 == 0, False, {}


def vectors(**options):
    return Counting(gymnasium.spaces.Box(-1, 1, (3,), np.float32), np.zeros(3, np.float32), **options)


class Models(unittest.TestCase):
    def test_a_model_acts_and_knows_its_game(self):
        model = deepq.load(DATA / "pong.dat")
        self.assertEqual((model.env_id, model.dialect, model.n_actions), ("PongNoFrameskip-v4", "book", 6))
        env = model.make_env("deepq/Pong-v0")
        obs, _ = env.reset(seed=1)
        values = model.values(obs)
        self.assertEqual(model.act(obs), values.argmax())
        self.assertEqual(model.act(np.moveaxis(obs, 0, -1)), values.argmax())
        many = model.act(np.stack([obs, obs]))
        np.testing.assert_array_equal(many, [values.argmax()] * 2)
        np.testing.assert_array_equal(model.values(np.stack([obs] * 3))[2], values)

    def test_it_plays(self):
        (score,) = deepq.load(DATA / "pong.dat").play(episodes=1, env_id="deepq/Pong-v0")
        self.assertIn(score, range(-21, 22))

    def test_what_is_refused(self):
        model = deepq.load(DATA / "pong.dat")
        self.assertRaises(ValueError, model.act, np.zeros((3, 84, 84), np.uint8))
        self.assertRaises(TypeError, model.act, np.zeros((4, 84, 84), np.float32))
        self.assertRaises(FileNotFoundError, deepq.load, DATA / "missing.dat")
        self.assertRaises(ValueError, deepq.load, __file__)
        self.assertRaises(ValueError, deepq.load, DATA / "pong.dat", epsilon=2.0)
        with tempfile.TemporaryDirectory() as folder:
            self.assertRaises(FileNotFoundError, deepq.load, folder)


class Preprocessing(unittest.TestCase):
    def test_dialects_and_options(self):
        env = deepq.preprocessed("deepq/Pong-v0", "sb3", stack=2, noops=0, render_mode="rgb_array")
        obs, _ = env.reset(seed=1)
        self.assertEqual(obs.shape, (2, 84, 84))
        obs, reward, terminated, truncated, info = env.step(0)
        self.assertIn(obs, env.observation_space)
        self.assertEqual(env.render().shape, (210, 160, 3))
        self.assertRaises(ValueError, env.step, 6)
        self.assertRaises(ValueError, deepq.preprocessed, "deepq/Pong-v0", "nobody")
        self.assertRaises(TypeError, deepq.preprocessed, "deepq/Pong-v0", "sb3", colour=1)
        self.assertRaises(ValueError, deepq.preprocessed, "deepq/Pong-v0", "sb3", stack=0)
        self.assertRaises(FileNotFoundError, deepq.preprocessed, "deepq/Pongg-v0", "sb3")


class Examples(unittest.TestCase):
    def test_a_world_of_ones_own(self):
        path = pathlib.Path(__file__).parents[1] / "examples" / "own_world.py"
        world = runpy.run_path(str(path))["Catch"]()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check_env(world)
        trained = deepq.train(world, frames=130, network="cnn", **QUICK)
        self.assertEqual(trained.progress["n_games"], 21)

    def test_the_readmes_lines(self):
        readme = (pathlib.Path(__file__).parents[2] / "README.md").read_text()
        lines = readme.split("## Five lines of Python")[1].split("```python")[1].split("```")[0]
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            exec(lines.replace("frames=5000, replay_start=1000",
                               "frames=120, replay_start=100, replay_size=1000, progress=False"), {})


class Training(unittest.TestCase):
    def test_a_run_that_learns_nothing(self):
        for frames, told in ((99, 1), (100, 0)):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                deepq.train("CartPole-v1", "cartpole", frames=frames, **QUICK)
            self.assertEqual(sum("nothing will be learned" in str(w.message) for w in caught), told)

    def test_a_run_and_its_folder(self):
        events = []
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder) / "run"
            trained = deepq.train("CartPole-v1", "cartpole", frames=2000, out=out,
                                  callback=lambda name, p: events.append((name, p["step"])), **QUICK)
            run = deepq.Run(out)
            self.assertEqual(run.games, trained.games)
            self.assertEqual(run.columns["reward"].dtype, np.float64)
            self.assertEqual(run.columns["game"][-1], trained.progress["n_games"])
            model = deepq.load(out)
            self.assertEqual((model.env_id, model.info["preset"]), ("CartPole-v1", "cartpole"))
            path = trained.save(pathlib.Path(folder) / "last.dat")
            obs = np.array([0.1, -0.2, 0.05, 0.3], np.float32)
            np.testing.assert_array_equal(deepq.load(path).values(obs), trained.values(obs))
            self.assertRaises(FileExistsError, deepq.train, "CartPole-v1", frames=10, out=out, **QUICK)
        self.assertTrue({"game", "best", "step"} <= {name for name, _ in events})
        self.assertEqual(trained.progress["step"], 2000)

    def test_the_same_seed_learns_the_same(self):
        obs = np.full(4, 0.1, np.float32)
        a, b = (deepq.train("CartPole-v1", "cartpole", frames=600, seed=3, **QUICK) for _ in range(2))
        np.testing.assert_array_equal(a.values(obs), b.values(obs))

    def test_a_callback_may_stop_it(self):
        trained = deepq.train("CartPole-v1", "cartpole", callback=lambda name, p: p["n_games"] >= 5, **QUICK)
        self.assertEqual(trained.progress["n_games"], 5)
        self.assertFalse(trained.solved)

    def test_worlds_written_in_python(self):
        spaces = gymnasium.spaces
        for world in (
            vectors(),
            Counting(spaces.Discrete(5, start=3), 4),
            Counting(spaces.Box(0, 255, (84, 84, 4), np.uint8), np.zeros((84, 84, 4), np.uint8)),
        ):
            more = {"network": "small"} if world.observation_space.dtype == np.uint8 else {}
            trained = deepq.train(world, frames=130, **QUICK, **more)
            self.assertEqual(trained.progress["n_games"], 13)
            self.assertIn(trained.act(world.obs), (0, 1))

    def test_pictures_of_any_size(self):
        obs = np.arange(7 * 9 * 2, dtype=np.uint8).reshape(7, 9, 2)
        for shown in (obs, np.moveaxis(obs, -1, 0)):
            world = Counting(gymnasium.spaces.Box(0, 255, shown.shape, np.uint8), shown)
            trained = deepq.train(world, frames=130, convolutions="5k3s2", hidden=(12,), **QUICK)
            self.assertIn("cnn 2x7x9-5k3s2-12", repr(trained._core.about()))
            values = trained.values(shown)
            with tempfile.TemporaryDirectory() as folder:
                model = deepq.load(trained.save(pathlib.Path(folder) / "model.dat"))
            self.assertEqual(model.network, "cnn 2x7x9-5k3s2-12")
            np.testing.assert_array_equal(model.values(obs), values)
            np.testing.assert_array_equal(model.values(np.moveaxis(obs, -1, 0)), values)
            np.testing.assert_array_equal(model.values(obs[None])[0], values)
            self.assertRaises(ValueError, model.values, obs[1:])
            self.assertRaises(TypeError, model.values, obs.astype(np.float32))

    def test_it_learns_which_action_pays(self):
        trained = deepq.train(vectors(), "cartpole", frames=1500, gamma=0.5, **QUICK)
        self.assertEqual(trained.act(np.zeros(3)), 1)

    def test_several_worlds_in_threads(self):
        trained = deepq.train(vectors, frames=200, n_envs=2, **{**QUICK, "threads": 2})
        self.assertEqual(trained.progress["step"], 200)

    def test_exceptions_come_through(self):
        with self.assertRaises(KeyError):
            deepq.train(vectors(fails_after=50), frames=1000, **QUICK)
        with self.assertRaises(KeyError):
            deepq.train([vectors(fails_after=50), vectors()], frames=1000, n_envs=2, **{**QUICK, "threads": 2})
        with self.assertRaises(ZeroDivisionError):
            deepq.train(vectors(), frames=1000, callback=lambda name, p: 1 / 0, **QUICK)

    def test_what_is_refused(self):
        for options, error in (
            ({"preset": "nobody"}, ValueError),
            ({"gamma": 3}, ValueError),
            ({"no_such_thing": 1}, ValueError),
            ({"n_envs": 2}, ValueError),
            ({"device": "toaster"}, (ValueError, NotImplementedError)),
        ):
            with self.subTest(options), self.assertRaises(error):
                deepq.train(vectors(), frames=10, **{**QUICK, **options})
        wrong = Counting(gymnasium.spaces.Box(0, 1, (3, 3), np.float32), np.zeros((3, 3), np.float32))
        self.assertRaises(ValueError, deepq.train, wrong, frames=10, **QUICK)
        liar = Counting(gymnasium.spaces.Box(0, 1, (3,), np.float32), np.zeros(4, np.float32))
        self.assertRaises(ValueError, deepq.train, liar, frames=10, **QUICK)
        self.assertRaises(FileNotFoundError, deepq.train, "Pongg-v0", frames=10, **QUICK)


if __name__ == "__main__":
    unittest.main()
