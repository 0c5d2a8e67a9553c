"""Parameters under each optimizer, and schedules step by step, float64: test/golden/optimizers.json.

The problem: w [3, 4] = hash_uniform(1), b [4] = hash_uniform(2); loss = sum(log(1 + exp(3 (x w + b)))) / 8 + sum(w^4) / 4 + sum(b^2)
with x [8, 3] = hash_uniform(3). The second set of cases clips the gradients first.
"""

import torch
from common import array, tensor, write

x = tensor(3, [8, 3])
recorded = [1, 2, 3, 10, 25]
runs, schedules = [], []


def loss(w, b):
    return torch.log1p(torch.exp(3 * (x @ w + b))).sum() / 8 + (w**4).sum() / 4 + (b**2).sum()


def run(name, options, make, clip=None):
    w, b = tensor(1, [3, 4]).requires_grad_(), tensor(2, [4]).requires_grad_()
    optimizer = make([w, b])
    states = []
    for step in range(1, 26):
        optimizer.zero_grad()
        loss(w, b).backward()
        if clip:
            clip([w, b])
        optimizer.step()
        if step in recorded:
            states.append({"step": step, "w": array(w), "b": array(b)})
    runs.append({"name": name, "options": options, "states": states})


def both(name, torch_class, options, torch_options):
    run(name, options, lambda p: torch_class(p, **torch_options))


O = torch.optim
both("sgd", O.SGD, {"learningRate": 0.05}, {"lr": 0.05})
both("sgd", O.SGD, {"learningRate": 0.05, "momentum": 0.9}, {"lr": 0.05, "momentum": 0.9})
both("sgd", O.SGD, {"learningRate": 0.05, "momentum": 0.9, "nesterov": True, "weightDecay": 0.1}, {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1})
both("sgd", O.SGD, {"learningRate": 0.05, "momentum": 0.8, "dampening": 0.3}, {"lr": 0.05, "momentum": 0.8, "dampening": 0.3})
both("adam", O.Adam, {"learningRate": 0.02}, {"lr": 0.02})
both("adam", O.Adam, {"learningRate": 0.02, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-3, "weightDecay": 0.1}, {"lr": 0.02, "betas": (0.8, 0.95), "eps": 1e-3, "weight_decay": 0.1})
both("adam", O.Adam, {"learningRate": 0.2, "amsgrad": True}, {"lr": 0.2, "amsgrad": True})
both("adamW", O.AdamW, {"learningRate": 0.02}, {"lr": 0.02})
both("adamW", O.AdamW, {"learningRate": 0.02, "weightDecay": 0.1}, {"lr": 0.02, "weight_decay": 0.1})
both("rmsprop", O.RMSprop, {"learningRate": 0.01}, {"lr": 0.01})
both("rmsprop", O.RMSprop, {"learningRate": 0.01, "decay": 0.9, "momentum": 0.5, "weightDecay": 0.1}, {"lr": 0.01, "alpha": 0.9, "momentum": 0.5, "weight_decay": 0.1})
both("adagrad", O.Adagrad, {"learningRate": 0.1}, {"lr": 0.1})
run("clipByGlobalNorm", {"limit": 1.5, "learningRate": 0.05}, lambda p: O.SGD(p, lr=0.05), lambda p: torch.nn.utils.clip_grad_norm_(p, 1.5))
run("clipByValue", {"limit": 0.4, "learningRate": 0.05}, lambda p: O.SGD(p, lr=0.05), lambda p: torch.nn.utils.clip_grad_value_(p, 0.4))


def schedule(name, options, make, steps=40, lr=0.3):
    p = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimizer = O.SGD([p], lr=lr, momentum=0.9)
    scheduler = make(optimizer)
    values = []
    for _ in range(steps):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    schedules.append({"name": name, "value": lr, "options": options, "values": values})


L = O.lr_scheduler
schedule("stepDecay", {"every": 7, "factor": 0.5}, lambda o: L.StepLR(o, 7, 0.5))
schedule("multiStep", {"milestones": [5, 12, 30], "factor": 0.2}, lambda o: L.MultiStepLR(o, [5, 12, 30], 0.2))
schedule("exponential", {"factor": 0.9}, lambda o: L.ExponentialLR(o, 0.9))
schedule("cosine", {"steps": 40, "final": 0.01}, lambda o: L.CosineAnnealingLR(o, 40, 0.01))
schedule("linearWarmup", {"steps": 10, "start": 0.1}, lambda o: L.LinearLR(o, 0.1, 1.0, 10))
schedule("polynomial", {"steps": 30, "power": 2}, lambda o: L.PolynomialLR(o, 30, 2))
schedule("cosineWarmRestarts", {"period": 8, "final": 0.02}, lambda o: L.CosineAnnealingWarmRestarts(o, 8, 1, 0.02))
schedule("cosineWarmRestarts", {"period": 5, "growth": 2, "final": 0.02}, lambda o: L.CosineAnnealingWarmRestarts(o, 5, 2, 0.02))
for options, keywords in [({}, {}), ({"shape": "linear", "warmupShare": 0.4, "startDivisor": 10, "finalDivisor": 100}, {"anneal_strategy": "linear", "pct_start": 0.4, "div_factor": 10, "final_div_factor": 100}), ({"threePhases": True}, {"three_phase": True})]:
    schedule("oneCycle", {"steps": 40} | options, lambda o, k=keywords: L.OneCycleLR(o, 0.3, total_steps=40, cycle_momentum=False, **k), steps=39)
write("optimizers.json", {"runs": runs, "schedules": schedules})
