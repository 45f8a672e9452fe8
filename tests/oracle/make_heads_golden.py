#!/usr/bin/env python3
"""Writes tests/data/nn/heads.txt: what PyTorch computes for dueling networks, for distributions, with noisy layers
and with normalisations.

    python make_heads_golden.py > ../data/nn/heads.txt                  (needs torch and numpy)

What is computed is in networks.py; the gradients are autograd's, all in float64.

Weights and inputs come from the generator of make_nn_golden.py, which tests/kernels/test_heads.c repeats.
A network is a line `network NAME`, a line with its number of actions, samples, seed and loss, and then what
it computes. Of long arrays PICKS numbers are stored. The seed is the first for which no sum before a ReLU is
near 0, and the best action of each next state is clear. The noise of noisy layers is drawn before the
outputs, before the targets, before each step and before the last outputs, from the stream "noise" of the seed; so
are the levels of IQN, from the stream "levels".
"""
import math

import numpy as np
import torch
import torch.nn as nn

from make_nn_golden import Lcg
from networks import Net
from reference_learner import Stream

PICKS, STEPS, NEAR, CLEAR = 48, 4, 5e-7, 1e-4
RUNS = [("mlp 4-64-48 dueling", 3, 32, "mse"), ("mlp 4-64-48 streams 48", 3, 32, "huber"),
        ("mlp 6-33 c51 51 -10 10", 5, 32, "mse"), ("mlp 6-40-33 streams 33 c51 21 -2 3", 4, 32, "mse"),
        ("mlp 6-33 qr 32", 3, 32, "mse"), ("mlp 5-24 dueling qr 7", 40, 32, "mse"),
        ("mlp 3-8 streams 8 qr 1", 2, 16, "mse"), ("mlp 2-9 dueling c51 2 0 1", 1, 8, "mse"),
        ("small c51 51 -10 10", 6, 4, "mse"), ("small streams 128 qr 50", 4, 4, "mse"),
        ("nips streams 256", 6, 4, "huber"), ("nature streams 512 c51 51 -10 10", 4, 3, "mse"),
        ("nature_same dueling qr 20", 3, 2, "mse"), ("mlp 4-33-20 noisy", 3, 32, "mse"),
        ("mlp 5-24 streams 24 noisy c51 11 -2 3", 4, 16, "mse"), ("mlp 4-16 noisy independent", 3, 32, "huber"),
        ("mlp 3-9-7 dueling noisy independent qr 3", 2, 8, "mse"), ("small noisy", 6, 4, "mse"),
        ("nips streams 128 noisy c51 21 -10 10", 4, 3, "mse"), ("small dueling noisy independent", 40, 3, "huber"),
        ("mlp 4-33-20 iqn 7 5", 3, 32, "mse"), ("mlp 3-12-24-24 streams 24 noisy iqn 4 9", 4, 16, "mse"),
        ("small iqn 8 6", 6, 4, "mse"), ("nature_same dueling iqn 5 3", 4, 2, "mse"),
        ("nips noisy iqn 3 4", 3, 3, "mse"), ("cnn 3x9x11-20k3s2-32k3s1-24", 3, 16, "huber"),
        ("cnn 1x6x5-8k2s1-16-12 noisy iqn 5 3", 4, 8, "mse"), ("cnn 2x7x7-5k3s2-24 noisy iqn 4 4", 3, 8, "mse"),
        ("cnn 4x10x10-16k3s1-32 streams 32 c51 11 -2 3", 6, 8, "mse"),
        ("cnn 2x8x8-3k2s2-6k2s1-7k2s1-20 noisy independent", 3, 8, "mse"), ("mlp 4-33-20 norm", 3, 32, "half_mse"),
        ("mlp 5-24-17 streams 17 noisy norm c51 11 -2 3", 4, 16, "mse"), ("mlp 3-9-7 dueling norm qr 3", 2, 8, "mse"),
        ("small norm", 6, 4, "huber"), ("nature norm", 4, 3, "half_mse"),
        ("nips streams 128 noisy norm c51 21 -10 10", 4, 3, "mse"), ("nature_same dueling norm qr 5", 3, 2, "mse"),
        ("cnn 3x9x11-20k3s2-32k3s1-24 norm", 3, 16, "half_mse"),
        ("cnn 4x10x10-16k3s1-32 streams 32 norm qr 5", 6, 8, "mse")]


