"""Deep Q-learning from Python: ``deepq.train``."""

from __future__ import annotations

import math
import os
import pickle
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces

from deepq import _core
from deepq.model import as_pictures_or_vectors, parse_options
from deepq.preprocessed import core_id, is_atari_id, rom_dir_of
from deepq.runs import Run

__all__ = ["Trained", "presets", "train"]

Callback = Callable[[str, dict[str, Any]], Any]

DEFAULT_ENV = "PongNoFrameskip-v4"
_PYTHON = "python/"  # before the name of a world that no id makes


def presets() -> dict[str, str]:
    """The presets of hyperparameters, and what each is."""
    return {name: help for name, help, _, _ in _core.Trainer.presets()}


def _can_be_saved(env: gymnasium.Env) -> bool:
    """Whether pickling keeps where an episode is: EzPickle keeps what an environment was made with alone."""
    while not isinstance(env, gymnasium.utils.EzPickle):
        if not isinstance(env, gymnasium.Wrapper):
            return True
        env = env.env
    return False


class _Adapter:
    """A Gymnasium environment as the learner takes it: pictures ``[channels, height, width]``, or vectors of
    floats."""

    def __init__(self, env: gymnasium.Env):
        self.env = env
        self._seed, self._n_starts = 0, 0
        self._shown: np.ndarray | None = None  # the newest observation
        self._lost = False  # the episode that a checkpoint was in
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
        if seed is not None:
            self._seed, self._n_starts = seed % 2**32, 0
        if self._lost:  # what it would have drawn is lost, too
            seed = self._seed + self._n_starts
        self._lost = False
        self._n_starts += 1
        self._shown = self.take(self.env.reset(seed=None if seed is None else seed % 2**32)[0])
        return self._shown

    def step(self, action: int) -> tuple[np.ndarray, float, bool, bool]:
        """Called by the library."""
        if self._lost:  # the episode is cut off where it was
            return self._shown, 0.0, False, True
        obs, reward, terminated, truncated, _ = self.env.step(self.first_action + action)
        self._shown = self.take(obs)
        return self._shown, float(reward), bool(terminated), bool(truncated)

    def save(self) -> bytes:
        """Called by the library, for a checkpoint."""
        try:
            env = pickle.dumps(self.env) if _can_be_saved(self.env) and not self._lost else None
        except Exception:  # noqa: BLE001: whatever it is, it cannot be pickled
            env = None
        return pickle.dumps((env, self._shown, self._seed, self._n_starts))

    def load(self, state: bytes) -> None:
        """Called by the library, with what ``save`` gave."""
        env, self._shown, self._seed, self._n_starts = pickle.loads(state)
        self._lost = env is None
        if env is not None:
            self.env = pickle.loads(env)

    def entry(self) -> tuple:
        return self, self.dtype, tuple(self.shape), self.n_actions


class Trained:
    """What ``deepq.train`` returns: the network, and how it came about.

    Attributes:
        solved: Whether the mean score of 100 games got above the bound.
        folder: The run folder; None without one.
    """

    def __init__(self, core: _core.Trainer, adapter: _Adapter | None, folder: Path | None):
        self._core, self._adapter, self.folder = core, adapter, folder
        self._games: list[dict[str, Any]] = []
        self.solved = False

    @property
    def games(self) -> list[dict[str, Any]]:
        """One dict a game, as in ``deepq.Run.games``; of a run folder its log's."""
        return self._games if self.folder is None else Run(self.folder).games

    @property
    def settings(self) -> dict[str, str]:
        """Every setting of the run, as text."""
        return self._core.settings()

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
        self._core.save(str(path))
        return Path(path)

    def go_on(self, callback: Callback | None = None) -> bool:
        """Train on until solved or the limit of frames; returns whether it is solved. RuntimeError when the
        folder is closed."""
        self.solved = self._core.run(callback)
        return self.solved

    def close(self) -> None:
        """Leave the run folder, which nobody else can resume before. The network stays as it is."""
        self._core.close()

    def __repr__(self) -> str:
        p = self.progress
        return f"<deepq.Trained {self.settings['env']}, {p['step']} steps, {p['n_games']} games, mean {p['mean_reward']:.2f}>"


