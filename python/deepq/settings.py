"""The settings of ``ALEInterface``: names, types and defaults are ALE's, and so is what an unknown one
gives. As in ALE they are texts, so a number can be read as text and the other way round."""

from __future__ import annotations

import re

# Settings that take a value of any type.
_OPEN = {
    "palette": "standard",
    "sound": "false",
    "fragsize": "64",
    "freq": "31400",
    "tiafreq": "31400",
    "volume": "100",
    "clipvol": "true",
}

_DEFAULTS = {
    "string": {"cpu": "low", "rom_file": "", "record_screen_dir": "", "record_sound_filename": ""},
    "int": {
        "system_random_seed": "4753849",
        "max_num_frames": "0",
        "max_num_frames_per_episode": "0",
        "paddle_min": "-1",
        "paddle_max": "-1",
        "random_seed": "-1",
        "frame_skip": "1",
        "reward_min": str(-(2**31)),
        "reward_max": str(2**31 - 1),
    },
    "bool": {
        "run_length_encoding": "1",
        "restricted_action_set": "0",
        "color_averaging": "0",
        "send_rgb": "0",
        "truncate_on_loss_of_life": "0",
        "display_screen": "0",
        "sound_obs": "0",
    },
    "float": {"repeat_action_probability": "0.25"},
}

class Settings:
    """Texts by name."""

    def __init__(self) -> None:
        self._values = dict(_OPEN)
        for defaults in _DEFAULTS.values():
            self._values.update(defaults)

    def set(self, kind: str, key: str, value: str) -> None:
        """Set one. RuntimeError when there is none of that name and type."""
        if not isinstance(key, str):
            raise TypeError(f"a setting's name is a str, not {key!r:.60}")
        if key not in _OPEN and key not in _DEFAULTS[kind]:
            raise RuntimeError(
                f"The key {key} you are trying to set does not exist or has incorrect value type."
            )
        self._values[key] = value

    def text(self, key: str) -> str:
        return self._values.get(key, "")

    def int(self, key: str) -> int:
        if key not in self._values:
            return -1
        number = re.match(r"\s*[+-]?\d+", self._values[key])
        return int(number.group()) if number else 0

    def float(self, key: str) -> float:
        import numpy as np

        if key not in self._values:
            return -1.0
        number = re.match(r"\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", self._values[key], re.I)
        return float(np.float32(number.group())) if number else 0.0

    def bool(self, key: str) -> bool:
        return self._values.get(key) in ("1", "true", "True")
