"""A spatial transformer on its own input, by affine_grid and grid_sample, float64: test/golden/spatial-transformer.json."""

import torch
import torch.nn.functional as F
from common import array, tensor, write


def transformer(stream, align_corners, padding):
    x, weight = tensor(stream, [2, 2, 4, 4]), tensor(stream + 1, [6, 32], -0.1, 0.1)
    bias = torch.tensor([0.9, 0.1, 0.05, -0.1, 1.1, -0.1], dtype=torch.float64)
    leaves = [t.requires_grad_() for t in (x, weight, bias)]
    theta = (x.flatten(1) @ weight.T + bias).reshape(2, 2, 3)
    grid = F.affine_grid(theta, [2, 2, 3, 5], align_corners=align_corners)
    output = F.grid_sample(x, grid, padding_mode=padding, align_corners=align_corners)
    gradients = torch.autograd.grad((output * tensor(900, output.shape, 0.5, 1.5)).sum(), leaves)
    return {"x": array(x), "weight": array(weight), "bias": array(bias), "output": array(output), "gradients": [array(g) for g in gradients]}


write("spatial-transformer.json", {"transformers": [transformer(421, True, "zeros"), transformer(423, False, "border")]})
