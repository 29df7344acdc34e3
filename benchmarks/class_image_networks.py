"""The networks of class-image in plain PyTorch, from the same weights, for its peers."""

import json

import torch
import torch.nn.functional as F
from torch import nn
from weights import read

PATCH = 2
PIXELS = PATCH**2


def load(path):
    """The network of a weights' file, and the whole configuration that is stored beside it."""
    metadata, state = read(path)
    configuration = json.loads(metadata["configuration"])
    network = (UNet if "patch" in configuration["network"] else CausalPatchNetwork)(**configuration["network"])
    network.load_state_dict(state)
    for module in network.modules():
        if isinstance(module, CausalConv2d):
            module.weight.data *= module.mask
    return network.eval().requires_grad_(False), configuration


class CausalConv2d(nn.Conv2d):
    """Sees the rows above, the same row to its left, and of its own place what `mask` leaves of the weights."""

    def __init__(self, inputs, outputs, rows, reach, here, bias=True):
        super().__init__(inputs, outputs, (rows + 1, 2 * reach + 1), bias=bias)
        self.rows, self.reach = rows, reach
        mask = torch.ones_like(self.weight)
        mask[:, :, rows, reach:] = 0
        mask[:, :, rows, reach] = here
        self.register_buffer("mask", mask, persistent=False)

    def forward(self, x):
        return super().forward(F.pad(x, (self.reach, self.reach, self.rows, 0)))


class CausalGatedBlock(nn.Module):
    def __init__(self, channels, condition, rows, reach):
        super().__init__()
        self.conv = CausalConv2d(channels, 2 * channels, rows, reach, here=1)
        self.label = nn.Linear(condition, 2 * channels, bias=False)
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, h, condition):
        a, b = (self.conv(h) + self.label(condition)[:, :, None, None]).chunk(2, 1)
        return h + self.out(a.tanh() * b.sigmoid())


class CausalPatchNetwork(nn.Module):
    """Levels `[N, 1, 2 H, 2 W]` to the parameters of their distributions, `[N, outputs, 2 H, 2 W]`."""

    def __init__(self, height, width, channels, blocks, rows, reach, head, condition, outputs):
        super().__init__()
        self.height, self.width, self.outputs = height, width, outputs
        features = 2 * PIXELS
        self.first = CausalConv2d(features, channels, 3, 4, here=0)
        self.position = nn.Parameter(torch.empty(channels, height, width))
        self.body = nn.ModuleList(CausalGatedBlock(channels, condition, rows, reach) for _ in range(blocks))
        self.context = nn.Conv2d(channels, PIXELS * head, 1)
        # The pixels of a patch see those of it that come before.
        earlier = torch.ones(PIXELS, PIXELS).tril(-1).repeat_interleave(head, 0).repeat_interleave(2, 1)
        self.near = CausalConv2d(features, PIXELS * head, 1, 1, here=earlier, bias=False)
        self.middle = nn.Parameter(torch.empty(PIXELS * head, head, 1, 1))
        self.middle_bias = nn.Parameter(torch.empty(PIXELS * head))
        self.last = nn.Parameter(torch.empty(PIXELS * outputs, head, 1, 1))
        self.last_bias = nn.Parameter(torch.empty(PIXELS * outputs))

    def forward(self, levels, condition):
        both = torch.cat([levels / 127.5 - 1, (levels == 0).float()], 1)
        features = F.pixel_unshuffle(both, PATCH).unflatten(1, (2, PIXELS)).transpose(1, 2).flatten(1, 2)
        h = self.first(features) + self.position
        for block in self.body:
            h = block(h, condition)
        hidden = (self.context(h) + self.near(features)).relu()
        deeper = F.conv2d(hidden, self.middle, self.middle_bias, groups=PIXELS).relu()
        heads = F.conv2d(hidden + deeper, self.last, self.last_bias, groups=PIXELS)
        return F.pixel_shuffle(heads.unflatten(1, (PIXELS, self.outputs)).transpose(1, 2).flatten(1, 2), PATCH)


class UNetBlock(nn.Module):
    def __init__(self, inputs, outputs, embedding, groups):
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.emb = nn.Linear(embedding, 2 * outputs)
        self.norm2 = nn.GroupNorm(groups, outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.skip = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x, embedding):
        hidden = self.conv1(F.silu(self.norm1(x)))
        scale, shift = self.emb(F.silu(embedding))[:, :, None, None].chunk(2, 1)
        return self.skip(x) + self.conv2(F.silu(self.norm2(hidden) * (scale + 1) + shift))


class SelfAttention2d(nn.Module):
    def __init__(self, channels, heads, groups):
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(groups, channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        parts = self.qkv(self.norm(x)).flatten(2).unflatten(1, (3, self.heads, -1)).transpose(-1, -2).unbind(1)
        attended = F.scaled_dot_product_attention(*parts)
        return x + self.out(attended.transpose(-1, -2).reshape(x.shape))


class UNet(nn.Module):
    """F of a noisy `[N, C, H, W]`, ln σ / 4 and the probabilities of the classes."""

    def __init__(self, pictureChannels, patch, channels, blocks, embedding, condition, groups, heads):
        super().__init__()
        self.patch = patch
        self.time1, self.time2 = nn.Linear(embedding, embedding), nn.Linear(embedding, embedding)
        self.label = nn.Linear(condition, embedding, bias=False)
        half = embedding // 2
        frequencies = 1000 ** (torch.arange(half, dtype=torch.float64) / (half - 1))
        self.register_buffer("frequencies", frequencies.float(), persistent=False)
        width = channels[0]
        self.head = nn.Conv2d(pictureChannels * patch**2, width, 3, padding=1)
        self.down, self.downsample, skips = nn.ModuleList(), nn.ModuleList(), []
        for level in channels:
            if len(self.down) > 0:
                self.downsample.append(nn.Conv2d(width, width, 3, stride=2, padding=1))
            for _ in range(blocks):
                self.down.append(UNetBlock(width, level, embedding, groups))
                width = level
                skips.append(width)
        self.middle1 = UNetBlock(width, width, embedding, groups)
        self.attention = SelfAttention2d(width, heads, groups)
        self.middle2 = UNetBlock(width, width, embedding, groups)
        self.up, self.upsample = nn.ModuleList(), nn.ModuleList()
        for level in reversed(channels):
            if len(self.up) > 0:
                self.upsample.append(nn.Conv2d(width, width, 3, padding=1))
            for _ in range(blocks):
                self.up.append(UNetBlock(width + skips.pop(), level, embedding, groups))
                width = level
        self.norm = nn.GroupNorm(groups, width)
        self.tail = nn.Conv2d(width, pictureChannels * patch**2, 3, padding=1)
        self.blocks = blocks

    def forward(self, x, time, condition):
        angles = time.reshape(-1, 1) * self.frequencies
        embedding = self.time2(F.silu(self.time1(torch.cat([angles.cos(), angles.sin()], 1)))) + self.label(condition)
        x, skips = self.head(F.pixel_unshuffle(x, self.patch)), []
        for index, block in enumerate(self.down):
            if index and index % self.blocks == 0:
                x = self.downsample[index // self.blocks - 1](x)
            x = block(x, embedding)
            skips.append(x)
        x = self.middle2(self.attention(self.middle1(x, embedding)), embedding)
        for index, block in enumerate(self.up):
            if index and index % self.blocks == 0:
                x = self.upsample[index // self.blocks - 1](F.interpolate(x, scale_factor=2, mode="nearest"))
            x = block(torch.cat([x, skips.pop()], 1), embedding)
        return F.pixel_shuffle(self.tail(F.silu(self.norm(x))), self.patch)
