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


def states(path):
    data = open(path, "rb").read()
    frames = [np.frombuffer(data, np.uint8, 84 * 84, at + 4).reshape(84, 84)
              for at in range(0, len(data), RECORD)]
    stacks = [np.stack([frames[(i + j) % len(frames)] for j in range(4)]) for i in range(len(frames))]
    return np.ascontiguousarray(np.stack(stacks))


def ours(library, path, obs, n_actions):
    lib, policy = ctypes.CDLL(library), ctypes.c_void_p()
    lib.dq_errmsg.restype = ctypes.c_char_p
    if lib.dq_policy_load(ctypes.byref(policy), path.encode(), None) != 0:
        sys.exit(lib.dq_errmsg().decode())
    q = np.zeros((len(obs), n_actions), np.float32)
    for state, values in zip(obs, q):
        lib.dq_policy_values(policy, ctypes.c_void_p(state.ctypes.data), ctypes.c_void_p(values.ctypes.data))
    lib.dq_policy_destroy(policy)
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
