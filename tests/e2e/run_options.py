"""Every option of every command does something: what is seen with it is not what is seen without.

The options come from --help, so a new one needs a line here: its arguments, or the reason why this file
cannot see what it does and which does.
"""

import json
import pathlib
import re
import shutil
import unittest
import zlib

from program import OWN_PONG, PONG, Case, has_pong, main, run

OWN_BRICKS = "deepq/Bricks-v0"
NO_ROMS = {"HOME": "/nonexistent", "DEEPQ_ROMS_DIR": "", "ALE_ROMS_DIR": "", "XDG_DATA_HOME": ""}


class Elsewhere(str):
    """Why an option is not tried here, and where it is."""


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
            "--plain": Elsewhere("run_train.py: Terminal"),
            "--json": [],
        })


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
