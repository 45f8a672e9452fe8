"""deepq plot: its numbers against others made here from the same logs, its pictures pixel by pixel, and
what it says of wrong input."""

import csv
import math
import random
import statistics
import struct
import unittest
import xml.etree.ElementTree as ElementTree

import made_runs
from png_picture import chunks, read_png
from program import DATA, PONG, Case, main, run

PUBLISHED = DATA.resolve().parents[1] / "data/published"
DRAWS = "plots (cairo): yes" in run("--version").stdout
BREAKOUT = "BreakoutNoFrameskip-v4"
BLUE, VERMILLION, GREEN = (0, 114, 178), (213, 94, 0), (0, 158, 115)  # Okabe and Ito's, in the order of the legend
GRID = (230, 230, 230)


def quartiles(values):
    """Lower quartile, median and upper quartile, between two values by a straight line."""
    return statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3


def table(name):
    """The rows of a published table, without its comments."""
    with open(PUBLISHED / name) as f:
        return list(csv.reader(line for line in f if not line.startswith("#")))


class Plots(Case):
    def make_run(self, name, games, **settings):
        return made_runs.make_run(self.dir / name, games, **settings)

    def numbers(self, *arguments):
        out = self.dir / "numbers.csv"
        self.check(run("plot", *arguments, "-o", out), 0)
        with open(out, newline="") as f:
            rows = list(csv.DictReader(f))
        out.unlink()
        for row in rows:
            for key in ("step", "value", "low", "high", "runs"):
                row[key] = float(row[key]) if row[key] else None
        return rows

    def assert_near(self, a, b):
        self.assertTrue(abs(a - b) <= 1e-8 * max(1, abs(b)), (a, b))


def random_games(seed, n, length):
    rng, step, games = random.Random(seed), 0, []
    for _ in range(n):
        step += rng.randint(1, 2 * length)
        games.append((step, rng.randint(-21, 21)))
    return games


