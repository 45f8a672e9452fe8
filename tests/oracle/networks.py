"""Deepq's networks in PyTorch, by their names, and what their outputs mean: each part written from its paper.

Advantages and values merge as in Wang et al. 2016, equation 9; C51 is algorithm 1 of Bellemare, Dabney,
Munos 2017; the loss of quantiles is equation 10 of Dabney et al. 2018 (sum over the quantiles, mean over
the targets); IQN is Dabney, Ostrovski, Silver, Munos 2018, equations 3 and 4, with Dopamine's cosines, cos(pi i t)
from i = 1 on, and action values that are means over even levels. Normalisations are PyTorch's (Ba, Kiros, Hinton
2016). Noisy layers are those of Fortunato et al. 2018, equations 9 to 11, with one draw for a batch.
"""
import math
import re

import torch
import torch.nn as nn

from make_nn_golden import NETWORKS, SameConv2d


COSINES = 64


class Words:
    """What the words of a network's name say."""

    def __init__(self, name):
        words = name.split()
        n = 2 if words[0] in ("mlp", "cnn") else 1  # these have their sizes in a word of its own
        self.base, rest = " ".join(words[:n]), words[n:]
        self.dueling = self.stream = self.noise = None
        self.head, self.atoms, self.levels, self.norm = "value", 1, 0, False
        while rest:
            word = rest.pop(0)
            if word in ("dueling", "streams"):
                self.dueling = word
                self.stream = int(rest.pop(0)) if word == "streams" else None
            elif word == "noisy":
                self.noise = rest.pop(0) if rest[:1] == ["independent"] else "factorised"
            elif word == "norm":
                self.norm = True
            else:
                self.head, self.atoms = word, int(rest.pop(0))
                if word == "c51":
                    self.low, self.high = float(rest.pop(0)), float(rest.pop(0))
                elif word == "iqn":
                    self.levels = int(rest.pop(0))
        self.outputs = 1 if self.levels else self.atoms  # of an action

    def has_parts(self):
        """Whether a multilayer perceptron is not an nn.Sequential by itself."""
        return self.dueling or self.levels


def even(n):
    """The middles of n equal parts of [0, 1]."""
    return (torch.arange(n) + 0.5) / n


