"""The models of the first training loop, in PyTorch, with torchvision's names; imported by training.py too.

Run alone it writes outputs, parameter names and counts: test/golden/models.json. Weights are made from numbers that TypeScript can make
again: parameter j, in the order of state_dict without num_batches_tracked, is filled by fill().
"""

import math
from collections import OrderedDict

import torch
from common import array, hash_uniform, tensor, write
from torch import nn
from torch.nn import functional as F


class Residual(nn.Module):
    def __init__(self, *blocks):
        super().__init__()
        for i, block in enumerate(blocks):
            self.add_module(str(i), block)

    def forward(self, x):
        y = x
        for block in self.children():
            y = block(y)
        return x + y


def conv_block(inputs, outputs, pool=False):
    layers = [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers, *([nn.MaxPool2d(2)] if pool else []))


class ResNet9(nn.Module):
    def __init__(self, classes, channels=3, width=64):
        super().__init__()
        w = width
        self.conv1, self.conv2 = conv_block(channels, w), conv_block(w, 2 * w, True)
        self.res1 = Residual(conv_block(2 * w, 2 * w), conv_block(2 * w, 2 * w))
        self.conv3, self.conv4 = conv_block(2 * w, 4 * w, True), conv_block(4 * w, 8 * w, True)
        self.res2 = Residual(conv_block(8 * w, 8 * w), conv_block(8 * w, 8 * w))
        self.classifier = nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Linear(8 * w, classes))

    def forward(self, x):
        for part in (self.conv1, self.conv2, self.res1, self.conv3, self.conv4, self.res2, self.classifier):
            x = part(x)
        return x


class BasicBlock(nn.Module):
    expansion = 1

    def __init__(self, inputs, channels, stride, downsample):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        if downsample is not None:
            self.downsample = downsample

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + (self.downsample(x) if hasattr(self, "downsample") else x))


class Bottleneck(nn.Module):
    expansion = 4

    def __init__(self, inputs, channels, stride, downsample):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, channels, 1, bias=False), nn.BatchNorm2d(channels)
        self.conv2, self.bn2 = nn.Conv2d(channels, channels, 3, stride, 1, bias=False), nn.BatchNorm2d(channels)
        self.conv3, self.bn3 = nn.Conv2d(channels, 4 * channels, 1, bias=False), nn.BatchNorm2d(4 * channels)
        if downsample is not None:
            self.downsample = downsample

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        y = self.bn3(self.conv3(torch.relu(self.bn2(self.conv2(y)))))
        return torch.relu(y + (self.downsample(x) if hasattr(self, "downsample") else x))


class ResNet(nn.Module):
    def __init__(self, block, counts, classes, stem):
        super().__init__()
        small = stem == "cifar"
        self.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False) if small else nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.pool = nn.Identity() if small else nn.MaxPool2d(3, 2, 1)
        inputs = 64
        for i, count in enumerate(counts):
            channels, blocks = 64 * 2**i, []
            for k in range(count):
                stride = 2 if k == 0 and i > 0 else 1
                out = channels * block.expansion
                down = None if stride == 1 and inputs == out else nn.Sequential(nn.Conv2d(inputs, out, 1, stride, bias=False), nn.BatchNorm2d(out))
                blocks.append(block(inputs, channels, stride, down))
                inputs = out
            self.add_module(f"layer{i + 1}", nn.Sequential(*blocks))
        self.fc = nn.Linear(inputs, classes)

    def forward(self, x):
        x = self.pool(torch.relu(self.bn1(self.conv1(x))))
        for i in range(4):
            x = getattr(self, f"layer{i + 1}")(x)
        return self.fc(x.mean((2, 3)))


