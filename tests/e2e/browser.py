"""A headless Chromium for the tests, over its DevTools protocol: a pipe, and Python's standard library."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Browser:
    """One page. Keeps what it asked for (`requests`) and what its console said (`complaints`)."""

    def __init__(self, width=1280, height=900, dark=False):
        self.home = tempfile.mkdtemp(prefix="deepq-browser-")
        to_browser, ours = os.pipe()
        theirs, from_browser = os.pipe()
        # It wants to read at descriptor 3 and to write at 4, which Popen cannot say by itself.
        self.process = subprocess.Popen(
            ["sh", "-c", f'exec "$@" 3<&{to_browser} 4>&{from_browser}', "sh", CHROMIUM, "--headless", "--no-sandbox",
             "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--hide-scrollbars", "--remote-debugging-pipe",
             f"--user-data-dir={self.home}", "about:blank"],
            pass_fds=(to_browser, from_browser), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_browser)
        os.close(from_browser)
        self.ours, self.theirs, self.unread, self.number = ours, theirs, b"", 0
        self.requests, self.complaints = [], []
        self.session = None
        target = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        for domain in "Page", "Runtime", "Network", "Log":
            self.call(domain + ".enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def close(self):
        """May be called again."""
        if self.process.returncode is not None:
            return
        self.process.kill()
        self.process.wait()
        os.close(self.ours)
        os.close(self.theirs)
        shutil.rmtree(self.home, ignore_errors=True)

    def next_message(self, until):
        while b"\0" not in self.unread:
            if not select.select([self.theirs], [], [], max(0, until - time.monotonic()))[0]:
                return None
            more = os.read(self.theirs, 1 << 20)
            if not more:
                raise RuntimeError("the browser has ended")
            self.unread += more
        message, _, self.unread = self.unread.partition(b"\0")
        return json.loads(message)

    def note(self, message):
        method, of = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(of["request"]["url"])
        elif method == "Log.entryAdded" and of["entry"]["level"] in ("error", "warning"):
            self.complaints.append(of["entry"]["text"] + " " + of["entry"].get("url", ""))
        elif method == "Runtime.consoleAPICalled" and of["type"] in ("error", "warning", "assert"):
            self.complaints.append(str([a.get("value", a.get("description")) for a in of["args"]]))
        elif method == "Runtime.exceptionThrown":
            of = of["exceptionDetails"]
            self.complaints.append(of.get("exception", {}).get("description", of["text"]))

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.ours, json.dumps(message).encode() + b"\0")
        until = time.monotonic() + 60
        while (got := self.next_message(until)) is not None:
            if got.get("id") == self.number:
                if "error" in got:
                    raise RuntimeError(f"{method}: {got['error']}")
                return got["result"]
            self.note(got)
        raise TimeoutError(method)

    def open(self, url):
        self.call("Page.navigate", url=url)

    def ask(self, expression):
        """The value of JavaScript in the page."""
        got = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in got:
            raise RuntimeError(str(got["exceptionDetails"]))
        return got["result"].get("value")

    def wait(self, expression, seconds=600):
        """Until it is true. Returns its value."""
        end = time.monotonic() + seconds
        while True:
            try:
                value = self.ask(expression)
            except RuntimeError as e:  # the page is not there yet
                value, error = None, e
            if value:
                return value
            if time.monotonic() > end:
                raise TimeoutError(f"never true: {expression}: {value}; the console: {self.complaints}")
            time.sleep(0.1)

    def drag(self, selector, begin, end):
        """The mouse across an element, from one part of its width to another."""
        x, y, width, height = self.ask(f"(b => [b.x, b.y, b.width, b.height])(document.querySelector({json.dumps(selector)})"
                                       ".getBoundingClientRect())")
        for kind, part in ("mouseMoved", begin), ("mousePressed", begin), ("mouseMoved", end), ("mouseReleased", end):
            self.call("Input.dispatchMouseEvent", type=kind, x=x + part * width, y=y + height / 2, button="left",
                      buttons=1, clickCount=1)

    def picture(self, path, clip=None):
        """A PNG of the whole page, or of {x, y, width, height}."""
        if clip is None:
            size = self.ask("({width: innerWidth, height: document.documentElement.scrollHeight})")
            clip = {"x": 0, "y": 0, **size}
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip={**clip, "scale": 1})
        with open(path, "wb") as file:
            file.write(base64.b64decode(shot["data"]))
