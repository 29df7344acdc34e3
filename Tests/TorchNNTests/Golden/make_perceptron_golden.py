"""Writes perceptron.safetensors: a small residual perceptron in PyTorch, and one of tokens that attend to one another, with the
same `state_dict` names.

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
TOKENS, HEADS, TOKEN_INPUTS, TOKEN_OUTPUTS, TOKEN_WIDTH = 5, 2, 3, 4, 32


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


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv, self.out = nn.Linear(TOKEN_WIDTH, 3 * TOKEN_WIDTH), nn.Linear(TOKEN_WIDTH, TOKEN_WIDTH)

    def forward(self, x):
        q, k, v = (
            part.unflatten(-1, (HEADS, -1)).transpose(1, 2) for part in self.qkv(token_norm(x)).chunk(3, -1)
        )
        shares = (q @ k.transpose(-1, -2) / (TOKEN_WIDTH / HEADS) ** 0.5).softmax(-1)
        return x + self.out((shares @ v).transpose(1, 2).flatten(2))


def token_norm(x):
    return x / (x.square().mean(-1, keepdim=True) + 1e-6).sqrt()


class TokenBlock(nn.Module):
    def __init__(self):
        super().__init__()
        self.told = nn.Linear(E, 2 * TOKEN_WIDTH)
        self.time = nn.Linear(E, 2 * TOKEN_WIDTH, bias=False)
        self.attention = Attention()
        self.linear1, self.linear2 = nn.Linear(TOKEN_WIDTH, TOKEN_WIDTH), nn.Linear(TOKEN_WIDTH, TOKEN_WIDTH)

    def forward(self, x, told, moment):
        x = self.attention(x)
        scale, shift = (self.told(told) + self.time(moment))[:, None].chunk(2, -1)
        return x + self.linear2(F.silu(self.linear1(token_norm(x) * (1 + scale) + shift)))


class Transformer(Perceptron):
    def __init__(self):
        super().__init__()
        self.input = nn.Linear(TOKEN_INPUTS, TOKEN_WIDTH)
        self.position = nn.Parameter(torch.randn(TOKENS, TOKEN_WIDTH))
        self.condition1, self.condition2 = nn.Linear(CONDITION, TOKEN_WIDTH), nn.Linear(TOKEN_WIDTH, E)
        self.start = nn.Linear(E, TOKEN_WIDTH)
        self.blocks = nn.ModuleList(TokenBlock() for _ in range(BLOCKS))
        self.output = nn.Linear(TOKEN_WIDTH, TOKEN_OUTPUTS)

    def forward(self, x, time, condition):
        told = F.silu(self.condition2(F.silu(self.condition1(condition))))
        angles = time[:, None] * 1000 ** (torch.arange(E // 2) / (E // 2 - 1))
        moment = F.silu(self.time2(F.silu(self.time1(torch.cat([angles.cos(), angles.sin()], 1)))))
        h = self.input(x.unflatten(1, (TOKENS, TOKEN_INPUTS))) + self.position + self.start(told)[:, None]
        for block in self.blocks:
            h = block(h, told, moment)
        return self.output(token_norm(h)).flatten(1)


network = Perceptron()
golden = {f"network.{name}": value.clone().contiguous() for name, value in network.state_dict().items()}
golden["x"], golden["time"], golden["condition"] = torch.randn(3, INPUTS), torch.tensor([-1.1, 0.2, 0.9]), torch.randn(3, CONDITION)
y = network(golden["x"], golden["time"], golden["condition"])
golden["y"] = y.detach().contiguous()
golden["gradient"] = torch.autograd.grad(y.square().mean(), network.blocks[0].linear1.weight)[0].contiguous()
transformer = Transformer()
golden |= {f"transformer.{name}": value.clone().contiguous() for name, value in transformer.state_dict().items()}
golden["transformer_x"] = torch.randn(3, TOKENS * TOKEN_INPUTS)
y = transformer(golden["transformer_x"], golden["time"], golden["condition"])
golden["transformer_y"] = y.detach().contiguous()
gradient = torch.autograd.grad(y.square().mean(), transformer.blocks[0].attention.qkv.weight)[0]
golden["transformer_gradient"] = gradient.contiguous()
save_file(golden, Path(__file__).parent / "perceptron.safetensors")
