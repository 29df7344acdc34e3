"""Times text that is drawn byte after byte beside PyTorch, on one core, everything in one run: `make bench BENCH=text-synth`.

    text_synth.py [--rounds N]

*reads alone* are as many bytes as the network's weights, read once for each byte of text: what memory allows at most. Then
the tool's start to its first byte on standard output.
"""

import argparse
import pathlib
import statistics
import subprocess
import sys
import time

from turns import take_turns

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEER = pathlib.Path(__file__).with_name("text_synth_peer.py")
BENCHMARKS = ROOT / ".build/release/pipeline-benchmarks"
TOOL = ROOT / ".build/release/pipeline"
WEIGHTS = ROOT / "pipelines/text-synth/bytes.safetensors"
OWN_BYTES, CACHED, RECOMPUTING = 8000, 1000, 100


def rates(rounds):
    own = ["taskset", "-c", "0", BENCHMARKS, "text", WEIGHTS, OWN_BYTES]
    peer = ["taskset", "-c", "0", sys.executable, PEER]
    ways = {
        "pipeline": (own, OWN_BYTES),
        "reads alone": (own + ["reads"], OWN_BYTES),
        "PyTorch, eager, with a cache": (peer + ["pytorch", WEIGHTS, CACHED], CACHED),
        "PyTorch, compiled, with a cache": (peer + ["pytorch-compile", WEIGHTS, CACHED], CACHED),
        "PyTorch, recomputing": (peer + ["recomputing", WEIGHTS, RECOMPUTING], RECOMPUTING),
    }
    results = take_turns({name: command for name, (command, _) in ways.items()}, rounds)
    rate = {name: ways[name][1] / statistics.median(seconds) for name, (seconds, _) in results.items()}
    print("Bytes a second, one after another on one core\n")
    print("| way | median | most | pipeline over it | peak MB |\n|---|---|---|---|---|")
    for name, (seconds, memory) in results.items():
        print(f"| {name} | {rate[name]:,.0f} | {ways[name][1] / min(seconds):,.0f} "
              f"| {rate['pipeline'] / rate[name]:.2f}× | {memory:.0f} |", flush=True)


def starts(rounds):
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        command = [TOOL, "run", "text-synth", "To be, or", "--style", "shakespeare", "--length", "400", "--only-new"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
        process.stdout.read(1)
        times.append((time.perf_counter() - start) * 1000)
        process.stdout.read()
        process.wait()
    print(f"\nFrom the tool's start to its first byte: {statistics.median(times):.0f} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    if not WEIGHTS.exists():
        sys.exit(f"bench: there are no weights {WEIGHTS}")
    rates(arguments.rounds)
    starts(arguments.rounds)


if __name__ == "__main__":
    main()
