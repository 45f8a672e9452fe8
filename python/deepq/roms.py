"""Where the cartridges of Atari games are: ale-py's ``roms``, name by name.

deepq comes with none of the commercial games. A cartridge is looked for in ``$DEEPQ_ROMS_DIR``,
``$ALE_ROMS_DIR``, the folder that ``deepq roms import`` writes to (``~/.local/share/deepq/roms``), and in
an ale-py that is installed beside deepq. It is recognised by its md5. Games of deepq's own, such as
``deepq/Pong-v0``, need none.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import warnings
from pathlib import Path

from deepq import _core

__all__ = ["get_all_rom_ids", "get_rom_path"]


@functools.lru_cache(maxsize=1)
def get_all_rom_ids() -> list[str]:
    """The ids of all games, as in ``["adventure", "air_raid", ...]``."""
    return [game[0] for game in _core.games()]


def get_rom_path(name: str) -> Path | None:
    """The file of a game's cartridge.

    Args:
        name: ale-py's id of the game, ``"space_invaders"``.

    Returns:
        The path; None with a warning for a name that is no game's.

    Raises:
        FileNotFoundError: The cartridge is nowhere; the message says how to import it.
        OSError: There is a file of that name with another content.
    """
    if name not in get_all_rom_ids():
        warnings.warn(f"Rom {name} not supported.", stacklevel=2)
        return None
    return Path(find(name)[1])


@functools.lru_cache(maxsize=1)
def ale_py_folder() -> str | None:
    """The folder of the cartridges that come with ale-py, which is not imported; None without it."""
    spec = importlib.util.find_spec("ale_py")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "roms"
    return str(folder) if folder.is_dir() else None


def find(name: str) -> tuple[bytes, str]:
    """A game's cartridge and the path of its file; errors as of ``get_rom_path``."""
    try:
        return _core.find_rom(name, None)
    except FileNotFoundError:
        if ale_py_folder() is None:
            raise
    except ValueError as e:
        raise OSError(str(e)) from None
    try:
        return _core.find_rom(name, ale_py_folder())
    except ValueError as e:
        raise OSError(str(e)) from None


def folder_of(name: str) -> str | None:
    """The folder that is to be searched first for a game: ale-py's where no other has it."""
    if name not in get_all_rom_ids():
        return None
    path = Path(find(name)[1])
    return str(path.parent) if str(path.parent) == ale_py_folder() else None


@functools.lru_cache(maxsize=1)
def _games_by_md5() -> dict[str, str]:
    return {md5: game for game, _, md5s, _ in _core.games() for md5 in md5s}


def game_of(cartridge: bytes) -> str | None:
    """The id of the game of a cartridge, by its md5; None for an unknown one."""
    return _games_by_md5().get(hashlib.md5(cartridge, usedforsecurity=False).hexdigest())


@functools.lru_cache(maxsize=1)
def own_games() -> dict[str, tuple[bytes, str]]:
    """By id (``"deepq/Pong-v0"``): the cartridge, and the game of ALE's whose rules it keeps."""
    return {name: (cartridge, rules) for name, cartridge, rules in _core.own_games()}
