"""Peers of text-synth: bytes drawn one after the other by PyTorch, a line of JSON for every line read.

    text_synth_peer.py WAY WEIGHTS BYTES

- pytorch: the same network with a cache of keys and values, as short as PyTorch says it, and pytorch-compile: it by
  torch.compile;
- recomputing: without a cache, the whole window for each byte.

One thread. Where the window is full it begins anew with its later half, as in pipeline.
"""

import json
import resource
import sys
import time

import torch
import torch.nn.functional as F
from weights import read

BEGIN, MIDDLE = 256, 257


class Transformer:
    def __init__(self, path, compiled=False):
        metadata, self.weights = read(path)
        self.shape = shape = json.loads(metadata["description"])["network"]
        self.length, self.heads, self.size = shape["length"], shape["heads"], shape["width"] // shape["heads"]
        place = torch.arange(self.length).double()[:, None]
        angle = place * 10000 ** (-2 * torch.arange(self.size // 2).double() / self.size)
        self.cos = torch.cat([angle.cos(), angle.cos()], 1).float()
        self.sin = torch.cat([-angle.sin(), angle.sin()], 1).float()
        self.told = self.weights["told.weight"][:, 0]
        self.step = torch.compile(self.one, dynamic=False) if compiled else self.one
        self.restart()

    def restart(self):
        layers, width = self.shape["layers"], self.shape["width"]
        self.keys = torch.zeros(layers, self.heads, self.length, self.size)
        self.values = torch.zeros(layers, self.heads, self.length, self.size)
        self.before = torch.zeros(layers, 2, width)
        self.count = 0

    def norm(self, x, name):
        return F.layer_norm(x, x.shape[-1:], self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def rotated(self, x, cos, sin):
        return x * cos + x.roll(self.size // 2, -1) * sin

    def one(self, token, place, keys, values, before):
        """One token: it, its place and the memory are tensors, so that compiled code serves every place."""
        w = self.weights
        x = w["tokens"].index_select(0, token)[0] + self.told
        cos, sin = self.cos.index_select(0, place), self.sin.index_select(0, place)
        seen = torch.arange(self.length) <= place
        for layer in range(self.shape["layers"]):
            name = f"body.{layer}"
            u = self.norm(x, f"{name}.norm1")
            mixed = u + before[layer, 0] * w[f"{name}.share1"]
            before[layer, 0].copy_(u)
            q, k, v = (w[f"{name}.attention.qkv.weight"] @ mixed).view(3, self.heads, self.size)
            keys[layer].index_copy_(1, place, self.rotated(k, cos, sin)[:, None])
            values[layer].index_copy_(1, place, v[:, None])
            y = F.scaled_dot_product_attention(
                self.rotated(q, cos, sin)[:, None], keys[layer], values[layer], attn_mask=seen)
            x = x + w[f"{name}.attention.out.weight"] @ y.flatten()
            u = self.norm(x, f"{name}.norm2")
            mixed = u + before[layer, 1] * w[f"{name}.share2"]
            before[layer, 1].copy_(u)
            x = x + w[f"{name}.fc2.weight"] @ F.relu(w[f"{name}.fc1.weight"] @ mixed).square()
        return w["output.weight"] @ self.norm(x, "norm") + w["output.bias"]

    def eager(self, token):
        """As `one`, with attention to no more than what is there."""
        w, place = self.weights, self.count
        x = w["tokens"][token] + self.told
        cos, sin = self.cos[place], self.sin[place]
        for layer in range(self.shape["layers"]):
            name = f"body.{layer}"
            u = self.norm(x, f"{name}.norm1")
            mixed = u + self.before[layer, 0] * w[f"{name}.share1"]
            self.before[layer, 0] = u
            q, k, v = (w[f"{name}.attention.qkv.weight"] @ mixed).view(3, self.heads, self.size)
            self.keys[layer, :, place] = self.rotated(k, cos, sin)
            self.values[layer, :, place] = v
            y = F.scaled_dot_product_attention(
                self.rotated(q, cos, sin)[:, None], self.keys[layer, :, : place + 1], self.values[layer, :, : place + 1])
            x = x + w[f"{name}.attention.out.weight"] @ y.flatten()
            u = self.norm(x, f"{name}.norm2")
            mixed = u + self.before[layer, 1] * w[f"{name}.share2"]
            self.before[layer, 1] = u
            x = x + w[f"{name}.fc2.weight"] @ F.relu(w[f"{name}.fc1.weight"] @ mixed).square()
        return w["output.weight"] @ self.norm(x, "norm") + w["output.bias"]

    def whole(self, tokens):
        w, (length, width) = self.weights, (len(tokens), self.shape["width"])
        x = w["tokens"][torch.tensor(tokens)] + self.told
        for layer in range(self.shape["layers"]):
            name = f"body.{layer}"
            u = self.norm(x, f"{name}.norm1")
            mixed = u + F.pad(u, (0, 0, 1, -1)) * w[f"{name}.share1"]
            q, k, v = (mixed @ w[f"{name}.attention.qkv.weight"].T).view(length, 3, self.heads, self.size).permute(1, 2, 0, 3)
            y = F.scaled_dot_product_attention(
                self.rotated(q, self.cos[:length], self.sin[:length]),
                self.rotated(k, self.cos[:length], self.sin[:length]), v, is_causal=True)
            x = x + y.transpose(0, 1).reshape(length, width) @ w[f"{name}.attention.out.weight"].T
            u = self.norm(x, f"{name}.norm2")
            mixed = u + F.pad(u, (0, 0, 1, -1)) * w[f"{name}.share2"]
            x = x + F.relu(mixed @ w[f"{name}.fc1.weight"].T).square() @ w[f"{name}.fc2.weight"].T
        return w["output.weight"] @ self.norm(x[-1], "norm") + w["output.bias"]

    def read(self, token):
        if self.step == self.one:
            scores = self.eager(token)
        else:
            scores = self.step(torch.tensor([token]), torch.tensor([self.count]), self.keys, self.values, self.before)
        self.count += 1
        return scores

    def draw(self, count):
        self.restart()
        text, scores = [], self.read(BEGIN)
        for _ in range(count):
            text.append(torch.multinomial(scores.softmax(0), 1).item())
            if self.count == self.length:
                self.restart()
                self.read(MIDDLE)
                for token in text[-1 - self.length // 2 : -1]:
                    self.read(token)
            scores = self.read(text[-1])

    def draw_recomputing(self, count):
        tokens = [BEGIN]
        for _ in range(count):
            tokens.append(torch.multinomial(self.whole(tokens).softmax(0), 1).item())
            if len(tokens) > self.length:
                tokens = [MIDDLE] + tokens[-self.length // 2 :]


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    way, path, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    torch.set_num_threads(1)
    with torch.inference_mode():
        model = Transformer(path, compiled=way == "pytorch-compile")
        draw = model.draw_recomputing if way == "recomputing" else model.draw
        for _ in sys.stdin:
            start = time.perf_counter()
            draw(count)
            seconds = time.perf_counter() - start
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(json.dumps({"seconds": seconds, "peakMegabytes": peak}), flush=True)


main()
