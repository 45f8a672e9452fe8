"""deepq.AtariVectorEnv: what it gives, when it resets, and what it refuses."""

import copy
import os
import threading
import unittest

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode

import deepq

OWN = "deepq/Pong-v0"
BRICKS = "deepq/Bricks-v0"


def make(game=OWN, n=3, **options):
    return deepq.AtariVectorEnv(game, n, **options)


def play(env, n_steps, seed=7):
    """Everything that random actions give, copied."""
    rng = np.random.default_rng(1)
    obs, info = env.reset(seed=seed)
    record = [(obs.copy(), info)]
    for _ in range(n_steps):
        *arrays, info = env.step(rng.integers(0, env.single_action_space.n, env.num_envs))
        record.append((*(a.copy() for a in arrays), {k: v.copy() for k, v in info.items()}))
    return record


def assert_same(test, a, b):
    test.assertEqual(len(a), len(b))
    for x, y in zip(a, b):
        for u, v in zip(x[:-1], y[:-1]):
            np.testing.assert_array_equal(u, v)
        test.assertEqual(x[-1].keys(), y[-1].keys())
        for key in x[-1]:
            np.testing.assert_array_equal(x[-1][key], y[-1][key])


class Shapes(unittest.TestCase):
    def test_spaces_and_types_are_ale_pys(self):
        env = make(stack_num=3)
        self.assertEqual(env.observation_space.shape, (3, 3, 84, 84))
        self.assertEqual(env.single_action_space, gymnasium.spaces.Discrete(6))
        space = gymnasium.spaces.Box(0, 255, (3, 3, 84, 84), np.uint8)
        for same in (env.observation_space, copy.deepcopy(env.observation_space)):
            self.assertEqual(same, space)
            self.assertIn(same.sample(), space)
        obs, info = env.reset(seed=1)
        self.assertIn(obs, env.observation_space)
        obs, rewards, terminations, truncations, info = env.step(np.zeros(3, np.int64))
        self.assertEqual(rewards.dtype, np.int32)
        self.assertEqual(terminations.dtype, np.bool_)
        self.assertEqual(truncations.dtype, np.bool_)
        for array in info.values():
            self.assertEqual((array.shape, array.dtype), ((3,), np.int32))
        env.close()

    def test_any_number_of_threads_gives_the_same(self):
        one = play(make(num_threads=1), 60)
        two = play(make(num_threads=2), 60)
        assert_same(self, one, two)

    def test_without_copy_the_arrays_are_the_same_ones(self):
        env = make(copy=False)
        first, _ = env.reset(seed=3)
        again, *_ = env.step(np.zeros(3, np.int32))
        self.assertIs(first, again)
        assert_same(self, play(make(copy=False), 40), play(make(), 40))

    def test_with_copy_an_observation_stays(self):
        env = make()
        first, _ = env.reset(seed=3)
        kept = first.copy()
        for _ in range(3):
            env.step(np.full(3, 2, np.int32))
        np.testing.assert_array_equal(first, kept)


class Frames(unittest.TestCase):
    plain = {"frameskip": 3, "noop_max": 0, "use_fire_reset": False, "stack_num": 1}

    def test_whole_pictures_are_the_consoles(self):
        for kind, grey in (("rgb", False), ("grayscale", True)):
            env = make(n=1, img_height=210, img_width=160, grayscale=grey, maxpool=False, **self.plain)
            one = deepq.AtariEnv(OWN, obs_type=kind, frameskip=3, repeat_action_probability=0)
            env.reset(seed=1)
            one.reset(seed=1)
            for t in range(60):
                many, rewards, *_ = env.step(np.array([t % 6]))
                obs, reward, *_ = one.step(t % 6)
                np.testing.assert_array_equal(many[0, 0], obs)
                self.assertEqual(rewards[0], np.sign(reward))

    def test_sizes_and_colours(self):
        env = make(img_height=96, img_width=72, grayscale=False)
        self.assertEqual(env.reset(seed=1)[0].shape, (3, 4, 96, 72, 3))
        self.assertIn(env.step(np.ones(3, np.int32))[0], env.observation_space)
        halved = make(n=1, img_height=105, img_width=80, maxpool=False, **self.plain)
        whole = make(n=1, img_height=210, img_width=160, maxpool=False, **self.plain)
        small, large = halved.reset(seed=1)[0][0, 0], whole.reset(seed=1)[0][0, 0].astype(int)
        mean = (large[::2, ::2] + large[1::2, ::2] + large[::2, 1::2] + large[1::2, 1::2] + 2) // 4
        np.testing.assert_array_equal(small, mean)

    def test_continuous_actions(self):
        env, other = make(continuous=True), make(full_action_space=True)
        env.reset(seed=1)
        other.reset(seed=1)
        for action, pressed in (([1, 0, 0], 3), ([1, np.pi, 1], 12), ([0.3, 0, 0], 0)):
            a = env.step(np.tile(np.array(action, np.float32), (3, 1)))
            b = other.step(np.full(3, pressed))
            np.testing.assert_array_equal(a[0], b[0])
        for bad in (np.zeros(3, np.int32), np.zeros((3, 3)), np.zeros((2, 3), np.float32)):
            with self.assertRaises(AssertionError):
                env.step(bad)


