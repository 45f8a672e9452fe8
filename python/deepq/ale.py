"""ale-py's module, name by name, on deepq's console: ``import deepq.ale as ale_py``.

Importing it registers ale-py's ids (``ALE/Pong-v5``, ``PongNoFrameskip-v4``) with deepq's environments.
"""

import sys

from deepq import atari_env as env
from deepq import registration, roms, vector_env
from deepq._core import version as __version__
from deepq.atari_env import AtariEnv
from deepq.interface import Action, ALEInterface, ALEState, LoggerMode
from deepq.registration import register_ale_ids
from deepq.vector_env import ALEVectorInterface, AtariVectorEnv
from deepq.window import has_window

__all__ = [
    "SDL_SUPPORT",
    "Action",
    "ALEInterface",
    "ALEState",
    "ALEVectorInterface",
    "AtariEnv",
    "AtariVectorEnv",
    "LoggerMode",
    "__version__",
]

SDL_SUPPORT = has_window()  # ale-py's name for "there are windows"

for _module, _name in ((env, "env"), (registration, "registration"), (roms, "roms"), (vector_env, "vector_env")):
    sys.modules[f"{__name__}.{_name}"] = _module  # so that `from deepq.ale.roms import ...` works

register_ale_ids()
