"""Losses and their gradients, float64: test/golden/losses.json."""

import torch
import torch.nn.functional as F
from common import array, tensor, write

cases = []


def case(name, fn, x, target, options=None, **extra):
    for reduction in ("mean", "sum", "none"):
        p = x.clone().requires_grad_()
        y = fn(p, target, reduction=reduction, **extra)
        c = tensor(1, y.shape, 0.5, 1.5)
        (g,) = torch.autograd.grad((y * c).sum(), p)
        cases.append({"name": name, "reduction": reduction, "options": options or {}, "x": array(x), "target": array(target), "integer": not target.is_floating_point(), "cotangent": array(c), "output": array(y), "gradient": array(g)})


n, k = 6, 5
logits = tensor(20, [n, k], -4, 4)
extreme = torch.tensor([[100.0, -100, 0, 1, 2], [-1e4, 1e4, 0, 0, 0], [5, 5, 5, 5, 5.0]], dtype=torch.float64)
labels = torch.tensor([0, 4, 2, 2, 1, 3])
soft = torch.softmax(tensor(21, [n, k], -2, 2), 1)
weight = tensor(22, [k], 0.2, 2)
case("crossEntropy", F.cross_entropy, logits, labels)
case("crossEntropy", F.cross_entropy, extreme, torch.tensor([1, 1, 3]))
case("crossEntropy", F.cross_entropy, logits, labels, {"labelSmoothing": 0.1}, label_smoothing=0.1)
case("crossEntropy", F.cross_entropy, logits, labels, {"ignoreIndex": 2}, ignore_index=2)
case("crossEntropy", F.cross_entropy, logits, labels, {"weight": array(weight)}, weight=weight)
case("crossEntropy", F.cross_entropy, logits, labels, {"weight": array(weight), "labelSmoothing": 0.2, "ignoreIndex": 1}, weight=weight, label_smoothing=0.2, ignore_index=1)
case("crossEntropy", F.cross_entropy, logits, soft)
case("crossEntropy", F.cross_entropy, logits, soft, {"labelSmoothing": 0.1}, label_smoothing=0.1)
case("crossEntropy", F.cross_entropy, logits, soft, {"weight": array(weight)}, weight=weight)
case("crossEntropy", F.cross_entropy, logits, labels, {"weight": array(weight), "ignoreIndex": 2}, weight=weight, ignore_index=2)
log_p = torch.log_softmax(logits, 1)
case("negativeLogLikelihood", F.nll_loss, log_p, labels, {"weight": array(weight)}, weight=weight)
case("negativeLogLikelihood", F.nll_loss, log_p, labels, {"weight": array(weight), "ignoreIndex": 2}, weight=weight, ignore_index=2)
case("crossEntropy", F.cross_entropy, tensor(23, [2, 4, 3], -3, 3), torch.tensor([[0, 1, 3], [2, 2, 0]]))
z, t = tensor(24, [4, 3], -5, 5), tensor(25, [4, 3], 0, 1)
case("binaryCrossEntropyWithLogits", F.binary_cross_entropy_with_logits, z, t)
case("binaryCrossEntropyWithLogits", F.binary_cross_entropy_with_logits, torch.tensor([100.0, -100, 1e4, -1e4], dtype=torch.float64), torch.tensor([1.0, 1, 0, 0], dtype=torch.float64))
p, w = tensor(26, [3], 0.5, 3), tensor(27, [4, 3], 0.1, 2)
case("binaryCrossEntropyWithLogits", F.binary_cross_entropy_with_logits, z, t, {"positiveWeight": array(p), "weight": array(w)}, pos_weight=p, weight=w)
a, b = tensor(28, [4, 5], -3, 3), tensor(29, [4, 5], -3, 3)
case("meanSquaredError", F.mse_loss, a, b)
case("meanAbsoluteError", F.l1_loss, a, b)
case("huber", F.huber_loss, a, b)
case("huber", F.huber_loss, a, b, {"delta": 0.7}, delta=0.7)
case("smoothL1", F.smooth_l1_loss, a, b)
case("smoothL1", F.smooth_l1_loss, a, b, {"beta": 0.4}, beta=0.4)
write("losses.json", {"cases": cases})
