"""Layers: outputs, gradients of all parameters and of the input, and what becomes of buffers, float64: test/golden/layers.json."""

import pathlib
import re
from importlib.util import find_spec

import torch
from common import array, hash_uniform, tensor, write
from torch import nn

# torchvision's compiled part does not load beside a PyTorch built for CPUs; its layers need none of it, only the names of its operators.
library = torch.library.Library("torchvision", "DEF")
registered = pathlib.Path(find_spec("torchvision").origin).with_name("_meta_registrations.py").read_text()
for operator in set(re.findall(r'register_(?:meta|fake)\("(?:torchvision::)?(\w+)"', registered)):
    library.define(f"{operator}(Tensor x) -> Tensor")

from torchvision.models.swin_transformer import ShiftedWindowAttention  # noqa: E402

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
case("instanceNorm", [3], nn.InstanceNorm2d(3), tensor(53, [2, 3, 2, 4]))
case("instanceNorm", [3, {"affine": True, "epsilon": 1e-3}], nn.InstanceNorm1d(3, affine=True, eps=1e-3), tensor(54, [2, 3, 5]))


class Windows(ShiftedWindowAttention):
    """Without the buffer of positions, which the library works out from the window."""

    def state_dict(self, *a, **k):
        return {n: t for n, t in super().state_dict(*a, **k).items() if n != "relative_position_index"}


case("windowAttention", [8, 2, {"window": [2, 3]}], Windows(8, [2, 3], [0, 0], 2), tensor(55, [2, 4, 6, 8]))
case("windowAttention", [8, 2, {"window": 3, "shift": 1}], Windows(8, [3, 3], [1, 1], 2), tensor(56, [2, 5, 7, 8]))
case("windowAttention", [4, 1, {"window": [4, 2], "shift": [2, 1]}], Windows(4, [4, 2], [2, 1], 1), tensor(57, [1, 3, 6, 4]))

cross = nn.MultiheadAttention(6, 2, batch_first=True).double()
for j, (_, p) in enumerate(cross.named_parameters()):
    p.data.copy_(torch.tensor(hash_uniform(30 + j, p.numel(), -0.7, 0.9).reshape(p.shape)))
x, memory = tensor(58, [2, 3, 6]).requires_grad_(), tensor(59, [2, 5, 6]).requires_grad_()
output, weights = cross(x, memory, memory, average_attn_weights=False)
co, cw = tensor(60, output.shape, 0.5, 1.5), tensor(61, weights.shape, 0.5, 1.5)
names = [n for n, _ in cross.named_parameters()]
gradients = torch.autograd.grad((output * co).sum() + (weights * cw).sum(), [*cross.parameters(), x, memory])
attention = {"variables": {n: array(t) for n, t in cross.state_dict().items()}, "x": array(x), "memory": array(memory), "cotangents": [array(co), array(cw)], "output": array(output), "weights": array(weights), "gradients": {n: array(g) for n, g in zip([*names, "x", "memory"], gradients)}}

plain = nn.utils.parametrizations.weight_norm(nn.Conv1d(3, 4, 2).double(), dim=0)
for j, (_, p) in enumerate(plain.named_parameters()):
    p.data.copy_(torch.tensor(hash_uniform(30 + j, p.numel(), -0.7, 0.9).reshape(p.shape)))
x = tensor(62, [2, 3, 5]).requires_grad_()
y = plain(x)
c = tensor(63, y.shape, 0.5, 1.5)
gradients = torch.autograd.grad((y * c).sum(), [*plain.parameters(), x])
normed = {"variables": {n: array(t) for n, t in plain.state_dict().items()}, "x": array(x), "cotangent": array(c), "output": array(y), "gradients": {n: array(g) for n, g in zip([*(n for n, _ in plain.named_parameters()), "input"], gradients)}}
write("layers.json", {"cases": cases, "crossAttention": attention, "weightNorm": normed})
