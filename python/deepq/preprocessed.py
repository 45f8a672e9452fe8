"""One Atari game with the preprocessing of a well-known program, as networks take it."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import error, spaces

from deepq import _core, roms

__all__ = ["Preprocessed", "core_id", "preprocessed"]


def core_id(env_id: str) -> str:
    """The library's own name of an id: ``"deepq/Breakout-v5"`` is its ``"ALE/Breakout-v5"``."""
    ids = _core.env_ids()
    if env_id in ids or env_id in roms.get_all_rom_ids():
        return env_id
    name = env_id.removeprefix("deepq/")
    return next((i for i in ("ALE/" + name, name) if i in ids), env_id)


def rom_dir_of(env_id: str) -> str | None:
    """The folder that is to be searched first for the cartridge of an id."""
    from deepq.registration import _atari

    kwargs = _atari(env_id)
    return roms.folder_of(kwargs["game"]) if kwargs else roms.folder_of(env_id)


class Preprocessed(gymnasium.Env):
    """An environment of the library in a dialect, for one network: ``deepq.preprocessed`` makes it.

    Observations are uint8 ``[stack, 84, 84]``, oldest frame first; of a world that is no Atari game they are
    its vectors. The info has ``lives``.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 15}

    def __init__(
        self, env_id: str, dialect: str = "book", *, render_mode: str | None = None, seed: int = 0, **options: Any
    ):
        if render_mode not in (None, "rgb_array"):
            raise error.Error(f"Render mode {render_mode} not supported (rgb_array).")
        self.render_mode = render_mode
        self.name, self.dialect = core_id(env_id), dialect
        is_atari = is_atari_id(self.name)
        self._core = _core.World(
            id=self.name,
            seed=seed,
            dialect=dialect if is_atari else None,
            options=options or None,
            rom_dir=rom_dir_of(self.name) if is_atari else None,
        )
        spec = self._core.spec()
        self._dtype = {"B": np.uint8, "f": np.float32, "i": np.int32}[spec["dtype"]]
        self.observation_space = spaces.Box(spec["low"], spec["high"], spec["shape"], self._dtype)
        self.action_space = spaces.Discrete(spec["n_actions"])
        self._names = spec["action_names"]

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[np.ndarray, dict]:
        """Start an episode; with a seed the random numbers start there, as in the original."""
        super().reset(seed=seed)
        if seed is not None:
            self._core.seed(seed)
        obs = np.empty(self.observation_space.shape, self._dtype)
        self._core.reset(obs)
        return obs, {}

    def step(self, action: Any) -> tuple[np.ndarray, float, bool, bool, dict[str, Any]]:
        """Take an action. ValueError for one out of range, and outside an episode."""
        obs = np.empty(self.observation_space.shape, self._dtype)
        reward, terminated, truncated, lives = self._core.step(int(action), obs)
        return obs, reward, terminated, truncated, {"lives": lives}

    def render(self) -> np.ndarray | None:
        """The game's picture, uint8 ``[height, 160, 3]``, with ``render_mode="rgb_array"``."""
        if self.render_mode is None:
            return None
        data, height, width = self._core.picture()
        return np.frombuffer(data, np.uint8).reshape(height, width, 3).copy()

    def get_action_meanings(self) -> list[str]:
        """The names of the actions."""
        return list(self._names)


def is_atari_id(env_id: str) -> bool:
    """Whether an id is that of an Atari game."""
    from deepq.registration import _atari

    return _atari(env_id) is not None or env_id in roms.get_all_rom_ids()


def preprocessed(env_id: str, dialect: str = "book", **options: Any) -> Preprocessed:
    """An Atari game with the preprocessing of a well-known program, equal to it in every pixel.

    Args:
        env_id: ``"PongNoFrameskip-v4"``, ``"deepq/Breakout-v5"``, ...
        dialect: ``"book"``, ``"sb3"``, ``"cleanrl"``, ``"dopamine"``, ``"gymnasium"``, ``"envpool"``,
            ``"ale-vector"``, ... (docs/environments.md).
        **options: What is otherwise: ``noops``, ``fire``, ``life_loss``, ``clip_rewards``, ``frame_skip``,
            ``stack``, ``pool_all``, ``sticky``, ``mode``, ``difficulty``, ``full_actions``, ``max_frames``;
            ``seed``, ``render_mode``.

    Raises:
        ValueError: For an unknown dialect, or a value out of range.
        TypeError: For an unknown option.
        FileNotFoundError: There is no such environment, or no cartridge of it.
    """
    return Preprocessed(env_id, dialect, **options)