def sample(name, n_actions, n, seed):
    lcg, net = Lcg(seed), Net(name, n_actions)
    for key, p in net.named_parameters():
        scale = np.float32(0.25 if not net.has_conv else 2.0 ** -(4 if "fc" in key else 3))
        p.data = torch.tensor((lcg.uniform(p.numel()) * scale).reshape(p.shape)).double()
    if net.has_conv:
        obs = (lcg.u32(n * math.prod(net.obs_shape)) >> 24).astype(np.uint8).reshape(n, *net.obs_shape)
        x = torch.tensor(obs).double() / 255.0
    else:
        x = torch.tensor(lcg.uniform(n * int(name.split()[1].split("-")[0])).reshape(n, -1)).double()
    action = torch.tensor((lcg.u32(n) >> 16).astype(np.int64) % n_actions)
    weight = torch.tensor(0.75 + 0.25 * lcg.uniform(n)).double()
    reward = torch.tensor(lcg.uniform(n) * np.float32(3)).double()
    discount = torch.tensor(np.where(lcg.u32(n) >> 30 == 0, np.float32(0), np.float32(0.9))).double()
    return net, x, action, weight, reward, discount


def nearest_to_zero(net, x):
    nearest = [np.inf]
    hooks = [m.register_forward_hook(lambda m, i, o: nearest.append(i[0].abs().min().item()))
             for m in net.modules() if isinstance(m, nn.ReLU)]
    net(x)
    for hook in hooks:
        hook.remove()
    return min(nearest)


def is_good(net, x, seed):
    stream = Stream(seed, "noise")
    return all(is_clear(net, x, stream) for _ in range(3 if net.words.noise else 1))


def is_clear(net, x, stream):
    net.draw_noise(stream)
    with torch.no_grad():
        if nearest_to_zero(net, x) < NEAR:
            return False
        q = net.values(net(x))
        if q.shape[1] == 1:
            return True
        best = q.topk(2, dim=1).values
        return (best[:, 0] - best[:, 1]).min().item() > CLEAR


def show(name, values):
    values = values.detach().numpy().ravel()
    picks = values if values.size <= PICKS else [values[i * (values.size - 1) // (PICKS - 1)] for i in range(PICKS)]
    print(name, f"{values.sum():.9g}", *(f"{v:.9g}" for v in picks))


def draw_levels(net, n, stream):
    """float32, as deepq has them."""
    if not net.words.levels:
        return None
    return torch.tensor(np.array([stream.unit() for _ in range(n * net.words.atoms)], np.float32)
                        .reshape(n, -1)).double()


def run(name, n_actions, n, kind):
    seed = 1
    while not is_good(*sample(name, n_actions, n, seed)[:2], seed):
        seed += 1
    net, x, action, weight, reward, discount = sample(name, n_actions, n, seed)
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-3)
    stream, drawing = Stream(seed, "noise"), Stream(seed, "levels")
    print(f"network {name}\n{n_actions} {n} {seed} {kind}")
    net.draw_noise(stream)
    with torch.no_grad():
        show("y", net(x, draw_levels(net, n, drawing)))
        show("q", net.values(net(x)))
        net.draw_noise(stream)
        y = net(x, draw_levels(net, n, drawing))
        target = net.targets(y, net.values(net(x)).argmax(1), reward, discount)
        show("target", target)
    for step in range(STEPS):
        net.draw_noise(stream)
        levels = draw_levels(net, n, drawing)
        losses = net.losses(net(x, levels), action, target, kind, levels)
        loss = (weight * losses).mean()
        optimizer.zero_grad()
        loss.backward()
        print(f"loss {loss.item():.9g}")
        if step == 0:
            show("losses", losses)
            for key, p in net.named_parameters():
                show("grad " + net.name_of(key), p.grad)
        optimizer.step()
    net.draw_noise(stream)
    show("y", net(x, draw_levels(net, n, drawing)))


torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
print("# torch", torch.__version__)
for one in RUNS:
    run(*one)
