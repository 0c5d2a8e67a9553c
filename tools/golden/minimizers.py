"""The minimum of a regularised logistic regression by torch.optim.LBFGS (strong Wolfe), and its path on Rosenbrock's function: test/golden/minimizers.json."""

import torch
from common import array, tensor, write

x, labels = tensor(70, [40, 5]), (tensor(71, [40]) > 0).double()
w = torch.zeros(6, dtype=torch.float64, requires_grad=True)


def loss():
    logits = x @ w[:5] + w[5]
    return torch.nn.functional.binary_cross_entropy_with_logits(logits, labels) + 0.01 * (w[:5] ** 2).sum()


def minimise(parameter, function):
    optimizer = torch.optim.LBFGS([parameter], max_iter=500, tolerance_grad=1e-12, tolerance_change=1e-18, line_search_fn="strong_wolfe")
    evaluations = 0

    def closure():
        nonlocal evaluations
        evaluations += 1
        optimizer.zero_grad()
        value = function()
        value.backward()
        return value

    optimizer.step(closure)
    return {"x": array(parameter), "value": function().item(), "evaluations": evaluations}


p = torch.tensor([-1.2, 1.0] * 5, dtype=torch.float64, requires_grad=True)


def rosenbrock():
    return (100 * (p[1:] - p[:-1] ** 2) ** 2 + (1 - p[:-1]) ** 2).sum()


write("minimizers.json", {"logistic": minimise(w, loss), "rosenbrock": minimise(p, rosenbrock)})