def sizes_of_pictures(base):
    """Convolutions (outputs, kernel, stride), features and hidden layers, and the shape of a state. As deepq
    writes those of any sizes: cnn 4x10x10-16k3s1-128."""
    if not base.startswith("cnn"):
        convs, features, hidden, _ = NETWORKS[base]
        return convs, [features, hidden], (4, 84, 84)
    shape, *parts = base.split()[1].split("-")
    channels, height, width = (int(n) for n in shape.split("x"))
    convs = [tuple(int(n) for n in re.split("[ks]", part)) for part in parts if "k" in part]
    side = [height, width]
    for _, kernel, stride in convs:
        side = [(n - kernel) // stride + 1 for n in side]
    hidden = [int(part) for part in parts if "k" not in part]
    return convs, [convs[-1][0] * side[0] * side[1], *hidden], (channels, height, width)


class NoisyLinear(nn.Linear):
    """Weights and biases are mean + sigma * noise. Without a draw the noise is 0."""

    def __init__(self, n_in, n_out, kind):
        super().__init__(n_in, n_out)
        self.kind = kind
        self.sigma_weight = nn.Parameter(torch.zeros(n_out, n_in))
        self.sigma_bias = nn.Parameter(torch.zeros(n_out))
        self.noise = torch.zeros(n_out, n_in), torch.zeros(n_out)

    def draw(self, stream):
        """From a random stream that has normal()."""
        def numbers(n):
            return torch.tensor([stream.normal() for _ in range(n)], dtype=torch.float64)
        n_in, n_out = self.in_features, self.out_features
        if self.kind == "independent":
            self.noise = numbers(n_out * n_in).reshape(n_out, n_in), numbers(n_out)
        else:
            of_in, of_out = (e.sign() * e.abs().sqrt() for e in (numbers(n_in), numbers(n_out)))
            self.noise = torch.outer(of_out, of_in), of_out

    def first_sigma(self, sigma):
        """Section 3.2. 0: theirs."""
        if self.kind == "independent":
            return sigma or 0.017
        return (sigma or 0.5) / math.sqrt(self.in_features)

    def forward(self, x):
        of_weight, of_bias = self.noise
        return nn.functional.linear(x, self.weight + self.sigma_weight * of_weight,
                                    self.bias + self.sigma_bias * of_bias)


class Net(nn.Module):
    """A network by its name in deepq; parameters in the order of the module's definition there."""

    def __init__(self, name, n_actions):
        super().__init__()
        w = self.words = Words(name)
        self.n_actions = n_actions
        parted = w.dueling is not None

        def linear(n_in, n_out):
            return NoisyLinear(n_in, n_out, w.noise) if w.noise else nn.Linear(n_in, n_out)

        def behind(*shape):
            """What follows a layer whose outputs have this shape."""
            return ([nn.LayerNorm(shape)] if w.norm else []) + [nn.ReLU()]
        if w.base.startswith("mlp"):
            sizes = [int(n) for n in w.base.split()[1].split("-")]
            convs, self.obs_shape = [], (sizes[0],)
        else:
            convs, sizes, self.obs_shape = sizes_of_pictures(w.base)
            layers, pictures = [], torch.zeros(1, *self.obs_shape)
            for n_out, kernel, stride in convs:
                conv = (SameConv2d if w.base.endswith("_same") else nn.Conv2d)(pictures.shape[1], n_out, kernel, stride)
                pictures = conv(pictures)
                layers += [conv, *behind(*pictures.shape[1:])]
            self.conv = nn.Sequential(*layers)
        self.has_conv = bool(convs)
        if w.dueling == "streams":
            trunk, last = sizes[:-1], sizes[-2]
        else:
            trunk, last = sizes, sizes[-1]
        layers = []
        for n_in, n_out in zip(trunk, trunk[1:]):
            layers += [linear(n_in, n_out), *behind(n_out)]
        outputs = n_actions * w.outputs
        self.before = 2 * (len(sizes) - 2)  # layers of fc before an embedding
        if w.levels:
            self.embedding = nn.Sequential(nn.Linear(COSINES, sizes[-2]), nn.ReLU())
        if not parted:
            layers.append(linear(last, outputs))
        self.fc = nn.Sequential(*layers)
        if w.dueling == "streams":
            self.fc_adv = nn.Sequential(linear(last, w.stream), *behind(w.stream), linear(w.stream, outputs))
            self.fc_val = nn.Sequential(linear(last, w.stream), *behind(w.stream), linear(w.stream, w.outputs))
        elif parted:
            self.fc_adv = nn.Sequential(linear(last, outputs))
            self.fc_val = nn.Sequential(linear(last, w.outputs))

    def draw_noise(self, stream):
        for layer in self.modules():
            if isinstance(layer, NoisyLinear):
                layer.draw(stream)

    def forward(self, x, levels=None):
        """[n][n_actions][atoms]. levels: [n][atoms] of IQN; None: even ones, as many as a value is the mean of."""
        w = self.words
        if self.has_conv:
            x = self.conv(x).flatten(1)
        x = self.fc[:self.before](x)
        if not w.levels:
            return self.behind(x)
        if levels is None:
            levels = even(w.levels).expand(len(x), -1)
        cosines = torch.cos(math.pi * levels[:, :, None] * torch.arange(1, COSINES + 1))
        x = x[:, None, :] * self.embedding(cosines)                # [n][levels][features]
        y = self.behind(x.flatten(0, 1))                           # [n * levels][n_actions][1]
        return y.view(len(x), -1, self.n_actions).transpose(1, 2)

    def behind(self, x):
        w = self.words
        x = self.fc[self.before:](x)
        if w.dueling is None:
            return x.view(-1, self.n_actions, w.outputs)
        advantage = self.fc_adv(x).view(-1, self.n_actions, w.outputs)
        value = self.fc_val(x).view(-1, 1, w.outputs)
        return value + advantage - advantage.mean(dim=1, keepdim=True)

    def name_of(self, key):
        """A multilayer perceptron without parts is an nn.Sequential by itself."""
        return key if self.has_conv or self.words.has_parts() else key.removeprefix("fc.")

    def constants(self):
        w = self.words
        return torch.linspace(w.low, w.high, w.atoms) if w.head == "c51" else even(w.atoms)

    def values(self, y):
        """Action values of outputs [..., n_actions, atoms]."""
        if self.words.head == "c51":
            return (y.softmax(-1) * self.constants()).sum(-1)
        return y.mean(-1)

    def targets(self, y, best, reward, discount):
        """Of transitions to states with outputs y, where the action is `best`."""
        y = y[torch.arange(len(y)), best]
        if self.words.head != "c51":
            return reward[:, None] + discount[:, None] * y
        w, z = self.words, self.constants()
        p = y.softmax(-1)
        moved = (reward[:, None] + discount[:, None] * z).clamp(w.low, w.high)
        step = (w.high - w.low) / (w.atoms - 1)
        share = (1 - (moved[:, None, :] - z[None, :, None]).abs() / step).clamp(0, 1)
        return (share * p[:, None, :]).sum(-1)

    def losses(self, y, action, target, kind, levels=None):
        """Of each sample. levels: those of IQN's y."""
        y = y[torch.arange(len(y)), action]
        if self.words.head == "c51":
            return -(target * y.log_softmax(-1)).sum(-1)
        if self.words.head == "value":
            error = y - target
            if kind == "half_mse":
                return (error ** 2 / 2)[:, 0]
            return (nn.functional.huber_loss(y, target, reduction="none") if kind == "huber" else error ** 2)[:, 0]
        error = target[:, None, :] - y[:, :, None]  # [sample][quantile][target]
        level = (self.constants()[None] if levels is None else levels)[:, :, None]
        huber = torch.where(error.abs() <= 1, error ** 2 / 2, error.abs() - 0.5)
        return ((level - (error < 0).to(error.dtype)).abs() * huber).mean(2).sum(1)
