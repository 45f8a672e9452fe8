"""deepq: Atari environments that equal ale-py's several times as fast, and deep Q-learning.

    import gymnasium, deepq
    env = gymnasium.make("deepq/Pong-v5")
"""

from deepq._core import version as __version__
from deepq.vector_env import AtariVectorEnv

__all__ = ["AtariVectorEnv", "__version__"]
