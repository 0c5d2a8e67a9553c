"""Functions of matrices, distances, sums over segments and choices, float64, to second order: test/golden/blocks.json."""

import torch
from common import differentiated, tensor, write

cases = []
square = tensor(1, [2, 4, 4]) + 2 * torch.eye(4, dtype=torch.float64)
tall, wide = tensor(2, [5, 3]), tensor(3, [2, 3, 4])
definite = tensor(4, [4, 4]) @ tensor(4, [4, 4]).T + 0.5 * torch.eye(4, dtype=torch.float64)
segments = torch.tensor([2, 0, 2, 2, 1])


def case(name, fn, **inputs):
    cases.append(differentiated(name, fn, inputs))


def symmetric(a):
    return (a + a.mT) / 2


case("solve", lambda a, b: torch.linalg.solve(a, b), a=square, b=tensor(5, [2, 4, 3]))
case("inverse", lambda a: torch.linalg.inv(a), a=square)
case("determinant", lambda a: torch.linalg.det(a), a=square)
case("logDeterminant", lambda a: torch.linalg.slogdet(a)[1], a=square)
case("cholesky", lambda a: torch.linalg.cholesky(symmetric(a)), a=definite)
case("eigh", lambda a: torch.linalg.eigvalsh(symmetric(a)), a=definite)
case("projector", lambda a: (lambda v: v[:, -1:] @ v[:, -1:].mT)(torch.linalg.eigh(symmetric(a))[1]), a=definite)
case("svd", lambda a: torch.linalg.svdvals(a), a=wide)
case("qr", lambda a: (lambda q, r: q @ q.mT @ torch.arange(5, dtype=torch.float64))(*torch.linalg.qr(a)), a=tall)
case("pseudoInverse", lambda a: torch.linalg.pinv(a), a=tall)
case("nuclearNorm", lambda a: torch.linalg.matrix_norm(a, "nuc"), a=wide)
case("spectralNorm", lambda a: torch.linalg.matrix_norm(a, 2), a=wide)
case("squaredDistances", lambda x, y: torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist") ** 2, x=tensor(6, [4, 3]), y=tensor(7, [5, 3]))
case("nearestNeighbours", lambda x, y: ((x[:, None] - y) ** 2).sum(-1).topk(2, largest=False)[0], x=tensor(6, [4, 3]), y=tensor(7, [5, 3]))
case("segmentSum", lambda x: torch.zeros(3, 2, dtype=torch.float64).index_add(0, segments, x), x=tensor(8, [5, 2]))
case("scatterND", lambda x, y: x.index_add(0, segments, y), x=tensor(9, [3, 2]), y=tensor(8, [5, 2]))
case("topK", lambda x: x.topk(3)[0], x=tensor(10, [4, 6]))
case("sort", lambda x: x.sort(-1)[0], x=tensor(10, [4, 6]))
case("takeAlongAxis", lambda x: torch.take_along_dim(x, segments[None, :], 1), x=tensor(10, [4, 6]))
write("blocks.json", {"cases": cases})
