"""Run folders made up for a test: settings and logs without a training."""

import json

from program import PONG


def make_run(folder, games, seed=0, env=PONG, preset="book", evaluations=(), **settings):
    """A run folder. A game: its last step and its reward, or its line of the log."""
    folder.mkdir()
    settings = {"env": env, "preset": preset, "seed": seed, **settings}
    (folder / "config").write_text("".join(f"{k} = {v}\n" for k, v in settings.items()))
    lines = [g if isinstance(g, dict) else {"frame": g[0], "reward": g[1]} for g in games]
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    if evaluations:
        (folder / "evaluations.jsonl").write_text("".join(json.dumps(e) + "\n" for e in evaluations))
    return folder
