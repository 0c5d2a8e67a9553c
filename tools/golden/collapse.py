"""Measures of neural collapse by NumPy and SciPy, from their definitions with matrices [d, d]: test/golden/collapse.json."""

import numpy as np
from common import hash_uniform, write
from scipy.linalg import pinv

n, d, K = 40, 6, 4
features = np.array(hash_uniform(501, n * d, -1, 1)).reshape(n, d)
weights = np.array(hash_uniform(502, K * d, -1, 1)).reshape(K, d)
bias = np.array(hash_uniform(503, K, -1, 1))
# Imbalanced: classes of 24, 8, 4 and 4.
labels = np.array([0] * 24 + [1] * 8 + [2] * 4 + [3] * 4)


def unit(m):
    return m / np.linalg.norm(m)


def frame(v):
    g = v @ v.T
    lengths = np.sqrt(np.diag(g))
    cosines = (g / np.outer(lengths, lengths))[np.triu_indices(K, 1)]
    return {
        "lengthVariation": lengths.std() / lengths.mean(),
        "cosineVariation": cosines.std(),
        "widestAngleGap": np.abs(cosines + 1 / (K - 1)).mean(),
        "simplexEtf": np.linalg.norm(unit(g) - unit(np.eye(K) - 1 / K)),
        "orthogonal": np.linalg.norm(unit(g) - unit(np.eye(K))),
    }


means = np.stack([features[labels == k].mean(0) for k in range(K)])
centre = features.mean(0)
within = (features - means[labels]).T @ (features - means[labels]) / n
between = (means - centre).T @ (means - centre) / K
named = (features @ weights.T + bias).argmax(1)
nearest = ((features[:, None] - means) ** 2).sum(-1).argmin(1)


def measured(rows):
    return {
        "withinClassVariability": np.trace(within @ pinv(between)) / K,
        "means": frame(rows),
        "classifier": frame(weights),
        "selfDuality": np.linalg.norm(unit(weights) - unit(rows)),
        "nearestMeanDisagreement": float((named != nearest).mean()),
    }


write("collapse.json", {"centred": measured(means - centre), "uncentred": measured(means)})
