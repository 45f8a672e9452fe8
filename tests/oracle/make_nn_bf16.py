#!/usr/bin/env python3
"""Writes tests/data/nn/bf16_NETWORK.txt: how far bfloat16 takes PyTorch from its own float32.

The networks, batch and weights of make_nn_golden.py, once in float32 and once under PyTorch's autocast
to bfloat16 on the processor. For the action values and every tensor's gradient: the root of the mean
square of the difference, relative to that of the float32 values.

    for n in nature nips small nature_same; do                          (needs torch and numpy)
        python make_nn_bf16.py $n > ../data/nn/bf16_$n.txt; done
"""
import sys

import torch
import torch.nn as nn

from make_nn_golden import sample


def run(net, x, action, target, is_bf16):
    net.zero_grad()
    with torch.autocast("cpu", torch.bfloat16, enabled=is_bf16):
        q = net(x)
    nn.functional.mse_loss(q.float().gather(1, action[:, None])[:, 0], target).backward()
    return [("q", q.detach().float())] + [(n, p.grad.float().clone()) for n, p in
                                          net.named_parameters()]


def main():
    torch.set_num_threads(1)
    net, x, action, target = sample(sys.argv[1])
    exact = run(net, x, action, target, False)
    rounded = run(net, x, action, target, True)
    print("# torch", torch.__version__)
    for (name, want), (_, got) in zip(exact, rounded):
        error = ((got - want) ** 2).mean().sqrt() / (want ** 2).mean().sqrt()
        print(name, f"{error.item():.4g}")


if __name__ == "__main__":
    main()