class Resets(unittest.TestCase):
    short = {"max_num_frames_per_episode": 20, "noop_max": 0, "frameskip": 4}

    def test_next_step_resets_with_the_action_after_the_end(self):
        env = make(**self.short)
        env.reset(seed=1)
        for t in range(1, 6):
            _, rewards, _, truncations, info = env.step(np.ones(3, np.int32))
            self.assertEqual(truncations.all(), t == 5)
        _, rewards, _, truncations, info = env.step(np.ones(3, np.int32))
        self.assertFalse(truncations.any())
        np.testing.assert_array_equal(info["episode_frame_number"], 1)  # FIRE

    def test_same_step_gives_the_last_observation_too(self):
        env = make(autoreset_mode=AutoresetMode.SAME_STEP, **self.short)
        other = make(autoreset_mode="Disabled", **self.short)
        first, _ = env.reset(seed=1)
        other.reset(seed=1)
        for t in range(1, 6):
            obs, _, _, truncations, info = env.step(np.ones(3, np.int32))
            last, *_ = other.step(np.ones(3, np.int32))
            self.assertEqual("final_obs" in info, t == 5)
        np.testing.assert_array_equal(info["final_obs"], last)
        self.assertTrue((obs != last).any())
        self.assertTrue(truncations.all())

    def test_disabled_waits_for_the_mask(self):
        env = make(autoreset_mode=AutoresetMode.DISABLED, **self.short)
        env.reset(seed=1)
        for _ in range(5):
            env.step(np.ones(3, np.int32))
        with self.assertRaises(ValueError):
            env.step(np.ones(3, np.int32))
        env.reset(options={"reset_mask": np.ones(3, bool)})
        env.step(np.ones(3, np.int32))

    def test_a_mask_leaves_the_others_as_they_are(self):
        env = make(noop_max=0)
        start, _ = env.reset(seed=5)
        for _ in range(20):
            obs, *_, info = env.step(np.ones(3, np.int32))
        mask = np.array([True, False, True])
        shown, after = env.reset(seed=np.array([5, 7]), options={"reset_mask": mask})
        np.testing.assert_array_equal(shown[1], obs[1])
        np.testing.assert_array_equal(shown[0], start[0])
        np.testing.assert_array_equal(shown[2], start[2])
        frames = after["episode_frame_number"]
        self.assertEqual((frames[0], frames[1]), (1, info["episode_frame_number"][1]))

    def test_one_seed_is_consecutive_seeds(self):
        env = make()
        one, _ = env.reset(seed=4)
        many, _ = env.reset(seed=np.array([4, 5, 6]))
        np.testing.assert_array_equal(one, many)

    def test_a_lost_life_is_told_without_an_end(self):
        told = play(make(BRICKS, 2, life_loss_info=True), 700)
        plain = play(make(BRICKS, 2), 700)
        lost = 0
        for before, a, b in zip(plain, told[1:], plain[1:]):
            lives = b[-1]["lives"]
            fewer = (lives < before[-1]["lives"]) & (lives > 0)
            np.testing.assert_array_equal(a[2], b[2] | fewer)
            np.testing.assert_array_equal(a[0], b[0])
            lost += fewer.sum()
        self.assertGreater(lost, 0)

    def test_an_episode_may_end_with_a_life(self):
        ended = play(make(BRICKS, 2, episodic_life=True), 700)
        self.assertTrue(any(step[2].any() and (step[-1]["lives"][step[2]] > 0).all() for step in ended[1:]))


