"""Corruptions without randomness by SciPy and Pillow, with the code of the benchmark of common corruptions: test/golden/corruptions.json. Bytes of Pillow, numbers from 0 to 255
of the others, before they are rounded."""

import colorsys

import numpy as np
from common import hash_uniform, write
from PIL import Image
from scipy.ndimage import gaussian_filter

# One colour picture of 3 x 14 x 11, of every brightness, with a black corner.
picture = np.floor(hash_uniform(801, 3 * 14 * 11, 0, 256)).reshape(3, 14, 11).astype(np.uint8)
picture[:, :4, :4] = 0


def scaled(x):
    return np.round(255 * np.clip(x, 0, 1), 4).flatten().tolist()


def blurred(c):
    return scaled([gaussian_filter(p / 255.0, c, mode="nearest", truncate=4.0) for p in picture])


def pixelated(c):
    planes = [Image.fromarray(p).resize((int(11 * c), int(14 * c)), Image.BOX).resize((11, 14), Image.BOX) for p in picture]
    return np.stack([np.array(p) for p in planes]).astype(int).flatten().tolist()


def contrasted(c):
    x = picture / 255.0
    means = x.mean(axis=(1, 2), keepdims=True)
    return scaled((x - means) * c + means)


def brightened(c):
    out = np.empty(picture.shape)
    for i in range(14):
        for j in range(11):
            h, s, v = colorsys.rgb_to_hsv(*(picture[:, i, j] / 255.0))
            out[:, i, j] = colorsys.hsv_to_rgb(h, s, min(1, v + c))
    return scaled(out)


write(
    "corruptions.json",
    {
        "picture": picture.astype(int).flatten().tolist(),
        "gaussianBlur": [blurred(c) for c in (0.4, 0.6, 0.7, 0.8, 1)],
        "pixelate": [pixelated(c) for c in (0.95, 0.9, 0.85, 0.75, 0.65)],
        "contrast": [contrasted(c) for c in (0.75, 0.5, 0.4, 0.3, 0.15)],
        "brightness": [brightened(c) for c in (0.05, 0.1, 0.15, 0.2, 0.3)],
    },
)
