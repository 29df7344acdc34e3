"""What peers that draw with PyTorch have alike: a way to draw that answers lines with lines of JSON.

A way has `network`, and `draw(count)`.
"""

import json
import os
import resource
import sys
import time

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode


def prepare(threads):
    """Uses so many threads, 0 for one per core, and the same noise every time."""
    torch.set_num_threads(threads or len(os.sched_getaffinity(0)))
    torch.manual_seed(0)


def describe(way):
    # The products of fused attention are not counted.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        way.draw(1)
    parameters = sum(parameter.numel() for parameter in way.network.parameters())
    return {"parameters": parameters, "gigaflop": counter.get_total_flops() / 1e9}


def timed(way, count):
    start = time.perf_counter()
    way.draw(count)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def serve(way, count):
    """For a line `describe` the network's size is written, for any other the time of `count` pictures drawn together."""
    for line in sys.stdin:
        answer = describe(way) if line.strip() == "describe" else timed(way, count)
        print(json.dumps(answer), flush=True)
