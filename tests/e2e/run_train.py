"""deepq train: the book's lines, the run folder, and going on bit for bit."""

import fcntl
import json
import os
import re
import struct
import subprocess
import termios
import zipfile
import zlib

from program import DEEPQ, OWN_PONG, Case, main, open_terminal, run

SMALL = ["--env", OWN_PONG, "--set", "replay_size=150", "--set", "replay_start=50",
         "--set", "checkpoint_every=40", "--set", "network=small"]
BOOK_LINE = re.compile(r"^\d+: done \d+ games, reward -?\d+\.\d{3}, eps \d\.\d\d, "
                       r"speed \d+\.\d\d f/s$")


def state(folder):
    return (folder / "checkpoint" / "state").read_bytes()


class Book(Case):
    def test_lines_and_files(self):
        out = self.dir / "run"
        lines = self.check(run("train", "--env", OWN_PONG, "--frames", "2500", "--out", out,
                               "--seed", "3"), 0).stdout.splitlines()
        self.assertEqual(lines[0], "DQN(")
        self.assertIn("    (0): Conv2d(4, 32, kernel_size=(8, 8), stride=(4, 4))", lines)
        told = lines[lines.index(")") + 1:]
        games = [line for line in told if BOOK_LINE.match(line)]
        self.assertGreaterEqual(len(games), 1)
        for line in told:
            self.assertRegex(line, BOOK_LINE.pattern + r"|^Best reward updated -?\d+\.\d{3} -> ")
        log = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
        self.assertEqual(len(log), len(games))
        self.assertTrue(games[0].startswith(f"{log[0]['frame']}: done 1 games"))
        config = dict(line.split(" = ") for line in (out / "config").read_text().splitlines()
                      if not line.startswith("#"))
        self.assertEqual((config["gamma"], config["seed"], config["max_steps"], config["env"]),
                         ("0.99", "3", "2500", OWN_PONG))
        self.assertRegex(config["rom_md5"], "^[0-9a-f]{32}$")
        self.assertIn(config["isa"], ["ref", "avx2", "avx512"])
        self.assertEqual(len(list(out.glob("events.out.tfevents.*"))), 1)
        models = list(out.glob("deepq-Pong-v0-best_-*.dat"))
        self.assertGreaterEqual(len(models), 1)
        self.check(run("inspect", models[0]), 0, "1687206")
        self.check(run("inspect", out), 0, "run folder", "2500")
        self.assertEqual(list(out.rglob("*.tmp")), [])

    def test_a_run_that_learns_nothing_says_so(self):
        told = "nothing will be learned: training ends at frame 49, and learning begins at frame 50"
        for frames, of_batches, is_told in (("49", [], True), ("50", [], False), ("49", ["rollout=8", "batch=4"], False)):
            options = [word for s in of_batches for word in ("--set", s)]
            done = self.check(run("train", *SMALL, *options, "--frames", frames, "--out",
                                  self.dir / f"{frames}-{len(options)}"), 0)
            self.assertEqual(told in done.stderr, is_told, done.stderr)

    def test_json(self):
        done = self.check(run("train", *SMALL, "--frames", "70", "--json", "--out",
                              self.dir / "run"), 0)
        objects = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual(objects[0]["event"], "start")
        self.assertEqual(objects[0]["config"]["replay_start"], 50)
        self.assertEqual((objects[-1]["event"], objects[-1]["reason"], objects[-1]["frame"]),
                         ("end", "frames", 70))

    def test_solved_ends_the_run(self):
        out = self.dir / "run"
        done = self.check(run("train", "--env", OWN_PONG, "--reward-bound", "-22", "--out", out), 0)
        self.assertRegex(done.stdout.splitlines()[-1], r"^Solved in \d+ frames!$")
        self.check(run("train", "--resume", out), 0, "finished: solved in")
        solved = int(done.stdout.split()[-2])
        as_json = run("train", "--env", OWN_PONG, "--reward-bound", "-22", "--json", "--out", self.dir / "json")
        objects = [json.loads(line) for line in self.check(as_json, 0).stdout.splitlines()]
        self.assertEqual((objects[-1]["event"], objects[-1]["reason"], objects[-1]["frame"]),
                         ("end", "solved", solved))
        self.check(run("train", "--resume", out, "--reward-bound", "30", "--frames", solved + 40), 0)
        self.check(run("inspect", out), 0, f"{solved + 40}")

    def test_a_bound_belongs_to_a_game(self):
        """Bricks has none: its first games, all above Pong's 19 or not, solve nothing."""
        def bound(*args):
            out = self.dir / str(len(list(self.dir.iterdir())))
            self.check(run("train", *args, "--frames", "5", "--out", out), 0)
            return re.search("^reward_bound = (.*)$", (out / "config").read_text(), re.M)[1]

        self.assertEqual(bound(*SMALL), "19")
        self.assertEqual(bound("--config", self.dir / "0" / "config"), "19")
        for preset in ("book", "fast"):
            args = [*SMALL, "--env", "deepq/Bricks-v0", "--preset", preset, "--set", "n_envs=1"]
            self.assertEqual(bound(*args), "none")
        self.assertEqual(bound("--config", self.dir / "2" / "config"), "none")
        self.assertEqual(bound("--config", self.dir / "0" / "config", "-e", "deepq/Bricks-v0"), "none")
        self.assertEqual(bound(*args, "--reward-bound", "30.5"), "30.5")
        self.assertEqual(bound(*args, "--set", "reward_bound=none"), "none")
        self.check(run("train", *SMALL, "--reward-bound", "never"), 2, "--reward-bound", "'never'", "none")
        self.check(run("train", "--resume", self.dir / "5", "--reward-bound", "none"), 0)

    def test_a_few_games_solve_nothing(self):
        done = run("train", "--env", "deepq/Bricks-v0", "--dialect", "sb3", "--reward-bound", "-5",
                   "--frames", "600", "--out", self.dir / "run", "--json")
        end = json.loads(self.check(done, 0).stdout.splitlines()[-1])
        self.assertEqual(end["reason"], "frames")
        self.assertGreaterEqual(end["games"], 2)

    def test_default_folder_is_never_used_twice(self):
        for _ in range(2):
            self.check(run("train", *SMALL, "--frames", "5", cwd=self.dir), 0)
        runs = list((self.dir / "runs").iterdir())
        self.assertEqual(len(runs), 2)
        for folder in runs:
            self.assertTrue(folder.name.startswith("deepq-Pong-v0-book-s0-20"), folder)

    def test_logdir_and_config(self):
        first, second, board = self.dir / "a", self.dir / "b", self.dir / "board"
        self.check(run("train", *SMALL, "--frames", "90", "--seed", "7", "--out", first,
                       "--logdir", board), 0)
        self.assertEqual(list(first.glob("events*")), [])
        self.assertEqual(len(list(board.glob("events*"))), 1)
        self.check(run("train", "--config", first / "config", "--out", second), 0)
        self.assertEqual(state(first), state(second))
        self.assertEqual(len(list(board.glob("events*"))), 1)
        self.check(run("train", "--config", self.dir / "absent"), 2, "absent")
        (self.dir / "bad").write_text("gamma = 0.5\nbatch: 3\n")
        self.check(run("train", "--config", self.dir / "bad"), 2, "bad:2")

    def test_old_names(self):
        """They still work; whoever writes one is told the new one, a run's own config is just read."""
        def beta(out):
            return re.search("^priority_beta_.*$", (out / "config").read_text(), re.M)[0]

        told = "priority_beta_rise is an old name: write priority_beta_steps\n"
        first, second = self.dir / "a", self.dir / "b"
        done = run("train", *SMALL, "--set", "priority_beta_rise=50", "--frames", "60", "--out", first)
        self.assertEqual(self.check(done, 0).stderr.count(told), 1)
        self.assertEqual(beta(first), "priority_beta_steps = 50")
        old = (first / "config").read_text().replace("beta_steps", "beta_rise")
        (first / "config").write_text(old)
        (self.dir / "old").write_text(old)
        done = run("train", "--config", self.dir / "old", "--frames", "60", "--out", second)
        self.assertEqual(self.check(done, 0).stderr.count(told), 1)
        self.assertEqual(state(first), state(second))
        self.assertEqual(self.check(run("train", "--resume", first, "--frames", "70"), 0).stderr, "")
        self.assertEqual(beta(first), "priority_beta_steps = 50")

    def test_the_hyperparameters_are_listed(self):
        """With the values that a run would have."""
        done = self.check(run("train", "--help-set", "--preset", "fast", "--set", "gamma=0.5"), 0)
        for line in [r"^  gamma +0\.5  ", r"^  replay_size +100000  ", "in transitions$", "^  fast  +less"]:
            self.assertRegex(done.stdout, "(?m)" + line)
        lines = self.check(run("train", "--help-set", "--json", "--preset", "fast"), 0).stdout.splitlines()
        keys = {o["key"]: o for o in map(json.loads, lines) if "key" in o}
        n_step = keys["n_step"]["presets"]
        self.assertEqual([n_step[p] for p in ("book", "fast", "cartpole", "ch8-nstep")], ["1", "10", "5", "4"])
        self.assertEqual((keys["n_step"]["value"], keys["n_step"]["unit"]), ("10", "steps"))
        self.check(run("train", "--help-set", "--preset", "slow"), 2, "book, fast, laptop, ch7-cartpole, cartpole")
        self.check(run("train", "--help-set", "--set", "speed=1"), 2, "'speed'", "gamma")

    def test_the_fast_preset(self):
        """It begins, and what makes it fast is in the run's config."""
        out = self.dir / "run"
        self.check(run("train", "--preset", "fast", *SMALL, "--set", "replay_start=120", "--frames",
                       "150", "--out", out), 0)
        settings = (out / "config").read_text().splitlines()
        for line in ["preset = fast", "network = small", "n_envs = 8", "train_every = 8"]:
            self.assertIn(line, settings)


