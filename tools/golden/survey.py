"""Losses of many fields, by PyTorch where it has them, else written as their papers define them, with gradients, float64: test/golden/survey.json."""

import math

import torch
import torch.nn.functional as F
from common import array, tensor, write

cases = []


def case(name, fn, x, target, options=None, tensors=None):
    for reduction in ("mean", "sum", "none"):
        p = x.clone().requires_grad_()
        y = fn(p, target)
        y = y.mean() if reduction == "mean" else y.sum() if reduction == "sum" else y
        c = tensor(1, y.shape, 0.5, 1.5)
        (g,) = torch.autograd.grad((y * c).sum(), p)
        given = {**(options or {}), **{k: array(v) for k, v in (tensors or {}).items()}}
        cases.append({"name": name, "reduction": reduction, "options": given, "x": array(x), "target": array(target), "integer": not target.is_floating_point(), "cotangent": array(c), "output": array(y), "gradient": array(g)})


none = {"reduction": "none"}
a, b = tensor(40, [4, 5], -3, 3), tensor(41, [4, 5], -3, 3)
rates, counts = tensor(42, [4, 5], 0.1, 5), tensor(43, [4, 5], 0, 6).round()
case("logCosh", lambda x, t: torch.log(torch.cosh(x - t)), a, b)
case("quantileLoss", lambda x, t: torch.maximum(0.9 * (t - x), -0.1 * (t - x)), a, b, {"level": 0.9})
case("poissonLoss", lambda x, t: F.poisson_nll_loss(x, t, log_input=False, eps=0, **none), rates, counts)
case("poissonLoss", lambda x, t: F.poisson_nll_loss(x, t, log_input=True, full=True, **none), a, counts, {"logRate": True, "stirling": True})
case("wing", lambda x, t: torch.where((x - t).abs() < 2, 2 * torch.log(1 + (x - t).abs() / 0.5), (x - t).abs() - 2 + 2 * math.log(5)), a, b, {"width": 2, "curvature": 0.5})
case("berHu", lambda x, t: torch.where((x - t).abs() <= 1.5, (x - t).abs(), ((x - t) ** 2 + 2.25) / 3), a, b, {"threshold": 1.5})

logits, labels = tensor(44, [6, 5], -4, 4), torch.tensor([0, 4, 2, 2, 1, 3])
signs = torch.sign(tensor(45, [4, 5]))
case("hinge", lambda z, u: torch.clamp(1 - u * z, min=0), a, signs)
case("multiclassHinge", lambda z, y: F.multi_margin_loss(z, y, margin=0.7, **none) * 5 / 4, logits, labels, {"margin": 0.7})
case("negativeLogLikelihood", lambda z, y: F.nll_loss(z, y, **none), torch.log_softmax(logits, 1), labels)
case("marginRanking", lambda x, u: F.margin_ranking_loss(x, b, u, margin=0.5, **none), a, signs, {"margin": 0.5}, {"other": b})
case("cosineEmbedding", lambda x, u: F.cosine_embedding_loss(x, b, u, margin=0.2, **none), a, signs[:, 0], {"margin": 0.2}, {"other": b})
case("gaussianKl", lambda m, v: torch.distributions.kl_divergence(torch.distributions.Normal(m, torch.exp(v / 2)), torch.distributions.Normal(torch.zeros_like(m), torch.ones_like(m))).sum(1), a, b)

corner, size = tensor(46, [7, 2], 0, 3), tensor(47, [7, 2], 0.5, 4)
corner2, size2 = tensor(48, [7, 2], 0, 3), tensor(49, [7, 2], 0.5, 4)
boxes, others = torch.cat([corner, corner + size], 1), torch.cat([corner2, corner2 + size2], 1)


def box_parts(p, t):
    low, high = torch.maximum(p[:, :2], t[:, :2]), torch.minimum(p[:, 2:], t[:, 2:])
    inter = (high - low).clamp(min=0).prod(1)
    union = (p[:, 2:] - p[:, :2]).prod(1) + (t[:, 2:] - t[:, :2]).prod(1) - inter
    hull = torch.maximum(p[:, 2:], t[:, 2:]) - torch.minimum(p[:, :2], t[:, :2])
    centre = (((p[:, 2:] + p[:, :2]) - (t[:, 2:] + t[:, :2])) / 2).square().sum(1)
    return inter / union, union, hull, centre / hull.square().sum(1)


def giou(p, t):
    iou, union, hull, _ = box_parts(p, t)
    return 1 - iou + (hull.prod(1) - union) / hull.prod(1)


def ciou(p, t):
    iou, _, _, distance = box_parts(p, t)
    angle = lambda x: torch.atan((x[:, 2] - x[:, 0]) / (x[:, 3] - x[:, 1]))
    v = 4 / math.pi**2 * (angle(t) - angle(p)) ** 2
    alpha = (v / (1 - iou + v)).detach()
    return 1 - iou + distance + alpha * v


