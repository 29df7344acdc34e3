"""Times sound that is drawn sample after sample beside PyTorch, on one core, everything in one run:
`make bench BENCH=audio-synth`.

    audio_synth.py [--rounds N]

The network is WaveNet of 30 blocks (three times the dilations 1 … 512, 64 channels, 256 in the output layers, 256 levels),
1.24 million multiplications a sample, with random weights. *products alone* are its matrix products at the same width of
weights and nothing else: what this processor could do at most.
"""

import argparse
import pathlib
import statistics
import sys

from turns import take_turns

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEER = pathlib.Path(__file__).with_name("audio_synth_peer.py")
BENCHMARKS = ROOT / ".build/release/pipeline-benchmarks"
OWN_SAMPLES, CACHED, RECOMPUTING = 4000, 200, 2


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    own = ["taskset", "-c", "0", BENCHMARKS, "wavenet"]
    peer = ["taskset", "-c", "0", sys.executable, PEER]
    ways = {
        "pipeline, int8": (own + ["int8"], OWN_SAMPLES),
        "products alone, int8": (own + ["int8", "products"], OWN_SAMPLES),
        "pipeline, float32": (own + ["float32"], OWN_SAMPLES),
        "products alone, float32": (own + ["float32", "products"], OWN_SAMPLES),
        "PyTorch, queues": (peer + ["cached", "--samples", CACHED], CACHED),
        "PyTorch, recomputing": (peer + ["recomputing", "--samples", RECOMPUTING], RECOMPUTING),
    }
    results = take_turns({name: command for name, (command, _) in ways.items()}, arguments.rounds)
    rate = {name: ways[name][1] / statistics.median(seconds) for name, (seconds, _) in results.items()}
    print("WaveNet, 30 blocks, one core, samples a second\n")
    print("| way | median | most | over PyTorch's queues | of the products alone | peak MB |\n|---|---|---|---|---|---|")
    for name, (seconds, memory) in results.items():
        ceiling = rate.get(name.replace("pipeline", "products alone")) if name.startswith("pipeline") else None
        share = f"{100 * rate[name] / ceiling:.0f} %" if ceiling else "–"
        print(f"| {name} | {rate[name]:,.0f} | {ways[name][1] / min(seconds):,.0f} "
              f"| {rate[name] / rate['PyTorch, queues']:.1f}× | {share} | {memory:.0f} |", flush=True)


if __name__ == "__main__":
    main()
