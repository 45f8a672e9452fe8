#!/usr/bin/env python3
"""Writes tests/data/nn/optimiser.txt: where the optimisers move the book's network, in float64.

Weights and inputs are those of make_nn_golden.py, targets eight times as large. For each variant: the loss
before each of five updates; then of every parameter tensor how far it moved, as a norm and 16 elements.

    python make_optimiser_golden.py > ../data/nn/optimiser.txt        (needs torch and numpy)
"""
import torch

from make_nn_golden import sample
from reference_optimiser import RMSProp

STEPS, PICKS = 5, 16


def run(name, optimiser_of, longest=None, n_clipped=0):
    """longest: norm of a gradient; n_clipped: how many of the five are longer."""
    net, x, action, target = sample()
    net, x, target = net.double(), x.double(), target.double() * 8
    start = [p.detach().clone() for p in net.parameters()]
    optimiser = optimiser_of(net.parameters())
    print(name)
    clipped = []
    for _ in range(STEPS):
        q = net(x).gather(1, action[:, None])[:, 0]
        loss = torch.nn.functional.mse_loss(q, target)
        optimiser.zero_grad()
        loss.backward()
        if longest:
            norm = torch.nn.utils.clip_grad_norm_(net.parameters(), longest)
            assert abs(norm / longest - 1) > 0.01, "rounding decides"
            clipped.append((norm > longest).item())
        optimiser.step()
        print(f"loss {loss.item():.9g}")
    assert sum(clipped) == n_clipped
    for (tensor, p), before in zip(net.named_parameters(), start):
        moved = (p.detach() - before).ravel()
        picks = [moved[i * (moved.numel() - 1) // (PICKS - 1)].item() for i in range(PICKS)]
        print("moved", tensor, f"{moved.norm().item():.9g}", *(f"{v:.9g}" for v in picks))


def main():
    torch.set_num_threads(1)
    print("# torch", torch.__version__)
    run("adam", lambda p: torch.optim.Adam(p, lr=1e-4, betas=(0.8, 0.99), eps=1e-3))
    run("rmsprop", lambda p: RMSProp(p, lr=2.5e-4, decay=0.95, eps=0.01 / 32 ** 2))
    run("rmsprop_small", lambda p: RMSProp(p, lr=1e-5, decay=0.5, eps=1e-9))
    adam = lambda p: torch.optim.Adam(p, lr=1e-3, eps=0.1)  # with this epsilon the length matters
    run("adam_clipped", adam, 2, 5)
    run("adam_partly", adam, 34, 1)
    run("adam_short", adam, 100, 0)
    run("rmsprop_clipped", lambda p: RMSProp(p, lr=2.5e-4, decay=0.95, eps=0.01 / 32 ** 2), 1, 5)


if __name__ == "__main__":
    main()
