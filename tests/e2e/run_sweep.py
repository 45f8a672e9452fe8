"""deepq sweep: many runs of a plan, whatever is killed, on one machine and on many; the table is the same."""

import csv
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

from program import DEEPQ, OWN_PONG, PONG, SANITIZED, Case, has_pong, main, open_terminal, run

# Small, so that a run takes a moment; with checkpoints all the time.
SETTINGS = """preset = cartpole
hidden = 16
batch = 8
replay_size = 500
replay_start = 100
checkpoint_every = 100
reward_bound = none
"""
EVAL = "[eval]\nepisodes = 3\n"
ONE, OTHER = "CartPole-v0", "CartPole-v1"
PLAN = f"# two games\nenv = {ONE}, {OTHER}\nseeds = 1..3\nframes = 5000\n{SETTINGS}{EVAL}"
NAMES = [f"{game}-cartpole-s{seed}" for game in (ONE, OTHER) for seed in (1, 2, 3)]
TABLES = ("table.md", "table.csv", "table.json")


def tables(folder):
    return {name: (folder / name).read_bytes() for name in TABLES}


def values(folder):
    return list(csv.DictReader((folder / "table.csv").read_text().splitlines()))


def words_of(pid):
    """What a process was started with; nothing for one that has ended."""
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


def descendants(pid):
    try:
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except OSError:
        return []
    return [int(child) for child in children] + [d for child in children for d in descendants(child)]


def is_run(words, folder):
    return words[:2] in (["deepq", "train"], ["deepq", "eval"]) and any(w.startswith(str(folder)) for w in words)


def processes(folder):
    """The runs' processes in a folder, whoever started them."""
    return [int(e.name) for e in pathlib.Path("/proc").iterdir() if e.name.isdigit() and is_run(words_of(e.name), folder)]


def wait_for(condition, what, seconds=600):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.005)
    raise AssertionError(f"{what}: not within {seconds} s")


class SweepCase(Case):
    @classmethod
    def setUpClass(cls):
        cls.whole = pathlib.Path(tempfile.mkdtemp(prefix="deepq-sweep-"))
        cls.addClassCleanup(shutil.rmtree, cls.whole, ignore_errors=True)
        (cls.whole / "games.plan").write_text(PLAN)
        cls.undisturbed = run("sweep", "games.plan", "--out", "out", cwd=cls.whole)

    def setUp(self):
        super().setUp()
        self.out = self.dir / "out"
        self.addCleanup(self.leave_none)
        self.plan(PLAN)

    def plan(self, text):
        (self.dir / "games.plan").write_text(text)

    def sweep(self, *arguments, **options):
        return run("sweep", "games.plan", "--out", self.out, *arguments, cwd=self.dir, **options)

    def begin(self, *arguments):
        return self.start("sweep", "games.plan", "--out", self.out, *arguments, cwd=self.dir)

    def one_at_work(self, job, n_checkpoints=2):
        """A training that has written some checkpoints: its process, and its folder."""
        seen = {}

        def look():
            for pid in descendants(job.pid):
                words = words_of(pid)
                if words[:2] != ["deepq", "train"]:
                    continue
                folder = next(w for w in words if w.startswith(str(self.out)))
                try:
                    state = (pathlib.Path(folder) / "checkpoint/state").stat()
                except OSError:
                    continue
                seen.setdefault(pid, set()).add((state.st_ino, state.st_mtime_ns))
                if len(seen[pid]) >= n_checkpoints:
                    return pid
            self.assertIsNone(job.poll(), "it has ended")
            return None

        return wait_for(look, "no training with checkpoints")

    def leave_none(self):
        for pid in processes(self.out):
            os.kill(pid, signal.SIGKILL)

    def all_ended(self):
        wait_for(lambda: not processes(self.out), "a run that is left behind")

    def same_table(self):
        self.assertEqual(tables(self.out), tables(self.whole / "out"))
        for name in NAMES:
            ours, theirs = (json.loads((out / name / "score.json").read_text()) for out in (self.out, self.whole / "out"))
            self.assertEqual(ours["rewards"], theirs["rewards"], name)


