#!/usr/bin/env python3
"""Makes pipelines/super-resolution/crops.png: bicubic, fast, fidelity and the truth, twice, at three times their size.

    python3 samples/crops.py samples/nuthatch.png truth.png pipelines/super-resolution/crops.png

`truth.png` is the 512×512 crop that samples/nuthatch.png is half of. Needs Pillow, and `pipeline` on the PATH.
"""
import subprocess
import sys
import tempfile

from PIL import Image

low, truth, target = sys.argv[1:]
boxes = [(140, 150, 204, 214), (60, 40, 124, 104)]  # in pixels of the low picture
pictures = [Image.open(low).convert("RGB").resize(Image.open(truth).size, Image.BICUBIC)]
with tempfile.TemporaryDirectory() as folder:
    for model in ("fast", "fidelity"):
        name = f"{folder}/{model}.png"
        subprocess.run(["pipeline", "run", "super-resolution", low, "--model", model, "-o", name, "-q"], check=True,
                       stdout=subprocess.DEVNULL)
        pictures.append(Image.open(name).convert("RGB"))
pictures.append(Image.open(truth).convert("RGB"))

side = 3 * 2 * 64
sheet = Image.new("RGB", (len(pictures) * (side + 8) - 8, len(boxes) * (side + 8) - 8), "white")
for row, box in enumerate(boxes):
    for column, picture in enumerate(pictures):
        crop = picture.crop([2 * edge for edge in box]).resize((side, side), Image.NEAREST)
        sheet.paste(crop, (column * (side + 8), row * (side + 8)))
sheet.save(target, optimize=True)
