"""Writes perceptron.safetensors: a small residual perceptron in PyTorch, with the same `state_dict` names.

    pip install torch numpy safetensors
    python3 make_perceptron_golden.py
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(5)
INPUTS, CONDITION, OUTPUTS, WIDTH, BLOCKS, E = 6, 5, 7, 20, 2, 8


def norm(x):
    return x / (x.square().mean(1, keepdim=True) + 1e-6).sqrt()


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.told = nn.Linear(E, 2 * WIDTH)
        self.time = nn.Linear(E, 2 * WIDTH, bias=False)
        self.linear1, self.linear2 = nn.Linear(WIDTH, WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x, told, moment):
        scale, shift = (self.told(told) + self.time(moment)).chunk(2, 1)
        return x + self.linear2(F.silu(self.linear1(norm(x) * (1 + scale) + shift)))


class Perceptron(nn.Module):
    def __init__(self):
        super().__init__()
        self.input = nn.Linear(INPUTS, WIDTH)
        self.condition1, self.condition2 = nn.Linear(CONDITION, WIDTH), nn.Linear(WIDTH, E)
        self.start = nn.Linear(E, WIDTH)
        self.time1, self.time2 = nn.Linear(E, E), nn.Linear(E, E)
        self.blocks = nn.ModuleList(Block() for _ in range(BLOCKS))
        self.output = nn.Linear(WIDTH, OUTPUTS)

    def forward(self, x, time, condition):
        told = F.silu(self.condition2(F.silu(self.condition1(condition))))
        angles = time[:, None] * 1000 ** (torch.arange(E // 2) / (E // 2 - 1))
        moment = F.silu(self.time2(F.silu(self.time1(torch.cat([angles.cos(), angles.sin()], 1)))))
        h = self.start(told) + self.input(x)
        for block in self.blocks:
            h = block(h, told, moment)
        return self.output(norm(h))


network = Perceptron()
golden = {f"network.{name}": value.clone().contiguous() for name, value in network.state_dict().items()}
golden["x"], golden["time"], golden["condition"] = torch.randn(3, INPUTS), torch.tensor([-1.1, 0.2, 0.9]), torch.randn(3, CONDITION)
y = network(golden["x"], golden["time"], golden["condition"])
golden["y"] = y.detach().contiguous()
golden["gradient"] = torch.autograd.grad(y.square().mean(), network.blocks[0].linear1.weight)[0].contiguous()
save_file(golden, Path(__file__).parent / "perceptron.safetensors")