class Sweep(SweepCase):
    def test_every_run_is_trained_and_scored(self):
        out = self.whole / "out"
        self.check(self.undisturbed, 0, "6 of 6 runs done")
        self.assertEqual(sorted(p.parent.name for p in out.glob("*/score.json")), sorted(NAMES))
        rows = values(out)
        for game in (ONE, OTHER):
            folders = [out / name for name in NAMES if name.startswith(game)]
            scores = [json.loads((folder / "score.json").read_text()) for folder in folders]
            for score in scores:
                self.assertEqual((score["env"], score["episodes"], score["epsilon"]), (game, 3, 0))
                self.assertTrue(score["model"].endswith("checkpoint/state"))
            means = [sum(score["rewards"]) / 3 for score in scores]
            row, = (r for r in rows if r["game"] == game and r["measure"] == "mean")
            self.assertEqual((row["agent"], row["runs"]), ("cartpole", "3"))
            self.assertAlmostEqual(float(row["value"]), sum(means) / 3, places=6)
            iqm, = (r for r in rows if r["game"] == game and r["measure"] == "iqm")
            self.assertLessEqual(min(means) - 1e-6, float(iqm["low"]))
            self.assertLessEqual(float(iqm["high"]), max(means) + 1e-6)
        for name in NAMES:
            config = (out / name / "config").read_text()
            self.assertIn(f"seed = {name[-1]}\n", config)
            self.assertIn("max_steps = 5000\n", config)
            self.assertIn("threads = 1\n", config)
        self.assertEqual(list(out.glob("*.err")), [])

    def test_a_run_is_what_its_command_makes(self):
        lines = self.check(self.sweep("--dry-run"), 0).stdout.splitlines()
        self.assertEqual(len(lines), 12)
        self.assertFalse(self.out.exists())
        for line in lines[:2]:
            done = subprocess.run(line.replace("deepq", DEEPQ, 1), shell=True, cwd=self.dir, capture_output=True,
                                  text=True, check=True)
        ours, theirs = self.out / NAMES[0], self.whole / "out" / NAMES[0]
        self.assertEqual(json.loads(done.stdout)["rewards"], json.loads((theirs / "score.json").read_text())["rewards"])
        self.assertEqual([p.read_bytes() for p in sorted(ours.glob("*.dat"))],
                         [p.read_bytes() for p in sorted(theirs.glob("*.dat"))])

    def test_variants_are_compared_with_the_first(self):
        self.plan(f"env = CartPole-v1\nseeds = 3, 1..2\nframes = 1500\n{SETTINGS}"
                  "[eval]\nepisodes = 3\n[plain]\n[still]\nlearning_rate = 1e-5\n[again]\ndouble_dqn = true\n")
        self.check(self.sweep("--jobs", 2), 0, "9 of 9 runs done")
        rows = values(self.out)
        scores = {v: [json.loads((self.out / f"CartPole-v1-{v}-s{s}/score.json").read_text())["mean"] for s in (3, 1, 2)]
                  for v in ("plain", "still", "again")}
        table = json.loads((self.out / "table.json").read_text())
        for cell in table["games"]:
            self.assertEqual([round(x, 6) for x in cell["scores"]], [round(x, 6) for x in scores[cell["agent"]]])
        for variant in ("still", "again"):
            row, = (r for r in rows if r["agent"] == variant and r["measure"] == "probability_of_improvement")
            pairs = [(a > b) + 0.5 * (a == b) for a in scores[variant] for b in scores["plain"]]
            self.assertAlmostEqual(float(row["value"]), sum(pairs) / 9, places=9)
        self.assertEqual(scores["again"], scores["plain"])
        self.assertNotEqual(scores["still"], scores["plain"])
        for variant, rate in (("plain", "0.001"), ("still", "1e-05")):
            self.assertIn(f"\nlearning_rate = {rate}\n", (self.out / f"CartPole-v1-{variant}-s1/config").read_text())

    def test_human_scores(self):
        if not has_pong():
            self.skipTest("no ROM of Pong")
        self.plan(f"env = {PONG}, {OWN_PONG}\nseeds = 1, 2\nframes = 20\nnetwork = small\nreplay_size = 200\n"
                  "replay_start = 100\n[a]\n[b]\nfull_actions = true\n[eval]\nepisodes = 1\ncap = 2000\nepsilon = 1\n")
        self.check(self.sweep(), 0, "8 of 8 runs done")
        rows = values(self.out)
        for variant in ("a", "b"):
            means = [json.loads((self.out / f"{PONG}-{variant}-s{s}/score.json").read_text())["mean"] for s in (1, 2)]
            want = sum(100 * (m + 20.7) / (14.6 + 20.7) for m in means) / 2  # Wang et al. 2016: random and human
            for game, measure in ((PONG, "human_normalised"), ("all", "iqm"), ("all", "mean"), ("all", "median")):
                row, = (r for r in rows if (r["game"], r["agent"], r["measure"]) == (game, variant, measure))
                self.assertAlmostEqual(float(row["value"]), want, places=6)
        self.assertFalse([r for r in rows if r["game"] == OWN_PONG and r["measure"] == "human_normalised"])

    def test_status_and_json(self):
        status = json.loads(self.check(run("sweep", "--status", self.whole / "out", "--json"), 0).stdout)
        self.assertEqual((status["done"], status["held_by"]), (6, None))
        self.assertEqual({r["run"] for r in status["runs"]}, set(NAMES))
        self.assertTrue(all(r["score"] is not None and 4500 < r["frame"] <= 5000 for r in status["runs"]))
        sweep = self.begin("--json", "--jobs", 2)
        self.one_at_work(sweep)
        text = self.check(run("sweep", "--status", self.out), 0, f"process {sweep.pid} on ").stdout
        self.assertIn("of 6 runs done", text)
        lines = [json.loads(line) for line in sweep.communicate()[0].splitlines()]
        self.assertEqual(sweep.returncode, 0)
        ends = [line for line in lines if line.get("event") == "end"]
        self.assertEqual({line["run"] for line in ends}, set(NAMES))
        self.assertTrue(all(line["how"] == "done" for line in ends))
        self.assertIn("games", lines[-2])
        self.assertEqual(lines[-1]["event"], "summary")
        self.same_table()

    def test_live_lines(self):
        terminal, end = open_terminal(self)
        sweep = subprocess.Popen([DEEPQ, "sweep", "games.plan", "--out", self.out, "--jobs", "2"], cwd=self.dir, stdout=end,
                                 env={**os.environ, "TERM": "xterm"})
        os.close(end)
        text = b""
        try:
            while part := os.read(terminal, 65536):
                text += part
        except OSError:  # nobody writes any more
            pass
        os.close(terminal)
        self.assertEqual(sweep.wait(), 0)
        self.assertIn(b"0 of 6 runs done; 2 at work, 4 to come\r\n  ", text)
        self.assertRegex(text, rb"\033\[\dA\r\033\[J")
        self.assertIn(b"6 of 6 runs done", text.split(b"\033[J")[-1])
        self.same_table()

    def test_a_finished_sweep_does_nothing(self):
        out = self.whole / "out"
        before = {p: p.stat().st_mtime_ns for p in out.glob("*/*")}
        done = self.check(run("sweep", "games.plan", "--out", "out", cwd=self.whole), 0, "6 of 6 runs done")
        self.assertNotIn("begins", done.stdout)
        self.assertEqual({p: p.stat().st_mtime_ns for p in out.glob("*/*")}, before)

    def test_longest_first(self):
        self.plan(PLAN.replace("[eval]", "[short]\nframes = 200\n[long]\nframes = 400\n[eval]").replace("frames = 5000\n", ""))
        begun = [line.split(":")[0] for line in self.check(self.sweep("--jobs", 1), 0).stdout.splitlines()
                 if line.endswith(": begins")]
        self.assertEqual(["-long-" in name for name in begun], [True] * 6 + [False] * 6)


