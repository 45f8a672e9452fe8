#!/usr/bin/env python3
"""Writes tests/data/nn/mlp.txt: what PyTorch computes for multilayer perceptrons of some sizes.

    python make_mlp_golden.py > ../data/nn/mlp.txt                      (needs torch and numpy)

Weights and inputs come from the generator of make_nn_golden.py, which tests/kernels/test_mlp.c repeats,
with a seed for which no sum before a ReLU is so near to 0 that rounding decides its sign. A network is a
line `mlp SIZES n_actions seed`, then what make_nn_golden.py writes. At the end is a line `radam SIZES n_actions
seed` and the loss before every tenth of 120 updates of rectified Adam, in float64.
"""
import numpy as np
import torch
import torch.nn as nn

from make_nn_golden import Lcg

BATCH, STEPS, NEAR = 32, 5, 2e-6
NETWORKS = [([4, 128, 128], 2), ([5, 33, 7], 3), ([1, 1], 1), ([40, 64, 100, 36, 5], 40)]


def sample(sizes, n_actions, seed):
    lcg, layers = Lcg(seed), []
    for n_in, n_out in zip(sizes, sizes[1:] + [n_actions]):
        layers += [nn.Linear(n_in, n_out), nn.ReLU()]
    net = nn.Sequential(*layers[:-1])
    for p in net.parameters():
        p.data = torch.tensor((lcg.uniform(p.numel()) * np.float32(0.25)).reshape(p.shape))
    x = torch.tensor(lcg.uniform(BATCH * sizes[0]).reshape(BATCH, sizes[0]))
    action = torch.tensor((lcg.u32(BATCH) >> 16).astype(np.int64) % n_actions)
    target = torch.tensor(lcg.uniform(BATCH))
    return net, x, action, target


def nearest_to_zero(net, x):
    nearest = np.inf
    for layer in net[:-1]:
        y = layer(x)
        if isinstance(layer, nn.Linear):
            nearest = min(nearest, y.abs().min().item())
        x = y
    return nearest


def numbers(values):
    return " ".join(f"{v:.9g}" for v in values)


def run(sizes, n_actions):
    seed = 1
    while nearest_to_zero(*sample(sizes, n_actions, seed)[:2]) < NEAR:
        seed += 1
    net, x, action, target = sample(sizes, n_actions, seed)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    print("mlp", "-".join(map(str, sizes)), n_actions, seed)
    for step in range(STEPS):
        q = net(x)
        loss = nn.functional.mse_loss(q.gather(1, action[:, None])[:, 0], target)
        optimizer.zero_grad()
        loss.backward()
        print(f"loss {loss.item():.9g}")
        if step == 0:
            print("q", numbers(q.detach().numpy().ravel()))
            for name, p in net.named_parameters():
                g = p.grad.numpy().ravel()
                norm = np.sqrt((g.astype(np.float64) ** 2).sum())
                print("grad", name, f"{norm:.9g}", numbers(g[i * (g.size - 1) // 15] for i in range(16)))
        optimizer.step()
    print("q", numbers(net(x).detach().numpy().ravel()))


def run_radam(sizes, n_actions, seed):
    net, x, action, target = sample(sizes, n_actions, seed)
    net, x, target = net.double(), x.double(), target.double()
    optimizer = torch.optim.RAdam(net.parameters(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8)
    print("radam", "-".join(map(str, sizes)), n_actions, seed)
    for step in range(121):
        loss = nn.functional.mse_loss(net(x).gather(1, action[:, None])[:, 0], target)
        optimizer.zero_grad()
        loss.backward()
        if step % 10 == 0:
            print(f"loss {loss.item():.9g}")
        optimizer.step()


torch.set_num_threads(1)
print("# torch", torch.__version__)
for network in NETWORKS:
    run(*network)
run_radam([4, 64], 2, 1)
