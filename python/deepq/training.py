"""Deep Q-learning from Python: ``deepq.train``."""

from __future__ import annotations

import json
import math
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from deepq import _core
from deepq.model import as_pictures_or_vectors, parse_options
from deepq.preprocessed import core_id, is_atari_id, rom_dir_of

__all__ = ["Trained", "presets", "train"]

Callback = Callable[[str, dict[str, Any]], Any]


def presets() -> dict[str, str]:
    """The presets of hyperparameters, and what each is."""
    return {name: help for name, help, _, _ in _core.Trainer.presets()}


class _Adapter:
    """A Gymnasium environment as the learner takes it: pictures ``[channels, height, width]``, or vectors of
    floats."""

    def __init__(self, env: gymnasium.Env):
        self.env = env
        space = env.observation_space
        if not isinstance(env.action_space, spaces.Discrete):
            raise ValueError(f"the actions are {env.action_space}: the learner takes Discrete ones")
        self.first_action = int(env.action_space.start)
        self.n_actions = int(env.action_space.n)
        if isinstance(space, spaces.Discrete):
            self.shape, self.dtype, self.take = (int(space.n),), "f", self._one_hot
        elif isinstance(space, spaces.Box) and space.dtype == np.uint8 and len(space.shape) == 3:
            first, middle, last = space.shape
            is_last = last < first  # as is usual where pictures are larger than they have channels
            self.shape = (last, first, middle) if is_last else space.shape
            self.dtype, self.take = "B", self._channels_last if is_last else self._pictures
        elif isinstance(space, spaces.Box) and len(space.shape) == 1:
            self.shape, self.dtype, self.take = space.shape, "f", self._vector
        else:
            raise ValueError(
                f"the observations are {space}: the learner takes Discrete states, vectors of floats, and "
                "pictures of uint8 [channels, height, width] or [height, width, channels]"
            )

    def _one_hot(self, state: Any) -> np.ndarray:
        vector = np.zeros(self.shape, np.float32)
        vector[int(state) - int(self.env.observation_space.start)] = 1
        return vector

    def _vector(self, obs: Any) -> np.ndarray:
        return np.ascontiguousarray(obs, np.float32)

    def _pictures(self, obs: Any) -> np.ndarray:
        return np.ascontiguousarray(obs)

    def _channels_last(self, obs: Any) -> np.ndarray:
        return np.ascontiguousarray(np.moveaxis(np.asarray(obs), -1, 0))

    def start(self, seed: int | None) -> np.ndarray:
        """Called by the library."""
        return self.take(self.env.reset(seed=None if seed is None else seed % 2**32)[0])

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool]:
        """Called by the library."""
        obs, reward, terminated, truncated, _ = self.env.step(self.first_action + action)
        return self.take(obs), float(reward), bool(terminated), bool(truncated)

    def entry(self) -> tuple:
        return "object", self, self.dtype, tuple(self.shape), self.n_actions


class Trained:
    """What ``deepq.train`` returns: the network, and how it came about.

    Attributes:
        games: One dict a game, as in ``deepq.Run.games``.
        solved: Whether the mean score of 100 games got above the bound.
        folder: The run folder; None without one.
    """

    def __init__(self, core: _core.Trainer, about: tuple[str, str, str, str], adapter: _Adapter | None):
        self._core, self._about, self._adapter = core, about, adapter
        self.games: list[dict[str, Any]] = []
        self.solved = False
        self.folder: Path | None = None

    @property
    def progress(self) -> dict[str, Any]:
        """Steps, games, scores, epsilon, speed, loss, as they are now."""
        return self._core.progress()

    def values(self, obs: Any) -> np.ndarray:
        """The action values of observations as the environment gave them, float32 ``[n_actions]``."""
        if self._adapter is not None:
            obs = self._adapter.take(obs)
        n_actions, n_bytes, network, *_ = self._core.about()
        array, n, alone = as_pictures_or_vectors(obs, network, n_bytes)
        q = np.empty((n, n_actions), np.float32)
        self._core.values(array, n, q)
        return q[0] if alone else q

    def act(self, obs: Any) -> int:
        """The action with the largest value."""
        action = int(np.argmax(self.values(obs)))
        return action + self._adapter.first_action if self._adapter is not None else action

    def save(self, path: str | os.PathLike) -> Path:
        """Write the newest network as a model file, which ``deepq.load`` and ``torch.load`` read."""
        self._core.save(str(path), *self._about)
        return Path(path)

    def go_on(self, callback: Callback | None = None) -> bool:
        """Train on until solved or the limit of frames; returns whether it is solved."""
        self.solved = self._core.run(callback)
        return self.solved

    def __repr__(self) -> str:
        p = self.progress
        return f"<deepq.Trained {self._about[0]}, {p['step']} steps, {p['n_games']} games, mean {p['mean_reward']:.2f}>"


