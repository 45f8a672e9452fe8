"""deepq play and deepq eval: unseen, in a window, as a video."""

import array
import ctypes
import json
import os
import pathlib
import queue
import re
import shutil
import signal
import subprocess
import threading
import time
import unittest

from program import DEEPQ, OWN_PONG, Case, has_pong, main, run

HEADLESS = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "SDL_VIDEODRIVER": ""}


def without_display():
    return {k: v for k, v in os.environ.items() if k not in HEADLESS}


def probe(video, kind, entries):
    """What ffprobe says of each stream of a kind, v or a."""
    done = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-select_streams", kind, "-show_entries",
                           "stream=" + entries, "-of", "csv=p=0", video], capture_output=True, text=True)
    assert done.stderr == "", done.stderr
    return done.stdout.split()


class Keyboard:
    """Keys of an X server, pressed by its XTEST extension."""

    def __init__(self, display):
        self.x11, self.xtst = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXtst.so.6")
        self.x11.XOpenDisplay.restype = ctypes.c_void_p
        self.x11.XStringToKeysym.restype = ctypes.c_ulong
        self.server = ctypes.c_void_p(self.x11.XOpenDisplay(display.encode()))
        assert self.server.value, display

    def set(self, name, is_down):
        code = self.x11.XKeysymToKeycode(self.server, ctypes.c_ulong(self.x11.XStringToKeysym(name.encode())))
        assert code, name
        self.xtst.XTestFakeKeyEvent(self.server, ctypes.c_uint(code), is_down, ctypes.c_ulong(0))
        self.x11.XFlush(self.server)

    def tap(self, name):
        self.set(name, 1)
        self.set(name, 0)

    def hold(self, seconds, *names):
        for name in names:
            self.set(name, 1)
        time.sleep(seconds)
        for name in names:
            self.set(name, 0)


