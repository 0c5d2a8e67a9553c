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


def write(name: str, value) -> None:
    out.mkdir(parents=True, exist_ok=True)
    text = json.dumps({"torch": torch.__version__.split("+")[0], **value}, separators=(",", ":"))
    (out / name).write_text(text + "\n")
    print(f"{name}: {len(text) // 1024} KiB")
