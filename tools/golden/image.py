"""Borders, resizing, windows and grid sampling: outputs and gradients, float64: test/golden/image.json."""

import torch
import torch.nn.functional as F
from common import array, tensor, write

cases = []


def case(name, options, fn, **inputs):
    leaves = {k: v.clone().requires_grad_() for k, v in inputs.items()}
    y = fn(**leaves)
    c = tensor(900, y.shape, 0.5, 1.5)
    gradients = torch.autograd.grad((y * c).sum(), list(leaves.values()))
    cases.append({"name": name, "options": options, "inputs": {k: array(v) for k, v in inputs.items()}, "cotangent": array(c), "output": array(y), "gradients": {k: array(g) for k, g in zip(leaves, gradients)}})


x = tensor(1, [2, 3, 5, 6])
for name, mode in [("padReflect", "reflect"), ("padReplicate", "replicate"), ("padCircular", "circular")]:
    case(name, {"widths": [[2, 1], [3, 4]]}, lambda x, m=mode: F.pad(x, (3, 4, 2, 1), mode=m), x=x)
for mode, ours in [("nearest", "nearest"), ("bilinear", "linear"), ("bicubic", "cubic"), ("area", "area")]:
    for lengths in ([9, 7], [3, 4], [5, 1]):
        for align in (False, True):
            if mode in ("nearest", "area") and align:
                continue
            keywords = {} if mode in ("nearest", "area") else {"align_corners": align}
            case("resize", {"lengths": lengths, "mode": ours, "alignCorners": align}, lambda x, m=mode, l=lengths, k=keywords: F.interpolate(x, l, mode=m, **k), x=x)
case("resize", {"lengths": [7], "mode": "linear", "alignCorners": False}, lambda x: F.interpolate(x, 7, mode="linear"), x=tensor(2, [2, 2, 4]))
case("resize", {"lengths": [3, 5, 4], "mode": "linear", "alignCorners": True}, lambda x: F.interpolate(x, [3, 5, 4], mode="trilinear", align_corners=True), x=tensor(3, [1, 2, 4, 3, 2]))
case("pixelShuffle", {"factor": 2}, lambda x: F.pixel_shuffle(x, 2), x=tensor(4, [2, 8, 2, 3]))
case("pixelUnshuffle", {"factor": 2}, lambda x: F.pixel_unshuffle(x, 2), x=tensor(5, [2, 2, 4, 6]))
case("unfold", {"kernel": [2, 3], "stride": [2, 1], "padding": 1, "dilation": [1, 2]}, lambda x: F.unfold(x, [2, 3], dilation=[1, 2], padding=1, stride=[2, 1]), x=x)
case("fold", {"size": [5, 6], "kernel": [2, 3], "stride": [2, 1], "padding": 1, "dilation": [1, 2]}, lambda x: F.fold(x, [5, 6], [2, 3], dilation=[1, 2], padding=1, stride=[2, 1]), x=tensor(6, [2, 12, 12]))
for mode, ours in [("bilinear", "linear"), ("nearest", "nearest")]:
    for padding in ("zeros", "border", "reflection"):
        for align in (False, True):
            options = {"mode": ours, "padding": padding, "alignCorners": align}
            case("gridSample", options, lambda x, grid, m=mode, p=padding, a=align: F.grid_sample(x, grid, m, p, a), x=tensor(7, [2, 2, 4, 5]), grid=tensor(8, [2, 3, 4, 2], -1.6, 1.6))
            case("gridSample", options, lambda x, grid, m=mode, p=padding, a=align: F.grid_sample(x, grid, m, p, a), x=tensor(9, [1, 2, 3, 4, 3]), grid=tensor(10, [1, 2, 2, 3, 3], -1.6, 1.6))
for align in (False, True):
    case("affineGrid", {"size": [2, 1, 3, 4], "alignCorners": align}, lambda theta, a=align: F.affine_grid(theta, [2, 1, 3, 4], a), theta=tensor(11, [2, 2, 3]))
    case("affineGrid", {"size": [1, 1, 2, 3, 4], "alignCorners": align}, lambda theta, a=align: F.affine_grid(theta, [1, 1, 2, 3, 4], a), theta=tensor(12, [1, 3, 4]))
write("image.json", {"cases": cases})
