"""Times draws of captions beside diffusers, everything in one run: `make bench BENCH=text-to-image`.

    text_to_image.py [--counts N...] [--rounds N] [--steps N] [--weights FILE]

Every way runs in a process of its own, on all cores unless it says otherwise, and the ways take turns. Then whole commands
are timed, from a cold start to the file.
"""

import argparse
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from turns import Way, take_turns

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEER = pathlib.Path(__file__).with_name("text_to_image_peer.py")
BENCHMARKS = ROOT / ".build/release/pipeline-benchmarks"

PEERS = {
    "diffusers, eager": ["diffusers"],
    "diffusers, eager, one thread": ["diffusers", "--threads", "1"],
    "diffusers, compiled": ["diffusers-compile"],
    "diffusers, UNet2DConditionModel": ["unet2d"],
}


def peer(asked, weights, count, steps):
    way, *options = asked
    return [sys.executable, PEER, way, weights, count, "--steps", steps, *options]


def networks(weights, steps):
    print("What is computed: networks of the peers, multiplications and additions as two\n")
    print("| way | parameters | GFLOP a picture |\n|---|---|---|")
    for name, asked in PEERS.items():
        if len(asked) > 1 or asked[0].endswith("-compile"):
            continue
        way = Way(peer(asked, weights, 1, steps))
        answer = way("describe")
        way.close()
        print(f"| {name} | {answer['parameters']:,} | {answer['gigaflop']:.2f} |", flush=True)


def draws(weights, counts, rounds, steps):
    print("\nDraws of so many pictures together, fp32, milliseconds a picture\n")
    print("| pictures | way | median | least | over pipeline | peak MB |\n|---|---|---|---|---|---|")
    for count in counts:
        commands = {"pipeline": [BENCHMARKS, "caption", weights, count, steps]}
        commands |= {name: peer(asked, weights, count, steps) for name, asked in PEERS.items()}
        results = take_turns(commands, rounds, slow=10)
        own = statistics.median(results["pipeline"][0]) / count * 1000
        for name, (seconds, memory) in results.items():
            median, least = (value / count * 1000 for value in (statistics.median(seconds), min(seconds)))
            print(f"| {count} | {name} | {median:.2f} | {least:.2f} | {median / own:.2f} | {memory:.0f} |", flush=True)


def cold(rounds):
    print("\nA whole command, from a cold start to the file\n")
    print("| pictures | median s | least s |\n|---|---|---|")
    for count in (1, 4):
        seconds = []
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(rounds):
                start = time.perf_counter()
                subprocess.run(
                    [ROOT / ".build/release/pipeline", "run", "text-to-image", "a black table with 6 chairs", "--count",
                     str(count), "--quiet", "-o", f"{folder}/x.png"], check=True, stdout=subprocess.DEVNULL, cwd=ROOT)
                seconds.append(time.perf_counter() - start)
        print(f"| {count} | {statistics.median(seconds):.2f} | {min(seconds):.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", nargs="+", type=int, default=[1, 4, 16], help="of pictures that are drawn together")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=20, help="of DPM-Solver++, which diffusers has as well")
    parser.add_argument("--weights", type=pathlib.Path, default=ROOT / "pipelines/text-to-image/scenes.safetensors")
    arguments = parser.parse_args()
    if not arguments.weights.exists():
        sys.exit(f"bench: there are no weights {arguments.weights}")
    networks(arguments.weights, arguments.steps)
    draws(arguments.weights, arguments.counts, arguments.rounds, arguments.steps)
    cold(arguments.rounds)


main()
