"""Outputs, gradients and second derivatives of operators, float64: test/golden/ops.json."""

import torch
import torch.nn.functional as F
from common import differentiated, tensor, write

cases = []


def case(name, fn, inputs, **options):
    cases.append(differentiated(name, fn, inputs, **options))


convs = [F.conv1d, F.conv2d, F.conv3d]
transposed = [F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d]


def conv(label, x, w, bias=True, **o):
    inputs = {"x": tensor(1, x), "weight": tensor(2, w)} | ({"bias": tensor(3, [w[0]])} if bias else {})
    args = {k: v for k, v in o.items()}
    case(f"conv {label}", lambda x, weight, bias=None: convs[len(x.shape) - 3](x, weight, bias, **args), inputs, **o)


conv("2d", [2, 3, 5, 6], [4, 3, 3, 3])
conv("2d strided padded", [2, 3, 7, 6], [4, 3, 3, 3], stride=2, padding=1)
conv("2d no bias dilated", [1, 2, 8, 8], [3, 2, 3, 3], bias=False, dilation=2, padding=2)
conv("2d grouped", [2, 4, 5, 5], [6, 2, 3, 3], groups=2, padding=1)
conv("2d depthwise strided", [2, 4, 7, 7], [4, 1, 3, 3], groups=4, stride=2, padding=1)
conv("1d", [2, 3, 9], [4, 3, 4], stride=3, padding=2)
conv("3d", [1, 2, 4, 4, 4], [3, 2, 2, 2, 2], stride=2, padding=1)


def conv_transpose(label, x, w, **o):
    outputs = w[1] * o.get("groups", 1)
    inputs = {"x": tensor(4, x), "weight": tensor(5, w), "bias": tensor(6, [outputs])}
    case(f"convTranspose {label}", lambda x, weight, bias: transposed[len(x.shape) - 3](x, weight, bias, **o), inputs, **o)


conv_transpose("2d", [2, 3, 4, 5], [3, 4, 3, 3], stride=2, padding=1, output_padding=1)
conv_transpose("2d grouped dilated", [1, 4, 3, 3], [4, 2, 2, 2], groups=2, dilation=2)
conv_transpose("1d", [2, 3, 5], [3, 2, 4], stride=3, padding=1, output_padding=2)

for label, o in [("", dict(kernel_size=2)), (" padded", dict(kernel_size=3, stride=2, padding=1)), (" ceil", dict(kernel_size=2, stride=2, ceil_mode=True)), (" dilated", dict(kernel_size=2, stride=1, dilation=2))]:
    case(f"maxPool{label}", lambda x, o=o: F.max_pool2d(x, **o), {"x": tensor(7, [2, 2, 5, 7])}, **o)
for label, o in [("", dict(kernel_size=2)), (" padded", dict(kernel_size=3, stride=2, padding=1)), (" not counted", dict(kernel_size=3, stride=2, padding=1, count_include_pad=False)), (" ceil", dict(kernel_size=3, stride=2, ceil_mode=True))]:
    case(f"averagePool{label}", lambda x, o=o: F.avg_pool2d(x, **o), {"x": tensor(8, [2, 2, 6, 7])}, **o)
for lengths in ([1, 1], [2, 3], [4, 5]):
    case(f"adaptiveAveragePool {lengths}", lambda x, n=lengths: F.adaptive_avg_pool2d(x, n), {"x": tensor(9, [1, 2, 6, 7])}, lengths=lengths)
    case(f"adaptiveMaxPool {lengths}", lambda x, n=lengths: F.adaptive_max_pool2d(x, n), {"x": tensor(9, [1, 2, 6, 7])}, lengths=lengths)

unary = {
    "erf": torch.erf, "gelu": F.gelu, "geluTanh": lambda x: F.gelu(x, approximate="tanh"), "softplus": F.softplus, "mish": F.mish,
    "silu": F.silu, "hardSwish": F.hardswish, "hardSigmoid": F.hardsigmoid, "elu": F.elu, "selu": F.selu, "celu": F.celu,
    "leakyRelu": F.leaky_relu, "softsign": F.softsign, "relu6": F.relu6, "sin": torch.sin, "cos": torch.cos, "atan": torch.atan,
    "sinh": torch.sinh, "cosh": torch.cosh, "tanh": torch.tanh, "asinh": torch.asinh, "sigmoid": torch.sigmoid, "exp": torch.exp,
    "expm1": torch.expm1, "logSigmoid": F.logsigmoid,
}  # fmt: skip
for name, fn in unary.items():
    case(name, lambda x, fn=fn: fn(x), {"x": tensor(10, [24], -3.5, 3.5)})
for name, fn in {"tan": torch.tan, "asin": torch.asin, "acos": torch.acos, "atanh": torch.atanh, "log1p": torch.log1p}.items():
    case(name, lambda x, fn=fn: fn(x), {"x": tensor(11, [24], -0.9, 0.9)})
case("acosh", lambda x: torch.acosh(x), {"x": tensor(12, [24], 1.1, 4)})
for name, fn in {"softmax": lambda x: F.softmax(x, 1), "logSoftmax": lambda x: F.log_softmax(x, 1), "logSumExp": lambda x: torch.logsumexp(x, 1), "cumsum": lambda x: torch.cumsum(x, 1), "norm": lambda x: torch.linalg.vector_norm(x, dim=1), "prod": lambda x: torch.prod(x, 1)}.items():
    case(name, lambda x, fn=fn: fn(x), {"x": tensor(13, [3, 5], -2, 2)})

write("ops.json", {"cases": cases})