class Precision(Case):
    """bf16 by its reference, which every machine has: few frames, because it is slow."""

    BF16 = [*SMALL, "--isa", "ref", "--precision", "bf16"]

    def test_a_run_keeps_its_precision(self):
        whole, parts = self.dir / "whole", self.dir / "parts"
        self.check(run("train", *self.BF16, "--frames", "56", "--out", whole), 0)
        self.check(run("train", *self.BF16, "--frames", "53", "--out", parts), 0)
        self.check(run("train", "--resume", parts, "--frames", "56"), 0)
        self.assertEqual(state(whole), state(parts))
        self.assertIn("precision = bf16\n", (parts / "config").read_text())
        self.check(run("inspect", parts / "checkpoint" / "state"), 0, "ref bf16")
        self.check(run("train", "--resume", parts, "--precision", "fp32"), 2, "--precision")

    def test_without_the_instructions_it_goes_on_in_fp32(self):
        out = self.dir / "run"
        done = run("train", *SMALL, "--isa", "avx2", "--precision", "bf16", "--frames", "55",
                   "--threads", "1", "--out", out)
        if done.returncode == 1 and "no avx2" in done.stderr:
            self.skipTest("no AVX2 here")
        self.check(done, 0)
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertIn("continuing in fp32", done.stderr)
        self.assertIn("precision = fp32\n", (out / "config").read_text())


