"""Losses of mixed examples, from their papers' published code, with gradients, float64: test/golden/mixing.json."""

import torch
import torch.nn.functional as F
from common import array, tensor, write

n, classes, views = 7, 5, 3
labels = torch.tensor([0, 3, 2, 2, 1, 4, 3])
partners = torch.tensor([[2, 3, 6, 0, 5, 1, 4], [1, 0, 2, 6, 3, 4, 5], [6, 5, 4, 2, 1, 3, 0]])
coefficients = [0.31, 0.86, 0.64]


def targets():
    """Mixed one-hot labels, [views, n, classes]."""
    hot = F.one_hot(labels, classes).double()
    return torch.stack([lam * hot + (1 - lam) * hot[p] for lam, p in zip(coefficients, partners)])


def ranking(logits, mixed, margin, probabilities):
    if probabilities:
        logits, mixed = torch.softmax(logits, -1), torch.softmax(mixed, -1)
    raw, views_of_it = logits.max(-1).values, mixed.max(-1).values
    # Where both labels are one, the two shares add to 1 but for rounding.
    different = (targets() > 1 - 1e-12).sum(-1) == 0
    return different * F.relu(views_of_it - raw + margin)


def ndcg(logits, mixed):
    raw, confidences = torch.softmax(logits, 1).max(1, keepdim=True).values, torch.softmax(mixed, 2).max(2).values.T
    shares = targets().max(2).values.T
    order = torch.argsort(shares, dim=1, descending=True, stable=True)
    weights = torch.log2(torch.arange(2, views + 3).double())
    dcg = (torch.cat([raw, confidences.gather(1, order)], 1) / weights).sum(1)
    ideal = (torch.cat([torch.ones_like(raw), shares.gather(1, order)], 1) / weights).sum(1)
    return 1 - torch.where(ideal > dcg, dcg / ideal, ideal / dcg)


def rank_case(name, fn, scale, **options):
    """Logits of small and of large scale: confidences below their shares, and above them."""
    logits, mixed = tensor(60, [n, classes], -scale, scale).requires_grad_(), tensor(61, [views, n, classes], -scale, scale).requires_grad_()
    output = fn(logits, mixed)
    cotangent = tensor(62, output.shape, 0.5, 1.5)
    gradients = torch.autograd.grad((output * cotangent).sum(), [logits, mixed])
    return {"name": name, "options": options, "logits": array(logits), "mixed": array(mixed), "cotangent": array(cotangent), "output": array(output), "gradients": [array(g) for g in gradients]}


rank = {
    "labels": labels.tolist(),
    "partners": partners.tolist(),
    "shares": coefficients,
    "cases": [
        rank_case("mixupNdcg", ndcg, 2),
        rank_case("mixupNdcg", ndcg, 12),
        rank_case("mixupRankingLoss", lambda z, m: ranking(z, m, 2, False), 3),
        rank_case("mixupRankingLoss", lambda z, m: ranking(z, m, 0.1, True), 3, margin=0.1, space="probability"),
    ],
}

def network(x, first, second):
    return torch.tanh(x @ first) @ second


def general():
    """Convex combinations of three examples: the loss of a network, and the gradients of its weights."""
    x, first, second = tensor(63, [n, 4]), tensor(64, [4, 6]).requires_grad_(), tensor(65, [6, classes]).requires_grad_()
    weights = [0.2, 0.5, 0.3]
    rows = torch.cat([torch.arange(n).unsqueeze(0), partners[:2]])
    mixed = sum(w * x[p] for w, p in zip(weights, rows))
    logits = network(mixed, first, second)
    loss = sum(w * F.cross_entropy(logits, labels[p]) for w, p in zip(weights, rows))
    gradients = torch.autograd.grad(loss, [first, second])
    return {"shares": weights, "partners": rows.tolist(), "x": array(x), "first": array(first), "second": array(second), "mixed": array(mixed), "loss": loss.item(), "gradients": [array(g) for g in gradients]}


def all_pairs(share):
    """The mean loss over all pairs, in a loop."""
    x, first, second = tensor(66, [4, 3]), tensor(67, [3, 5]).requires_grad_(), tensor(68, [5, classes]).requires_grad_()
    y = torch.tensor([1, 4, 1, 0])
    loss = 0
    for i in range(4):
        for j in range(4):
            z = network((share * x[i] + (1 - share) * x[j]).unsqueeze(0), first, second)
            loss = loss + share * F.cross_entropy(z, y[i : i + 1]) + (1 - share) * F.cross_entropy(z, y[j : j + 1])
    loss = loss / 16
    gradients = torch.autograd.grad(loss, [first, second])
    return {"share": share, "x": array(x), "labels": y.tolist(), "first": array(first), "second": array(second), "loss": loss.item(), "gradients": [array(g) for g in gradients]}


write("mixing.json", {"rank": rank, "general": general(), "allPairs": [all_pairs(0.5), all_pairs(0.3)]})
