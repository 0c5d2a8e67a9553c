"""100 steps of SGD on MNIST, an MLP and resnet9, losses in float32 and float64: test/golden/training.json. Needs COTANGENT_DATA.

Batch k is rows [k B, (k + 1) B) of the training set, pixels / 255, then (x - 0.1307) / 0.3081. Initial weights: parameter j of
named_parameters() is uniform by hash_uniform(j) in +-scale sqrt(6 / fan_in), one scale for convolutions and one for matrices; biases 0,
batch norm weights 1. Large convolution weights in front of batch norms make small relative steps: with weights of the usual size PyTorch's own
float32 and float64 runs of resnet9 part by more than 10% within 100 steps, here they stay together to 1e-3.
"""

import gzip
import math
import os

import numpy as np
import torch
from common import hash_uniform, write
from models import ResNet9
from torch import nn

folder = os.path.join(os.environ["COTANGENT_DATA"], "mnist")
images = np.frombuffer(gzip.open(os.path.join(folder, "train-images-idx3-ubyte.gz")).read(), np.uint8, offset=16).reshape(-1, 1, 28, 28)
labels = torch.tensor(np.frombuffer(gzip.open(os.path.join(folder, "train-labels-idx1-ubyte.gz")).read(), np.uint8, offset=8).astype(np.int64))


def train(make, batch, lr, momentum, decay, scales, dtype):
    torch.manual_seed(0)
    model = make().to(dtype)
    with torch.no_grad():
        for j, (_, p) in enumerate(model.named_parameters()):
            if p.dim() > 1:
                bound = (scales[0] if p.dim() > 2 else scales[1]) * math.sqrt(6 / p[0].numel())
                p.copy_(torch.tensor(hash_uniform(j, p.numel(), -bound, bound).astype(np.float32).reshape(p.shape)))
            else:
                p.fill_(1.0 if p.dim() == 1 and _.endswith("weight") else 0.0)
    optimizer = torch.optim.SGD(model.parameters(), lr=lr, momentum=momentum, weight_decay=decay)
    model.train()
    losses = []
    for k in range(100):
        x = torch.tensor(images[k * batch : (k + 1) * batch].astype(np.float32)).to(dtype) / 255
        loss = nn.functional.cross_entropy(model((x - 0.1307) / 0.3081), labels[k * batch : (k + 1) * batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def mlp():
    return nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))


runs = []
for name, make, options in [("mlp", mlp, dict(batch=64, lr=0.05, momentum=0.9, decay=0.0, scales=(1, 1))), ("resnet9", lambda: ResNet9(10, 1, 8), dict(batch=32, lr=0.003, momentum=0.9, decay=5e-4, scales=(10, 0.1)))]:
    single, double = (train(make, **options, dtype=t) for t in (torch.float32, torch.float64))
    worst = max(abs(a / b - 1) for a, b in zip(single, double))
    print(name, "losses", single[0], single[49], single[99], "float32 against float64:", worst)
    runs.append({"name": name, "options": {"batchSize": options["batch"], "learningRate": options["lr"], "momentum": options["momentum"], "weightDecay": options["decay"], "scales": options["scales"]}, "losses32": single, "losses64": double, "worst": worst})
write("training.json", {"runs": runs})