class EncoderLayer(nn.Module):
    def __init__(self, d, heads, hidden):
        super().__init__()
        self.ln_1 = nn.LayerNorm(d, eps=1e-6)
        self.self_attention = nn.MultiheadAttention(d, heads, batch_first=True)
        self.ln_2 = nn.LayerNorm(d, eps=1e-6)
        self.mlp = nn.Sequential(nn.Linear(d, hidden), nn.GELU(), nn.Identity(), nn.Linear(hidden, d))

    def forward(self, x):
        y = self.ln_1(x)
        x = x + self.self_attention(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.ln_2(x))


class ViT(nn.Module):
    def __init__(self, image, patch, d, depth, heads, hidden, classes):
        super().__init__()
        self.class_token = nn.Parameter(torch.zeros(1, 1, d))
        self.conv_proj = nn.Conv2d(3, d, patch, patch)
        self.encoder = nn.Module()
        self.encoder.pos_embedding = nn.Parameter(torch.zeros(1, (image // patch) ** 2 + 1, d))
        layers = {f"encoder_layer_{i}": EncoderLayer(d, heads, hidden) for i in range(depth)}
        self.encoder.layers = nn.Sequential()
        for name, layer in layers.items():
            self.encoder.layers.add_module(name, layer)
        self.encoder.ln = nn.LayerNorm(d, eps=1e-6)
        self.heads = nn.Sequential()
        self.heads.add_module("head", nn.Linear(d, classes))

    def forward(self, x):
        x = self.conv_proj(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.class_token.expand(x.shape[0], -1, -1), x], 1) + self.encoder.pos_embedding
        return self.heads(self.encoder.ln(self.encoder.layers(x))[:, 0])


def pair(inputs, channels):
    conv = lambda i: nn.Conv2d(i, channels, 3, padding=1, bias=False)
    parts = [conv(inputs), nn.BatchNorm2d(channels), nn.ReLU(), conv(channels), nn.BatchNorm2d(channels), nn.ReLU()]
    return nn.Sequential(OrderedDict(zip(["conv1", "norm1", "relu1", "conv2", "norm2", "relu2"], parts)))


class Up(nn.Module):
    def __init__(self, inputs, channels):
        super().__init__()
        self.upsample = nn.ConvTranspose2d(inputs, channels, 2, stride=2)
        self.block = pair(2 * channels, channels)

    def forward(self, x, skipped):
        y = self.upsample(x)
        y = F.pad(y, (0, skipped.shape[3] - y.shape[3], 0, skipped.shape[2] - y.shape[2]))
        return self.block(torch.cat([skipped, y], 1))


class UNet(nn.Module):
    def __init__(self, outputs, channels, width, depth):
        super().__init__()
        at = [width * 2**i for i in range(depth + 1)]
        self.down = nn.ModuleList([pair(channels if i == 0 else at[i - 1], at[i]) for i in range(depth)])
        self.bottom = pair(at[depth - 1], at[depth])
        self.up = nn.ModuleList([Up(at[i + 1], at[i]) for i in reversed(range(depth))])
        self.head = nn.Conv2d(width, outputs, 1)

    def forward(self, x):
        passed = []
        for block in self.down:
            passed.append(block(x))
            x = F.max_pool2d(passed[-1], 2)
        x = self.bottom(x)
        for block, skipped in zip(self.up, reversed(passed)):
            x = block(x, skipped)
        return self.head(x)


class Down(nn.Module):
    def __init__(self, inputs, channels, norm):
        super().__init__()
        self.conv = nn.Conv2d(inputs, channels, 4, stride=2, bias=not norm)
        if norm:
            self.norm = nn.BatchNorm2d(channels)

    def forward(self, x):
        y = self.conv(F.pad(x, (1, 1 + x.shape[3] % 2, 1, 1 + x.shape[2] % 2)))
        return torch.relu(self.norm(y) if hasattr(self, "norm") else y)


class Grow(nn.Module):
    def __init__(self, inputs, channels, size, last):
        super().__init__()
        self.size = size
        self.conv = nn.ConvTranspose2d(inputs, channels, 4, stride=2, padding=1, bias=last)
        if not last:
            self.norm = nn.BatchNorm2d(channels)

    def forward(self, x):
        y = self.conv(x)[:, :, : self.size, : self.size]
        return torch.relu(self.norm(y)) if hasattr(self, "norm") else y


class Autoencoder(nn.Module):
    def __init__(self, size, latent, channels, width, depth):
        super().__init__()
        sizes = [math.ceil(size / 2**i) for i in range(depth + 1)]
        at = [width * 2**i for i in range(depth)]
        self.low = (at[-1], sizes[-1], sizes[-1])
        features = math.prod(self.low)
        self.encoder, self.decoder = nn.Module(), nn.Module()
        self.encoder.body = nn.Sequential(*[Down(channels if i == 0 else at[i - 1], at[i], i > 0) for i in range(depth)])
        self.encoder.head = nn.Linear(features, latent)
        self.decoder.stem, self.decoder.norm = nn.Linear(latent, features), nn.BatchNorm2d(at[-1])
        self.decoder.body = nn.Sequential(*[Grow(at[i], channels if i == 0 else at[i - 1], sizes[i], i == 0) for i in reversed(range(depth))])

    def forward(self, x):
        z = self.encoder.head(self.encoder.body(x).flatten(1))
        return self.decoder.body(torch.relu(self.decoder.norm(self.decoder.stem(z).reshape(-1, *self.low))))


def fill(model):
    """Weights of two axes or more: uniform in +-sqrt(3 * 2 / fan_in) / (1 where it is a vector, see below); vectors by their names."""
    names = [n for n in model.state_dict() if not n.endswith("num_batches_tracked")]
    with torch.no_grad():
        for j, name in enumerate(names):
            t = model.state_dict()[name]
            if name.endswith("running_var"):
                low, high = 0.5, 1.5
            elif name.endswith("running_mean") or name.endswith("bias"):
                low, high = -0.1, 0.1
            elif t.dim() == 1:
                low, high = 0.5, 1.5
            else:
                high = math.sqrt(6.0 / (t[0].numel()))
                low = -high
            t.copy_(torch.tensor(hash_uniform(j, t.numel(), low, high).reshape(t.shape)))
    return names


if __name__ == "__main__":
    cases = []

    def case(name, options, model, size, channels=3):
        names = fill(model.double())
        model.eval()
        with torch.no_grad():
            y = model(tensor(1000, [2, channels, size, size]))
        cases.append({"name": name, "options": options, "size": size, "channels": channels, "output": array(y), "parameters": sum(p.numel() for p in model.parameters()), "variables": {n: list(model.state_dict()[n].shape) for n in names}})

    for depth, block, counts in [(18, BasicBlock, [2, 2, 2, 2]), (34, BasicBlock, [3, 4, 6, 3]), (50, Bottleneck, [3, 4, 6, 3])]:
        case("resnet", {"depth": depth, "classes": 10, "stem": "cifar"}, ResNet(block, counts, 10, "cifar"), 16)
    case("resnet", {"depth": 18, "classes": 10, "stem": "imagenet"}, ResNet(BasicBlock, [2, 2, 2, 2], 10, "imagenet"), 64)
    case("resnet9", {"classes": 10, "inputChannels": 1, "width": 8}, ResNet9(10, 1, 8), 28, 1)
    case("vit", {"imageSize": 32, "patchSize": 8, "dimension": 48, "depth": 2, "heads": 4, "mlpDimension": 96, "classes": 10}, ViT(32, 8, 48, 2, 4, 96, 10), 32)
    case("unet", {"outputs": 4, "inputChannels": 2, "width": 4, "depth": 2}, UNet(4, 2, 4, 2), 16, 2)
    case("unet", {"outputs": 1, "inputChannels": 1, "width": 3, "depth": 3}, UNet(1, 1, 3, 3), 13, 1)
    case("autoencoder", {"imageSize": [14, 14], "latent": 5, "channels": 1, "width": 4, "depth": 2}, Autoencoder(14, 5, 1, 4, 2), 14, 1)
    write("models.json", {"cases": cases})
