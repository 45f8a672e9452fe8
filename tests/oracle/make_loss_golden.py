#!/usr/bin/env python3
"""Writes tests/data/nn/loss.txt: PyTorch's losses of one batch, mean squared error and smooth L1.

Weights and inputs are those of make_nn_golden.py, targets eight times as large, so that many errors
are beyond 1 where smooth L1 is a straight line. For each loss: its value, and of every gradient the
norm and 4 elements; then its value after an Adam step. Last, smooth L1 with weights as prioritized
replay has them: its value and the 32 errors, before and after two Adam steps.

    python make_loss_golden.py > ../data/nn/loss.txt        (needs torch and numpy)
"""
import numpy as np
import torch

from make_nn_golden import sample


def main():
    torch.set_num_threads(1)
    print("# torch", torch.__version__)
    for name, loss_of in (("mse", torch.nn.functional.mse_loss),
                          ("huber", torch.nn.functional.smooth_l1_loss)):
        net, x, action, target = sample()
        target = target * 8
        optimizer = torch.optim.Adam(net.parameters(), lr=1e-4)
        for step in range(2):
            q = net(x).gather(1, action[:, None])[:, 0]
            loss = loss_of(q, target)
            optimizer.zero_grad()
            loss.backward()
            print(name, f"{loss.item():.9g}")
            if step == 0:
                beyond = ((q - target).abs() > 1).float().mean().item()
                assert 0.2 < beyond < 0.9, "errors on both sides of 1 are wanted"
                for tensor, p in net.named_parameters():
                    g = p.grad.numpy().ravel()
                    norm = np.sqrt((g.astype(np.float64) ** 2).sum())
                    picks = [g[i * (g.size - 1) // 3] for i in range(4)]
                    print("grad", tensor, f"{norm:.9g}", *(f"{v:.9g}" for v in picks))
            optimizer.step()
    weighted()


def weighted():
    net, x, action, target = sample()
    target = target * 8
    weight = torch.arange(1, 33) / 32
    optimizer = torch.optim.Adam(net.parameters(), lr=1e-4)
    for _ in range(3):
        q = net(x).gather(1, action[:, None])[:, 0]
        loss = (torch.nn.functional.smooth_l1_loss(q, target, reduction="none") * weight).mean()
        errors = (q - target).tolist()
        print("weighted", f"{loss.item():.9g}", *(f"{e:.9g}" for e in errors))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


if __name__ == "__main__":
    main()
