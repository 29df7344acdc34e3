"""Peers of imitation: chunks of actions by PyTorch, a line of JSON for every line read.

    imitation_peer.py WAY WEIGHTS CHUNKS

- pytorch: the same network and steps, as short as PyTorch says it, and pytorch-compile: it by torch.compile;
- diffusers: the same network in the loop of diffusers' FlowMatchEulerDiscreteScheduler, as Diffusion Policy and lerobot have it.

One thread, one chunk at a time; the answer has each chunk's milliseconds.
"""

import json
import resource
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn
from weights import read


class Attention(nn.Module):
    """Among the actions of a chunk."""

    def __init__(self, width, heads):
        super().__init__()
        self.qkv, self.out, self.heads = nn.Linear(width, 3 * width), nn.Linear(width, width), heads

    def forward(self, x):
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in self.qkv(norm(x)).chunk(3, -1))
        return x + self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class Block(nn.Module):
    def __init__(self, width, e, heads):
        super().__init__()
        self.attention = Attention(width, heads) if heads else None
        self.told, self.time = nn.Linear(e, 2 * width), nn.Linear(e, 2 * width, bias=False)
        self.linear1, self.linear2 = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x, told, moment):
        scale, shift = (self.told(told) + self.time(moment)).chunk(2, -1)
        if self.attention is not None:
            x = self.attention(x)
        return x + self.linear2(F.silu(self.linear1(norm(x) * (1 + scale) + shift)))


def norm(x):
    return F.rms_norm(x, x.shape[-1:], eps=1e-6)


class Perceptron(nn.Module):
    """Of a policy by flow matching, a transformer where it has tokens; what it is told is computed once for all steps."""

    def __init__(self, shape):
        super().__init__()
        width, e = shape["width"], shape["embedding"]
        self.tokens = shape.get("tokens") or 1
        self.position = nn.Parameter(torch.zeros(self.tokens, width)) if "tokens" in shape else None
        self.input, self.start = nn.Linear(shape["inputs"] // self.tokens, width), nn.Linear(e, width)
        self.condition1, self.condition2 = nn.Linear(shape["condition"], width), nn.Linear(width, e)
        self.time1, self.time2 = nn.Linear(e, e), nn.Linear(e, e)
        self.blocks = nn.ModuleList(Block(width, e, shape.get("heads")) for _ in range(shape["blocks"]))
        self.output = nn.Linear(width, shape["outputs"] // self.tokens)
        self.register_buffer("frequencies", 1000 ** (torch.arange(e // 2) / (e // 2 - 1)), persistent=False)

    def tell(self, condition):
        return F.silu(self.condition2(F.silu(self.condition1(condition))))

    def forward(self, x, time, told):
        angles = time[:, None] * self.frequencies
        moment = F.silu(self.time2(F.silu(self.time1(torch.cat([angles.cos(), angles.sin()], 1)))))
        if self.position is not None:
            # One row: what is told is the same for all tokens.
            x = x.view(1, self.tokens, -1)
        h = self.start(told) + self.input(x)
        if self.position is not None:
            h = h + self.position
        for block in self.blocks:
            h = block(h, told, moment)
        return self.output(norm(h)).flatten(1)


class Policy:
    def __init__(self, weights, compiled=False, scheduler=False):
        metadata, tensors = read(weights)
        self.description = json.loads(metadata["description"])
        shape = self.description["network"]
        self.network = Perceptron(shape).eval().requires_grad_(False)
        self.network.load_state_dict(
            {name.removeprefix("actions."): value for name, value in tensors.items() if name.startswith("actions.")})
        self.model = torch.compile(self.network, dynamic=False) if compiled else self.network
        self.condition, self.dimensions = shape["condition"], shape["inputs"]
        sampler = self.description["sampler"]
        if sampler.get("schedule") != "straight" or sampler["name"] != "euler":
            sys.exit("imitation_peer.py: the policy's steps are not flow matching's")
        self.steps = sampler["steps"]
        # σ = t / (1 − t).
        times = 0.998 * (1 - torch.arange(self.steps + 1) / self.steps)
        self.levels = (times / (1 - times)).tolist()
        self.scheduler = None
        if scheduler:
            from diffusers import FlowMatchEulerDiscreteScheduler

            self.scheduler = FlowMatchEulerDiscreteScheduler()

    def velocity(self, u, sigma, told):
        """Of the noisy x divided by √(1 + σ²): the clean x."""
        total = 1 + sigma * sigma
        time = torch.full([1], torch.tensor(sigma).log().item() / 4)
        return u / total**0.5 + self.model(u, time, told) * (sigma / total**0.5)

    def draw(self):
        observation = torch.randn(1, self.condition)
        told = self.network.tell(observation)
        deviation = self.description["diffusion"]["deviation"]
        if self.scheduler is None:
            z = torch.randn(1, self.dimensions) * self.levels[0]
            for sigma, following in zip(self.levels, self.levels[1:]):
                clean = self.velocity(z / (1 + sigma * sigma) ** 0.5, sigma, told).clamp(-1 / deviation, 1 / deviation)
                z = z * (following / sigma) + clean * (1 - following / sigma)
            return z * deviation
        self.scheduler.set_timesteps(self.steps)
        x = torch.randn(1, self.dimensions)
        for timestep, t in zip(self.scheduler.timesteps, self.scheduler.sigmas):
            # x_t = (1 − t) x₀ + t ε, of which v = ε − x₀ = (x_t − x₀) / t.
            t = min(t.item(), 0.998)
            sigma = t / (1 - t)
            clean = self.velocity(x / ((1 - t) ** 2 + t**2) ** 0.5, sigma, told)
            x = self.scheduler.step((x - clean) / t, timestep, x).prev_sample
        return x * deviation


WAYS = {
    "pytorch": Policy,
    "pytorch-compile": lambda weights: Policy(weights, compiled=True),
    "diffusers": lambda weights: Policy(weights, scheduler=True),
}


@torch.inference_mode()
def main():
    way, weights, chunks = sys.argv[1], sys.argv[2], int(sys.argv[3])
    torch.set_num_threads(1)
    policy = WAYS[way](weights)
    for _ in sys.stdin:
        milliseconds = []
        for _ in range(chunks):
            start = time.perf_counter()
            policy.draw()
            milliseconds.append((time.perf_counter() - start) * 1000)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"milliseconds": milliseconds, "peakMegabytes": peak}), flush=True)


main()
