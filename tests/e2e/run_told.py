"""What a run tells: every line, log and event by key, step and value, at the end of each game and after a
resume; and what eval makes of its games."""

import json
import math
import os
import signal
import statistics
import subprocess
import time
import unittest

from event_file import images, scalars, texts
from program import OWN_BRICKS, OWN_PONG, PONG, Case, has_pong, has_rom, main, run

PLAY = ["--env", OWN_PONG, "--set", "checkpoint_every=1000000", "--set", "epsilon_decay=10000"]
STAGES = ("play_ms", "act_ms", "sample_ms", "target_ms", "update_ms")
LOG_KEYS = ["frame", "game", "reward", "reward_100", "epsilon", "speed", "loss", "length", "updates", "learning_rate",
            "mean_loss", "td_error", "max_q", "gradient_norm", *STAGES, "time"]
EPISODE_KEYS = ["episodes", "clipped_reward"]  # of what the learner saw, where that is something else
SCALARS = ("epsilon", "speed", "reward_100", "reward", "length", "updates", "learning_rate", "mean_loss", "td_error",
           "max_q", "gradient_norm", *STAGES)


def json_lines(text):
    return [json.loads(line) for line in text.splitlines()]


def log_of(folder):
    return json_lines((folder / "log.jsonl").read_text())


def events_of(folder):
    return [s for path in sorted(folder.glob("events.out.tfevents.*")) for s in scalars(path)]