class Networks(Case):
    def test_in_two_parts_and_played(self):
        for network, layer in [("nips", "Conv2d(4, 16,"), ("small", "Conv2d(32, 32,")]:
            whole, parts = self.dir / network, self.dir / (network + "-parts")
            net = [*SMALL, "--set", f"network={network}"]
            done = self.check(run("train", *net, "--frames", "300", "--out", whole), 0)
            self.assertIn(layer, done.stdout)
            self.check(run("train", *net, "--frames", "130", "--out", parts), 0)
            self.check(run("train", "--resume", parts, "--frames", "300", "--threads", "1"), 0)
            self.assertEqual(state(whole), state(parts))
            config = (parts / "config").read_text()
            self.assertIn(f"network = {network}\n", config)
            self.check(run("train", "--resume", parts, "--set", "network=nature"), 2, "network")
            other = "small" if network == "nips" else "nature"
            (parts / "config").write_text(config.replace(network, other))
            self.check(run("train", "--resume", parts, "--frames", "310"), 2,
                       f"network is {other} in the run's config and {network} in its checkpoint")
        self.check(run("train", *SMALL, "--set", "network=resnet"), 2, "resnet",
                   "nature, nips, small, nature_same, mlp or cnn")

    def test_a_model_is_recognised(self):
        for network, size in [("nips", 677686), ("small", 437094)]:
            out = self.dir / network
            self.check(run("train", "--env", OWN_PONG, "--set", f"network={network}",
                           "--reward-bound", "-22", "--out", out), 0)
            model = next(out.glob("*.dat"))
            self.check(run("inspect", model), 0, f"network         {network}", f"{size}")
            self.check(run("play", "-m", model, "-e", OWN_PONG, "--no-vis"), 0, "Total reward: ")
            self.check(run("eval", "-m", model, "-e", OWN_PONG, "--episodes", "1"), 0, "1 games")


