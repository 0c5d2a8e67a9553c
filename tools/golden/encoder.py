"""A sentence encoder with BERT's structure and names, exported to ONNX: alone it writes test/golden/encoder.onnx, small, with random weights, and
encoder.json with what PyTorch makes of it and of five steps of fine-tuning. `encoder.py FILE` writes one of MiniLM's size, for npm run bench.
"""

import json
import pathlib
import sys

import torch
import torch.nn.functional as F
from torch import nn


class Layer(nn.Module):
    def __init__(self, d, heads, hidden):
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value, self.output = (nn.Linear(d, d) for _ in range(4))
        self.intermediate, self.contract = nn.Linear(d, hidden), nn.Linear(hidden, d)
        self.norm1, self.norm2 = nn.LayerNorm(d, eps=1e-12), nn.LayerNorm(d, eps=1e-12)

    def forward(self, x, mask):
        n, t, d = x.shape
        q, k, v = (part(x).view(n, t, self.heads, d // self.heads).transpose(1, 2) for part in (self.query, self.key, self.value))
        weights = (q @ k.transpose(-1, -2) / (d // self.heads) ** 0.5 + mask).softmax(-1)
        x = self.norm1(x + self.output((weights @ v).transpose(1, 2).reshape(n, t, d)))
        return self.norm2(x + self.contract(F.gelu(self.intermediate(x))))


class Encoder(nn.Module):
    """ids, mask, types [n, t] of int64 to [n, t, d]. The defaults are MiniLM-L6's."""

    def __init__(self, vocabulary=30522, d=384, layers=6, heads=12, hidden=1536, positions=512):
        super().__init__()
        self.words, self.positions, self.types = nn.Embedding(vocabulary, d), nn.Embedding(positions, d), nn.Embedding(2, d)
        self.norm = nn.LayerNorm(d, eps=1e-12)
        self.layers = nn.ModuleList(Layer(d, heads, hidden) for _ in range(layers))
        # The exporter stores tensors of equal numbers once, so that they would be one parameter: vectors are no constants here.
        for p in self.parameters():
            with torch.no_grad():
                p.copy_(torch.randn_like(p) * (0.02 if d > 100 else 0.2) + (p if p.dim() == 1 else 0))

    def forward(self, input_ids, attention_mask, token_type_ids):
        at = torch.arange(input_ids.shape[1], device=input_ids.device)[None]
        x = self.norm(self.words(input_ids) + self.types(token_type_ids) + self.positions(at))
        mask = (1.0 - attention_mask[:, None, None, :].to(x.dtype)) * torch.finfo(x.dtype).min
        for layer in self.layers:
            x = layer(x, mask)
        return x


def embeddings(model, ids, mask):
    """Means over the tokens, of length 1."""
    y = model(ids, mask, torch.zeros_like(ids))
    weight = mask[..., None].to(y.dtype)
    return F.normalize((y * weight).sum(1) / weight.sum(1))


def contrast(model, ids, mask, temperature=0.05):
    """InfoNCE of the first half of a batch against the second."""
    e = embeddings(model, ids, mask)
    n = len(e) // 2
    return F.cross_entropy(e[:n] @ e[n:].T / temperature, torch.arange(n))


def export(model, file, ids, mask):
    names = ["input_ids", "attention_mask", "token_type_ids"]
    axes = {name: {0: "batch", 1: "sequence"} for name in [*names, "last_hidden_state"]}
    args = (ids, mask, torch.zeros_like(ids))
    torch.onnx.export(model.eval(), args, file, input_names=names, output_names=["last_hidden_state"], dynamic_axes=axes, opset_version=17, dynamo=False)


if __name__ == "__main__":
    torch.manual_seed(0)
    if len(sys.argv) > 1:
        export(Encoder(), sys.argv[1], torch.ones(2, 9, dtype=torch.long), torch.ones(2, 9, dtype=torch.long))
        sys.exit()
    from common import array, out, write

    model = Encoder(vocabulary=40, d=16, layers=2, heads=2, hidden=32, positions=12)
    n, t = 8, 7
    lengths = torch.tensor([7, 5, 6, 3, 7, 4, 2, 6])
    mask = (torch.arange(t)[None] < lengths[:, None]).long()
    batches = [torch.randint(1, 40, (n, t)) * mask for _ in range(5)]
    export(model, str(out / "encoder.onnx"), batches[0], mask)
    with torch.no_grad():
        hidden = model(batches[0], mask, torch.zeros_like(mask))
    contrast(model, batches[0], mask).backward()
    gradients = {name: array(p.grad) for name, p in model.named_parameters()}
    optimizer = torch.optim.AdamW(model.parameters(), 1e-2)
    losses = []
    for ids in batches:
        optimizer.zero_grad()
        loss = contrast(model, ids, mask)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    write("encoder.json", {"ids": [b.tolist() for b in batches], "mask": mask.tolist(), "hidden": array(hidden), "gradients": gradients, "losses": losses})
