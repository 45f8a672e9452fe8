"""Help, versions, wrong usage, and standard output that goes away."""

import json
import os
import subprocess
import unittest

from program import DEEPQ, OWN_PONG, Case, has_pong, main, run

COMMANDS = ["train", "play", "eval", "export", "tabular", "envs", "roms", "trace", "inspect", "bench",
            "replay", "dashboard", "plot"]


class Help(Case):
    def test_every_command_is_listed_and_has_help_with_examples(self):
        self.check(run("--help"), 0, *COMMANDS)
        for command in COMMANDS:
            text = self.check(run(command, "--help"), 0, f"Usage: deepq {command}", "Examples:",
                              f"deepq {command}", "--help").stdout
            self.assertTrue(all(len(line) <= 100 for line in text.splitlines()), command)

    def test_version_tells_instruction_sets_and_features(self):
        self.check(run("--version"), 0, "deepq 0.", "ref", "precisions here: fp32",
                   "devices: cpu", "window (SDL2)", "video (FFmpeg)", "plots (cairo)")

    def test_nothing_to_do_is_wrong_usage(self):
        done = run()
        self.assertEqual(done.returncode, 2)
        self.assertIn("Usage: deepq COMMAND", done.stderr)


class WrongUsage(Case):
    def test_nearest_names_are_suggested(self):
        self.check(run("trian"), 2, "did you mean deepq train?")
        self.check(run("train", "--frmes", "3"), 2, "did you mean --frames?")
        self.check(run("train", "--env", "PongNoFrameskip-v5"), 2, "did you mean Pong")
        self.check(run("envs", "BreakoutNoFrameskp-v4"), 2, "BreakoutNoFrameskip-v4?")
        self.check(run("bench", "lern"), 2, "learn")
        self.check(run("train", "--set", "learning_rat=1"), 2, "learning_rate")
        self.check(run("--wat"), 2, "--help")

    def test_values_name_option_and_range(self):
        self.check(run("train", "--frames", "0"), 2, "--frames", "from 1 to")
        self.check(run("train", "--frames", "many"), 2, "--frames", "'many'")
        self.check(run("train", "--seed", "-1"), 2, "seed", "from 0 to")
        self.check(run("train", "--set", "gamma=2"), 2, "gamma", "from 0 to 1")
        self.check(run("train", "--set", "batch"), 2, "key=value")
        self.check(run("train", "--set", "batch=64", "--set", "replay_start=32"), 2, "batch 64")
        self.check(run("train", "--preset", "thunder"), 2, "book, fast, laptop, ch7-cartpole, cartpole")
        self.check(run("train", "--device", "tpu"), 2, "auto, cpu or cuda")
        self.check(run("train", "--isa", "mmx", "--env", "deepq/Pong-v0", "--out",
                       self.dir / "x"), 2, "mmx")
        self.check(run("play", "--model", "x", "--fps", "0"), 2, "--fps")
        self.check(run("play", "--epsilon", "1.5"), 2, "--epsilon", "0 to 1")
        self.check(run("eval", "--model"), 2, "--model needs a value")
        self.check(run("envs", "--rom-dir"), 2, "--rom-dir needs a value")
        self.check(run("play", "--no-vis=1"), 2, "takes no value")
        self.check(run("trace", "record", "-o", "x", "--sticky", "nan"), 2, "--sticky")

    def test_operands_are_counted(self):
        self.check(run("inspect"), 2, "FILE is missing")
        self.check(run("inspect", "a", "b"), 2, "'b' is one too many")
        self.check(run("train", "fast"), 2, "'fast' is one too many")
        self.check(run("play", "--last"), 2, "--model DIR")
        self.check(run("play", "--random", "--model", "x"), 2, "--random")
        self.check(run("roms", "import"), 2, "PATH is missing")
        self.check(run("roms", "lits"), 2, "list")
        self.check(run("trace", "check"), 2, "FILE is missing")
        self.check(run("trace", "record"), 2, "-o FILE")

    def test_options_may_be_shortened_and_mixed(self):
        self.check(run("train", "--fra", "0"), 2, "--frames")
        self.check(run("train", "--frame-s", "0"), 2, "--frame-skip")
        self.check(run("train", "--no-f"), 2, "more than one option")
        self.check(run("train", "--re", "x"), 2, "more than one option")
        self.check(run("envs", "--rom-dir=/nowhere", "PongNoFrameskip-v4"), 0, "pong")
        self.check(run("envs", "--", "PongNoFrameskip-v4"), 0, "pong")
        out = self.dir / "t.atr"  # a letter and its value in one word
        self.check(run("trace", "record", f"-e{OWN_PONG}", "--frames", "3", f"-o{out}"), 0)
        self.check(run("inspect", out), 0, "trace", "3")