class Terminal(Case):
    """On a terminal a live line stands below the book's lines and never breaks them."""

    COLUMNS = 34

    def run_on_a_terminal(self, *args, term="xterm"):
        """What deepq writes to a terminal of COLUMNS columns, in one text."""
        master, terminal = open_terminal(self)
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("4H", 24, self.COLUMNS, 0, 0))
        deepq = subprocess.Popen(
            [DEEPQ, "train", "--env", OWN_PONG, "--frames", "2500", "--set", "replay_start=2500", "--set",
             "checkpoint_every=1000000", "--out", str(self.dir / "run"), *args],
            stdout=terminal, stderr=subprocess.PIPE, env={**os.environ, "TERM": term})
        os.close(terminal)
        written = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:  # what Linux says when the other end is closed
                part = b""
            if not part:
                break
            written += part
        os.close(master)
        text = deepq.communicate()[1].decode()
        self.assertEqual((deepq.returncode, text), (0, ""))
        return written.decode().replace("\r\n", "\n")

    def test_live_line(self):
        written = self.run_on_a_terminal()
        live = re.findall(r"\r(frame [^\x1b]*)\x1b\[K", written)
        self.assertEqual(live[0], "frame 1  games 0  eps 1.00")  # this one on any machine
        for line in live:
            self.assertLess(len(line), self.COLUMNS)
            self.assertRegex(line, r"^frame [\d,]+  ")
        rest = re.sub(r"\r(frame [^\x1b]*)?\x1b\[K", "", written).splitlines()
        self.assertGreaterEqual(sum(bool(BOOK_LINE.match(line)) for line in rest), 1)
        for line in rest[rest.index(")") + 2:]:  # one line says what is trained
            self.assertRegex(line, BOOK_LINE.pattern + "|^Best reward updated ")

    def test_a_wide_terminal_has_all_of_it(self):
        """Five lines, redrawn in place; run_screen.py looks at them through a real terminal."""
        self.COLUMNS = 120
        written = self.run_on_a_terminal("--set", "checkpoint_every=1000")
        seen = re.findall(r"\r(?:\x1b\[4A)?(\[[^\x1b]*)\x1b\[K\n([^\x1b]*)\x1b\[K\n([^\x1b]*)\x1b\[K\n([^\x1b]*)\x1b\[K\n"
                          r"([^\x1b]*)\x1b\[K", written)
        self.assertGreater(len(seen), 1)
        for progress, reward, learning, times, memory in seen[1:]:
            frame = re.fullmatch(r"\[#*\.*\] +\d+ %  (?:left \d+:\d\d:\d\d  )?frame ([\d,]+) of 2,500(?:  \d+ f/s)?",
                                 progress)
            self.assertTrue(frame, progress)
            games = re.fullmatch(r"eps [01]\.\d\d  games (\d+)  (Q -?[\d.e-]+  )?updates [01]  rate 0\.0001", learning)
            self.assertTrue(games, learning)
            self.assertLessEqual(int(games[1]), int(frame[1].replace(",", "")) / 400)  # a game is longer
            self.assertRegex(reward, r"^reward(: no game is over yet| -\d+\.\d\d  last -\d+  best -\d+\.\d\d)")
            shares = [int(n) for n in re.findall(r"(\d+) %", times)]
            self.assertEqual(len(shares), 6, times)
            self.assertLess(abs(sum(shares) - 100), 5, times)
            self.assertRegex(memory, r"^replay \d+ %  memory \d+ MB(  disk \d+ MB)?$")
        self.assertRegex(seen[-1][4], r"  disk \d\d MB$")

    def test_plain_and_dumb_terminals_get_the_lines_alone(self):
        self.assertNotIn("\x1b", self.run_on_a_terminal("--plain"))
        self.dir = self.dir / "dumb"
        self.assertNotIn("\x1b", self.run_on_a_terminal(term="dumb"))


