"""deepq compare: settings, scores of runs and of files, against figures made here."""

import csv
import json
import random
import statistics

from program import DATA, Case, main, run
from made_runs import make_run

PUBLISHED = DATA.resolve().parents[1] / "data/published"
BREAKOUT = "BreakoutNoFrameskip-v4"


def rows_of(name):
    with open(PUBLISHED / name) as f:
        return list(csv.reader(line for line in f if not line.startswith("#")))


def interquartile_mean(values):
    """SciPy's trim_mean(values, 0.25)."""
    cut = len(values) // 4
    return statistics.fmean(sorted(values)[cut:len(values) - cut])


def better(a, b):
    return statistics.fmean((x > y) + (x == y) / 2 for x in a for y in b)


class Compare(Case):
    def make(self, name, games, **settings):
        return make_run(self.dir / name, games, **settings)

    def compared(self, *arguments):
        return json.loads(self.check(run("compare", *arguments, "--json"), 0).stdout)

    def scores(self, *arguments):
        return {(g["game"], g["agent"]): g["scores"] for g in self.compared(*arguments)["games"] if g["runs"]}

    def assert_near(self, a, b, tolerance=1e-8):
        self.assertTrue(abs(a - b) <= tolerance * max(1, abs(b)), (a, b))


class Scores(Compare):
    def setUp(self):
        super().setUp()
        rng = random.Random(1)
        self.rewards = [rng.randint(-21, 21) for _ in range(350)]
        games = [(1000 * (i + 1), reward) for i, reward in enumerate(self.rewards)]
        evaluations = [{"frame": f, "games": 2, "mean": m, "rewards": [m - 1, m + 1]} for f, m in ((100000, 3.5), (300000, 7.5))]
        self.run = self.make("a", games, evaluations=evaluations)

    def score(self, *arguments):
        return self.scores(self.run, *arguments)["Pong", "book"][0]

    def test_each_score(self):
        mean, r = statistics.fmean, self.rewards
        self.assert_near(self.score(), mean(r[-100:]))
        self.assert_near(self.score("--by", "best"), max(mean(r[i - 100:i]) for i in range(100, 351)))
        self.assert_near(self.score("--by", "million"), mean(r[-250:]))
        self.assert_near(self.score("--by", "evaluation"), 7.5)
        (self.run / "score.json").write_text(json.dumps({"mean": 12.25}))
        self.assert_near(self.score("--by", "score"), 12.25)

    def test_at_a_step(self):
        mean, r = statistics.fmean, self.rewards
        self.assert_near(self.score("--at", 200500), mean(r[100:200]))
        self.assert_near(self.score("--at", 300000, "--by", "million"), mean(r[50:300]))
        self.assert_near(self.score("--at", 300000, "--by", "best"), max(mean(r[i - 100:i]) for i in range(100, 301)))
        self.assert_near(self.score("--at", 299999, "--by", "evaluation"), 3.5)
        self.check(run("compare", self.run, "--at", 350001), 2, str(self.run), "350000", "--at")

    def test_scores_that_are_not_there(self):
        few = self.make("few", [(100, 1.0)])
        self.check(run("compare", few, "--by", "best"), 2, str(few), "--by")
        self.check(run("compare", few, "--by", "evaluation"), 2, str(few))
        self.check(run("compare", few, "--by", "score"), 2, "score.json", "--by")
        for damaged in ("", "{", "[1]", '{"mean": "x"}', '{"mean": null}'):
            (few / "score.json").write_text(damaged)
            self.check(run("compare", few, "--by", "score"), 2, "score.json", "damaged")
        (few / "score.json").unlink()
        (few / "score.json").symlink_to("score.json")  # there, and cannot be opened
        self.check(run("compare", few, "--by", "score"), 1, "cannot open", "score.json")


