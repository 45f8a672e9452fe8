#!/usr/bin/env python3
"""Writes tests/data/nn/loss.txt: PyTorch's losses of one batch, mean squared error and smooth L1.

Weights and inputs are those of make_nn_golden.py, targets eight times as large, so that many errors
are beyond 1 where smooth L1 is a straight line. For each loss: its value, and of every gradient the
norm and 4 elements; then its value after an Adam step.

    python make_loss_golden.py > ../data/nn/loss.txt        (needs torch and numpy)
"""
import numpy as np
import torch

from make_nn_golden import BATCH, DQN, N_ACTIONS, Lcg


def batch(net):
    lcg = Lcg(1)
    for name, p in net.named_parameters():
        scale = np.float32(2.0 ** -(4 if "fc" in name else 3))
        p.data = torch.tensor((lcg.uniform(p.numel()) * scale).reshape(p.shape))
    obs = (lcg.u32(BATCH * 4 * 84 * 84) >> 24).astype(np.uint8).reshape(BATCH, 4, 84, 84)
    action = torch.tensor((lcg.u32(BATCH) >> 16).astype(np.int64) % N_ACTIONS)
    target = torch.tensor(lcg.uniform(BATCH) * np.float32(8))
    return torch.tensor(obs.astype(np.float32)) / 255.0, action, target


def main():
    torch.set_num_threads(1)
    print("# torch", torch.__version__)
    for name, loss_of in (("mse", torch.nn.functional.mse_loss),
                          ("huber", torch.nn.functional.smooth_l1_loss)):
        net = DQN()
        x, action, target = batch(net)
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


if __name__ == "__main__":
    main()