class Numbers(Plots):
    def mean_until(self, games, step, n):
        ended = [reward for end, reward in games if end <= step][-n:]
        return statistics.fmean(ended)

    def test_three_seeds(self):
        """A common grid; median and quartiles; the run that ends early counts while it lasts."""
        games = [random_games(1, 400, 500), random_games(2, 400, 500), random_games(3, 150, 500)]
        runs = [self.make_run(f"s{i}", g, seed=i) for i, g in enumerate(games)]
        rows = self.numbers(*runs)
        last = max(g[-1][0] for g in games)
        gap = rows[1]["step"] - rows[0]["step"]
        self.assertIn(gap, [10 ** e * m for e in range(6) for m in (1, 2, 5)])
        self.assertTrue(200 <= len(rows) <= 501, len(rows))
        self.assertEqual([r["step"] for r in rows[-1:]], [last])
        self.assertTrue(all(r["step"] % gap == 0 for r in rows[:-1]))
        begin = max(g[0][0] for g in games)
        self.assertEqual(rows[0]["step"], math.ceil(begin / gap) * gap)
        silence = [max(b[0] - a[0] for a, b in zip(g, g[1:])) for g in games]
        for row in rows:
            there = [g for g, s in zip(games, silence) if row["step"] <= g[-1][0] + s]
            low, middle, high = quartiles([self.mean_until(g, row["step"], 100) for g in there])
            self.assertEqual((row["env"], row["curve"], row["runs"]), ("Pong", "book (3 runs)", len(there)))
            self.assert_near(row["value"], middle)
            if len(there) > 1:
                self.assert_near(row["low"], low)
                self.assert_near(row["high"], high)
        self.assertEqual({r["runs"] for r in rows} - {1}, {3, 2})

    def test_one_run_with_few_games_is_its_games(self):
        games = random_games(4, 20, 100)
        rows = self.numbers(self.make_run("run", games))
        self.assertEqual([r["step"] for r in rows], [step for step, _ in games])
        for row in rows:
            self.assert_near(row["value"], self.mean_until(games, row["step"], 100))
            self.assertEqual((row["curve"], row["low"], row["high"], row["runs"]), ("book", None, None, 1))

    def test_smoothing(self):
        games = random_games(5, 30, 100)
        folder = self.make_run("run", games)
        for row in self.numbers(folder, "--smooth", "7"):
            self.assert_near(row["value"], self.mean_until(games, row["step"], 7))
        self.assertEqual([r["value"] for r in self.numbers(folder, "--smooth", "1")], [r for _, r in games])
        for row in self.numbers(folder, "--window", "300"):
            within = [r for step, r in games if row["step"] - 300 < step <= row["step"]]
            self.assert_near(row["value"], statistics.fmean(within))

    def test_until(self):
        games = random_games(6, 30, 100)
        rows = self.numbers(self.make_run("run", games), "--until", "1500")
        self.assertEqual([r["step"] for r in rows], [step for step, _ in games if step <= 1500])

    def test_other_metrics(self):
        games = [{"frame": 10 * i, "reward": 0, "loss": None if i < 3 else i / 8, "epsilon": 1 - i / 10}
                 for i in range(1, 10)]
        folder = self.make_run("run", games)
        losses = self.numbers(folder, "--metric", "loss")
        self.assertEqual(losses[0]["step"], 30)
        self.assert_near(losses[2]["value"], 0.5)  # of 3/8, 4/8, 5/8: those before have none
        epsilons = self.numbers(folder, "--metric", "epsilon")  # one that is not smoothed
        self.assert_near(epsilons[8]["value"], 0.1)

    def test_groups_are_runs_that_differ_in_the_seed(self):
        games = [(100, 1), (200, 2)]
        runs = [self.make_run(f"{d}{s}", games, seed=s, dueling=d, max_steps=1000 + s, isa=isa)
                for d in ("none", "output") for s, isa in ((0, "ref"), (1, "avx2"))]
        self.assertEqual([r["curve"] for r in self.numbers(*runs)],
                         ["dueling=none (2 runs)"] * 2 + ["dueling=output (2 runs)"] * 2)
        runs.append(self.make_run("more", games, dueling="output", gamma=0.5))
        self.assertEqual(sorted({r["curve"] for r in self.numbers(*runs)}),
                         ["gamma=0.5 dueling=output", "gamma=0.99 dueling=none (2 runs)",
                          "gamma=0.99 dueling=output (2 runs)"])

    def test_a_value_with_a_comma_is_one_field(self):
        runs = [self.make_run(h[:2], [(9, 1)], env="CartPole-v1", preset="cartpole", hidden=h) for h in ("64,64", "128,128")]
        self.assertEqual([(r["env"], r["curve"], r["step"]) for r in self.numbers(*runs)],
                         [("CartPole-v1", f"hidden={h}", 9) for h in ("64,64", "128,128")])

    def test_presets_are_named(self):
        runs = [self.make_run("a", [(9, 1)]), self.make_run("b", [(9, 1)], preset="fast", gamma=0.9),
                self.make_run("c", [(9, 1)], preset="fast", gamma=0.8)]
        self.assertEqual([r["curve"] for r in self.numbers(*runs)], ["book", "fast gamma=0.9", "fast gamma=0.8"])
        self.assertEqual([r["curve"] for r in self.numbers(*runs[:2])], ["book", "fast"])

    def test_games_share_their_settings(self):
        runs = [self.make_run(f"{env[:4]}{d}{s}", [(10, s)], seed=s, env=env, dueling=d)
                for env in (PONG, BREAKOUT) for d in ("none", "output") for s in range(2 if env == PONG else 3)]
        rows = self.numbers(*runs)
        self.assertEqual([(r["env"], r["curve"], r["value"]) for r in rows],
                         [(game, f"dueling={d} (2 to 3 runs)", value) for game, value in (("Pong", 0.5), ("Breakout", 1))
                          for d in ("none", "output")])

    def test_evaluations(self):
        def evaluation(step, rewards):
            return {"frame": step, "mean": statistics.fmean(rewards), "rewards": rewards}
        rng = random.Random(7)
        all_of = [[evaluation(s, [rng.gauss(s, 5) for _ in range(30)]) for s in (100, 200, 300)] for _ in range(3)]
        all_of[0].append(evaluation(400, [8] * 5))
        runs = [self.make_run(f"s{i}", [(1, 0)], seed=i, evaluations=e) for i, e in enumerate(all_of)]
        rows = self.numbers(runs[0], "-m", "evaluation")
        self.assertEqual([r["step"] for r in rows], [100, 200, 300, 400])
        for row, e in zip(rows, all_of[0]):
            self.assert_near(row["value"], e["mean"])
            error = statistics.stdev(e["rewards"]) / math.sqrt(len(e["rewards"]))  # a bootstrap is near it
            self.assertTrue(abs(row["low"] - (e["mean"] - 1.96 * error)) <= 0.4 * error, (row, error))
            self.assertTrue(abs(row["high"] - (e["mean"] + 1.96 * error)) <= 0.4 * error, (row, error))
        for row, *group in zip(self.numbers(*runs, "-m", "evaluation"), *all_of):
            low, middle, high = quartiles([e["mean"] for e in group])
            self.assertEqual(row["runs"], 3)
            for key, want in ("low", low), ("value", middle), ("high", high):
                self.assert_near(row[key], want)

    def test_a_run_in_progress(self):
        folder = self.make_run("run", [(10, 1), (20, 3)])
        with open(folder / "log.jsonl", "a") as f:
            f.write('{"frame": 30, "rew')
        self.assertEqual([r["value"] for r in self.numbers(folder)], [1, 2])
        with open(folder / "log.jsonl", "a") as f:
            f.write('\n{"frame": 40, "reward": 8}\n')
        done = run("plot", folder, "--csv", self.dir / "x")
        self.assertEqual(done.returncode, 0)
        self.assertIn("1 damaged line", done.stderr)
        self.assertIn("Pong,book,40,4,,,1\n", (self.dir / "x").read_text())


