#!/usr/bin/env python3
"""Centred RMSProp as in Mnih et al. 2015, for PyTorch's tensors: PyTorch's own has epsilon outside the root.

    python reference_optimiser.py        checks it against optax's (needs optax and numpy, no torch)
"""


def rmsprop(w, m, v, g, learning_rate, decay, epsilon):
    """One step on arrays of any library: the new parameters and moments."""
    m = decay * m + (1 - decay) * g
    v = decay * v + (1 - decay) * g * g
    return w - learning_rate * g / (v - m * m + epsilon) ** 0.5, m, v


class RMSProp:
    """In the place of torch.optim.Adam."""

    def __init__(self, params, lr, decay, eps):
        self.params = list(params)
        self.param_groups = [{"lr": lr}]
        self.decay, self.eps = decay, eps
        self.moments = [(p.detach() * 0, p.detach() * 0) for p in self.params]

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def step(self):
        for i, p in enumerate(self.params):
            p.data, *self.moments[i] = rmsprop(p.data, *self.moments[i], p.grad, self.param_groups[0]["lr"],
                                               self.decay, self.eps)


def main():
    import jax
    import numpy as np
    import optax

    jax.config.update("jax_enable_x64", True)
    rate, decay, epsilon = 2.5e-4, 0.95, 0.01 / 32 ** 2
    chance = np.random.default_rng(0)
    theirs = ours = chance.normal(size=1000)
    m = v = np.zeros(1000)
    optimiser = optax.rmsprop(rate, decay=decay, eps=epsilon, centered=True, eps_in_sqrt=True)
    state = optimiser.init(theirs)
    for step in range(50):
        g = chance.normal(size=1000) * 10.0 ** chance.integers(-5, 2, size=1000)
        ours, m, v = rmsprop(ours, m, v, g, rate, decay, epsilon)
        update, state = optimiser.update(g, state)
        theirs = optax.apply_updates(theirs, update)
        assert np.abs(ours - theirs).max() < 1e-12, step
    print("optax", optax.__version__, "agrees within", np.abs(ours - theirs).max())


if __name__ == "__main__":
    main()