class Training(Case):
    def check_games(self, folder, games):
        """The log's numbers follow from each other, and TensorBoard has the same."""
        log = log_of(folder)
        self.assertEqual([g["game"] for g in log], list(range(1, games + 1)))
        for i, game in enumerate(log):
            self.assertEqual(list(game), LOG_KEYS)
            rewards = [g["reward"] for g in log[:i + 1]][-100:]
            self.assertAlmostEqual(game["reward_100"], statistics.fmean(rewards), places=9)
            self.assertAlmostEqual(game["epsilon"], max(0.01, 1 - game["frame"] / 10000), places=9)
            self.assertTrue(-21 <= game["reward"] <= 21 and game["reward"] == int(game["reward"]))
            self.assertGreater(game["speed"], 0)
            self.assertLess(abs(game["time"] - time.time()), 86400)
            self.assertEqual(game["length"], game["frame"] - (log[i - 1]["frame"] if i else 0))
            self.assertEqual(game["learning_rate"], 1e-4)
            # Nothing is learned before the replay buffer has 10,000 steps.
            self.assertEqual((game["updates"], game["mean_loss"], game["td_error"], game["gradient_norm"]),
                             (0, None, None, None))
            spent = sum(game[stage] or 0 for stage in STAGES)  # of a step, most of its time
            self.assertTrue(0 < spent <= 1000 / game["speed"] * 1.001, game)
            self.assertEqual([game[s] is None for s in STAGES], [False, False, True, True, True])
            self.assertLess(abs(game["max_q"]), 1)  # of a network as it begins
        self.assertEqual([g["frame"] for g in log], sorted({g["frame"] for g in log}))
        for tag in SCALARS:
            told = [(step, value) for name, step, value, _ in events_of(folder) if name == tag]
            games_told = [g for g in log if g[tag] is not None]
            self.assertEqual([step for step, _ in told], [g["frame"] for g in games_told], tag)
            for (_, value), game in zip(told, games_told):
                self.assertTrue(math.isclose(value, game[tag], rel_tol=1e-6), (tag, value, game))
        self.assertLessEqual({s[0] for s in events_of(folder)}, set(SCALARS))
        for _, step, _, seconds in events_of(folder):
            game = next(g for g in log if g["frame"] == step)
            self.assertAlmostEqual(seconds, game["time"], places=3)
        return log

    def test_tensorboard_has_the_settings_once(self):
        out = self.dir / "run"
        self.check(run("train", *PLAY, "--frames", "400", "--seed", 7, "--out", out), 0)
        self.check(run("train", "--resume", out, "--frames", "600"), 0)
        file, = out.glob("events.out.tfevents.*")
        told = [text for tag, _, text in texts(file) if tag == "settings"]
        self.assertEqual(len(told), 1)
        rows = dict(line.strip("| ").split(" | ", 1) if line.count("|") > 2 and not line.endswith("|  |") else
                    (line.strip("| "), "") for line in told[0].splitlines())
        self.assertEqual((rows["seed"], rows["env"], rows["gamma"]), ("7", OWN_PONG, "0.99"))

    def test_tensorboard_has_a_picture_for_each_checkpoint(self):
        """A state's four frames side by side: a step later, three of them are a place further to the left."""
        wide = {}
        for step in 40, 41:
            out = self.dir / f"run{step}"
            self.check(run("train", "--env", OWN_PONG, "--set", f"checkpoint_every={step}", "--frames", "90", "--out",
                           out), 0)
            file, = out.glob("events.out.tfevents.*")
            told = images(file)
            self.assertEqual([(tag, at) for tag, at, _ in told], [("observation", step), ("observation", 2 * step)])
            wide[step] = told[0][2]
            self.assertEqual((len(wide[step]), len(wide[step][0])), (84, 336))
        self.assertEqual([row[84:] for row in wide[40]], [row[:252] for row in wide[41]])
        self.assertNotEqual([row[252:] for row in wide[40]], [row[252:] for row in wide[41]])

    def test_numbers_of_updates_go_on_after_a_resume(self):
        whole, parts = self.dir / "whole", self.dir / "parts"
        learning = ["--env", OWN_PONG, "--set", "network=small", "--set", "replay_start=100"]
        self.check(run("train", *learning, "--frames", "1300", "--out", whole), 0)
        self.check(run("train", *learning, "--frames", "1000", "--out", parts), 0)
        self.check(run("train", "--resume", parts, "--frames", "1300"), 0)
        for game in log_of(whole):
            self.assertTrue(0 < game["gradient_norm"] < 100, game)  # every game has more than 64 updates
            self.assertTrue(all(game[stage] > 0 for stage in STAGES), game)
            self.assertGreater(sum(game[stage] for stage in STAGES), 500 / game["speed"])  # most of a step's time
        for key in set(LOG_KEYS) - {"speed", "time", *STAGES}:
            self.assertEqual([g[key] for g in log_of(parts)], [g[key] for g in log_of(whole)], key)

    def test_json_lines(self):
        out = self.dir / "run"
        told = json_lines(self.check(run("train", *PLAY, "--frames", "3000", "--json", "--out", out), 0).stdout)
        games = [t for t in told if t["event"] == "game"]
        log = self.check_games(out, len(games))
        self.assertGreaterEqual(len(log), 3)
        for told_game, game in zip(games, log):
            self.assertEqual(list(told_game), ["event", "frame", "games", "reward", "reward_100", "epsilon", "speed"])
            self.assertEqual(told_game["games"], game["game"])
            for key in "frame", "reward", "reward_100", "epsilon", "speed":
                self.assertAlmostEqual(told_game[key] / game[key], 1, places=8, msg=key)
        self.assertEqual((told[0]["event"], told[0]["frame"], told[0]["run"]), ("start", 0, str(out)))
        self.assertEqual(told[-1], {"event": "end", "reason": "frames", "frame": 3000, "games": len(log),
                                    "run": str(out)})
        self.check_bests([t for t in told if t["event"] == "best"], log)

    def check_bests(self, bests, log):
        """A best is told where the mean rises above all before it; its model is there."""
        best, frames = -math.inf, []
        for game in log:
            if game["reward_100"] > best:
                best = game["reward_100"]
                frames.append((game["frame"], best))
        self.assertEqual([t["frame"] for t in bests], [frame for frame, _ in frames])
        for told, (_, mean) in zip(bests, frames):
            self.assertEqual(list(told), ["event", "frame", "reward_100", "model"])
            self.assertAlmostEqual(told["reward_100"], mean, places=6)
            self.assertTrue(told["model"].endswith(f"-best_{mean:.0f}.dat"), told)
            self.check(run("inspect", told["model"]), 0)

    def test_plain_lines(self):
        out = self.dir / "run"
        lines = self.check(run("train", *PLAY, "--frames", "3000", "--out", out), 0).stdout.splitlines()
        log = self.check_games(out, sum(": done " in line for line in lines))
        wanted, best = [], None
        for game in log:
            wanted.append(f"{game['frame']}: done {game['game']} games, reward {game['reward_100']:.3f}, "
                          f"eps {game['epsilon']:.2f}, speed {game['speed']:.2f} f/s")
            if best is not None and game["reward_100"] > best:
                wanted.append(f"Best reward updated {best:.3f} -> {game['reward_100']:.3f}")
            best = game["reward_100"] if best is None else max(best, game["reward_100"])
        self.assertEqual(lines[lines.index(")") + 1:], wanted)

    def test_after_a_resume(self):
        whole, parts = self.dir / "whole", self.dir / "parts"
        self.check(run("train", *PLAY, "--frames", "3500", "--out", whole), 0)
        first = self.check(run("train", *PLAY, "--frames", "1500", "--out", parts, "--json"), 0).stdout
        second = self.check(run("train", "--resume", parts, "--frames", "3500", "--json"), 0).stdout
        told = json_lines(second)
        self.assertEqual((told[0]["event"], told[0]["frame"]), ("start", 1500))
        games = [t for t in json_lines(first) + told if t["event"] == "game"]
        log = self.check_games(parts, len(games))
        want = log_of(whole)
        for key in "frame", "game", "reward", "reward_100", "epsilon", "loss":
            self.assertEqual([g[key] for g in log], [g[key] for g in want], key)
        self.assertEqual([t["games"] for t in games], [g["game"] for g in want])


