"""Augmentations by PyTorch and kornia 0.9, float64: test/golden/augment.json."""

import numpy as np
import torch
import torch.nn.functional as F
from kornia.enhance.jpeg import _get_default_qt_c, _get_default_qt_y
from kornia.geometry.transform import rescale
from common import array, tensor, write

tables = [_get_default_qt_y(None, torch.float64), _get_default_qt_c(None, torch.float64)]


def soft_round(x):
    return torch.round(x).detach() + (x - torch.round(x).detach()) ** 3


def soft_clip(x, low, high):
    x = torch.where(x > high, high + 1e-3 * (x - high), x)
    return torch.where(x < low, low + 1e-3 * (x - low), x)


def jpeg(stream, size, quality):
    """Differentiable JPEG from its definition; kornia blurs and halves the colour differences. Outputs, gradients by images and qualities."""
    n, (height, width) = len(quality), size
    images = tensor(stream, [n, 3, *size], 0, 255).requires_grad_()
    q = torch.tensor(quality, dtype=torch.float64, requires_grad=True)
    matrix = torch.tensor([[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], dtype=torch.float64)
    offset = torch.tensor([0.0, 128.0, 128.0], dtype=torch.float64)[:, None, None]
    ycc = torch.einsum("ij,njhw->nihw", matrix, images) + offset
    scale = soft_round(torch.where(q < 50, 5000 / q, 200 - 2 * q) - 0.5)
    k = torch.arange(8, dtype=torch.float64)
    basis = torch.cos((2 * k[None] + 1) * k[:, None] * torch.pi / 16) / 2
    basis[0] /= 2**0.5

    def coded(plane, table):
        h, w = plane.shape[1:]
        table = soft_clip(soft_round((table.to(torch.float64)[None] * scale[:, None, None] + 50) / 100 - 0.5), 1, 255)[:, None, None]
        blocks = plane.unfold(1, 8, 8).unfold(2, 8, 8) - 128
        z = soft_round(torch.einsum("ux,nabxy,vy->nabuv", basis, blocks, basis) / table)
        back = torch.einsum("ux,nabuv,vy->nabxy", basis, z * table, basis) + 128
        return back.permute(0, 1, 3, 2, 4).reshape(n, h, w)

    y = coded(ycc[:, 0], tables[0])
    halves = [rescale(ycc[:, c : c + 1], 0.5, "bilinear", align_corners=False, antialias=True)[:, 0] for c in (1, 2)]
    blue, red = [F.interpolate(coded(x, tables[1])[:, None], scale_factor=2, mode="bilinear", align_corners=False)[:, 0] for x in halves]
    rgb = torch.einsum("ij,njhw->nihw", torch.inverse(matrix), torch.stack([y, blue, red], 1) - offset)
    output = soft_clip(rgb, 0, 255)
    c = tensor(stream + 1, output.shape, 0.5, 1.5)
    gradients = torch.autograd.grad((output * c).sum(), [images, q])
    return {"stream": stream, "quality": quality, "output": array(output), "gradients": [array(g) for g in gradients]}


def affine(stream, size, rotation, translation, scale, shear, padding):
    """The matrix of torchvision's affine transform (rotation clockwise, shear along x), inverted, over pixels about the centre, by grid_sample."""
    n, channels, height, width = size
    images = tensor(stream, size).requires_grad_()
    a, b = np.deg2rad(rotation), np.deg2rad(shear)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    lean = np.array([[1, -np.tan(b)], [0, 1]])
    forward = np.eye(3)
    forward[:2, :2] = scale * turn @ lean
    forward[:2, 2] = [translation[0] * width, translation[1] * height]
    # Half a side is 1 in the coordinates of the grid.
    unit = np.diag([width / 2, height / 2, 1])
    theta = (np.linalg.inv(unit) @ np.linalg.inv(forward) @ unit)[:2]
    grid = F.affine_grid(torch.tensor(np.stack([theta] * n)), size, align_corners=False)
    moved = F.grid_sample(images, grid, padding_mode=padding, align_corners=False)
    c = tensor(stream + 1, moved.shape, 0.5, 1.5)
    (gradient,) = torch.autograd.grad((moved * c).sum(), images)
    options = {"rotation": rotation, "translation": translation, "scale": scale, "shear": shear, "border": padding}
    return {"stream": stream, "shape": size, "options": options, "output": array(moved), "gradient": array(gradient)}


write(
    "augment.json",
    {
        "jpeg": [jpeg(401, [16, 16], [3.3, 88.1]), jpeg(403, [32, 16], [41.7])],
        "affine": [
            affine(411, [1, 2, 5, 7], 25, [0.1, 0.1], 0.8, 0, "zeros"),
            affine(413, [1, 1, 6, 4], -40, [-0.15, -0.15], 1.3, 12, "border"),
            affine(415, [2, 1, 5, 5], 100, [0.3, 0.3], 1, -20, "reflection"),
        ],
    },
)
