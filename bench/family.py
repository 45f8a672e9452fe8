#!/usr/bin/env python3
"""Updates a second of every part of the DQN family, beside PyTorch's of the same network in the same minutes.

    python bench/family.py [--deepq build/bin/deepq] [--rounds 5] [--seconds 1] [--threads 1] [--network NAME]...

An update: 32 stored transitions, targets by the target network, forward, backward, Adam, in fp32. deepq's is
`deepq bench learn`, which keeps the target network's values between two copies, where noise does not change
them. PyTorch's takes a batch that is in memory already, with its networks of tests/oracle/networks.py, in the
faster of two layouts (as they come, channels last), Adam fused. A step is how much longer deepq's takes than
its own DQN's in the same round. Prints the table of docs/results/family.md; needs torch, a quiet machine.
"""
import argparse
import pathlib
import statistics
import sys
import time

import torch

from compare import figures

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "oracle"))
from networks import Net, NoisyLinear  # noqa: E402

BATCH, N_ACTIONS = 32, 6
NETWORKS = ["nature", "nature dueling", "nature streams 512", "nature noisy", "nature noisy independent",
            "nature c51 51 -10 10", "nature qr 51", "nature qr 200", "nature streams 512 noisy c51 51 -10 10",
            "nature iqn 64 32", "nature_same", "nature_same c51 51 -10 10", "nature_same qr 200"]


def draw_noise(net):
    for layer in net.modules():
        if isinstance(layer, NoisyLinear):
            n_in, n_out = layer.in_features, layer.out_features
            if layer.kind == "independent":
                layer.noise = torch.randn(n_out, n_in), torch.randn(n_out)
            else:
                of_in, of_out = (e.sign() * e.abs().sqrt() for e in (torch.randn(n_in), torch.randn(n_out)))
                layer.noise = torch.outer(of_out, of_in), of_out


def draw_levels(net):
    """Of IQN."""
    return torch.rand(BATCH, net.words.atoms) if net.words.levels else None


class Learner:
    """PyTorch's: a batch of pictures, and the update."""

    def __init__(self, name, layout):
        self.layout = layout
        self.online, self.target = (Net(name, N_ACTIONS).to(memory_format=layout) for _ in range(2))
        self.target.load_state_dict(self.online.state_dict())
        self.optimiser = torch.optim.Adam(self.online.parameters(), lr=1e-4, fused=True)
        self.states, self.next_states = (torch.randint(0, 256, (BATCH, 4, 84, 84), dtype=torch.uint8)
                                         for _ in range(2))
        self.action = torch.randint(0, N_ACTIONS, (BATCH,))
        self.reward, self.discount = torch.rand(BATCH), torch.full((BATCH,), 0.99)

    def inputs(self, states):
        return (states.float() / 255).to(memory_format=self.layout)

    def update(self):
        with torch.no_grad():
            draw_noise(self.target)
            y = self.target(self.inputs(self.next_states), draw_levels(self.target))
            even = self.target(self.inputs(self.next_states)) if self.target.words.levels else y
            target = self.target.targets(y, self.target.values(even).argmax(1), self.reward, self.discount)
        draw_noise(self.online)
        levels = draw_levels(self.online)
        y = self.online(self.inputs(self.states), levels)
        loss = self.online.losses(y, self.action, target, "mse", levels).mean()
        self.optimiser.zero_grad()
        loss.backward()
        self.optimiser.step()


def torch_rate(name, seconds):
    """Updates a second, in the faster layout."""
    best = 0.0
    for layout in torch.contiguous_format, torch.channels_last:
        learner = Learner(name, layout)
        learner.update()
        n, begin = 0, time.perf_counter()
        while time.perf_counter() - begin < seconds:
            learner.update()
            n += 1
        best = max(best, n / (time.perf_counter() - begin))
    return best


def our_rate(args, name):
    command = [args.deepq, "bench", "learn", "--json", "--network", name, "--repeats", "1", "--seconds",
               str(args.seconds), "--threads", str(args.threads)]
    return figures(command)[0]["median"]


def span(values, form):
    return f"{form} ({form} to {form})".format(statistics.median(values), min(values), max(values))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--deepq", default="build/bin/deepq")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="for each figure in a round")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--network", action="append", default=[], help="of deepq's names (all of the table)")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    names = args.network or NETWORKS
    ours, theirs = ({name: [] for name in names} for _ in range(2))
    for number in range(args.rounds):
        for name in names:
            ours[name].append(our_rate(args, name))
            theirs[name].append(torch_rate(name, args.seconds))
        print(f"round {number + 1} of {args.rounds} done", file=sys.stderr)
    print("| network | updates a second | step | PyTorch | times as fast |\n|---|---|---|---|---|")
    for name in names:
        base = ours.get(name.split()[0], ours[name])
        steps = [b / o for b, o in zip(base, ours[name])]
        ratios = [o / t for o, t in zip(ours[name], theirs[name])]
        print(f"| `{name}` | {span(ours[name], '{:.1f}')} | {span(steps, '{:.2f}')} | "
              f"{span(theirs[name], '{:.1f}')} | {span(ratios, '{:.1f}')} |")


if __name__ == "__main__":
    main()
