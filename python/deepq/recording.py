"""What ``ALEInterface`` does with each frame besides playing it: ALE's settings ``record_screen_dir``,
``record_sound_filename`` and ``display_screen``."""

from __future__ import annotations

import struct
import wave
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from deepq.settings import Settings
from deepq.window import Window

if TYPE_CHECKING:
    from deepq.interface import ALEInterface

SAMPLE_HZ = 60 * 512  # as ALE's files say: a frame is a sixtieth of a second


class Recorder:
    """Writes each frame's picture before it is played, as ALE does, and its sound after it."""

    def __init__(self, folder: str, sound: str, shows: bool):
        """``folder`` for pictures and ``sound`` for a WAV file are "" where none are wanted."""
        self._folder = Path(folder) if folder else None
        self._n_pictures = 0
        self._sound = None
        self._window = Window("deepq") if shows else None
        if sound:
            self._file = open(sound, "wb", buffering=0)
            self._sound = wave.open(self._file, "wb")
            self._sound.setparams((1, 1, SAMPLE_HZ, 0, "NONE", ""))

    @classmethod
    def of(cls, settings: Settings) -> Recorder | None:
        """What the settings ask for; None when that is nothing."""
        folder = settings.text("record_screen_dir")
        sound = settings.text("record_sound_filename") if settings.bool("sound") else ""
        shows = settings.bool("display_screen")
        return cls(folder, sound, shows) if folder or sound or shows else None

    @property
    def listens(self) -> bool:
        return self._sound is not None

    def before_frame(self, ale: ALEInterface) -> None:
        if self._window is not None:
            self._window.show(ale.getScreenRGB())
        if self._folder is not None:
            ale.saveScreenPNG(str(self._folder / f"{self._n_pictures:06}.png"))
            self._n_pictures += 1

    def after_frame(self, ale: ALEInterface) -> None:
        if self._sound is not None:
            self._sound.writeframes(ale.getAudio().tobytes())  # the file is whole after each frame

    def close(self) -> None:
        if self._window is not None:
            self._window.close()
        if self._sound is not None:
            self._sound.close()
            self._file.close()


def write_png(path: str, rgb: np.ndarray) -> None:
    """Write a picture, uint8 ``[height, width, 3]``. OSError when that fails."""
    height, width, _ = rgb.shape

    def chunk(tag: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + tag + data + struct.pack(">I", zlib.crc32(tag + data))

    rows = b"".join(b"\0" + row.tobytes() for row in rgb)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows)), chunk(b"IEND", b"")
    Path(path).write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
