"""PyTorch's part of the audio-synth benchmark, in a process of its own.

    audio_synth_peer.py cached|recomputing [--samples N] [--check]

WaveNet of 30 blocks (three times the dilations 1 … 512, 64 channels, 256 in the output layers, 256 levels) with random
weights, on one thread. `cached` keeps what every block has seen in queues (Paine et al. 2016, "Fast WaveNet generation
algorithm"); `recomputing` runs the whole reach for every sample. For every empty line from standard input so many samples
are drawn, and a line {"seconds": …, "samples": …, "peakMegabytes": …} is written. With --check both ways are compared.
"""

import argparse
import json
import resource
import sys
import time

import torch

R, S, K = 64, 256, 256
DILATIONS = [1 << i for i in range(10)] * 3


class WaveNet:
    def __init__(self):
        torch.manual_seed(1)

        def matrix(rows, columns):
            return (torch.rand(rows, columns) * 2 - 1) / columns**0.5

        self.embedding = torch.randn(K, R) * 0.5
        self.conv = [matrix(2 * R, 2 * R) for _ in DILATIONS]
        self.bias = [matrix(2 * R, 2 * R)[:, 0].clone() for _ in DILATIONS]
        self.out = [matrix(R, R) * 0.5 for _ in DILATIONS]
        self.skip = matrix(S, R * len(DILATIONS))
        self.head1, self.head2 = matrix(S, S), matrix(K, S)

    def scores(self, gated):
        return self.head2 @ torch.relu(self.head1 @ torch.relu(self.skip @ gated))

    def whole(self, levels):
        """Scores after the last of `levels`."""
        x = self.embedding[levels].T
        gated = []
        for d, conv, bias, out in zip(DILATIONS, self.conv, self.bias, self.out):
            past = torch.nn.functional.pad(x, (d, 0))[:, : x.shape[1]]
            both = conv @ torch.cat([past, x]) + bias[:, None]
            z = torch.tanh(both[:R]) * torch.sigmoid(both[R:])
            gated.append(z[:, -1])
            x = x + out @ z
        return self.scores(torch.cat(gated))


class Queues:
    def __init__(self, network):
        self.network = network
        self.rings = [torch.zeros(d, R) for d in DILATIONS]
        self.time = 0

    def step(self, level):
        network = self.network
        x = network.embedding[level]
        gated = []
        for ring, d, conv, bias, out in zip(self.rings, DILATIONS, network.conv, network.bias, network.out):
            place = self.time % d
            both = torch.addmv(bias, conv, torch.cat([ring[place], x]))
            ring[place] = x
            z = torch.tanh(both[:R]) * torch.sigmoid(both[R:])
            gated.append(z)
            x = torch.addmv(x, out, z)
        self.time += 1
        return network.scores(torch.cat(gated))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("way", choices=["cached", "recomputing"])
    parser.add_argument("--samples", type=int, default=400)
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    network = WaveNet()
    if arguments.check:
        queues = Queues(network)
        levels = torch.randint(0, K, (1200,)).tolist()
        worst = 0.0
        for count in range(1, len(levels) + 1):
            scores = queues.step(levels[count - 1])
            if count % 200 == 0:
                worst = max(worst, (scores - network.whole(levels[:count])).abs().max().item())
        print(json.dumps({"difference": worst}))
        sys.exit(worst > 1e-4)
    queues = Queues(network)
    level, history = 128, [128] * (sum(DILATIONS) + 1)
    for _ in sys.stdin:
        start = time.perf_counter()
        for _ in range(arguments.samples):
            if arguments.way == "cached":
                scores = queues.step(level)
            else:
                scores = network.whole(history)
            level = torch.multinomial(torch.softmax(scores, 0), 1).item()
            history = history[1:] + [level]
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "samples": arguments.samples, "peakMegabytes": peak}), flush=True)


if __name__ == "__main__":
    main()