def _text(value: Any) -> str:
    """A setting as the library reads it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return ",".join(map(_text, value))
    return repr(float(value)) if isinstance(value, float) else str(value)


def _pairs(dialect: str | None, options: dict[str, Any], settings: dict[str, Any]) -> list[tuple[str, str]]:
    """Settings as the library takes them, one after the other."""
    pairs = [("dialect", dialect)] if dialect is not None else []
    for key, value in options.items():
        if key not in _OPTIONS:
            raise TypeError(f"environment option {key!r}: there are {', '.join(_OPTIONS)}")
        pairs.append(("pool", "all" if value else "two") if key == "pool_all" else (key, _OPTIONS[key](value)))
    return pairs + [(key, _text(value)) for key, value in settings.items()]


def _switch(value: Any) -> str:
    return "true" if value else "false"


_OPTIONS: dict[str, Callable[[Any], str]] = {
    "noops": lambda n: str(int(n)),
    "fire": _switch,
    "life_loss": _switch,
    "clip_rewards": _switch,
    "frame_skip": lambda n: str(int(n)),
    "stack": lambda n: str(int(n)),
    "pool_all": _switch,
    "sticky": lambda p: repr(float(p)),
    "mode": lambda n: str(int(n)),
    "difficulty": lambda n: str(int(n)),
    "full_actions": _switch,
}


def _adapters(env: Any, n_envs: int) -> tuple[list[_Adapter], str]:
    """Environments written in Python, and what a run calls them."""
    many = env if isinstance(env, (list, tuple)) else [env]
    if len(many) == 1 and callable(many[0]) and not isinstance(many[0], gymnasium.Env):
        many = [many[0]() for _ in range(n_envs)]
    if len(many) != n_envs:
        raise ValueError(f"{len(many)} environments for n_envs={n_envs}: give a list of them, or a function that makes one")
    spec = many[0].spec
    name = spec.id if spec else type(many[0].unwrapped).__name__
    return [_Adapter(e) for e in many], f"{_PYTHON}{name}"[:63]


class _Listener:
    """The games without a folder, the progress that a person sees, and the user's callback."""

    def __init__(self, trained: Trained, limit: int, progress: bool, callback: Callback | None):
        self.trained, self.callback = trained, callback
        self.bar = _bar(limit) if progress else None

    def __call__(self, event: str, p: dict[str, Any]) -> Any:
        if event == "game" and self.trained.folder is None:
            self.trained._games.append(_row(p))
        if self.bar is not None:
            self.bar(p)
        return self.callback(event, p) if self.callback is not None else None

    def close(self) -> None:
        if self.bar is not None:
            self.bar(None)


