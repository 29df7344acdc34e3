"""One peer of the class-image benchmark, in a process of its own.

    class_image_peer.py WAY WEIGHTS.safetensors COUNT [--steps N] [--threads N] [--check]

WAY is one of
- recomputing: the autoregressive network over the whole picture for every pixel;
- cached: the same function with all that earlier pixels gave kept;
- diffusers: the diffusion network in the loop of diffusers' scheduler, and diffusers-compile: it by torch.compile;
- unet2d: diffusers' own UNet2DModel of about the same shape in the same loop, with random weights.

For an empty line from standard input COUNT pictures are drawn together and a line {"seconds": …, "peakMegabytes": …} is
written; for the line `describe` a line {"parameters": …, "gigaflop": …}, of one picture. With --check the way is instead
compared with what it should be equal to, and the greatest difference written.
"""

import argparse
import json
import os
import resource
import sys
import time

import torch
import torch.nn.functional as F
from class_image_networks import PATCH, PIXELS, load
from torch.utils.flop_counter import FlopCounterMode

CLASSES = 10
SHAPE = 1, 28, 28
TOLERANCE = 1e-4


def conditions(count):
    return F.one_hot(torch.arange(count) % CLASSES, CLASSES).float()


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


class Autoregressive:
    def __init__(self, engine, weights):
        self.network, _ = load(weights)
        self.engine = engine(self.network)

    def draw(self, count):
        return self.engine(conditions(count), LogisticMixture(self.network, count)) / 255

    def difference(self, count):
        """Of the parameters of all pixels from those that recomputing gives, on pictures of random levels."""
        levels = torch.randint(0, 256, (self.network.height * self.network.width * PIXELS, count, 1)).float()
        levels *= torch.rand_like(levels) > 0.2

        def parameters(engine):
            every = []
            engine(conditions(count), lambda pixel, now: (every.append(now), levels[pixel])[1])
            return torch.stack(every)

        return (parameters(self.engine) - parameters(Recomputing(self.network))).abs().max().item()


class Diffusion:
    """The loop that diffusers' users write, around their scheduler."""

    def __init__(self, weights, steps, own=False, compiled=False):
        from diffusers import EDMDPMSolverMultistepScheduler

        self.network, configuration = load(weights)
        self.family, sampler = configuration["family"], configuration["sampler"]
        if sampler["name"] != "dpm-solver":
            sys.exit(f"class_image_peer.py: diffusers' scheduler is a dpm-solver, not {sampler['name']}")
        self.steps, self.guidance = steps or sampler["steps"], sampler["guidance"]
        if own:
            self.network = OwnUNet(configuration["network"]).eval().requires_grad_(False)
        self.model = torch.compile(self.network, dynamic=False) if compiled else self.network
        # Pictures are centred and divided by their deviation first.
        self.scheduler = EDMDPMSolverMultistepScheduler(sigma_data=1.0)

    def guided(self, x, t, condition):
        if self.guidance == 1:
            return self.model(x, t, condition)
        given = torch.cat([condition, torch.zeros_like(condition)])
        conditional, unconditional = self.model(torch.cat([x, x]), t, given).chunk(2)
        return unconditional + self.guidance * (conditional - unconditional)

    def draw(self, count, noise=None):
        condition = conditions(count)
        self.scheduler.set_timesteps(self.steps)
        x = (torch.randn(count, *SHAPE) if noise is None else noise) * self.scheduler.init_noise_sigma
        for t in self.scheduler.timesteps:
            output = self.guided(self.scheduler.scale_model_input(x, t), t, condition)
            x = self.scheduler.step(output, t, x).prev_sample
        return x * self.family["deviation"] + self.family["mean"]

    def difference(self, count):
        """From the same solver in double precision, written out (Lu et al. 2022, algorithm 2)."""
        noise, condition = torch.randn(count, *SHAPE), conditions(count)
        ramp = torch.linspace(0, 1, self.steps, dtype=torch.float64)
        sigmas = (80 ** (1 / 7) * (1 - ramp) + 0.002 ** (1 / 7) * ramp) ** 7

        def denoised(x, sigma, condition):
            total = (sigma**2 + 1).sqrt()
            return x / total**2 + self.model((x / total).float(), (sigma.log() / 4).float(), condition) * sigma / total

        x, before = noise.double() * (sigmas[0] ** 2 + 1).sqrt(), None
        for sigma, following in zip(sigmas, [*sigmas[1:], torch.zeros(())]):
            clean, unknown = (denoised(x, sigma, given) for given in (condition, torch.zeros_like(condition)))
            clean = unknown + self.guidance * (clean - unknown)
            width = (sigma / following).log()
            ahead = 0 if before is None or following == 0 else (clean - before[0]) * (width / before[1] / 2)
            x = x * (following / sigma) + (clean + ahead) * (1 - (-width).exp())
            before = clean, width
        expected = x * self.family["deviation"] + self.family["mean"]
        return (self.draw(count, noise) - expected).abs().max().item()


class OwnUNet(torch.nn.Module):
    """diffusers' UNet2DModel with attention in its middle alone; on the way up it has a block more at each level."""

    def __init__(self, shape):
        from diffusers import UNet2DModel

        super().__init__()
        self.patch, channels = shape["patch"], shape["channels"]
        pixels = shape["pictureChannels"] * self.patch**2
        self.unet = UNet2DModel(
            in_channels=pixels, out_channels=pixels, block_out_channels=channels, layers_per_block=shape["blocks"],
            down_block_types=["DownBlock2D"] * len(channels), up_block_types=["UpBlock2D"] * len(channels),
            norm_num_groups=shape["groups"], attention_head_dim=channels[-1] // shape["heads"],
            resnet_time_scale_shift="scale_shift", num_class_embeds=shape["condition"] + 1)

    def forward(self, x, time, condition):
        # The last label is for no class.
        labels = torch.where(condition.any(1), condition.argmax(1), condition.shape[1])
        patches = self.unet(F.pixel_unshuffle(x, self.patch), time, class_labels=labels).sample
        return F.pixel_shuffle(patches, self.patch)


WAYS = {
    "recomputing": lambda weights, steps: Autoregressive(Recomputing, weights),
    "cached": lambda weights, steps: Autoregressive(Cached, weights),
    "diffusers": Diffusion,
    "diffusers-compile": lambda weights, steps: Diffusion(weights, steps, compiled=True),
    "unet2d": lambda weights, steps: Diffusion(weights, steps, own=True),
}


def describe(way):
    with FlopCounterMode(display=False) as counter:
        way.draw(1)
    parameters = sum(parameter.numel() for parameter in way.network.parameters())
    return {"parameters": parameters, "gigaflop": counter.get_total_flops() / 1e9}


def timed(way, count):
    start = time.perf_counter()
    way.draw(count)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "peakMegabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


@torch.inference_mode()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("way", choices=WAYS)
    parser.add_argument("weights")
    parser.add_argument("count", type=int)
    parser.add_argument("--steps", type=int, default=0, help="of diffusion; 0 for the file's own")
    parser.add_argument("--threads", type=int, default=0, help="0 for one per core")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads or len(os.sched_getaffinity(0)))
    torch.manual_seed(0)
    way = WAYS[arguments.way](arguments.weights, arguments.steps)
    if arguments.check:
        difference = way.difference(arguments.count)
        print(json.dumps({"difference": difference}))
        sys.exit(difference > TOLERANCE)
    for line in sys.stdin:
        answer = describe(way) if line.strip() == "describe" else timed(way, arguments.count)
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
