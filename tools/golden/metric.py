"""Margins, metric learning and self-supervision, written in PyTorch as their papers define them, with gradients, float64: test/golden/metric.json."""

import math

import torch
import torch.nn.functional as F
from common import array, tensor, write

cases = []


def case(name, fn, x, target, options=None, tensors=None, reductions=("mean", "sum", "none")):
    """fn gives losses, or losses and which of them count: the mean is over those."""
    for reduction in reductions:
        p = x.clone().requires_grad_()
        y = fn(p, target)
        y, counted = y if isinstance(y, tuple) else (y, torch.ones_like(y, dtype=torch.bool))
        y = torch.where(counted, y, torch.zeros_like(y))
        y = y.sum() / counted.sum() if reduction == "mean" else y.sum() if reduction == "sum" else y
        c = tensor(1, y.shape, 0.5, 1.5)
        (g,) = torch.autograd.grad((y * c).sum(), p)
        given = {**(options or {}), **{k: array(v) for k, v in (tensors or {}).items()}}
        cases.append({"name": name, "reduction": reduction, "options": given, "x": array(x), "target": array(target), "integer": not target.is_floating_point(), "cotangent": array(c), "output": array(y), "gradient": array(g)})


x, labels = tensor(60, [6, 4], -2, 2), torch.tensor([0, 2, 1, 1, 0, 2])
w, subs = tensor(61, [3, 4]), tensor(62, [3, 2, 4])


def cosines(x, w):
    c = F.normalize(x, dim=-1) @ F.normalize(w, dim=-1).reshape(-1, x.shape[1]).T
    return c if w.ndim == 2 else c.reshape(x.shape[0], *w.shape[:2]).max(-1).values


def with_margin(c, y, fn, s):
    hot = F.one_hot(y, c.shape[1]).bool()
    return s * torch.where(hot, fn(c), c)


def arc(c, m, guard="linear"):
    moved = torch.cos(torch.acos(c) + m)
    if guard == "none":
        return moved
    return torch.where(c > 0, moved, c) if guard == "easy" else torch.where(c > math.cos(math.pi - m), moved, c - m * math.sin(m))


def ce(z, y):
    return F.cross_entropy(z, y, reduction="none")


case("arcFace", lambda x, y: ce(with_margin(cosines(x, w), y, lambda c: arc(c, 0.5), 8), y), x, labels, {"scale": 8}, {"weights": w})
case("arcFace", lambda x, y: ce(with_margin(cosines(x, w), y, lambda c: arc(c, 1.2, "easy"), 4), y), x, labels, {"scale": 4, "margin": 1.2, "guard": "easy"}, {"weights": w})
case("arcFace", lambda x, y: ce(with_margin(cosines(x, subs), y, lambda c: arc(c, 1.2), 4), y), x, labels, {"scale": 4, "margin": 1.2}, {"weights": subs})
case("arcFaceOfWeights", lambda w, y: ce(with_margin(cosines(x, w), y, lambda c: arc(c, 0.5, "none"), 8), y), w, labels, {"scale": 8, "guard": "none"}, {"features": x})
case("cosFace", lambda x, y: ce(with_margin(cosines(x, w), y, lambda c: c - 0.35, 8), y), x, labels, {"scale": 8}, {"weights": w})


def pairs(y):
    same = y[:, None] == y[None, :]
    return same & ~torch.eye(len(y), dtype=torch.bool), ~same


def circle(sp, sn, m, gamma, p, n):
    ap, an = (1 + m - sp).clamp(min=0).detach(), (sn + m).clamp(min=0).detach()
    lp = torch.where(p, -gamma * ap * (sp - 1 + m), torch.tensor(-math.inf, dtype=sp.dtype)).logsumexp(-1)
    ln = torch.where(n, gamma * an * (sn - m), torch.tensor(-math.inf, dtype=sp.dtype)).logsumexp(-1)
    return F.softplus(lp + ln)


