"""Losses of distillation, from their papers' published code, with gradients, float64: test/golden/distillation.json."""

import torch
import torch.nn.functional as F
from common import array, tensor, write

n, d, classes = 6, 4, 3
labels = torch.tensor([0, 2, 1, 1, 0, 2])
teacher, means = tensor(71, [n, d], -1, 2), tensor(72, [classes, d], 0, 2)
teacher_logits = tensor(74, [n, classes], -4, 4)


def nd(student):
    losses = []
    for s, t, y in zip(student, teacher, labels):
        direction = means[y] / means[y].norm()
        losses.append(1 - s @ direction / max(s.norm(), t.norm()))
    return torch.stack(losses)


def direction(student):
    return 1 - F.cosine_similarity(student, means[labels], dim=1)


def distillation(student, temperature):
    kl = F.kl_div(F.log_softmax(student / temperature, 1), F.softmax(teacher_logits / temperature, 1), reduction="none")
    return kl.sum(1) * temperature**2


def case(name, fn, student, options=None):
    student = student.clone().requires_grad_()
    output = fn(student)
    cotangent = tensor(75, output.shape, 0.5, 1.5)
    (gradient,) = torch.autograd.grad((output * cotangent).sum(), student)
    return {"name": name, "options": options or {}, "student": array(student), "cotangent": array(cotangent), "output": array(output), "gradient": array(gradient)}


# Of both kinds: some students are longer than their teacher, some shorter.
features, logits = tensor(70, [n, d], -1, 2), tensor(73, [n, classes], -4, 4)
write(
    "distillation.json",
    {
        "labels": labels.tolist(),
        "teacher": array(teacher),
        "means": array(means),
        "teacherLogits": array(teacher_logits),
        "longer": (features.norm(dim=1) >= teacher.norm(dim=1)).tolist(),
        "cases": [
            case("ndLoss", nd, features),
            case("classDirectionLoss", direction, features),
            case("distillationLoss", lambda z: distillation(z, 4), logits),
            case("distillationLoss", lambda z: distillation(z, 1.5), logits, {"temperature": 1.5}),
        ],
    },
)
