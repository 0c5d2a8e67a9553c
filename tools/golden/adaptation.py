"""Test-time adaptation by PyTorch, float64: batch normalisation with calibrated statistics, its losses, steps of Tent, Core and CAFA on a small
net: test/golden/adaptation.json."""

import torch
from common import array, differentiated, tensor, write

torch.set_default_dtype(torch.float64)


def entropy(logits):
    return -(logits.softmax(1) * logits.log_softmax(1)).sum(1).mean()


def correlation(logits, temperature=1.0, weights=False):
    p = (logits / temperature).softmax(1)
    w = torch.ones(len(p), 1)
    if weights:
        w = 1 + torch.exp(-(-(p * p.log()).sum(1, keepdim=True))).detach()
        w = len(p) * w / w.sum()
    r = (p * w).T @ p
    r = r / r.sum(1, keepdim=True)
    return (r.sum() - r.trace()) / p.shape[1]


# Gaussians of 3 of 4 classes, one of them with a single sample.
source, labels = tensor(701, [30, 5]), torch.tensor([0] * 14 + [1] * 15 + [3])
source = source + torch.stack([labels * 0.5, -labels * 0.3, labels * 0.1, labels * 0.0, labels * 0.2], 1)


def gaussians(ridge=1e-2, tied=False, diagonal=False):
    means = torch.stack([source[labels == c].mean(0) if (labels == c).any() else torch.zeros(5) for c in range(4)])
    off = source - means[labels]

    def covariance(rows):
        s = rows.T @ rows / len(rows)
        s = torch.diag(torch.diag(s)) if diagonal else s
        return s

    common = covariance(off)
    all_ = [common if tied or (labels == c).sum() < 2 else covariance(off[labels == c]) for c in range(4)]
    precisions = [torch.linalg.inv(s + ridge * s.trace() / 5 * torch.eye(5)) for s in all_]
    return means, torch.stack(precisions)


def distances(z, means, precisions):
    o = z[:, None] - means
    return torch.einsum("nci,cij,ncj->nc", o, precisions, o)


def cafa(z, predicted, g, include=False):
    m = distances(z, *g)
    present = torch.tensor([1.0, 1, 0, 1])
    own = torch.nn.functional.one_hot(predicted, 4)
    intra = (m * own).sum(1)
    inter = (m * (present if include else present * (1 - own))).sum(1)
    known = present[predicted]  # features whose class has no Gaussian do not count
    return ((intra.log() - inter.log()) * known).sum() / known.sum()


z, predicted = tensor(702, [6, 5], -2, 2), torch.tensor([0, 1, 3, 0, 1, 3])
logits = tensor(703, [7, 4], -3, 3)


class CalibratedNorm(torch.nn.Module):
    """A batch norm layer whose statistics are alpha times its running ones and 1 - alpha times the batch's."""

    def __init__(self, bn, alpha):
        super().__init__()
        self.bn, self.alpha = bn, alpha

    def forward(self, x):
        axes = [i for i in range(x.ndim) if i != 1]
        shape = [1, -1] + [1] * (x.ndim - 2)
        m = self.alpha * self.bn.running_mean + (1 - self.alpha) * x.mean(axes)
        v = self.alpha * self.bn.running_var + (1 - self.alpha) * x.var(axes, unbiased=False)
        y = (x - m.view(shape)) / torch.sqrt(v.view(shape) + self.bn.eps)
        return y * self.bn.weight.view(shape) + self.bn.bias.view(shape)


def net():
    """conv, bn, relu, flatten, linear, bn, relu (features), linear."""
    model = torch.nn.Sequential(
        torch.nn.Conv2d(2, 3, 3, padding=1),
        torch.nn.BatchNorm2d(3),
        torch.nn.ReLU(),
        torch.nn.Flatten(),
        torch.nn.Linear(48, 5),
        torch.nn.BatchNorm1d(5),
        torch.nn.ReLU(),
        torch.nn.Linear(5, 4),
    )
    for i, (name, value) in enumerate(model.state_dict().items()):
        if name.endswith("num_batches_tracked"):
            continue
        low = 0.5 if "running_var" in name or value.ndim == 1 and name.endswith("weight") else -0.5
        value.copy_(tensor(710 + i, value.shape, low, 1.5 if low > 0 else 0.5))
    return model


batches = [tensor(750 + i, [8, 2, 4, 4], -1, 2) for i in range(3)]


def adapted(loss, optimizer, steps=1):
    """The published loop of Tent with a loss: batch statistics, scale and shift of batch norms alone, predictions before the step."""
    model = net().train().requires_grad_(False)
    chosen = []
    for module in model.modules():
        if isinstance(module, (torch.nn.BatchNorm1d, torch.nn.BatchNorm2d)):
            module.requires_grad_(True)
            module.track_running_stats, module.running_mean, module.running_var = False, None, None
            chosen += [module.weight, module.bias]
    opt = optimizer(chosen)
    outputs = []
    for x in batches:
        for _ in range(steps):
            features = model[:-1](x)
            said = model[-1](features)
            value = loss(said, features)
            opt.zero_grad()
            value.backward()
            opt.step()
        outputs.append(array(said))
    return {"outputs": outputs, "parameters": [array(p) for p in chosen]}


def calibrated(alpha, optimizer):
    model = net().eval().requires_grad_(False)
    chosen = []
    for i in (1, 5):
        model[i].requires_grad_(True)
        chosen += [model[i].weight, model[i].bias]
        model[i] = CalibratedNorm(model[i], alpha)
    opt = optimizer(chosen)
    outputs = []
    for x in batches:
        said = model(x)
        opt.zero_grad()
        correlation(said).backward()
        opt.step()
        outputs.append(array(said))
    return {"outputs": outputs, "parameters": [array(p) for p in chosen]}


adam = lambda p: torch.optim.Adam(p, lr=0.05)  # noqa: E731
g = gaussians()

write(
    "adaptation.json",
    {
        "correlation": [
            differentiated("classCorrelationLoss", lambda logits: correlation(logits), {"logits": logits}),
            differentiated(
                "classCorrelationLoss", lambda logits: correlation(logits, 2.0, True), {"logits": logits}, temperature=2, entropyWeights=True
            ),
        ],
        "distances": [
            {"options": o, "output": array(distances(z, *gaussians(**o)))}
            for o in ({}, {"tied": True}, {"diagonal": True}, {"tied": True, "diagonal": True}, {"ridge": 0.3})
        ],
        "cafa": [
            differentiated("cafaLoss", lambda features: cafa(features, predicted, g, include), {"features": z}, includePredicted=include)
            for include in (False, True)
        ],
        "variables": {k: array(v) for k, v in net().state_dict().items() if not k.endswith("tracked")},
        "tent": adapted(lambda said, _: entropy(said), adam),
        "tentTwice": adapted(lambda said, _: entropy(said), lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9), 2),
        "cafaSteps": adapted(lambda said, features: cafa(features, said.argmax(1), g), adam),
        "core": calibrated(0.7, adam),
    },
)
