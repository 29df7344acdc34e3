"""Writes network.safetensors: the network of super-resolution in PyTorch, with the same `state_dict` names.

    pip install torch numpy safetensors
    python3 make_network_golden.py
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(7)


class ResidualBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return x + self.conv2(self.conv1(x).relu())


class Trunk(nn.Module):
    def __init__(self, channels, blocks, scale):
        super().__init__()
        self.head = nn.Conv2d(3, channels, 3, padding=1)
        self.body = nn.ModuleList(ResidualBlock(channels) for _ in range(blocks))
        self.tail = nn.Conv2d(channels, 3 * scale**2, 3, padding=1)

    def forward(self, x):
        x = self.head(x)
        for block in self.body:
            x = block(x)
        return self.tail(x)


class Network(nn.Module):
    def __init__(self, channels, blocks, scale):
        super().__init__()
        self.scale = scale
        self.trunk = Trunk(channels, blocks, scale)

    def forward(self, x):
        base = F.interpolate(x, scale_factor=self.scale, mode="bilinear", align_corners=False)
        return base + F.pixel_shuffle(self.trunk(x - 0.45), self.scale)


network = Network(6, 2, 3)
golden = {f"weights.{name}": value.contiguous() for name, value in network.state_dict().items()}
golden["x"] = torch.rand(2, 3, 7, 9)
golden["y"] = network(golden["x"]).detach().contiguous()
save_file(golden, Path(__file__).parent / "network.safetensors")
