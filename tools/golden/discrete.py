"""Fourier transforms (PyTorch) and assignments (SciPy): test/golden/discrete.json. Needs scipy beside torch."""

import torch
from common import array, tensor, write
from scipy.optimize import linear_sum_assignment

fourier = []


def case(name, n, fn, x):
    leaf = x.clone().requires_grad_()
    y = fn(leaf)
    c = tensor(900, y.shape, 0.5, 1.5)
    (g,) = torch.autograd.grad((y * c).sum(), leaf)
    fourier.append({"name": name, "n": n, "x": array(x), "cotangent": array(c), "output": array(y), "gradient": array(g)})


real, pair = torch.view_as_real, torch.view_as_complex
for n in (1, 5, 8, 12):
    x = tensor(n, [2, n, 2])
    case("fft", n, lambda x: real(torch.fft.fft(pair(x))), x)
    case("ifft", n, lambda x: real(torch.fft.ifft(pair(x))), x)
    case("rfft", n, lambda x: real(torch.fft.rfft(x)), tensor(30 + n, [3, n]))
    if n > 1:
        case("irfft", n, lambda x, n=n: torch.fft.irfft(pair(x), n), tensor(60 + n, [2, n // 2 + 1, 2]))
case("fft2", 0, lambda x: real(torch.fft.fft2(pair(x))), tensor(90, [2, 3, 4, 2]))
case("ifft2", 0, lambda x: real(torch.fft.ifft2(pair(x))), tensor(91, [2, 3, 4, 2]))

assignments = []
for i, (rows, columns) in enumerate([(1, 1), (3, 3), (4, 7), (12, 12), (20, 31)]):
    cost = tensor(200 + i, [rows, columns], -2, 3)
    r, c = linear_sum_assignment(cost.numpy())
    assignments.append({"cost": array(cost), "columns": c.tolist(), "total": float(cost.numpy()[r, c].sum())})
write("discrete.json", {"fourier": fourier, "assignments": assignments})
