"""deepq replay: every game of a training run can be played again, frame for frame."""

import json
import re
import shutil
import signal
import subprocess
import unittest

from program import OWN_BRICKS, Case, main, run

# Games of about 20 frames with several lives, rewards that are clipped, random no-ops and actions that stick: all
# that a game can depend on. Nothing is learnt, so a run is short.
BRICKS = ["--env", OWN_BRICKS, "--dialect", "sb3", "--frame-skip", "20", "--sticky", "0.25", "--set", "network=small"]
CARTPOLE = ["--env", "CartPole-v1", "--preset", "cartpole"]


def logged(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


class Replay(Case):
    def train(self, *arguments):
        ended = run("train", *arguments, "--plain")
        self.assertEqual(ended.returncode, 0, ended.stderr)
        return ended

    def kill_after(self, n_games, *arguments):
        deepq = self.start("train", *arguments, "--plain")
        while f"done {n_games} games" not in deepq.stdout.readline():
            pass
        deepq.send_signal(signal.SIGKILL)
        deepq.communicate()

    def verify(self, folder, *arguments):
        """How many games are the same, of how many, in how many steps."""
        seen = run("replay", folder, "--verify", *arguments)
        found = re.search(r"^(\d+)/(\d+) episodes the same, frame for frame, (\d+) steps$", seen.stdout, re.M)
        self.assertTrue(found, seen.stdout + seen.stderr)
        self.assertEqual(seen.returncode, 0 if found[1] == found[2] else 1)
        return tuple(map(int, found.groups()))

    def refuse(self, status, words, *arguments):
        refused = run("replay", *arguments)
        self.assertEqual(refused.returncode, status, refused.stderr)
        self.assertEqual(refused.stderr.count("\n"), 1, refused.stderr)
        self.assertIn(words, refused.stderr)

    def test_every_game_of_a_run_that_was_killed_twice(self):
        out = self.dir / "run"
        checkpoints = ["--set", "checkpoint_every=130"]  # in the middle of rounds
        self.kill_after(30, *BRICKS, "--envs", 4, "--frames", 3000, *checkpoints, "--out", out)
        self.kill_after(60, "--resume", out)
        self.train("--resume", out)
        games = logged(out)
        n_same, n, steps = self.verify(out)
        self.assertEqual((n_same, n), (len(games), len(games)))
        self.assertGreater(n, 60)
        self.assertLessEqual(steps, 3000)
        self.assertGreater(steps, 2500)
        listed = re.findall(r"^episode (\d+): frame (\d+), environment (\d), steps (\d+), reward (-?[\d.]+)$",
                            run("replay", out).stdout, re.M)
        self.assertEqual([(int(k), int(frame), float(points)) for k, frame, _, _, points in listed],
                         [(g["game"], g["frame"], g["reward"]) for g in games])
        self.assertEqual({environment for _, _, environment, _, _ in listed}, set("0123"))

    def test_a_world_of_vectors(self):
        out = self.dir / "run"
        self.train(*CARTPOLE, "--envs", 3, "--frames", 1500, "--out", out)
        n_same, n, _ = self.verify(out)
        self.assertEqual((n_same, n), (len(logged(out)),) * 2)
        one = run("replay", out, "--episode", 7)
        self.assertEqual(one.returncode, 0, one.stderr)
        self.assertRegex(one.stdout, r"^episode 7: .*: the same, frame for frame\n$")
        points = max(logged(out), key=lambda g: g["reward"])["reward"]
        self.assertIn(f"reward {points:.2f}: the same", run("replay", out, "--best").stdout)

    def test_stopped_when_an_episode_is_over_whose_turn_is_still_to_come(self):
        whole, out = self.dir / "whole", self.dir / "run"
        poles = [*CARTPOLE, "--envs", 16]
        self.train(*poles, "--frames", 600, "--out", whole)
        ends = [(g["frame"], (g["frame"] - 1) % 16) for g in logged(whole)]
        first, *others = sorted({frame - turn + 1 for frame, turn in ends if turn > 1})[:6]
        self.train(*poles, "--frames", first, "--out", out)
        for frames in (*others, 600):
            self.train("--resume", out, "--frames", frames)
        n_same, n, _ = self.verify(out)
        self.assertEqual((n_same, n), (len(ends), len(ends)))
        self.assertEqual(run("replay", out).stdout, run("replay", whole).stdout)

    def test_episodes_that_a_limit_ends(self):
        out = self.dir / "run"
        self.train("--env", "MountainCar-v0", "--preset", "cartpole", "--envs", 2, "--frames", 1700, "--out", out)
        self.assertEqual(self.verify(out), (8, 8, 1600))

    def test_a_run_of_an_older_deepq_keeps_its_games_from_where_it_is_resumed(self):
        out = self.dir / "run"
        self.train(*BRICKS, "--envs", 3, "--frames", 1000, "--out", out)
        (out / "actions").unlink()
        self.refuse(2, "no log of actions", out)
        n_before = len(logged(out))
        self.train("--resume", out, "--frames", 2000)
        n_same, n, _ = self.verify(out)
        self.assertEqual(n_same, n)
        self.assertGreater(n, 20)
        self.assertLessEqual(n, len(logged(out)) - n_before)
        self.assertGreaterEqual(n, len(logged(out)) - n_before - 3)  # the games that went on
        self.assertIn("episodes that began before", run("replay", out, "--verify").stderr)
        self.refuse(2, "no episode 1: choose one from", out, "--episode", 1)

    def test_another_game_is_noticed(self):
        out = self.dir / "run"
        self.train(*BRICKS, "--frames", 500, "--out", out)
        config = out / "config"
        config.write_text(config.read_text().replace("sticky = 0.25", "sticky = 0.5"))
        n_same, n, _ = self.verify(out)
        self.assertLess(n_same, n)
        self.refuse(1, "did not show what it did in training", out, "--episode", n, "--no-vis")

    def test_damage_is_told_and_set_aside(self):
        out = self.dir / "run"
        self.train(*BRICKS, "--frames", 500, "--out", out)
        n = len(logged(out))
        actions = bytearray((out / "actions").read_bytes())
        actions[200] ^= 1
        (out / "actions").write_bytes(actions)
        self.refuse(2, "damaged", out, "--verify")
        resumed = self.train("--resume", out, "--frames", 1000)
        self.assertIn("set aside", resumed.stderr)
        self.assertTrue((out / "actions.damaged").exists())
        # What came before the damage, or from the next state on, is there; the rest is told.
        self.refuse(2, "missing in the log", out, "--episode", n, "--no-vis")

    def test_a_video_has_every_step(self):
        out, videos = self.dir / "run", self.dir / "videos"
        self.train(*BRICKS, "--frames", 300, "--out", out)
        shown = run("replay", out, "--episode", 3, "--no-vis", "--record", videos)
        if "without FFmpeg" in shown.stderr or not shutil.which("ffprobe"):
            self.skipTest("no FFmpeg")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        steps = int(re.search(r"steps (\d+)", shown.stdout)[1])
        video, = videos.glob("*-episode-3.mp4")
        frames = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries",
                                 "stream=nb_read_frames", "-of", "csv=p=0", video], capture_output=True, text=True)
        self.assertEqual(int(frames.stdout.strip().strip(",")), steps + 1)
        self.refuse(2, "has a recording already", out, "--episode", 3, "--no-vis", "--record", videos)
        gifs = self.dir / "gifs"
        shown = run("replay", out, "--episode", 3, "--no-vis", "--record", gifs, "--format", "gif")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertEqual(next(gifs.glob("*-episode-3.gif")).read_bytes()[:6], b"GIF89a")
        self.refuse(2, "--format is of a recording", out, "--episode", 3, "--format", "gif")

    def test_what_is_no_run(self):
        self.refuse(2, "RUN is missing")
        self.refuse(2, "nosuch", "nosuch")
        self.refuse(2, "two games", self.dir, "--best", "--episode", 1)
        self.refuse(2, "", self.dir)
        for mode in [], ["--verify"], ["--verify", "--best"]:
            self.refuse(2, "--record takes a game that is shown", self.dir, *mode, "--record", self.dir / "videos")
        out = self.dir / "run"
        self.train(*CARTPOLE, "--frames", 5, "--out", out)
        self.refuse(2, "no game of it is over yet", out, "--best")
        empty = run("replay", out)
        self.assertEqual((empty.returncode, empty.stdout), (0, ""))


if __name__ == "__main__":
    main()
