"""deepq: Atari environments that equal ale-py's several times as fast, and deep Q-learning.

    import gymnasium, deepq
    env = gymnasium.make("deepq/Pong-v5")
    envs = gymnasium.make_vec("deepq/Pong-v5", num_envs=8, vectorization_mode="vector_entry_point")

    trained = deepq.train("PongNoFrameskip-v4", preset="book", out="runs/pong")
    deepq.load("runs/pong").play(episodes=3)

``deepq.ale`` has ale-py's names. Importing deepq registers its ids (``deepq.registration``).
"""

from deepq._core import version as __version__
from deepq.atari_env import AtariEnv
from deepq.model import Model, load
from deepq.preprocessed import preprocessed
from deepq.registration import register_ids
from deepq.runs import Run
from deepq.training import Trained, presets, train
from deepq.vector_env import AtariVectorEnv

__all__ = [
    "AtariEnv",
    "AtariVectorEnv",
    "Model",
    "Run",
    "Trained",
    "__version__",
    "load",
    "preprocessed",
    "presets",
    "train",
]

register_ids()
