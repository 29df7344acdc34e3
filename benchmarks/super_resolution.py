"""Times super-resolution beside its peers, everything in one run: `make bench`.

    super_resolution.py [--sets FOLDER...] [--rounds N]

Every way runs in a process of its own on all cores, and the ways take turns, so that what else the machine does falls
on all of them alike; medians are given. With --sets (such as Set5/image_SRF_2) the ways also enlarge those pictures, and
their PSNR on Y stands beside the seconds.
"""

import argparse
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy
from PIL import Image
from turns import Way, take_turns

ROOT = pathlib.Path(__file__).resolve().parent.parent
WEIGHTS = ROOT / "pipelines/super-resolution"
PEER = pathlib.Path(__file__).with_name("super_resolution_peer.py")
TOOL = ROOT / ".build/release/pipeline"
BENCHMARKS = ROOT / ".build/release/pipeline-benchmarks"


def own(model, size, way="fused"):
    return [BENCHMARKS, WEIGHTS / f"{model}-x2.safetensors", size, way]


def peer(way, weights, size):
    return [sys.executable, PEER, way, weights, size]


def medians(commands, rounds):
    """Seconds (median) and peak memory (MB) of each way."""
    return {name: (statistics.median(seconds), memory) for name, (seconds, memory) in take_turns(commands, rounds).items()}


def luma(path):
    picture = numpy.asarray(Image.open(path).convert("RGB"), numpy.float64)
    return 16 + picture @ [65.481, 128.553, 24.966] / 255


