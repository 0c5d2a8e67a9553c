"""Regularisers and maps that calibrate regression, written in PyTorch as the code of Dheur and Ben Taieb 2023 defines them, float64:
test/golden/calibration.json."""

import math

import torch
from common import differentiated, tensor, write

torch.set_default_dtype(torch.float64)


def levels(m):
    return (torch.arange(m) + 0.5) / m


def pce_kde(pits, count=100, s=100.0, p=1.0):
    below = torch.sigmoid(s * (levels(count) - pits[:, None])).mean(0)
    return ((below - levels(count)).abs() ** p).mean()


def soft_sort(values, strength):
    """Ascending, by Blondel et al. 2020: w less the isotonic regression of w - s, which has the means of the blocks that pooling finds."""
    n = len(values)
    s = torch.sort(-values, descending=True).values
    w = torch.arange(n, 0, -1).double() / strength
    y = w - s
    blocks = []  # of indices; their means must fall
    for i in range(n):
        blocks.append([i])
        while len(blocks) > 1 and y[blocks[-2]].mean() < y[blocks[-1]].mean():
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    fitted = torch.cat([y[b].mean().expand(len(b)) for b in blocks])
    return -(w - fitted)


def pce_sort(pits, p=1.0, strength=None):
    n = len(pits)
    ordered = torch.sort(pits).values if strength is None else soft_sort(pits, strength)
    return ((ordered - (torch.arange(n) + 1) / (n + 1)).abs() ** p).mean()


def negative_entropy(pits, spacing=64):
    n = len(pits)
    m = int(math.sqrt(n)) if spacing > n // 2 else spacing
    falling = torch.sort(pits).values.flip(0)
    return -((falling[:-m] - falling[m:] + 1e-5) * (n + 1) / m).log().mean()


def quantile_kde(quantiles, targets, s=100.0, p=1.0):
    t = levels(quantiles.shape[1])
    return ((torch.sigmoid(s * (quantiles - targets[:, None])).mean(0) - t).abs() ** p).mean()


def truncated(quantiles, targets):
    t, y = levels(quantiles.shape[1]), targets[:, None]
    covered = (y <= quantiles).double().mean(0)
    low = (covered <= t) * (y - quantiles) * (quantiles <= y)
    high = (t <= covered) * (quantiles - y) * (y <= quantiles)
    return (low + high).mean()


few, many = tensor(611, [12], 0.02, 0.98), tensor(612, [150], 0, 1)
q, y = tensor(613, [10, 4], -1, 1), tensor(614, [10], -1, 1)
cases = [
    differentiated("pceKde", lambda pits: pce_kde(pits), {"pits": few}),
    differentiated("pceKde", lambda pits: pce_kde(pits, 20, 15.0, 2.0), {"pits": few}, levels=20, steepness=15, power=2),
    differentiated("pceSort", lambda pits: pce_sort(pits), {"pits": few}),
    differentiated("pceSort", lambda pits: pce_sort(pits, 2.0), {"pits": few}, power=2),
    differentiated("pceSort", lambda pits: pce_sort(pits, 1.0, 0.1), {"pits": few}, strength=0.1),
    differentiated("pceSort", lambda pits: pce_sort(pits, 2.0, 4.0), {"pits": few}, strength=4, power=2),
    differentiated("spacingEntropy", lambda pits: negative_entropy(pits), {"pits": few}),
    differentiated("spacingEntropy", lambda pits: negative_entropy(pits), {"pits": many}),
    differentiated("spacingEntropy", lambda pits: negative_entropy(pits, 5), {"pits": few}, spacing=5),
    differentiated("spacingEntropy", lambda pits: negative_entropy(pits, 9), {"pits": few}, spacing=9),
    differentiated("quantilePceKde", lambda quantiles, targets: quantile_kde(quantiles, targets), {"quantiles": q, "targets": y}),
    differentiated("quantilePceKde", lambda quantiles, targets: quantile_kde(quantiles, targets, 3.0, 2.0), {"quantiles": q, "targets": y}, steepness=3, power=2),
    differentiated("truncatedCoverage", lambda quantiles, targets: truncated(quantiles, targets), {"quantiles": q, "targets": y}),
]


def kernel_map(pits, at, s=100.0):
    """Of a mixture of logistic kernels, reflected at both ends of [0, 1] and truncated to it: distribution function and log density."""

    def mixture(u):
        return torch.sigmoid(s * (u[:, None] - pits)).mean(1)

    def reflected(u):
        return 1 - mixture(2 - u) + mixture(u) - mixture(-u)

    ends = reflected(torch.tensor([0.0, 1.0]))
    u = at.clone().requires_grad_()
    cdf = (reflected(u) - ends[0]) / (ends[1] - ends[0])
    (density,) = torch.autograd.grad(cdf.sum(), u)
    return {"cdf": cdf.tolist(), "logSlope": density.log().tolist()}


def linear_map(pits, at):
    n = len(pits)
    x = torch.cat([torch.zeros(1), torch.sort(pits).values, torch.ones(1)])
    h = torch.arange(n + 2) / (n + 1)
    i = (torch.searchsorted(x, at, right=True) - 1).clamp(0, n)
    slope = (h[i + 1] - h[i]) / (x[i + 1] - x[i])
    return {"cdf": (h[i] + slope * (at - x[i])).tolist(), "logSlope": slope.log().tolist()}


at = torch.tensor([0.0, 0.003, 0.05, 0.21, 0.5, 0.77, 0.98, 0.999, 1.0])
maps = {"pits": few.tolist(), "at": at.tolist(), "kernel": kernel_map(few, at), "steep": kernel_map(few, at, 20.0), "linear": linear_map(few, at)}

write("calibration.json", {"cases": cases, "maps": maps})
