#!/usr/bin/env python3
"""Makes the model card's draws, crops at four times their size:

    python3 samples/draws.py pipelines/super-resolution

posterior.png: bicubic, fidelity, perceptual, two draws of the posterior, the truth, and the spread of eight draws, for
samples/nuthatch.png reduced by four. Needs Pillow, and `pipeline` on the PATH.
"""
import pathlib
import subprocess
import sys
import tempfile

from PIL import Image

target = pathlib.Path(sys.argv[1])
truth = Image.open(pathlib.Path(__file__).with_name("nuthatch.png")).convert("RGB")
boxes = [(24, 24, 120, 120), (130, 110, 226, 206)]
size = 4 * 96

with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    low = folder / "low.png"
    truth.resize((truth.width // 4, truth.height // 4), Image.BICUBIC).save(low)

    def enlarged(*options):
        subprocess.run(["pipeline", "run", "super-resolution", low, "--scale", "4", *options, "-q"], check=True,
                       stdout=subprocess.DEVNULL)

    for model in ["fidelity", "perceptual"]:
        enlarged("--model", model, "-o", folder / f"{model}.png")
    enlarged("--model", "posterior", "--seed", "7", "--count", "8", "--summary", folder / "summary", "-o", f"{folder}/draws/")
    pictures = [Image.open(low).resize(truth.size, Image.BICUBIC)]
    for file in ["fidelity.png", "perceptual.png", "summary/draw-000.png", "summary/draw-001.png"]:
        pictures.append(Image.open(folder / file).convert("RGB"))
    pictures += [truth, Image.open(folder / "summary/spread.png").convert("RGB")]

page = Image.new("RGB", (len(pictures) * (size + 8) - 8, len(boxes) * (size + 8) - 8), "white")
for row, box in enumerate(boxes):
    for column, picture in enumerate(pictures):
        page.paste(picture.crop(box).resize((size, size), Image.NEAREST), (column * (size + 8), row * (size + 8)))
page.save(target / "posterior.png", optimize=True)
