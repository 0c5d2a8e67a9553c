"""I-Con from its definition in PyTorch: kernels of embeddings, mixtures, and the divergence of one from another, with gradients."""

import torch
from common import array, tensor, write

n = 6
others = ~torch.eye(n, dtype=torch.bool)
labels = torch.tensor([0, 1, 0, 2, 1, 0])
same = (labels[:, None] == labels[None]) & others


def squares(x):
    return ((x[:, None] - x[None]) ** 2).sum(-1)


def softmax(logits):
    return torch.softmax(logits.masked_fill(~others, -torch.inf), 1)


def by_label():
    counts = same.sum(1, keepdim=True)
    return torch.where(counts > 0, same.double() / counts.clamp(min=1), torch.zeros(n, n, dtype=torch.float64))


def divergence(q, p):
    rows = p.sum(1) > 0
    terms = torch.where(p > 0, p * (torch.where(p > 0, p, 1.0).log() - torch.where(p > 0, q, 1.0).log()), 0.0)
    return terms.sum(1)[rows].mean()


def reverse(q, p):
    rows = p.sum(1) > 0
    q = torch.where(q > 0, q, 1e-300)
    return (q * (q.log() - p.clamp(min=1e-10).log())).sum(1)[rows].mean()


def jensen_shannon(q, p):
    rows = p.sum(1) > 0
    half = lambda a, m: torch.where(a > 0, a * (torch.where(a > 0, a, 1.0).log() - torch.where(a > 0, m, 1.0).log()), 0.0).sum(1)[rows].mean() / 2
    return half(p, (p + q) / 2) + half(q, (p + q) / 2)


def gaussian(x):
    return softmax(-squares(x) / (2 * 0.8**2))


def student(x):
    w = ((1 + squares(x) / 1.3**2) ** -1.5) * others
    return w / w.sum(1, keepdim=True)


def cluster(x):
    r = torch.softmax(x, 1)
    return (r / r.sum(0)) @ r.T


def mixed(q, share, m, where):
    return (1 - share) * q + share / m * where


everywhere = torch.ones(n, n, dtype=torch.float64)
cases = {
    "gaussian": lambda x: divergence(gaussian(x), by_label()),
    "student": lambda x: divergence(student(x), by_label()),
    "student of a gaussian": lambda x: divergence(student(x[:, :2]), gaussian(x)),
    "cluster": lambda x: divergence(cluster(x), by_label()),
    "cluster, supervision mixed": lambda x: divergence(cluster(x), mixed(by_label(), 0.3, n, everywhere) * (by_label().sum(1, keepdim=True) > 0)),
    "gaussian, both mixed": lambda x: divergence(mixed(gaussian(x), 0.3, n - 1, others.double()), mixed(by_label(), 0.2, n - 1, others.double()) * (by_label().sum(1, keepdim=True) > 0)),
    "reverse": lambda x: reverse(gaussian(x), by_label()),
    "jensenShannon": lambda x: jensen_shannon(gaussian(x), by_label()),
    "walks": lambda x: divergence((gaussian(x) + gaussian(x) @ gaussian(x)) / 2, by_label()),
}


def case(name, fn, stream):
    x = tensor(stream, [n, 3]).requires_grad_()
    y = fn(x)
    (gradient,) = torch.autograd.grad(y, x)
    return {"name": name, "x": array(x), "value": y.item(), "gradient": array(gradient)}


write("i_con_kernels.json", {"labels": labels.tolist(), "cases": [case(name, fn, 10 + i) for i, (name, fn) in enumerate(cases.items())]})