def _row(p: dict[str, Any]) -> dict[str, Any]:
    row = {"frame": p["step"], "game": p["n_games"], "reward": p["reward"], "reward_100": p["mean_reward"],
           "epsilon": p["epsilon"], "speed": p["speed"], "loss": p["loss"], "time": time.time()}
    return {k: v if math.isfinite(v) else None for k, v in row.items()}


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
    env: Any = DEFAULT_ENV,
    preset: str = "book",
    *,
    callback: Callback | None = None,
    progress: bool = True,
    out: str | os.PathLike | None = None,
    resume: str | os.PathLike | None = None,
    frames: int | None = None,
    reward_bound: float | None = None,
    seed: int = 0,
    threads: int | None = None,
    device: str | None = None,
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
        out: A new run folder: log, best models, checkpoints and all that `deepq train` of the command line
            writes, which continues it, too; None: no files.
        resume: A run folder to continue, as if it had never stopped, from its last checkpoint. It keeps what
            it began with: ``frames``, ``reward_bound``, ``threads``, ``device``, ``checkpoint_every``,
            ``replay_store``, ``eval_every`` and ``eval_games`` may change. Worlds in Python are to be given again, as ``env``; they are
            in a checkpoint where pickling keeps all of their state. Where it does not, as with
            ``gymnasium.utils.EzPickle``, the episode that was being played counts as cut off, and another
            one begins. A pickle runs code: resume only what you trust.
        frames: Steps after which training ends; None: no limit.
        reward_bound: The mean of 100 games that is wanted; None: the environment's own, if it has one.
        seed: Of everything that is drawn.
        threads: None or 0: one for each core. Results do not depend on it.
        device: ``"cpu"``, which None is, ``"cuda"`` or ``"auto"``.
        precision: ``"fp32"`` or ``"bf16"``, on a GPU also ``"tf32"``; None: the usual one.
        dialect: The preprocessing of an Atari game; None: the preset's.
        options: What is otherwise in it, as in ``deepq.preprocessed``, which has ``max_frames`` besides.
        **settings: Hyperparameters by name, as ``gamma=0.98``, ``head="c51"`` (docs/hyperparameters.md).

    Returns:
        The network and its record.

    Raises:
        ValueError: For an unknown preset, hyperparameter or value, which it names.
        FloatingPointError: Learning diverged.
        KeyboardInterrupt: Ctrl-C.
        Exception: What a Python environment or the callback raised.
    """
    given = {"max_steps": frames, "reward_bound": reward_bound, "threads": threads, "device": device, **settings}
    given = {key: value for key, value in given.items() if value is not None}
    chosen = options or {}
    if resume is not None:
        env = _check_resumed(resume, env, settings, [preset != "book", seed, precision, dialect, out, *chosen])
        folder, n_envs = Path(resume), int(Run(resume).config["n_envs"])
    else:
        texts = {key: _text(value) for key, value in settings.items()}
        values = _core.Trainer.hyperparameters(preset, texts)
        n_envs = int(values["n_envs"])
        _warn_if_nothing_is_learned(frames, values)
        given |= {"seed": seed} | ({} if precision is None else {"precision": precision})
        folder = _new_folder(out)
    adapters, name = (None, core_id(env)) if isinstance(env, str) else _adapters(env, n_envs)
    if resume is not None and adapters is not None:
        _check_world(resume, name)
    elif adapters is None and is_atari_id(name):
        given |= {"rom_dir": rom_dir} if (rom_dir := rom_dir_of(name)) else {}
    elif dialect is not None or chosen:
        raise ValueError(f"{name} has no pictures to preprocess: leave dialect and options out")
    core = _core.Trainer(
        preset=preset,
        env=name,
        settings=_pairs(dialect, chosen, given),
        envs=None if adapters is None else [a.entry() for a in adapters],
        out=None if out is None else str(folder),
        resume=None if resume is None else str(folder),
    )
    trained = Trained(core, adapters[0] if adapters else None, folder)
    listener = _Listener(trained, frames or 0, progress, callback)
    try:
        trained.go_on(listener)
    finally:
        listener.close()
    return trained


def _warn_if_nothing_is_learned(frames: int | None, values: dict[str, str]) -> None:
    first = int(values["replay_start"])
    if frames is not None and frames < first and int(values["rollout"]) == 0:
        warnings.warn(
            f"nothing will be learned: training ends at step {frames}, and learning begins at step {first}: "
            "give more frames or a smaller replay_start",
            stacklevel=3,
        )


def _new_folder(out: str | os.PathLike | None) -> Path | None:
    if out is None:
        return None
    folder = Path(out)
    if folder.exists() and any(folder.iterdir()):
        raise FileExistsError(f"{folder}: a run folder must be new or empty: choose another one, or resume={str(out)!r}")
    return folder


def _check_resumed(folder: str | os.PathLike, env: Any, settings: dict[str, Any], fixed: list[Any]) -> Any:
    """The environment of a run that is resumed; ValueError for what it keeps as it is."""
    config = Run(folder).config
    if not config:
        raise FileNotFoundError(f"{folder}: no run folder: its config is missing")
    changed = [key for key in settings if key not in ("checkpoint_every", "replay_store", "eval_every", "eval_games")]
    if any(fixed) or changed:
        what = changed[0] if changed else "preset, seed, precision, dialect, options or out"
        raise ValueError(f"{what}: a run that is resumed keeps what it began with: leave it out")
    if not isinstance(env, str):
        return env
    if config["env"].startswith(_PYTHON):
        raise ValueError(f"{folder} learns {config['env']}, which is written in Python: give it again as env")
    if env not in (DEFAULT_ENV, config["env"]):
        raise ValueError(f"{folder} learns {config['env']}, not {env}: leave env out")
    return config["env"]


def _check_world(folder: str | os.PathLike, name: str) -> None:
    learned = Run(folder).config["env"]
    if learned != name:
        raise ValueError(f"{folder} learns {learned}, not {name}: give it that")
