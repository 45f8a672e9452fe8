"""Run folders as tables."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["Run"]


class Run:
    """The folder of a training run, of ``deepq train`` or ``deepq.train``.

    ``pandas.DataFrame(deepq.Run(folder).games)`` is its table.
    """

    def __init__(self, folder: str | os.PathLike):
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise FileNotFoundError(f"{folder}: no such run folder")

    @property
    def games(self) -> list[dict[str, Any]]:
        """One dict a game: ``frame``, ``game``, ``reward``, ``loss``, ... (docs/seeing.md has all). A line that a
        crash cut off is left out."""
        return self._rows("log.jsonl")

    @property
    def evaluations(self) -> list[dict[str, Any]]:
        """One dict an evaluation of a run with ``eval_every``: ``frame``, ``games``, ``steps``, ``mean``, ``sd``,
        ``min``, ``max``, ``rewards``, ``time``."""
        return self._rows("evaluations.jsonl")

    def _rows(self, name: str) -> list[dict[str, Any]]:
        path = self.folder / name
        rows = []
        for line in path.read_text().splitlines() if path.exists() else []:
            try:
                rows.append(json.loads(line))
            except json.JSONDecodeError:
                continue
        return rows

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """The same by column, float64 ``[games]``; nan where a game has no such number."""
        games = self.games
        names = dict.fromkeys(key for game in games for key in game)
        return {name: np.array([_number(game.get(name)) for game in games]) for name in names}

    @property
    def config(self) -> dict[str, str]:
        """Every setting of the run, as text."""
        path = self.folder / "config"
        lines = path.read_text().splitlines() if path.exists() else []
        pairs = (line.partition("=") for line in lines if "=" in line and not line.startswith("#"))
        return {key.strip(): value.strip() for key, _, value in pairs}

    def best_model(self) -> Path:
        """The file of the best model. FileNotFoundError when there is none yet."""
        found = [(float(m[1]), p) for p in self.folder.glob("*-best_*.dat")
                 if (m := re.search(r"-best_(-?\d+)\.dat$", p.name))]
        if not found:
            raise FileNotFoundError(f"{self.folder}: no model in it yet")
        return max(found)[1]

    def __repr__(self) -> str:
        return f"<deepq.Run {self.folder}, {len(self.games)} games>"


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else float("nan")