case("circlePairLoss", lambda x, y: circle(cosines(x, x), cosines(x, x), 0.4, 20, *pairs(y)), x, labels, {"scale": 20})
case("circleOfClasses", lambda x, y: circle(cosines(x, w), cosines(x, w), 0.25, 12, F.one_hot(y).bool(), ~F.one_hot(y).bool()), x, labels, {"scale": 12}, {"weights": w})


def euclidean(x, y):
    d = (x[:, None] - y[None]).square().sum(-1)
    return torch.where(d > 0, d, torch.ones_like(d)).sqrt() * (d > 0)


def contrastive(d, y, m=1.0, mp=0.0):
    p, n = pairs(y)
    return torch.where(p, (d - mp).clamp(min=0), (m - d).clamp(min=0)) ** 2 / 2, p | n


def triplets(d, y, m, keep=lambda dp, dn: torch.tensor(True)):
    p, n = pairs(y)
    dp, dn = d[:, :, None], d[:, None, :]
    return (dp - dn + m).clamp(min=0), p[:, :, None] & n[:, None, :] & keep(dp, dn)


case("contrastiveLoss", lambda x, y: contrastive(euclidean(x, x), y, 3, 0.5), x, labels, {"margin": 3, "positiveMargin": 0.5})
case("contrastiveLoss, cosine", lambda x, y: contrastive(1 - cosines(x, x), y), x, labels)
case("tripletLoss", lambda x, y: triplets(euclidean(x, x), y, 0.2), x, labels)
case("tripletLoss, semi-hard, squared", lambda x, y: triplets(euclidean(x, x) ** 2, y, 5, lambda dp, dn: (dn > dp) & (dn < dp + 5)), x, labels, {"margin": 5})


def snr(x, y):
    return (x[:, None] - y[None]).var(-1, unbiased=False) / x.var(-1, unbiased=False)[:, None]


case("tripletLoss, 3-norm", lambda x, y: triplets(((x[:, None] - x[None]).abs() ** 3).sum(-1).add(torch.eye(6)).pow(1 / 3), y, 0.5), x, labels, {"margin": 0.5})
case("tripletLoss, signal to noise", lambda x, y: triplets(snr(x, x), y, 0.5), x, labels, {"margin": 0.5})


def adaface(x, w, y, mean, deviation, m=0.4, h=0.333, s=64.0, e=1e-3):
    norms = x.norm(dim=-1).detach().clamp(1e-3, 100)
    k = (h * (norms - mean) / (deviation + e)).clamp(-1, 1)[:, None]
    c = cosines(x, w).clamp(-1 + e, 1 - e)
    target = torch.cos((torch.acos(c) - m * k).clamp(e, math.pi - e)) - (m + m * k)
    return ce(with_margin(c, y, lambda _: target, s), y)


case("adaFace", lambda x, y: adaface(x, w, y, 2.0, 0.8, s=8.0), x, labels, {"scale": 8, "mean": 2, "deviation": 0.8}, {"weights": w})


def sphereface2(x, w, y, kind, b, m, r=40.0, t=3.0, lam=0.7, through=True, lw=1.0):
    """As the published code has it, lw C / r times a weighted mean over all logits; `through` takes adjustment and margin as constants."""
    c, hot = cosines(x, w), F.one_hot(y, len(w)).to(x.dtype)
    theta = torch.acos(c)
    theta = {"cosine": theta, "angular": theta + m * hot, "multiplicative": theta * (1 + (m - 1) * hot)}[kind].clamp(max=math.pi)
    g = 2 * ((torch.cos(theta) + 1) / 2) ** t - 1
    g = g - m * (2 * hot - 1) if kind == "cosine" else g
    u = r * (c + (g - c).detach() if through else g) + b
    weight = lw * len(w) / r * (lam * hot + (1 - lam) * (1 - hot))
    return F.binary_cross_entropy_with_logits(u, hot, weight=weight, reduction="none").mean(1)


