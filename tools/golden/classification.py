"""Losses of classifiers, written in PyTorch as their papers or published code define them, with gradients, float64: test/golden/classification.json."""

import torch
import torch.nn.functional as F
from common import array, tensor, write

cases = []


def case(name, fn, x, target, options=None):
    """fn gives the losses of single samples; how a mean is taken is the same for all."""
    for reduction in ("mean", "sum", "none"):
        p = x.clone().requires_grad_()
        y = fn(p, target)
        y = y.mean() if reduction == "mean" else y.sum() if reduction == "sum" else y
        c = tensor(1, y.shape, 0.5, 1.5)
        (g,) = torch.autograd.grad((y * c).sum(), p)
        cases.append({"name": name, "reduction": reduction, "options": options or {}, "x": array(x), "target": array(target), "integer": not target.is_floating_point(), "cotangent": array(c), "output": array(y), "gradient": array(g)})


n, k = 6, 5
logits = tensor(30, [n, k], -4, 4)
large = tensor(31, [n, k], -30, 30)
labels = torch.tensor([0, 4, 2, 2, 1, 3])
pixels, pixel_labels = tensor(32, [2, 4, 3], -3, 3), torch.tensor([[0, 1, 3], [2, 2, 0]])
sigmoid_logits, bits = tensor(33, [4, 3], -5, 5), (tensor(34, [4, 3]) > 0).double()


def ce(z, y):
    return F.cross_entropy(z, y, reduction="none")


def p_of(z, y):
    return torch.softmax(z, 1).gather(1, y.unsqueeze(1)).squeeze(1)


def squentropy(z, y, w=1.0):
    wrong = 1 - F.one_hot(y, z.shape[1])
    return ce(z, y) + w * (wrong * z * z).sum(1) / (z.shape[1] - 1)


def rescaled(z, y, k, m):
    hot = F.one_hot(y, z.shape[1]).double()
    return ((z - m * hot) ** 2 * (1 + (k - 1) * hot)).mean(1)


case("squentropy", squentropy, logits, labels)
case("squentropy", lambda z, y: squentropy(z, y, 0.3), logits, labels, {"squareWeight": 0.3})
case("rescaledSquareLoss", lambda z, y: rescaled(z, y, 1, 1), logits, labels)
case("rescaledSquareLoss", lambda z, y: rescaled(z, y, 3, 5), logits, labels, {"correctWeight": 3, "correctTarget": 5})


def poly(z, y, eps, smoothing=0.0):
    q = (1 - smoothing) * F.one_hot(y, z.shape[1]).double().movedim(-1, 1) + smoothing / z.shape[1]
    miss = 1 - (q * torch.softmax(z, 1)).sum(1)
    return F.cross_entropy(z, y, reduction="none", label_smoothing=smoothing) + sum(e * miss ** (j + 1) for j, e in enumerate(eps))


def poly_focal(z, y, eps, gamma):
    p = p_of(z, y)
    return (1 - p) ** gamma * -torch.log(p) + sum(e * (1 - p) ** (gamma + j + 1) for j, e in enumerate(eps))


def sigmoid_focal(x, t, gamma, alpha, eps=()):
    p = torch.sigmoid(x)
    pt = p * t + (1 - p) * (1 - t)
    loss = F.binary_cross_entropy_with_logits(x, t, reduction="none") * (1 - pt) ** gamma
    return loss * (alpha * t + (1 - alpha) * (1 - t)) + sum(e * (1 - pt) ** (gamma + j + 1) for j, e in enumerate(eps))


