"""Uniform quantisers by torch.fake_quantize and its observers; AdaRound's loss, gradient and steps of Adam from its definition."""

import math

import torch
import torch.nn.functional as F
from common import array, tensor, write
from torch.ao.quantization.observer import MinMaxObserver, PerChannelMinMaxObserver


def quantizer(name, x, bits, axis=None):
    high = 2**bits - 1
    kind = dict(dtype=torch.quint8, quant_min=0, quant_max=high)
    if axis is None:
        observer = MinMaxObserver(qscheme=torch.per_tensor_affine, **kind)
    else:
        observer = PerChannelMinMaxObserver(ch_axis=axis, qscheme=torch.per_channel_affine, **kind)
    observer(x)
    scale, zero = observer.calculate_qparams()
    # A grid narrower than the values, so that some are clipped.
    leaf = (x * 1.3).clone().requires_grad_()
    if axis is None:
        y = torch.fake_quantize_per_tensor_affine(leaf, scale.item(), int(zero.item()), 0, high)
    else:
        y = torch.fake_quantize_per_channel_affine(leaf, scale, zero.int(), axis, 0, high)
    c = tensor(900, y.shape, 0.5, 1.5, dtype=torch.float32)
    (gradient,) = torch.autograd.grad((y * c).sum(), leaf)
    return {
        "name": name,
        "bits": bits,
        "axis": axis,
        "observed": array(x),
        "scale": array(scale),
        "zeroPoint": array(zero),
        "x": array(leaf),
        "cotangent": array(c),
        "output": array(y),
        "gradient": array(gradient),
    }


def h(v):
    return torch.clamp(torch.sigmoid(v) * 1.2 - 0.1, 0, 1)


def loss(v, w, s, x, target, beta, weight, apply):
    soft = s * torch.clamp(torch.floor(w / s) + h(v), -4, 3)
    y = apply(soft, x)
    error = ((y - target) ** 2).sum(1).mean()
    return error + weight * (1 - (2 * h(v) - 1).abs() ** beta).sum()


def steps(name, w, x, noise, apply, count=12, rate=0.05, weight=0.02):
    """From the start that leaves weights as they are, `count` steps of Adam, beta from 20 to 2 after a fifth of them."""
    s = w.abs().max() / 3
    xhat = x + noise
    target = apply(w, x)
    r = w / s - torch.floor(w / s)
    v = (-torch.log(1.2 / (r + 0.1) - 1)).clone().requires_grad_()
    optimizer = torch.optim.Adam([v], lr=rate)
    losses, first = [], None
    for step in range(count):
        warm = 0.2 * count
        part = min(max((step - warm) / (count - warm), 0), 1)
        beta = 2 + 0.5 * 18 * (1 + math.cos(math.pi * part))
        value = loss(v, w, s, xhat, target, beta, 0 if step < warm else weight, apply)
        optimizer.zero_grad()
        value.backward()
        first = v.grad.clone() if first is None else first
        optimizer.step()
        losses.append(value.item())
    return {
        "name": name,
        "steps": count,
        "learningRate": rate,
        "regularization": weight,
        "weights": array(w),
        "x": array(xhat),
        "target": array(target),
        "losses": losses,
        "gradient": array(first),
        "rounding": array(v),
    }


bias = tensor(4, [3], -0.2, 0.2)
write(
    "quantization.json",
    {
        "quantizers": [
            quantizer("per tensor", tensor(1, [5, 7], -1, 2, dtype=torch.float32), 4),
            quantizer("all positive", tensor(2, [24], 0.5, 2, dtype=torch.float32), 3),
            quantizer("per channel", tensor(3, [2, 3, 4], -3, 1, dtype=torch.float32) * torch.tensor([1.0, 0.1, 5.0])[:, None], 8, 1),
        ],
        "bias": array(bias),
        "adaRound": [
            steps(
                "linear",
                tensor(5, [3, 4]),
                tensor(6, [10, 4]),
                tensor(7, [10, 4], -0.1, 0.1),
                lambda w, x: F.linear(x, w, bias),
            ),
            steps(
                "convolution and ReLU",
                tensor(8, [3, 2, 3, 3]),
                tensor(9, [4, 2, 5, 5]),
                tensor(10, [4, 2, 5, 5], -0.1, 0.1),
                lambda w, x: F.relu(F.conv2d(x, w, bias, padding=1)),
            ),
        ],
    },
)
