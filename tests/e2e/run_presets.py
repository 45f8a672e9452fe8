#!/usr/bin/env python3
"""Every preset trains, saves, resumes, plays and evaluates; what a user writes wins over what it says."""

import json
import re
import unittest

from program import OWN_BRICKS, Case, main, run

# Small and quick, whatever the preset: what decides how it learns stays as it is. Random actions end games.
SMALL = {"replay_size": 400, "replay_start": 90, "batch": 4, "n_envs": 1, "train_every": 12,
         "checkpoint_every": 1000, "epsilon_start": 1}
SETS = [word for key, value in SMALL.items() for word in ("--set", f"{key}={value}")]


def presets():
    lines = run("train", "--help-set", "--json").stdout.splitlines()
    return [o for o in map(json.loads, lines) if "preset" in o]


def config(folder):
    return dict(line.split(" = ", 1) for line in (folder / "config").read_text().splitlines() if " = " in line)


class Presets(Case):
    def begin(self, preset, *more, frames=140, env=OWN_BRICKS):
        folder = self.dir / "run"
        if preset == "pqn":
            more = ("--set", "train_every=1", *more)  # its rollout says when it learns
        self.check(run("train", "--preset", preset, "--env", env, "--frames", frames, *SETS, "--plain", "--out",
                       folder, *more), 0)
        return folder

    def evaluate(self, *options):
        result = run("eval", "-m", self.dir / "run", "--last", "--episodes", "1", "--cap", "200", "--json",
                     *options)
        self.check(result, 0)
        return json.loads(result.stdout)

    def check_run(self, p):
        """From its first step to an evaluation."""
        is_cartpole = "cartpole" in p["preset"]
        folder = self.begin(p["preset"], env="CartPole-v1" if is_cartpole else OWN_BRICKS)
        known = config(folder)
        self.assertEqual(known["preset"], p["preset"])
        if not is_cartpole:
            self.assertEqual(known["dialect"], p["dialect"])
            for option in p["options"].split():
                key, value = option.split("=")
                self.assertEqual(known[key], value, p)
        self.check(run("train", "--resume", folder, "--frames", "180", "--plain"), 0)
        steps = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
        self.assertTrue(steps)
        self.check(run("inspect", folder / "checkpoint"), 0)
        scored = self.evaluate()
        self.assertEqual(scored["epsilon"], 0 if is_cartpole else p["eval_epsilon"])
        self.assertEqual(scored["noops"], 0 if is_cartpole else p["eval_noops"])
        if not is_cartpole:
            self.assertEqual(scored["dialect"], p["dialect"])
            sticky = re.search(r"sticky=(\S+)", p["options"])
            self.assertEqual(scored["sticky"], float(sticky[1]) if sticky else 0)

    def test_each_trains_resumes_and_is_evaluated(self):
        self.assertGreaterEqual(len(presets()), 19)
        for p in presets():
            with self.subTest(preset=p["preset"]):
                self.setUp()
                self.check_run(p)

    def test_a_model_plays_as_its_preset_says(self):
        folder = self.begin("dopamine-dqn", "--set", "network=small", frames=1500)
        models = list(folder.glob("*.dat"))
        self.assertTrue(models)
        result = run("eval", "-m", models[0], "--episodes", "1", "--cap", "200", "--json")
        self.check(result, 0)
        scored = json.loads(result.stdout)
        self.assertEqual((scored["epsilon"], scored["noops"], scored["sticky"], scored["dialect"]),
                         (0.001, 0, 0.25, "dopamine"))
        self.check(run("play", "-m", models[0], "--no-vis", "--epsilon", "0.3"), 0, "Total reward")

    def test_what_a_user_writes_wins(self):
        folder = self.begin("dopamine-dqn", "--dialect", "sb3", "--sticky", "0.5", "--set", "network=nips", "--set",
                            "gamma=0.5", "--no-clip-rewards")
        known = config(folder)
        self.assertEqual([known[key] for key in ("dialect", "sticky", "network", "gamma", "clip_rewards")],
                         ["sb3", "0.5", "nips", "0.5", "false"])
        scored = self.evaluate("--epsilon", "0.25", "--noops", "3")
        self.assertEqual((scored["epsilon"], scored["noops"], scored["sticky"]), (0.25, 3, 0.5))

    def test_a_config_file_wins_over_the_presets_environment(self):
        folder = self.begin("dopamine-dqn", "--dialect", "cleanrl", "--sticky", "0.1", "--set", "network=nips")
        self.check(run("train", "--config", folder / "config", "--frames", "20", "--plain", "--out",
                       self.dir / "again"), 0)
        again = config(self.dir / "again")
        self.assertEqual((again["dialect"], again["sticky"], again["preset"]), ("cleanrl", "0.1", "dopamine-dqn"))

    def test_a_preset_of_games_is_of_use_for_vectors(self):
        known = config(self.begin("sb3", env="CartPole-v1"))
        self.assertEqual((known["network"], known["gradient_norm"]), ("mlp", "10"))
        self.assertNotIn("dialect", known)

    def test_each_has_a_line_of_help(self):
        text = run("train", "--help").stdout
        for p in presets():
            self.assertRegex(text, rf"(?m)^  {p['preset']} +{re.escape(p['help'])}$")


if __name__ == "__main__":
    main()