class Divergence(Case):
    """Learning that comes to infinities ends with one line; what was good before stays as it was."""

    def diverge(self, name, *more):
        out = self.dir / name
        done = run("train", *SMALL, "--set", "learning_rate=1000", "--set", "train_every=4",
                   "--frames", "700", "--out", out, *more)
        self.check(done, 1, "learning diverged: at frame ", "learning_rate below 1000",
                   "the last good checkpoint is that of frame ")
        return out, done

    def test_it_ends_and_what_was_good_stays(self):
        for alpha in (0, 0.6):
            out, done = self.diverge(f"run{alpha}", "--set", f"priority_alpha={alpha}")
            at = int(done.stderr.split("at frame ")[1].split(" ")[0])
            good = int(done.stderr.split(" ")[-1].rstrip(")\n"))
            self.assertTrue(40 <= good < at <= 600, done.stderr)
            self.assertEqual(list(out.glob("*.dat")), [])
            self.check(run("train", "--resume", out, "--frames", good), 0, "is finished")

    def test_json_says_why_it_ended(self):
        _, done = self.diverge("run", "--json")
        end = json.loads(done.stdout.splitlines()[-1])
        self.assertEqual((end["event"], end["reason"]), ("end", "diverged"))

    def test_a_model_with_such_weights_does_not_play(self):
        """As one was written before: the smallest change to a good one, checksums right."""
        good, bad = self.dir / "good.dat", self.dir / "bad.dat"
        self.check(run("train", "--env", OWN_PONG, "--set", "network=small", "--reward-bound", "-22",
                       "--out", self.dir / "run"), 0)
        good = next((self.dir / "run").glob("*.dat"))
        with zipfile.ZipFile(good) as a, zipfile.ZipFile(bad, "w", zipfile.ZIP_STORED) as b:
            for member in a.infolist():
                data = bytearray(a.read(member))
                if member.filename.endswith("data/2"):
                    data[4:8] = struct.pack("<f", float("nan"))
                b.writestr(zipfile.ZipInfo(member.filename), bytes(data))
        for command in ("play", "eval"):
            self.check(run(command, "-m", bad, "-e", OWN_PONG), 2, "bad.dat", "not finite")


