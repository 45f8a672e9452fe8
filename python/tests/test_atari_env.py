"""deepq.AtariEnv and the ids: what Gymnasium's checker says, states, renders, what is refused."""

import copy
import pickle
import unittest
import warnings

import gymnasium
import numpy as np
from gymnasium import error
from gymnasium.utils.env_checker import check_env

import deepq
from deepq.atari_env import joystick_action

OWN = "deepq/Pong-v0"


def play(env, n_steps, seed=5):
    env.action_space.seed(1)
    steps = [env.reset(seed=seed)]
    for _ in range(n_steps):
        steps.append(env.step(env.action_space.sample()))
        if steps[-1][2] or steps[-1][3]:
            steps.append(env.reset())
    return steps


def assert_same(test, a, b):
    for x, y in zip(a, b, strict=True):
        np.testing.assert_array_equal(x[0], y[0])
        test.assertEqual(x[1:], y[1:])


class Ids(unittest.TestCase):
    def test_every_id_of_the_library_is_registered(self):
        ours = {i for i in gymnasium.registry if i.startswith("deepq/")}
        for env_id in ("Pong-v5", "Pong-v0", "PongNoFrameskip-v4", "Breakout-v4", "Taxi-v4", "CartPole-v1"):
            self.assertIn("deepq/" + env_id, ours)
        self.assertGreater(len(ours), 350)

    def test_ids_stand_for_ale_pys_arguments(self):
        for name, frameskip, sticky in (
            ("deepq/Pong-v5", 4, 0.25),
            ("deepq/PongNoFrameskip-v4", 1, 0.0),
            ("deepq/Breakout-v0", (2, 5), 0.25),
        ):
            kwargs = gymnasium.spec(name).kwargs
            self.assertEqual((kwargs["frameskip"], kwargs["repeat_action_probability"]), (frameskip, sticky))
        self.assertEqual(gymnasium.spec(OWN).kwargs["game"], OWN)

    def test_gymnasiums_checker_is_content(self):
        for env_id in (OWN, "deepq/FrozenLake-v1", "deepq/Blackjack-v1", "deepq/CartPole-v1"):
            with self.subTest(env_id), warnings.catch_warnings():
                warnings.simplefilter("error")
                warnings.filterwarnings("ignore", message=".*(-infinity|infinity|same|upgrading).*")
                check_env(gymnasium.make(env_id).unwrapped)

    def test_make_vec_makes_our_vector(self):
        envs = gymnasium.make_vec(OWN, 2, vectorization_mode="vector_entry_point", stack_num=2)
        self.assertIsInstance(envs, deepq.AtariVectorEnv)
        self.assertEqual(envs.reset(seed=1)[0].shape, (2, 2, 84, 84))


