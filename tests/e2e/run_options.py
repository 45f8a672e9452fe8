"""Every option of every command does something: what is seen with it is not what is seen without.

The options come from --help, so a new one needs a line here: its arguments, or the reason why this file
cannot see what it does and which does.
"""

import json
import pathlib
import re
import shutil
import tempfile
import unittest
import zlib

from program import OWN_BRICKS, OWN_PONG, PONG, Case, has_pong, has_rom, main, run

NO_ROMS = {"HOME": "/nonexistent", "DEEPQ_ROMS_DIR": "", "ALE_ROMS_DIR": "", "XDG_DATA_HOME": ""}


class Elsewhere(str):
    """Why an option is not tried here, and where it is."""


# Those of the environment: what each is tried with, and its values. `train`, `play` and `eval` have them
# all; a game that scores more than a point in a step is Pong with actions that are held for long.
SB3, GYMNASIUM, LONG = ["--dialect", "sb3"], ["--dialect", "gymnasium"], ["-e", OWN_PONG, "--frame-skip", "300"]
ENVIRONMENT = {
    "--noops": (SB3, ["2"]),
    "--fire": (GYMNASIUM, []),
    "--no-fire": (SB3, []),
    "--life-loss": (GYMNASIUM, []),
    "--no-life-loss": ([*SB3, "--life-loss"], []),
    "--clip-rewards": ([*GYMNASIUM, *LONG], []),
    "--no-clip-rewards": ([*SB3, *LONG, "--clip-rewards"], []),
    "--frame-skip": (SB3, ["3"]),
    "--stack": (SB3, ["3"]),
    "--pool": ([*SB3, "-e", OWN_PONG, "--frame-skip", "12"], ["all"]),
    "--sticky": (SB3, ["0.5"]),
    "--mode": (SB3, ["8"]),
    "--difficulty": (SB3, ["7"]),  # of our own games none has one; test_a_games_difficulty has the others
    "--full-actions": ([*SB3, "--random"], []),
    "--no-full-actions": ([*SB3, "--full-actions", "--random"], []),
}
HELP = Elsewhere("it is what the options are read from")
SPEED = re.compile(r'("speed": |speed )[\d.]+')


def options_of(command):
    return re.findall(r"^ +(?:-\w, )?(--[a-z-]+)", run(command, "--help").stdout, re.M)


def crc_of(folder):
    """Names and contents of a folder's files, without what only tells the time."""
    seen = {}
    for path in sorted(folder.rglob("*")) if folder.exists() else []:
        if path.is_file() and not path.name.startswith(("events", "log.jsonl")):
            content = re.sub(rb"(?m)^events = .*$", b"", path.read_bytes())
            seen[str(path.relative_to(folder))] = zlib.crc32(content)
    return seen


class Options(Case):
    def seen(self, command, *args):
        """All that a run of the command comes to, in a new folder."""
        folder = self.dir / f"run{len(list(self.dir.iterdir()))}"
        folder.mkdir()
        done = run(command, *args, cwd=folder)
        text = SPEED.sub("", done.stdout) + done.stderr
        return done.returncode, re.sub(r"20\d\d\d\d\d\d-\d+|\w{3}\d\d_\S+", "DATE", text), crc_of(folder)

    def check_all(self, command, usual, changes, operands=()):
        """Each change alone, in place of the usual value or beside the usual ones."""
        self.assertEqual(set(options_of(command)), set(changes) | {"--help"}, command)
        base = self.seen(command, *operands, *sum(usual.items(), ()))
        self.assertEqual(base, self.seen(command, *operands, *sum(usual.items(), ())), "the same again")
        for option, change in changes.items():
            if isinstance(change, Elsewhere):
                continue
            change = change if isinstance(change, list) else [change]
            rest = {k: v for k, v in usual.items() if k != option}
            with self.subTest(option):
                self.assertNotEqual(base, self.seen(command, *operands, *sum(rest.items(), ()), option, *change))


