"""Layers: outputs, gradients of all parameters and of the input, and what becomes of buffers, float64: test/golden/layers.json."""

import torch
from common import array, hash_uniform, tensor, write
from torch import nn

cases = []


def case(name, arguments, layer, x, modes=("train",)):
    layer = layer.double()
    for j, (_, p) in enumerate(layer.named_parameters()):
        p.data.copy_(torch.tensor(hash_uniform(30 + j, p.numel(), -0.7, 0.9).reshape(p.shape)))
    before = {n: array(t.double()) for n, t in layer.state_dict().items()}
    steps = []
    for i, mode in enumerate(modes):
        layer.train(mode == "train")
        integer = not x.is_floating_point()
        leaf = x if integer else (x + 0.3 * i).requires_grad_()
        y = layer(leaf)
        c = tensor(60 + i, y.shape, 0.5, 1.5)
        wrt = list(layer.parameters()) + ([] if integer else [leaf])
        gradients = torch.autograd.grad((y * c).sum(), wrt)
        names = [n for n, _ in layer.named_parameters()] + ([] if integer else ["input"])
        steps.append({"mode": mode, "x": array(leaf), "cotangent": array(c), "output": array(y), "gradients": {n: array(g) for n, g in zip(names, gradients)}, "after": {n: array(t.double()) for n, t in layer.state_dict().items()}})
    cases.append({"name": name, "arguments": arguments, "integer": not x.is_floating_point(), "variables": before, "steps": steps})


class SelfAttention(nn.MultiheadAttention):
    def forward(self, x):
        return super().forward(x, x, x, need_weights=False)[0]


case("linear", [3, 4], nn.Linear(3, 4), tensor(40, [2, 5, 3]))
case("conv2d", [2, 3, 3, {"padding": 1, "stride": 2}], nn.Conv2d(2, 3, 3, 2, 1), tensor(41, [2, 2, 5, 5]))
case("convTranspose2d", [2, 3, 2, {"stride": 2}], nn.ConvTranspose2d(2, 3, 2, 2), tensor(42, [2, 2, 3, 3]))
case("batchNorm", [3], nn.BatchNorm2d(3), tensor(43, [4, 3, 2, 2]), ("train", "train", "eval"))
case("batchNorm", [3, {"momentum": 0.3, "epsilon": 1e-3}], nn.BatchNorm1d(3, momentum=0.3, eps=1e-3), tensor(44, [5, 3]), ("train", "eval"))
case("layerNorm", [4], nn.LayerNorm(4), tensor(45, [3, 2, 4]))
case("layerNorm", [[2, 4], {"epsilon": 1e-3}], nn.LayerNorm([2, 4], eps=1e-3), tensor(46, [3, 2, 4]))
case("groupNorm", [2, 4], nn.GroupNorm(2, 4), tensor(47, [2, 4, 3]))
case("embedding", [5, 3], nn.Embedding(5, 3), torch.tensor([[0, 4, 4], [2, 0, 1]]))
case("multiheadAttention", [6, 2], SelfAttention(6, 2, batch_first=True), tensor(48, [2, 4, 6]))


class Recurrent(nn.Module):
    """The outputs alone, under the names of the wrapped module."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def named_parameters(self, *a, **k):
        return self.module.named_parameters()

    def state_dict(self, *a, **k):
        return self.module.state_dict()

    def forward(self, x):
        return self.module(x)[0]


case("lstm", [3, 4], Recurrent(nn.LSTM(3, 4, batch_first=True)), tensor(49, [2, 5, 3]))
case("lstm", [3, 2, {"layers": 2, "bidirectional": True}], Recurrent(nn.LSTM(3, 2, 2, batch_first=True, bidirectional=True)), tensor(50, [2, 4, 3]))
case("gru", [3, 4], Recurrent(nn.GRU(3, 4, batch_first=True)), tensor(51, [2, 5, 3]))
case("gru", [3, 2, {"layers": 2, "bidirectional": True}], Recurrent(nn.GRU(3, 2, 2, batch_first=True, bidirectional=True)), tensor(52, [2, 4, 3]))
write("layers.json", {"cases": cases})
