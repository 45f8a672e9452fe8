"""ale-py's ``ALEInterface`` on deepq's console, name by name. Users import it from ``deepq.ale``."""

from __future__ import annotations

import enum
import os
import secrets
import struct
from pathlib import Path
from typing import Any

import numpy as np

from deepq import _core, roms
from deepq.recording import Recorder, write_png
from deepq.settings import Settings

__all__ = ["ALEInterface", "ALEState", "Action", "LoggerMode"]

WIDTH = 160


class _Named(enum.IntEnum):
    """Written as ale-py's enumerations are: ``Action.FIRE``."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}.{self.name}"

    __str__ = __repr__


class Action(_Named):
    """The 18 actions of a joystick with a button."""

    NOOP = 0
    FIRE = 1
    UP = 2
    RIGHT = 3
    LEFT = 4
    DOWN = 5
    UPRIGHT = 6
    UPLEFT = 7
    DOWNRIGHT = 8
    DOWNLEFT = 9
    UPFIRE = 10
    RIGHTFIRE = 11
    LEFTFIRE = 12
    DOWNFIRE = 13
    UPRIGHTFIRE = 14
    UPLEFTFIRE = 15
    DOWNRIGHTFIRE = 16
    DOWNLEFTFIRE = 17


class LoggerMode(_Named):
    """What ALE prints; deepq prints nothing, and takes it as it is."""

    Info = 0
    Warning = 1
    Error = 2


def refuse(function: str, supported: str, value: Any) -> TypeError:
    """The TypeError of an argument that has another type."""
    return TypeError(
        f"{function}(): incompatible function arguments. The following argument types are supported: "
        f"{supported}; got {type(value).__name__} {value!r:.60}"
    )


class ALEState:
    """A state of the console that ``cloneState`` or ``cloneSystemState`` saved.

    Two states are equal when the games that follow are, by their bytes. States can be pickled; what
    ``serialize`` gives is deepq's own format, not ALE's.
    """

    __slots__ = ("_bytes",)
    _HEADER = struct.Struct("<4sIIII")  # tag, frame, frame of the episode, mode, difficulty
    _TAG = b"DQS1"

    def __init__(self, *arguments: Any):
        """``ALEState()`` is an empty one; ``ALEState(bytes)`` what ``serialize`` gave.

        Raises:
            ValueError: The bytes are no state.
        """
        if len(arguments) == 2 and isinstance(arguments[0], ALEState):
            arguments = arguments[1:]
        if len(arguments) > 1:
            raise refuse("__init__", "(), (bytes), (ALEState, bytes)", arguments)
        data = arguments[0] if arguments else b""
        if not isinstance(data, bytes):
            raise refuse("__init__", "(), (bytes), (ALEState, bytes)", data)
        if data and (len(data) < self._HEADER.size or not data.startswith(self._TAG)):
            raise ValueError("ALEState: these bytes are no state: use what serialize() gave")
        self._bytes = data

    @classmethod
    def _of(cls, ale: ALEInterface, include_rng: bool) -> ALEState:
        header = cls._HEADER.pack(
            cls._TAG,
            ale.getFrameNumber() & 0xFFFFFFFF,
            ale.getEpisodeFrameNumber() & 0xFFFFFFFF,
            ale._mode(),
            ale._difficulty(),
        )
        return cls(header + ale._clone(include_rng))

    def _field(self, index: int) -> int:
        return self._HEADER.unpack_from(self._bytes)[index] if self._bytes else 0

    def getFrameNumber(self) -> int:
        """Frames since the cartridge was loaded."""
        return self._field(1)

    def getEpisodeFrameNumber(self) -> int:
        """Frames since the game began."""
        return self._field(2)

    def getCurrentMode(self) -> int:
        """The mode of the game."""
        return self._field(3)

    def getDifficulty(self) -> int:
        """The difficulty of the game."""
        return self._field(4)

    def serialize(self) -> bytes:
        """The state as bytes."""
        return self._bytes

    def equals(self, other: ALEState) -> bool:
        """Whether the games that follow are the same."""
        if not isinstance(other, ALEState):
            raise refuse("equals", "ALEState", other)
        return self._bytes == other._bytes

    __eq__ = equals  # type: ignore[assignment]

    def __ne__(self, other: object) -> bool:
        return not self.equals(other)  # type: ignore[arg-type]

    def __hash__(self) -> int:
        return hash(self._bytes)

    def __getstate__(self) -> bytes:
        return self._bytes

    def __setstate__(self, state: bytes) -> None:
        self._bytes = state

    def __reduce__(self):
        return ALEState, (self._bytes,)


def check_array(array: Any, shape: tuple[int, ...], function: str, shape_error: type) -> None:
    """Raise what ale-py raises for an array that cannot be filled."""
    if (
        not isinstance(array, np.ndarray)
        or array.dtype != np.uint8
        or not array.flags.c_contiguous
        or not array.flags.writeable
        or (shape_error is TypeError and array.shape != shape)
    ):
        found = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else array
        raise refuse(function, f"a C-contiguous, writable uint8 array {shape}", found)
    if array.shape != shape:
        raise shape_error(f"{function}(): Invalid shape {array.shape}, expecting shape {shape}")


class ALEInterface(_core.Console):
    """An Atari 2600 with a game, equal to ALE's frame by frame.

    It is ale-py's class of this name: the same methods, settings, defaults and types of errors. With
    ``display_screen``, ``record_screen_dir`` or ``record_sound_filename`` it plays frame by frame in
    Python, which is slower. The sound that ``sound`` asks for is heard in such a file alone. One thread at
    a time may use it.
    """

    def __init__(self) -> None:
        super().__init__()
        self._settings = Settings()
        self._recorder: Recorder | None = None

    # ------------------------------------------------------------ settings

    def getString(self, key: str) -> str:
        """A setting as text; "" for an unknown one."""
        return self._settings.text(key)

    def getInt(self, key: str) -> int:
        """A setting as a number; -1 for an unknown one."""
        return self._settings.int(key)

    def getBool(self, key: str) -> bool:
        """A setting as a truth value; False for an unknown one."""
        return self._settings.bool(key)

    def getFloat(self, key: str) -> float:
        """A setting as a number; -1.0 for an unknown one."""
        return self._settings.float(key)

    def setString(self, key: str, value: str) -> None:
        """Set a text. It counts from the next ``loadROM`` on, as all settings do.

        Raises:
            RuntimeError: There is no such setting, or it is of another type.
            TypeError: The value has another type.
        """
        if not isinstance(value, str):
            raise refuse("setString", "(str, str)", value)
        self._settings.set("string", key, value)

    def setInt(self, key: str, value: int) -> None:
        """Set a whole number of 32 bits; errors as of ``setString``."""
        if not isinstance(value, (int, np.integer)) or not -(2**31) <= value < 2**31:
            raise refuse("setInt", "(str, int of 32 bits)", value)
        self._settings.set("int", key, str(int(value)))

    def setBool(self, key: str, value: bool) -> None:
        """Set a truth value; errors as of ``setString``."""
        if not isinstance(value, (bool, np.bool_)):
            raise refuse("setBool", "(str, bool)", value)
        self._settings.set("bool", key, "1" if value else "0")

    def setFloat(self, key: str, value: float) -> None:
        """Set a number, which is rounded to 32 bits; errors as of ``setString``."""
        if not isinstance(value, (int, float, np.integer, np.floating)):
            raise refuse("setFloat", "(str, float)", value)
        self._settings.set("float", key, f"{float(np.float32(value)):g}")

    @staticmethod
    def setLoggerMode(mode: LoggerMode | int) -> None:
        """Takes what ale-py takes; deepq prints nothing."""
        LoggerMode(mode)

    # ------------------------------------------------------------ cartridges

    def loadROM(self, rom: str | os.PathLike) -> None:
        """Load a cartridge and start its game, with the settings as they are.

        Args:
            rom: A file. Its game is recognised by its md5, else by the name of the file, as in
                ``space_invaders.bin``. The id of a game of deepq's own, ``"deepq/Pong-v0"``, needs no
                file.

        Raises:
            FileNotFoundError: There is no such file.
            RuntimeError: It is no cartridge of a game with known rules (ALE ends the process), or the
                limits of paddles are impossible.
            OSError: A file that is to be recorded cannot be written.
        """
        if not isinstance(rom, (str, os.PathLike)):
            raise refuse("loadROM", "(str), (os.PathLike)", rom)
        data, game = read_cartridge(rom)
        seed = self.getInt("random_seed")
        recorder = Recorder.of(self._settings)
        try:
            self._load(
                rom=data,
                game=game,
                seed=secrets.randbits(32) if seed == -1 else seed & 0xFFFFFFFF,
                repeat_action_probability=min(max(self.getFloat("repeat_action_probability"), 0.0), 1.0),
                max_frames=max(self.getInt("max_num_frames_per_episode"), 0),
                frame_skip=max(self.getInt("frame_skip"), 1),
                reward_min=self.getInt("reward_min"),
                reward_max=self.getInt("reward_max"),
                sound=self.getBool("sound_obs") or (recorder is not None and recorder.listens),
                paddle_min=paddle_limit(self.getInt("paddle_min")),
                paddle_max=paddle_limit(self.getInt("paddle_max")),
                system_seed=self.getInt("system_random_seed") & 0xFFFFFFFF or 1 << 32,
                life_loss=self.getBool("truncate_on_loss_of_life"),
                color_averaging=self.getBool("color_averaging"),
            )
        except ValueError as e:
            raise RuntimeError(f"{rom}: {e}") from None
        self._settings.set("string", "rom_file", os.fspath(rom))
        self._record_with(recorder)

    # ------------------------------------------------------------ recording

    def _record_with(self, recorder: Recorder | None) -> None:
        """From now on; what was recorded before is complete. ``act`` is C's own without."""
        if self._recorder is not None:
            self._recorder.close()
            del self.act, self._step
        self._recorder = recorder
        if recorder is not None:
            self.act, self._step = self._act_recorded, self._step_recorded

    def _act_recorded(self, action: int, paddle_strength: float = 1.0) -> int:
        reward = 0
        for _ in range(max(self.getInt("frame_skip"), 1)):
            self._recorder.before_frame(self)
            reward += self._frame(action, paddle_strength)
            self._recorder.after_frame(self)
        return min(max(reward, self.getInt("reward_min")), self.getInt("reward_max"))

    def _step_recorded(self, action: int, n_frames: int, strength: float, draw: bool) -> int:
        return sum(self._act_recorded(action, strength) for _ in range(n_frames))

    @staticmethod
    def isSupportedROM(rom: str | os.PathLike) -> str | None:
        """The id of the game of a cartridge's file, by its md5; None for another one.

        Raises:
            RuntimeError: There is no such file.
        """
        if not isinstance(rom, (str, os.PathLike)):
            raise refuse("isSupportedROM", "(str), (os.PathLike)", rom)
        try:
            data = Path(rom).read_bytes()
        except OSError:
            raise RuntimeError(f"ROM file doesn't exist: {rom}") from None
        return roms.game_of(data)

    # ------------------------------------------------------------ actions, modes

    def _rules(self) -> tuple[str, bytes, bytes, list[int], list[int]]:
        rules = self._game()
        if rules is None:
            raise RuntimeError("ROM not set: call loadROM() first")
        return rules

    def getLegalActionSet(self) -> list[Action]:
        """All actions that the game takes: 18, but 9 in Lost Luggage and Skiing, which have no button.

        Raises:
            RuntimeError: Before ``loadROM``.
        """
        return [Action(a) for a in self._rules()[1]]

    def getMinimalActionSet(self) -> list[Action]:
        """The actions that the game needs. RuntimeError before ``loadROM``."""
        return [Action(a) for a in self._rules()[2]]

    def getAvailableModes(self) -> list[int]:
        """The modes that ``setMode`` takes."""
        return self._rules()[3]

    def getAvailableDifficulties(self) -> list[int]:
        """The difficulties that ``setDifficulty`` takes."""
        return self._rules()[4]

    # ------------------------------------------------------------ what there is to see

    def getScreenDims(self) -> tuple[int, int]:
        """Rows and columns of the picture."""
        return self._height(), WIDTH

    def getScreen(self, buffer: np.ndarray | None = None) -> np.ndarray | None:
        """The picture as palette indices, uint8 ``[height, 160]``.

        Args:
            buffer: An array to fill; then None is returned.

        Raises:
            TypeError: The buffer is no C-contiguous, writable array of uint8.
            RuntimeError: It has another shape.
        """
        return self._picture(self._screen, self.getScreenDims(), buffer, "getScreen")

    def getScreenRGB(self, buffer: np.ndarray | None = None) -> np.ndarray | None:
        """The picture in colour, uint8 ``[height, 160, 3]``; the rest as ``getScreen``."""
        return self._picture(self._screen_rgb, (*self.getScreenDims(), 3), buffer, "getScreenRGB")

    def getScreenGrayscale(self, buffer: np.ndarray | None = None) -> np.ndarray | None:
        """The picture in ALE's grey levels, uint8 ``[height, 160]``; the rest as ``getScreen``."""
        return self._picture(self._screen_grey, self.getScreenDims(), buffer, "getScreenGrayscale")

    @staticmethod
    def _picture(fill, shape, buffer, function, shape_error: type = RuntimeError):
        if buffer is None:
            picture = np.empty(shape, np.uint8)
            fill(picture)
            return picture
        check_array(buffer, shape, function, shape_error)
        fill(buffer)
        return None

    def getRAMSize(self) -> int:
        """128."""
        return 128

    def getRAM(self, buffer: np.ndarray | None = None) -> np.ndarray | None:
        """The RAM, uint8 ``[128]``.

        Args:
            buffer: An array to fill; then None is returned. TypeError for any other kind.
        """
        return self._picture(self._ram, (128,), buffer, "getRAM", TypeError)

    def getAudioSize(self) -> int:
        """512."""
        return 512

    def getAudio(self, buffer: np.ndarray | None = None) -> np.ndarray | None:
        """The sound of the last frame, uint8 ``[512]``; silence unless ``sound_obs`` was set when the
        cartridge was loaded, or a recording of sound.

        Args:
            buffer: An array to fill; then None is returned. TypeError for any other kind.
        """
        return self._picture(self._audio, (512,), buffer, "getAudio", TypeError)

    def saveScreenPNG(self, path: str) -> None:
        """Write the picture, with each pixel twice as wide as in ``getScreenRGB``."""
        if not isinstance(path, str):
            raise refuse("saveScreenPNG", "(str)", path)
        write_png(path, np.repeat(self.getScreenRGB(), 2, axis=1))

    # ------------------------------------------------------------ states

    def cloneState(self, include_rng: bool = False) -> ALEState:
        """The state of console and game, without the random numbers of sticky actions or with them."""
        return ALEState._of(self, bool(include_rng))

    def restoreState(self, state: ALEState) -> None:
        """Go back to a state of the same game.

        The picture stays what it was until the next frame. Random numbers go on from where they are when
        the state has none. ValueError for a state of another game, or an empty one.
        """
        if not isinstance(state, ALEState):
            raise refuse("restoreState", "(ALEState)", state)
        self._restore(state._bytes[ALEState._HEADER.size :])

    def cloneSystemState(self) -> ALEState:
        """``cloneState(include_rng=True)``."""
        return ALEState._of(self, True)

    def restoreSystemState(self, state: ALEState) -> None:
        """``restoreState(state)``."""
        self.restoreState(state)


def paddle_limit(setting: int) -> int:
    """A limit of paddles as the console takes it, for which 0 is the usual one and -1 none."""
    return {-1: 0, 0: -1}.get(setting, setting)


def read_cartridge(rom: str | os.PathLike) -> tuple[bytes, str]:
    """A cartridge and the id of the game whose rules apply; errors as of ``loadROM``."""
    own = roms.own_games().get(str(rom))
    if own is not None:
        return own
    path = Path(rom)
    data = path.read_bytes()
    game = roms.game_of(data) or (path.stem if path.stem in roms.get_all_rom_ids() else None)
    if game is None:
        raise RuntimeError(
            f"{rom}: no game with known rules: its md5 is unknown, and its name is not that of a game, as "
            "in space_invaders.bin"
        )
    return data, game
