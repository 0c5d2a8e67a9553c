"""Similarities of representations by NumPy, SciPy and PyTorch, float64: test/golden/similarity.json."""

import numpy as np
import torch
from common import array, tensor, write
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr

first, second, inputs = tensor(401, [9, 4]), tensor(402, [9, 3, 2]), tensor(403, [9, 5])


def gram(x):
    x = x.reshape(x.shape[0], -1)
    x = x - x.mean(0)
    x = x / torch.linalg.norm(x)
    return x @ x.T


def residual(y, *confounders):
    design = torch.stack([torch.ones(y.numel(), dtype=y.dtype), *[c.reshape(-1) for c in confounders]], 1)
    return (y.reshape(-1) - design @ torch.linalg.inv(design.T @ design) @ design.T @ y.reshape(-1)).reshape(y.shape)


def alignment(a, b):
    n = a.shape[0]
    h = torch.eye(n, dtype=a.dtype) - 1 / n
    a, b = h @ a @ h, h @ b @ h
    return (a * b).sum() / torch.sqrt((a * a).sum() * (b * b).sum())


def differentiated(fn):
    leaves = [x.clone().requires_grad_() for x in (first, second, inputs)]
    value = fn(*leaves)
    gradients = torch.autograd.grad(value, leaves, allow_unused=True)
    return {"output": value.item(), "gradients": [array(g if g is not None else torch.zeros_like(x)) for g, x in zip(gradients, leaves)]}


def spearman_of_residuals():
    lists = [pdist(x.reshape(9, -1).numpy()) for x in (first, second, inputs)]
    design = np.stack([np.ones(36), lists[2]], 1)
    left = [y - design @ np.linalg.lstsq(design, y, rcond=None)[0] for y in lists[:2]]
    return spearmanr(*left).statistic


def two_confounders():
    other = gram(tensor(404, [9, 2]))
    return residual(gram(first), gram(inputs), other)


ties = torch.tensor([1.0, 2, 2, 3, 3, 3, 0, 5, 5], dtype=torch.float64)
write(
    "similarity.json",
    {
        "cka": differentiated(lambda a, b, x: alignment(gram(a), gram(b))),
        "deconfoundedCka": differentiated(lambda a, b, x: alignment(residual(gram(a), gram(x)), residual(gram(b), gram(x)))),
        "twoConfounders": array(two_confounders()),
        "rsa": float(spearmanr(pdist(first.numpy()), pdist(second.reshape(9, -1).numpy())).statistic),
        "deconfoundedRsa": float(spearman_of_residuals()),
        "ties": {"x": array(ties), "output": float(spearmanr(ties.numpy(), first.reshape(-1).numpy()[:9]).statistic)},
    },
)
