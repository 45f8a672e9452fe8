"""Toy texts with the options that Gymnasium's have: the same tables."""

import unittest
import warnings

import gymnasium
import numpy as np
from gymnasium.utils.env_checker import check_env

import deepq  # noqa: F401: registers the ids

LAKES = (
    {"map_name": "8x8"},
    {"map_name": "8x8", "is_slippery": False},
    {"is_slippery": True, "success_rate": 0.6, "reward_schedule": (10, -1, -0.25)},
    {"desc": ["SFF", "FHF", "FSG"]},
    {"desc": np.array([list("SFHG")], "c"), "is_slippery": False},
)
TABLES = (
    *(("FrozenLake-v1", options) for options in LAKES),
    ("FrozenLake8x8-v1", {"is_slippery": False}),
    ("CliffWalking-v1", {"is_slippery": True}),
    ("CliffWalkingSlippery-v1", {"is_slippery": False}),
    ("Taxi-v4", {"is_rainy": True}),
    ("Taxi-v4", {"is_rainy": True, "rainy_probability": 0.5}),
    ("Taxi-v4", {"rainy_probability": 0.5}),
)


def merged(outcomes):
    """By what happens: where two outcomes are the same, one may have the probability of both."""
    sums = {}
    for probability, state, reward, terminated in outcomes:
        key = int(state), float(np.float32(reward)), bool(terminated)
        sums[key] = sums.get(key, 0) + probability
    return {key: round(p, 12) for key, p in sums.items() if p > 0}


class Ids(unittest.TestCase):
    def test_another_game_is_no_newer_version(self):
        for env_id in ("deepq/Pong-v0", "deepq/Bricks-v0", "deepq/Blackjack-v1", "deepq/Taxi-v4", "deepq/CartPole-v1"):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                self.assertEqual(gymnasium.make(env_id).spec.id, env_id)
            self.assertFalse([str(w.message) for w in caught if "out of date" in str(w.message)])
        self.assertEqual(gymnasium.spec("deepq/Pong-v5").kwargs["game"], "pong")


class Options(unittest.TestCase):
    def test_tables_are_gymnasiums(self):
        for name, options in TABLES:
            theirs = gymnasium.make(name, **options).unwrapped
            ours = gymnasium.make(f"deepq/{name}", **options).unwrapped
            self.assertEqual(theirs.observation_space, ours.observation_space)
            for state, actions in theirs.P.items():
                for action, outcomes in actions.items():
                    with self.subTest(name=name, options=options, state=state, action=action):
                        self.assertEqual(merged(outcomes), merged(ours.P[state][action]))

    def test_masks_of_taxi(self):
        theirs = gymnasium.make("Taxi-v4", is_rainy=True).unwrapped
        ours = gymnasium.make("deepq/Taxi-v4", is_rainy=True)
        for state in range(500):
            np.testing.assert_array_equal(theirs.action_mask(state), ours.unwrapped.action_mask(state))
        state, info = ours.reset(seed=3)
        np.testing.assert_array_equal(info["action_mask"], theirs.action_mask(state))
        state, *_, info = ours.step(1)
        np.testing.assert_array_equal(info["action_mask"], theirs.action_mask(state))

    def test_naturals_pay_more(self):
        paid = set()
        env = gymnasium.make("deepq/Blackjack-v1", natural=True, sab=False)
        for seed in range(300):
            (total, *_), _ = env.reset(seed=seed)
            if total == 21:
                paid.add(env.step(0)[1])
        self.assertIn(1.5, paid)
        self.assertTrue(paid <= {1.5, 0.0})

    def test_random_maps(self):
        env = gymnasium.make("deepq/FrozenLake-v1", map_name=None)
        self.assertEqual(env.observation_space.n, 64)
        check_env(env.unwrapped, skip_render_check=True)

    def test_limits_are_the_ids(self):
        for name, limit in (("FrozenLake-v1", 100), ("FrozenLake8x8-v1", 200)):
            env = gymnasium.make(f"deepq/{name}", desc=["SF", "FG"], is_slippery=False)
            env.reset(seed=1)
            results = [env.step(0)[2:4] for _ in range(limit)]
            self.assertEqual((results[-2], results[-1]), ((False, False), (False, True)))

    def test_what_is_refused(self):
        for name, options, errors in (
            ("FrozenLake-v1", {"map_name": "9x9"}, KeyError),
            ("FrozenLake-v1", {"desc": ["SF", "F"]}, ValueError),
            ("FrozenLake-v1", {"desc": ["SF", "FX"]}, ValueError),
            ("FrozenLake-v1", {"success_rate": 2.0}, ValueError),
            ("FrozenLake-v1", {"reward_schedule": (1, 2)}, TypeError),
            ("FrozenLake-v1", {"is_rainy": True}, TypeError),
            ("Taxi-v4", {"fickle_passenger": True}, NotImplementedError),
            ("Taxi-v4", {"is_rainy": True, "rainy_probability": -1.0}, ValueError),
            ("CliffWalking-v1", {"map_name": "4x4"}, TypeError),
            ("Blackjack-v1", {"sab": True, "is_slippery": 1}, TypeError),
            ("CartPole-v1", {"sutton_barto_reward": True}, TypeError),
        ):
            with self.subTest(name, **options), self.assertRaises(errors):
                gymnasium.make(f"deepq/{name}", **options)


if __name__ == "__main__":
    unittest.main()
