"""One Atari game as a Gymnasium environment: ale-py's ``AtariEnv``, several times as fast."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import error, spaces, utils
from gymnasium.utils import seeding

from deepq import roms
from deepq.interface import Action, ALEInterface, ALEState
from deepq.window import Window, has_window

__all__ = ["AtariEnv", "continuous_actions", "joystick_action"]

_KEYS = {"UP": "w", "DOWN": "s", "LEFT": "a", "RIGHT": "d", "FIRE": " "}
_ACROSS = {-1: "LEFT", 0: "", 1: "RIGHT"}
_ALONG = {-1: "DOWN", 0: "", 1: "UP"}


def joystick_action(left_center_right: int, down_center_up: int, fire: bool) -> Action:
    """The action of a joystick that is pushed left (-1) or right (1), down (-1) or up (1).

    Raises:
        LookupError: One of the numbers is none of -1, 0 and 1, or ``fire`` is no truth value.
    """
    if left_center_right not in _ACROSS or down_center_up not in _ALONG or fire not in (0, 1):
        raise LookupError(
            f"no action for {left_center_right=}, {down_center_up=}, {fire=}: the first two are -1, 0 or 1, "
            "the last is True or False"
        )
    name = _ALONG[down_center_up] + _ACROSS[left_center_right] + ("FIRE" if fire else "")
    return Action[name or "NOOP"]


_JOYSTICK = np.array(
    [[[joystick_action(h, v, f) for f in (0, 1)] for v in (-1, 0, 1)] for h in (-1, 0, 1)], np.int32
)


def continuous_actions(actions: np.ndarray, threshold: float) -> np.ndarray:
    """The actions of (radius, theta, fire), float32 ``[..., 3]``: int32 ``[...]``."""
    x = actions[..., 0] * np.cos(actions[..., 1])
    y = actions[..., 0] * np.sin(actions[..., 1])
    across = 1 + (x > threshold).astype(np.int32) - (x < -threshold)
    along = 1 + (y > threshold).astype(np.int32) - (y < -threshold)
    return _JOYSTICK[across, along, (actions[..., 2] > threshold).astype(np.int32)]


def continuous_space() -> spaces.Box:
    """Radius, theta and fire."""
    low, high = np.array([0, -np.pi, 0], np.float32), np.array([1, np.pi, 1], np.float32)
    return spaces.Box(low, high, dtype=np.float32)


def _check(obs_type: Any, frameskip: Any, render_mode: Any) -> None:
    """Raise Gymnasium's error for what ale-py refuses."""
    if obs_type not in ("rgb", "grayscale", "ram"):
        raise error.Error(f"Invalid observation type: {obs_type}. Expecting: rgb, grayscale, ram.")
    if type(frameskip) not in (int, tuple):
        raise error.Error(f"Invalid frameskip type: {type(frameskip)}.")
    if isinstance(frameskip, int):
        if frameskip <= 0:
            raise error.Error(f"Invalid frameskip of {frameskip}, frameskip must be positive.")
    elif len(frameskip) != 2:
        raise error.Error(
            f"Invalid stochastic frameskip length of {len(frameskip)}, expected length 2."
        )
    elif not 0 < frameskip[0] < frameskip[1]:
        raise error.Error(
            f"Invalid stochastic frameskip {frameskip}: the lower bound must be positive and strictly less "
            "than the upper bound."
        )
    if render_mode not in (None, "rgb_array", "human"):
        raise error.Error(f"Render mode {render_mode} not supported (rgb_array, human).")


