"""Virtual adversarial training and invariance penalties by automatic differentiation, float64: test/golden/regularizers.json."""

import torch
import torch.nn.functional as F
from common import array, tensor, write


def unit(d):
    axes = tuple(range(1, d.dim()))
    d = d / (1e-12 + d.abs().amax(axes, keepdim=True))
    return d / torch.sqrt(1e-6 + (d**2).sum(axes, keepdim=True))


def virtual_adversarial(step, iterations):
    """A network with one hidden layer; the perturbation, the loss at it, and the gradients of its weights."""
    first, second = tensor(301, [4, 6], -2, 2).requires_grad_(), tensor(302, [6, 3], -2, 2).requires_grad_()
    x, d = tensor(303, [5, 4]), tensor(304, [5, 4])

    def model(v):
        return torch.tanh(v @ first) @ second

    with torch.no_grad():
        p = torch.softmax(model(x), 1)
    for _ in range(iterations):
        u = unit(d).requires_grad_()
        change = F.kl_div(torch.log_softmax(model(x + step * u), 1), p, reduction="sum")
        (d,) = torch.autograd.grad(change, u)
    r = 0.7 * unit(d.detach())
    loss = F.kl_div(torch.log_softmax(model(x + r), 1), p, reduction="batchmean")
    gradients = torch.autograd.grad(loss, [first, second])
    return {"step": step, "iterations": iterations, "radius": 0.7, "perturbation": array(r), "loss": loss.item(), "gradients": [array(g) for g in gradients]}


def scalar_head(logits, labels):
    """The penalty of DomainBed: the product of the gradients of two halves by a scale of the logits."""
    logits = logits.clone().requires_grad_()
    scale = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    halves = [torch.autograd.grad(F.cross_entropy(logits[i::2] * scale, labels[i::2]), [scale], create_graph=True)[0] for i in (0, 1)]
    whole = torch.autograd.grad(F.cross_entropy(logits * scale, labels), [scale], create_graph=True)[0]
    result = {}
    for name, value in (("split", halves[0] * halves[1]), ("whole", whole**2)):
        (gradient,) = torch.autograd.grad(value, logits, retain_graph=True)
        result[name] = {"output": value.item(), "gradient": array(gradient)}
    return result


def linear_head(regression):
    """The excess-risk penalty and the squared gradient with respect to a linear head; gradients by features and head."""
    n, d, k = 9, 3, 4
    features = tensor(311, [n, d], -2, 2).requires_grad_()
    head = tensor(312, [d] if regression else [k, d]).requires_grad_()
    targets = tensor(313, [n], -2, 2) if regression else torch.arange(n) % k
    risk = ((features @ head - targets) ** 2).mean() if regression else F.cross_entropy(features @ head.T, targets)
    (g,) = torch.autograd.grad(risk, head, create_graph=True)
    gramian = features.T @ features / n
    gramian = gramian + 1e-6 * torch.trace(gramian) / d * torch.eye(d, dtype=torch.float64)
    rows = g.reshape(-1, d)
    result = {"targets": array(targets)}
    for name, value in (("v1", (g**2).sum()), ("v2", torch.trace(rows @ torch.linalg.inv(gramian) @ rows.T) / 4)):
        gradients = torch.autograd.grad(value, [features, head], retain_graph=True)
        result[name] = {"output": value.item(), "gradients": [array(v) for v in gradients]}
    return result


write(
    "regularizers.json",
    {
        "virtualAdversarial": [virtual_adversarial(1e-3, 1), virtual_adversarial(1e-4, 3)],
        "scalarHead": scalar_head(tensor(310, [7, 4], -3, 3), torch.arange(7) % 4),
        "regressionHead": linear_head(True),
        "classificationHead": linear_head(False),
    },
)
