"""DARTS: the candidate operations as PyTorch modules, a network of genotypes, and steps of the search with the three gradients of the architecture."""

import torch
import torch.nn.functional as F
from common import array, tensor, write
from torch import nn


class FactorizedReduce(nn.Module):
    def __init__(self, c, out=None, affine=False):
        super().__init__()
        out = out or c
        self.conv_1 = nn.Conv2d(c, out // 2, 1, stride=2, bias=False)
        self.conv_2 = nn.Conv2d(c, out // 2, 1, stride=2, bias=False)
        self.bn = nn.BatchNorm2d(out, affine=affine)

    def forward(self, x):
        x = F.relu(x)
        return self.bn(torch.cat([self.conv_1(x), self.conv_2(x[:, :, 1:, 1:])], 1))


class Zero(nn.Module):
    def __init__(self, stride):
        super().__init__()
        self.stride = stride

    def forward(self, x):
        return x[:, :, :: self.stride, :: self.stride] * 0


def block(c, k, stride=1, dilation=1, affine=False):
    return [
        nn.ReLU(),
        nn.Conv2d(c, c, k, stride, dilation * (k - 1) // 2, dilation, groups=c, bias=False),
        nn.Conv2d(c, c, 1, bias=False),
        nn.BatchNorm2d(c, affine=affine),
    ]


operations = {
    "none": lambda c, s: Zero(s),
    "max_pool_3x3": lambda c, s: nn.Sequential(nn.MaxPool2d(3, s, 1), nn.BatchNorm2d(c, affine=False)),
    "avg_pool_3x3": lambda c, s: nn.Sequential(nn.AvgPool2d(3, s, 1, count_include_pad=False), nn.BatchNorm2d(c, affine=False)),
    "skip_connect": lambda c, s: nn.Identity() if s == 1 else FactorizedReduce(c),
    "sep_conv_3x3": lambda c, s: nn.Sequential(*block(c, 3, s), *block(c, 3)),
    "sep_conv_5x5": lambda c, s: nn.Sequential(*block(c, 5, s), *block(c, 5)),
    "dil_conv_3x3": lambda c, s: nn.Sequential(*block(c, 3, s, 2)),
    "dil_conv_5x5": lambda c, s: nn.Sequential(*block(c, 5, s, 2)),
}


def operation(name, stride, stream):
    module = operations[name](4, stride)
    for i, parameter in enumerate(module.parameters()):
        parameter.data = tensor(stream + i, parameter.shape, -0.7, 0.7, dtype=torch.float32)
    before = {k: array(v.double()) for k, v in module.state_dict().items()}
    x = tensor(stream + 20, [2, 4, 6, 6], dtype=torch.float32).requires_grad_()
    y = module(x)
    c = tensor(900, y.shape, 0.5, 1.5, dtype=torch.float32)
    gradient = torch.autograd.grad((y * c).sum(), [x, *module.parameters()], retain_graph=True)
    names = ["x", *[k for k, _ in module.named_parameters()]]
    return {
        "name": name,
        "stride": stride,
        "before": before,
        "after": {k: array(v.double()) for k, v in module.state_dict().items()},
        "x": array(x),
        "cotangent": array(c),
        "output": array(y),
        "gradients": {k: array(g) for k, g in zip(names, gradient)},
    }


# The same in the network of what was found: batch normalisation learns, and none follows pooling.
found = {
    "max_pool_3x3": lambda c, s: nn.Sequential(nn.MaxPool2d(3, s, 1)),
    "avg_pool_3x3": lambda c, s: nn.Sequential(nn.AvgPool2d(3, s, 1, count_include_pad=False)),
    "skip_connect": lambda c, s: nn.Identity() if s == 1 else FactorizedReduce(c, affine=True),
    "sep_conv_3x3": lambda c, s: nn.Sequential(*block(c, 3, s, affine=True), *block(c, 3, affine=True)),
    "dil_conv_5x5": lambda c, s: nn.Sequential(*block(c, 5, s, 2, affine=True)),
}
genotypes = {
    "normal": [[(0, "skip_connect"), (1, "sep_conv_3x3")], [(0, "avg_pool_3x3"), (2, "dil_conv_5x5")]],
    "reduction": [[(0, "max_pool_3x3"), (1, "skip_connect")], [(1, "avg_pool_3x3"), (2, "skip_connect")]],
}


def relu_conv_norm(c, out, affine=True):
    return nn.Sequential(nn.ReLU(), nn.Conv2d(c, out, 1, bias=False), nn.BatchNorm2d(out, affine=affine))


class FoundCell(nn.Module):
    def __init__(self, genotype, before, last, c, reduction, reduced):
        super().__init__()
        self.genotype = genotype
        self.preprocess0 = FactorizedReduce(before, c, affine=True) if reduced else relu_conv_norm(before, c)
        self.preprocess1 = relu_conv_norm(last, c)
        self.edges = nn.ModuleDict(
            {f"{i}_{k}": nn.ModuleDict({op: found[op](c, 2 if reduction and j < 2 else 1)}) for i, node in enumerate(genotype) for k, (j, op) in enumerate(node)}
        )

    def forward(self, s0, s1):
        states = [self.preprocess0(s0), self.preprocess1(s1)]
        for i, node in enumerate(self.genotype):
            states.append(sum(self.edges[f"{i}_{k}"][op](states[j]) for k, (j, op) in enumerate(node)))
        return torch.cat(states[2:], 1)


class FoundNetwork(nn.Module):
    def __init__(self, c, layers, classes):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 3 * c, 3, padding=1, bias=False), nn.BatchNorm2d(3 * c))
        self.cells, self.reductions = nn.ModuleList(), [layers // 3, 2 * layers // 3]
        before, last, reduced = 3 * c, 3 * c, False
        for i in range(layers):
            reduction = i in self.reductions
            c *= 2 if reduction else 1
            genotype = genotypes["reduction" if reduction else "normal"]
            self.cells.append(FoundCell(genotype, before, last, c, reduction, reduced))
            before, last, reduced = last, len(genotype) * c, reduction
            if i == self.reductions[1]:
                self.auxiliary = nn.Sequential(
                    nn.ReLU(),
                    nn.AvgPool2d(5, 3),
                    nn.Conv2d(last, 128, 1, bias=False),
                    nn.BatchNorm2d(128),
                    nn.ReLU(),
                    nn.Conv2d(128, 768, 2, bias=False),
                    nn.BatchNorm2d(768),
                    nn.ReLU(),
                    nn.Flatten(),
                    nn.Linear(768, classes),
                )
        self.classifier = nn.Linear(last, classes)

    def forward(self, x):
        s0 = s1 = self.stem(x)
        for i, cell in enumerate(self.cells):
            s0, s1 = s1, cell(s0, s1)
            if i == self.reductions[1]:
                auxiliary = self.auxiliary(s1)
        return self.classifier(s1.mean([2, 3])), auxiliary


def found_network():
    """Parameters are drawn by their places in the order of their names."""
    network = FoundNetwork(2, 4, 3).double()
    named = sorted(network.named_parameters())
    for i, (_, p) in enumerate(named):
        p.data = tensor(2000 + i, p.shape, -0.5, 0.5)
    logits, auxiliary = network(tensor(1999, [4, 3, 32, 32]))
    value = (logits * tensor(900, logits.shape, 0.5, 1.5)).sum() + (auxiliary * tensor(901, auxiliary.shape, 0.5, 1.5)).sum()
    chosen = [k for k, p in named if p.numel() < 200]
    gradients = torch.autograd.grad(value, [dict(named)[k] for k in chosen])
    return {
        "genotypes": {kind: [[{"input": j, "operation": op} for j, op in node] for node in nodes] for kind, nodes in genotypes.items()},
        "parameters": [k for k, _ in named],
        "logits": array(logits),
        "auxiliary": array(auxiliary),
        "gradients": {k: array(g) for k, g in zip(chosen, gradients)},
    }


class SearchCell(nn.Module):
    def __init__(self, nodes, before, last, c, reduction, reduced):
        super().__init__()
        self.nodes = nodes
        self.preprocess0 = FactorizedReduce(before, c) if reduced else relu_conv_norm(before, c, False)
        self.preprocess1 = relu_conv_norm(last, c, False)
        strides = [2 if reduction and j < 2 else 1 for i in range(nodes) for j in range(2 + i)]
        self.edges = nn.ModuleList([nn.ModuleDict({op: make(c, s) for op, make in operations.items()}) for s in strides])

    def forward(self, s0, s1, alpha):
        states, edge = [self.preprocess0(s0), self.preprocess1(s1)], 0
        for _ in range(self.nodes):
            total = 0
            for x in states:
                total = total + sum(w * op(x) for w, op in zip(alpha[edge].softmax(0), self.edges[edge].values()))
                edge += 1
            states.append(total)
        return torch.cat(states[2:], 1)


class SearchNetwork(nn.Module):
    def __init__(self, c, layers, nodes, classes):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 3 * c, 3, padding=1, bias=False), nn.BatchNorm2d(3 * c))
        self.cells, self.reductions = nn.ModuleList(), [layers // 3, 2 * layers // 3]
        before, last, reduced = 3 * c, 3 * c, False
        for i in range(layers):
            reduction = i in self.reductions
            c *= 2 if reduction else 1
            self.cells.append(SearchCell(nodes, before, last, c, reduction, reduced))
            before, last, reduced = last, nodes * c, reduction
        self.classifier = nn.Linear(last, classes)

    def forward(self, x, normal, reduction):
        s0 = s1 = self.stem(x)
        for i, cell in enumerate(self.cells):
            s0, s1 = s1, cell(s0, s1, reduction if i in self.reductions else normal)
        return self.classifier(s1.mean([2, 3]))


def search_network(nodes=2):
    network = SearchNetwork(2, 3, nodes, 3).double()
    named = sorted(network.named_parameters())
    for i, (_, p) in enumerate(named):
        p.data = tensor(2000 + i, p.shape, -0.5, 0.5)
    edges = sum(2 + i for i in range(nodes))
    logits = network(tensor(1999, [4, 3, 8, 8]), tensor(1997, [edges, 8]), tensor(1998, [edges, 8]))
    return {"parameters": [k for k, _ in named], "logits": array(logits)}


# A search over two mixtures of tanh, ReLU and the identity, in float64.
train = (tensor(1, [12, 3]), tensor(2, [12, 2]))
valid = (tensor(3, [12, 3]), tensor(4, [12, 2]))
start = {"w1": tensor(5, [3, 4]), "w2": tensor(6, [4, 2])}
alpha0 = tensor(7, [2, 3], -0.3, 0.3)
xi, momentum, decay, clip, rate, alpha_decay = 0.1, 0.9, 3e-3, 0.5, 0.05, 1e-2


def mixed(x, a):
    p = torch.softmax(a, 0)
    return p[0] * torch.tanh(x) + p[1] * torch.relu(x) + p[2] * x


def loss(w, a, batch):
    x, y = batch
    return ((mixed(mixed(x @ w[0], a[0]) @ w[1], a[1]) - y) ** 2).mean()


def ahead(w, g, v):
    return [p - xi * (momentum * b + d + decay * p) for p, d, b in zip(w, g, v)]


def first_order(w, a, v):
    value = loss(w, a, valid)
    return value, torch.autograd.grad(value, a)[0]


def unrolled(w, a, v):
    g = torch.autograd.grad(loss(w, a, train), w, create_graph=True)
    value = loss(ahead(w, g, v), a, valid)
    return value, torch.autograd.grad(value, a)[0]


def approximate(w, a, v):
    g = torch.autograd.grad(loss(w, a, train), w)
    moved = [p.detach().requires_grad_() for p in ahead(w, g, v)]
    value = loss(moved, a, valid)
    direct, *direction = torch.autograd.grad(value, [a, *moved])
    length = sum((d**2).sum() for d in direction).sqrt()
    eps = 0.01 / length
    up, down = (torch.autograd.grad(loss([p + s * eps * d for p, d in zip(w, direction)], a, train), a)[0] for s in (1, -1))
    return value, direct - xi * (up - down) / (2 * eps)


def search(kind, count=6):
    w = [start["w1"].clone().requires_grad_(), start["w2"].clone().requires_grad_()]
    v = [torch.zeros_like(p) for p in w]
    a = alpha0.clone().requires_grad_()
    adam = torch.optim.Adam([a], lr=rate, betas=(0.5, 0.999), weight_decay=alpha_decay)
    sgd = torch.optim.SGD(w, lr=xi, momentum=momentum, weight_decay=decay)
    losses = []
    for _ in range(count):
        validation, a.grad = kind(w, a, v)
        adam.step()
        value = loss(w, a, train)
        for p, g in zip(w, torch.autograd.grad(value, w)):
            p.grad = g
        torch.nn.utils.clip_grad_norm_(w, clip)
        sgd.step()
        v = [sgd.state[p]["momentum_buffer"].clone() for p in w]
        losses.append([value.item(), validation.item()])
    return {"losses": losses, "architecture": array(a), "w1": array(w[0]), "w2": array(w[1])}


write(
    "architecture.json",
    {
        "operations": [operation(name, stride, 100 + 40 * i + 400 * stride) for i, name in enumerate(operations) for stride in (1, 2)],
        "found": found_network(),
        "searched": search_network(),
        "start": {k: array(p) for k, p in start.items()} | {"architecture": array(alpha0)},
        "training": [array(t) for t in train],
        "validation": [array(t) for t in valid],
        "searches": {"first order": search(first_order), "unrolled": search(unrolled), "approximate": search(approximate)},
    },
)