class AtariEnv(gymnasium.Env, utils.EzPickle):
    """An Atari game. Arguments, observations, rewards, infos and random numbers are ale-py's.

    Observations are uint8 ``[height, 160, 3]`` (``"rgb"``), ``[height, 160]`` (``"grayscale"``) or ``[128]``
    (``"ram"``), each a new array. The reward of a step is the sum of its frames', in the game's points. The
    info has ``lives``, ``frame_number`` (console frames since the game was loaded),
    ``episode_frame_number``, and after a reset with a seed ``seeds``.

    Args:
        game: ale-py's id of the game (``"space_invaders"``), or a game of deepq's own
            (``"deepq/Pong-v0"``).
        mode: The game's mode; None for its first.
        difficulty: The game's difficulty; None for 0.
        obs_type: What is observed.
        frameskip: Console frames that an action is held for, or (low, high): drawn at each step from
            low to high - 1.
        repeat_action_probability: Probability that a frame repeats the action before (sticky actions).
        full_action_space: All 18 actions instead of the game's own.
        continuous: Actions are (radius, theta, fire), float32 ``[3]``; paddles move by the radius.
        continuous_action_threshold: From where on a direction and fire count as pressed.
        max_num_frames_per_episode: Console frames after which an episode is truncated; None: no limit.
        render_mode: ``"rgb_array"``: ``render()`` gives the picture; ``"human"``: a window shows it, which
            needs pygame.
        sound_obs: Observations are ``{"image": ..., "sound": uint8 [512]}``.

    Raises:
        gymnasium.error.Error: For an impossible argument.
        RuntimeError: For a mode or a difficulty that the game does not have.
        FileNotFoundError: There is no such game, or no cartridge of it; the message says what to do.
    """

    # A window is offered where there is one.
    metadata = {"render_modes": ["human", "rgb_array"] if has_window() else ["rgb_array"], "render_fps": 30}

    def __init__(
        self,
        game: str,
        mode: int | None = None,
        difficulty: int | None = None,
        obs_type: str = "rgb",
        frameskip: tuple[int, int] | int = 4,
        repeat_action_probability: float = 0.25,
        full_action_space: bool = False,
        continuous: bool = False,
        continuous_action_threshold: float = 0.5,
        max_num_frames_per_episode: int | None = None,
        render_mode: str | None = None,
        sound_obs: bool = False,
    ):
        _check(obs_type, frameskip, render_mode)
        utils.EzPickle.__init__(
            self,
            game,
            mode,
            difficulty,
            obs_type,
            frameskip,
            repeat_action_probability,
            full_action_space,
            continuous,
            continuous_action_threshold,
            max_num_frames_per_episode,
            render_mode,
            sound_obs,
        )
        self.ale = ALEInterface()
        self.ale.setFloat("repeat_action_probability", repeat_action_probability)
        self.ale.setInt("max_num_frames_per_episode", max_num_frames_per_episode or 0)
        self.ale.setBool("sound_obs", bool(sound_obs))
        self._game, self._game_mode, self._game_difficulty = game, mode, difficulty
        self._frameskip, self._obs_type = frameskip, obs_type
        self.render_mode, self.sound_obs = render_mode, sound_obs
        self.continuous = continuous
        self.continuous_action_threshold = continuous_action_threshold
        self._window = None
        self._draws = obs_type != "ram" or render_mode is not None
        self.seed_game()
        self.load_game()
        all_of_them = full_action_space or continuous
        self._action_set = self.ale.getLegalActionSet() if all_of_them else self.ale.getMinimalActionSet()
        self.action_space = continuous_space() if continuous else spaces.Discrete(len(self._action_set))
        self.observation_space = self._space()

    def _space(self) -> spaces.Space:
        shape = {
            "ram": (self.ale.getRAMSize(),),
            "rgb": (*self.ale.getScreenDims(), 3),
            "grayscale": self.ale.getScreenDims(),
        }[self._obs_type]
        image = spaces.Box(0, 255, shape, np.uint8)
        self._shape = shape
        self._fill = {
            "ram": self.ale._ram,
            "rgb": self.ale._screen_rgb,
            "grayscale": self.ale._screen_grey,
        }[self._obs_type]
        if not self.sound_obs:
            return image
        return spaces.Dict(image=image, sound=spaces.Box(0, 255, (512,), np.uint8))

    def seed_game(self, seed: int | None = None) -> tuple[int, int]:
        """Seed the frame skips and ALE's random numbers, which begin again when the game is loaded.

        Returns:
            Both seeds, which follow from the one given; None draws it.
        """
        mine, ales = np.random.SeedSequence(seed).generate_state(2)
        self._np_random, _ = seeding.np_random(int(mine))
        self.ale.setInt("random_seed", np.array(ales).astype(np.int32)[()])
        return mine, ales

    def load_game(self) -> None:
        """Load the cartridge again, and choose mode and difficulty."""
        own = self._game in roms.own_games()
        self.ale.loadROM(self._game if own else roms.find(self._game)[1])
        if self._game_mode is not None:
            self.ale.setMode(self._game_mode)
        if self._game_difficulty is not None:
            self.ale.setDifficulty(self._game_difficulty)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start a game. With a seed the cartridge is loaded again before, and the info has ``seeds``."""
        super().reset(seed=seed, options=options)
        seeds = {}
        if seed is not None:
            seeds["seeds"] = self.seed_game(seed)
            self.load_game()
        self.ale.reset_game()
        self._show()
        return self._get_obs(), self._get_info() | seeds

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Hold an action for the frames of a step.

        Args:
            action: A number from 0 to n - 1; with ``continuous`` float32 ``[3]``.

        Returns:
            Observation, reward, whether the game is over, whether the limit is reached, info.

        Raises:
            IndexError: For a number out of range.
        """
        ale, frameskip, strength = self.ale, self._frameskip, 1.0
        if type(frameskip) is not int:
            frameskip = int(self.np_random.integers(*frameskip))
        if self.continuous:
            assert isinstance(action, np.ndarray), "actions are numpy arrays"
            assert action.dtype == np.float32 and action.shape == (3,), f"{action.dtype} {action.shape}"
            pressed = int(continuous_actions(action, self.continuous_action_threshold))
            strength = float(action[0])
        else:
            pressed = self._action_set[action]
        reward = float(ale._step(pressed, frameskip, strength, self._draws))
        if self._window is not None:
            self._show()
        over, truncated = ale.game_over(False), ale.game_truncated()
        return self._get_obs(), reward, over, truncated, self._get_info()

    def _get_obs(self) -> Any:
        image = np.empty(self._shape, np.uint8)
        self._fill(image)
        return {"image": image, "sound": self.ale.getAudio()} if self.sound_obs else image

    def _get_info(self) -> dict[str, Any]:
        ale = self.ale
        return {
            "lives": ale.lives(),
            "episode_frame_number": ale.getEpisodeFrameNumber(),
            "frame_number": ale.getFrameNumber(),
        }

    def render(self) -> np.ndarray | None:
        """The picture, uint8 ``[height, 160, 3]``, with ``"rgb_array"``; None with ``"human"``.

        Raises:
            gymnasium.error.Error: The environment was made without a render mode.
        """
        if self.render_mode == "rgb_array":
            return self.ale.getScreenRGB()
        if self.render_mode == "human":
            return None
        raise error.Error(
            f"Invalid render mode `{self.render_mode}`. Supported modes: `human`, `rgb_array`."
        )

    def _show(self) -> None:
        if self.render_mode != "human":
            return
        if self._window is None:
            self._window = Window(f"deepq: {self._game}")
        self._window.show(self.ale.getScreenRGB())

    def close(self) -> None:
        """Close the window, if there is one."""
        if self._window is not None:
            self._window.close()
            self._window = None

    def get_keys_to_action(self) -> dict[tuple[str, ...], int]:
        """What a person presses for each action: w, a, s, d, space; e for nothing.

        Raises:
            AttributeError: Actions are continuous.
        """
        if self.continuous:
            raise AttributeError(
                "`get_keys_to_action` can't be provided for this Atari environment as `continuous=True`."
            )
        keys = {}
        for i, action in enumerate(self._action_set):
            held = tuple(key for part, key in _KEYS.items() if part in action.name)
            keys[held or ("e",)] = i
        return keys

    map_action_idx = staticmethod(joystick_action)

    def get_action_meanings(self) -> list[str]:
        """The names of the actions, ``["NOOP", "FIRE", ...]``."""
        return [action.name for action in self._action_set]

    def clone_state(self, include_rng: bool = False) -> ALEState:
        """The state of the game, with the random numbers of sticky actions or without."""
        return self.ale.cloneState(include_rng=include_rng)

    def restore_state(self, state: ALEState) -> None:
        """Go back to a state that ``clone_state`` gave; the picture follows with the next step."""
        self.ale.restoreState(state)
