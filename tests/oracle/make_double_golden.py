#!/usr/bin/env python3
"""Writes tests/data/nn/double.txt: PyTorch's targets of Q-learning and of double Q-learning.

Weights of two nets and the frames come from the generator of make_nn_golden.py, which
tests/unit/test_target_cache.c repeats; only the last biases are given: such that all actions have the
same mean value, and the best one is not always the same. One line for each transition: the action
that the online net likes best, the one that the target net does, and both targets. No state has two
best actions so near each other that rounding could decide.

    python make_double_golden.py > ../data/nn/double.txt        (needs torch and numpy)
"""
import numpy as np
import torch

from make_nn_golden import DQN, Lcg

N, STACK, SIDE, BLOCK, N_STEP, GAMMA = 32, 4, 84, 12, 3, 0.99
MARGIN = 1e-4


def net_of(seed):
    lcg, net = Lcg(seed), DQN()
    for name, p in net.named_parameters():
        scale = np.float32(2.0 ** -(4 if "fc" in name else 3))
        p.data = torch.tensor((lcg.uniform(p.numel()) * scale).reshape(p.shape))
    return net


def frames(lcg, n):
    """Squares of BLOCK pixels, each of one brightness."""
    side = SIDE // BLOCK
    squares = (lcg.u32(n * side * side) >> 24).astype(np.uint8).reshape(n, side, side)
    return squares.repeat(BLOCK, axis=1).repeat(BLOCK, axis=2)


def values(name, net, obs):
    x = torch.tensor(obs.astype(np.float32)) / 255.0
    with torch.no_grad():
        bias = net.fc[2].bias
        bias -= net(x).mean(dim=0)
        print(name, *(f"{v:.9g}" for v in bias.numpy()))
        q = net(x)
    best = q.sort(dim=1, descending=True).values
    assert ((best[:, 0] - best[:, 1]) > MARGIN).all(), "two actions are too near each other"
    return q


def main():
    torch.set_num_threads(1)
    online, target = net_of(1), net_of(2)
    lcg = Lcg(3)
    picture = frames(lcg, N + N_STEP + 1)  # one game: state i ends with picture i
    rewards = lcg.uniform(N + N_STEP)
    black = np.zeros((STACK - 1, SIDE, SIDE), np.uint8)
    shown = np.concatenate([black, picture])
    following = np.stack([shown[i + N_STEP:i + N_STEP + STACK] for i in range(N)])
    print("# torch", torch.__version__)
    q_online = values("online", online, following)
    q_target = values("target", target, following)
    best_online, best_target = q_online.argmax(dim=1), q_target.argmax(dim=1)
    double_q = q_target.gather(1, best_online[:, None])[:, 0]
    returns = np.array([sum(GAMMA ** k * float(rewards[i + k]) for k in range(N_STEP))
                        for i in range(N)])
    for i in range(N):
        plain = returns[i] + GAMMA ** N_STEP * q_target[i].max().item()
        double = returns[i] + GAMMA ** N_STEP * double_q[i].item()
        print(best_online[i].item(), best_target[i].item(), f"{plain:.9g} {double:.9g}")


if __name__ == "__main__":
    main()