class References(Plots):
    def reference(self, name, *more):
        return [r for r in self.numbers(self.run_of_pong, "-r", name, *more) if not r["curve"].startswith("book")]

    def setUp(self):
        super().setUp()
        self.run_of_pong = self.make_run("run", [(900, -21)])

    def test_curves_are_those_of_the_table(self):
        for name, agent in [("dopamine-dqn", "dqn_adam"), ("dopamine-dqn-nature", "dqn_nature"), ("dopamine-c51", "c51"),
                            ("dopamine-qr", "qr_dqn"), ("dopamine-iqn", "iqn"), ("dopamine-rainbow", "rainbow")]:
            rows = self.reference(name, "--until", "5000000")
            want = [r for r in table("dopamine_curves.csv") if r[:2] == ["pong", agent]]
            self.assertEqual(len(rows), 20)
            for row, (_, _, iteration, *runs) in zip(rows, want):
                low, middle, high = quartiles([float(r) for r in runs])
                self.assertEqual((row["step"], row["runs"]), (250000 * int(iteration), 5))
                for key, number in ("low", low), ("value", middle), ("high", high):
                    self.assert_near(row[key], number)
        self.assertEqual([r["step"] for r in self.reference("dopamine-c51", "--until", "600000")], [250000, 500000])

    def test_ends_are_those_of_the_table(self):
        for name, agent in [("drq-eps", "drq_eps"), ("spr", "spr")]:
            (row,) = self.reference(name)
            (want,) = [r for r in table("atari100k_runs.csv") if r[:2] == ["Pong", agent]]
            low, middle, high = quartiles([float(r) for r in want[2:]])
            self.assertEqual((row["step"], row["runs"]), (100000, 100))
            for key, number in ("low", low), ("value", middle), ("high", high):
                self.assert_near(row[key], number)

    def test_levels_are_those_of_the_table(self):
        columns, *games = table("scores.csv")
        (pong,) = [dict(zip(columns, g)) for g in games if g[0] == "pong"]
        for name in "human", "random":
            (row,) = self.reference(name)
            self.assertEqual((row["step"], row["value"]), (None, float(pong[name])))

    def test_every_game_of_the_tables_is_found(self):
        """Dopamine's names are ROM ids without underscores, those of Atari 100k have capitals."""
        for env in "SpaceInvaders", "JourneyEscape", "YarsRevenge":
            self.run_of_pong = self.make_run(env, [(900, 0)], env=env + "NoFrameskip-v4")
            want = [r for r in table("dopamine_curves.csv") if r[:2] == [env.lower(), "iqn"]]
            self.assert_near(self.reference("dopamine-iqn")[0]["value"], statistics.median(map(float, want[0][3:])))
        self.run_of_pong = self.make_run("up", [(900, 0)], env="UpNDownNoFrameskip-v4")
        (want,) = [r for r in table("atari100k_runs.csv") if r[:2] == ["UpNDown", "spr"]]
        self.assert_near(self.reference("spr")[0]["value"], statistics.median(map(float, want[2:])))

    def test_wrong_ones(self):
        out = ["-o", self.dir / "x.csv"]
        self.check(run("plot", self.run_of_pong, *out, "-r", "dopamine-c52"), 2, "did you mean dopamine-c51?")
        self.check(run("plot", self.run_of_pong, *out, "-r", "muzero"), 2, "choose dopamine-dqn, ")
        self.check(run("plot", self.run_of_pong, *out, "-r", "spr", "-r", "spr"), 2, "twice")
        defender = self.make_run("defender", [(900, 0)], env="DefenderNoFrameskip-v4")
        self.check(run("plot", defender, *out, "-r", "dopamine-c51"), 2, "dopamine-c51", "defender")
        self.check(run("plot", defender, *out, "-r", "spr"), 2, "spr", "defender")
        air = self.make_run("air", [(900, 0)], env="AirRaidNoFrameskip-v4")
        self.check(run("plot", air, *out, "-r", "human"), 2, "human", "air_raid")
        cart = self.make_run("cart", [(900, 0)], env="CartPole-v1", preset="cartpole")
        self.check(run("plot", cart, *out, "-r", "human"), 2, "CartPole-v1")
        self.check(run("plot", self.run_of_pong, *out, "-r", "spr", "-m", "loss"), 2, "--reference", "'loss'")
        self.assertFalse((self.dir / "x.csv").exists())


