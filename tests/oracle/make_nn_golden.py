#!/usr/bin/env python3
"""Writes tests/data/nn/golden_NETWORK.txt: what PyTorch computes for a network; nature is the book's.

Weights and inputs come from a small generator that tests/kernels/test_net.c repeats, so that only
results are stored: action values, the loss, of every gradient the sum, the norm and 16 elements,
and losses and action values over five Adam steps.

    for n in nature nips small nature_same; do                          (needs torch and numpy)
        python make_nn_golden.py $n > ../data/nn/golden_$n.txt; done
"""
import sys

import numpy as np
import torch
import torch.nn as nn

N_ACTIONS, BATCH, STEPS = 6, 32, 5
# Channels, kernel and stride of the convolutions; features behind them; hidden units; seed. With
# seed 1 some sum before a ReLU of nips and small is within rounding of 0 (2e-8, in float64), and
# then its sign, and a gradient, depend on the order of additions; with seed 2 none is (1e-6).
NETWORKS = {
    "nature": ([(32, 8, 4), (64, 4, 2), (64, 3, 1)], 3136, 512, 1),
    "nips": ([(16, 8, 4), (32, 4, 2)], 2592, 256, 2),
    "small": ([(32, 8, 4), (32, 4, 2), (32, 3, 1)], 1568, 256, 2),
    "nature_same": ([(32, 8, 4), (64, 4, 2), (64, 3, 1)], 7744, 512, 2),
}


class Lcg:
    def __init__(self, seed):
        self.state = seed

    def u32(self, n):
        out = np.empty(n, np.uint32)
        s = self.state
        for i in range(n):
            s = (s * 1664525 + 1013904223) & 0xFFFFFFFF
            out[i] = s
        self.state = s
        return out

    def uniform(self, n):
        """float32 in [-1, 1), exact in both languages."""
        return (self.u32(n) >> 8).astype(np.float32) / np.float32(1 << 23) - np.float32(1)


class SameConv2d(nn.Conv2d):
    """Pads as TensorFlow's SAME does: as many outputs as inputs over the stride, rounded up."""

    def forward(self, x):
        n, k, stride = x.shape[-1], self.kernel_size[0], self.stride[0]
        pad = max((-(-n // stride) - 1) * stride + k - n, 0)
        return super().forward(nn.functional.pad(x, (pad // 2, pad - pad // 2) * 2))


class DQN(nn.Module):
    """The book's network, lib/dqn_model.py, by its layers' names, or one made like it."""

    def __init__(self, network="nature", n_actions=N_ACTIONS):
        super().__init__()
        convs, features, hidden, _ = NETWORKS[network]
        layers, n_in = [], 4
        conv = SameConv2d if network.endswith("_same") else nn.Conv2d
        for n_out, kernel, stride in convs:
            layers += [conv(n_in, n_out, kernel, stride), nn.ReLU()]
            n_in = n_out
        self.conv = nn.Sequential(*layers)
        self.fc = nn.Sequential(nn.Linear(features, hidden), nn.ReLU(),
                                nn.Linear(hidden, n_actions))

    def forward(self, x):
        return self.fc(self.conv(x).flatten(1))


def sample(network="nature"):
    """A net, and a batch as its input, actions and targets."""
    lcg, net = Lcg(NETWORKS[network][3]), DQN(network)
    for name, p in net.named_parameters():
        scale = np.float32(2.0 ** -(4 if "fc" in name else 3))
        p.data = torch.tensor((lcg.uniform(p.numel()) * scale).reshape(p.shape))
    obs = (lcg.u32(BATCH * 4 * 84 * 84) >> 24).astype(np.uint8).reshape(BATCH, 4, 84, 84)
    action = torch.tensor((lcg.u32(BATCH) >> 16).astype(np.int64) % N_ACTIONS)
    target = torch.tensor(lcg.uniform(BATCH))
    x = torch.tensor(obs.astype(np.float32)) / 255.0
    return net, x, action, target


def main():
    torch.set_num_threads(1)
    net, x, action, target = sample(sys.argv[1])
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-4)

    def loss_now():
        q = net(x)
        return q, nn.functional.mse_loss(q.gather(1, action[:, None])[:, 0], target)

    print("# torch", torch.__version__)
    for step in range(STEPS):
        q, loss = loss_now()
        optimizer.zero_grad()
        loss.backward()
        print(f"loss {loss.item():.9g}")
        if step == 0:
            print("q", *(f"{v:.9g}" for v in q.detach().numpy().ravel()))
            for name, p in net.named_parameters():
                g = p.grad.numpy().ravel()
                picks = [g[i * (g.size - 1) // 15] for i in range(16)]
                norm = np.sqrt((g.astype(np.float64) ** 2).sum())
                print("grad", name, f"{norm:.9g}", *(f"{v:.9g}" for v in picks))
        optimizer.step()
    q, _ = loss_now()
    print("q", *(f"{v:.9g}" for v in q.detach().numpy().ravel()))


if __name__ == "__main__":
    main()
