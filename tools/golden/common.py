"""Shared by the scripts that make reference values with PyTorch 2.13 (CPU): inputs that TypeScript can make again, and a JSON writer."""

import json
import math
import pathlib

import numpy as np
import torch

torch.set_num_threads(1)
out = pathlib.Path(__file__).resolve().parents[2] / "test" / "golden"


def hash_uniform(stream: int, n: int, low: float = -1.0, high: float = 1.0) -> np.ndarray:
    """Uniform numbers: the fmix32 finaliser of MurmurHash3 on i + 0x9E3779B1 (stream + 1), over 2^32, in float64."""
    with np.errstate(over="ignore"):
        h = np.arange(n, dtype=np.uint32) + np.uint32((0x9E3779B1 * (stream + 1)) & 0xFFFFFFFF)
        h ^= h >> np.uint32(16)
        h *= np.uint32(0x85EBCA6B)
        h ^= h >> np.uint32(13)
        h *= np.uint32(0xC2B2AE35)
        h ^= h >> np.uint32(16)
    return low + (high - low) * (h.astype(np.float64) / 2.0**32)


def tensor(stream: int, shape, low: float = -1.0, high: float = 1.0, dtype=torch.float64) -> torch.Tensor:
    return torch.tensor(hash_uniform(stream, math.prod(shape), low, high).reshape(shape), dtype=dtype)


def array(t: torch.Tensor) -> dict:
    return {"shape": list(t.shape), "data": t.detach().flatten().tolist()}


def differentiated(name, fn, inputs, **options) -> dict:
    """inputs: name -> tensor. Output, gradients of <c, f>, and those of <gradients, v>, for fixed c and v."""
    leaves = {k: v.clone().requires_grad_() for k, v in inputs.items()}
    y = fn(**leaves)
    c = tensor(900, y.shape, 0.5, 1.5).requires_grad_()
    gradients = torch.autograd.grad((y * c).sum(), list(leaves.values()), create_graph=True)
    directions = {k: tensor(950 + i, v.shape) for i, (k, v) in enumerate(leaves.items())}
    form = sum((g * v).sum() for g, v in zip(gradients, directions.values()))
    try:
        second = torch.autograd.grad(form, list(leaves.values()), allow_unused=True) if form.requires_grad else [None] * len(leaves)
    except RuntimeError:  # PyTorch has no second derivative of the hard sigmoid.
        second = None
    return {
        "name": name,
        "options": options,
        "inputs": {k: array(v) for k, v in inputs.items()},
        "cotangent": array(c),
        "output": array(y),
        "gradients": {k: array(g) for k, g in zip(leaves, gradients)},
        "directions": {k: array(v) for k, v in directions.items()},
        "second": second and {k: array(g if g is not None else torch.zeros_like(v)) for (k, v), g in zip(leaves.items(), second)},
    }


def write(name: str, value) -> None:
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"torch": torch.__version__.split("+")[0], **value}, separators=(",", ":"))
    (out / name).write_text(text + "\n")
    print(f"{name}: {len(text) // 1024} KiB")
