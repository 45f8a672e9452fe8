"""Toy texts and classic control: Gymnasium's environments of these names, in C."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import gymnasium
import numpy as np
from gymnasium import error, spaces

from deepq import _core

__all__ = ["World"]

# The limits of vectors, by the name before the version.
_LOW_HIGH = {
    "CartPole": ((-4.8, -np.inf, -24 * np.pi / 180, -np.inf), (4.8, np.inf, 24 * np.pi / 180, np.inf)),
    "MountainCar": ((-1.2, -0.07), (0.6, 0.07)),
    "Acrobot": ((-1.0, -1.0, -1.0, -1.0, -4 * np.pi, -9 * np.pi), (1.0, 1.0, 1.0, 1.0, 4 * np.pi, 9 * np.pi)),
}


class World(gymnasium.Env):
    """An environment of the library by its id: ``"FrozenLake-v1"``, ``"Taxi-v4"``, ``"CartPole-v1"``.

    Spaces, transitions, rewards and time limits are Gymnasium's. A discrete state is an int, and that of
    Blackjack a tuple (sum, dealer's card, usable ace); a vector is float32. Random numbers are
    Gymnasium's in classic control, deepq's own in toy texts.

    Args:
        name: The id.
        render_mode: ``"ansi"``: ``render()`` gives text.
        **options: Gymnasium's, of toy texts: FrozenLake ``desc``, ``map_name`` (``"4x4"``, ``"8x8"``; None: a
            random map), ``is_slippery``, ``success_rate``, ``reward_schedule``; CliffWalking ``is_slippery``;
            Taxi ``is_rainy``, ``rainy_probability``; Blackjack ``natural``, ``sab``.

    Raises:
        gymnasium.error.Error: For another render mode.
        TypeError: For an option that it does not take.
        ValueError: For an impossible value or map; KeyError for a map's name.
        NotImplementedError: For Taxi's ``fickle_passenger``.
    """

    metadata = {"render_modes": ["ansi"], "render_fps": 4}

    def __init__(self, name: str, render_mode: str | None = None, **options: Any):
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise error.Error(f"Render mode {render_mode} not supported (ansi).")
        self.render_mode = render_mode
        self.name = name
        seed = int(self.np_random.integers(2**63))
        self._core = _core.World(id=name, seed=seed, toy=_with_map(name, options, seed))
        spec = self._core.spec()
        self.action_space = spaces.Discrete(spec["n_actions"])
        self._n_states = spec["n_states"]
        self._has_mask = name.startswith("Taxi")
        if name.startswith("Blackjack"):
            self.observation_space = spaces.Tuple([spaces.Discrete(n) for n in (32, 11, 2)])
        elif self._n_states:
            self.observation_space = spaces.Discrete(self._n_states)
        else:
            low, high = (np.array(limits, np.float32) for limits in _LOW_HIGH[name.split("-")[0]])
            self.observation_space = spaces.Box(low, high, dtype=np.float32)

    def _buffer(self) -> np.ndarray:
        if self._n_states:
            return np.zeros((), np.int32)
        return np.empty(self.observation_space.shape, self.observation_space.dtype)

    def _told(self, buffer: np.ndarray) -> Any:
        if not self._n_states:
            return buffer
        state = int(buffer)
        if isinstance(self.observation_space, spaces.Tuple):
            return state // 22, state // 2 % 11, state % 2
        return state

    def action_mask(self, state: int) -> np.ndarray:
        """Which actions of Taxi do something in a state, int8 ``[6]``; its infos have that of the state."""
        actions = (self._core.model(state, action) for action in range(int(self.action_space.n)))
        likely = [max(outcomes, key=lambda outcome: outcome[0]) for outcomes in actions]
        return np.array([next_state != state or over for _, next_state, _, over in likely], np.int8)

    def _info(self, state: Any) -> dict[str, Any]:
        return {"action_mask": self.action_mask(state)} if self._has_mask else {}

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start an episode; with a seed the random numbers start there."""
        super().reset(seed=seed)
        if seed is not None:
            self._core.seed(seed)
        buffer = self._buffer()
        self._core.reset(buffer)
        state = self._told(buffer)
        return state, self._info(state)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Take an action, 0 to n - 1. ValueError for another one, and outside an episode."""
        buffer = self._buffer()
        reward, terminated, truncated, _ = self._core.step(int(action), buffer)
        state = self._told(buffer)
        return state, reward, terminated, truncated, self._info(state)

    def render(self) -> str | None:
        """The world as text, with ``render_mode="ansi"``."""
        if self.render_mode is None:
            gymnasium.logger.warn("render() needs a render mode: gymnasium.make(..., render_mode='ansi')")
            return None
        return self._core.text()

    @cached_property
    def P(self) -> dict[int, dict[int, list[tuple[float, int, float, bool]]]]:
        """The transition table of a toy text: ``P[state][action]`` lists (probability, next state, reward,
        terminated). NotImplementedError where there is none."""
        actions = range(int(self.action_space.n))
        return {
            state: {action: self._core.model(state, action) for action in actions}
            for state in range(max(self._n_states, 1))
        }


def _with_map(name: str, options: dict[str, Any], seed: int) -> dict[str, Any]:
    """Options as the library takes them: FrozenLake's map as rows of text."""
    if not name.startswith("FrozenLake") or not {"desc", "map_name"} & options.keys():
        return options
    options = dict(options)
    desc, map_name = options.pop("desc", None), options.pop("map_name", "8x8" if "8x8" in name else "4x4")
    if desc is None:
        rows = _core.lake_map(seed if map_name is None else map_name)
    else:
        rows = "\n".join("".join(c.decode() if isinstance(c, bytes) else c for c in row) for row in desc)
    return {**options, "map": rows}
