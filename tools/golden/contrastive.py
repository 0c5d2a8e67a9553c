"""Contrastive losses of labels and views, written in PyTorch as their papers and the authors' code define them, with gradients, float64:
test/golden/contrastive.json."""

import torch
import torch.nn.functional as F
from common import array, tensor, write

cases = []


def case(name, fn, x, target, options=None, reductions=("mean", "sum", "none")):
    """fn gives losses and which of them count for the mean."""
    for reduction in reductions:
        p = x.clone().requires_grad_()
        y, counted = fn(p, target)
        y = y.sum() / counted.sum() if reduction == "mean" else y.sum() if reduction == "sum" else y
        c = tensor(1, y.shape, 0.5, 1.5)
        (g,) = torch.autograd.grad((y * c).sum(), p)
        cases.append({"name": name, "reduction": reduction, "options": options or {}, "x": array(x), "target": array(target), "integer": not target.is_floating_point(), "cotangent": array(c), "output": array(y), "gradient": array(g)})


def supervised(tau, inside=False, base=None, anchors=None, skip=False, unit=True):
    """Each anchor's mean over its positives of the log-probability among all other rows, or the logarithm of the mean probability."""

    def fn(x, y):
        z = F.normalize(x, dim=1) if unit else x
        n = len(z)
        k = n if anchors is None else anchors
        others = ~torch.eye(n, dtype=torch.bool)[:k]
        scores = (z[:k] @ z.T / tau).masked_fill(~others, -torch.inf)
        logp = scores - torch.logsumexp(scores, 1, keepdim=True)
        positive = (y[:k, None] == y[None]) & others
        count = positive.sum(1)
        has = count > 0
        if inside:
            loss = -torch.logsumexp(logp.masked_fill(~positive, -1e30), 1) + count.clamp(min=1).double().log()
        else:
            loss = -torch.where(positive, logp, 0.0).sum(1) / count.clamp(min=1)
        loss = torch.where(has, loss, 0.0)
        loss = loss if base is None else loss * tau / base
        return loss, has if skip else torch.ones_like(has)

    return fn


x, labels = tensor(601, [9, 4], -2, 2), torch.tensor([0, 2, 1, 1, 0, 2, 3, 2, 0])
case("supCon", supervised(0.1), x, labels)
case("supCon", supervised(0.07, base=0.07), x, labels, {"temperature": 0.07, "baseTemperature": 0.07}, ("mean",))
case("supCon", supervised(0.5, base=0.07), x, labels, {"temperature": 0.5, "baseTemperature": 0.07})
case("supCon", supervised(0.5, anchors=4), x, labels, {"temperature": 0.5, "anchors": 4})
case("supCon", supervised(0.5, anchors=7, skip=True, base=0.1), x, labels, {"temperature": 0.5, "anchors": 7, "emptyAnchors": "skip", "baseTemperature": 0.1, "chunk": 3})
case("supCon", supervised(0.2, inside=True, skip=True), x, labels, {"temperature": 0.2, "form": "in", "emptyAnchors": "skip"})
case("supCon", supervised(0.2, inside=True, anchors=5), x, labels, {"temperature": 0.2, "form": "in", "anchors": 5})
case("supCon", supervised(2.0, unit=False), x, labels, {"temperature": 2.0, "normalize": False})


def two_views(tau):
    def fn(x, y):
        losses, _ = supervised(tau)(torch.cat([x, y]), torch.arange(len(x)).repeat(2))
        return losses, torch.ones_like(losses)

    return fn


def partners(tau, symmetric):
    def fn(x, y):
        scores = F.normalize(x, dim=1) @ F.normalize(y, dim=1).T / tau
        own = torch.arange(len(x))
        loss = F.cross_entropy(scores, own, reduction="none")
        loss = (loss + F.cross_entropy(scores.T, own, reduction="none")) / 2 if symmetric else loss
        return loss, torch.ones_like(loss)

    return fn


other = tensor(602, [9, 4], -2, 2)
case("ntXent", two_views(0.5), x, other)
case("ntXent", two_views(0.1), x, other, {"temperature": 0.1}, ("mean",))
case("infoNCE", partners(0.1, False), x, other)
case("infoNCE", partners(0.3, True), x, other, {"temperature": 0.3, "symmetric": True}, ("mean",))

write("contrastive.json", {"cases": cases})
