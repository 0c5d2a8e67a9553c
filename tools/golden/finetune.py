"""A small convolutional network by PyTorch, exported in training mode, and what six steps of SGD make of it: test/golden/finetune.json."""

import base64
import io
import warnings

import onnx
import torch
from common import array, tensor, write
from torch import nn

warnings.filterwarnings("ignore")


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 4, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(4, momentum=0.2)
        self.blocks = nn.ModuleList([nn.Sequential(nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4)) for _ in range(2)])
        self.hidden = nn.Linear(4, 6)
        self.classifier = nn.Linear(6, 3)

    def forward(self, x):
        x = torch.relu(self.norm(self.conv(x)))
        for block in self.blocks:
            x = x + torch.relu(block(x))
        return self.classifier(torch.tanh(self.hidden(x.mean([2, 3]))))


def network():
    model = Network()
    with torch.no_grad():
        for i, (name, value) in enumerate(model.named_parameters()):
            low, high = (0.5, 1.5) if "norm.weight" in name or ".1.weight" in name else (-0.6, 0.6)
            value.copy_(tensor(600 + i, value.shape, low, high, torch.float32))
    return model


x = tensor(650, [24, 2, 5, 5], dtype=torch.float32)
labels = (torch.arange(24) * 7) % 3


def trained(select, steps=6):
    model = network()
    model.train()
    chosen = [(name, value) for name, value in model.named_parameters() if select(name)]
    optimizer = torch.optim.SGD([value for _, value in chosen], lr=0.1, momentum=0.9)
    losses = []
    for step in range(steps):
        at = slice((step % 3) * 8, (step % 3) * 8 + 8)
        loss = nn.functional.cross_entropy(model(x[at]), labels[at])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    state = {name: array(value) for name, value in model.state_dict().items() if "num_batches" not in name}
    return {"names": [name for name, _ in chosen], "losses": losses, "state": state, "logits": array(model(x))}


file = io.BytesIO()
torch.onnx.export(
    network(),
    (x[:2],),
    file,
    input_names=["images"],
    output_names=["logits"],
    dynamic_axes={"images": {0: "batch"}, "logits": {0: "batch"}},
    training=torch.onnx.TrainingMode.TRAINING,
    do_constant_folding=False,
    opset_version=17,
    dynamo=False,
)
# Exporting runs the model, in training mode, which moves its statistics: the file gets back those that training begins with.
exported = onnx.load_from_string(file.getvalue())
beginning = network().state_dict()
for stored in exported.graph.initializer:
    if "running" in stored.name:
        stored.CopyFrom(onnx.numpy_helper.from_array(beginning[stored.name].numpy(), stored.name))

write(
    "finetune.json",
    {
        "model": base64.b64encode(exported.SerializeToString()).decode(),
        "images": array(x),
        "labels": labels.tolist(),
        "whole": trained(lambda name: True),
        "part": trained(lambda name: name.startswith(("blocks.1.", "classifier"))),
        "normalisations": trained(lambda name: name.startswith("norm.") or ".1." in name and name.startswith("blocks") and name.split(".")[2] == "1"),
    },
)