def psnr(high, enlarged, border):
    truth = luma(high)
    height, width = (side // border * border for side in truth.shape)
    inner = slice(border, height - border), slice(border, width - border)
    return 10 * numpy.log10(255**2 / ((truth[inner] - luma(enlarged)[inner]) ** 2).mean())


def quality(command, folder):
    """Mean PSNR on Y (dB) over a folder of X_LR.png with X_HR.png."""
    way = Way(command)
    values = []
    with tempfile.TemporaryDirectory() as temporary:
        for low in sorted(pathlib.Path(folder).glob("*_LR.png")):
            target = pathlib.Path(temporary) / low.name
            way(f"{low} {target}")
            values.append(psnr(low.with_name(low.name.replace("_LR", "_HR")), target, 2))
    way.close()
    return sum(values) / len(values)


def same_network(rounds):
    print("Same network, same weights, fp32, ×2: PyTorch eager (channels last) and compiled, ONNX Runtime, OpenVINO\n")
    print("| model | input | way | seconds | over pipeline | peak MB |\n|---|---|---|---|---|---|")
    for model in ("fast", "fidelity"):
        for size in ("256x256", "512x512"):
            weights = WEIGHTS / f"{model}-x2.safetensors"
            commands = {"pipeline": own(model, size), "pipeline, not fused": own(model, size, "plain")}
            commands |= {way: peer(way, weights, size) for way in ("eager", "compile", "onnxruntime", "openvino")}
            results = medians(commands, rounds)
            for name, (seconds, memory) in results.items():
                ratio = seconds / results["pipeline"][0]
                print(f"| {model} | {size} | {name} | {seconds:.3f} | {ratio:.2f} | {memory:.0f} |", flush=True)


def other_networks(rounds, sets):
    print("\nOther networks, 256×256 to 512×512 (ncnn with all cores, fp32)\n")
    heads = "".join(f" {pathlib.Path(folder).parent.name} dB |" for folder in sets)
    print(f"| model | seconds | seconds a megapixel of output | peak MB |{heads}")
    print("|---|---|---|---|" + "---|" * len(sets))
    size = "256x256"
    commands = {f"pipeline {model}": own(model, size) for model in ("fast", "fidelity")}
    commands |= {"waifu2x photo": peer("waifu2x", "-", size), "SPAN ch48": peer("span", "-", size)}
    for name, (seconds, memory) in medians(commands, rounds).items():
        cells = "".join(f" {quality(commands[name], folder):.2f} |" for folder in sets)
        print(f"| {name} | {seconds:.3f} | {seconds / 0.262144:.2f} | {memory:.0f} |{cells}", flush=True)


def whole_command(rounds):
    """From cold: the process, libtorch, weights, the picture in and out."""
    with tempfile.TemporaryDirectory() as temporary:
        source = pathlib.Path(temporary) / "in.png"
        Image.fromarray(numpy.random.default_rng(0).integers(0, 256, (256, 256, 3), numpy.uint8)).save(source)
        weights = WEIGHTS / "fast-x2.safetensors"
        script = [sys.executable, PEER, "eager", weights, "256x256"]
        tool = [TOOL, "run", "super-resolution", source, "--model", "fast", "-o", f"{temporary}/out.png", "--quiet"]
        seconds = {"pipeline run": [], "PyTorch script": []}
        for _ in range(rounds + 1):
            start = time.perf_counter()
            subprocess.run(tool, check=True, stdout=subprocess.DEVNULL)
            seconds["pipeline run"].append(time.perf_counter() - start)
            start = time.perf_counter()
            subprocess.run(script, input=f"{source} {temporary}/peer.png\n", text=True, check=True,
                           stdout=subprocess.DEVNULL)
            seconds["PyTorch script"].append(time.perf_counter() - start)
    # The first turn fills the page cache.
    typical = {name: statistics.median(values[1:]) for name, values in seconds.items()}
    print("\nThe whole command from cold, model fast, a 256×256 PNG to a 512×512 PNG\n")
    print("| way | seconds | over pipeline |\n|---|---|---|")
    for name, value in typical.items():
        print(f"| {name} | {value:.2f} | {value / typical['pipeline run']:.2f} |")


def models(rounds):
    """Every model at ×4 through the whole command, with what the slowest of them takes over the point estimate."""
    side, scale = 512, 4
    megapixels = (side * scale) ** 2 / 1e6
    names = ("fast", "fidelity", "perceptual", "posterior")
    seconds, memory = {name: [] for name in names}, {}
    with tempfile.TemporaryDirectory() as temporary:
        source = pathlib.Path(temporary) / "in.png"
        noise = numpy.random.default_rng(0).integers(0, 256, (side // 8, side // 8, 3), numpy.uint8)
        Image.fromarray(noise).resize((side, side), Image.BICUBIC).save(source)
        for turn in range(rounds + 1):
            for name in names:
                start = time.perf_counter()
                process = subprocess.Popen(
                    [TOOL, "run", "super-resolution", source, "--model", name, "--scale", str(scale), "-o",
                     f"{temporary}/out.png", "--quiet"], stdout=subprocess.DEVNULL)
                _, status, usage = os.wait4(process.pid, 0)
                if status:
                    sys.exit(f"bench: model {name} failed")
                if turn:
                    seconds[name].append(time.perf_counter() - start)
                memory[name] = usage.ru_maxrss / 1024
    print(f"\nEvery model at ×4, the whole command, {side}×{side} to {side * scale}×{side * scale}; a draw of `posterior`\n")
    print("| model | seconds | seconds a megapixel of output | over fidelity | peak MB |\n|---|---|---|---|---|")
    typical = {name: statistics.median(values) for name, values in seconds.items()}
    for name, value in typical.items():
        print(f"| {name} | {value:.2f} | {value / megapixels:.2f} | {value / typical['fidelity']:.1f} | "
              f"{memory[name]:.0f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", nargs="*", default=[], help="folders with X_LR.png and X_HR.png at scale 2")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--models", action="store_true", help="nothing but every model at ×4")
    arguments = parser.parse_args()
    if arguments.models:
        return models(min(arguments.rounds, 3))
    whole_command(min(arguments.rounds, 5))
    models(min(arguments.rounds, 3))
    print()
    same_network(arguments.rounds)
    other_networks(arguments.rounds, arguments.sets)


main()
