"""Writes layers.safetensors: PyTorch modules with the same `state_dict` names as TorchNN's, and what they give.

    pip install torch numpy safetensors
    python3 make_layers_golden.py
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(2)


class ResidualBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return x + self.conv2(self.conv1(x).relu())


class ResidualTrunk(nn.Module):
    def __init__(self, inputs, outputs, channels, blocks, scale):
        super().__init__()
        self.head = nn.Conv2d(inputs, channels, 3, padding=1)
        self.body = nn.ModuleList(ResidualBlock(channels) for _ in range(blocks))
        self.tail = nn.Conv2d(channels, outputs * scale**2, 3, padding=1)
        self.shuffle = nn.PixelShuffle(scale)

    def forward(self, x):
        x = self.head(x)
        for block in self.body:
            x = block(x)
        return self.shuffle(self.tail(x))


def put(golden, name, module, x):
    golden.update({f"{name}.weights.{key}": value.contiguous() for key, value in module.state_dict().items()})
    golden[f"{name}.x"] = x
    golden[f"{name}.y"] = module(x).detach().contiguous()


golden = {}
put(golden, "conv", nn.Conv2d(3, 5, 3, stride=2, padding=1), torch.randn(2, 3, 8, 7))
put(golden, "conv_no_bias", nn.Conv2d(3, 5, 5, padding=2, bias=False), torch.randn(2, 3, 8, 7))
put(golden, "block", ResidualBlock(6), torch.randn(2, 6, 9, 8))
put(golden, "trunk", ResidualTrunk(3, 3, 8, 2, 2), torch.randn(2, 3, 10, 7))
save_file(golden, Path(__file__).parent / "layers.safetensors")
