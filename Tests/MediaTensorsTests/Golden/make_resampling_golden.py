"""Writes resampling.safetensors: MATLAB's imresize (bicubic, antialiased, edge samples repeated) as a dense matrix for each axis, in float64.

Written from MATLAB's documentation of `imresize` and Keys's kernel, with no look at the Swift code: every input
sample, repeated edges included, is given its weight in a [outputs, inputs] matrix.

    pip install numpy safetensors
    python3 make_resampling_golden.py
"""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file


def keys(x):
    x = np.abs(x)
    near = 1 - 2.5 * x**2 + 1.5 * x**3
    far = 2 - 4 * x + 2.5 * x**2 - 0.5 * x**3
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def matrix(inputs, outputs, scale):
    """Row i: the weights of the inputs for output i, whose centre is (i + ½) / scale."""
    shrink = min(scale, 1.0)
    reach = int(np.ceil(2 / shrink)) + 2
    result = np.zeros((outputs, inputs))
    for output in range(outputs):
        centre = (output + 0.5) / scale
        positions = np.arange(int(centre) - reach, int(centre) + reach + 1)
        weights = keys((positions + 0.5 - centre) * shrink)
        weights /= weights.sum()
        for position, weight in zip(positions, weights):
            result[output, min(max(position, 0), inputs - 1)] += weight
    return result


def resize(picture, height, width, scale=None):
    rows = matrix(picture.shape[-2], height, scale or height / picture.shape[-2])
    columns = matrix(picture.shape[-1], width, scale or width / picture.shape[-1])
    return rows @ picture @ columns.T


if __name__ == "__main__":
    random = np.random.default_rng(4)
    picture = random.random((3, 23, 17)).astype(np.float32)
    golden = {"picture": picture}
    wide = picture.astype(np.float64)
    golden["half"] = resize(wide, 12, 9, scale=1 / 2)
    golden["third"] = resize(wide, 8, 6, scale=1 / 3)
    golden["quarter"] = resize(wide, 6, 5, scale=1 / 4)
    golden["double"] = resize(wide, 46, 34)
    golden["triple"] = resize(wide, 69, 51, scale=3)
    golden["shrunk"] = resize(wide, 13, 7)
    golden["enlarged"] = resize(wide, 31, 40)
    golden["tiny"] = resize(wide[:, :2, :1], 5, 7)
    golden["dot"] = resize(wide, 1, 1)
    save_file(golden, Path(__file__).parent / "resampling.safetensors")
