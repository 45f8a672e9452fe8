"""What the checks of exported models share: libdeepq.so by ctypes, networks of every kind with random
parameters, and states of our own games."""

import ctypes
import os
import pathlib
import subprocess

import numpy

NETWORKS = ["nature", "nips", "small", "nature_same", "nature dueling", "small streams 256", "nature c51 51 -10 10",
            "nature_same streams 256 c51 51 -10 10", "small qr 200", "nature qr 50", "nips dueling qr 32",
            "mlp 4-128-84", "mlp 4-64 dueling", "mlp 4-64-32 streams 32 qr 8", "mlp 4-120-84", "mlp 4-64-32 qr 8",
            "mlp 4-120-84 c51 101 -100 100", "nature noisy", "nature streams 512 noisy c51 51 -10 10",
            "mlp 4-64-32 noisy independent", "small iqn 64 32", "nature streams 512 noisy iqn 64 8",
            "mlp 4-64-32 iqn 64 5", "cnn 4x84x84-8k8s8-5k3s2-24", "cnn 4x84x84-8k9s8-24-20 noisy iqn 64 3",
            "nature norm", "mlp 4-120-84 norm", "small streams 256 noisy norm c51 51 -10 10",
            "mlp 4-64-32 dueling norm qr 8", "cnn 4x84x84-8k8s8-5k3s2-24 norm"]
OWN_PONG, CARTPOLE = "deepq/Pong-v0", "CartPole-v1"
N_STATES = 8


class Tensor(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("n_dims", ctypes.c_int), ("shape", ctypes.c_int * 4),
                ("data", ctypes.POINTER(ctypes.c_float))]


class Info(ctypes.Structure):
    _fields_ = [("env_id", ctypes.c_char * 64), ("dialect", ctypes.c_char * 64), ("network", ctypes.c_char * 96),
                ("preset", ctypes.c_char * 64), ("version", ctypes.c_char * 64), ("step", ctypes.c_int64),
                ("score", ctypes.c_double), ("options", ctypes.c_char * 256)]


def is_mlp(network):
    return network.startswith("mlp ")


def n_actions(network):
    return 2 if is_mlp(network) else 6


class Library:
    def __init__(self, path):
        self.c = ctypes.CDLL(os.path.abspath(path))
        self.c.dq_errmsg.restype = ctypes.c_char_p
        self.c.dq_policy_values.restype = self.c.dq_policy_destroy.restype = self.c.dq_env_destroy.restype = None

    def check(self, status):
        if status != 0:
            raise ValueError(self.c.dq_errmsg().decode())

    def make_model(self, path, network, dialect="book", seed=1):
        """A model file with random parameters; the tensors."""
        rng = numpy.random.default_rng(seed)
        shapes = (Tensor * 64)()
        n = self.c.dq_net_param_shapes(network.encode(), n_actions(network), shapes)
        assert n > 0, network
        tensors = {}
        fan_in = 1
        for t in shapes[:n]:
            shape, name = list(t.shape)[:t.n_dims], t.name.decode()
            words = network.split()
            if name == "supports":
                at = words.index("c51")
                value = numpy.linspace(float(words[at + 2]), float(words[at + 3]), shape[0])
            elif name == "quantiles":
                value = (numpy.arange(shape[0]) + 0.5) / shape[0]
            else:
                fan_in = int(numpy.prod(shape[1:])) if len(shape) > 1 else fan_in
                value = rng.uniform(-1, 1, shape) / numpy.sqrt(fan_in)
            tensors[name] = numpy.ascontiguousarray(value, numpy.float32)
        for t, value in zip(shapes, tensors.values()):
            t.data = value.ctypes.data_as(ctypes.POINTER(ctypes.c_float))
        env = CARTPOLE if is_mlp(network) else OWN_PONG
        info = Info(env.encode(), b"" if is_mlp(network) else dialect.encode(), network.encode(), b"", b"", 1000,
                    12.5, b"")
        self.check(self.c.dq_model_save_with(str(path).encode(), shapes, ctypes.c_size_t(n), ctypes.byref(info)))
        return tensors

    def states(self, network):
        """States that a random policy comes to, [N_STATES][...]."""
        env = ctypes.c_void_p()
        if is_mlp(network):
            self.check(self.c.dq_env_make(ctypes.byref(env), CARTPOLE.encode(), None))
            obs, wait = numpy.zeros(4, numpy.float32), 1
        else:
            self.check(self.c.dq_env_make_book(ctypes.byref(env), OWN_PONG.encode(), None))
            obs, wait = numpy.zeros((4, 84, 84), numpy.uint8), 20
        rng = numpy.random.default_rng(2)
        step = (ctypes.c_uint8 * 256)()  # room for a dq_step
        self.check(self.c.dq_env_reset(env, obs.ctypes.data_as(ctypes.c_void_p)))
        states = []
        for i in range(N_STATES * wait):
            action = int(rng.integers(n_actions(network)))
            self.check(self.c.dq_env_step(env, action, obs.ctypes.data_as(ctypes.c_void_p), step))
            if i % wait == wait - 1:
                states.append(obs.copy())
        self.c.dq_env_destroy(env)
        return numpy.stack(states)

    def values(self, path, states):
        """deepq's own values, [n][actions]."""
        policy = ctypes.c_void_p()
        self.check(self.c.dq_policy_load(ctypes.byref(policy), str(path).encode(), None))
        q = numpy.zeros((len(states), self.c.dq_policy_actions(policy)), numpy.float32)
        for state, row in zip(states, q):
            self.c.dq_policy_values(policy, numpy.ascontiguousarray(state).ctypes.data_as(ctypes.c_void_p),
                                    row.ctypes.data_as(ctypes.c_void_p))
        self.c.dq_policy_destroy(policy)
        return q


def export(deepq, model, path, *options):
    """Whether deepq wrote it: the exit status is 2 where the format cannot hold the network."""
    done = subprocess.run([deepq, "export", str(model), "-o", str(path), *options], stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True)
    if done.returncode not in (0, 2):
        raise ValueError(done.stderr)
    return done.returncode == 0


def models(library, folder, dialect="book"):
    """Every network: its name, a model file of it, its tensors."""
    for network in NETWORKS:
        path = pathlib.Path(folder) / "model.dat"
        yield network, path, library.make_model(path, network, dialect)
