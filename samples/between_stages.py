#!/usr/bin/env python3
"""Puts a line of numpy between two stages: the picture is mirrored before it is enlarged.

    python3 samples/between_stages.py samples/nuthatch.png mirrored.png

Needs numpy and safetensors; between stages a picture is a safetensors container with `pixels` [H, W, C].
"""
import subprocess
import sys

import numpy
import safetensors.numpy


def stage(name, data, *options):
    return subprocess.run(["pipeline", "stage", name, *options], input=data, stdout=subprocess.PIPE, check=True).stdout


source, target = sys.argv[1:]
with open(source, "rb") as file:
    picture = stage("decode-image", file.read())
pixels = safetensors.numpy.load(picture)["pixels"]
mirrored = safetensors.numpy.save({"pixels": numpy.ascontiguousarray(pixels[:, ::-1])})
with open(target, "wb") as file:
    file.write(stage("encode-png", stage("upscale", mirrored, "--scale", "2")))