class Train(Options):
    def test_train(self):
        (self.dir / "config").write_text("gamma = 0.5\n")
        usual = {"--env": OWN_PONG, "--frames": "60", "--isa": "ref", "--out": "run",
                 "--seed": "0", "--threads": "2", "--envs": "1", "--preset": "book", "--set": "network=small"}
        self.check_all("train", usual, {
            "--env": OWN_BRICKS,
            "--dialect": "sb3",
            "--preset": "fast",
            "--set": "gamma=0.5",
            "--help-set": [],
            "--config": self.dir / "config",
            "--seed": "1",
            "--frames": "59",
            "--reward-bound": "5",
            "--device": "cuda:7",
            "--cuda": [],
            "--precision": "bf16",
            "--envs": "2",
            "--threads": "1",
            "--isa": Elsewhere("not every machine has another one; run_train.py has them"),
            "--out": "elsewhere",
            "--logdir": "board",
            "--resume": "nowhere",
            "--rom-dir": "roms",
            "--watch": [],  # that there is no terminal; run_screen.py has those
            "--plain": Elsewhere("run_train.py: Terminal"),
            "--json": [],
            "--dashboard": Elsewhere("run_dashboard.py"),
            **{option: Elsewhere("Environment") for option in ENVIRONMENT},
        })