class Evaluations(Case):
    """Games that the network plays by itself now and then, which change no bit of the training."""

    CARTPOLE = ["--env", "CartPole-v1", "--preset", "cartpole", "--set", "replay_start=100"]
    EVALUATING = ["--set", "eval_every=400", "--set", "eval_games=2"]

    def train(self, name, *args):
        """Begin a run, or go on with it, which needs no more settings."""
        out = self.dir / name
        done = run("train", *(["--resume", out] if out.exists() else ["--out", out]), *args)
        return out, self.check(done, 0).stdout

    def evaluations(self, out):
        return json_lines((out / "evaluations.jsonl").read_text())

    def test_what_eval_says_of_the_same_weights(self):
        out, text = self.train("run", "--env", OWN_PONG, "--set", "network=small", "--set", "eval_every=150", "--set",
                               "eval_games=2", "--frames", "300")
        told = self.evaluations(out)
        self.assertEqual([e["frame"] for e in told], [150, 300])
        done = run("eval", "-m", out, "--last", "--episodes", "2", "--json")
        want = json.loads(self.check(done, 0).stdout)
        self.assertEqual(told[1]["rewards"], want["rewards"])
        self.assertEqual(told[1]["steps"], want["frames"])
        for key in "mean", "sd", "min", "max":
            self.assertAlmostEqual(told[1][key], want[key], places=6)
        for e in told:
            self.assertIn(f"{e['frame']}: evaluated 2 games, reward {e['mean']:.3f}, sd {e['sd']:.3f}\n", text)
        board = [(step, value) for tag, step, value, _ in events_of(out) if tag == "eval_reward"]
        self.assertEqual(board, [(e["frame"], e["mean"]) for e in told])

    def test_training_is_the_same_without(self):
        out, _ = self.train("evaluated", *self.CARTPOLE, *self.EVALUATING, "--frames", "1000")
        other, _ = self.train("plain", *self.CARTPOLE, "--frames", "1000")
        for key in "frame", "reward", "loss", "mean_loss", "max_q", "updates":
            self.assertEqual([g[key] for g in log_of(out)], [g[key] for g in log_of(other)], key)
        self.assertFalse((other / "evaluations.jsonl").exists())
        states = [(folder / "checkpoint/state").read_bytes() for folder in (out, other)]
        self.assertEqual(*states)

    def test_they_go_on_after_a_resume(self):
        whole, _ = self.train("whole", *self.CARTPOLE, *self.EVALUATING, "--frames", "1300")
        parts, _ = self.train("parts", *self.CARTPOLE, *self.EVALUATING, "--frames", "900")
        self.train("parts", "--frames", "1300")
        strip = [[{key: e[key] for key in e if key != "time"} for e in self.evaluations(out)] for out in (whole, parts)]
        self.assertEqual(strip[0], strip[1])
        self.assertEqual([e["frame"] for e in strip[0]], [400, 800, 1200])

    def test_one_that_is_interrupted_is_made_up_for(self):
        out = self.dir / "run"
        deepq = self.start("train", "--env", OWN_PONG, "--set", "network=small", "--set", "eval_every=1", "--set",
                           "eval_games=10000", "--out", out)
        while not (out / "evaluations.jsonl").exists():
            time.sleep(0.05)
        time.sleep(1)  # it begins after the first frame
        deepq.send_signal(signal.SIGINT)
        self.assertEqual(deepq.wait(), 130)
        self.assertEqual(self.evaluations(out), [])
        self.train("run", "--set", "eval_games=1", "--frames", "3")
        self.assertEqual([e["frame"] for e in self.evaluations(out)], [1, 2, 3])

    def test_settings_that_are_impossible(self):
        for pair, words in [("eval_every=-1", "eval_every = '-1'"), ("eval_games=0", "eval_games = '0'")]:
            self.check(run("train", *self.CARTPOLE, "--set", pair, "--out", self.dir / "run"), 2, words)


