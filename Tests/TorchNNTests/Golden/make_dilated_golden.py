"""Writes dilated.safetensors: a small WaveNet of `nn.Conv1d`s in PyTorch, its weights under TorchNN's `state_dict`
names, and what it gives.

    pip install torch numpy safetensors
    python3 make_dilated_golden.py
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(29)
golden = {}

LEVELS, CHANNELS, SKIP, FEATURES, CONDITION, HOP, FRAMES = 12, 16, 32, 5, 6, 4, 3
DILATIONS = [1, 2, 4, 1, 2]


class Block(nn.Module):
    """The convolution pads by its dilation at the front alone, so it looks at x[t - dilation] and x[t]."""

    def __init__(self, dilation):
        super().__init__()
        self.conv = nn.Conv1d(CHANNELS, 2 * CHANNELS, 2, dilation=dilation)
        self.condition = nn.Conv1d(CONDITION, 2 * CHANNELS, 1, bias=False)
        self.out = nn.Conv1d(CHANNELS, CHANNELS, 1)
        self.dilation = dilation

    def forward(self, x, given):
        both = self.conv(F.pad(x, (self.dilation, 0))) + self.condition(given)
        a, b = both.chunk(2, dim=1)
        z = a.tanh() * b.sigmoid()
        return x + self.out(z), z


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(LEVELS, CHANNELS) * 0.5)
        self.condition1 = nn.Linear(FEATURES, 2 * CONDITION)
        self.condition2 = nn.Linear(2 * CONDITION, CONDITION)
        self.body = nn.ModuleList(Block(d) for d in DILATIONS)
        self.skip = nn.Conv1d(len(DILATIONS) * CHANNELS, SKIP, 1)
        self.head1 = nn.Conv1d(SKIP, SKIP, 1)
        self.head2 = nn.Conv1d(SKIP, LEVELS, 1)

    def forward(self, previous, features):
        """Scores `[N, T, K]` and the last layer's mean input `[N, S]`."""
        given = F.silu(self.condition2(F.silu(self.condition1(features))))
        given = given.repeat_interleave(HOP, dim=1).transpose(1, 2)
        x = F.embedding(previous, self.embedding).transpose(1, 2)
        gated = []
        for block in self.body:
            x, z = block(x, given)
            gated.append(z)
        hidden = self.head1(self.skip(torch.cat(gated, 1)).relu()).relu()
        return self.head2(hidden).transpose(1, 2), hidden.mean(2)


network = Network()
# TorchNN has matrices: the past tap's columns come first.
for key, value in network.state_dict().items():
    if value.dim() == 3:
        value = torch.cat([value[:, :, tap] for tap in range(value.shape[2])], 1)
    golden[f"dilated.weights.{key}"] = value
previous = torch.randint(0, LEVELS, (2, FRAMES * HOP))
features = torch.randn(2, FRAMES, FEATURES)
y, summary = network(previous, features)
first = network.body[1].conv.weight
gradient, table = torch.autograd.grad(y.square().mean(), [first, network.embedding])
golden |= {
    "dilated.previous": previous.float(),
    "dilated.features": features,
    "dilated.y": y,
    "dilated.summary": summary,
    "dilated.gradient": torch.cat([gradient[:, :, 0], gradient[:, :, 1]], 1),
    "dilated.embedding_gradient": table,
}
save_file(
    {key: value.detach().contiguous().clone() for key, value in golden.items()},
    Path(__file__).parent / "dilated.safetensors",
)
