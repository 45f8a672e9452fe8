"""deepq dashboard and deepq train --dashboard: what the server says, and to whom."""

import atexit
import base64
import http.client
import json
import math
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import tempfile
import threading
import time

from png_picture import read_png
from program import OWN_BRICKS, OWN_PONG, SANITIZED, Case, main, run

# Games of about 20 frames; learning, so that there are values.
BRICKS = ["--env", OWN_BRICKS, "--frame-skip", "20", "--set", "network=small", "--set", "replay_size=400", "--set",
          "replay_start=100", "--set", "train_every=4", "--set", "epsilon_decay=400", "--threads", "1", "--plain"]
MADE = {}  # finished runs, by their settings
WITHOUT_END = ["--frames", "1000000000"]


def logged(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


class Server(Case):
    def setUp(self):
        super().setUp()
        if "dashboard (libmicrohttpd, dygraphs): no" in run("--version").stdout:
            self.skipTest("built without libmicrohttpd or dygraphs")

    def line_of(self, deepq, stream, words, seconds=600):
        """The first line of a stream that has the words."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and select.select([stream], [], [], end - time.monotonic())[0]:
            line = stream.readline()
            if words in line:
                return line
            if not line:
                break
        self.fail(f"deepq never said {words!r}: {deepq.poll()}")

    def read_aside(self, stream):
        """So that the program does not wait for somebody who reads."""
        threading.Thread(target=stream.read, daemon=True).start()

    def serve(self, *runs):
        deepq = self.start("dashboard", *runs, "--port", 0)
        self.port = int(re.search(r"127\.0\.0\.1:(\d+)/", self.line_of(deepq, deepq.stdout, "http"))[1])
        return deepq

    def train(self, *args):
        deepq = self.start("train", *args, "--dashboard", 0)
        line = self.line_of(deepq, deepq.stderr, "dashboard: http")
        self.port = int(re.search(r"127\.0\.0\.1:(\d+)/", line)[1])
        self.read_aside(deepq.stdout)
        return deepq

    def finished(self, name, *args):
        """A run of its own of these settings, which is trained once for all tests."""
        args = args or (*BRICKS, "--frames", 300 if SANITIZED else 600)
        if args not in MADE:
            folder = pathlib.Path(tempfile.mkdtemp(prefix="deepq-e2e-"))
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            ended = run("train", *args, "--out", folder)
            self.assertEqual(ended.returncode, 0, ended.stderr)
            MADE[args] = folder
        return pathlib.Path(shutil.copytree(MADE[args], self.dir / name))

    def request(self, method, path, headers=None, body=None):
        """Status, headers, body."""
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=200)
        try:
            c.request(method, path, body, headers or {})
            answer = c.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            c.close()

    def get(self, path, status=200):
        got, _, body = self.request("GET", path)
        self.assertEqual(got, status, (path, body[:300]))
        return json.loads(body) if status == 200 else body.decode()

    def events(self, seconds=600):
        """What /events says, one (name, data) after the other, for so long."""
        end = time.monotonic() + seconds
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        self.addCleanup(c.close)
        c.request("GET", "/events")
        answer = c.getresponse()
        self.assertEqual((answer.status, answer.headers["Content-Type"]), (200, "text/event-stream"))
        name = None
        while line := answer.readline():
            self.assertLess(time.monotonic(), end, "that was never said")
            if line.startswith(b"event: "):
                name = line[7:].strip().decode()
            elif line.startswith(b"data: "):
                yield name, json.loads(line[6:])

    def wait_games(self, games, run_number=0, seconds=600):
        """Until the server has read so many games of a run."""
        end = time.monotonic() + seconds
        while (n := self.get(f"/api/runs/{run_number}/games?from=0")["games"]) < games:
            self.assertLess(time.monotonic(), end, f"{n} games of {games}")
            time.sleep(0.1)

    def check_games(self, folder, run_number=0):
        """Every number of the log is what the server says."""
        log, got = logged(folder), self.get(f"/api/runs/{run_number}/games")
        self.assertEqual((got["from"], got["games"]), (0, len(log)))
        self.assertEqual(set(got["columns"]), set(log[0]))
        for key, values in got["columns"].items():
            self.assertEqual(values, [game[key] for game in log], key)
        return got


class Content(Server):
    def test_a_finished_run_is_its_log_and_its_config(self):
        out, other = self.finished("run"), self.finished("other", *BRICKS, "--frames", 300, "--seed", 1)
        deepq = self.serve(out, other)
        runs = self.get("/api/runs")
        self.assertEqual([r["name"] for r in runs["runs"]], [str(out), str(other)])
        self.assertEqual((runs["live"], [r["exists"] for r in runs["runs"]]), (None, [True, True]))
        got = self.check_games(out)
        self.check_games(other, 1)
        self.assertGreater(got["games"], 8)
        half = self.get("/api/runs/0/games?from=5")
        self.assertEqual(half["columns"]["game"], got["columns"]["game"][5:])
        self.assertEqual(self.get("/api/runs/0/games?from=100000")["columns"]["game"], [])
        settings = self.get("/api/runs/1/settings")["settings"]
        config = dict(line.split(" = ", 1) if " = " in line else (line.removesuffix(" ="), "")
                      for line in (other / "config").read_text().splitlines() if line and line[0] != "#")
        self.assertEqual(settings, {key.strip(): value.strip() for key, value in config.items()})
        self.assertEqual(settings["seed"], "1")
        deepq.send_signal(signal.SIGINT)
        _, said = deepq.communicate(timeout=300)
        self.assertEqual((deepq.returncode, said), (130, "deepq: interrupted\n"))

    def test_long_logs_come_in_parts(self):
        out = self.finished("run", *BRICKS, "--frames", 600)
        one = logged(out)[0]
        with (out / "log.jsonl").open("w") as log:
            for i in range(9001):
                log.write(json.dumps({**one, "game": i + 1, "frame": 7 * i, "new_key": i / 3}) + "\n")
        self.serve(out)
        self.wait_games(9001)
        games, values = [], []
        while len(games) < 9001:
            part = self.get(f"/api/runs/0/games?from={len(games)}")
            self.assertLessEqual(len(part["columns"]["game"]), 5000)
            games += part["columns"]["game"]
            values += part["columns"]["new_key"]
        self.assertEqual(games, list(range(1, 9002)))
        self.assertEqual(values, [i / 3 for i in range(9001)])

    def test_lines_that_are_none_are_left_out(self):
        out = self.finished("run", *BRICKS, "--frames", 600)
        lines = ['{"game":1,"frame":10,"reward":null}', "[1]", '{"game":2', '{"game":"2', '{"game":[2,"]"}', '{"game":2,"frame":nan}', "",
                 '{"game":3,"later":1e-3,"reward":-2.5}', "x" * 200000, '{"a":' + "9" * 400 + "}", '{"game":4 , "frame": 5}',
                 '{"game":5,"frame":6}\0', '{"text":"a\\"}, ","list":[1,{"b":["]"]}],"no":false, "yes":true,"game":7}', '{"game":6']
        (out / "log.jsonl").write_text("\n".join(lines))
        self.serve(out)
        self.wait_games(5)
        got = self.get("/api/runs/0/games")["columns"]
        self.assertEqual(got["game"], [1, 3, None, 4, 7])
        self.assertEqual(got["frame"], [10, None, None, 5, None])
        self.assertEqual(got["reward"], [None, -2.5, None, None, None])
        self.assertEqual(got["later"], [None, 0.001, None, None, None])
        self.assertEqual(got["a"], [None] * 5)  # no number of JSON: an infinity

    def test_a_run_that_begins_later_is_cut_back_and_makes_way(self):
        out, source = self.dir / "later", self.finished("source")
        self.serve(out)
        events = self.events()
        self.assertEqual(next(events), ("runs", [{"exists": False, "generation": 0, "games": 0}]))
        self.assertFalse(self.get("/api/runs")["runs"][0]["exists"])
        self.get("/api/runs/0/episodes", 404)
        shutil.copytree(source, out)
        log = (source / "log.jsonl").read_text().splitlines(keepends=True)
        n = len(log)
        while (news := next(events)[1][0])["games"] < n:
            pass
        self.assertEqual(news, {"exists": True, "generation": 0, "games": n})
        self.check_games(out)
        # Half a line is no game yet.
        with (out / "log.jsonl").open("a") as file:
            more = log[-1].replace('"game":', '"game":1')
            file.write(more[:20])
            file.flush()
            time.sleep(1)
            self.assertEqual(self.get("/api/runs/0/games")["games"], n)
            file.write(more[20:])
        self.wait_games(n + 1)
        # Resumed from a checkpoint before the last games, and already further: other games, a larger file.
        other = [line.replace('"reward":', '"reward":1') for line in log[5:]] + log
        (out / "log.jsonl").write_text("".join(log[:5] + other))
        while (news := next(events)[1][0])["games"] < 5 + len(other):
            pass
        self.assertEqual(news["generation"], 1)
        self.check_games(out)
        (out / "log.jsonl").write_text("".join(log[:3]))
        while (news := next(events)[1][0])["games"] != 3:
            pass
        self.check_games(out)
        shutil.rmtree(out)
        while (news := next(events)[1][0])["games"] != 0:
            pass
        self.assertFalse(news["exists"])

    def test_an_episode_is_what_replay_shows(self):
        out = self.finished("run", *BRICKS, "--frames", 150 if SANITIZED else 400, "--envs", 2)
        self.serve(out)
        log, episodes = logged(out), self.get("/api/runs/0/episodes")
        self.assertEqual(episodes["episodes"], len(log))
        self.assertEqual(list(zip(episodes["number"], episodes["frame"], episodes["points"], episodes["steps"])),
                         [(g["game"], g["frame"], g["reward"], g["length"]) for g in log])
        self.assertEqual(set(episodes["env"]), {0, 1})
        for number in (log[-1]["game"], 1):
            steps = log[number - 1]["length"]
            whole = self.get(f"/api/runs/0/episodes/{number}")
            self.assertEqual((whole["from"], whole["steps"], whole["same"]), (0, steps, True))
            self.assertEqual((len(whole["pictures"]), len(whole["actions"])), (steps + 1, steps + 1))
            self.assertIsNone(whole["actions"][0])
            self.assertEqual(whole["names"], ["NOOP", "FIRE", "RIGHT", "LEFT"])
            # In parts, also backwards, they are the same.
            for begin, n in ((3, 5), (1, 2), (steps, 9)):
                part = self.get(f"/api/runs/0/episodes/{number}?from={begin}&n={n}")
                self.assertEqual(part["pictures"], whole["pictures"][begin:begin + n])
                self.assertEqual(part["actions"], whole["actions"][begin:begin + n])
        self.assertNotEqual(whole["pictures"][0], whole["pictures"][-1])
        width, height, rows = read_png(base64.b64decode(whole["pictures"][-1]))
        self.assertEqual((width, height), (160, 210))
        self.assertGreater(len({row[i:i + 3] for row in rows for i in range(0, 480, 3)}), 4)
        self.assertIn("there is no episode 999", self.get("/api/runs/0/episodes/999", 404))
        self.assertIn("steps", self.get(f"/api/runs/0/episodes/1?from={log[0]['length'] + 1}", 404))

    def test_a_game_without_pictures_and_a_run_without_a_log_of_actions(self):
        poles = ["--env", "CartPole-v1", "--preset", "cartpole", "--frames", 300, "--threads", 1]
        out, old = self.finished("poles", *poles), self.finished("old", *poles)
        (old / "actions").unlink()
        self.serve(out, old)
        part = self.get("/api/runs/0/episodes/2")
        self.assertEqual(set(part["pictures"]), {None})
        self.assertEqual(set(part["actions"]), {None, 0, 1})
        self.assertTrue(part["same"])
        self.get("/api/runs/1/episodes", 404)
        self.assertIn("no log of actions", self.get("/api/runs/1/episodes/2", 404))


class Training(Server):
    def test_the_game_now(self):
        out = self.dir / "run"
        deepq = self.train(*BRICKS, *WITHOUT_END, "--out", out)
        live = self.get("/api/runs")["live"]
        self.assertEqual((live["actions"], live["envs"], live["replay_size"]), (["NOOP", "FIRE", "RIGHT", "LEFT"], 1, 400))
        seen, games, numbers, pictures = [], [], [], set()
        begin = time.monotonic()
        for name, data in self.events(300):
            if name == "runs":
                games.append(data[0]["games"])
            else:
                numbers.append(data["number"])
                pictures.add(data["picture"])
                seen.append(data)
            if len(seen) > 20 and len(set(games)) > 3 and any(m["values"] and not m["random"] for m in seen):
                break
        rate = len(seen) / (time.monotonic() - begin)
        self.assertLess(rate, 16)
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertEqual(games, sorted(games))
        self.assertGreater(len(pictures), 5)
        self.assertEqual(read_png(base64.b64decode(seen[-1]["picture"]))[:2], (160, 210))
        last = seen[-1]
        self.assertEqual((len(last["values"]), len(last["counts"])), (4, 4))
        self.assertLessEqual(sum(last["counts"]), 1024)
        self.assertGreaterEqual(sum(last["counts"]), min(1024, last["frame"]) - 1)
        self.assertTrue(all(math.isfinite(v) for v in last["values"]))
        greedy = [m for m in seen if m["values"] and not m["random"]]
        self.assertTrue(greedy)
        self.assertGreater(len({value for m in greedy for value in m["values"]}), 4)
        for m in greedy:
            self.assertEqual(m["values"][m["action"]], max(m["values"]))
        self.assertGreater(last["frame"], seen[0]["frame"])
        self.assertGreater(last["memory"], 1e6)
        games = [g for g in logged(out) if g["frame"] <= last["frame"]]
        self.assertEqual(last["games"], len(games))
        self.assertEqual(last["reward"], games[-1]["reward"])
        self.assertAlmostEqual(last["reward_100"], games[-1]["reward_100"], 9)
        self.assertGreaterEqual(last["updates"], games[-1]["updates"])
        number = next(g["game"] for g in logged(out))
        self.assertTrue(self.get(f"/api/runs/0/episodes/{number}")["same"])  # of a run at work
        deepq.send_signal(signal.SIGINT)
        deepq.wait(600)
        self.assertEqual(deepq.returncode, 130)
        self.assertIn("saved", deepq.stderr.read())

    def test_a_run_does_not_depend_on_who_looks(self):
        few = [*BRICKS, "--frames", 200 if SANITIZED else 800, "--envs", 2]
        plain = self.finished("plain", *few)
        shown = self.dir / "shown"
        deepq = self.train(*few, "--out", shown)
        n = 0
        try:
            for name, _ in self.events(600):
                n += name == "live"
        except (OSError, http.client.HTTPException):
            pass  # it ends with the run
        self.assertEqual(deepq.wait(600), 0)
        self.assertGreater(n, 2)
        same = [[{k: v for k, v in g.items() if k not in ("time", "speed") and not k.endswith("_ms")} for g in logged(out)] for out in (plain, shown)]
        self.assertEqual(*same)
        self.assertEqual((plain / "actions").read_bytes(), (shown / "actions").read_bytes())

    def test_readers_that_do_not_read(self):
        """Streams that nobody reads, requests that never end, and more than there may be."""
        out = self.dir / "run"
        deepq = self.train(*BRICKS, *WITHOUT_END, "--out", out)
        self.wait_games(3, seconds=600)
        memory = self.memory_of(deepq)
        lazy = []
        for i in range(100):
            s = socket.socket()
            self.addCleanup(s.close)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.settimeout(100)
            s.connect(("127.0.0.1", self.port))
            s.sendall((b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET / HTTP/1.1\r\nHost: loc")[i % 2])
            lazy.append(s)
        games = len(logged(out))
        time.sleep(40 if SANITIZED else 6)
        refused = 0
        for s in lazy:
            s.setblocking(False)
            try:
                refused += s.recv(1) == b""
            except BlockingIOError:
                pass
            except ConnectionError:
                refused += 1
        self.assertGreaterEqual(refused, 40)
        end = time.monotonic() + 600
        while len(logged(out)) <= games:  # the training goes on
            self.assertLess(time.monotonic(), end)
            time.sleep(0.1)
        if not SANITIZED:
            self.assertLess(self.memory_of(deepq) - memory, 60e6)
        for s in lazy:
            s.close()
        end = time.monotonic() + 600
        while True:  # and there is room again
            try:
                self.get("/api/runs")
                break
            except (OSError, http.client.HTTPException):
                self.assertLess(time.monotonic(), end)
                time.sleep(0.5)
        self.assertIsNone(deepq.poll())
        deepq.send_signal(signal.SIGTERM)
        self.assertEqual(deepq.wait(600), 130)

    def memory_of(self, deepq):
        with open(f"/proc/{deepq.pid}/statm") as statm:
            return int(statm.read().split()[1]) * os.sysconf("SC_PAGESIZE")


class Hostile(Server):
    def setUp(self):
        super().setUp()
        self.out = self.finished("run", *BRICKS, "--frames", 600)
        (self.dir / "secret").write_text("a secret")
        self.deepq = self.serve(self.out)

    def test_the_page_and_what_protects_it(self):
        for path, kind in (("/", "text/html"), ("/page.js", "text/javascript"), ("/page.css", "text/css"),
                           ("/dygraph.min.js", "text/javascript"), ("/icon.svg", "image/svg"), ("/api/runs", "application/json"),
                           ("/nothing", "text/plain")):
            status, headers, body = self.request("GET", path)
            self.assertEqual(status, 404 if path == "/nothing" else 200)
            self.assertTrue(headers["Content-Type"].startswith(kind), path)
            self.assertTrue(headers["Content-Security-Policy"].startswith("default-src 'self'"), path)
            self.assertEqual(headers["X-Content-Type-Options"], "nosniff")
            self.assertIsNone(headers["Access-Control-Allow-Origin"])
            head, headers, nothing = self.request("HEAD", path)
            self.assertEqual((head, nothing, int(headers["Content-Length"])), (status, b"", len(body)), path)
            text = body.decode()
            if path != "/dygraph.min.js" and path != "/icon.svg":
                self.assertNotRegex(text.replace("http://www.w3.org/2000/svg", ""), "https?://")
        self.assertEqual(self.request("HEAD", "/events")[0], 200)

    def test_paths(self):
        for path in ("/../secret", "/%2e%2e/secret", "/..%2fsecret", "//secret", "/api/runs/0/../../../secret", "/api/runs/1/games",
                     "/api/runs/-1/games", "/api/runs/00000000000/games", "/api/runs/4294967296/games", "/api/runs/0/games/",
                     "/api/runs/0", "/api/runs//games", "/api/runs/0/episodes/../../../../secret", "/api/runs/0/episodes/1x",
                     "/api/runs/0/episodes/", "/api/runs/0/config", "/page.js%00", "/index.html", "/api/runs/0/games%00.js",
                     f"/{self.out}/config", "/api/runs/" + "9" * 300 + "/games", "/" + "a" * 8000):
            status, _, body = self.request("GET", path)
            self.assertIn(status, (400, 404), path)
            self.assertNotIn(b"secret\n", body)
            self.assertNotIn(b"a secret", body)
        for query in ("from=-1", "from=x", "from=1e30", "from=99999999999999999999", "from=%2e"):
            self.get("/api/runs/0/games?" + query, 400)
        for query in ("n=0", "n=121", "n=-3", "from=-1", "from=&n=2"):
            self.get("/api/runs/0/episodes/1?" + query, 400)

    def test_hosts_and_methods(self):
        for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "localhost:80@evil.example", "[::1",
                     "127.0.0.2", "localhost:8x", ""):
            for path in ("/", "/api/runs", "/events"):
                status, _, body = self.request("GET", path, {"Host": host})
                self.assertEqual(status, 403, host)
                self.assertNotIn(str(self.out).encode(), body)
        for host in ("localhost", "LOCALHOST:1", "127.0.0.1", "127.0.0.1:65535", "[::1]", "[::1]:80"):
            self.assertEqual(self.request("GET", "/api/runs", {"Host": host})[0], 200, host)
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "CONNECT", "BREW"):
            status, headers, _ = self.request(method, "/api/runs", body=b"x" * 1000 if method in ("POST", "PUT") else None)
            self.assertEqual((status, headers["Allow"]), (405, "GET, HEAD"), method)
        self.assertEqual(self.raw(b"GET / HTTP/1.0\r\n\r\n")[9:12], b"403")  # without a Host

    def raw(self, data):
        with socket.create_connection(("127.0.0.1", self.port), timeout=300) as s:
            try:
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
                return s.recv(4096)
            except OSError:  # it was closed before all was said
                return b""

    def test_what_is_no_http(self):
        for data in (b"", b"\0" * 5000, b"\r\n\r\n\r\n", b"GET", b"GET / HTTP/9.9\r\nHost: localhost\r\n\r\n", os.urandom(3000),
                     b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 200000 + b"\r\n\r\n",
                     b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"".join(b"X%d: y\r\n" % i for i in range(20000)) + b"\r\n",
                     b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\nx",
                     b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"):
            answer = self.raw(data)
            self.assertFalse(answer.startswith(b"HTTP/1.1 200"), data[:40])
        self.assertTrue(self.get("/api/runs")["runs"])
        self.assertIsNone(self.deepq.poll())

    def test_other_machines_cannot_reach_it(self):
        own = [a[4][0] for a in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)]
        for address in own + ["127.0.0.2"]:
            if address != "127.0.0.1":
                with self.assertRaises(OSError):
                    socket.create_connection((address, self.port), timeout=5).close()


class Refusals(Server):
    def test_folders_without_a_run(self):
        (self.dir / "empty").mkdir()
        (self.dir / "foreign").mkdir()
        (self.dir / "foreign" / "thesis.txt").write_text("x")
        (self.dir / "file").write_text("x")
        for name in ("empty", "foreign"):
            self.check(run("dashboard", self.dir / name, "--port", 0), 2, "there is no run in this folder", name)
        self.check(run("dashboard", self.dir / "file", "--port", 0), 2, "is no folder")
        self.check(run("dashboard"), 2, "RUN... is missing")
        self.check(run("dashboard", *["x"] * 65), 2, "one too many")
        self.check(run("dashboard", "x", "--port", 65536), 2, "0 to 65535")
        self.check(run("train", "--dashboard", "-1"), 2, "0 to 65535")

    def test_a_port_that_is_in_use(self):
        out = self.finished("run", *BRICKS, "--frames", 600)
        self.serve(out)
        self.check(run("dashboard", out, "--port", self.port), 2, f"port {self.port}", "in use")
        new = self.dir / "new"
        self.check(run("train", "--env", OWN_PONG, "--dashboard", self.port, "--out", new), 2, "in use")
        self.assertFalse(new.exists())

    def test_the_port_that_was_asked_for(self):
        out = self.finished("run", *BRICKS, "--frames", 600)
        self.serve(out).send_signal(signal.SIGKILL)  # it was free
        deepq = self.start("dashboard", out, "--port", self.port)
        self.assertIn(f":{self.port}/", self.line_of(deepq, deepq.stdout, "http"))


class Absent(Case):
    def test_a_build_without_it_says_so(self):
        if "dashboard (libmicrohttpd, dygraphs): yes" in run("--version").stdout:
            self.skipTest("built with it")
        self.check(run("dashboard", self.dir), 1, "built without", "libmicrohttpd-dev", "libjs-dygraphs")
        self.check(run("train", "--dashboard", 0), 1, "built without")


if __name__ == "__main__":
    main()
