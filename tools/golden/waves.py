"""Short-time Fourier transforms (PyTorch) and cosine transforms (SciPy), with gradients: test/golden/waves.json. Needs scipy beside torch."""

import scipy.fft
import torch
from common import array, tensor, write

stfts, quantiles = [], []
for options in ({"frame": 8, "hop": 3, "centre": True}, {"frame": 8, "hop": 2, "centre": False}, {"frame": 7, "hop": 7, "centre": True}):
    x = tensor(1, [2, 23]).requires_grad_()
    window = torch.hann_window(options["frame"], dtype=torch.float64)
    y = torch.view_as_real(torch.stft(x, options["frame"], options["hop"], window=window, center=options["centre"], return_complex=True))
    c = tensor(900, y.shape, 0.5, 1.5)
    (g,) = torch.autograd.grad((y * c).sum(), x)
    stfts.append({"options": options, "x": array(x), "cotangent": array(c), "output": array(y), "gradient": array(g)})
x = tensor(2, [3, 6])
dct = {"x": array(x), "output": array(torch.tensor(scipy.fft.dct(x.numpy(), norm="ortho")))}
for q in (0.0, 0.3, 0.5, 1.0):
    quantiles.append({"q": q, "x": array(x), "output": array(torch.quantile(x, q, dim=1))})
write("waves.json", {"stfts": stfts, "dct": dct, "quantiles": quantiles})
