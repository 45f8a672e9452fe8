#!/usr/bin/env python3
"""The book's network class in PyTorch loads a model of ours and picks the same actions.

    python check_actions.py MODEL.dat LIBDEEPQ.so OBSERVATIONS.frames     (needs torch and numpy)

States are stacks of four recorded 84x84 frames. Prints how many actions agree and the largest
difference between action values; exits 1 if one action differs.
"""
import ctypes
import sys

import numpy as np
import torch
import torch.nn as nn

RECORD = 4 + 84 * 84


class DQN(nn.Module):
    """lib/dqn_model.py of the book, by its layers' names and shapes."""

    def __init__(self, shape, n_actions):
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(shape[0], 32, 8, 4), nn.ReLU(), nn.Conv2d(32, 64, 4, 2),
                                  nn.ReLU(), nn.Conv2d(64, 64, 3, 1), nn.ReLU())
        self.fc = nn.Sequential(nn.Linear(3136, 512), nn.ReLU(), nn.Linear(512, n_actions))

    def forward(self, x):
        return self.fc(self.conv(x).flatten(1))


class Config(ctypes.Structure):
    _fields_ = [("n_actions", ctypes.c_int), ("batch", ctypes.c_int), ("n_threads", ctypes.c_int),
                ("isa", ctypes.c_char_p), ("device", ctypes.c_char_p)] + [
                    (name, ctypes.c_double) for name in ("lr", "beta1", "beta2", "epsilon")] + [
                    ("loss", ctypes.c_int), ("precision", ctypes.c_char_p),
                    ("n_states", ctypes.c_int), ("network", ctypes.c_char_p)]


class Model(ctypes.Structure):
    _fields_ = [("tensors", ctypes.c_void_p), ("n", ctypes.c_size_t)]


def states(path):
    data = open(path, "rb").read()
    frames = [np.frombuffer(data, np.uint8, 84 * 84, at + 4).reshape(84, 84)
              for at in range(0, len(data), RECORD)]
    stacks = [np.stack([frames[(i + j) % len(frames)] for j in range(4)]) for i in range(len(frames))]
    return np.ascontiguousarray(np.stack(stacks))


def ours(library, path, obs, n_actions):
    lib = ctypes.CDLL(library)
    lib.dq_net_config_default.restype = Config
    lib.dq_errmsg.restype = ctypes.c_char_p
    config, net, model = lib.dq_net_config_default(n_actions), ctypes.c_void_p(), ctypes.POINTER(Model)()
    for status in (lib.dq_model_load(ctypes.byref(model), path.encode()),
                   lib.dq_net_create(ctypes.byref(net), ctypes.byref(config)),
                   lib.dq_net_set_params(net, ctypes.c_void_p(model.contents.tensors),
                                         ctypes.c_size_t(model.contents.n))):
        if status != 0:
            sys.exit(lib.dq_errmsg().decode())
    q = np.zeros((len(obs), n_actions), np.float32)
    lib.dq_net_q(net, obs.ctypes.data_as(ctypes.c_void_p), len(obs), q.ctypes.data_as(ctypes.c_void_p))
    return q


def main():
    path, library, observations = sys.argv[1:4]
    weights = torch.load(path, map_location="cpu")
    n_actions = weights["fc.2.bias"].shape[0]
    net = DQN((4, 84, 84), n_actions)
    net.load_state_dict(weights)
    obs = states(observations)
    with torch.no_grad():
        theirs = net(torch.tensor(np.float32(obs)) / 255.0).numpy()
    q = ours(library, path, obs, n_actions)
    same = int((q.argmax(1) == theirs.argmax(1)).sum())
    print(f"{same}/{len(obs)} actions agree, largest difference of values {abs(q - theirs).max():.3g}")
    sys.exit(same != len(obs))


if __name__ == "__main__":
    main()
