"""Writes metrics.safetensors: SSIM by its definition, one window at a time, in float64 and numpy alone.

    pip install numpy safetensors
    python3 make_metrics_golden.py
"""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file


def ssim(a, b, peak):
    """Wang, Bovik, Sheikh and Simoncelli 2004, equations 13 to 16, means over the windows that fit."""
    offsets = np.arange(11) - 5
    window = np.exp(-(offsets[:, None] ** 2 + offsets[None, :] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    c1, c2 = (0.01 * peak) ** 2, (0.03 * peak) ** 2
    values = []
    for y in range(a.shape[0] - 10):
        for x in range(a.shape[1] - 10):
            p, q = a[y : y + 11, x : x + 11], b[y : y + 11, x : x + 11]
            mean_p, mean_q = (window * p).sum(), (window * q).sum()
            variance_p = (window * (p - mean_p) ** 2).sum()
            variance_q = (window * (q - mean_q) ** 2).sum()
            covariance = (window * (p - mean_p) * (q - mean_q)).sum()
            values.append(
                (2 * mean_p * mean_q + c1) * (2 * covariance + c2)
                / ((mean_p**2 + mean_q**2 + c1) * (variance_p + variance_q + c2))
            )
    return np.mean(values)


random = np.random.default_rng(5)
y, x = np.mgrid[0:29, 0:37]
smooth = 120 + 60 * np.sin(x / 5) + 50 * np.cos(y / 4)
noisy = np.clip(smooth + random.normal(0, 12, smooth.shape), 0, 255)
golden = {"smooth": smooth, "noisy": noisy}
golden["ssim"] = np.array(ssim(smooth, noisy, 255))
golden["ssim_unit"] = np.array(ssim(smooth / 255, noisy / 255, 1))
golden["ssim_smallest"] = np.array(ssim(smooth[:11, :11], noisy[:11, :11], 255))
golden["psnr"] = np.array(10 * np.log10(255**2 / np.mean((smooth - noisy) ** 2)))
save_file({name: np.asarray(value, np.float64) for name, value in golden.items()}, Path(__file__).parent / "metrics.safetensors")