class Environment(Options):
    """What is played and learned with each option of the environment, and without it."""

    LEARN = ["--set", "network=small", "--set", "replay_size=500", "--set", "replay_start=100", "--set",
             "train_every=8", "--seed", "1"]

    @classmethod
    def setUpClass(cls):
        """Weights as they were at first, of networks for either game."""
        cls.home = pathlib.Path(tempfile.mkdtemp(prefix="deepq-e2e-"))
        cls.addClassCleanup(shutil.rmtree, cls.home)
        for game in OWN_BRICKS, OWN_PONG:
            done = run("train", "--env", game, *cls.LEARN, "--frames", "5", "--out", cls.home / game)
            assert done.returncode == 0, done.stderr

    def log(self, *args):
        """Of a run: games, rewards and losses, which the names of its settings are no part of."""
        out = self.dir / f"run{len(list(self.dir.iterdir()))}"
        args = [a for a in args if a != "--random"]
        done = run("train", "--env", OWN_BRICKS, *self.LEARN, "--frames", "300", "--out", out, *args)
        if done.returncode != 0:
            return done.returncode, done.stderr
        log = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
        self.assertGreater(len(log), 0)
        return [(g["frame"], g["reward"], g["loss"]) for g in log]

    def model(self, args):
        return ["-m", self.home / (OWN_PONG if OWN_PONG in args else OWN_BRICKS), "--last", "--epsilon", "0.3"]

    def played(self, *args):
        model = [] if "--random" in args else self.model(args)
        game = [] if OWN_PONG in args else ["-e", OWN_BRICKS]
        done = run("play", "--no-vis", *model, *game, "--episodes", "2", *args)
        return done.returncode, done.stdout, done.stderr

    def scores(self, *args):
        args = [a for a in args if a != "--random"]
        done = run("eval", *self.model(args), "--json", "--episodes", "2", *args)
        if done.returncode != 0:
            return done.returncode, done.stderr
        result = json.loads(done.stdout)
        return result["rewards"], result["frames"]

    def check_each(self, seen, command):
        usual = {}
        self.assertLessEqual(set(ENVIRONMENT), set(options_of(command)))
        for option, (args, value) in ENVIRONMENT.items():
            key = tuple(args)
            if key not in usual:
                usual[key] = seen(*args)
            with self.subTest(option):
                self.assertNotEqual(usual[key], seen(*args, option, *value))

    def test_train(self):
        self.check_each(self.log, "train")

    def test_play(self):
        self.check_each(self.played, "play")

    def test_eval(self):
        self.check_each(self.scores, "eval")

    def test_a_games_difficulty(self):
        if not has_rom("breakout"):
            self.skipTest("no ROM of Breakout")
        play = ["play", "--no-vis", "--random", "-e", "BreakoutNoFrameskip-v4", "--dialect", "sb3", "--episodes", "3"]
        usual = self.check(run(*play), 0).stdout
        self.assertNotEqual(usual, self.check(run(*play, "--difficulty", "1"), 0).stdout)
        self.assertNotEqual(usual, self.check(run(*play, "--mode", "20"), 0).stdout)

    def test_the_last_one_counts(self):
        self.assertEqual(self.log("--dialect", "sb3", "--no-fire", "--fire"), self.log("--dialect", "sb3"))
        self.assertEqual(self.log("--dialect", "sb3", "--pool", "all", "--pool=two"),
                         self.log("--dialect", "sb3"))

    def test_what_makes_no_sense(self):
        self.check(run("train", "--pool", "three"), 2, "--pool 'three'", "two|all")
        self.check(run("train", "--frame-skip", "0"), 2, "--frame-skip '0'", "1 to 1000")
        self.check(run("train", "--sticky", "1.5"), 2, "--sticky '1.5'")
        self.check(run("train", "--fire=1"), 2, "--fire takes no value")
        self.check(run("train", "--env", OWN_BRICKS, "--mode", "77", "--out", self.dir / "a"), 2, "no mode 77")
        self.check(run("train", "--env", OWN_BRICKS, "--stack", "3", "--out", self.dir / "b"), 2, "84x84")

    def test_a_run_and_its_models_keep_them(self):
        """A run continues with its options and no others; its models play with them wherever they are."""
        chosen = ["--env", OWN_BRICKS, "--dialect", "sb3", "--frame-skip", "3", "--sticky", "0.25", "--noops", "0",
                  "--no-fire", "--full-actions", "--no-clip-rewards", "--no-life-loss", *self.LEARN]
        whole, parts = self.dir / "whole", self.dir / "parts"
        self.check(run("train", *chosen, "--frames", "1200", "--out", whole), 0)
        self.check(run("train", *chosen, "--frames", "700", "--out", parts), 0)
        self.check(run("train", "--resume", parts, "--frames", "900", "--sticky", "0"), 2, "sticky=0 cannot")
        self.check(run("train", "--resume", parts, "--frames", "1200"), 0)
        self.assertEqual((whole / "checkpoint" / "state").read_bytes(), (parts / "checkpoint" / "state").read_bytes())
        config = (parts / "config").read_text()
        for line in ["frame_skip = 3\n", "sticky = 0.25\n", "noops = 0\n", "fire = false\n", "full_actions = true\n",
                     "clip_rewards = false\n", "life_loss = false\n"]:
            self.assertIn(line, config)
        again = self.dir / "again"
        self.check(run("train", "--config", parts / "config", "--frames", "1200", "--out", again), 0)
        self.assertEqual((whole / "checkpoint" / "state").read_bytes(), (again / "checkpoint" / "state").read_bytes())
        model = sorted(parts.glob("*.dat"))[0]
        copied = self.dir / "copied.dat"
        shutil.copy(model, copied)
        told = "noops=0 fire=false frame_skip=3 sticky=0.25 full_actions=true"
        for path in model, copied:
            self.check(run("inspect", path), 0, told)
        play = ["play", "--no-vis", "--epsilon", "0.3", "-m"]
        self.assertEqual(run(*play, copied).stdout, self.check(run(*play, model), 0).stdout)
        self.assertEqual(run(*play, copied).stdout, run(*play, copied, "--no-fire", "--frame-skip", "3").stdout)
        self.check(run(*play, copied, "--no-full-actions"), 2, "18 actions")
        result = json.loads(self.check(run("eval", "-m", copied, "--episodes", "1", "--json"), 0).stdout)
        self.assertEqual((result["sticky"], result["noops"]), (0.25, 30))
        self.assertIn("frame_skip=3", result["options"])

    def test_an_edited_config_is_noticed(self):
        """Whether an option is changed, taken out or put in."""
        out = self.dir / "run"
        self.check(run("train", "--env", OWN_BRICKS, "--dialect", "sb3", "--noops", "3", *self.LEARN, "--frames", "20",
                       "--out", out), 0)
        config = (out / "config").read_text()
        for edited, words in [(config.replace("noops = 3", "noops = 4"), ["noops is 4", "and 3"]),
                              (config.replace("noops = 3\n", ""), ["noops is not chosen", "and 3"]),
                              (config + "sticky = 0.5\n", ["sticky is 0.5", "not chosen"])]:
            (out / "config").write_text(edited)
            self.check(run("train", "--resume", out, "--frames", "30"), 2, *words)
        (out / "config").write_text(config)
        self.check(run("train", "--resume", out, "--frames", "30"), 0)


