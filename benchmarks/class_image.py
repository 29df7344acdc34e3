"""Times draws of pictures beside its peers, everything in one run: `make bench BENCH=class-image`.

    class_image.py [--models NAME...] [--counts N...] [--rounds N] [--steps N] [--weights FOLDER]

Every way runs in a process of its own, on all cores unless it says otherwise, and the ways take turns, so that what
else the machine does falls on all of them alike. What takes longer than ten seconds is not repeated.
"""

import argparse
import pathlib
import statistics
import sys

from turns import Way, take_turns

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEER = pathlib.Path(__file__).with_name("class_image_peer.py")
BENCHMARKS = ROOT / ".build/release/pipeline-benchmarks"

# What each peer is called in the tables, and what it is asked for.
PEERS = {
    "autoregressive": {
        "PyTorch, cached": ["cached"],
        "PyTorch, cached, one thread": ["cached", "--threads", "1"],
        "PyTorch, recomputing": ["recomputing"],
    },
    "diffusion": {
        "diffusers, eager": ["diffusers"],
        "diffusers, eager, one thread": ["diffusers", "--threads", "1"],
        "diffusers, compiled": ["diffusers-compile"],
        "diffusers, UNet2DModel": ["unet2d"],
    },
}


def peer(asked, weights, count, steps):
    way, *options = asked
    return [sys.executable, PEER, way, weights, count, "--steps", steps, *options]


def networks(models):
    print("What is computed: networks of the peers, multiplications and additions as two\n")
    print("| model | way | parameters | GFLOP a picture |\n|---|---|---|---|")
    for model, (weights, steps) in models.items():
        for name, asked in PEERS[model].items():
            if len(asked) > 1 or asked[0].endswith("-compile"):
                continue
            way = Way(peer(asked, weights, 1, steps))
            answer = way("describe")
            way.close()
            print(f"| {model} | {name} | {answer['parameters']:,} | {answer['gigaflop']:.2f} |", flush=True)


def draws(models, counts, rounds):
    print("\nDraws of so many pictures together, fp32, milliseconds a picture\n")
    print("| model | pictures | way | median | least | over pipeline | peak MB |\n|---|---|---|---|---|---|---|")
    for model, (weights, steps) in models.items():
        for count in counts:
            commands = {"pipeline": [BENCHMARKS, "draw", model, weights, count, steps]}
            commands |= {name: peer(asked, weights, count, steps) for name, asked in PEERS[model].items()}
            results = take_turns(commands, rounds, slow=10)
            own = statistics.median(results["pipeline"][0]) / count * 1000
            for name, (seconds, memory) in results.items():
                median, least = (value / count * 1000 for value in (statistics.median(seconds), min(seconds)))
                print(f"| {model} | {count} | {name} | {median:.2f} | {least:.2f} | {median / own:.2f} "
                      f"| {memory:.0f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--counts", nargs="+", type=int, default=[1, 16, 64], help="of pictures that are drawn together")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--steps", type=int, default=12, help="of diffusion")
    parser.add_argument("--weights", type=pathlib.Path, default=ROOT / "pipelines/class-image", help="a folder")
    arguments = parser.parse_args()
    models = {model: (arguments.weights / f"{model}.safetensors", arguments.steps if model == "diffusion" else 0)
              for model in arguments.models}
    for weights, _ in models.values():
        if not weights.exists():
            sys.exit(f"bench: there are no weights {weights}")
    networks(models)
    draws(models, arguments.counts, arguments.rounds)


main()
