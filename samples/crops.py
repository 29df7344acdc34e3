#!/usr/bin/env python3
"""Makes the model card's crops, at three times their size:

    python3 samples/crops.py /usr/share/backgrounds/Kleiber_by_Lukas_Baubkus.jpg pipelines/super-resolution

crops.png: bicubic, fast, fidelity and the truth for samples/nuthatch.png.
real.png: the same picture as a JPEG of quality 30: bicubic, fidelity, fidelity for real pictures, the truth.
The photograph is in Debian's package lomiri-wallpapers-20.04. Needs Pillow, and `pipeline` on the PATH.
"""
import pathlib
import subprocess
import sys
import tempfile

from PIL import Image

photograph, target = sys.argv[1], pathlib.Path(sys.argv[2])
low = pathlib.Path(__file__).with_name("nuthatch.png")
truth = Image.open(photograph).convert("RGB").crop((2012, 940, 3548, 2476)).resize((512, 512), Image.BICUBIC)
boxes = [(140, 150, 204, 214), (60, 40, 124, 104)]  # in pixels of the low picture


def enlarged(source, *options):
    with tempfile.TemporaryDirectory() as folder:
        name = f"{folder}/large.png"
        subprocess.run(["pipeline", "run", "super-resolution", source, *options, "-o", name, "-q"], check=True,
                       stdout=subprocess.DEVNULL)
        return Image.open(name).convert("RGB")


def sheet(pictures, name):
    side = 3 * 2 * 64
    page = Image.new("RGB", (len(pictures) * (side + 8) - 8, len(boxes) * (side + 8) - 8), "white")
    for row, box in enumerate(boxes):
        for column, picture in enumerate(pictures):
            crop = picture.crop([2 * edge for edge in box]).resize((side, side), Image.NEAREST)
            page.paste(crop, (column * (side + 8), row * (side + 8)))
    page.save(target / name, optimize=True)


def bicubic(source):
    return Image.open(source).convert("RGB").resize(truth.size, Image.BICUBIC)


sheet([bicubic(low), enlarged(low, "--model", "fast"), enlarged(low), truth], "crops.png")
with tempfile.TemporaryDirectory() as folder:
    poor = pathlib.Path(folder) / "poor.jpg"
    Image.open(low).convert("RGB").save(poor, quality=30)
    sheet([bicubic(poor), enlarged(poor), enlarged(poor, "--degradation", "real"), truth], "real.png")
