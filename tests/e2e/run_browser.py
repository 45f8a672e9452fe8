"""The page of deepq dashboard in a real browser: what it draws, and that it asks this machine alone.

DEEPQ_PICTURES=DIR keeps what the page looks like.
"""

import os
import pathlib
import re
import signal
import time

from browser import CHROMIUM, Browser
from program import main
from run_dashboard import BRICKS, WITHOUT_END, Server, logged

N_COLOURS = """(canvas => {
  const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data, seen = new Set();
  for (let i = 0; i < pixels.length; i += 4) seen.add(pixels.slice(i, i + 4).join());
  return seen.size;
})"""


class Page(Server):
    def setUp(self):
        super().setUp()
        if not CHROMIUM:
            self.skipTest("no chromium here")

    def open(self, **look):
        browser = Browser(**look)
        self.addCleanup(browser.close)
        browser.open(f"http://127.0.0.1:{self.port}/")
        browser.wait("document.getElementById('connection')?.textContent === 'connected'", 600)
        return browser

    def check_quiet(self, browser):
        """Nothing was complained of, nothing came from elsewhere."""
        self.assertEqual(browser.complaints, [])
        own = [f"http://127.0.0.1:{self.port}/", "about:blank"]
        self.assertEqual([url for url in browser.requests if not url.startswith(tuple(own))], [])

    def colours(self, browser, canvas):
        return browser.ask(f"{N_COLOURS}(document.querySelector('{canvas}'))")

    def test_curves_settings_and_a_stored_game(self):
        out = self.finished("run", *BRICKS, "--frames", 900)
        other = self.finished("other", *BRICKS, "--frames", 500, "--seed", 1, "--set", "gamma=0.9")
        self.serve(out, other)
        browser = self.open()
        keys = browser.wait("(keys => keys.length > 6 && keys)([...document.querySelectorAll('.chart')].map(c => c.dataset.key))")
        self.assertLessEqual({"reward", "reward_100", "mean_loss", "max_q", "td_error", "epsilon", "length", "speed"}, set(keys))
        browser.wait("page.runs.every(run => run.games > 5)")
        self.assertEqual(browser.ask("page.runs.map(run => run.columns.reward)"),
                         [[g["reward"] for g in logged(folder)] for folder in (out, other)])
        time.sleep(1.5)  # drawn once a second
        for key in keys:
            # Lines of both runs, in their colours, on some canvas of the chart.
            n = browser.ask(f"""Math.max(...[...document.querySelectorAll('[data-key={key}] canvas')].map(c => {N_COLOURS}(c)))""")
            self.assertGreater(n, 10, key)
            self.assertRegex(browser.ask(f"document.querySelector('[data-key={key}] .reading').textContent"), r"frames: .*\d")
            self.assertTrue(browser.ask(f"document.querySelector('[data-key={key}] .dygraph-xlabel').textContent"))
        # A point is the median of a slice, between the quartiles.
        rows = browser.ask("page.charts.charts.get('length').rows.map(row => row[1]).filter(point => point)")
        self.assertTrue(all(low <= middle <= high for low, middle, high in rows))
        self.assertGreater(len(rows), 3)
        lengths = sorted(g["length"] for g in logged(out))
        self.assertTrue(all(lengths[0] <= low and high <= lengths[-1] for low, _, high in rows))
        one = browser.ask("slices(page.runs.slice(0, 1), 'length', 'frame', [0, 1e9], 1)")[0][1]
        n = len(lengths)
        self.assertAlmostEqual(one[1], (lengths[(n - 1) // 2] + lengths[n // 2]) / 2)
        # Settings: what differs, and all.
        differing = browser.ask("[...document.querySelectorAll('#settings-table tbody tr')].map(r => r.innerText.split(/\\s+/))")
        self.assertIn(["gamma", "0.99", "0.9"], differing)
        self.assertNotIn("env", [row[0] for row in differing])
        browser.ask("document.getElementById('differing').click()")
        self.assertIn("env", browser.ask("[...document.querySelectorAll('#settings-table tbody th')].map(c => c.textContent)"))
        # A run that is switched off is no longer drawn.
        browser.ask("document.querySelectorAll('#runs input')[1].click()")
        browser.wait("page.charts.charts.get('reward').rows[0].length === 2")
        self.look_closer(browser)
        self.play(browser)
        browser.ask("document.getElementById('across').value = 'game', document.getElementById('across').dispatchEvent(new Event('change'))")
        self.assertEqual(browser.ask("document.querySelector('[data-key=reward] .dygraph-xlabel').textContent"), "games")
        self.keep(browser, "finished")
        self.check_quiet(browser)

    def look_closer(self, browser):
        """At a part of the axis, in all charts, and back."""
        extent = browser.ask("extentOf(page.runs.slice(0, 1), 'frame')")
        browser.ask("document.querySelector('[data-key=reward]').scrollIntoView()")
        browser.drag("[data-key=reward] .plot", 0.5, 0.75)
        low, high = browser.wait("page.charts.window")
        self.assertTrue(extent[0] < low < high < extent[1], (extent, low, high))
        self.assertEqual(browser.ask("page.charts.charts.get('length').graph.xAxisRange()"), [low, high])
        rows = browser.ask("page.charts.charts.get('length').rows.map(row => row[0])")
        self.assertTrue(rows and all(low <= x <= high for x in rows))
        self.assertIn(" frames: ", browser.ask("document.querySelector('[data-key=reward] .reading').textContent"))
        browser.ask("document.getElementById('all').click()")
        self.assertEqual(browser.ask("page.charts.charts.get('length').graph.xAxisRange()"), extent)

    def play(self, browser):
        """The longest game to its end."""
        browser.ask("""document.getElementById('episode-order').value = 'longest';
            document.getElementById('episode-order').dispatchEvent(new Event('change'));
            document.getElementById('pace').value = '60';
            document.getElementById('episode-list').selectedIndex = 1;
            document.getElementById('episode-list').dispatchEvent(new Event('change'))""")
        browser.wait("page.player.at > 3")
        self.assertGreater(self.colours(browser, "#replay"), 4)
        steps = browser.ask("page.player.game.steps")
        browser.wait(f"page.player.at === {steps} && !page.player.playing", 600)
        self.assertEqual(browser.ask("document.getElementById('episode-note').textContent"), "")
        self.assertIn(f"step {steps} of {steps}: action", browser.ask("document.getElementById('position-text').textContent"))
        browser.ask("document.getElementById('position').value = 2, document.getElementById('position').dispatchEvent(new Event('input'))")
        self.assertIn("step 2 of", browser.ask("document.getElementById('position-text').textContent"))

    def test_a_run_that_trains_and_ends(self):
        out = self.dir / "run"
        deepq = self.train(*BRICKS, *WITHOUT_END, "--out", out)
        browser = self.open()
        browser.wait("!document.getElementById('now').hidden && page.live.extremes.length > 5", 600)
        self.assertGreater(self.colours(browser, "#live"), 4)
        self.assertEqual(browser.ask("[...document.querySelectorAll('#actions td:first-child')].map(c => c.textContent)"),
                         ["NOOP", "FIRE", "RIGHT", "LEFT"])
        facts = browser.ask("document.getElementById('facts').innerText")
        for name in ("frame", "mean of 100", "epsilon", "speed", "memory", "MB", "time goes to"):
            self.assertIn(name, facts)
        watched = browser.wait("page.live.watched.length > 3 && page.live.watched")
        self.assertEqual([row[0] for row in watched], sorted({row[0] for row in watched}))
        self.assertTrue(all(1 < row[1] < 10000 for row in watched), watched)
        self.assertRegex(browser.ask("document.querySelector('[data-key=memory] .reading').textContent"), r"minutes: \d")
        before = browser.ask("page.runs[0].games")
        browser.wait(f"page.runs[0].games > {before + 3}", 600)
        browser.wait("document.querySelectorAll('.chart').length > 5")
        self.keep(browser, "training")
        self.check_quiet(browser)
        # It says when it is alone, and finds the run again under the same address.
        deepq.send_signal(signal.SIGINT)
        deepq.wait(600)
        lost = browser.wait("document.getElementById('connection').matches('.lost') && document.getElementById('connection').textContent")
        self.assertIn("connection lost", lost)
        self.start("dashboard", out, "--port", self.port)
        browser.wait("document.getElementById('connection').textContent === 'connected'", 600)
        browser.wait(f"page.runs[0].games === {len(logged(out))}", 600)
        self.assertTrue(browser.ask("document.getElementById('now').hidden"))

    def test_narrow_and_dark(self):
        out = self.finished("run")
        self.serve(out)
        for width, dark in ((390, False), (390, True), (1280, True)):
            browser = self.open(width=width, dark=dark)
            browser.wait("document.querySelectorAll('.chart').length > 5")
            self.assertEqual(browser.ask("document.documentElement.scrollWidth"), width)
            ink, paper = browser.ask("[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]")
            ink, paper = (sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (ink, paper))
            self.assertGreater((ink - paper) * (1 if dark else -1), 500)
            self.keep(browser, f"{width}-{'dark' if dark else 'light'}")
            self.check_quiet(browser)
            browser.close()

    def keep(self, browser, name):
        if folder := os.environ.get("DEEPQ_PICTURES"):
            browser.picture(pathlib.Path(folder) / f"{name}.png")


if __name__ == "__main__":
    main()