case("polyLoss", lambda z, y: poly(z, y, [1]), logits, labels)
case("polyLoss", lambda z, y: poly(z, y, [-1, 0.5, 2]), logits, labels, {"coefficients": [-1, 0.5, 2]})
case("polyLoss", lambda z, y: poly(z, y, [2], 0.1), pixels, pixel_labels, {"coefficients": [2], "labelSmoothing": 0.1})
case("focalLoss", lambda z, y: poly_focal(z, y, [], 2), logits, labels)
case("focalLoss", lambda z, y: poly_focal(z, y, [], 0.5), logits, labels, {"gamma": 0.5})
case("polyFocalLoss", lambda z, y: poly_focal(z, y, [1], 2), logits, labels)
case("polyFocalLoss", lambda z, y: poly_focal(z, y, [-0.5, 1], 1.5), logits, labels, {"gamma": 1.5, "coefficients": [-0.5, 1]})
case("binaryFocalLoss", lambda x, t: sigmoid_focal(x, t, 2, 0.25), sigmoid_logits, bits, {"alpha": 0.25})
case("binaryPolyFocalLoss", lambda x, t: sigmoid_focal(x, t, 2, 0.25, [-0.8]), sigmoid_logits, bits, {"alpha": 0.25, "coefficients": [-0.8]})
case("maxSup", lambda z, y: ce(z, y) + 0.2 * (z.topk(1, 1).values.squeeze(1) - z.mean(1)), logits, labels, {"alpha": 0.2})


def acls(z, y, alpha=0.1, l1=1.0, l2=0.1, margin=10.0, smallest=False):
    top = z.max(1, keepdim=True).values
    hot = z == top
    base = z - (z.min(1, keepdim=True).values.detach() if smallest else 0)
    pos = torch.where(hot, torch.relu(base - margin) ** 2, 0).sum(1)
    neg = torch.where(hot, 0, torch.relu(top.detach() - z - margin) ** 2).sum(1) / (z.shape[1] - 1)
    return ce(z, y) + alpha * (l1 * pos + l2 * neg)


case("acls", acls, large, labels)
case("acls", lambda z, y: acls(z, y, 0.3, 0.5, 0.2, 4.0, True), large, labels, {"alpha": 0.3, "winnerWeight": 0.5, "loserWeight": 0.2, "margin": 4, "reference": "smallest"})
case("marginLabelSmoothing", lambda z, y: ce(z, y) + 0.1 * torch.relu(z.max(1, keepdim=True).values - z - 10).mean(1), large, labels)


def normalized(losses, y):
    return losses.gather(1, y.unsqueeze(1)).squeeze(1) / losses.sum(1)


def focal_all(z, detach):
    lp = torch.log_softmax(z, 1)
    w = (1 - lp.exp()) ** 0.5
    return (w.detach() if detach else w) * lp


case("normalizedCrossEntropy", lambda z, y: normalized(-torch.log_softmax(z, 1), y), logits, labels)
case("normalizedFocalLoss", lambda z, y: normalized(focal_all(z, False), y), logits, labels)
case("normalizedFocalLoss", lambda z, y: normalized(focal_all(z, True), y), logits, labels, {"detachWeight": True})
case("absoluteProbabilityError", lambda z, y: 1 - p_of(z, y), logits, labels)
case("normalizedAbsoluteProbabilityError", lambda z, y: (1 - p_of(z, y)) / (k - 1), logits, labels)
case("reverseCrossEntropy", lambda z, y: -(torch.softmax(z, 1) * torch.log(F.one_hot(y, k).double().clamp(1e-4, 1))).sum(1), logits, labels)
case("generalizedCrossEntropy", lambda z, y: (1 - p_of(z, y) ** 0.7) / 0.7, logits, labels)
case("normalizedGeneralizedCrossEntropy", lambda z, y: normalized(1 - torch.softmax(z, 1) ** 0.7, y), logits, labels)
case("activePassive", lambda z, y: 10 * normalized(-torch.log_softmax(z, 1), y) + 0.1 * (1 - p_of(z, y)), logits, labels, {"activeWeight": 10, "passiveWeight": 0.1})


def sparsemax(z):
    ordered, _ = torch.sort(z, 1, descending=True)
    rank = torch.arange(1, z.shape[1] + 1, dtype=z.dtype)
    size = (1 + rank * ordered > ordered.cumsum(1)).sum(1, keepdim=True)
    tau = (ordered.cumsum(1).gather(1, size - 1) - 1) / size
    return torch.clamp(z - tau, min=0), tau


def sparsemax_loss(z, y):
    p, tau = sparsemax(z)
    return -z.gather(1, y.unsqueeze(1)).squeeze(1) + 0.5 * ((z**2 - tau**2) * (p > 0)).sum(1) + 0.5


case("sparsemaxLoss", sparsemax_loss, tensor(35, [6, 5], -1, 1), labels)
write("classification.json", {"cases": cases})