class Resume(Case):
    def test_in_two_parts_as_in_one(self):
        whole, parts = self.dir / "whole", self.dir / "parts"
        nature = [*SMALL, "--set", "network=nature"]
        self.check(run("train", *nature, "--frames", "170", "--out", whole, "--threads", "1"), 0)
        self.check(run("train", *nature, "--frames", "90", "--out", parts), 0)
        self.assertNotEqual(state(whole), state(parts))
        self.check(run("train", "--resume", parts), 0, "finished", "--frames")
        self.check(run("train", "--resume", parts, "--frames", "170", "--threads", "2"), 0)
        self.assertEqual(state(whole), state(parts))

    def test_environments_side_by_side(self):
        whole, parts = self.dir / "whole", self.dir / "parts"
        few = [*SMALL, "--envs", "3", "--set", "train_every=2"]
        self.check(run("train", *few, "--frames", "170", "--out", whole, "--threads", "1"), 0)
        self.check(run("train", *few, "--frames", "91", "--out", parts), 0)  # within a round
        self.check(run("inspect", parts), 0, "91")
        self.check(run("train", "--resume", parts, "--envs", "2"), 2, "--envs")
        self.check(run("train", "--resume", parts, "--frames", "170", "--threads", "2"), 0)
        self.assertEqual(state(whole), state(parts))
        self.assertIn("n_envs = 3", (whole / "config").read_text())
        self.check(run("train", *SMALL, "--set", "n_envs=0"), 2, "n_envs")

    def test_dialects(self):
        whole, parts = self.dir / "whole", self.dir / "parts"
        other = [*SMALL, "--dialect", "sb3", "--envs", "2", "--set", "train_every=4"]
        self.check(run("train", *other, "--frames", "90", "--out", whole), 0)
        self.check(run("train", *other, "--frames", "71", "--out", parts), 0)
        self.check(run("train", "--resume", parts, "--dialect", "sb3"), 2, "--dialect")
        self.check(run("train", "--resume", parts, "--frames", "90"), 0)
        self.assertEqual(state(whole), state(parts))
        self.assertIn("dialect = sb3", (whole / "config").read_text())
        again = self.dir / "again"
        self.check(run("train", "--config", whole / "config", "--out", again), 0)
        self.assertEqual(state(whole), state(again))
        self.check(run("train", *SMALL, "--dialect", "nature"), 2, "nature", "gymnasium")
        self.check(run("train", "--env", "FrozenLake-v1", "--dialect", "sb3"), 2, "FrozenLake")
        names = ["book", "book-3e", "baselines", "cleanrl", "dopamine", "gymnasium", "envpool",
                 "ale-vector"]
        states = set()
        for name in names:
            self.check(run("train", *SMALL, "--dialect", name, "--frames", "20", "--out",
                           self.dir / name), 0)
            states.add(state(self.dir / name))
        self.assertEqual(len(states), len(names))

    def test_the_log_goes_on_too(self):
        whole, parts = self.dir / "whole", self.dir / "parts"
        play = ["--env", OWN_PONG, "--set", "checkpoint_every=1000000"]
        self.check(run("train", *play, "--frames", "3000", "--out", whole), 0)
        self.check(run("train", *play, "--frames", "1200", "--out", parts), 0)
        with open(parts / "log.jsonl", "a") as log:  # as if killed long after the checkpoint
            log.write('{"frame":1201,"game":9}\n{"frame":13')
        self.check(run("train", "--resume", parts, "--frames", "3000"), 0)
        self.assertEqual(state(whole), state(parts))

        def games(folder):
            lines = (folder / "log.jsonl").read_text().splitlines()
            return [(g["frame"], g["game"], g["reward"], g["reward_100"])
                    for g in map(json.loads, lines)]

        self.assertEqual(games(whole), games(parts))
        for model in whole.glob("*.dat"):
            self.assertEqual(model.read_bytes(), (parts / model.name).read_bytes())

    def test_what_a_resumed_run_may_not_change(self):
        out = self.dir / "run"
        self.check(run("train", *SMALL, "--frames", "5", "--out", out), 0)
        self.check(run("train", "--resume", out, "--seed", "1"), 2, "--seed", "--resume")
        self.check(run("train", "--resume", out, "--set", "gamma=0.5"), 2, "gamma")
        self.check(run("train", *SMALL, "--out", out), 2, "--resume")
        self.check(run("train", "--resume", self.dir / "absent"), 2, "absent")
        damaged = bytearray(state(out))
        damaged[1000] ^= 1
        (out / "checkpoint" / "state").write_bytes(damaged)
        self.check(run("train", "--resume", out, "--frames", "9"), 2, "damaged")

    def rename_checksum(self, path, old, new):
        """In the list of segments that a state has."""
        state = path.read_bytes()[:-4].replace(old, new, 1)
        path.write_bytes(state + struct.pack("<I", zlib.crc32(state)))

    def test_a_crafted_checkpoint_is_refused_where_it_lies(self):
        """Its checksum is right, its contents are not: as craft_action of the report did."""
        out = self.dir / "run"
        self.check(run("train", *SMALL, "--frames", "60", "--out", out), 0)
        (out / "checkpoint" / "state.before").unlink()  # it would take the place of the other
        segments = sorted(p for p in (out / "checkpoint").iterdir() if p.name.startswith("replay-"))
        slots = 8 + 8 + 4
        head = 8 + 3 * 64  # the frame that the file says it is of
        for path, at, value, word in ((segments[0], slots, 1 << 20, "action 1048576"),
                                      (segments[0], slots, -1, "action -1"),
                                      (out / "checkpoint" / "state", head, 59, "frame 59")):
            good = path.read_bytes()
            bad = bytearray(good[:-4])
            struct.pack_into("<i", bad, at, value)
            path.write_bytes(bad + struct.pack("<I", zlib.crc32(bad)))
            self.rename_checksum(out / "checkpoint" / "state", good[-4:], struct.pack("<I", zlib.crc32(bad)))
            before = (out / "log.jsonl").read_bytes()
            self.check(run("train", "--resume", out, "--frames", "90"), 2, word, f"checkpoint/{path.name}")
            self.assertEqual((out / "log.jsonl").read_bytes(), before)
            self.rename_checksum(out / "checkpoint" / "state", struct.pack("<I", zlib.crc32(bad)), good[-4:])
            path.write_bytes(good)
        self.check(run("train", "--resume", out, "--frames", "90"), 0)

    def test_one_process_at_a_time(self):
        out = self.dir / "run"
        first = self.start("train", "--env", OWN_PONG, "--out", out)
        first.stdout.readline()  # the network is printed when all is set up
        self.check(run("train", "--resume", out), 2, str(out))


main()
