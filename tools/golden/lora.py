"""Low-rank adapters as PEFT's forward pass has them, base(x) + lora_B(lora_A(x)) alpha / r, by PyTorch, float64: test/golden/lora.json."""

import torch
from common import array, tensor, write
from torch.nn import functional as F


def case(name, weight, a, b, x, alpha, forward):
    a, b, weight = a.requires_grad_(), b.requires_grad_(), weight.requires_grad_()
    scaling = alpha / a.shape[0]
    y = forward(x, weight, a, b, scaling)
    c = tensor(550, y.shape)
    gradients = torch.autograd.grad((y * c).sum(), [a, b])
    return {
        "name": name,
        "alpha": alpha,
        "weight": array(weight),
        "a": array(a),
        "b": array(b),
        "x": array(x),
        "cotangent": array(c),
        "output": array(y),
        "gradients": [array(g) for g in gradients],
    }


def linear(x, weight, a, b, scaling):
    return F.linear(x, weight) + F.linear(F.linear(x, a), b) * scaling


def transposed(x, weight, a, b, scaling):
    return x @ weight + F.linear(F.linear(x, a), b) * scaling


def convolution(x, weight, a, b, scaling):
    down = a.reshape(a.shape[0], *weight.shape[1:])
    return F.conv2d(x, weight, padding=1) + F.conv2d(F.conv2d(x, down, padding=1), b[:, :, None, None]) * scaling


write(
    "lora.json",
    {
        "cases": [
            case("linear", tensor(501, [5, 4]), tensor(502, [2, 4]), tensor(503, [5, 2]), tensor(504, [3, 4]), 6, linear),
            case("inputs-first", tensor(511, [4, 5]), tensor(512, [2, 4]), tensor(513, [5, 2]), tensor(514, [3, 4]), 1, transposed),
            case("convolution", tensor(521, [3, 2, 3, 3]), tensor(522, [2, 18]), tensor(523, [3, 2]), tensor(524, [2, 2, 4, 4]), 4, convolution),
        ]
    },
)