def _text(value: Any) -> str:
    """A setting as the library reads it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(map(_text, value))
    return repr(float(value)) if isinstance(value, float) else str(value)


def _entries(env: Any, n_envs: int, dialect: str, options: dict) -> tuple[list[tuple], str, _Adapter | None]:
    """What the trainer makes its environments of, the id that a model is to name, and an adapter."""
    if isinstance(env, str):
        name = core_id(env)
        atari = is_atari_id(name)
        entry = "id", name, dialect if atari else None, rom_dir_of(name) if atari else None, options if atari else None
        return [entry] * n_envs, name, None
    many = env if isinstance(env, (list, tuple)) else [env] * 1
    if len(many) == 1 and callable(many[0]) and not isinstance(many[0], gymnasium.Env):
        many = [many[0]() for _ in range(n_envs)]
    if len(many) != n_envs:
        raise ValueError(f"{len(many)} environments for n_envs={n_envs}: give a list of them, or a function that makes one")
    adapters = [_Adapter(e) for e in many]
    spec = many[0].spec
    return [a.entry() for a in adapters], spec.id if spec else type(many[0].unwrapped).__name__, adapters[0]


class _Log:
    """Files of a run folder, and the progress that a person sees."""

    def __init__(self, trained: Trained, out: str | os.PathLike | None, limit: int, progress: bool, callback: Callback | None):
        self.trained, self.callback = trained, callback
        self.file = self.best = None
        self.bar = _bar(limit) if progress else None
        if out is not None:
            folder = Path(out)
            if folder.exists() and any(folder.iterdir()):
                raise FileExistsError(f"{folder}: a run folder must be new or empty: choose another one")
            folder.mkdir(parents=True, exist_ok=True)
            trained.folder = folder
            self.file = open(folder / "log.jsonl", "w")

    def __call__(self, event: str, p: dict[str, Any]) -> Any:
        if event == "game":
            self._game(p)
        if event == "best" and self.file is not None:
            self._save_best(p)
        if self.bar is not None:
            self.bar(p)
        return self.callback(event, p) if self.callback is not None else None

    def _game(self, p: dict[str, Any]) -> None:
        row = {"frame": p["step"], "game": p["n_games"], "reward": p["reward"], "reward_100": p["mean_reward"],
               "epsilon": p["epsilon"], "speed": p["speed"], "loss": p["loss"], "time": time.time()}
        row = {k: v if math.isfinite(v) else None for k, v in row.items()}
        self.trained.games.append(row)
        if self.file is not None:
            print(json.dumps(row), file=self.file, flush=True)

    def _save_best(self, p: dict[str, Any]) -> None:
        name = self.trained._about[0].replace("/", "-")
        path = self.trained.folder / f"{name}-best_{p['mean_reward']:.0f}.dat"
        self.trained.save(path)

    def close(self) -> None:
        if self.bar is not None:
            self.bar(None)
        if self.file is not None:
            self.file.close()


def _bar(limit: int) -> Callable[[dict[str, Any] | None], None]:
    """A progress bar: tqdm's where it is installed, else a line on standard error."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return _line
    bar = tqdm(total=limit or None, unit=" frames")

    def show(p: dict[str, Any] | None) -> None:
        if p is None:
            bar.close()
            return
        bar.update(p["step"] - bar.n)
        bar.set_postfix(games=p["n_games"], mean=f"{p['mean_reward']:.2f}", epsilon=f"{p['epsilon']:.2f}", refresh=False)

    return show