for kind, b, m in (("cosine", 1.3, 0.4), ("angular", -0.5, 0.5), ("multiplicative", 0.2, 1.7)):
    for gradient in ("straightThrough", "analytic"):
        case("sphereFace2", lambda x, y: sphereface2(x, w, y, kind, b, m, r=6, through=gradient == "straightThrough"), x, labels, {"kind": kind, "bias": b, "margin": m, "scale": 6, "gradient": gradient}, {"weights": w}, reductions=("mean",))
case("sphereFace2", lambda x, y: sphereface2(x, w, y, "cosine", 0.4, 0.2, 12, 2, 0.6), x, labels, {"bias": 0.4, "margin": 0.2, "scale": 12, "exponent": 2, "positiveWeight": 0.6}, {"weights": w})
case("sphereFace2OfWeights", lambda w, y: sphereface2(x, w, y, "cosine", 1.3, 0.4, 6), w, labels, {"bias": 1.3, "scale": 6}, {"features": x}, reductions=("mean",))


def sface(x, w, y, s=64.0, k=80.0, a=0.8, b=1.23):
    c, hot = cosines(x, w), F.one_hot(y, len(w)).bool()
    with torch.no_grad():
        theta = torch.acos(c)
        weight = torch.where(hot, 1 / (1 + torch.exp(-k * (theta - a))), 1 / (1 + torch.exp(k * (theta - b))))
    return torch.where(hot, -weight * s * c, weight * s * c).sum(1)


case("sFace", lambda x, y: sface(x, w, y), x, labels, {}, {"weights": w})
case("sFace", lambda x, y: sface(x, w, y, 8, 5, 1.1, 1.6), x, labels, {"scale": 8, "steepness": 5, "intraAngle": 1.1, "interAngle": 1.6}, {"weights": w}, reductions=("mean",))


def macl(x, y, t0=0.1, alpha=0.5, a0=0.0, reweight=True):
    """Both views, the positive first among the logits of each row; temperature and weights are constants."""
    z, n = F.normalize(torch.cat([x, y]), dim=-1), len(x)
    c = z @ z.T
    keep = torch.ones_like(c, dtype=torch.bool)
    for k in (0, n, -n):
        keep.diagonal(k)[:] = False
    positive = torch.cat([c.diagonal(n), c.diagonal(-n)])[:, None]
    t = t0 * (1 + alpha * (positive.detach().mean() - a0))
    log_p = F.log_softmax(torch.cat([positive, c[keep].view(2 * n, -1)], 1) / t, 1)[:, 0]
    return -log_p / (1 - log_p.detach().exp() + 1e-8) if reweight else -log_p


another = tensor(67, [6, 4], -2, 2)
case("macl", lambda x, y: macl(x, y), x, another)
case("macl", lambda x, y: macl(x, y, 0.3, 1.0, 0.2), x, another, {"temperature": 0.3, "adaptation": 1, "threshold": 0.2}, reductions=("mean",))
case("macl", lambda x, y: macl(x, y, 0.3, reweight=False), x, another, {"temperature": 0.3, "reweight": False}, reductions=("mean",))


def harmonic(x, w, y, n, eps):
    """As the published layer has it: squared distances over the least of each row, to the power -n, normalised."""
    d = w.square().sum(-1)[None] + x.square().sum(-1)[:, None] - 2 * x @ w.T + eps
    p = (d / d.min(-1, keepdim=True).values) ** -n
    return -torch.log((p / p.sum(-1, keepdim=True)).gather(1, y[:, None]).squeeze(1))


case("harmonicLoss", lambda x, y: harmonic(x, w, y, 1, 1e-4), x, labels, {}, {"weights": w})
case("harmonicLoss", lambda x, y: harmonic(x, w, y, 3.5, 1e-2), x, labels, {"exponent": 7, "epsilon": 1e-2}, {"weights": w}, reductions=("mean",))
case("harmonicOfWeights", lambda w, y: harmonic(x, w, y, 2, 1e-4), w, labels, {"exponent": 4}, {"features": x}, reductions=("mean",))