class Killed(SweepCase):
    def test_a_killed_run_goes_on_by_itself(self):
        sweep = self.begin("--jobs", 1)
        for _ in range(4):  # one more than it may die without a checkpoint in between
            os.kill(self.one_at_work(sweep), signal.SIGKILL)
        out, err = sweep.communicate()
        self.assertEqual(sweep.returncode, 0, err)
        self.assertEqual(err.count("training was killed by signal 9; it goes on from its last checkpoint"), 4)
        self.assertIn("6 of 6 runs done", out)
        self.same_table()

    def test_a_killed_sweep_goes_on(self):
        for n in range(3):
            sweep = self.begin("--jobs", 2)
            self.one_at_work(sweep, n + 1)
            sweep.kill()
            sweep.wait()
        self.check(self.sweep("--jobs", 3), 0, "6 of 6 runs done", "goes on from frame")
        self.same_table()

    def test_a_killed_sweep_leaves_nothing_at_work(self):
        self.plan(PLAN.replace("frames = 5000", "frames = 1e12"))
        sweep = self.begin("--jobs", 2)
        self.one_at_work(sweep)
        sweep.kill()
        sweep.wait()
        self.all_ended()

    def test_told_to_stop(self):
        for signal_number in (signal.SIGTERM, signal.SIGINT):
            sweep = self.begin("--jobs", 2)
            self.one_at_work(sweep)
            sweep.send_signal(signal_number)
            out, err = sweep.communicate()
            self.assertEqual(sweep.returncode, 130)
            self.assertEqual(err, "deepq: interrupted; all runs are saved: the same command goes on\n")
            self.assertEqual(processes(self.out), [])
            self.assertIn(": stopped after ", out)
        self.check(self.sweep(), 0, "6 of 6 runs done")
        self.same_table()

    def test_a_run_without_progress_is_given_up(self):
        self.plan(f"env = {ONE}\nseeds = 1\n{SETTINGS}{EVAL}[endless]\nframes = 1e12\n[short]\nframes = 300\n"
                  .replace("checkpoint_every = 100", "checkpoint_every = 1000000"))
        sweep = self.begin("--jobs", 1)
        killed = set()
        for _ in range(3):
            pid = wait_for(lambda: sweep.poll() is not None or
                           [p for p in descendants(sweep.pid) if p not in killed and words_of(p)[:1] == ["deepq"]],
                           "no training")[0]
            os.kill(pid, signal.SIGKILL)
            killed.add(pid)
        out, err = sweep.communicate()
        self.assertEqual(sweep.returncode, 1, err)
        self.assertEqual(err.splitlines()[-2:],
                         [f"deepq: {ONE}-endless-s1: given up: training was killed by signal 9",
                          "deepq: some runs were given up: the same command tries them again"])
        self.assertIn("1 of 2 runs done, 1 given up", out)
        self.assertIn(f"| {ONE} | endless | 0 of 1 |", out)
        self.assertIn(f"| {ONE} | short | 1 of 1 |", out)

