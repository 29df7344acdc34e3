"""Writes degradation.safetensors: MATLAB's imresize of uint8 pictures, vertical axis first, rounded after each axis.

    pip install numpy safetensors
    python3 make_degradation_golden.py
"""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file


def keys(x):
    x = np.abs(x)
    near = 1 - 2.5 * x**2 + 1.5 * x**3
    far = 2 - 4 * x + 2.5 * x**2 - 0.5 * x**3
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def matrix(inputs, scale):
    """[⌈inputs / scale⌉, inputs]: the weights with which every output sees the inputs, the edges repeated."""
    outputs = -(-inputs // scale)
    result = np.zeros((outputs, inputs))
    for output in range(outputs):
        centre = (output + 0.5) * scale
        positions = np.arange(int(centre) - 3 * scale, int(centre) + 3 * scale + 1)
        weights = keys((positions + 0.5 - centre) / scale)
        weights /= weights.sum()
        for position, weight in zip(positions, weights):
            result[output, min(max(position, 0), inputs - 1)] += weight
    return result


def grey_levels(x):
    return np.clip(np.floor(x + 0.5), 0, 255)


def degrade(picture, scale):
    narrow = grey_levels(matrix(picture.shape[-2], scale) @ picture.astype(np.float64))
    return grey_levels(narrow @ matrix(picture.shape[-1], scale).T).astype(np.uint8)


random = np.random.default_rng(6)
# Hard edges, so that the kernel's negative lobes leave 0…255.
picture = np.where(random.random((3, 26, 33)) < 0.5, random.integers(0, 20, (3, 26, 33)), random.integers(235, 256, (3, 26, 33)))
golden = {"picture": picture.astype(np.uint8)}
for scale in (2, 3, 4):
    golden[f"x{scale}"] = degrade(picture, scale)
save_file(golden, Path(__file__).parent / "degradation.safetensors")