class Sending(unittest.TestCase):
    def test_send_and_recv_are_step(self):
        a, b = make(), make()
        a.reset(seed=2)
        b.reset(seed=2)
        for t in range(30):
            actions = np.full(3, t % 6, np.int64)
            a.send(actions)
            for x, y in zip(a.recv()[:-1], b.step(actions)[:-1]):
                np.testing.assert_array_equal(x, y)

    def test_a_smaller_batch_goes_round(self):
        whole, part = make(n=4), make(n=4, batch_size=2)
        history = play(whole, 25, seed=9)
        rng = np.random.default_rng(1)
        actions = [rng.integers(0, 6, 4) for _ in range(25)]
        obs, info = part.reset(seed=9)
        n_steps = np.zeros(4, int)
        for _ in range(40):
            for row, i in enumerate(info["env_id"]):
                np.testing.assert_array_equal(obs[row], history[n_steps[i]][0][i])
            mine = np.array([actions[n_steps[i]][i] for i in info["env_id"]])
            n_steps[info["env_id"]] += 1
            obs, *_, info = part.step(mine)
        self.assertGreater(n_steps.min(), 15)


class Refusals(unittest.TestCase):
    def test_values_out_of_range_are_named(self):
        for options, error in (
            ({"n": 0}, ValueError),
            ({"batch_size": 4}, ValueError),
            ({"stack_num": 0}, ValueError),
            ({"frameskip": 0}, gymnasium.error.Error),
            ({"frameskip": 2.0}, gymnasium.error.Error),
            ({"img_height": 0}, ValueError),
            ({"img_width": 5000}, ValueError),
            ({"noop_max": -1}, ValueError),
            ({"autoreset_mode": "never"}, ValueError),
            ({"repeat_action_probability": 3.0}, ValueError),
            ({"max_num_frames_per_episode": 0}, ValueError),
        ):
            with self.subTest(options), self.assertRaises(error):
                make(**options)

    def test_an_unknown_game_is_told_with_what_is_similar(self):
        with self.assertRaisesRegex(FileNotFoundError, "did you mean"):
            make("deepq/Pongg-v0")

    def test_actions_out_of_range_change_nothing(self):
        env, other = make(), make()
        env.reset(seed=1)
        other.reset(seed=1)
        for actions in ([0, 0, 6], [-1, 0, 0], [2**40, 0, 0]):
            with self.assertRaises(IndexError):
                env.step(np.array(actions, np.int64))
        a, b = env.step(np.ones(3, np.int32)), other.step(np.ones(3, np.int32))
        np.testing.assert_array_equal(a[0], b[0])

    def test_wrong_arrays_are_refused(self):
        env = make()
        env.reset(seed=1)
        for actions in ([0, 0, 0], np.zeros(3), np.zeros(2, np.int32), np.zeros((3, 1), np.int32)):
            with self.assertRaises(AssertionError):
                env.step(actions)
        with self.assertRaises(TypeError):
            env.reset(options={"reset_mask": [True, False, True]})
        with self.assertRaises(ValueError):
            env.reset(options={"reset_mask": np.array([True])})
        with self.assertRaises(ValueError):
            env.reset(seed=np.array([1, 2]))
        with self.assertRaises(TypeError):
            env.reset(seed="one")

    def test_the_order_of_calls(self):
        env = make()
        with self.assertRaises(RuntimeError):
            env.step(np.zeros(3, np.int32))
        with self.assertRaisesRegex(RuntimeError, "first reset"):
            env.reset(options={"reset_mask": np.array([True, False, False])})
        env.reset()
        with self.assertRaises(RuntimeError):
            env.recv()
        env.send(np.zeros(3, np.int32))
        with self.assertRaises(ValueError):
            env.send(np.zeros(3, np.int32))
        env.close()
        env.close()
        with self.assertRaises(gymnasium.error.ClosedEnvironmentError):
            env.step(np.zeros(3, np.int32))

    def test_a_fork_is_told(self):
        env = make(num_threads=2)
        env.reset(seed=1)
        if env._core.threads() == 1:
            self.skipTest("one core")
        child = os.fork()
        if child == 0:
            try:
                env.step(np.zeros(3, np.int32))
            except RuntimeError:
                os._exit(0)
            os._exit(1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        env.step(np.zeros(3, np.int32))

    def test_two_threads_at_once_do_no_harm(self):
        env = make(n=8, num_threads=1)
        env.reset(seed=1)
        refused = []

        def step():
            for _ in range(50):
                try:
                    env.step(np.zeros(8, np.int32))
                except RuntimeError as e:
                    refused.append(str(e))

        threads = [threading.Thread(target=step) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertTrue(all("another thread" in text for text in refused))
        env.step(np.zeros(8, np.int32))


if __name__ == "__main__":
    unittest.main()