class WholeGames(Case):
    """Where rewards are clipped and a lost life ends an episode, a game is a whole one with its own points, and
    what the learner saw is told beside it; held against a replay of the actions by other rules than ours."""

    SETTINGS = ["network=small", "epsilon_decay=2000", "epsilon_final=0.3", "replay_start=10000"]

    def replay(self, env, skip, envs, seed, frames):
        """[(frame, points, episodes, clipped reward of the last one)]"""
        done = subprocess.run([os.environ["DEEPQ_REPLAYED_GAMES"], env, str(skip), str(envs), str(seed), str(frames),
                               *self.SETTINGS], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return [(int(frame), float(points), int(episodes), float(clipped))
                for frame, points, episodes, clipped in map(str.split, done.stdout.splitlines())]

    def train(self, env, skip, envs, seed, frames, *args):
        out = self.dir / f"run{skip}-{envs}{len(args)}"
        sets = [word for pair in self.SETTINGS for word in ("--set", pair)]
        done = run("train", "--env", env, "--dialect", "sb3", "--envs", envs, "--seed", seed, "--frames", frames,
                   "--frame-skip", skip, *sets, "--out", out, *args)
        return out, self.check(done, 0).stdout

    def check_game(self, *which):
        want = self.replay(*which)
        out, text = self.train(*which, "--json")
        log = log_of(out)
        self.assertGreater(len(want), 2)
        self.assertEqual([(g["frame"], g["reward"], g["episodes"], g["clipped_reward"]) for g in log], want)
        self.assertTrue(all(list(g) == LOG_KEYS + EPISODE_KEYS for g in log))
        told = [t for t in json_lines(text) if t["event"] == "game"]
        for key in "frame", "reward", "reward_100", *EPISODE_KEYS:
            self.assertEqual([f"{t[key]:.8g}" for t in told], [f"{g[key]:.8g}" for g in log], key)
        board = events_of(out)
        for tag in "reward", "reward_100", *EPISODE_KEYS:
            events = [(step, value) for name, step, value, _ in board if name == tag]
            self.assertEqual([step for step, _ in events], [g["frame"] for g in log])
            for (_, value), game in zip(events, log):
                self.assertTrue(math.isclose(value, game[tag], rel_tol=1e-6, abs_tol=1e-6), (tag, value, game))
        self.check_lines(want, self.train(*which)[1])
        return want

    def check_lines(self, games, text):
        """The book's lines have the means of whole games; so has what is told of the best."""
        means = [statistics.fmean(points for _, points, _, _ in games[:i + 1][-100:]) for i in range(len(games))]
        lines = [line for line in text.splitlines() if ": done " in line]
        self.assertEqual([line.split(", eps")[0] for line in lines],
                         [f"{game[0]}: done {i + 1} games, reward {mean:.3f}"
                          for i, (game, mean) in enumerate(zip(games, means))])
        best, bests = means[0], []
        for mean in means[1:]:
            if mean > best:
                bests.append(f"Best reward updated {best:.3f} -> {mean:.3f}")
            best = max(best, mean)
        self.assertEqual([line for line in text.splitlines() if line.startswith("Best")], bests)

    def check_games(self, env, seed, frames, skip=4):
        for envs in 1, 2:
            with self.subTest(env=env, envs=envs):
                games = self.check_game(env, skip, envs, seed, frames)
                self.assertGreater(games[-1][2], len(games))  # lives are lost
                self.assertGreater(len({points for _, points, _, _ in games}), 1)

    def test_our_own(self):
        self.check_games(OWN_BRICKS, 5, 2000)

    def test_resets_that_score_and_lose_lives(self):
        """They are as long as FIRE and no-ops are held."""
        self.check_games(OWN_BRICKS, 5, 150, skip=90)

    def test_of_breakout(self):
        if not has_rom("breakout"):
            self.skipTest("no ROM of Breakout")
        self.check_games("BreakoutNoFrameskip-v4", 5, 3000)

    def test_of_seaquest(self):
        """A shark is 20 points, and 1 for the learner."""
        if not has_rom("seaquest"):
            self.skipTest("no ROM of Seaquest")
        self.check_games("SeaquestNoFrameskip-v4", 5, 3500)

    def test_which_runs_tell_of_episodes(self):
        """One that clips or ends at lives, by its dialect or by choice; all of its lines have the same keys."""
        for args, tells in [(["--dialect", "dopamine"], True), (["--dialect", "book-3e"], True),
                            (["--dialect", "gymnasium"], False), (["--clip-rewards"], True), (["--life-loss"], True),
                            (["--dialect", "sb3", "--no-life-loss"], True),
                            (["--dialect", "sb3", "--no-life-loss", "--no-clip-rewards"], False)]:
            with self.subTest(args):
                out = self.dir / "-".join(["run", *args])
                self.check(run("train", "--env", OWN_BRICKS, "--set", "network=small", "--frames", "1500", "--out", out,
                               *args), 0)
                log = log_of(out)
                self.assertGreater(len(log), 0)
                self.assertTrue(all(list(g) == LOG_KEYS + EPISODE_KEYS * tells for g in log))
                tags = {s[0] for s in events_of(out)}
                self.assertLessEqual(tags, {*SCALARS, *EPISODE_KEYS})
                self.assertEqual(tags >= set(EPISODE_KEYS), tells)


class Scores(Case):
    @classmethod
    def setUpClass(cls):
        import pathlib
        import shutil
        import tempfile
        home = pathlib.Path(tempfile.mkdtemp(prefix="deepq-e2e-"))
        cls.addClassCleanup(shutil.rmtree, home)
        done = run("train", "--env", OWN_PONG, "--reward-bound", "-22", "--out", home / "run")
        assert done.returncode == 0, done.stderr
        cls.model = next((home / "run").glob("*.dat"))

    def scores(self, *args, env=OWN_PONG):
        """One object, whose statistics are those of its rewards; the text says the same."""
        args = ["eval", "-m", self.model, "-e", env, *args]
        result = json.loads(self.check(run(*args, "--json"), 0).stdout)
        rewards = result["rewards"]
        self.assertEqual(len(rewards), result["episodes"])
        self.assertAlmostEqual(result["mean"], statistics.fmean(rewards), places=7)
        self.assertAlmostEqual(result["sd"], statistics.stdev(rewards) if len(rewards) > 1 else 0, places=7)
        self.assertEqual((result["min"], result["max"]), (min(rewards), max(rewards)))
        text = self.check(run(*args), 0).stdout
        self.assertIn(f"reward: mean {result['mean']:.2f}, sd {result['sd']:.2f}, min {min(rewards):.2f}, "
                      f"max {max(rewards):.2f}\n", text)
        self.assertIn(f"{result['episodes']} games, {result['frames']} frames", text)
        return result

    def test_statistics(self):
        result = self.scores("--episodes", "4", "--epsilon", "1")
        self.assertGreater(result["sd"], 0)  # else no formula of it could be seen
        self.assertEqual(self.scores("--episodes", "1", "--cap", "400")["sd"], 0)

    def test_every_part_of_the_protocol_matters(self):
        usual = ["--episodes", "2", "--epsilon", "0.3", "--noops", "5", "--seed", "1", "--cap", "8000"]
        want = self.scores(*usual)
        for option, value, key in [("--epsilon", "0.9", "epsilon"), ("--noops", "20", "noops"), ("--seed", "2", "seed"),
                                   ("--cap", "800", "cap"), ("--episodes", "3", "episodes")]:
            at = usual.index(option) + 1
            other = self.scores(*usual[:at], value, *usual[at + 1:])
            self.assertEqual(other[key], float(value))
            self.assertNotEqual((other["frames"], other["rewards"]), (want["frames"], want["rewards"]), option)
        self.assertEqual(self.scores(*usual[:-1], "800")["frames"], 2 * 200)  # a cap is in console frames

    @unittest.skipUnless(has_pong(), "no ROM of Pong")
    def test_human_normalised(self):
        """0 is random play, 100 is a human (Mnih et al. 2015: Pong -20.7 and 14.6)."""
        result = self.scores("--episodes", "2", "--cap", "2000", "--epsilon", "1", env=PONG)
        want = 100 * (result["mean"] + 20.7) / (14.6 + 20.7)
        self.assertAlmostEqual(result["human_normalised"], want, places=6)
        self.assertNotEqual(result["mean"], 0)


main()
