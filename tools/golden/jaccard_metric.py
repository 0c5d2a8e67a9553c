"""Jaccard metric losses and smoothed boundaries, as their authors' code defines them, with gradients, float64: test/golden/jaccard_metric.json."""

import torch
import torch.nn.functional as F
from common import array, tensor, write


def sums(p, y, axes):
    return p.abs().sum(axes), y.abs().sum(axes), (p - y).abs().sum(axes), (p * y).sum(axes)


def loss(kind, logits, y, smooth=1e-3, ignore=None, weight=None):
    """Sums over the batch; the mean is over classes that are there for integer labels, over all for soft ones."""
    classes = logits.shape[1]
    p = torch.log_softmax(logits, 1).exp()
    hard = not y.is_floating_point()
    target = F.one_hot(y.clamp(0, classes - 1), classes).double().movedim(-1, 1) if hard else y
    if ignore is not None:
        keep = (y != ignore).unsqueeze(1)
        p, target = p * keep, target * keep
    axes = [0] + list(range(2, p.dim()))
    px, py, apart, both = sums(p, target, axes)
    tp = (px + py - apart) / 2
    fp, fn = px - tp, py - tp
    if kind == "jaccardMetricLoss2":
        score = (both + smooth) / (both + apart + smooth)
    else:
        w = 1 if kind == "jaccardMetricLoss" else 0.5
        score = (tp + smooth) / (tp + w * fp + w * fn + smooth)
    losses = 1 - score
    active = target.amax(axes) > 0.01 if hard else torch.ones(classes, dtype=torch.bool)
    shares = active.double() * (1 if weight is None else weight)
    return (losses * shares).sum() / shares.sum()


def case(kind, logits, y, options=None, **rest):
    x = logits.clone().requires_grad_()
    output = loss(kind, x, y, **rest)
    (gradient,) = torch.autograd.grad(output, x)
    return {"name": kind, "options": options or {}, "x": array(x), "y": array(y), "hard": not y.is_floating_point(), "output": output.item(), "gradient": array(gradient)}


logits = tensor(80, [2, 4, 3, 2], -3, 3)
# The third class is nowhere.
labels = torch.tensor([[[0, 1], [1, 3], [0, 0]], [[3, 3], [1, 0], [0, 1]]])
soft = torch.softmax(tensor(81, [2, 4, 3, 2], -2, 2), 1)
ignored = labels.clone()
ignored[0, 1, 1] = ignored[1, 0, 0] = 4


def smoothed(y, classes, smoothing, k, ignore=None):
    hot = F.one_hot(y, classes + 1).movedim(-1, 1).double()
    kept, gone = hot[:, :-1], hot[:, -1]
    eroded = -F.max_pool2d(-kept, k, 1, k // 2)
    boundary = (kept != eroded).any(1) & ~(F.max_pool2d(gone.unsqueeze(1), k, 1, k // 2).squeeze(1) > 0)
    result = torch.where(boundary.unsqueeze(1), (1 - smoothing) * kept + smoothing / classes, kept)
    options = {"classes": classes, "smoothing": smoothing, "window": k, **({} if ignore is None else {"ignoreIndex": ignore})}
    return {"labels": array(y), "options": options, "output": array(result)}


blocks = torch.tensor([[[0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 1, 1], [2, 2, 2, 2, 2, 2], [2, 2, 2, 2, 2, 2]]])
holes = blocks.clone()
holes[0, 0, 3] = holes[0, 4, 0] = 3
write(
    "jaccard_metric.json",
    {
        "cases": [
            *[case(kind, logits, y) for kind in ("jaccardMetricLoss", "jaccardMetricLoss2", "diceSemimetricLoss") for y in (labels, soft)],
            case("jaccardMetricLoss", logits, labels, {"smooth": 1}, smooth=1),
            case("jaccardMetricLoss", logits, ignored, {"ignoreIndex": 4}, ignore=4),
        ],
        "smoothed": [smoothed(blocks, 3, 0.5, 3), smoothed(blocks, 3, 0.2, 5), smoothed(holes, 3, 0.5, 3, 3)],
    },
)
