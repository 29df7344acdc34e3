"""Two ways to draw from the autoregressive network of class-image, for its peers: without a memory, and with one."""

import torch
import torch.nn.functional as F
from class_image_networks import PATCH, PIXELS


class LogisticMixture:
    """Levels from the parameters of a pixel's discretized logistic mixture, with noise that is drawn beforehand."""

    def __init__(self, network, count):
        pixels, components = network.height * network.width * PIXELS, network.outputs // 3
        self.gumbel = -torch.empty(pixels, count, components).exponential_().log()
        self.logistic = torch.rand(pixels, count, 1).clamp(1e-6, 1 - 1e-6).logit()

    def __call__(self, pixel, parameters):
        logits, means, scales = parameters.chunk(3, 1)
        chosen = (logits + self.gumbel[pixel]).argmax(1, keepdim=True)
        scale = scales.gather(1, chosen).clamp(min=-7).exp()
        value = torch.addcmul(means.gather(1, chosen), scale, self.logistic[pixel])
        return ((value + 1) * 127.5).round().clamp(0, 255)


class Recomputing:
    """The whole network over the whole picture for every pixel."""

    def __init__(self, network):
        self.network = network

    def __call__(self, condition, choose):
        """`choose` gives the levels `[N, 1]` of the pixel of a rank from its parameters `[N, outputs]`."""
        height, width = self.network.height * PATCH, self.network.width * PATCH
        levels = torch.zeros(len(condition), 1, height, width)
        for pixel in range(height * width):
            place, part = divmod(pixel, PIXELS)
            row = place // self.network.width * PATCH + part // PATCH
            column = place % self.network.width * PATCH + part % PATCH
            parameters = self.network(levels, condition)[:, :, row, column]
            levels[:, :, row, column] = choose(pixel, parameters)
        return levels


class Cached:
    """Every patch through the trunk once, and every pixel through its head once.

    What the rows above give is computed for a whole row at once, and what the patches to the left give for all blocks
    at once, so that only a place's own share goes from block to block.
    """

    def __init__(self, network):
        self.network = network
        convs = [block.conv for block in network.body]
        self.rows, self.reach = convs[0].rows, convs[0].reach
        self.left = torch.stack([self.taps(conv, 0, self.reach) for conv in convs])
        self.here = [self.taps(conv, self.reach, self.reach + 1) for conv in convs]
        self.out = [block.out.weight[:, :, 0, 0].T.contiguous() for block in network.body]
        self.first_left = self.taps(network.first, 0, network.first.reach)
        self.near_left = self.taps(network.near, 0, 1)
        self.near_here = self.taps(network.near, 1, 2).chunk(PIXELS, 1)
        self.context = network.context.weight[:, :, 0, 0]
        self.middle = list(zip(network.middle[:, :, 0, 0].chunk(PIXELS), network.middle_bias.chunk(PIXELS)))
        self.last = list(zip(network.last[:, :, 0, 0].chunk(PIXELS), network.last_bias.chunk(PIXELS)))

    @staticmethod
    def taps(conv, start, end):
        """Weights of the same row's columns, `[columns · C, D]`."""
        return conv.weight[:, :, conv.rows, start:end].permute(2, 1, 0).flatten(0, 1).contiguous()

    @staticmethod
    def above(conv, x):
        """What the rows `[N, C, rows, W]` give the next row, `[W, N, D]`."""
        x = F.conv2d(F.pad(x, (conv.reach, conv.reach)), conv.weight[:, :, :-1], conv.bias)
        return x[:, :, 0].permute(2, 0, 1).contiguous()

    def trunk(self, first, first_left, above, left, near):
        """A patch's activations before each block, `[blocks, N, C]`, and what its heads add to, `[N, 4 · head]`."""
        h = torch.addmm(first, first_left, self.first_left)
        seen = torch.baddbmm(above, left, self.left)
        before = []
        for block, both, here, out in zip(self.network.body, seen, self.here, self.out):
            before.append(h)
            a, b = torch.addmm(both, h, here).chunk(2, 1)
            h = torch.addmm(h, a.tanh() * b.sigmoid(), out) + block.out.bias
        heads = F.linear(h, self.context, self.network.context.bias) + near
        return torch.stack(before), torch.addmm(heads, first_left[:, -len(self.near_left):], self.near_left)

    def head(self, part, given, features):
        """Parameters `[N, outputs]` of one of a patch's pixels; `features [N, 8]` has zeros for what is not drawn."""
        hidden = torch.addmm(given.chunk(PIXELS, 1)[part], features, self.near_here[part]).relu()
        return F.linear(hidden + F.linear(hidden, *self.middle[part]).relu(), *self.last[part])

    def __call__(self, condition, choose):
        network, count = self.network, len(condition)
        width, channels = network.width, len(network.position)
        labels = [block.label(condition) for block in network.body]
        # Rows of features and of each block's activations, the last ones that are seen from below.
        features = torch.zeros(count, 2 * PIXELS, network.first.rows, width)
        activations = torch.zeros(len(labels), count, channels, self.rows, width)
        levels = []
        for row in range(network.height):
            first = self.above(network.first, features) + network.position[:, row].T.unsqueeze(1)
            near = self.above(network.near, features[:, :, -1:])
            above = torch.stack([self.above(block.conv, x) + label
                                 for block, x, label in zip(network.body, activations, labels)], 1)
            first_left = torch.zeros(count, len(self.first_left))
            left = torch.zeros(len(labels), count, self.reach * channels)
            feature_row, activation_row = [], []
            for column in range(width):
                before, given = self.trunk(first[column], first_left, above[column], left, near[column])
                patch = torch.zeros(count, 2 * PIXELS)
                for part in range(PIXELS):
                    pixel = (row * width + column) * PIXELS + part
                    level = choose(pixel, self.head(part, given, patch))
                    patch[:, 2 * part:2 * part + 2] = torch.cat([level / 127.5 - 1, level == 0], 1)
                    levels.append(level)
                first_left = torch.cat([first_left[:, 2 * PIXELS:], patch], 1)
                left = torch.cat([left[:, :, channels:], before], 2)
                feature_row.append(patch)
                activation_row.append(before)
            features = torch.cat([features, torch.stack(feature_row, 2).unsqueeze(2)], 2)[:, :, 1:]
            activations = torch.cat([activations, torch.stack(activation_row, 3).unsqueeze(3)], 3)[:, :, :, 1:]
        patches = torch.cat(levels, 1).view(count, network.height, width, PATCH, PATCH)
        return patches.transpose(2, 3).reshape(count, 1, network.height * PATCH, width * PATCH)