class Tables(Compare):
    def test_agents_games_and_settings(self):
        """Two agents on two games: what differs is told, and the rest is not."""
        runs, scores = [], {}
        rng = random.Random(2)
        for env, game in (("PongNoFrameskip-v4", "Pong"), (BREAKOUT, "Breakout")):
            for dueling, agent in (("none", "dueling=none"), ("output", "dueling=output")):
                scores[game, agent] = [round(rng.uniform(-5, 15), 2) for _ in range(5)]
                runs += [self.make(f"{game}-{dueling}-{seed}", [(1000, reward)], seed=seed, env=env, dueling=dueling)
                         for seed, reward in enumerate(scores[game, agent])]
        self.assertEqual(self.scores(*runs), scores)
        done = self.check(run("compare", *runs, "--csv", self.dir / "figures.csv"), 0)
        lines = done.stdout.splitlines()
        self.assertEqual(lines[:3], ["| setting | dueling=none | dueling=output |", "|---|---|---|",
                                     "| dueling | none | output |"])
        self.assertIn("Score of a run: mean of its last 100 games.", lines)
        with open(self.dir / "figures.csv", newline="") as f:
            figures = {(r["game"], r["agent"], r["measure"]): r for r in csv.DictReader(f)}
        for (game, agent), values in scores.items():
            self.assert_near(float(figures[game, agent, "mean"]["value"]), statistics.fmean(values))
            iqm = figures[game, agent, "iqm"]
            self.assert_near(float(iqm["value"]), interquartile_mean(values))
            self.assertTrue(min(values) <= float(iqm["low"]) <= float(iqm["value"]) <= float(iqm["high"]) <= max(values))
            self.assertTrue(any(line.startswith(f"| {game} | {agent} | 5 | {statistics.fmean(values):.2f} |") for line in lines))
        human = {row[0]: (float(row[1]), float(row[2])) for row in rows_of("scores.csv")[1:] if row[1]}
        for agent in ("dueling=none", "dueling=output"):
            parts = [[(s - human[g][0]) / (human[g][1] - human[g][0]) for s in scores[name, agent]]
                     for g, name in (("pong", "Pong"), ("breakout", "Breakout"))]
            every = [p for part in parts for p in part]
            for measure, value in (("iqm", 100 * interquartile_mean(every)),
                                   ("mean", 100 * statistics.fmean(map(statistics.fmean, parts))),
                                   ("median", 100 * statistics.median(map(statistics.fmean, parts))),
                                   ("optimality_gap", 100 * (1 - statistics.fmean(min(p, 1) for p in every))),
                                   ("above_30%", statistics.fmean(p > 0.3 for p in every))):
                self.assert_near(float(figures["all", agent, measure]["value"]), value)
        won = statistics.fmean(better(scores[g, "dueling=output"], scores[g, "dueling=none"]) for g in ("Pong", "Breakout"))
        self.assert_near(float(figures["all", "dueling=output", "probability_of_improvement"]["value"]), won)
        self.assertNotIn(("all", "dueling=none", "probability_of_improvement"), figures)

    def test_a_file_of_scores(self):
        """A game is the same however it is spelled; a world that is no game has no human's score."""
        file = self.dir / "scores.csv"
        file.write_text("# comment\npong,mine, 1,2 ,3\r\n\nPongNoFrameskip-v4,theirs,5\nCartPole-v1,mine,400\n")
        self.assertEqual(self.scores(file), {("Pong", "mine"): [1, 2, 3], ("Pong", "theirs"): [5], ("CartPole-v1", "mine"): [400]})
        result = self.compared(file)
        self.assertEqual([a["games"] for a in result["agents"]], [1, 1])
        beside = self.make("run", [(10, 4.0)])
        self.assertEqual(self.scores(file, beside)["Pong", "book"], [4])

    def test_published_runs(self):
        """A curve at the last million frames before a step; runs after 100,000 steps."""
        mine = self.make("run", [(1000 * (i + 1), 1.5) for i in range(600)], env=BREAKOUT)
        curve = next(r for r in rows_of("dopamine_curves.csv") if r[:3] == ["breakout", "c51", "2"])
        wanted = [float(score) for score in curve[3:] if score]
        got = self.scores(mine, "--reference", "dopamine-c51", "--at", 599999, "--by", "million")
        self.assertEqual(got["Breakout", "Dopamine C51"], wanted)
        ends = next(r for r in rows_of("atari100k_runs.csv") if r[:2] == ["Breakout", "drq_eps"])
        self.assertEqual(self.scores(mine, "-r", "drq-eps")["Breakout", "DrQ(ε)"], [float(s) for s in ends[2:]])
        self.check(run("compare", mine, "-r", "dopamine-c51"), 2, "--at")
        self.check(run("compare", mine, "-r", "dopamine-c51", "--at", 249999), 2, "250000")
        self.check(run("compare", mine, "-r", "dopamine-c5"), 2, "did you mean dopamine-c51?")
        cartpole = self.make("cartpole", [(10, 4.0)], env="CartPole-v1")
        self.check(run("compare", cartpole, "-r", "drq-eps"), 2, "nothing is published")

    def test_a_seed_twice(self):
        one, again = (self.make(name, [(10, 4.0)], seed=7) for name in ("one", "again"))
        other = self.make("other", [(10, 4.0)], seed=8)
        done = self.check(run("compare", one, other, again), 0)
        self.assertEqual(done.stderr, f"deepq: {again} has the settings and the seed of {one}: it counts twice\n")
        self.assertEqual(run("compare", one, other).stderr, "")

    def test_wrong_input(self):
        mine = self.make("run", [(10, 4.0)])
        self.check(run("compare"), 2)
        self.check(run("compare", self.dir / "nothing"), 2, "no such folder")
        self.check(run("compare", self.dir / "nothing.csv"), 2, "nothing.csv")
        self.check(run("compare", mine, mine), 2, "given twice")
        self.check(run("compare", mine, "--by", "lst"), 2, "lst", "last")
        self.check(run("compare", mine, "--csv", self.dir / "no" / "x.csv"), 1, "x.csv")
        file = self.dir / "scores.csv"
        for text, line in (("pong\n", 1), ("pong,mine\n", 1), ("pong,mine,1\npong,mine,x\n", 2), ("pong,mine,1e999\n", 1),
                           ("pong,mine,nan\n", 1), ("pong,mine,1,,2\n", 1), (",mine,1\n", 1), ("pong,,1\n", 1)):
            file.write_text(text)
            self.check(run("compare", file), 2, f"{file}:{line}:")
        file.write_text("# nothing\n")
        self.check(run("compare", file), 2, "no scores")
        self.check(run("compare", self.make("empty", [])), 2, "empty")

    def test_the_same_bytes_again(self):
        file = PUBLISHED / "atari100k_runs.csv"
        self.assertEqual(self.check(run("compare", file), 0).stdout, self.check(run("compare", file), 0).stdout)


if __name__ == "__main__":
    main()