def _line(p: dict[str, Any] | None) -> None:
    if not sys.stderr.isatty():
        return
    if p is None:
        print(file=sys.stderr)
    else:
        print(f"\r{p['step']} frames, {p['n_games']} games, mean {p['mean_reward']:.2f}, epsilon {p['epsilon']:.2f}",
              end="", file=sys.stderr, flush=True)


def train(
    env: Any = "PongNoFrameskip-v4",
    preset: str = "book",
    *,
    callback: Callback | None = None,
    progress: bool = True,
    out: str | os.PathLike | None = None,
    frames: int | None = None,
    reward_bound: float | None = None,
    seed: int = 0,
    threads: int = 0,
    device: str = "cpu",
    precision: str | None = None,
    dialect: str | None = None,
    options: dict[str, float] | None = None,
    **settings: Any,
) -> Trained:
    """Train a Q-network until the environment is solved.

    Args:
        env: An id (``"PongNoFrameskip-v4"``, ``"deepq/Breakout-v5"``, ``"CartPole-v1"``); or a Gymnasium
            environment, a list of ``n_envs`` of them, or a function that makes one. Those in Python have
            Discrete actions and observe vectors of floats, pictures of uint8 ``[channels, height, width]``
            or ``[height, width, channels]``, or Discrete states, which are learned as one-hot vectors.
        preset: A name of ``deepq.presets()``.
        callback: ``callback(event, progress)`` is called when a game is over (``"game"``), when the mean is
            the best so far (``"best"``), when it is solved (``"solved"``) and ten times a second
            (``"step"``). If it returns something true, training stops.
        progress: Show a progress bar: tqdm's if it is installed.
        out: A new folder for ``log.jsonl`` and the best models; None: no files.
        frames: Steps after which training ends; None: no limit.
        reward_bound: The mean of 100 games that is wanted; None: the environment's own, if it has one.
        seed: Of everything that is drawn.
        threads: 0: one for each core. Results do not depend on it.
        device: ``"cpu"``, ``"cuda"`` or ``"auto"``.
        precision: ``"fp32"`` or ``"bf16"``, on a GPU also ``"tf32"``; None: the usual one.
        dialect: The preprocessing of an Atari game; None: the preset's.
        options: What is otherwise in it, as in ``deepq.preprocessed``.
        **settings: Hyperparameters by name, as ``gamma=0.98``, ``head="c51"`` (docs/hyperparameters.md).

    Returns:
        The network and its record.

    Raises:
        ValueError: For an unknown preset, hyperparameter or value, which it names.
        FloatingPointError: Learning diverged.
        KeyboardInterrupt: Ctrl-C.
        Exception: What a Python environment or the callback raised.
    """
    texts = {key: _text(value) for key, value in settings.items()}
    known = _core.Trainer.hyperparameters(preset, texts)
    usual = {name: (d, o) for name, _, d, o in _core.Trainer.presets()}[preset]
    dialect = dialect or usual[0]
    chosen = {**parse_options(usual[1]), **(options or {})}
    entries, name, adapter = _entries(env, int(known["n_envs"]), dialect, chosen)
    core = _core.Trainer(
        preset=preset,
        settings=texts,
        seed=seed,
        max_steps=frames or 0,
        reward_bound=math.nan if reward_bound is None else reward_bound,
        n_threads=threads,
        device=device,
        isa=None,
        precision=precision,
        envs=entries,
    )
    words = " ".join(f"{key}={value:g}" for key, value in chosen.items() if key not in ("pool_all", "max_frames"))
    is_atari = isinstance(env, str) and is_atari_id(name)
    trained = Trained(core, (name[:63], dialect if is_atari else "", preset, words if is_atari else ""), adapter)
    log = _Log(trained, out, frames or 0, progress, callback)
    try:
        trained.go_on(log)
    finally:
        log.close()
    return trained
