"""Many Atari games side by side: ale-py's ``AtariVectorEnv``, several times as fast."""

from __future__ import annotations

import contextlib
import os
import secrets
import weakref
from typing import Any

import numpy as np
from gymnasium import error
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from deepq import _core, roms
from deepq.atari_env import continuous_actions, continuous_space
from deepq.interface import Action

__all__ = ["ALEVectorInterface", "AtariVectorEnv"]

STEP_KEYS = ("env_id", "lives", "frame_number", "episode_frame_number")


class AtariVectorEnv(VectorEnv):
    """Atari games with the usual preprocessing, stepped together by a few threads in C.

    Arguments, observations, rewards, ends, infos and random numbers are those of ale-py's
    ``AtariVectorEnv``: the same seeds and actions give the same bytes.

    Observations are uint8 ``[batch_size, stack_num, img_height, img_width]``, with colours
    ``[batch_size, stack_num, img_height, img_width, 3]``, oldest frame first; rewards int32 ``[batch_size]``, terminations and truncations bool ``[batch_size]``. Infos hold int32 arrays
    ``[batch_size]``: ``env_id``, ``lives``, and in console frames, 60 a second,
    ``frame_number`` (since the game was loaded) and ``episode_frame_number``. With
    ``AutoresetMode.SAME_STEP``, when an episode ended, ``final_obs`` holds the last observations of those
    that did, and black pictures elsewhere.

    An environment may be used by one thread at a time, and only by the process that created it, but with
    ``num_threads=1`` also after a fork. Python's other threads run on while it computes.

    Args:
        game: ale-py's id of the game (``"space_invaders"``), or an Atari id of deepq's own
            (``"deepq/Pong-v0"``).
        num_envs: Games side by side, 1 to 65535.
        batch_size: Games that ``recv`` waits for; 0 for all of them.
        num_threads: Threads that step games, the caller's included; 0 for one for each core, but not
            more than a batch has games.
        thread_affinity_offset: The threads run on the cores from this one on; -1: on any.
        max_num_frames_per_episode: Console frames after which an episode is truncated, 1 or more.
        repeat_action_probability: Probability that a frame repeats the action before (sticky actions).
        full_action_space: All 18 actions instead of the game's own.
        continuous: Actions are (radius, theta, fire).
        continuous_action_threshold: From where on radius and fire count as pressed.
        autoreset_mode: When a game is reset after its end; also ``DISABLED``, which ale-py lacks.
        img_height: Rows of a frame.
        img_width: Columns of a frame.
        grayscale: Grey frames instead of RGB ones.
        stack_num: Frames in an observation, 1 to 64.
        frameskip: Console frames that an action is held for, 1 to 1000.
        maxpool: Whether a frame is the maximum of the last two.
        noop_max: Less than this many no-ops are at the start of a game, drawn from the seed.
        episodic_life: A lost life ends an episode.
        life_loss_info: A lost life is told as a termination, and the episode goes on.
        reward_clipping: Rewards are -1, 0 or 1.
        use_fire_reset: FIRE is pressed at the start of games that have it.
        copy: Whether every call returns observations of its own. False: they are written into the
            same array each time, so one is valid until the next call. Neither is a copy: the games
            write into the array that is returned.

    Raises:
        gymnasium.error.Error: For a frameskip that is no positive int.
        ValueError: For another value out of its range; the message names it.
        FileNotFoundError: There is no cartridge of the game; the message says how to import it.
    """

    def __init__(
        self,
        game: str,
        num_envs: int,
        *,
        batch_size: int = 0,
        num_threads: int = 0,
        thread_affinity_offset: int = -1,
        max_num_frames_per_episode: int = 108000,
        repeat_action_probability: float = 0.0,
        full_action_space: bool = False,
        continuous: bool = False,
        continuous_action_threshold: float = 0.5,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        img_height: int = 84,
        img_width: int = 84,
        grayscale: bool = True,
        stack_num: int = 4,
        frameskip: int = 4,
        maxpool: bool = True,
        noop_max: int = 30,
        episodic_life: bool = False,
        life_loss_info: bool = False,
        reward_clipping: bool = True,
        use_fire_reset: bool = True,
        copy: bool = True,
    ):
        if type(frameskip) is not int:
            raise error.Error(f"Invalid frameskip type: {type(frameskip)}.")
        if frameskip <= 0:
            raise error.Error(f"Invalid frameskip of {frameskip}, frameskip must be positive.")
        mode = AutoresetMode(autoreset_mode)
        batch = batch_size or num_envs
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        n_threads = min(num_threads if num_threads > 0 else batch, cores)
        with _on_cores(thread_affinity_offset, n_threads):
            self._core = _core.Vector(
                game=game,
                num_envs=num_envs,
                batch_size=batch_size,
                num_threads=max(n_threads, 1),
                max_frames=max_num_frames_per_episode,
                repeat_action_probability=repeat_action_probability,
                full_actions=full_action_space or continuous,
                autoreset=mode.value,
                img_height=img_height,
                img_width=img_width,
                grayscale=grayscale,
                maxpool=maxpool,
                stack_num=stack_num,
                frameskip=frameskip,
                noop_max=noop_max,
                episodic_life=episodic_life,
                life_loss_info=life_loss_info,
                reward_clipping=reward_clipping,
                use_fire_reset=use_fire_reset,
                seed=secrets.randbits(31),
                rom_dir=roms.folder_of(game),
            )
        self.ale = ALEVectorInterface(self)
        self.num_envs = num_envs
        self.batch_size = batch
        self.autoreset_mode = mode
        self.metadata = {**self.metadata, "autoreset_mode": mode}
        self.copy = copy
        self._same_step = mode is AutoresetMode.SAME_STEP
        self._kept: tuple[np.ndarray, np.ndarray | None] | None = None
        self.grayscale = grayscale
        self.continuous = continuous
        self.continuous_action_threshold = continuous_action_threshold
        frame = (img_height, img_width) if grayscale else (img_height, img_width, 3)
        self.single_observation_space = Box(0, 255, (stack_num, *frame), np.uint8)
        self.single_action_space = (
            continuous_space() if continuous else Discrete(len(self._core.action_names()))
        )
        self.observation_space = _bounds_once(Box(0, 255, (batch, stack_num, *frame), np.uint8))
        self.action_space = batch_space(self.single_action_space, batch)

    def _pictures(self) -> tuple[np.ndarray, np.ndarray | None]:
        """Observations of a batch, and the last ones of episodes where a step may reset."""
        if self._kept is not None:
            return self._kept
        shape = self.observation_space.shape
        pictures = np.empty(shape, np.uint8), np.empty(shape, np.uint8) if self._same_step else None
        if not self.copy:
            self._kept = pictures
        return pictures

    def _outputs(self) -> tuple[np.ndarray | None, ...]:
        """Arrays for a batch, in the order in which the extension fills them."""
        obs, final_obs = self._pictures()
        n = self.batch_size
        flags = np.empty((2, n), np.bool_)
        numbers = np.empty((1 + len(STEP_KEYS), n), np.int32)
        return obs, numbers[0], *flags, *numbers[1:], final_obs

    def _open(self) -> _core.Vector:
        if self.closed:
            raise error.ClosedEnvironmentError(
                "AtariVectorEnv: it is closed: create another one"
            )
        return self._core

    def _step_result(self, outputs, ended):
        obs, rewards, terminations, truncations, *numbers, final_obs = outputs
        info = dict(zip(STEP_KEYS, numbers))
        if ended and final_obs is not None:
            info["final_obs"] = final_obs
        return obs, rewards, terminations, truncations, info

    def reset(
        self,
        *,
        seed: int | np.ndarray | list[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Start an episode in every game, or in some of them.

        Args:
            seed: Seed of the first game that is reset, the next one has seed + 1, and so on; or one seed
                for each that is reset. None, or a negative one: the random numbers go on.
            options: ``{"reset_mask": bool [num_envs]}`` resets those games only; the others stay as they
                are and show what they showed.

        Returns:
            Observations and infos.
        """
        indices = self._reset_indices(options)
        return self.ale.reset(indices, self._reset_seeds(seed, len(indices)))

    def _reset_indices(self, options: dict[str, Any] | None) -> np.ndarray:
        if not options or "reset_mask" not in options:
            return np.arange(self.num_envs)
        mask = options["reset_mask"]
        if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_:
            raise TypeError(
                f"`reset_mask` must be a boolean numpy array, got {type(mask)} with dtype "
                f"{getattr(mask, 'dtype', None)}"
            )
        if mask.shape != (self.num_envs,):
            raise ValueError(f"`reset_mask` must have shape {(self.num_envs,)}, got {mask.shape}")
        return np.flatnonzero(mask)

    @staticmethod
    def _reset_seeds(seed: Any, n: int) -> np.ndarray:
        if seed is None:
            return np.full(n, -1)
        if isinstance(seed, (int, np.integer)):
            return np.arange(seed, seed + n)
        if isinstance(seed, (list, tuple)):
            seed = np.array([-1 if s is None else s for s in seed])
        if not isinstance(seed, np.ndarray):
            raise TypeError("Unsupported seed type")
        if seed.shape != (n,):
            raise ValueError(
                "`seed` must have one entry per sub-environment being reset, expected shape "
                f"{(n,)}, got {seed.shape}"
            )
        return np.ascontiguousarray(seed, np.int64)

    def step(
        self, actions: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, np.ndarray]]:
        """Take an action in each game of the batch that was received last.

        Args:
            actions: int32 or int64 ``[batch_size]``; with ``continuous`` float32 ``[batch_size, 3]``.

        Returns:
            Observations, rewards, terminations, truncations, infos.

        Raises:
            IndexError: For an action out of range; no game has been stepped then.
        """
        core = self._open()
        if self.batch_size != self.num_envs:
            self.send(actions)
            return self.recv()
        outputs = self._outputs()
        ended = core.step(*self._pressed(actions), *outputs)
        return self._step_result(outputs, ended)

    def _pressed(self, actions: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """The numbers of the actions, and how far paddles go."""
        assert isinstance(actions, np.ndarray), "actions must be a numpy array"
        if self.continuous:
            assert actions.dtype == np.float32, f"{actions.dtype=}"
            assert actions.shape == (self.batch_size, 3), f"{actions.shape=}, {self.batch_size=}"
            pressed = continuous_actions(actions, self.continuous_action_threshold)
            return pressed, np.ascontiguousarray(actions[:, 0])
        assert actions.dtype == np.int64 or actions.dtype == np.int32, f"{actions.dtype=}"
        assert actions.shape == (self.batch_size,), f"{actions.shape=}, {self.batch_size=}"
        return np.ascontiguousarray(actions), None

    def send(self, actions: np.ndarray) -> None:
        """Begin a step of each game of the batch that was received last, and return at once."""
        self._open().send(*self._pressed(actions))

    def recv(
        self,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, dict[str, np.ndarray]]:
        """Wait for the batch of steps that were sent first; ``info["env_id"]`` says which games they are of."""
        outputs = self._outputs()
        ended = self._open().recv(*outputs)
        return self._step_result(outputs, ended)

    def get_action_meanings(self) -> list[str]:
        """The names of the actions, ``["NOOP", "FIRE", ...]``."""
        return self._open().action_names()

    def close_extras(self, **kwargs: Any) -> None:
        """Free the games."""
        self._core.close()


class ALEVectorInterface:
    """What ale-py has below its AtariVectorEnv, as ``AtariVectorEnv.ale``."""

    def __init__(self, env: AtariVectorEnv):
        self._env = weakref.ref(env)

    def _owner(self) -> AtariVectorEnv:
        env = self._env()
        if env is None:
            raise error.ClosedEnvironmentError("AtariVectorEnv: it is gone: create another one")
        return env

    def reset(self, reset_indices: Any, reset_seeds: Any) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Reset these games, each with its seed; with a negative one its random numbers go on.

        Raises:
            IndexError: An index is out of range.
            ValueError: One occurs twice, or there are not as many seeds.
        """
        env = self._owner()
        core, outputs = env._open(), env._outputs()
        indices, seeds = (np.ascontiguousarray(a, np.int64) for a in (reset_indices, reset_seeds))
        if indices.shape != seeds.shape:
            raise ValueError("env_ids and seeds must have same size")
        core.reset(indices, seeds, *outputs)
        return outputs[0], dict(zip(STEP_KEYS, outputs[4:-1]))

    def send(self, action_ids: np.ndarray, paddle_strengths: np.ndarray) -> None:
        """``AtariVectorEnv.send`` of numbers of actions, and how far paddles go."""
        numbers = np.ascontiguousarray(action_ids, np.int64)
        self._owner()._open().send(numbers, np.ascontiguousarray(paddle_strengths, np.float32))

    def recv(self):
        """``AtariVectorEnv.recv``."""
        return self._owner().recv()

    def get_action_set(self) -> list[Action]:
        """The actions by number."""
        return [Action[name] for name in self._owner().get_action_meanings()]

    def get_num_envs(self) -> int:
        """The number of games."""
        return self._owner().num_envs

    def get_observation_shape(self) -> tuple[int, ...]:
        """The shape of one game's observation."""
        return self._owner().single_observation_space.shape


def _bounds_once(space: Box) -> Box:
    """The same space with one number for all elements of a bound: those of 256 games take 29 MB."""
    for name in ("low", "high", "bounded_below", "bounded_above"):
        bound = getattr(space, name)
        setattr(space, name, np.broadcast_to(bound.flat[0], bound.shape))
    return space


@contextlib.contextmanager
def _on_cores(first: int, n: int):
    """Threads that are created here run on cores first, first + 1, ...; -1: on any."""
    if first < 0 or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    wanted = {(first + i) % (os.cpu_count() or 1) for i in range(n)}
    os.sched_setaffinity(0, (wanted & before) or before)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
