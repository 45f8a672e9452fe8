"""Trained models that act."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

from deepq import _core, roms
from deepq.preprocessed import Preprocessed

__all__ = ["Model", "load"]


def pictures_of(network: str) -> tuple[int, int, int] | None:
    """Channels, height and width of the pictures that a network takes, by its name; None: it takes vectors."""
    kind, *sizes = network.split()
    if kind == "cnn":
        channels, height, width = (int(n) for n in sizes[0].split("-")[0].split("x"))
        return channels, height, width
    return None if kind == "mlp" else (4, 84, 84)


def as_pictures_or_vectors(obs: Any, network: str, n_bytes: int) -> tuple[np.ndarray, int, bool]:
    """Observations as a network takes them: the array, how many they are, and whether it was one alone.

    Pictures are uint8 ``[channels, height, width]`` or ``[height, width, channels]``, vectors float32
    ``[inputs]``; each may have a dimension before.
    """
    obs = np.asarray(obs)
    shape = pictures_of(network)
    if shape is not None:
        if obs.dtype != np.uint8:
            raise TypeError(f"observations are pictures of uint8, got {obs.dtype} {obs.shape}")
        last = (*shape[1:], shape[0])
        if obs.shape[-3:] == last and last != shape:
            obs = np.moveaxis(obs, -1, -3)
        if obs.shape[-3:] != shape or obs.ndim > 4:
            raise ValueError(f"observations of shape {obs.shape}: pictures are {list(shape)} or {list(last)}")
        alone = obs.ndim == 3
    else:
        obs = obs.astype(np.float32, copy=False)
        if obs.ndim not in (1, 2) or obs.shape[-1] * 4 != n_bytes:
            raise ValueError(f"observations of shape {obs.shape}: vectors have {n_bytes // 4} numbers")
        alone = obs.ndim == 1
    return np.ascontiguousarray(obs), 1 if alone else len(obs), alone


class Model:
    """A trained network that chooses actions, on the CPU; made by ``deepq.load``.

    Attributes:
        env_id: The environment that it was trained on; "" when the file does not say.
        dialect: How that was preprocessed, a name as in ``deepq.preprocessed``; "" when unknown.
        n_actions: Its number of actions.
        network: Its architecture, ``"nature"`` or ``"mlp 4-64-64 qr 51"``.
    """

    def __init__(self, path: str | os.PathLike, epsilon: float = 0.0, seed: int = 0):
        self.path = str(path)
        self._core = _core.Policy(path=self.path, epsilon=epsilon, seed=seed)
        self.n_actions, self._n_bytes = self._core.sizes()
        self.info = self._core.info()
        self.network = self.info["network"]
        self.env_id, self.dialect = self.info["env_id"], self.info["dialect"]

    def act(self, obs: Any) -> int | np.ndarray:
        """The actions of observations.

        Args:
            obs: uint8 ``[4, 84, 84]`` (oldest frame first) or ``[84, 84, 4]``, preprocessed as in training,
                or pictures of the size that the network has; of one for vectors float32 ``[inputs]``. With
                one dimension more: several.

        Returns:
            An int; of several observations int64 ``[n]``.
        """
        array, n, alone = as_pictures_or_vectors(obs, self.network, self._n_bytes)
        actions = np.empty(n, np.int64)
        self._core.act(array, n, actions)
        return int(actions[0]) if alone else actions

    def values(self, obs: Any) -> np.ndarray:
        """The action values of observations, float32 ``[n_actions]`` or ``[n, n_actions]``."""
        array, n, alone = as_pictures_or_vectors(obs, self.network, self._n_bytes)
        q = np.empty((n, self.n_actions), np.float32)
        self._core.values(array, n, q)
        return q[0] if alone else q

    def make_env(self, env_id: str | None = None, seed: int = 0) -> gymnasium.Env:
        """The environment that the model was trained on, preprocessed as there, but with whole games and
        their own points.

        Args:
            env_id: Another one; needed where the file does not say.
        """
        env_id = env_id or self.env_id
        if not env_id:
            raise ValueError(f"{self.path} does not say what it plays: give make_env() an id")
        options = {**parse_options(self.info["options"]), "life_loss": 0, "clip_rewards": 0}
        return Preprocessed(env_id, self.dialect or "book", seed=seed, **options)

    def play(self, episodes: int = 1, env_id: str | None = None, seed: int = 0) -> list[float]:
        """The scores of some games of ``make_env``."""
        env = self.make_env(env_id, seed)
        scores = []
        for _ in range(episodes):
            obs, _ = env.reset()
            score, over = 0.0, False
            while not over:
                obs, reward, terminated, truncated, _ = env.step(self.act(obs))
                score += reward
                over = terminated or truncated
            scores.append(score)
        return scores

    def __repr__(self) -> str:
        game = f" for {self.env_id}" if self.env_id else ""
        return f"<deepq.Model {self.info['network']}{game}, {self.n_actions} actions, {self.path}>"


def parse_options(text: str) -> dict[str, float]:
    """Options as model files have them, "frame_skip=3 sticky=0.25"."""
    options: dict[str, float] = {}
    for word in text.split():
        key, _, value = word.partition("=")
        if key == "pool":
            options["pool_all"] = float(value == "all")
        else:
            options[key] = {"true": 1.0, "false": 0.0, "on": 1.0, "off": 0.0, "yes": 1.0, "no": 0.0}.get(value) if value.isalpha() else float(value)
    return options


def load(path: str | os.PathLike, *, epsilon: float = 0.0, seed: int = 0) -> Model:
    """Load a trained model.

    Args:
        path: A model file that deepq reads: PyTorch state_dicts, safetensors, those of
            Stable-Baselines3 and CleanRL (docs/models.md); or a run folder, of which it is the best one.
        epsilon: Probability of a random action, 0 to 1.
        seed: Of those.

    Raises:
        FileNotFoundError: There is no such file, or no model in the folder.
        ValueError: The file is damaged or no model, or epsilon is out of range.
    """
    path = Path(path)
    if path.is_dir():
        from deepq.runs import Run

        path = Run(path).best_model()
    return Model(path, epsilon, seed)
