"""Times chunks of actions beside PyTorch and diffusers, everything in one run: `make bench BENCH=imitation`.

    imitation.py [--models NAME...] [--chunks N] [--rounds N]

One thread, one chunk at a time. Every way runs in a process of its own, and the ways take turns. Then the co-process is timed
as a control loop sees it, JSON and pipes included, and its start.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import time

from turns import Way

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEER = pathlib.Path(__file__).with_name("imitation_peer.py")
BENCHMARKS = ROOT / ".build/release/pipeline-benchmarks"
TOOL = ROOT / ".build/release/pipeline"
PEERS = {"PyTorch, eager": "pytorch", "PyTorch, compiled": "pytorch-compile", "diffusers' scheduler": "diffusers"}


def quantile(values, share):
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def weights(model):
    return ROOT / f"pipelines/imitation/{model}.safetensors"


def chunks(models, count, rounds):
    print("A chunk of actions, one at a time on one thread, fp32, milliseconds\n")
    print("| model | way | p50 | p99 | p50 over pipeline | peak MB |\n|---|---|---|---|---|---|")
    for model in models:
        commands = {"pipeline": [BENCHMARKS, "imitation", weights(model), count]}
        commands |= {name: [sys.executable, PEER, way, weights(model), count] for name, way in PEERS.items()}
        ways = {name: Way(command) for name, command in commands.items()}
        times, memory = {name: [] for name in ways}, {}
        for turn in range(rounds + 1):
            for name, way in ways.items():
                answer = way()
                memory[name] = answer["peakMegabytes"]
                if turn > 0:
                    times[name] += answer["milliseconds"]
        for way in ways.values():
            way.close()
        own = statistics.median(times["pipeline"])
        for name, values in times.items():
            median = statistics.median(values)
            print(f"| {model} | {name} | {median:.3f} | {quantile(values, 0.99):.3f} | {median / own:.2f} | "
                  f"{memory[name]:.0f} |", flush=True)


def loops(models, count):
    print("\nThe co-process, from a line written to its answer read, milliseconds\n")
    print("| model | start and first chunk | p50 | p99 |\n|---|---|---|---|")
    sizes = {"lunar-lander": 8, "meta-world": 39, "push-t": 18, "obstacle-course": 2}
    for model in models:
        line = {"observation": [0.1] * sizes[model]} | ({"task": "push"} if model == "meta-world" else {})
        line = json.dumps(line).encode() + b"\n"
        starts, times = [], []
        for _ in range(5):
            start = time.perf_counter()
            process = subprocess.Popen(
                [TOOL, "run", "imitation", "--model", model, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT)
            for index in range(count):
                process.stdin.write(line)
                process.stdin.flush()
                process.stdout.readline()
                now = time.perf_counter()
                (times if index else starts).append((now - start) * 1000)
                start = now
            process.stdin.close()
            process.wait()
        print(f"| {model} | {statistics.median(starts):.0f} | {statistics.median(times):.3f} | "
              f"{quantile(times, 0.99):.3f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", default=["lunar-lander", "meta-world", "push-t", "obstacle-course"])
    parser.add_argument("--chunks", type=int, default=500, help="in each round")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    for model in arguments.models:
        if not weights(model).exists():
            sys.exit(f"bench: there are no weights {weights(model)}")
    chunks(arguments.models, arguments.chunks, arguments.rounds)
    loops(arguments.models, arguments.chunks)


main()
