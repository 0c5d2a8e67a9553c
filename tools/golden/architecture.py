"""DARTS: the candidate operations as PyTorch modules, and steps of the search with the three gradients of the architecture."""

import torch
import torch.nn.functional as F
from common import array, tensor, write
from torch import nn


class FactorizedReduce(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv_1 = nn.Conv2d(c, c // 2, 1, stride=2, bias=False)
        self.conv_2 = nn.Conv2d(c, c // 2, 1, stride=2, bias=False)
        self.bn = nn.BatchNorm2d(c, affine=False)

    def forward(self, x):
        x = F.relu(x)
        return self.bn(torch.cat([self.conv_1(x), self.conv_2(x[:, :, 1:, 1:])], 1))


class Zero(nn.Module):
    def __init__(self, stride):
        super().__init__()
        self.stride = stride

    def forward(self, x):
        return x[:, :, :: self.stride, :: self.stride] * 0


def block(c, k, stride=1, dilation=1):
    return [
        nn.ReLU(),
        nn.Conv2d(c, c, k, stride, dilation * (k - 1) // 2, dilation, groups=c, bias=False),
        nn.Conv2d(c, c, 1, bias=False),
        nn.BatchNorm2d(c, affine=False),
    ]


operations = {
    "none": lambda c, s: Zero(s),
    "max_pool_3x3": lambda c, s: nn.Sequential(nn.MaxPool2d(3, s, 1), nn.BatchNorm2d(c, affine=False)),
    "avg_pool_3x3": lambda c, s: nn.Sequential(nn.AvgPool2d(3, s, 1, count_include_pad=False), nn.BatchNorm2d(c, affine=False)),
    "skip_connect": lambda c, s: nn.Identity() if s == 1 else FactorizedReduce(c),
    "sep_conv_3x3": lambda c, s: nn.Sequential(*block(c, 3, s), *block(c, 3)),
    "sep_conv_5x5": lambda c, s: nn.Sequential(*block(c, 5, s), *block(c, 5)),
    "dil_conv_3x3": lambda c, s: nn.Sequential(*block(c, 3, s, 2)),
    "dil_conv_5x5": lambda c, s: nn.Sequential(*block(c, 5, s, 2)),
}


def operation(name, stride, stream):
    module = operations[name](4, stride)
    for i, parameter in enumerate(module.parameters()):
        parameter.data = tensor(stream + i, parameter.shape, -0.7, 0.7, dtype=torch.float32)
    before = {k: array(v.double()) for k, v in module.state_dict().items()}
    x = tensor(stream + 20, [2, 4, 6, 6], dtype=torch.float32).requires_grad_()
    y = module(x)
    c = tensor(900, y.shape, 0.5, 1.5, dtype=torch.float32)
    gradient = torch.autograd.grad((y * c).sum(), [x, *module.parameters()], retain_graph=True)
    names = ["x", *[k for k, _ in module.named_parameters()]]
    return {
        "name": name,
        "stride": stride,
        "before": before,
        "after": {k: array(v.double()) for k, v in module.state_dict().items()},
        "x": array(x),
        "cotangent": array(c),
        "output": array(y),
        "gradients": {k: array(g) for k, g in zip(names, gradient)},
    }


# A search over two mixtures of tanh, ReLU and the identity, in float64.
train = (tensor(1, [12, 3]), tensor(2, [12, 2]))
valid = (tensor(3, [12, 3]), tensor(4, [12, 2]))
start = {"w1": tensor(5, [3, 4]), "w2": tensor(6, [4, 2])}
alpha0 = tensor(7, [2, 3], -0.3, 0.3)
xi, momentum, decay, clip, rate, alpha_decay = 0.1, 0.9, 3e-3, 0.5, 0.05, 1e-2


def mixed(x, a):
    p = torch.softmax(a, 0)
    return p[0] * torch.tanh(x) + p[1] * torch.relu(x) + p[2] * x


def loss(w, a, batch):
    x, y = batch
    return ((mixed(mixed(x @ w[0], a[0]) @ w[1], a[1]) - y) ** 2).mean()


def ahead(w, g, v):
    return [p - xi * (momentum * b + d + decay * p) for p, d, b in zip(w, g, v)]


def first_order(w, a, v):
    value = loss(w, a, valid)
    return value, torch.autograd.grad(value, a)[0]


def unrolled(w, a, v):
    g = torch.autograd.grad(loss(w, a, train), w, create_graph=True)
    value = loss(ahead(w, g, v), a, valid)
    return value, torch.autograd.grad(value, a)[0]


def approximate(w, a, v):
    g = torch.autograd.grad(loss(w, a, train), w)
    moved = [p.detach().requires_grad_() for p in ahead(w, g, v)]
    value = loss(moved, a, valid)
    direct, *direction = torch.autograd.grad(value, [a, *moved])
    length = sum((d**2).sum() for d in direction).sqrt()
    eps = 0.01 / length
    up, down = (torch.autograd.grad(loss([p + s * eps * d for p, d in zip(w, direction)], a, train), a)[0] for s in (1, -1))
    return value, direct - xi * (up - down) / (2 * eps)


def search(kind, count=6):
    w = [start["w1"].clone().requires_grad_(), start["w2"].clone().requires_grad_()]
    v = [torch.zeros_like(p) for p in w]
    a = alpha0.clone().requires_grad_()
    adam = torch.optim.Adam([a], lr=rate, betas=(0.5, 0.999), weight_decay=alpha_decay)
    sgd = torch.optim.SGD(w, lr=xi, momentum=momentum, weight_decay=decay)
    losses = []
    for _ in range(count):
        validation, a.grad = kind(w, a, v)
        adam.step()
        value = loss(w, a, train)
        for p, g in zip(w, torch.autograd.grad(value, w)):
            p.grad = g
        torch.nn.utils.clip_grad_norm_(w, clip)
        sgd.step()
        v = [sgd.state[p]["momentum_buffer"].clone() for p in w]
        losses.append([value.item(), validation.item()])
    return {"losses": losses, "architecture": array(a), "w1": array(w[0]), "w2": array(w[1])}


write(
    "architecture.json",
    {
        "operations": [operation(name, stride, 100 + 40 * i + 400 * stride) for i, name in enumerate(operations) for stride in (1, 2)],
        "start": {k: array(p) for k, p in start.items()} | {"architecture": array(alpha0)},
        "training": [array(t) for t in train],
        "validation": [array(t) for t in valid],
        "searches": {"first order": search(first_order), "unrolled": search(unrolled), "approximate": search(approximate)},
    },
)
