"""Writes unet.safetensors: a small UNet, alone and with a text encoder whose words its pixels attend to, and at the lowest
level to one another, in PyTorch, with the same `state_dict` names.

    pip install torch numpy safetensors
    python3 make_unet_golden.py
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(11)
E, GROUPS, HEADS, PATCH, COLOURS, CONDITION, BLOCKS = 8, 2, 2, 2, 1, 3, 2
CHANNELS = [4, 8]
# Height and width of the lowest level.
LOWEST = (2, 3)
WORDS, LENGTH, WIDTH = 9, 6, 8


class Block(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.norm1 = nn.GroupNorm(GROUPS, inputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        self.emb = nn.Linear(E, 2 * outputs)
        self.norm2 = nn.GroupNorm(GROUPS, outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        self.skip = None if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x, e):
        h = self.conv1(F.silu(self.norm1(x)))
        scale, shift = self.emb(F.silu(e))[:, :, None, None].chunk(2, dim=1)
        h = self.conv2(F.silu(self.norm2(h) * (scale + 1) + shift))
        return (x if self.skip is None else self.skip(x)) + h


class Attention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = nn.GroupNorm(GROUPS, channels)
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        n, c, h, w = x.shape
        q, k, v = self.qkv(self.norm(x)).reshape(n, 3, HEADS, c // HEADS, h * w).unbind(1)
        weights = torch.softmax(q.transpose(2, 3) @ k / (c // HEADS) ** 0.5, dim=-1)
        return x + self.out((weights @ v.transpose(2, 3)).transpose(2, 3).reshape(n, c, h, w))


class CrossAttention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.norm = nn.GroupNorm(GROUPS, channels)
        self.query = nn.Conv2d(channels, channels, 1)
        self.key_value = nn.Linear(WIDTH, 2 * channels, bias=False)
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, x, sequence, mask):
        n, c, h, w = x.shape
        q = self.query(self.norm(x)).reshape(n, HEADS, c // HEADS, h * w).transpose(2, 3)
        k, v = self.key_value(sequence).reshape(n, -1, 2, HEADS, c // HEADS).permute(2, 0, 3, 1, 4)
        weights = q @ k.transpose(2, 3) / (c // HEADS) ** 0.5
        weights = weights.masked_fill(mask[:, None, None] == 0, float("-inf")).softmax(-1)
        return x + self.out((weights @ v).transpose(2, 3).reshape(n, c, h, w))


class TextEncoder(nn.Module):
    """PyTorch's own blocks, renamed in `encoder_weights`."""

    def __init__(self):
        super().__init__()
        self.words = nn.Parameter(torch.randn(WORDS, WIDTH))
        self.places = nn.Parameter(torch.randn(LENGTH, WIDTH))
        layer = nn.TransformerEncoderLayer(
            WIDTH, HEADS, 4 * WIDTH, 0, F.silu, batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(layer, 2, nn.LayerNorm(WIDTH), enable_nested_tensor=False)

    def forward(self, tokens, mask):
        x = self.words[tokens] + self.places[: tokens.shape[1]]
        x = self.body(x, src_key_padding_mask=mask == 0)
        return x, (x * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)

    def encoder_weights(self):
        names = {
            "self_attn.in_proj_": "qkv.", "self_attn.out_proj": "out", "linear1": "fc1", "linear2": "fc2",
            "body.layers": "body", "body.norm": "norm",
        }
        for name, value in self.state_dict().items():
            for old, new in names.items():
                name = name.replace(old, new)
            yield name, value


class UNet(nn.Module):
    def __init__(self, has_text=False):
        super().__init__()
        self.time1, self.time2 = nn.Linear(E, E), nn.Linear(E, E)
        self.label = nn.Linear(CONDITION, E, bias=False)
        width, skips, down, downsample, up, upsample = CHANNELS[0], [], [], [], [], []
        self.head = nn.Conv2d(COLOURS * PATCH**2, width, 3, padding=1)
        for level, channels in enumerate(CHANNELS):
            for _ in range(BLOCKS):
                down.append(Block(width, channels))
                width = channels
                skips.append(width)
            if level < len(CHANNELS) - 1:
                downsample.append(nn.Conv2d(width, width, 3, stride=2, padding=1))
        self.down, self.downsample = nn.ModuleList(down), nn.ModuleList(downsample)
        self.middle1, self.attention, self.middle2 = Block(width, width), Attention(width), Block(width, width)
        for level, channels in reversed(list(enumerate(CHANNELS))):
            for _ in range(BLOCKS):
                up.append(Block(width + skips.pop(), channels))
                width = channels
            if level > 0:
                upsample.append(nn.Conv2d(width, width, 3, padding=1))
        self.up, self.upsample = nn.ModuleList(up), nn.ModuleList(upsample)
        self.norm = nn.GroupNorm(GROUPS, width)
        self.tail = nn.Conv2d(width, COLOURS * PATCH**2, 3, padding=1)
        if has_text:
            widths = [channels for channels in CHANNELS for _ in range(BLOCKS)]
            self.down_attention = nn.ModuleList(CrossAttention(width) for width in widths)
            self.up_attention = nn.ModuleList(CrossAttention(width) for width in widths[::-1])
            # One more block in the middle.
            self.deeper = nn.ModuleList([Block(widths[-1], widths[-1])])
            self.deeper_self_attention = nn.ModuleList([Attention(widths[-1])])
            self.deeper_attention = nn.ModuleList([CrossAttention(widths[-1])])
            # Of the lowest level, whose first block is as wide before it as the level above.
            self.position = nn.Parameter(torch.randn(CHANNELS[-2], *LOWEST))
            # At the lowest level alone.
            self.down_self_attention = nn.ModuleList(Attention(CHANNELS[-1]) for _ in range(BLOCKS))
            self.up_self_attention = nn.ModuleList(Attention(CHANNELS[-1]) for _ in range(BLOCKS))

    def forward(self, x, time, condition, text=None):
        frequencies = 1000 ** (torch.arange(E // 2) / (E // 2 - 1))
        angles = time[:, None] * frequencies
        e = torch.cat([angles.cos(), angles.sin()], 1)
        e = self.time2(F.silu(self.time1(e))) + self.label(condition)
        h, skips = self.head(F.pixel_unshuffle(x, PATCH)), []
        for level in range(len(CHANNELS)):
            if text is not None and level == len(CHANNELS) - 1:
                h = h + self.position
            for index in range(level * BLOCKS, (level + 1) * BLOCKS):
                h = self.down[index](h, e)
                if text is not None and level == len(CHANNELS) - 1:
                    h = self.down_self_attention[index - level * BLOCKS](h)
                if text is not None:
                    h = self.down_attention[index](h, *text)
                skips.append(h)
            if level < len(CHANNELS) - 1:
                h = self.downsample[level](h)
        h = self.middle2(self.attention(self.middle1(h, e)), e)
        if text is not None:
            h = self.deeper[0](self.deeper_attention[0](self.deeper_self_attention[0](h), *text), e)
        for level in range(len(CHANNELS)):
            for index in range(level * BLOCKS, (level + 1) * BLOCKS):
                h = self.up[index](torch.cat([h, skips.pop()], 1), e)
                if text is not None and level == 0:
                    h = self.up_self_attention[index](h)
                if text is not None:
                    h = self.up_attention[index](h, *text)
            if level < len(CHANNELS) - 1:
                h = self.upsample[level](F.interpolate(h, scale_factor=2, mode="nearest"))
        return F.pixel_shuffle(self.tail(F.silu(self.norm(h))), PATCH)


network = UNet()
golden = {f"unet.{name}": value.clone().contiguous() for name, value in network.state_dict().items()}
golden["x"] = torch.randn(2, COLOURS, 8, 12)
golden["time"] = torch.tensor([-1.2, 0.7])
golden["condition"] = torch.tensor([[0.0, 1, 0], [0, 0, 0]])
y = network(golden["x"], golden["time"], golden["condition"])
golden["y"] = y.detach().contiguous()
golden["gradient"] = torch.autograd.grad(y.square().mean(), network.down[0].conv1.weight)[0].contiguous()

encoder, captioned = TextEncoder(), UNet(has_text=True)
golden |= {f"encoder.{name}": value.clone().contiguous() for name, value in encoder.encoder_weights()}
golden |= {f"captioned.{name}": value.clone().contiguous() for name, value in captioned.state_dict().items()}
golden["tokens"] = torch.tensor([[0, 3, 8, 1, 5], [0, 2, 0, 0, 0]])
golden["mask"] = torch.tensor([[1.0, 1, 1, 1, 1], [1, 1, 0, 0, 0]])
sequence, golden["mean"] = encoder(golden["tokens"], golden["mask"])
golden["sequence"] = (sequence * golden["mask"][..., None]).detach().contiguous()
y = captioned(golden["x"], golden["time"], golden["condition"], (sequence, golden["mask"]))
golden["captioned_y"] = y.detach().contiguous()
golden["words_gradient"] = torch.autograd.grad(y.square().mean(), encoder.words)[0].contiguous()
golden["mean"] = golden["mean"].detach().contiguous()
save_file(golden, Path(__file__).parent / "unet.safetensors")
