"""Writes causal_transformer.safetensors: the decoder of TorchNN's CausalTransformer in PyTorch, with the same `state_dict`
names, and what it gives.

    pip install torch numpy safetensors
    python3 make_causal_transformer_golden.py
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

torch.manual_seed(5)
VOCABULARY, OUTPUTS, CONDITION, LENGTH, WIDTH, LAYERS, HEADS, HIDDEN = 11, 9, 3, 12, 32, 2, 2, 48


def rotated(x):
    """Pairs (i, i + size / 2) turned by place · 10000^(−2 i / size), as complex numbers."""
    length, size = x.shape[-2:]
    frequency = 10000 ** (-2 * torch.arange(size // 2).double() / size)
    turn = torch.polar(torch.ones(length, size // 2).double(), torch.arange(length).double()[:, None] * frequency)
    turned = torch.complex(x[..., : size // 2].double(), x[..., size // 2 :].double()) * turn
    return torch.cat([turned.real, turned.imag], -1).float()


def mixed(x, share):
    return x + share * torch.cat([torch.zeros_like(x[:, :1]), x[:, :-1]], 1)


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH, bias=False)
        self.out = nn.Linear(WIDTH, WIDTH, bias=False)

    def forward(self, x):
        n, length, _ = x.shape
        q, k, v = (part.view(n, length, HEADS, -1).transpose(1, 2) for part in self.qkv(x).split(WIDTH, 2))
        scores = rotated(q) @ rotated(k).transpose(2, 3) / (WIDTH // HEADS) ** 0.5
        scores = scores.masked_fill(torch.ones(length, length).triu(1).bool(), -torch.inf)
        return self.out((scores.softmax(3) @ v).transpose(1, 2).reshape(x.shape))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.share1, self.share2 = (nn.Parameter(torch.randn(WIDTH) * 0.3) for _ in range(2))
        self.attention = Attention()
        self.fc1 = nn.Linear(WIDTH, HIDDEN, bias=False)
        self.fc2 = nn.Linear(HIDDEN, WIDTH, bias=False)

    def forward(self, x):
        x = x + self.attention(mixed(self.norm1(x), self.share1))
        return x + self.fc2(F.relu(self.fc1(mixed(self.norm2(x), self.share2))) ** 2)


class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens = nn.Parameter(torch.randn(VOCABULARY, WIDTH))
        self.told = nn.Linear(CONDITION, WIDTH, bias=False)
        self.body = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = nn.LayerNorm(WIDTH)
        self.output = nn.Linear(WIDTH, OUTPUTS)

    def forward(self, tokens, condition):
        x = self.tokens[tokens] + self.told(condition)[:, None]
        for block in self.body:
            x = block(x)
        return self.output(self.norm(x))


network = Transformer()
tokens = torch.randint(VOCABULARY, (2, LENGTH))
condition = torch.eye(CONDITION)[[2, 0]]
scores = network(tokens, condition)
scores.logsumexp(2).mean().backward()
golden = {f"weights.{name}": value.detach().contiguous() for name, value in network.state_dict().items()}
golden |= {
    "tokens": tokens,
    "condition": condition,
    "scores": scores.detach(),
    "tokens_gradient": network.tokens.grad,
    "share_gradient": network.body[0].share1.grad,
}
save_file(golden, Path(__file__).parent / "causal_transformer.safetensors")