class Recorded(Options):
    def test_trace(self):
        usual = {"--env": OWN_BRICKS, "--frames": "400", "--output": "a.atr", "--sticky": "0.3",
                 "--seed": "1", "--random-seed": "1", "--period": "100"}
        self.check_all("trace", usual, {
            "--rom": "absent.bin",
            "--rom-dir": Elsewhere("test_where_roms_are_looked_for"),
            "--output": "b.atr",
            "--game": Elsewhere("it stands for --env, which is tried; run_files.py has it"),
            "--env": OWN_PONG,
            "--frames": "401",
            "--seed": "2",
            "--random-seed": "2",
            "--mode": "77",
            "--difficulty": "77",
            "--sticky": "0.1",
            "--legal": [],
            "--period": "0",
        }, ["record"])

    def test_where_roms_are_looked_for(self):
        """--rom-dir is the first folder that a missing ROM's error names."""
        self.check(run("train", "--env", OWN_PONG, "--reward-bound", "-22", "--out", self.dir / "run"), 0)
        model = next((self.dir / "run").glob("*.dat"))
        for command in [["train", "--frames", "1"], ["play", "-m", model, "-e", PONG, "--no-vis"],
                        ["eval", "-m", model, "-e", PONG],
                        ["roms", "path"], ["bench", "env"],
                        ["trace", "record", "--game", "pong", "-o", self.dir / "x"]]:
            done = run(*command, "--rom-dir", self.dir / "mine", env=NO_ROMS, cwd=self.dir)
            self.assertIn(str(self.dir / "mine"), done.stdout + done.stderr, command)


    @unittest.skipUnless(has_pong(), "no ROM of Pong")
    def test_a_rom_is_found_there(self):
        mine = self.dir / "mine"
        mine.mkdir()
        shutil.copy(pathlib.Path(run("roms", "path").stdout.strip()) / "pong.bin", mine)
        self.check(run("envs", PONG, "--rom-dir", mine), 0, str(mine / "pong.bin"))


class Known(Options):
    def test_envs_and_roms(self):
        self.check_all("envs", {}, {
            "--dialect": "sb3",
            "--rom-dir": Elsewhere("test_where_roms_are_looked_for"),
        })
        self.check_all("roms", {}, {"--rom-dir": "mine"}, ["path"])