class Playing(unittest.TestCase):
    def test_a_seed_gives_the_same_game(self):
        options = {"frameskip": (2, 5), "repeat_action_probability": 0.25}
        a = deepq.AtariEnv(OWN, **options)
        b = deepq.AtariEnv(OWN, **options)
        assert_same(self, play(a, 80), play(b, 80))
        assert_same(self, play(a, 20), play(copy.deepcopy(b), 20))
        assert_same(self, play(a, 20), play(pickle.loads(pickle.dumps(a)), 20))

    def test_observations_of_each_kind(self):
        shapes = {"rgb": (210, 160, 3), "grayscale": (210, 160), "ram": (128,)}
        for kind, shape in shapes.items():
            env = deepq.AtariEnv(OWN, obs_type=kind, render_mode="rgb_array")
            obs, _ = env.reset(seed=1)
            self.assertEqual((obs.shape, obs.dtype), (shape, np.uint8))
            self.assertEqual(env.render().shape, (210, 160, 3))
        self.assertTrue(env.observation_space.contains(obs))

    def test_infos_and_the_limit(self):
        env = deepq.AtariEnv(OWN, max_num_frames_per_episode=10, frameskip=4)
        _, info = env.reset(seed=1)
        self.assertEqual(set(info), {"lives", "episode_frame_number", "frame_number", "seeds"})
        truncated = [env.step(0)[3] for _ in range(3)]
        self.assertEqual(truncated, [False, False, True])
        env.reset()
        info = env.step(0)[4]
        self.assertEqual((info["episode_frame_number"], info["frame_number"]), (4, 14))

    def test_a_state_goes_back(self):
        env = deepq.AtariEnv(OWN, repeat_action_probability=0.25)
        play(env, 30)
        state = env.clone_state(include_rng=True)
        after = [env.step(t % 6) for t in range(40)]
        env.restore_state(pickle.loads(pickle.dumps(state)))
        assert_same(self, after, [env.step(t % 6) for t in range(40)])
        env.restore_state(state)
        self.assertEqual(env.clone_state(include_rng=True), state)

    def test_continuous_actions(self):
        env = deepq.AtariEnv(OWN, continuous=True, repeat_action_probability=0)
        other = deepq.AtariEnv(OWN, full_action_space=True, repeat_action_probability=0)
        env.reset(seed=1)
        other.reset(seed=1)
        pushed = ((1, 0, 0, 3), (1, np.pi / 2, 0, 2), (1, -np.pi / 2, 1, 13), (0.4, 0, 0, 0), (0, 0, 1, 1))
        for radius, theta, fire, action in pushed:
            a = env.step(np.array([radius, theta, fire], np.float32))
            b = other.step(action)
            np.testing.assert_array_equal(a[0], b[0])
        with self.assertRaises(AssertionError):
            env.step(np.zeros(3))
        with self.assertRaises(AttributeError):
            env.get_keys_to_action()
        with self.assertRaises(LookupError):
            joystick_action(2, 0, False)

    def test_meanings_and_keys(self):
        env = deepq.AtariEnv(OWN)
        self.assertEqual(env.get_action_meanings(), ["NOOP", "FIRE", "RIGHT", "LEFT", "RIGHTFIRE", "LEFTFIRE"])
        keys = env.get_keys_to_action()
        self.assertEqual(keys[("e",)], 0)
        self.assertEqual(keys[("d", " ")], 4)
        full = deepq.AtariEnv(OWN, full_action_space=True).get_keys_to_action()
        self.assertEqual(full[("w", "d", " ")], 14)


class Refusals(unittest.TestCase):
    def test_impossible_arguments(self):
        for options in (
            {"obs_type": "text"},
            {"frameskip": 0},
            {"frameskip": 2.0},
            {"frameskip": (1, 2, 3)},
            {"frameskip": (4, 4)},
            {"frameskip": (0, 4)},
            {"render_mode": "ascii"},
        ):
            with self.subTest(options), self.assertRaises(error.Error):
                deepq.AtariEnv(OWN, **options)
        for options in ({"mode": 99}, {"difficulty": 99}):
            with self.subTest(options), self.assertRaises(RuntimeError):
                deepq.AtariEnv(OWN, **options)
        with self.assertRaisesRegex(FileNotFoundError, "pongg"):
            deepq.AtariEnv("pongg")

    def test_actions_and_render(self):
        env = deepq.AtariEnv(OWN)
        env.reset(seed=1)
        for action in (6, 18, -7):
            with self.assertRaises(IndexError):
                env.step(action)
        with self.assertRaises(TypeError):
            env.step(1.0)
        with self.assertRaises(error.Error):
            env.render()


class Worlds(unittest.TestCase):
    def test_the_table_of_a_lake(self):
        env = gymnasium.make("deepq/FrozenLake-v1", render_mode="ansi").unwrapped
        self.assertEqual(env.observation_space, gymnasium.spaces.Discrete(16))
        self.assertAlmostEqual(sum(p for p, *_ in env.P[14][2]), 1.0)
        self.assertEqual(env.reset(seed=1)[0], 0)
        self.assertIn("S", env.render())
        with self.assertRaises(ValueError):
            env.step(4)

    def test_classic_control_is_gymnasiums(self):
        for name in ("CartPole-v1", "MountainCar-v0", "Acrobot-v1"):
            ours, theirs = gymnasium.make("deepq/" + name), gymnasium.make(name)
            self.assertEqual(ours.observation_space, theirs.observation_space)
            a, b = ours.reset(seed=3)[0], theirs.reset(seed=3)[0]
            np.testing.assert_allclose(a, b, rtol=1e-6)
            for t in range(9):
                x, y = ours.step(t % 2), theirs.step(t % 2)
                np.testing.assert_allclose(x[0], y[0], rtol=1e-5, atol=1e-6)
                self.assertEqual(x[1:4], y[1:4])


if __name__ == "__main__":
    unittest.main()