def tcm(x, y, mp=0.9, mn=0.5, lp=1.0, ln=1.0):
    """Means over the hard pairs alone, whose number is no part of the derivative."""
    s = cosines(x, x)
    p, n = (s[mask] for mask in pairs(y))
    p, n = p[p <= mp], n[n >= mn]
    return lp * (mp - p).sum() / max(len(p), 1) + ln * (n - mn).sum() / max(len(n), 1)


case("thresholdConsistentMargin", lambda x, y: tcm(x, y), x, labels, reductions=("mean",))
case("thresholdConsistentMargin", lambda x, y: tcm(x, y, 0.3, -0.2, 2.0, 0.5), x, labels, {"positiveMargin": 0.3, "negativeMargin": -0.2, "positiveWeight": 2, "negativeWeight": 0.5}, reductions=("mean",))


def unpg(x, w, y, s, whisker):
    z = F.normalize(x, dim=-1)
    i, j = torch.triu_indices(len(y), len(y), 1)
    sims = (z @ z.T)[i, j][y[i] != y[j]]
    ordered = sims.detach().sort().values
    q1, q3 = ordered[len(ordered) // 4], ordered[3 * len(ordered) // 4]
    kept = sims[(sims >= q1 - whisker * (q3 - q1)) & (sims <= q3 + whisker * (q3 - q1))]
    c = with_margin(cosines(x, w), y, lambda c: c - 0.35, 1)
    return ce(s * torch.cat([c, kept.expand(len(y), -1)], 1), y)


case("unpg", lambda x, y: unpg(x, w, y, 8, 1.5), x, labels, {"scale": 8}, {"weights": w})
case("unpg", lambda x, y: unpg(x, w, y, 8, 0.2), x, labels, {"scale": 8, "whisker": 0.2}, {"weights": w})


def tico(z, zt, c0, beta, rho, through):
    a, b = F.normalize(z, dim=-1), F.normalize(zt, dim=-1)
    own = a.T @ a / len(a)
    c = beta * c0 + (1 - beta) * (own if through else own.detach())
    return 1 - (a * b).sum(-1) + rho * ((a @ c) * a).sum(-1)


second = tensor(63, [6, 4], -2, 2)
c0 = tensor(64, [4, 4], 0, 0.3)
c0 = (c0 + c0.T) / 2
case("tico", lambda x, t: tico(x, t, c0, 0.9, 8, False), x, second, {}, {"covariance": c0})
case("tico", lambda x, t: tico(x, t, c0, 0.7, 20, True), x, second, {"decay": 0.7, "covarianceWeight": 20, "throughCovariance": True}, {"covariance": c0})


def iter_norm(z, t):
    z = z - z.mean(-1, keepdim=True)
    s = z @ z.T / (z.shape[1] - 1)
    tr, p = s.diagonal().sum(), torch.eye(len(z), dtype=z.dtype)
    for _ in range(t):
        p = 1.5 * p - 0.5 * p @ p @ p @ (s / tr)
    return p / tr.sqrt() @ z


def intl(a, b, axis, t, beta):
    x, y = (iter_norm(z if axis == "channel" else z.T, t) for z in (a, b))
    trace = lambda v: ((v.var(-1) - 1) ** 2).sum()
    if axis == "batch":
        align = 2 - 2 * F.cosine_similarity(x.T, y.T, dim=-1).mean()
    else:
        align = 2 - 2 * F.cosine_similarity(x, y, dim=-1).mean()
    return align + beta * (trace(x) + trace(y))


wide, wide2 = tensor(65, [3, 7], -2, 2), tensor(66, [3, 7], -2, 2)
case("intl", lambda x, t: intl(x, t, "channel", 4, 0.05), wide, wide2, {"traceWeight": 0.05}, reductions=("mean",))
case("intl", lambda x, t: intl(x, t, "batch", 3, 0.1), x, second, {"axis": "batch", "iterations": 3, "traceWeight": 0.1}, reductions=("mean",))


def neural_ndcg(scores, relevance, mask, tau=1.0, k=None, exponential=True, rounds=50):
    """Each list by itself without its padding: relaxed sort, Sinkhorn scaling until sums are 1, minus the discounted gain over the ideal one."""
    losses, counted = [], []
    for s, y, m in zip(scores, relevance, mask):
        s, y = s[m], y[m]
        n, i = len(s), torch.arange(1, m.sum() + 1, dtype=scores.dtype)
        p = torch.softmax(((n + 1 - 2 * i)[:, None] * s - (s[:, None] - s).abs().sum(0)) / tau, -1)
        for _ in range(rounds):
            p = p / p.sum(0, keepdim=True)
            p = p / p.sum(1, keepdim=True)
        gain = 2**y - 1 if exponential else y
        d = torch.where(i <= (k or n), 1 / torch.log2(i + 1), 0)
        ideal = (gain.sort(descending=True).values * d).sum()
        counted.append(ideal > 0)
        losses.append(-((p @ gain) * d).sum() / ideal if ideal > 0 else s.sum() * 0)
    return torch.stack(losses), torch.stack(counted)


lists = tensor(67, [4, 6], -1, 1)
grades = torch.tensor([[0, 2, 1, 4, 0, 3], [1, 0, 0, 2, 2, 0], [0, 0, 0, 0, 0, 0], [3, 0, 1, 0, 4, 2]], dtype=torch.float64)
there = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 0, 1, 1, 1, 0], [1, 1, 1, 1, 1, 1], [0, 1, 1, 0, 1, 0]]).bool()
case("neuralNdcg", lambda x, y: neural_ndcg(x, y, there), lists, grades, {}, {"there": there.double()})
case("neuralNdcg", lambda x, y: neural_ndcg(x, y, there, 0.5, 2, False), lists, grades, {"temperature": 0.5, "truncation": 2, "gain": "linear"}, {"there": there.double()})