@unittest.skipUnless(DRAWS, "a build without cairo")
class Pictures(Plots):
    def png(self, *arguments):
        out = self.dir / "x.png"
        self.check(run("plot", *arguments, "-o", out), 0)
        return out.read_bytes()

    def size_of(self, *arguments):
        header = next(body for kind, body in chunks(self.png(*arguments)) if kind == b"IHDR")
        return struct.unpack(">II", header[:8])

    def picture(self, *arguments):
        width, height, rows = read_png(self.png(*arguments))
        return width, height, [[tuple(row[3 * x:3 * x + 3]) for x in range(width)] for row in rows]

    def near(self, rows, x, y, colour):
        """Whether a pixel or one beside it has a colour, but for what the edge of a line adds."""
        around = [rows[y + j][x + i] for i in (-1, 0, 1) for j in (-1, 0, 1)]
        return any(max(abs(a - b) for a, b in zip(pixel, colour)) < 30 for pixel in around)

    def test_curves_are_where_their_values_are(self):
        """Grid lines tell where the axes have their numbers: from 0 to 10 at each second, and each 100,000 steps."""
        steps = range(1000, 500001, 1000)
        runs = [self.make_run(name, [(s, value(s)) for s in steps], dueling=name)
                for name, value in (("none", lambda s: 10 * s / 500000), ("output", lambda s: 10), ("streams", lambda s: 0))]
        width, height, rows = self.picture(*runs, "--until", "1000000", "--smooth", "1", "--size", "700x360")
        self.assertEqual((width, height), (700, 360))
        right = 600  # beyond the curves' ends
        lines = [y for y in range(height) if all(rows[y][x] == GRID for x in range(right, right + 20))]
        self.assertEqual(len(lines), 6, lines)
        gaps = [b - a for a, b in zip(lines, lines[1:])]
        self.assertTrue(max(gaps) - min(gaps) <= 1, lines)
        between = (lines[0] + lines[1]) // 2
        columns = [x for x in range(width) if all(rows[y][x] == GRID for y in range(between, between + 4))]
        self.assertEqual(len(columns), 10, columns)
        at_step = {100000 * (i + 1): x for i, x in enumerate(columns)}
        at_value = dict(zip((10, 8, 6, 4, 2, 0), lines))
        for step in 100000, 200000, 300000, 400000:
            x = at_step[step]
            self.assertTrue(self.near(rows, x, at_value[step / 50000], BLUE), step)
            self.assertTrue(self.near(rows, x, at_value[10], VERMILLION), step)
            self.assertTrue(self.near(rows, x, at_value[0], GREEN), step)
            coloured = [y for y in range(lines[0] - 5, lines[-1] + 6) if len(set(rows[y][x])) > 1]
            self.assertTrue(all(min(abs(y - at_value[v]) for v in (0, 10, step / 50000)) <= 3 for y in coloured), step)
        for x in range(at_step[500000] + 4, at_step[900000]):  # nothing after the last game
            self.assertTrue(all(len(set(rows[y][x])) == 1 for y in range(lines[0] - 5, lines[-1] + 6)))

    def test_a_band_goes_from_quartile_to_quartile(self):
        steps = range(1000, 500001, 1000)
        runs = [self.make_run(f"s{v}", [(s, v) for s in steps], seed=v) for v in (0, 2, 4, 8, 10)]
        _, height, rows = self.picture(*runs, "--until", "1000000", "--size", "400x300")
        lines = [y for y in range(height) if all(rows[y][x] == GRID for x in range(321, 331))]
        seen = [y for y in range(lines[0] - 5, lines[-1] + 6) if len(set(rows[y][150])) > 1]
        self.assertTrue(self.near(rows, 150, (seen[0] + 2 * seen[-1]) // 3, BLUE), seen)  # 4, between 2 and 8
        one = self.numbers(*runs)[-1]
        self.assertEqual((one["low"], one["value"], one["high"]), (2, 4, 8))
        scale = (lines[-1] - lines[0]) / (len(lines) - 1)  # rows of a grid line's distance
        self.assertIn(round((seen[-1] - seen[0]) / scale * 2) / 2, (6, 3))  # 6 points: 1 or 2 for each line

    def test_fewer_runs_are_dotted(self):
        steps = range(1000, 1000001, 1000)
        runs = [self.make_run(f"s{i}", [(s, 5) for s in steps if s <= end], seed=i)
                for i, end in enumerate((1000000, 500000))]
        _, height, rows = self.picture(*runs, "--size", "400x300")
        line = max(range(60, height - 60), key=lambda y: sum(p[2] - p[0] for p in rows[y]))
        drawn = [rows[line][x][2] - rows[line][x][0] > 90 for x in range(80, 380)]
        self.assertTrue(all(drawn[:120]))
        self.assertTrue(0.1 < sum(drawn[-120:]) / 120 < 0.8, sum(drawn[-120:]))

    def test_sizes(self):
        one = self.make_run("a", random_games(1, 50, 100))
        self.assertEqual(self.size_of(one, "--size", "640x333"), (640, 333))
        self.assertEqual(self.size_of(one), (800, 500))
        more = [self.make_run(env, random_games(1, 50, 100), env=env + "NoFrameskip-v4")
                for env in ("Breakout", "Seaquest", "Qbert", "Alien")]
        width, height = self.size_of(one, *more)
        self.assertTrue(width > 800 and height > 500)

    def test_other_formats(self):
        folder = self.make_run("a", random_games(1, 50, 100))
        svg, pdf, numbers = (self.dir / f"x.{suffix}" for suffix in ("svg", "pdf", "csv"))
        self.check(run("plot", folder, "-o", svg, "-o", pdf, "--csv", numbers, "-r", "drq-eps", "-r", "human", "-r", "dopamine-iqn",
                       "--title", "Ü < & >"), 0)
        root = ElementTree.fromstring(svg.read_text())
        self.assertEqual((root.tag.split("}")[1], root.get("viewBox")), ("svg", "0 0 800 500"))
        self.assertRegex(root.get("width"), "^800(px)?$")
        self.assertGreater(len(list(root.iter())), 100)
        self.assertTrue(pdf.read_bytes().startswith(b"%PDF-") and pdf.read_bytes().rstrip().endswith(b"%%EOF"))
        self.assertTrue(numbers.read_text().startswith("env,curve,step,value,low,high,runs\n"))

    def test_edges(self):
        """One game, one value, whole numbers of steps: there is an axis for each."""
        self.size_of(self.make_run("a", [(1, 0)]))
        self.size_of(self.make_run("b", [(1, -5), (2, -5)]), "-r", "random")
        self.size_of(self.make_run("c", [(10, 1e9), (20, -1e9)], seed=1), self.dir / "b", "--title", "")
        self.size_of(self.dir / "a", "--until", "1", "-r", "dopamine-dqn")

    def test_what_cannot_be_drawn(self):
        out = ["-o", self.dir / "x.png"]
        runs = [self.make_run(f"g{i}", [(9, i)], gamma=f"0.{i}") for i in range(1, 10)]
        self.check(run("plot", *runs, *out), 2, "8 curves", "--csv")
        self.check(run("plot", *runs[:8], *out), 0)
        (self.dir / "x.png").unlink()
        self.check(run("plot", *runs, "--csv", self.dir / "all"), 0)
        self.check(run("plot", runs[0], *out, "--size", "160x150"), 2, "too small")
        self.check(run("plot", runs[0], *out, "--title", b"\xff\xfe".decode("utf-8", "surrogateescape")), 2, "UTF-8")
        self.assertEqual([p.name for p in self.dir.glob("*x.png*")], [])


class WrongInput(Plots):
    def refused(self, status, *arguments, words):
        before = sorted(self.dir.rglob("*"))
        self.check(run("plot", *arguments), status, *words)
        self.assertEqual(sorted(self.dir.rglob("*")), before)

    def test_runs(self):
        out = ["-o", self.dir / "x.csv"]
        self.refused(2, *out, words=["RUN... is missing"])
        self.refused(2, self.dir / "none", *out, words=["none", "no such folder"])
        self.refused(2, DATA / "gymnasium_ids.txt", *out, words=["is no folder"])
        self.refused(2, self.dir, *out, words=["no run in this folder"])
        empty = self.make_run("empty", [])
        self.refused(2, empty, *out, words=["log.jsonl", "no game has ended yet"])
        (empty / "log.jsonl").unlink()
        self.refused(2, empty, *out, words=["log.jsonl", "no log yet"])
        self.refused(2, empty, *out, "-m", "evaluation", words=["evaluations.jsonl", "eval_every"])
        good = self.make_run("good", [(9, 1)])
        self.refused(2, good, empty, *out, words=["empty/log.jsonl"])
        self.refused(2, good, f"{good}/", *out, words=["given twice"])
        (self.make_run("odd", [(9, 1)]) / "config").write_text("gamma = 7\n")
        self.refused(2, self.dir / "odd", *out, words=["odd/config:1", "gamma"])

    def test_options(self):
        good = self.make_run("good", [(9, 1)])
        out = ["-o", self.dir / "x.csv"]
        self.refused(2, good, words=["--out FILE"])
        self.refused(2, good, "-o", self.dir / "x.gif", words=["x.gif", ".png, .svg, .pdf or .csv"])
        self.refused(2, good, "-o", ".csv", words=[".csv"])
        self.refused(2, good, *out, "-m", "rewards", words=["'rewards'", "reward", "evaluation"])
        for size in "800", "x", "10x10", "800x500x", "-800x500", "99999x500", "800x500 ":
            self.refused(2, good, *out, "--size", size, words=["--size", "800x500"])
        self.refused(2, good, *out, "--smooth", "3", "--window", "9", words=["--smooth", "--window"])
        self.refused(2, good, *out, "--smooth", "0", words=["--smooth", "from 1"])
        self.refused(2, good, *out, "--window", "9", "-m", "evaluation", words=["--window", "evaluations"])

    def test_files_that_cannot_be_written(self):
        good = self.make_run("good", [(9, 1)])
        self.refused(1, good, "--csv", self.dir / "none" / "x.csv", words=["none/x.csv", "No such file"])
        self.refused(2, good, "--csv", "/dev/full", words=["/dev/full"])
        (self.dir / "folder.csv").mkdir()
        self.refused(2, good, "--csv", self.dir / "folder.csv", words=["folder.csv"])

    def test_a_full_disk(self):
        good = self.make_run("good", random_games(1, 900, 100))
        small = self.small_disk("8k")
        for name in ["x.csv", *(["x.png", "x.svg", "x.pdf"] if DRAWS else [])]:
            self.check(run("plot", good, "-o", small / name), 1, name, "No space left")
            self.assertEqual(list(small.iterdir()), [], name)

    @unittest.skipIf(DRAWS, "a build with cairo")
    def test_without_cairo(self):
        good = self.make_run("good", [(9, 1)])
        self.refused(1, good, "-o", self.dir / "x.png", words=["libcairo2-dev", "--csv"])
        self.check(run("plot", good, "--csv", self.dir / "x"), 0)


if __name__ == "__main__":
    main()
