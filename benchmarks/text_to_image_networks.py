"""The networks of text-to-image in plain PyTorch, from the same weights, for its peers."""

import json

import torch
import torch.nn.functional as F
from class_image_networks import SelfAttention2d, UNet, UNetBlock
from torch import nn
from weights import read

# Of the encoder: what fills captions up, what begins them, the first question; words follow the questions.
FILLING, BEGINNING, FIRST = 0, 1, 2


def load(path):
    """The network of a weights' file, and the whole description that is stored beside it."""
    metadata, state = read(path)
    description = json.loads(metadata["description"])
    network = CaptionedNetwork(description["network"], description["words"])
    network.load_state_dict(state)
    return network.eval().requires_grad_(False), description


class TransformerBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x, mask):
        parts = self.qkv(self.norm1(x)).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(*parts, ((mask - 1) * 1e4)[:, None, None])
        x = x + self.out(attended.transpose(1, 2).flatten(2))
        return x + self.fc2(F.silu(self.fc1(self.norm2(x))))


class TextEncoder(nn.Module):
    def __init__(self, vocabulary, length, width, layers, heads):
        super().__init__()
        self.words = nn.Parameter(torch.empty(vocabulary, width))
        self.places = nn.Parameter(torch.empty(length, width))
        self.body = nn.ModuleList(TransformerBlock(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens, mask):
        x = self.words[tokens] + self.places[: tokens.shape[1]]
        for block in self.body:
            x = block(x, mask)
        x = self.norm(x)
        share = mask[..., None]
        return x, (x * share).sum(1) / share.sum(1)


class CrossAttention2d(nn.Module):
    def __init__(self, channels, sequence, heads, groups):
        super().__init__()
        self.heads = heads
        self.norm = nn.GroupNorm(groups, channels)
        self.query, self.out = nn.Conv2d(channels, channels, 1), nn.Conv2d(channels, channels, 1)
        self.key_value = nn.Linear(sequence, 2 * channels, bias=False)

    def forward(self, x, sequence, mask):
        query = self.query(self.norm(x)).flatten(2).unflatten(1, (self.heads, -1)).transpose(2, 3)
        key, value = self.key_value(sequence).unflatten(2, (2, self.heads, -1)).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(query, key, value, ((mask - 1) * 1e4)[:, None, None])
        return x + self.out(attended.transpose(2, 3).reshape(x.shape))


class AttendingUNet(UNet):
    def __init__(self, sequence, attendingLevels, selfAttendingLevels=0, middleBlocks=0, positions=None, **shape):
        super().__init__(**shape)
        every = [level for level in shape["channels"] for _ in range(shape["blocks"])]
        heads, groups = shape["heads"], shape["groups"]

        def both_ways(levels, make):
            widths = every[len(every) - levels * shape["blocks"] :]
            return [nn.ModuleList(make(width) for width in way) for way in (widths, widths[::-1])]

        lowest = every[-1]
        self.position = nn.Parameter(torch.zeros(every[-1 - shape["blocks"]], *positions)) if positions else None
        self.deeper = nn.ModuleList(
            UNetBlock(lowest, lowest, shape["embedding"], groups) for _ in range(middleBlocks))
        self.deeper_self_attention = nn.ModuleList(
            SelfAttention2d(lowest, heads, groups) for _ in range(middleBlocks))
        self.deeper_attention = nn.ModuleList(
            CrossAttention2d(lowest, sequence, heads, groups) for _ in range(middleBlocks))
        self.down_attention, self.up_attention = both_ways(
            attendingLevels, lambda width: CrossAttention2d(width, sequence, heads, groups))
        self.down_self_attention, self.up_self_attention = both_ways(
            selfAttendingLevels, lambda width: SelfAttention2d(width, heads, groups))

    def forward(self, x, time, told):
        mean, sequence, mask = told
        angles = time.reshape(-1, 1) * self.frequencies
        embedding = self.time2(F.silu(self.time1(torch.cat([angles.cos(), angles.sin()], 1)))) + self.label(mean)
        x, skips = self.head(F.pixel_unshuffle(x, self.patch)), []
        first, first_self = (len(self.down) - len(some) for some in (self.down_attention, self.down_self_attention))
        for index, block in enumerate(self.down):
            if index and index % self.blocks == 0:
                x = self.downsample[index // self.blocks - 1](x)
            if self.position is not None and index == len(self.down) - self.blocks:
                x = x + self.position
            x = block(x, embedding)
            if index >= first_self:
                x = self.down_self_attention[index - first_self](x)
            if index >= first:
                x = self.down_attention[index - first](x, sequence, mask)
            skips.append(x)
        x = self.middle2(self.attention(self.middle1(x, embedding)), embedding)
        for attention, words, block in zip(self.deeper_self_attention, self.deeper_attention, self.deeper):
            x = block(words(attention(x), sequence, mask), embedding)
        for index, block in enumerate(self.up):
            if index and index % self.blocks == 0:
                x = self.upsample[index // self.blocks - 1](F.interpolate(x, scale_factor=2, mode="nearest"))
            x = block(torch.cat([x, skips.pop()], 1), embedding)
            if index < len(self.up_self_attention):
                x = self.up_self_attention[index](x)
            if index < len(self.up_attention):
                x = self.up_attention[index](x, sequence, mask)
        return F.pixel_shuffle(self.tail(F.silu(self.norm(x))), self.patch)


class CaptionedNetwork(nn.Module):
    def __init__(self, shape, words):
        super().__init__()
        self.vocabulary, self.length = words, shape["text"]["length"]
        self.text = TextEncoder(**shape["text"])
        self.nothing = nn.Parameter(torch.empty(1, shape["text"]["width"]))
        width = shape["text"]["width"]
        self.answers = nn.ModuleList(nn.Linear(width, values) for values in shape.get("attributes", []))
        self.picture = AttendingUNet(**shape["picture"])

    def told(self, captions):
        """What the UNet is told of captions of known words alone: what the whole says, a sequence and its mask."""
        tokens = torch.full((len(captions), self.length), FILLING)
        questions = len(self.answers)
        start = [BEGINNING] + [FIRST + question for question in range(questions)]
        for row, caption in enumerate(captions):
            places = start + [FIRST + questions + self.vocabulary.index(word) for word in caption.split()]
            tokens[row, : len(places)] = torch.tensor(places)
        mask = (tokens != FILLING).float()
        sequence, mean = self.text(tokens, mask)
        answers = [answer(sequence[:, place + 1]).softmax(1) for place, answer in enumerate(self.answers)]
        nothing = self.nothing.expand(len(captions), 1, -1)
        return torch.cat([mean, *answers], 1), torch.cat([nothing, sequence[:, 1:]], 1), mask

    @staticmethod
    def untold(told):
        mean, sequence, mask = told
        first = torch.zeros_like(mask)
        first[:, 0] = 1
        return torch.zeros_like(mean), sequence, first

    def forward(self, x, time, told):
        return self.picture(x, time, told)