def nce(v, index, noise, bank, z, tau, eps=1e-7):
    """Noise-contrastive loss with the posterior of the data, noise uniform over the bank."""
    m, n = noise.shape[1], len(bank)
    p = (bank[index] * v).sum(-1).div(tau).exp() / z
    q = (bank[noise] * v[:, None]).sum(-1).div(tau).exp() / z
    return -(p / (p + m / n + eps)).log() - ((m / n) / (q + m / n + eps)).log().sum(-1)


bank, draws = tensor(68, [7, 4]), torch.tensor([[0, 3, 6], [2, 2, 1], [5, 4, 3], [1, 6, 0], [0, 5, 2], [4, 1, 6]])
case("instanceNce", lambda x, y: nce(F.normalize(x, dim=-1), y, draws, bank, 9.0, 0.07), x, labels, {"z": 9}, {"bank": bank, "noise": draws.double()})
case("instanceNce", lambda x, y: nce(F.normalize(x, dim=-1), y, draws, bank, 30.0, 0.5, 0.01), x, labels, {"z": 30, "temperature": 0.5, "epsilon": 0.01}, {"bank": bank, "noise": draws.double()})


def sigmoid_pairs(x, y, positive, t, b):
    logits = F.normalize(x, dim=-1) @ F.normalize(y, dim=-1).T * math.exp(t) + b
    return -F.logsigmoid(torch.where(positive, 1, -1) * logits).sum(-1)


together = tensor(69, [6, 6]) > 0.4
case("sigmoidPairLoss", lambda x, y: sigmoid_pairs(x, y, torch.eye(6, dtype=torch.bool), math.log(10), -10), x, second)
case("sigmoidPairLoss", lambda x, y: sigmoid_pairs(x, y, torch.eye(6, dtype=torch.bool), 0.7, -1.5), x, second, {"logScale": 0.7, "bias": -1.5})
case("sigmoidPairLoss, pairs", lambda x, y: sigmoid_pairs(x, y, together, math.log(10), -10), x, second, {}, {"pairs": together.double()})

write("metric.json", {"cases": cases})