class Folder(SweepCase):
    def test_another_sweep_is_at_work(self):
        sweep = self.begin("--jobs", 1)
        self.one_at_work(sweep)
        self.check(self.sweep(), 2, f"another sweep is at work in {self.out}", f"process {sweep.pid} on ")
        self.assertIsNone(sweep.poll())

    def test_a_run_that_somebody_else_has_is_waited_for(self):
        line = self.check(self.sweep("--dry-run"), 0).stdout.splitlines()[0]
        train = self.start(*line.split()[1:], cwd=self.dir)
        wait_for((self.out / NAMES[0] / "checkpoint/state").exists, "no checkpoint")
        os.kill(train.pid, signal.SIGSTOP)
        sweep = self.begin("--jobs", 2)
        line = sweep.stderr.readline()
        self.assertIn(f"{NAMES[0]}: another process is at work in its folder", line)
        os.kill(train.pid, signal.SIGKILL)
        sweep.communicate()
        self.assertEqual(sweep.returncode, 0)
        self.same_table()

    def test_a_plan_may_grow_but_not_change(self):
        small = PLAN.replace("seeds = 1..3", "seeds = 2")
        self.plan(small)
        self.check(self.sweep(), 0, "2 of 2 runs done")
        for old, new, *words in [("replay_start = 100", "replay_start = 120", "replay_start = 100", "120"),
                                 ("frames = 5000", "frames = 800", "max_steps = 5000", "800"),
                                 ("hidden = 16", "hidden = 16\ndouble_dqn = false", "double_dqn = true", "false"),
                                 ("episodes = 3", "episodes = 4", "[eval] episodes = 3", "4"),
                                 ("episodes = 3\n", "", "[eval] episodes = 3", "not chosen"),
                                 ("episodes = 3", "episodes = 3\nepsilon = 0", "[eval] epsilon = not chosen", "0")]:
            with self.subTest(new):
                self.plan(small.replace(old, new))
                self.check(self.sweep(), 2, NAMES[1], *words, "put it back, or choose another --out")
        scores = {p: p.stat().st_mtime_ns for p in self.out.glob("*/score.json")}
        self.assertEqual(len(scores), 2)
        self.plan(PLAN)
        self.check(self.sweep(), 0, "6 of 6 runs done")
        self.assertEqual({p: p.stat().st_mtime_ns for p in scores}, scores)
        self.same_table()

    def test_options_of_the_environment_may_not_change(self):
        plan = f"env = {OWN_PONG}\nseeds = 1\nframes = 20\nnetwork = small\nreplay_size = 200\nreplay_start = 100\n"
        end = "[eval]\nepisodes = 1\ncap = 400\n"
        self.plan(plan + "frame_skip = 20\n" + end)
        self.check(self.sweep(), 0, "1 of 1 runs done")
        for line, *words in [("", "frame_skip = 20", "not chosen"), ("frame_skip = 4\n", "frame_skip = 20", "says 4"),
                             ("frame_skip = 20\nsticky = 0.5\n", "sticky = not chosen", "says 0.5")]:
            self.plan(plan + line + end)
            self.check(self.sweep(), 2, "run deepq-Pong-v0-book-s1 began with", *words)

    def test_a_run_that_cannot_begin(self):
        self.out.mkdir()
        (self.out / NAMES[4]).write_text("a file where a folder should be")
        done = self.sweep("--jobs", 2)
        self.assertEqual(done.returncode, 1)
        first, second = done.stderr.splitlines()[-2:]  # it was tried again before
        self.assertTrue(first.startswith(f"deepq: {NAMES[4]}: given up: "), first)
        self.assertIn("some runs were given up", second)
        self.assertIn("5 of 6 runs done, 1 given up", done.stdout)
        self.assertIn(f"| {OTHER} | cartpole | 2 of 3 |", (self.out / "table.md").read_text())
        (self.out / NAMES[4]).unlink()
        self.check(self.sweep(), 0, "6 of 6 runs done")
        self.same_table()

    def test_a_full_disk(self):
        disk = self.small_disk("3m")
        self.out = disk / "out"
        filler = disk / "filler"
        self.check(self.sweep("--jobs", 1, "--dry-run"), 0)
        sweep = self.begin("--jobs", 1)
        wait_for(lambda: list(self.out.glob("*/score.json")), "no score")
        n = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
        with open(filler, "wb") as file:
            try:
                file.write(bytes(n))
            except OSError:
                pass
        out, err = sweep.communicate()
        self.assertEqual(sweep.returncode, 1, err)
        self.assertIn(f"the disk of {self.out} is full: make room, the same command goes on", err)
        self.assertTrue(list(self.out.glob("*/score.json")))
        filler.unlink()
        subprocess.run(["mount", "-o", "remount,size=60m", disk], check=True)
        self.check(self.sweep("--jobs", 2), 0, "6 of 6 runs done")
        self.same_table()

    def test_no_sweep(self):
        self.check(run("sweep", "--status", self.dir), 2, "no sweep in")
        self.check(run("sweep", self.dir / "none.plan"), 2, "none.plan")
        self.check(run("sweep"), 2, "PLAN is missing")
        self.check(run("sweep", "games.plan", "--status", self.dir), 2, "--status takes a folder")

    def test_the_folder_without_out(self):
        self.plan(PLAN.replace("seeds = 1..3", "seeds = 1").replace("frames = 5000", "frames = 150"))
        self.check(run("sweep", "games.plan", cwd=self.dir), 0, "2 of 2 runs done")
        self.assertTrue((self.dir / "runs/games" / NAMES[0] / "score.json").exists())


