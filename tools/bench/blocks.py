"""The work of blocks.mjs with PyTorch and SciPy: one line of JSON for each block, the median over its runs in ms."""

import json
import sys
import time

import numpy as np
import scipy.cluster.vq
import scipy.optimize
import torch
import torch.nn.functional as F

torch.set_num_threads(2)
torch.manual_seed(1)
rand = lambda *shape: torch.rand(*shape) * 2 - 1
symmetric = lambda x: (x + x.T) / (2 * len(x) ** 0.5)
definite = lambda x: x @ x.T / len(x) + torch.eye(len(x))


def with_gradient(fn):
    def run(x, *rest):
        x = x.detach().requires_grad_()
        value = fn(x, *rest).sum()
        return value, torch.autograd.grad(value, x)

    return run


def sinkhorn(cost):
    n, m = cost.shape
    kernel, a, b = -cost / 0.1, -np.log(n), -np.log(m)
    g = torch.zeros(m)
    for _ in range(100):
        f = a - torch.logsumexp(kernel + g, -1)
        g = b - torch.logsumexp(kernel + f[:, None], -2)
    return ((kernel + f[:, None] + g).exp() * cost).sum()


def sample_gradient(x, g):
    x, g = x.detach().requires_grad_(), g.detach().requires_grad_()
    return torch.autograd.grad(F.grid_sample(x, g, align_corners=False).square().sum(), [x, g])


def nearest(x):
    distances, positions = torch.cdist(x, x).topk(20, largest=False)
    return distances, positions


def square_root(x):
    values, vectors = torch.linalg.eigh(definite(x))
    return (vectors * values.sqrt()) @ vectors.T


complex_of = torch.view_as_complex
blocks = [
    *[("eigh", f"{n}", lambda x: torch.linalg.eigh(symmetric(x))[0], [rand(n, n)]) for n in (32, 128, 512)],
    *[("eigh and gradient", f"{n}", with_gradient(lambda x: torch.linalg.eigh(symmetric(x))[0].square()), [rand(n, n)]) for n in (128, 256)],
    *[("svd", f"{m} x {n}", lambda x: torch.linalg.svd(x, full_matrices=False)[1], [rand(m, n)]) for m, n in ((128, 64), (512, 128))],
    ("svd of a stack", "256 of 16 x 16", lambda x: torch.linalg.svd(x, full_matrices=False)[1], [rand(256, 16, 16)]),
    ("qr", "256 x 128", lambda x: torch.linalg.qr(x)[1], [rand(256, 128)]),
    *[("cholesky", f"{n}", lambda x: torch.linalg.cholesky(definite(x)), [rand(n, n)]) for n in (128, 512)],
    *[("solve", f"{n}, 16 sides", lambda x, b: torch.linalg.solve(definite(x), b), [rand(n, n), rand(n, 16)]) for n in (128, 512)],
    ("inverse", "256", lambda x: torch.linalg.inv(definite(x)), [rand(256, 256)]),
    ("logDeterminant and gradient", "256", with_gradient(lambda x: torch.linalg.slogdet(definite(x))[1]), [rand(256, 256)]),
    ("matrixSqrt", "128", square_root, [rand(128, 128)]),
    *[("linearSumAssignment", f"{n}", lambda x: scipy.optimize.linear_sum_assignment(x.numpy()), [rand(n, n)]) for n in (64, 256, 1000)],
    *[("sinkhorn, 100 rounds, and gradient", f"{n} x {n}", with_gradient(sinkhorn), [rand(n, n)]) for n in (128, 512)],
    ("gridSample and gradient", "16 x 3 x 64 x 64", sample_gradient, [rand(16, 3, 64, 64), rand(16, 64, 64, 2)]),
    ("gridSample", "16 x 3 x 224 x 224", lambda x, g: F.grid_sample(x, g, align_corners=False), [rand(16, 3, 224, 224), rand(16, 224, 224, 2)]),
    ("fft2", "64 x 32 x 32", lambda x: torch.fft.fft2(complex_of(x)), [rand(64, 32, 32, 2)]),
    ("fft2 and gradient", "32 x 128 x 128", with_gradient(lambda x: torch.view_as_real(torch.fft.fft2(complex_of(x))).square()), [rand(32, 128, 128, 2)]),
    ("rfft", "64 x 1000", torch.fft.rfft, [rand(64, 1000)]),
    ("stft", "16 x 16000, frame 400", lambda x: torch.stft(x, 400, 160, window=torch.hann_window(400), return_complex=True), [rand(16, 16000)]),
    *[("nearestNeighbours, k = 20", f"{n} x 128", nearest, [rand(n, 128)]) for n in (4096, 16384)],
    ("kMeans, 20 rounds", "5000 x 64, 50", lambda x: scipy.cluster.vq.kmeans2(x.numpy(), 50, 20, minit="++", seed=0), [rand(5000, 64)]),
    ("topK, k = 20", "4096 x 4096", lambda x: x.topk(20), [rand(4096, 4096)]),
    ("resize, cubic", "16 x 3 x 128 to 224", lambda x: F.interpolate(x, (224, 224), mode="bicubic"), [rand(16, 3, 128, 128)]),
    ("unfold, 3 x 3", "16 x 16 x 64 x 64", lambda x: F.unfold(x, 3), [rand(16, 16, 64, 64)]),
]

only = sys.argv[1] if len(sys.argv) > 1 else ""
for name, size, program, inputs in blocks:
    if not name.startswith(only):
        continue
    program(*inputs)
    times, begin = [], time.perf_counter()
    while len(times) < 3 or (len(times) < 15 and time.perf_counter() - begin < 1.5):
        start = time.perf_counter()
        program(*inputs)
        times.append(1000 * (time.perf_counter() - start))
    print(json.dumps({"name": name, "size": size, "ms": sorted(times)[len(times) // 2]}), flush=True)