case("iouLoss", lambda p, t: 1 - box_parts(p, t)[0], boxes, others)
case("generalizedIouLoss", giou, boxes, others)
case("distanceIouLoss", lambda p, t: 1 - box_parts(p, t)[0] + box_parts(p, t)[3], boxes, others)
case("completeIouLoss", ciou, boxes, others)

masses, masks = tensor(50, [2, 3, 4, 5], 0.02, 0.98), (tensor(51, [2, 3, 4, 5]) > 0).double()
case("diceLoss", lambda p, t: 1 - (2 * (p * t).sum((2, 3)) + 1) / (p.sum((2, 3)) + t.sum((2, 3)) + 1), masses, masks, {"smooth": 1})
case("jaccardLoss", lambda p, t: 1 - (p * t).sum((2, 3)) / (p + t - p * t).sum((2, 3)), masses, masks)
case("tverskyLoss", lambda p, t: 1 - (p * t).sum((2, 3)) / ((p * t).sum((2, 3)) + 0.3 * (p * (1 - t)).sum((2, 3)) + 0.7 * ((1 - p) * t).sum((2, 3))), masses, masks)


def lovasz_weights(sorted_mask):
    total = sorted_mask.sum()
    jaccard = 1 - (total - sorted_mask.cumsum(0)) / (total + (1 - sorted_mask).cumsum(0))
    return torch.cat([jaccard[:1], jaccard[1:] - jaccard[:-1]])


def lovasz_hinge(z, t):
    out = []
    for score, mask in zip(z.flatten(1), t.flatten(1)):
        errors, order = torch.sort(1 - score * (2 * mask - 1), descending=True)
        out.append(torch.dot(F.relu(errors), lovasz_weights(mask[order])))
    return torch.stack(out)


case("lovaszHinge", lovasz_hinge, tensor(52, [2, 3, 4], -2, 2), (tensor(53, [2, 3, 4]) > 0).double())

steps, width = 7, 5
lp, words = tensor(54, [3, steps, width], -2, 2), torch.tensor([[1, 2, 2, 0], [3, 3, 1, 4], [2, 0, 0, 0]])
input_lengths, label_lengths = torch.tensor([7, 6, 5]), torch.tensor([3, 4, 1])
case("ctcLoss", lambda z, y: F.ctc_loss(torch.log_softmax(z, -1).transpose(0, 1), y, input_lengths, label_lengths, blank=0, **none), lp, words, {}, {"inputLengths": input_lengths.double(), "labelLengths": label_lengths.double()})

x, y = tensor(55, [2, 1, 20, 21], 0, 1), tensor(56, [2, 1, 20, 21], 0, 1)
y = 0.7 * x + 0.3 * y


def ssim_parts(x, y, size, sigma):
    g = torch.exp(-((torch.arange(size, dtype=torch.float64) - size // 2) ** 2) / (2 * sigma**2))
    g = (g / g.sum()).reshape(1, 1, -1)
    window = (g.transpose(1, 2) @ g).reshape(1, 1, size, size).expand(x.shape[1], 1, size, size)
    mean = lambda u: F.conv2d(u, window, groups=x.shape[1])
    mx, my = mean(x), mean(y)
    vx, vy, vxy = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    return (2 * mx * my + 1e-4) / (mx**2 + my**2 + 1e-4), (2 * vxy + 9e-4) / (vx + vy + 9e-4)


def ms_ssim(x, y, weights, size, sigma):
    value = 1
    for i, w in enumerate(weights):
        if i:
            x, y = F.avg_pool2d(x, 2), F.avg_pool2d(y, 2)
        l, cs = ssim_parts(x, y, size, sigma)
        value = value * torch.relu((l * cs if i == len(weights) - 1 else cs).mean((2, 3))) ** w
    return 1 - value.mean(1)


case("ssimLoss", lambda p, t: 1 - (lambda l, c: (l * c).mean((1, 2, 3)))(*ssim_parts(p, t, 11, 1.5)), x, y)
case("msSsimLoss", lambda p, t: ms_ssim(p, t, [0.2, 0.3, 0.5], 5, 1.0), x, y, {"weights": [0.2, 0.3, 0.5], "windowSize": 5, "sigma": 1})


def neural_ndcg(s, y, tau=1.0, k=5, iterations=50):
    n = s.shape[1]
    distances = (s.unsqueeze(2) - s.unsqueeze(1)).abs().sum(1)
    rank = torch.arange(1, n + 1, dtype=s.dtype)
    order = torch.softmax(((n + 1 - 2 * rank)[:, None] * s.unsqueeze(1) - distances.unsqueeze(1)) / tau, -1)
    for _ in range(iterations):
        order = order / order.sum(1, keepdim=True)
        order = order / order.sum(2, keepdim=True)
    gain, discount = 2**y - 1, (rank <= k) / torch.log2(rank + 1)
    ideal = (gain.sort(1, descending=True).values * discount).sum(1)
    return -((order @ gain.unsqueeze(2)).squeeze(2) * discount).sum(1) / ideal


case("neuralNdcg", neural_ndcg, tensor(57, [3, 6], -2, 2), tensor(58, [3, 6], 0, 4.4).round(), {"truncation": 5})
write("survey.json", {"cases": cases})
