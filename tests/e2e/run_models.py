"""A trained model knows its game and its dialect, wherever it is copied to; a run folder is as good."""

import json
import shutil
import zipfile

from program import DATA, OWN_PONG, Case, main, run

BRICKS = "deepq/Bricks-v0"
ONE_GAME = ["--episodes", "1", "--cap", "400"]


def without_record(model, to):
    """As an older deepq wrote it."""
    with zipfile.ZipFile(model) as a, zipfile.ZipFile(to, "w", zipfile.ZIP_STORED) as b:
        for member in a.infolist():
            if not member.filename.endswith("deepq.json"):
                b.writestr(zipfile.ZipInfo(member.filename), a.read(member))
    return to


class Models(Case):
    @classmethod
    def setUpClass(cls):
        import pathlib
        import tempfile
        cls.home = pathlib.Path(tempfile.mkdtemp(prefix="deepq-e2e-"))
        cls.addClassCleanup(shutil.rmtree, cls.home)
        cls.folder = cls.home / "run"
        done = run("train", "--env", BRICKS, "--dialect", "sb3", "--set", "network=small", "--frames",
                   "300", "--set", "checkpoint_every=100", "--out", cls.folder)
        assert done.returncode == 0, done.stderr
        cls.model = max(cls.folder.glob("*.dat"), key=lambda p: float(p.stem.split("best_")[1]))
        cls.copied = cls.home / "copied.dat"
        shutil.copy(cls.model, cls.copied)
        cls.old = without_record(cls.model, cls.home / "old.dat")

    def evaluated(self, model, *args):
        done = self.check(run("eval", "-m", model, *ONE_GAME, "--json", *args), 0)
        result = json.loads(done.stdout)
        return result["env"], result["dialect"], done.stderr

    def test_it_knows_its_game_and_dialect(self):
        self.assertEqual(self.evaluated(self.copied), (BRICKS, "sb3", ""))
        shown = self.check(run("inspect", self.copied), 0).stdout
        for words in [("game", BRICKS), ("dialect", "sb3"), ("preset", "book"), ("network", "small"),
                      ("mean reward",), ("frames",)]:
            self.assertTrue(any(line.split()[:len(words[0].split()) + len(words) - 1]
                                == " ".join(words).split() for line in shown.splitlines()), words)
        played = self.check(run("play", "-m", self.copied, "--no-vis"), 0)
        self.assertEqual(played.stderr, "")
        said = ["-e", BRICKS, "--dialect", "sb3"]
        again = self.check(run("play", "-m", self.old, "--no-vis", *said), 0)
        self.assertEqual((played.stdout, played.stderr), (again.stdout, again.stderr))

    def test_the_command_line_counts_most(self):
        self.assertEqual(self.evaluated(self.copied, "--dialect", "gymnasium"),
                         (BRICKS, "gymnasium", ""))
        self.check(run("eval", "-m", self.copied, "-e", OWN_PONG), 2, "actions", "--env")

    def test_what_is_assumed_is_said(self):
        env, dialect, text = self.evaluated(self.old, "-e", BRICKS)
        self.assertEqual((env, dialect), (BRICKS, "book"))
        self.assertEqual(len(text.splitlines()), 1)
        self.assertIn("old.dat does not say its dialect: book", text)
        self.check(run("inspect", self.old), 0, "not said in the file")
        done = run("eval", "-m", self.old, *ONE_GAME, "-e", BRICKS, "--dialect", "sb3")
        self.assertEqual(self.check(done, 0).stderr, "")
        done = run("eval", "-m", self.old)  # Pong has more actions: that line alone
        self.check(done, 2, "old.dat", "actions")
        beside = self.home / "run" / "old.dat"
        shutil.copy(self.old, beside)  # the run says it
        self.addCleanup(beside.unlink)
        self.assertEqual(self.evaluated(beside), (BRICKS, "sb3", ""))

    def test_a_run_folder_in_place_of_a_model(self):
        for folder in (self.folder, f"{self.folder}/"):
            env, dialect, text = self.evaluated(folder)
            self.assertEqual((env, dialect, text), (BRICKS, "sb3", ""))
        of_run = self.check(run("play", "-m", self.folder, "--no-vis"), 0).stdout
        self.assertEqual(of_run, run("play", "-m", self.model, "--no-vis").stdout)
        self.check(run("inspect", self.folder), 0, f"best model          {self.model}")

    def test_the_best_of_many(self):
        folder = self.dir / "run"
        folder.mkdir()
        shutil.copy(self.folder / "config", folder)
        for mean in ("-21", "-3", "-0", "0", "4", "10"):  # each is better than those before it
            shutil.copy(self.model, folder / f"x-best_{mean}.dat")
            (folder / f"x-best_{mean}9.dat.tmp").touch()
            self.check(run("inspect", folder), 0, f"best model          {folder}/x-best_{mean}.dat\n")

    def test_the_last_weights(self):
        self.assertEqual(self.evaluated(self.folder, "--last"), (BRICKS, "sb3", ""))
        out = self.dir / "solved"
        self.check(run("train", "--env", OWN_PONG, "--set", "network=small", "--reward-bound", "-22",
                       "--out", out), 0)  # then its last weights are its best ones
        best = self.check(run("play", "-m", out, "--no-vis"), 0).stdout
        self.assertEqual(best, self.check(run("play", "-m", out, "--no-vis", "--last"), 0).stdout)
        self.check(run("play", "-m", self.model, "--last", "--no-vis"), 2, "--last", "folder")

    def test_a_best_model_that_has_learned_nothing(self):
        """A lucky first game of the untrained network: the newest weights are taken, as --last does."""
        out = self.dir / "lucky"
        settings = ["--preset", "cartpole", "--set", "replay_start=200", "--seed", "3", "--out", out]
        self.check(run("train", "--env", "CartPole-v1", "--frames", "400", *settings), 0)
        self.assertEqual([p.name for p in out.glob("*.dat")], ["CartPole-v1-best_27.dat"])
        done = self.check(run("eval", "-m", out, "--episodes", "9"), 0)
        self.assertIn("before it began to learn", done.stderr)
        last = self.check(run("eval", "-m", out, "--episodes", "9", "--last"), 0)
        self.assertEqual(last.stderr, "")
        self.assertEqual(done.stdout, last.stdout)
        best = self.check(run("eval", "-m", out / "CartPole-v1-best_27.dat", "--episodes", "9"), 0)
        self.assertNotEqual(best.stdout.split("mean")[-1], last.stdout.split("mean")[-1])
        for command in (["play", "-m", out, "--no-vis"], ["export", out, "-o", self.dir / "m.pt"]):
            self.assertIn("before it began to learn", self.check(run(*command), 0).stderr)
        self.assertNotIn("before", run("play", "-m", self.folder, "--no-vis").stderr)

    def test_a_run_without_a_model(self):
        out = self.dir / "young"
        self.check(run("train", "--env", OWN_PONG, "--set", "network=small", "--frames", "5", "--out",
                       out), 0)
        self.check(run("play", "-m", out, "--no-vis"), 2, "no model yet", "--last")
        self.check(run("eval", "-m", out, "--last", *ONE_GAME), 0)
        self.check(run("eval", "-m", self.dir), 2, "not the folder of a run")

    def test_models_of_other_programs(self):
        """By their content, whatever they are called; the game is named where they do not say it."""
        for name, origin in (("sb3_2.zip", "Stable-Baselines3"), ("cleanrl_2.cleanrl_model", "CleanRL"),
                             ("sb3_contrib_2.zip", "SB3-Contrib")):
            model = self.dir / "model.of_another"
            shutil.copy(DATA / "foreign" / name, model)
            self.check(run("inspect", model), 0, f"model of {origin}, ", "not said in the file")
            self.check(run("play", "-m", model, "--no-vis"), 2, origin, "does not say its game", "--env")
            self.check(run("eval", "-m", model), 2, origin, "does not say its game", "--env")
            for command in ("play", "eval"):
                more = ["--no-vis"] if command == "play" else ["--episodes", "1"]
                done = run(command, "-m", model, "-e", "CartPole-v1", *more)
                self.assertEqual(self.check(done, 0).stderr, "")
                self.check(run(command, "-m", model, "-e", "MountainCar-v0", *more), 2,
                           "16 bytes", "MountainCar-v0", "have 8", "--env")
                self.check(run(command, "-m", model, "-e", OWN_PONG, *more), 2, "16 bytes", "have 28224")
        known = DATA / "foreign" / "cleanrl_3.cleanrl_model"  # which says its game
        self.assertEqual(self.check(run("play", "-m", known, "--no-vis"), 0).stderr, "")

    def check_exported(self, dialect, suffixes, *settings):
        """What is written for others plays here as before. Returns the last file."""
        folder = self.dir / f"{dialect}{len(settings)}"
        self.check(run("train", "--env", BRICKS, "--dialect", dialect, "--frames", "20", "--set",
                       "replay_start=100", *settings, "--out", folder), 0)
        played = run("play", "-m", folder, "--last", "--no-vis").stdout
        for suffix in suffixes:
            path = self.dir / f"model.{suffix}"
            self.check(run("export", folder, "--last", "-o", path), 0)
            self.assertEqual(self.evaluated(path), (BRICKS, dialect, ""))
            self.assertEqual(run("play", "-m", path, "--no-vis").stdout, played)
        return path

    def test_what_is_exported_plays_as_before(self):
        path = self.check_exported("cleanrl", ["pth", "cleanrl_model", "safetensors"], "--set", "head=c51",
                                   "--set", "atoms=5")
        self.check(run("inspect", path), 0, "model, safetensors", f"game            {BRICKS}", "c51 5 -10 10")
        self.check(run("eval", "-m", path, "-e", "CartPole-v1"), 2, "28224 bytes", "CartPole-v1", "--env")
        self.check(run("eval", "-m", path, "-e", OWN_PONG), 2, "among 4 actions", "has 6", "--env")
        self.check_exported("sb3", ["cleanrl_model", "zip"])
        self.check_exported("sb3", ["zip"], "--set", "head=qr", "--set", "atoms=7")

    def test_onnx_is_written_and_not_read(self):
        path = self.dir / "model.onnx"
        self.check(run("export", self.model, "-o", path), 0)
        self.check(run("play", "-m", path, "--no-vis"), 2, "ONNX", "the model that it was made of")
        self.check(run("inspect", path), 2, "ONNX", "the model that it was made of")

    def test_a_network_that_deepq_lacks(self):
        model = DATA / "models" / "state_dict.dat"
        self.check(run("inspect", model), 0, "none that deepq knows")
        self.check(run("play", "-m", model, "--no-vis"), 2, "state_dict.dat", "conv.0.weight has shape")
        self.check(run("play", "-m", DATA / "models" / "views.dat", "--no-vis"), 2,
                   "conv.0.weight is missing, its first tensor is slice [6]")

    def test_a_model_of_pytorch_says_nothing(self):
        self.check(run("inspect", DATA / "models" / "state_dict.dat"), 0, "not said in the file")


main()