class FirstSteps(Case):
    """What a reader of the README types."""

    def test_numbers_may_have_exponents(self):
        out = self.dir / "run"
        self.check(run("train", "-e", "deepq/Pong-v0", "--set", "network=small", "--set",
                       "replay_size=1e2", "--set", "replay_start=5e1", "--frames", "6e1", "--out",
                       out), 0)
        self.assertIn("max_steps = 60\n", (out / "config").read_text())
        self.check(run("train", "--frames", "1.5"), 2, "--frames", "whole number")
        self.check(run("train", "--set", "batch=1e-1"), 2, "batch", "whole number")

    def test_far_names_are_not_suggested(self):
        self.assertNotIn("did you mean", self.check(run("train", "--csv", "x"), 2, "--csv").stderr)
        self.check(run("train", "--env", "KlaxNoFrameskip-v4"), 2, "did you mean ALE/Klax-v5?")

    def test_modes_and_difficulties_are_listed(self):
        text = self.check(run("envs", "PongNoFrameskip-v4"), 0).stdout
        self.assertRegex(text, r"(?m)^  modes +0 1$")
        self.assertRegex(text, r"(?m)^  difficulties +0 1 2 3$")

    @unittest.skipUnless(has_pong(), "the Pong ROM is missing")
    def test_ids_with_a_frame_skip_are_taken_by_every_dialect(self):
        small = ["--set", "network=small", "--set", "replay_size=50", "--set", "replay_start=40"]
        for dialect in Dialects.NAMES:
            self.check(run("train", "-e", "ALE/Pong-v5", "--dialect", dialect, *small, "--frames", "3",
                           "--out", self.dir / dialect), 0)
        self.check(run("envs", "ALE/Pong-v5"), 0, "by dialect, with its frame skip", "sb3")

    def test_what_the_book_refuses_says_what_takes_it(self):
        for game in ("Freeway", "Skiing"):
            if f"\n{game.lower()} " not in run("roms", "list").stdout.replace("  no ", ""):
                self.skipTest(f"the ROM of {game} is missing")
            self.check(run("train", "-e", f"{game}NoFrameskip-v4", "--frames", "1"), 2, "--dialect sb3")

    def test_json_has_numbers_and_any_path(self):
        out = os.fsencode(self.dir) + b"/run\xff"
        done = subprocess.run([DEEPQ, "train", "-e", "deepq/Pong-v0", "--set", "network=small", "--set",
                               "replay_size=100", "--set", "replay_start=50", "--frames", "20", "--json",
                               "--out", out], capture_output=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        lines = [json.loads(line) for line in done.stdout.decode("utf-8").splitlines()]
        self.assertTrue(lines[0]["run"].endswith("run\ufffd"))
        config = lines[0]["config"]
        keys = ("replay_size", "gamma", "double_dqn", "env", "loss", "max_steps")
        self.assertEqual([config[k] for k in keys], [100, 0.99, False, "deepq/Pong-v0", "mse", 20])
        self.assertIsInstance(config["threads"], int)
        self.assertIsInstance(config["version"], str)
        self.assertEqual(lines[-1]["event"], "end")

    def test_relative_homes_count_for_nothing(self):
        env = {"DEEPQ_ROMS_DIR": "", "ALE_ROMS_DIR": "", "XDG_DATA_HOME": "data", "HOME": "home"}
        done = run("roms", "path", env=env)
        self.assertEqual(done.returncode, 1)
        self.assertIn("absolute", done.stderr)
        self.check(run("roms", "path", env={**env, "HOME": "/h"}), 0, "/h/.local/share/deepq/roms")


class Dialects(Case):
    NAMES = ["book", "book-3e", "baselines", "sb3", "cleanrl", "dopamine", "gymnasium", "envpool",
             "ale-vector"]

    def test_each_says_what_it_pools_and_nothing_is_missing(self):
        for name in self.NAMES:
            text = self.check(run("envs", "--dialect", name), 0, f"{name}\n", "grey", "stack").stdout
            self.assertNotIn("null", text)
            self.assertRegex(text, r"frame skip +4, the brighter of the last two frames(\n|[ ,])")
        self.check(run("envs", "--dialect", "nobody"), 2, *self.NAMES)
        each = [run("envs", "--dialect", name).stdout for name in self.NAMES]
        self.assertEqual(self.check(run("envs", "--dialect", "all"), 0).stdout, "".join(each))


class Output(Case):
    def test_a_reader_may_leave_early(self):
        """It is gone before the first line, so that the program cannot have written all of them."""
        reading, writing = os.pipe()
        os.close(reading)
        done = run("envs", stdout=writing)
        os.close(writing)
        self.assertEqual((done.returncode, done.stderr), (0, ""))

    def test_a_full_disk_is_a_failure(self):
        with open("/dev/full", "w") as full:
            self.check(run("envs", stdout=full), 1, "standard output", "No space left")


main()
