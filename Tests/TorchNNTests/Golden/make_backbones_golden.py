"""Writes backbones.safetensors: small backbones in PyTorch with TorchNN's `state_dict` names, and what they give.

    pip install torch numpy safetensors
    python3 make_backbones_golden.py
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(23)
golden = {}


def put(name, module, **tensors):
    golden.update({f"{name}.weights.{key}": value for key, value in module.state_dict().items()})
    golden.update({f"{name}.{key}": value for key, value in tensors.items()})


def random(*shape):
    """Of a parameter, never zero."""
    return nn.Parameter(torch.randn(shape) * 0.3)


def one_hot(labels, classes):
    return F.one_hot(torch.tensor(labels), classes).float()


def levels(n, height, width):
    """Grey levels; many are black, and both ends occur."""
    x = torch.randint(-80, 300, (n, 1, height, width)).clamp(0, 255).float()
    x[0, 0, 0, :4] = torch.tensor([0.0, 1, 254, 255])
    return x


def shown(x):
    """Pixel by pixel of a 2×2 patch: its level over −1…1, and whether it is black."""
    parts = []
    for dy in range(2):
        for dx in range(2):
            pixel = x[:, 0, dy::2, dx::2]
            parts += [pixel * 2 / 255 - 1, (pixel == 0).float()]
    return torch.stack(parts, 1)


class ResidualBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x):
        return x + self.conv2(self.conv1(x).relu())


def blocks(count, channels):
    return nn.ModuleList(ResidualBlock(channels) for _ in range(count))


class CausalConv2d(nn.Module):
    """A whole (2 rows + 1) × (2 reach + 1) convolution without what comes later in reading order. `sees(d, c)` says
    whether output channel d sees input channel c of its own place."""

    def __init__(self, inputs, outputs, rows, reach, sees, bias=True):
        super().__init__()
        self.rows, self.reach, self.sees = rows, reach, sees
        # Its ahead entries are not zero, so that the masks matter.
        self.weight = nn.Parameter(torch.randn(outputs, inputs, rows + 1, 2 * reach + 1) / inputs**0.5 * 0.3)
        self.bias = random(outputs) if bias else None

    def forward(self, x):
        outputs, inputs = self.weight.shape[:2]
        # Only entries that are seen are copied.
        kernel = torch.zeros(outputs, inputs, 2 * self.rows + 1, 2 * self.reach + 1)
        kernel[:, :, : self.rows] = self.weight[:, :, : self.rows]
        kernel[:, :, self.rows, : self.reach] = self.weight[:, :, self.rows, : self.reach]
        for d in range(outputs):
            for c in range(inputs):
                if self.sees(d, c):
                    kernel[d, c, self.rows, self.reach] = self.weight[d, c, self.rows, self.reach]
        return F.conv2d(x, kernel, self.bias, padding=(self.rows, self.reach))


for name, sees in [
    ("causal_nothing", lambda d, c: False),
    ("causal_everything", lambda d, c: True),
    # Six inputs and nine outputs in three groups.
    ("causal_groups", lambda d, c: c // 2 < d // 3),
]:
    layer = CausalConv2d(6, 9, 2, 1, sees)
    x = torch.randn(2, 6, 5, 4)
    put(name, layer, x=x, y=layer(x))


class CausalGatedBlock(nn.Module):
    def __init__(self, channels, condition, rows, reach):
        super().__init__()
        self.conv = CausalConv2d(channels, 2 * channels, rows, reach, lambda d, c: True)
        self.label = nn.Linear(condition, 2 * channels, bias=False)
        self.out = nn.Conv2d(channels, channels, 1)

    def forward(self, h, condition):
        a, b = (self.conv(h) + self.label(condition)[:, :, None, None]).chunk(2, dim=1)
        return h + self.out(torch.tanh(a) * torch.sigmoid(b))


class CausalPatchNetwork(nn.Module):
    def __init__(self, height, width, channels, count, rows, reach, head, condition, outputs):
        super().__init__()
        self.head, self.outputs = head, outputs
        self.first = CausalConv2d(8, channels, 3, 4, lambda d, c: False)
        self.position = random(channels, height, width)
        self.body = nn.ModuleList(CausalGatedBlock(channels, condition, rows, reach) for _ in range(count))
        self.context = nn.Conv2d(channels, 4 * head, 1)
        self.near = CausalConv2d(8, 4 * head, 1, 1, lambda d, c: c // 2 < d // head, bias=False)
        self.middle, self.middle_bias = random(4 * head, head, 1, 1), random(4 * head)
        self.last, self.last_bias = random(4 * outputs, head, 1, 1), random(4 * outputs)

    def forward(self, levels, condition):
        x = shown(levels)
        h = self.first(x) + self.position
        for block in self.body:
            h = block(h, condition)
        hidden = torch.relu(self.context(h) + self.near(x))
        n, _, height, width = h.shape
        y = torch.zeros(n, self.outputs, 2 * height, 2 * width)
        for pixel in range(4):
            own = slice(pixel * self.head, (pixel + 1) * self.head)
            out = slice(pixel * self.outputs, (pixel + 1) * self.outputs)
            part = hidden[:, own]
            part = part + torch.relu(F.conv2d(part, self.middle[own], self.middle_bias[own]))
            y[:, :, pixel // 2 :: 2, pixel % 2 :: 2] = F.conv2d(part, self.last[out], self.last_bias[out])
        return y


network = CausalPatchNetwork(4, 5, 12, 2, 1, 2, 8, 3, 9)
x, condition = levels(2, 8, 10), one_hot([1, 2], 3)
y = network(x, condition)
put(
    "causal_patch", network, x=x, condition=condition, y=y, shown=shown(x),
    gradient=torch.autograd.grad(y.square().mean(), network.body[0].conv.weight)[0],
)


class ScaleNetwork(nn.Module):
    def __init__(self, inputs, channels, count, head, height, width, condition, outputs):
        super().__init__()
        self.first = nn.Conv2d(inputs, channels, 3, padding=1)
        self.position = random(channels, height, width)
        self.body = blocks(count, channels)
        self.context = nn.Conv2d(channels, head, 1)
        self.label = random(condition, head * height * width)
        self.middle = nn.Conv2d(head, head, 1)
        self.last = nn.Conv2d(head, outputs, 1)

    def features(self, x):
        x = self.first(x) + self.position
        for block in self.body:
            x = block(x)
        return self.context(x)

    def parameters_of(self, features, condition):
        h = torch.relu(features + (condition @ self.label).view_as(features))
        return self.last(torch.relu(h + self.middle(h)))


network = ScaleNetwork(16, 12, 2, 8, 4, 5, 3, 6)
x = torch.randn(2, 16, 4, 5)
# Classes may be mixed.
condition = torch.tensor([[0.0, 1, 0], [0.2, 0.5, 0.3]])
features = network.features(x)
put("scale", network, x=x, condition=condition, features=features, y=network.parameters_of(features, condition))


class LatentGroup(nn.Module):
    def __init__(self, channels, latents):
        super().__init__()
        self.prior = nn.Conv2d(channels, 2 * latents, 3, padding=1)
        self.posterior = nn.Conv2d(2 * channels, 2 * latents, 3, padding=1)
        self.absorb = nn.Conv2d(latents, channels, 3, padding=1)
        self.block = ResidualBlock(channels)


class LadderNetwork(nn.Module):
    def __init__(self, height, width, channels, count, coarse, fine, condition, outputs):
        """`coarse` and `fine` are numbers of groups and of latents."""
        super().__init__()
        h, w = height // 4, width // 4
        self.first = nn.Conv2d(8, channels, 3, padding=1)
        self.fine_up = blocks(count, channels)
        self.downsample = nn.Conv2d(channels, channels, 3, stride=2, padding=1)
        self.coarse_up = blocks(count, channels)
        self.start = random(channels, h, w)
        self.coarse_label = random(condition, channels * h * w)
        self.fine_label = random(condition, channels * 2 * h * 2 * w)
        self.coarse = nn.ModuleList(LatentGroup(channels, coarse[1]) for _ in range(coarse[0]))
        self.upsample = nn.Conv2d(channels, channels, 3, padding=1)
        self.fine = nn.ModuleList(LatentGroup(channels, fine[1]) for _ in range(fine[0]))
        self.block = ResidualBlock(channels)
        self.last = nn.Conv2d(channels, 4 * outputs, 1)

    def encoded(self, levels):
        fine = nn.Sequential(self.first, *self.fine_up)(shown(levels))
        return nn.Sequential(self.downsample, *self.coarse_up)(fine), fine

    def begin(self, condition):
        return (condition @ self.coarse_label).view(-1, *self.start.shape) + self.start

    def refined(self, stream, condition):
        larger = self.upsample(F.interpolate(stream, scale_factor=2, mode="nearest"))
        return larger + (condition @ self.fine_label).view_as(larger)

    def decoded(self, stream):
        return F.pixel_shuffle(self.last(torch.relu(self.block(stream))), 2)


network = LadderNetwork(8, 12, 6, 2, (2, 3), (1, 2), 3, 9)
x, condition = levels(2, 8, 12), one_hot([2, 0], 3)
coarse, fine = network.encoded(x)
begin = network.begin(condition)
refined = network.refined(begin, condition)
put(
    "ladder", network, x=x, condition=condition, coarse=coarse, fine=fine, begin=begin, refined=refined,
    decoded=network.decoded(refined),
)


class Generator(nn.Module):
    def __init__(self, height, width, latents, channels, count, condition):
        super().__init__()
        self.shape = (channels, height // 4, width // 4)
        self.start = nn.Linear(latents + condition, channels * (height // 4) * (width // 4))
        self.coarse = ResidualBlock(channels)
        self.upsample = nn.Conv2d(channels, channels, 3, padding=1)
        self.fine = blocks(count, channels)
        self.last = nn.Conv2d(channels, 4, 3, padding=1)

    def forward(self, z, condition):
        classes = condition.shape[1]
        h = self.start(torch.cat([z, condition * classes**0.5], 1)).view(-1, *self.shape)
        h = self.upsample(F.interpolate(torch.relu(self.coarse(h)), scale_factor=2, mode="nearest"))
        for block in self.fine:
            h = block(h)
        return torch.sigmoid(F.pixel_shuffle(self.last(torch.relu(h)), 2))


class Discriminator(nn.Module):
    def __init__(self, channels, condition):
        super().__init__()
        wide = channels * 3 // 2
        self.first = nn.Conv2d(4, channels, 3, padding=1)
        self.fine = ResidualBlock(channels)
        self.down1 = nn.Conv2d(channels, wide, 3, stride=2, padding=1)
        self.coarse = ResidualBlock(wide)
        self.down2 = nn.Conv2d(wide, wide, 3, stride=2, padding=1)
        self.score = nn.Linear(wide, 1)
        self.label = nn.Linear(condition, wide, bias=False)

    def forward(self, x, condition):
        h = self.fine(self.first(F.pixel_unshuffle(2 * x - 1, 2)))
        h = self.coarse(self.down1(F.leaky_relu(h, 0.2)))
        h = F.leaky_relu(self.down2(F.leaky_relu(h, 0.2)), 0.2).flatten(2).mean(2)
        # The projection of the features on the class's vector, a column of the layer's weight.
        return self.score(h)[:, 0] + torch.einsum("nc,ck,nk->n", h, self.label.weight, condition)


generator, discriminator = Generator(8, 12, 5, 6, 2, 3), Discriminator(6, 3)
z, condition = torch.randn(2, 5), one_hot([0, 2], 3)
put("generator", generator, x=z, condition=condition, y=generator(z, condition))
x = torch.rand(2, 1, 8, 12, requires_grad=True)
scores = discriminator(x, condition)
put(
    "discriminator", discriminator, x=x, condition=condition, y=scores,
    gradient=torch.autograd.grad(scores.sum(), x)[0],
)


class ConvolutionalClassifier(nn.Module):
    def __init__(self, colours, channels, count, classes):
        super().__init__()
        self.count = count
        widths = [colours, *channels]
        self.down = nn.ModuleList(
            nn.Conv2d(a, b, 5 if i == 0 else 3, stride=2, padding=2 if i == 0 else 1)
            for i, (a, b) in enumerate(zip(widths, widths[1:]))
        )
        self.body = nn.ModuleList(ResidualBlock(c) for c in channels for _ in range(count))
        self.head = nn.Linear(channels[-1], classes)

    def features(self, x):
        body = iter(self.body)
        for down in self.down:
            x = torch.relu(down(x))
            for _ in range(self.count):
                x = next(body)(x)
        return torch.relu(x).mean((2, 3))


network = ConvolutionalClassifier(1, [4, 6, 8], 2, 3)
# An odd side on the way down.
x = torch.rand(2, 1, 12, 14) * 2 - 1
features = network.features(x)
put("classifier", network, x=x, features=features, y=network.head(features))

assert all(value.ne(0).any() for value in golden.values())
save_file(
    {key: value.detach().clone().contiguous() for key, value in golden.items()},
    Path(__file__).parent / "backbones.safetensors",
)