class Tabular(Options):
    def test_tabular(self):
        """Each against a run in which it matters."""
        lake = {"--env": "FrozenLake-v1", "--max-iterations": "400", "--seed": "3", "--json": None,
                "--no-log": None, "--reward-bound": "2"}
        cliff = {**lake, "--env": "CliffWalking-v1", "--max-steps": "40"}  # every step has a reward
        decaying = {**cliff, "--epsilon": "0.9", "--epsilon-decay": "300"}
        slower = {**cliff, "--alpha-schedule": "linear"}
        visits = {**cliff, "--alpha-schedule": "visits"}
        maps = {**lake, "--random-map": "5", "--env": "FrozenLake-v1"}
        bounded = {**lake, "--reward-bound": "0.01", "--max-iterations": "5000"}
        changes = {
            "--env": (lake, "CliffWalking-v1"),
            "--map": (lake, "SFF,FFF,FFG"),
            "--random-map": (lake, "5"),
            "--frozen": (maps, "0.6"),
            "--map-seed": (maps, "7"),
            "--success-rate": (lake, "0.9"),
            "--no-slippery": (lake, None),
            "--rainy": ({**lake, "--env": "Taxi-v3"}, None),
            "--gamma": (lake, "0.8"),
            "--steps": (lake, "2"),
            "--test-episodes": (lake, "19"),
            "--reward-bound": (bounded, "0.5"),
            "--max-iterations": (lake, "399"),
            "--max-steps": (lake, "20"),
            "--seed": (lake, "4"),
            "--seeds": (lake, "2"),
            "--threads": Elsewhere("whatever their number, a run is the same: run_tabular.py"),
            "--model": (lake, "known"),
            "--target": (cliff, "sarsa"),
            "--alpha": (lake, "0.3"),
            "--alpha-schedule": (lake, "linear"),
            "--alpha-final": (slower, "0.1"),
            "--alpha-decay": (slower, "50"),
            "--alpha-power": (visits, "0.5"),
            "--epsilon": (lake, "0.5"),
            "--epsilon-final": (decaying, "0.5"),
            "--epsilon-decay": (decaying, "100"),
            "--step-env": Elsewhere("stepping comes to the same: test_tabular.c compares"),
            "--logdir": ({k: v for k, v in lake.items() if k != "--no-log"}, "board"),
            "--no-log": ({k: v for k, v in lake.items() if k != "--no-log"}, None),
            "--plot": (lake, "a.png"),
            "--show": ({k: v for k, v in lake.items() if k != "--json"}, None),
            "--render": ({k: v for k, v in lake.items() if k != "--json"}, None),
            "--fps": Elsewhere("on a terminal alone: run_tabular.py"),
            "--plain": Elsewhere("on a terminal alone: run_tabular.py"),
            "--json": ({k: v for k, v in lake.items() if k != "--json"}, None),
        }
        self.assertEqual(set(options_of("tabular")), set(changes) | {"--help"})

        def words(options):
            return [w for k, v in options.items() for w in ([k] if v is None else [k, v])]

        def result(options):
            status, text, files = self.seen("tabular", "q-learning", *words(options))
            # of the folder's files the events are what --logdir and --no-log are about
            events = sorted(str(p.parent.relative_to(self.last)) for p in self.last.rglob("events*"))
            return status, text, files, [bool(events)] + [e for e in events if "board" in e]

        for option, change in changes.items():
            if isinstance(change, Elsewhere):
                continue
            with self.subTest(option):
                usual, value = change
                self.assertNotEqual(result(usual), result({**usual, option: value}))

    def seen(self, command, *args):
        self.last = pathlib.Path(self.dir / f"run{len(list(self.dir.iterdir()))}")
        return super().seen(command, *args)


class Bench(Options):
    def test_bench(self):
        """Its figures are times: what is compared is what they are said to be of."""
        usual = {"--env": OWN_PONG, "--threads": "1", "--envs": "2", "--isa": "ref", "--repeats": "1",
                 "--seconds": "0.01", "--network": "small", "--precision": "fp32"}

        def figures(what, change):
            words = [w for k, v in {**usual, **change}.items() for w in (k, v)]
            lines = self.check(run("bench", what, *words, "--json"), 0).stdout.splitlines()
            return [{k: v for k, v in json.loads(line).items() if k not in ("min", "median", "max")}
                    for line in lines]

        for what, option, value in [("env", "--env", OWN_BRICKS), ("env", "--dialect", "sb3"),
                                    ("vector", "--threads", "2"), ("vector", "--envs", "3"),
                                    ("act", "--network", "nips"), ("act", "--precision", "bf16"),
                                    ("replay", "--repeats", "2")]:
            with self.subTest(option):
                self.assertNotEqual(figures(what, {}), figures(what, {option: value}))
        self.check(run("bench", "act", "--device", "cuda:9"), 2, "cuda:9")
        elsewhere = {"--isa", "--seconds", "--rom-dir", "--json", "--device", "--help"}
        tried = {"--env", "--dialect", "--threads", "--envs", "--network", "--precision", "--repeats"}
        self.assertEqual(set(options_of("bench")), elsewhere | tried)


main()