class Plans(SweepCase):
    def test_wrong_plans(self):
        run_name = "deepq-Pong-v0-book-s1"
        good = f"env = {OWN_PONG}\nseeds = 1\nframes = 100\n"
        for text, *words in [
                ("", "games.plan: no game", "env = ID"),
                (f"env = {OWN_PONG}\nframes = 5\n", "games.plan: no seeds"),
                (f"env = {OWN_PONG}\nseeds = 1\n", f"run {run_name} has no end", "frames = N"),
                ("env = PongNoFrameskip-v9\n", "games.plan:1: no environment 'PongNoFrameskip-v9'", "PongNoFrameskip-v4"),
                (f"env = {OWN_PONG}, {OWN_PONG}\n", "games.plan:1:", "twice"),
                (f"env = {OWN_PONG},\n", "games.plan:1:", "write a list"),
                (good + "dueing = output\n", "games.plan:4: no setting 'dueing': did you mean dueling?"),
                (good + "frame-skip = 4\n", "games.plan:4: no setting 'frame-skip': did you mean frame_skip?"),
                (good + "seed = 4\n", "games.plan:4: no setting 'seed': did you mean seeds?"),
                (good + "batch = many\n", "games.plan:4: batch = 'many'"),
                (good + "preset = boook\n", "games.plan:4: no preset 'boook'"),
                (good + "batch = 8\nbatch = 9\n", "games.plan:5: batch is there twice"),
                (good + "sticky = 2\n", "games.plan:4: sticky = '2'"),
                (good + "[a]\nseeds = 2\n", "games.plan:5: seeds is the same for all variants"),
                (good + "[a]\n[a]\n", "games.plan:5: [a] is there twice"),
                (good + "[a/b]\n", "games.plan:4: [a/b]"),
                (good + "[a\n", "games.plan:4:", "is not `[name]`"),
                (good + "[ ]\n", "games.plan:4:", "a name is missing"),
                (good + "[eval]\nepisode = 3\n", "games.plan:5: [eval] has no 'episode': did you mean episodes?"),
                (good + "[eval]\nepisodes = none\n", "games.plan:5: episodes = 'none'"),
                (good + "[eval]\nprotocol = natur\n", "games.plan:5: no protocol 'natur': there are book, nature"),
                (good.replace(OWN_PONG, ONE) + "[eval]\nprotocol = nature\n",
                 f"games.plan: [eval]: protocol nature is of Atari games, and {ONE} is none"),
                (good + "[eval]\n[a]\n[eval]\n", "games.plan:6: [eval] is there twice"),
                (good + "nonsense\n", "games.plan:4: \"nonsense\" is not `key = value`"),
                (good.replace("seeds = 1", "seeds = 3..1"), "games.plan:2: seeds = '3..1'"),
                (good.replace("seeds = 1", "seeds = 1..3, 2"), "games.plan:2: seeds has 2 twice"),
                (good.replace("seeds = 1", "seeds = -1"), "games.plan:2: seeds = '-1'"),
                (good.replace("seeds = 1", "seeds = 1..9999999"), "games.plan:2: seeds"),
                (good.replace("seeds = 1", "seeds = 1..90000") + "[a]\n[b]\n", "180000 runs: at most 100000"),
                (good + "preset = cartpole\n", "run deepq-Pong-v0-cartpole-s1", "network mlp is for vectors"),
                (good + "replay_size = 100\nreplay_start = 200\n", f"run {run_name}", "replay_start")]:
            with self.subTest(text):
                self.plan(text)
                self.check(self.sweep(), 2, *words)
                self.assertFalse(self.out.exists())


