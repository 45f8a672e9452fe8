"""The two-sample Kolmogorov-Smirnov test, with the standard library alone."""

import math


def ks_test(a, b):
    """Largest distance of the two distributions and the asymptotic p with Stephens' correction.
    Source: Press et al., Numerical Recipes, third edition, 14.3.3."""
    values = sorted(set(a) | set(b))
    d = max(abs(sum(x <= v for x in a) / len(a) - sum(x <= v for x in b) / len(b)) for v in values)
    n = math.sqrt(len(a) * len(b) / (len(a) + len(b)))
    z = (n + 0.12 + 0.11 / n) * d
    p = 2 * sum((-1) ** (k - 1) * math.exp(-2 * k * k * z * z) for k in range(1, 101))
    return d, min(1.0, max(0.0, p))
