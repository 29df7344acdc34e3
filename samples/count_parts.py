#!/usr/bin/env python3
"""Counts the connected parts of pictures on a plain ground, such as draws of text-to-image at their own size.

    pip install numpy pillow scipy
    pipeline run text-to-image "a black table with 6 chairs" --seed 7 --count 48 --size 32 -o chairs/
    python3 samples/count_parts.py chairs/          # the table is a part as well: 7 for six chairs
"""

import collections
import pathlib
import sys

import numpy as np
from PIL import Image
from scipy import ndimage

counts = collections.Counter()
for file in sorted(pathlib.Path(sys.argv[1]).glob("*.png")):
    picture = np.asarray(Image.open(file).convert("RGB")).astype(float)
    ground = np.median(np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]]), 0)
    labels, found = ndimage.label(np.abs(picture - ground).max(2) > 45)
    # Smaller ones are what noise leaves.
    counts[sum(np.count_nonzero(labels == part) > 5 for part in range(1, found + 1))] += 1
for parts, pictures in sorted(counts.items()):
    print(f"{parts} parts: {pictures} pictures")
