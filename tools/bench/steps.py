"""The work of steps.mjs in PyTorch: `python3 tools/bench/steps.py <workload> [--compile]` prints one line of JSON; eager, or by torch.compile."""

import json
import pathlib
import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "golden"))
from encoder import Encoder, contrast  # noqa: E402
from models import BasicBlock, ResNet, ResNet9, ViT  # noqa: E402

torch.set_num_threads(2)
torch.manual_seed(0)
compiled = torch.compile if "--compile" in sys.argv else lambda work: work


def training(model, optimizer, x, y, perturb=None):
    model.train()
    model = compiled(model)

    def backward():
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()

    def step():
        backward()
        if perturb:
            with torch.no_grad():
                scale = perturb / (torch.stack([p.grad.norm() for p in model.parameters()]).norm() + 1e-12)
                kept = [p.clone() for p in model.parameters()]
                for p in model.parameters():
                    p.add_(p.grad, alpha=float(scale))
            backward()
            with torch.no_grad():
                for p, old in zip(model.parameters(), kept):
                    p.copy_(old)
        optimizer.step()

    return step


momentum = lambda model: torch.optim.SGD(model.parameters(), 0.01, momentum=0.9)
images = lambda n, c, s: torch.rand(n, c, s, s)
labels = lambda n, classes=10: torch.randint(classes, (n,))


def perceptron():
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))


def mlp():
    model = perceptron()
    return training(model, momentum(model), torch.rand(128, 784), labels(128))


def resnet9(perturb=None):
    model = ResNet9(10, 3, 64)
    return training(model, momentum(model), images(64, 3, 32), labels(64), perturb)


def resnet18():
    model = ResNet(BasicBlock, [2, 2, 2, 2], 10, "cifar")
    return training(model, momentum(model), images(32, 3, 32), labels(32))


def vit():
    model = ViT(32, 4, 192, 6, 3, 768, 10)
    return training(model, torch.optim.AdamW(model.parameters(), 1e-3), images(64, 3, 32), labels(64))


def infonce():
    x, y = (torch.randn(4096, 128, requires_grad=True) for _ in range(2))
    target = torch.arange(4096)

    loss = compiled(lambda x, y: F.cross_entropy(F.normalize(x) @ F.normalize(y).T / 0.1, target))

    def step():
        x.grad = y.grad = None
        loss(x, y).backward()

    return step


def arcface():
    f, w, y = torch.randn(256, 512, requires_grad=True), torch.randn(10_000, 512, requires_grad=True), labels(256, 10_000)

    def loss(f, w):
        cosine = F.normalize(f) @ F.normalize(w).T
        own = cosine.gather(1, y[:, None]).clamp(-1 + 1e-7, 1 - 1e-7)
        moved = torch.cos(torch.acos(own) + 0.5)
        return F.cross_entropy(64 * cosine.scatter(1, y[:, None], moved), y)

    loss = compiled(loss)

    def step():
        f.grad = w.grad = None
        loss(f, w).backward()

    return step


def hvp():
    model, x, y = perceptron(), torch.rand(128, 784), labels(128)
    params = list(model.parameters())
    direction = [torch.randn_like(p) for p in params]
    model = compiled(model)

    def step():
        gradients = torch.autograd.grad(F.cross_entropy(model(x), y), params, create_graph=True)
        torch.autograd.grad(sum((g * v).sum() for g, v in zip(gradients, direction)), params)

    return step


def minilm():
    model = Encoder()
    optimizer = torch.optim.AdamW(model.parameters(), 2e-5)
    ids, mask = torch.randint(1, 30_522, (32, 64)), torch.ones(32, 64, dtype=torch.long)
    encode = compiled(model)

    def step():
        optimizer.zero_grad()
        contrast(encode, ids, mask).backward()
        optimizer.step()

    return step


def matmul():
    a, b = torch.randn(1024, 1024), torch.randn(1024, 1024)
    return lambda: a @ b


workloads = {"mlp": mlp, "resnet9": resnet9, "resnet18": resnet18, "vit": vit, "infonce": infonce, "arcface": arcface, "sam-resnet9": lambda: resnet9(0.05), "hvp-mlp": hvp, "finetune-minilm": minilm, "matmul-peak": matmul}

name = sys.argv[1]
step = workloads[name]()
warm, runs = time.perf_counter(), 0
while runs < 3 or time.perf_counter() - warm < 1:
    step()
    runs += 1
times, begin = [], time.perf_counter()
while len(times) < 5 or (len(times) < 300 and time.perf_counter() - begin < 4):
    start = time.perf_counter()
    step()
    times.append(1000 * (time.perf_counter() - start))
print(json.dumps({"name": name, "ms": sorted(times)[len(times) // 2], "rssMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))
