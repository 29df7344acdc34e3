"""Bits a pixel of lossless image files of Fashion-MNIST's test pictures, for comparison with models' densities.

    lossless_coders.py [t10k-images-idx3-ubyte.gz]

PNG and WebP as Pillow writes them, the smallest that each can; whole files, headers included.
"""

import gzip
import io
import sys

import numpy
from PIL import Image

DEBIAN = "/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz"
WAYS = {
    "PNG": {"format": "PNG", "optimize": True},
    "WebP, lossless": {"format": "WEBP", "lossless": True, "quality": 100, "method": 6},
}


def bits(picture, options):
    file = io.BytesIO()
    image = Image.fromarray(picture)
    image.save(file, **options)
    back = numpy.asarray(Image.open(io.BytesIO(file.getvalue())).convert("L"))
    assert (back == picture).all(), "the coder lost something"
    return file.tell() * 8 / picture.size


def main():
    data = gzip.open(sys.argv[1] if len(sys.argv) > 1 else DEBIAN).read()
    pictures = numpy.frombuffer(data, numpy.uint8, offset=16).reshape(-1, 28, 28)
    for name, options in WAYS.items():
        values = numpy.array([bits(picture, options) for picture in pictures])
        error = values.std(ddof=1) / len(values) ** 0.5
        print(f"{name}: {values.mean():.3f} ± {error:.3f} bits a pixel over {len(values)} pictures")


main()
