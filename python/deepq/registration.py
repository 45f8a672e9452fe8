"""The ids by which ``gymnasium.make`` finds deepq's environments."""

from __future__ import annotations

import re

import gymnasium

from deepq import _core, roms

__all__ = ["register_ale_ids", "register_ids"]

EPISODE_FRAMES = 108_000
# What the end of an Atari id says: frame skip, probability that an action is repeated.
_ENDS = {
    "NoFrameskip-v4": (1, 0.0),
    "NoFrameskip-v0": (1, 0.25),
    "-v5": (4, 0.25),
    "-v4": ((2, 5), 0.0),
    "-v0": ((2, 5), 0.25),
}


def _games_by_name() -> dict[str, str]:
    return {name: game for game, name, _, _ in _core.games()}


def _atari(env_id: str) -> dict | None:
    """The arguments of AtariEnv that an id stands for; None for an id of another kind."""
    if env_id in roms.own_games():
        game, (frameskip, sticky) = env_id, (1, 0.0)
    else:
        found = re.fullmatch(r"(?:ALE/)?(\w+?)(NoFrameskip-v[04]|-v[045])", env_id)
        game = _games_by_name().get(found[1]) if found else None
        if game is None:
            return None
        frameskip, sticky = _ENDS[found[2]]
    return {
        "game": game,
        "repeat_action_probability": sticky,
        "full_action_space": False,
        "frameskip": frameskip,
        "max_num_frames_per_episode": EPISODE_FRAMES,
    }


def _register(env_id: str, kwargs: dict, package: str, module: str) -> None:
    # AtariVectorEnv holds an action for a fixed number of frames.
    fixed = isinstance(kwargs["frameskip"], int)
    gymnasium.registry.pop(env_id, None)
    gymnasium.register(
        id=env_id,
        entry_point=f"{package}.{module}:AtariEnv",
        vector_entry_point=f"{package}.vector_env:AtariVectorEnv" if fixed else None,
        kwargs=kwargs,
    )


def register_ids() -> None:
    """Register every id that the library knows, as ``deepq/...``: ``deepq/Pong-v5``, ``deepq/CartPole-v1``.

    ``import deepq`` does it. ``deepq/Pong-v0`` and ``deepq/Bricks-v0`` are deepq's own games.
    """
    worlds = {name for name in map(_our_name, _core.env_ids()) if _atari(name.removeprefix("deepq/")) is None}
    for env_id in _core.env_ids():
        name = _our_name(env_id)
        kwargs = _atari(env_id)
        if kwargs is not None:
            if env_id in roms.own_games() or name not in roms.own_games():
                _register(name, kwargs, "deepq", "atari_env")
        else:
            gymnasium.registry.pop(name, None)
            gymnasium.register(id=name, entry_point="deepq.worlds:World", kwargs={"name": env_id})
    _tell_apart({*worlds, *roms.own_games()})


def _our_name(env_id: str) -> str:
    return "deepq/" + env_id.removeprefix("ALE/").removeprefix("deepq/")


def _tell_apart(ours: set[str]) -> None:
    """Atari's Pong-v5 is no newer version of deepq's own Pong-v0, nor its Blackjack-v5 of the toy text:
    Gymnasium, which would say so, compares versions of the same name."""
    names = {gymnasium.registry[i].name for i in ours}
    for spec in gymnasium.registry.values():
        if spec.namespace == "deepq" and spec.name in names and spec.id not in ours:
            spec.name += " (Atari)"


def register_ale_ids() -> None:
    """Register ale-py's ids, ``ALE/Pong-v5`` and ``PongNoFrameskip-v4``, with deepq's environments.

    ``import deepq.ale`` does it. Where ale-py is imported as well, the last one to do so has them.
    """
    for env_id in _core.env_ids():
        if env_id not in roms.own_games() and (kwargs := _atari(env_id)) is not None:
            _register(env_id, kwargs, "deepq.ale", "env")