class Play(Case):
    @classmethod
    def setUpClass(cls):
        """A model that has learnt nothing: the first one of a run."""
        import tempfile
        cls.home = pathlib.Path(tempfile.mkdtemp(prefix="deepq-e2e-"))
        cls.addClassCleanup(shutil.rmtree, cls.home)
        done = run("train", "--env", OWN_PONG, "--reward-bound", "-22", "--out", cls.home / "run")
        assert done.returncode == 0, done.stderr
        cls.model = next((cls.home / "run").glob("*.dat"))
        cls.args = ["-m", cls.model, "-e", OWN_PONG]

    def test_unseen(self):
        for flag in ("--no-vis", "--no-visualize"):
            out = self.check(run("play", *self.args, flag), 0).stdout.splitlines()
            self.assertRegex(out[0], r"^Total reward: -?\d+\.\d\d$")
            self.assertTrue(out[1].startswith("Action counts: "))
            counts = dict(part.split() for part in out[1][len("Action counts: "):].split(", "))
            self.assertEqual(set(counts), {"NOOP", "FIRE", "RIGHT", "LEFT", "RIGHTFIRE",
                                           "LEFTFIRE"})
            numbers = [int(n) for n in counts.values()]
            self.assertEqual(numbers, sorted(numbers, reverse=True))
            self.assertGreater(sum(numbers), 100)

    def test_without_a_model(self):
        """The one that comes with deepq, and none."""
        nowhere = {"DEEPQ_ROMS_DIR": str(self.dir), "ALE_ROMS_DIR": "", "XDG_DATA_HOME": str(self.dir)}
        self.check(run("play", "--no-vis", env=nowhere), 1, "pong.bin", "roms import")
        self.check(run("play", "--no-vis", "--random"), 0, "Total reward: -")
        self.check(run("play", "--no-vis", "--random", "-e", "deepq/Bricks-v0"), 0, "Total reward: ")
        self.check(run("play", "--no-vis", "-e", "deepq/Bricks-v0"), 2, "comes with deepq", "6 actions")
        if not has_pong():
            self.skipTest("the Pong ROM is missing")
        reward = float(self.check(run("play", "--no-vis"), 0).stdout.split()[2])
        self.assertGreater(reward, 15)

    def test_seeds_decide(self):
        def play(seed):
            return run("play", *self.args, "--no-vis", "--epsilon", "0.5", "--seed", seed,
                       "--episodes", "2").stdout

        self.assertEqual(play(1), play(1))
        self.assertNotEqual(play(1), play(2))
        self.assertIn("Mean reward of 2 games: ", play(1))

    def test_no_display(self):
        done = subprocess.run([DEEPQ, "play", *self.args], env=without_display(),
                              capture_output=True, text=True, timeout=600)
        self.assertEqual(done.returncode, 1)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.assertIn("--no-vis", done.stderr)
        self.assertIn("--record", done.stderr)

    def test_wrong_models(self):
        self.check(run("play", "-m", self.dir / "absent", "-e", OWN_PONG), 2, "absent")
        (self.dir / "damaged.dat").write_bytes(self.model.read_bytes()[:100000])
        self.check(run("play", "-m", self.dir / "damaged.dat", "-e", OWN_PONG, "--no-vis"), 2,
                   "damaged.dat")
        self.check(run("play", *self.args[:2], "-e", "deepq/Pong-v9"), 2, OWN_PONG)

    def test_recording(self):
        if "video (FFmpeg): no" in run("--version").stdout:
            self.skipTest("built without FFmpeg")
        out = self.dir / "videos"
        done = run("play", *self.args, "--no-vis", "--record", out)
        self.check(done, 0)
        counts = done.stdout.splitlines()[1][len("Action counts: "):].split(", ")
        n_decisions = sum(int(part.split()[1]) for part in counts)
        videos = list(out.iterdir())
        self.assertEqual([v.name for v in videos], ["deepq-Pong-v0-episode-0.mp4"])
        self.check(run("play", *self.args, "--no-vis", "-r", out), 2, "already")
        if not shutil.which("ffprobe"):
            self.skipTest("no ffprobe to look at the video with")
        self.assertEqual(probe(videos[0], "v", "nb_read_frames,r_frame_rate"), [f"25/1,{n_decisions + 1}"])
        codec, seconds = probe(videos[0], "a", "codec_name,duration")[0].split(",")
        self.assertEqual(codec, "aac")
        self.assertAlmostEqual(float(seconds), (n_decisions + 1) / 25, delta=0.1)
        mute = self.dir / "mute"
        self.check(run("play", *self.args, "--no-vis", "--mute", "--record", mute), 0)
        self.assertEqual(probe(next(mute.iterdir()), "a", "codec_name"), [])

    def test_a_gif(self):
        """Every frame, only colours of the console, no sound; decoded by FFmpeg."""
        self.check(run("play", "--random", "--no-vis", "--format", "gif"), 2, "--format", "--record")
        self.check(run("play", "--random", "--no-vis", "--record", self.dir, "--format", "avi"), 2, "gif")
        if "video (FFmpeg): no" in run("--version").stdout:
            self.skipTest("built without FFmpeg")
        out = self.dir / "gifs"
        done = self.check(run("play", "--random", "--no-vis", "--record", out, "--format", "gif"), 0)
        counts = done.stdout.splitlines()[1][len("Action counts: "):].split(", ")
        n_pictures = 1 + sum(int(part.split()[1]) for part in counts)
        gif, = out.iterdir()
        self.assertEqual(gif.name, "deepq-Pong-v0-episode-0.gif")
        self.check(run("play", "--random", "--no-vis", "--record", out), 2, "already")
        if not shutil.which("ffprobe") or not shutil.which("ffmpeg"):
            self.skipTest("no FFmpeg to look at the picture with")
        self.assertEqual(probe(gif, "v", "width,height,nb_read_frames"), [f"320,420,{n_pictures}"])
        self.assertEqual(probe(gif, "a", "codec_name"), [])
        rgb = subprocess.run(["ffmpeg", "-v", "error", "-i", gif, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"],
                             capture_output=True, check=True).stdout
        self.assertEqual(len(rgb), n_pictures * 320 * 420 * 3)
        colours = {rgb[i:i + 3] for i in range(0, len(rgb), 93)}
        # ALE's: the field, the walls and the ball, both paddles, black
        self.assertEqual(colours, {bytes(c) for c in ((144, 72, 17), (236, 236, 236), (213, 130, 74), (92, 186, 92),
                                                      (0, 0, 0))})

    def decoded(self, out, *args):
        """What a play into a GIF prints, and its pictures as rows of bytes, of every second pixel each way."""
        done = self.check(run("play", *self.args, "--seed", 3, "--epsilon", 0.3, "--no-vis", "--record", out, "--format",
                              "gif", *args), 0)
        gif, = out.iterdir()
        width, height = map(int, probe(gif, "v", "width,height")[0].split(",")[:2])
        rgb = subprocess.run(["ffmpeg", "-v", "error", "-i", gif, "-vf", "scale=iw/2:ih/2:flags=neighbor", "-f", "rawvideo",
                              "-pix_fmt", "rgb24", "-"], capture_output=True, check=True).stdout
        row, size = 3 * width // 2, 3 * width * height // 4
        return done.stdout, height // 2, [[rgb[i + y:i + y + row] for y in range(0, size, row)]
                                          for i in range(0, len(rgb), size)]

    def test_values(self):
        """The picture is not touched; below it is a bar for each action, that of the action taken green, and full
        unless it was taken at random."""
        self.check(run("play", "--random", "--values"), 2, "--values", "--random")
        self.check(run("play", *self.args, "--values", "--no-vis"), 2, "--values", "--record")
        if "video (FFmpeg): no" in run("--version").stdout:
            self.skipTest("built without FFmpeg")
        if not shutil.which("ffprobe") or not shutil.which("ffmpeg"):
            self.skipTest("no FFmpeg to look at the picture with")
        said, height, plain = self.decoded(self.dir / "plain")
        self.assertEqual(height, 210)
        said_with, height, pictures = self.decoded(self.dir / "values", "--values")
        self.assertEqual((said_with, height), (said, 210 + 2 + 6 * 7))
        self.assertEqual(len(pictures), len(plain))
        self.assertTrue(all(a[:210] == b for a, b in zip(pictures, plain)))
        names = ["NOOP", "FIRE", "RIGHT", "LEFT", "RIGHTFIRE", "LEFTFIRE"]
        counts = dict(part.split() for part in said.splitlines()[1][len("Action counts: "):].split(", "))
        green, grey, white = (bytes(c) for c in ((92, 186, 92), (142, 142, 142), (236, 236, 236)))
        taken, n_best = dict.fromkeys(names, 0), 0
        for picture in pictures[:-1]:  # the last one ends the game
            rows = [picture[210 + 2 + 7 * a + 2] for a in range(6)]  # through the middle of each letter
            pixels = [[row[i:i + 3] for i in range(0, len(row), 3)] for row in rows]
            chosen, = (a for a in range(6) if white in pixels[a])
            taken[names[chosen]] += 1
            lengths = [sum(p in (green, grey) for p in row[2 + 4 * 9 + 2:]) for row in pixels]
            self.assertEqual(max(lengths), 158 - 40)
            self.assertEqual(min(lengths), 0)
            n_best += lengths[chosen] == 158 - 40
            self.assertEqual(green in pixels[chosen], lengths[chosen] > 0)
            self.assertFalse(any(green in pixels[a] for a in range(6) if a != chosen))
        self.assertEqual(taken, {name: int(n) for name, n in counts.items()})
        self.assertAlmostEqual(n_best / len(pictures), 0.7 + 0.3 / 6, delta=0.08)

    @unittest.skipUnless(shutil.which("ffmpeg"), "no ffmpeg to listen with")
    def test_sound_of_a_recording(self):
        if "video (FFmpeg): no" in run("--version").stdout:
            self.skipTest("built without FFmpeg")
        out = self.dir / "videos"
        self.check(run("play", "--random", "--no-vis", "--record", out), 0)
        heard = subprocess.run(["ffmpeg", "-v", "error", "-i", next(out.iterdir()), "-vn", "-f", "f32le", "-"],
                               capture_output=True, check=True).stdout
        self.check_sound(heard)

    def check_sound(self, heard):
        """Our Pong sounds now and then: one channel of floats."""
        samples = array.array("f")
        samples.frombytes(heard[:len(heard) // 4 * 4])
        n_loud = sum(abs(x) > 0.05 for x in samples)
        self.assertTrue(100 < n_loud < len(samples) / 2, (n_loud, len(samples)))

    def test_sound_of_the_window(self):
        if "window (SDL2): no" in run("--version").stdout:
            self.skipTest("built without SDL2")
        raw = self.dir / "sound.raw"
        env = {**os.environ, "SDL_VIDEODRIVER": "dummy", "SDL_AUDIODRIVER": "disk",
               "SDL_DISKAUDIOFILE": str(raw), "ASAN_OPTIONS": "detect_leaks=0"}

        def play(*args):
            done = subprocess.run([DEEPQ, "play", "--random", "--fps", "1000", *args], env=env, capture_output=True,
                                  text=True, timeout=600)
            self.assertEqual((done.returncode, done.stderr), (0, ""))

        play("--mute")
        self.assertFalse(raw.exists())
        play()
        self.check_sound(raw.read_bytes())

    @unittest.skipUnless(shutil.which("xvfb-run"), "no xvfb-run")
    def test_window(self):
        if "window (SDL2): no" in run("--version").stdout:
            self.skipTest("built without SDL2")
        # What the drivers below SDL leave behind is theirs: no leak check in this one.
        env = {**without_display(), "ASAN_OPTIONS": "detect_leaks=0"}
        done = subprocess.run(["xvfb-run", "-a", DEEPQ, "play", *self.args, "--fps", "1000"],
                              env=env, capture_output=True, text=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Total reward: ", done.stdout)
        done = subprocess.run(["xvfb-run", "-a", DEEPQ, "play", *self.args, "--fps", "1000", "--values"],
                              env=env, capture_output=True, text=True, timeout=600)
        self.assertEqual(done.returncode, 0, done.stderr)

    def refuse_human(self, status, *words_and_options, env=None):
        word, *options = words_and_options
        self.check(run("play", "--human", *options, env=env), status, word, "--human")

    def test_a_person_needs_no_model_but_a_window(self):
        for option in (["--model", self.model], ["--random"], ["--last"], ["--dialect", "sb3"], ["--values"],
                       ["--epsilon", "0.1"], ["--no-vis"]):
            self.refuse_human(2, option[0], *option)
        self.refuse_human(2, "CartPole-v1", "-e", "CartPole-v1")
        self.refuse_human(2, "frame_skip=2", "--frame-skip", "2")
        self.refuse_human(1, "", env={name: "" for name in HEADLESS})
        self.refuse_human(1, "", "--record", self.dir / "videos", env={name: "" for name in HEADLESS})

    def human(self, *args):
        """A game on an X server of its own, with the keys to play it."""
        if "window (SDL2): no" in run("--version").stdout:
            self.skipTest("built without SDL2")
        if not shutil.which("Xvfb"):
            self.skipTest("no Xvfb")
        told, tell = os.pipe()
        server = subprocess.Popen(["Xvfb", "-displayfd", str(tell), "-screen", "0", "1024x768x24"], pass_fds=[tell],
                                  stderr=subprocess.DEVNULL)
        os.close(tell)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        with os.fdopen(told) as number:
            display = ":" + number.readline().strip()
        try:
            keyboard = Keyboard(display)
        except OSError as e:
            self.skipTest(str(e))
        env = {**without_display(), "DISPLAY": display, "SDL_AUDIODRIVER": "dummy", "ASAN_OPTIONS": "detect_leaks=0"}
        deepq, said = self.start("play", "--human", *args, env=env), queue.Queue()
        threading.Thread(target=lambda: [said.put(line) for line in deepq.stdout], daemon=True).start()
        for _ in range(1200):  # until there is a window, which hears the key
            keyboard.tap("r")
            try:
                said.get(timeout=0.5)
                break
            except queue.Empty:
                self.assertIsNone(deepq.poll(), "it ended")
        time.sleep(1)
        while not said.empty():
            said.get()
        return deepq, keyboard, said

    def counts_of_game(self, said):
        self.assertRegex(said.get(timeout=600), r"^Total reward: -?\d+\.\d\d\n$")
        line = said.get(timeout=600)
        self.assertTrue(line.startswith("Action counts: "), line)
        return {name: int(n) for name, n in (part.split() for part in line[len("Action counts: "):].split(", "))}

    def test_keys_play(self):
        deepq, keyboard, said = self.human("-e", "deepq/Pong-v0")
        cases = [(["Left"], "LEFT"), (["d"], "RIGHT"), (["Up"], "RIGHT"), (["s"], "LEFT"), (["Left", "space"], "LEFTFIRE"),
                 (["w", "space"], "RIGHTFIRE"), (["space"], "FIRE"), (["Left", "Right"], "NOOP")]
        for names, action in cases:
            began = time.monotonic()
            keyboard.tap("r")
            self.counts_of_game(said)
            keyboard.hold(1, *names)
            keyboard.tap("r")
            counts = self.counts_of_game(said)
            self.assertEqual(max(counts, key=counts.get), action, counts)
            self.assertLess(sum(counts.values()), 60 * (time.monotonic() - began + 1))  # 60 a second
        time.sleep(0.5)
        keyboard.tap("q")
        self.assertEqual(deepq.wait(timeout=600), 0)
        self.counts_of_game(said)
        self.assertEqual(deepq.stderr.read(), "")

    def test_a_pause(self):
        deepq, keyboard, said = self.human("--mute")
        began = time.monotonic()
        keyboard.tap("r")
        self.counts_of_game(said)
        keyboard.tap("p")
        time.sleep(3)
        keyboard.tap("r")
        time.sleep(1)
        self.assertTrue(said.empty())
        keyboard.tap("p")
        n = sum(self.counts_of_game(said).values())
        self.assertLess(n, 60 * (time.monotonic() - began - 4 + 1))  # four seconds of them it was paused
        keyboard.tap("p")
        keyboard.tap("q")
        self.assertEqual(deepq.wait(timeout=600), 0)

    def test_interrupted(self):
        deepq = self.start("play", *self.args, "--no-vis", "--episodes", "100000")
        deepq.stdout.readline()
        deepq.send_signal(signal.SIGINT)
        deepq.communicate()
        self.assertEqual(deepq.returncode, 130)

    def test_eval_interrupted(self):
        deepq = self.start("eval", *self.args, "--episodes", "100000")
        self.wait_until_it_listens(deepq)
        deepq.send_signal(signal.SIGINT)
        text = deepq.communicate()[1]
        self.assertEqual(deepq.returncode, 130)
        self.assertRegex(text, r"\Adeepq: interrupted after \d+ of 100000 games\n\Z")

    def wait_until_it_listens(self, deepq):
        """Until Ctrl-C does not end it at once."""
        status = pathlib.Path(f"/proc/{deepq.pid}/status")
        if not status.exists():
            self.skipTest("no /proc here")
        while not int(re.search(r"SigCgt:\s*(\w+)", status.read_text())[1], 16) >> (signal.SIGINT - 1) & 1:
            self.assertIsNone(deepq.poll())
            time.sleep(0.01)

    def test_eval(self):
        args = ["eval", *self.args, "--episodes", "2", "--cap", "400"]
        self.check(run(*args), 0, "mean ", "sd ", "min ", "max ", "epsilon 0.05")
        result = json.loads(self.check(run(*args, "--json", "--seed", "4"), 0).stdout)
        self.assertEqual((result["episodes"], len(result["rewards"]), result["seed"]), (2, 2, 4))
        self.assertEqual(result["frames"], 200)
        self.assertAlmostEqual(result["mean"], sum(result["rewards"]) / 2)
        again = json.loads(run(*args, "--json", "--seed", "4").stdout)
        self.assertEqual(result, again)
        plain = json.loads(self.check(run(*args, "--json", "--noops", "0"), 0).stdout)
        self.assertEqual((plain["noops"], plain["dialect"]), (0, "book"))

    def test_dialects(self):
        done = run("train", "--env", OWN_PONG, "--dialect", "gymnasium", "--reward-bound", "-22",
                   "--out", self.dir / "run")
        self.check(done, 0)
        trained = next((self.dir / "run").glob("*.dat"))

        def dialect(model, *args):
            done = run("eval", "-m", model, "-e", OWN_PONG, "--episodes", "1", "--cap", "400",
                       "--json", *args)
            return json.loads(self.check(done, 0).stdout)["dialect"]

        self.assertEqual(dialect(trained), "gymnasium")  # its run says so
        self.assertEqual(dialect(trained, "--dialect", "sb3"), "sb3")
        alone = self.dir / "alone.dat"
        shutil.copy(trained, alone)
        self.assertEqual(dialect(alone), "gymnasium")  # and so does the file
        self.assertEqual(dialect(alone, "--dialect", "dopamine"), "dopamine")
        for command in ("eval", "play"):
            self.check(run(command, "-m", alone, "-e", OWN_PONG, "--dialect", "nature"), 2, "nature")

        def played(model, *args):
            return self.check(run("play", "-m", model, "-e", OWN_PONG, "--no-vis", *args), 0).stdout

        self.assertEqual(played(trained), played(alone, "--dialect", "gymnasium"))
        self.assertNotEqual(played(trained), played(alone, "--dialect", "book"))

    def test_scores_are_those_of_whole_games(self):
        """With sb3 a learner's episode ends at a lost life, with gymnasium at the game's end; scored
        are whole games, five balls of them in both."""
        bricks = "deepq/Bricks-v0"
        self.check(run("train", "--env", bricks, "--dialect", "sb3", "--frames", "300", "--out",
                       self.dir / "run"), 0)
        model = next((self.dir / "run").glob("*.dat"))
        first = json.loads((self.dir / "run" / "log.jsonl").read_text().splitlines()[0])["frame"]

        def frames(dialect):
            done = run("eval", "-m", model, "-e", bricks, "--dialect", dialect, "--epsilon", "1",
                       "--episodes", "4", "--json")
            return json.loads(self.check(done, 0).stdout)["frames"] / 4

        self.assertGreater(frames("sb3"), 0.5 * first)  # of a whole game, too
        self.assertGreater(frames("sb3"), 0.6 * frames("gymnasium"))


main()
