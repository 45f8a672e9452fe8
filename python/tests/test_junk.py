"""Every method of every object, called with what it is not made for: exceptions, and never a crash."""

import pathlib
import random
import unittest
import warnings

import numpy as np

import deepq
from deepq import _core
from deepq.ale import ALEInterface

OWN = "deepq/Pong-v0"
MODEL = pathlib.Path(__file__).resolve().parents[2] / "data" / "models" / "pong.dat"
# They go on for as many frames or games as they are told, or end what is tested.
LEFT_OUT = {"_step", "play", "close", "seed_game"}
JUNK = [
    None, True, 0, 1, -1, 3, 18, 255, 256, 2**31, 2**63, -(2**63), 1.5, float("nan"), float("inf"), "", "pong", OWN,
    "x\0y", b"", b"x" * 100, [], [1], (), {}, object(), np.float32(2), np.int64(5), np.zeros(3, np.uint8),
    np.zeros((210, 160), np.uint8), np.zeros((210, 160, 3), np.uint8), np.zeros(128, np.uint8), np.zeros(3, np.int32),
    np.zeros((3, 4, 84, 84), np.uint8), np.zeros(3, np.int64), np.zeros(3, bool), np.zeros(()), np.zeros((4, 84, 84)),
]


def console():
    ale = ALEInterface()
    ale.loadROM(OWN)
    return ale


MAKERS = (
    ALEInterface,
    console,
    lambda: deepq.AtariVectorEnv(OWN, 3, num_threads=2),
    lambda: deepq.AtariVectorEnv(OWN, 3, batch_size=2, num_threads=1)._core,
    lambda: _core.World("FrozenLake-v1", 1),
    lambda: _core.World(OWN, 1, "sb3"),
    lambda: _core.Policy(str(MODEL), 0.0, 1),
    lambda: deepq.load(MODEL),
    lambda: deepq.AtariEnv(OWN),
    lambda: deepq.AtariEnv(OWN).clone_state(),
    lambda: _core,
)


class Junk(unittest.TestCase):
    def test_methods(self):
        rng, n_calls = random.Random(1), 0
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for make in MAKERS * 4:
                thing = make()
                names = [n for n in dir(thing) if not n.startswith("__") and n not in LEFT_OUT]
                for _ in range(40):
                    method = getattr(thing, rng.choice(names), None)
                    if callable(method):
                        self.call(method, [rng.choice(JUNK) for _ in range(rng.choice((0, 1, 1, 1, 2, 2, 3, 11)))])
                        n_calls += 1
        self.assertGreater(n_calls, 1000)

    def test_constructors(self):
        rng = random.Random(2)
        for _ in range(150):
            any_of = lambda: rng.choice(JUNK)  # noqa: E731
            self.call(_core.World, [], id=any_of(), seed=any_of(), dialect=any_of(), options=any_of())
            self.call(_core.Policy, [], path=any_of(), epsilon=any_of(), seed=any_of())
            self.call(_core.Trainer, [], preset=rng.choice(["book", any_of()]), settings={}, seed=1, max_steps=1,
                      reward_bound=1.0, n_threads=1, device=None, isa=None, precision=None,
                      envs=[any_of()] if rng.random() < 0.5 else any_of())

    def call(self, function, arguments, **named):
        try:
            function(*arguments, **named)
        except SystemError as e:  # CPython's word for an extension that breaks its rules
            self.fail(f"{function} {arguments} {named}: {e}")
        except Exception:
            pass


if __name__ == "__main__":
    unittest.main()