class MpiCase(SweepCase):

    def setUp(self):
        super().setUp()
        if not shutil.which("mpirun") or "many machines (MPI): yes" not in run("--version").stdout:
            self.skipTest("no mpirun here, or a deepq without MPI")
        if SANITIZED:
            self.skipTest("MPI's own leaks are reported")

    def mpirun(self, *arguments, options=(), ranks=3):
        command = ["mpirun", "--oversubscribe", *(["--allow-run-as-root"] if os.getuid() == 0 else []), "-n", str(ranks),
                   *options, DEEPQ, "sweep", "games.plan", "--out", str(self.out), *map(str, arguments)]
        return self.launch(command)

    def launch(self, command):
        job = subprocess.Popen(command, cwd=self.dir, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(self.end, job)
        return job

    def end(self, job):
        """Whatever it is that it waits for. What it started on the other host is told too."""
        others = descendants(job.pid)
        for signal_number in (signal.SIGTERM, signal.SIGKILL):
            if job.poll() is None:
                job.send_signal(signal_number)
                try:
                    job.wait(20)
                except subprocess.TimeoutExpired:
                    continue
        for pid in others:
            if words_of(pid)[:1] == ["orted"]:
                os.kill(pid, signal.SIGKILL)
        job.stdout.close()
        job.stderr.close()

    def ranks(self, job):
        """Processes of the sweep itself by their rank."""
        found = {}
        for pid in descendants(job.pid):
            if words_of(pid)[:2] == [DEEPQ, "sweep"]:
                environment = pathlib.Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
                rank, = (w.split(b"=")[1] for w in environment if w.startswith(b"OMPI_COMM_WORLD_RANK="))
                found[int(rank)] = pid
        return found


class Machines(MpiCase):
    """Under mpirun, on this machine."""

    def test_undisturbed(self):
        job = self.mpirun("--json")
        out, err = job.communicate()
        self.assertEqual(job.returncode, 0, err)
        begun = [json.loads(line) for line in out.splitlines() if '"begin"' in line]
        self.assertEqual({line["rank"] for line in begun}, {0, 1, 2})
        self.same_table()

    def test_a_killed_run(self):
        job = self.mpirun()
        os.kill(self.one_at_work(job), signal.SIGKILL)
        out, err = job.communicate()
        self.assertEqual(job.returncode, 0, err)
        self.assertIn("training was killed by signal 9; it goes on", err)
        self.same_table()

    def test_a_killed_rank_ends_the_job_and_the_same_command_goes_on(self):
        for rank in (2, 0):
            job = self.mpirun()
            self.one_at_work(job)
            os.kill(self.ranks(job)[rank], signal.SIGKILL)
            job.communicate()
            self.assertNotEqual(job.returncode, 0)
            self.all_ended()
        job = self.mpirun()
        out, err = job.communicate()
        self.assertEqual(job.returncode, 0, err)
        self.same_table()

    def test_told_to_stop(self):
        job = self.mpirun()
        self.one_at_work(job)
        job.terminate()
        job.communicate()
        self.all_ended()
        self.check(self.sweep(), 0, "6 of 6 runs done")
        self.same_table()

    def test_a_wrong_plan_is_said_once(self):
        self.plan("env = Pong\n")
        job = self.mpirun()
        err = job.communicate()[1]
        self.assertNotEqual(job.returncode, 0)
        self.assertEqual([line for line in err.splitlines() if line.startswith("deepq: ")],
                         ["deepq: games.plan:1: no environment 'Pong': did you mean PongNoFrameskip-v4?"])

    def test_a_machine_with_another_folder(self):
        if subprocess.run(["unshare", "-m", "true"], stderr=subprocess.DEVNULL).returncode:
            self.skipTest("no mount namespaces here")
        other = f"mount -t tmpfs tmpfs {self.dir} && exec {DEEPQ} sweep games.plan --out {self.out}"
        root = ["--allow-run-as-root"] if os.getuid() == 0 else []
        done = subprocess.run(["mpirun", "--oversubscribe", *root, "-n", "1", DEEPQ, "sweep", "games.plan", "--out",
                               self.out, ":", "-n", "1", "unshare", "-m", "sh", "-c", other],
                              cwd=self.dir, capture_output=True, text=True)
        self.assertEqual(done.returncode, 2, done.stderr)
        said = [line for line in done.stderr.splitlines() if line.startswith("deepq: ")]
        self.assertEqual(len(said), 1, done.stderr)
        self.assertIn("rank 1 on", said[0])
        self.assertIn("all machines need the same folder", said[0])
        self.all_ended()

    def test_without_the_module(self):
        shutil.copy(DEEPQ, self.dir / "deepq")
        done = subprocess.run([self.dir / "deepq", "sweep", "games.plan"], cwd=self.dir, capture_output=True, text=True,
                              env={**os.environ, "OMPI_COMM_WORLD_SIZE": "2"})
        self.check(done, 1, "libdeepq_mpi.so is not beside deepq")


class Hosts(MpiCase):
    """Two hosts: network namespaces with a cable in between, which share the file system."""

    def setUp(self):
        super().setUp()
        self.names = [f"dq{os.getpid()}{letter}" for letter in "ab"]
        if os.getuid() or not shutil.which("ip") or not self.ip("netns", "add", self.names[0]):
            self.skipTest("no network namespaces here")
        self.addCleanup(self.ip, "netns", "del", self.names[0])
        made = self.ip("netns", "add", self.names[1])
        self.addCleanup(self.ip, "netns", "del", self.names[1])
        made = made and self.ip("link", "add", "cable", "netns", self.names[0], "type", "veth", "peer", "name", "cable",
                                "netns", self.names[1])
        if not made:
            self.skipTest("no cables between network namespaces here")
        for i, name in enumerate(self.names):
            self.ip("-n", name, "addr", "add", f"10.77.0.{i + 1}/24", "dev", "cable")
            self.ip("-n", name, "link", "set", "lo", "up")
            self.ip("-n", name, "link", "set", "cable", "up")
        self.agent = self.dir / "agent"  # in the place of ssh: agent HOST COMMAND
        self.agent.write_text(f"""#!/bin/sh
shift
exec ip netns exec {self.names[1]} unshare --uts sh -c "hostname dqother; $*"
""")
        self.agent.chmod(0o755)

    def ip(self, *words):
        return subprocess.run(["ip", *words], stderr=subprocess.DEVNULL).returncode == 0

    def on_both(self, *arguments, options=()):
        return self.launch(["ip", "netns", "exec", self.names[0], "mpirun", "--allow-run-as-root", "--host",
                            "10.77.0.1:1,10.77.0.2:1", "-n", "2", "--mca", "plm", "rsh", "--mca", "plm_rsh_agent",
                            str(self.agent), "--mca", "oob_tcp_if_include", "10.77.0.0/24", "--mca", "btl", "tcp,self",
                            "--mca", "btl_tcp_if_include", "10.77.0.0/24", *options, DEEPQ, "sweep", "games.plan",
                            "--out", str(self.out), *arguments])

    def cut(self, is_cut):
        self.ip("-n", self.names[1], "link", "set", "cable", "down" if is_cut else "up")

    def goes_on(self):
        self.cut(False)
        job = self.on_both()
        out, err = job.communicate()
        self.assertEqual(job.returncode, 0, err)
        self.assertIn("6 of 6 runs done", out)
        self.same_table()

    def begin_and_cut(self, *arguments, **options):
        """@return the job, cut in two while both have runs"""
        job = self.on_both("--json", *arguments, **options)
        ranks = set()
        while ranks != {0, 1}:
            line = json.loads(job.stdout.readline())
            if line["event"] == "begin":
                ranks.add(line["rank"])
        wait_for(lambda: len(list(self.out.glob("*/checkpoint/state"))) >= 2, "no checkpoints")
        self.cut(True)
        return job

    def test_two_hosts(self):
        self.goes_on()

    def test_one_is_cut_off_and_mpirun_notices(self):
        job = self.begin_and_cut(options=["--mca", "oob_tcp_keepalive_time", "2", "--mca", "oob_tcp_keepalive_intvl", "1",
                                          "--mca", "oob_tcp_keepalive_probes", "3"])
        err = job.communicate()[1]
        self.assertNotEqual(job.returncode, 0)
        self.assertIn("lost communication", err)
        self.all_ended()
        self.goes_on()

    def test_one_is_cut_off_and_mpirun_does_not_notice(self):
        job = self.begin_and_cut("--silence", "15")
        line = next((line for line in job.stderr if line.startswith("deepq: ")), None)  # MPI may say more
        self.assertEqual(line, "deepq: rank 1 on dqother was not heard of for 15 s: the job ends; the same command goes "
                         "on\n")
        self.all_ended()
        self.end(job)  # it waits for the other host
        self.goes_on()


main()
