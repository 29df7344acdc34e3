"""One peer of the class-image benchmark, in a process of its own.

    class_image_peer.py WAY WEIGHTS.safetensors COUNT [--steps N] [--threads N] [--check]

WAY is one of
- recomputing: the autoregressive network over the whole picture for every pixel;
- cached: the same function with all that earlier pixels gave kept;
- diffusers: the diffusion network in the loop of diffusers' scheduler, and diffusers-compile: it by torch.compile;
- unet2d: diffusers' own UNet2DModel of about the same shape in the same loop, with random weights.

For an empty line from standard input COUNT pictures are drawn together and a line {"seconds": …, "peakMegabytes": …} is
written; for a first line `describe` a line {"parameters": …, "gigaflop": …}, of one picture. With --check the way is
instead compared with what it should be equal to, the greatest difference is written, and the exit status says whether
it is too great.
"""

import argparse
import json
import sys

import torch
import torch.nn.functional as F
from class_image_autoregressive import Cached, LogisticMixture, Recomputing
from class_image_networks import load
from peer import prepare, serve

CLASSES = 10
SHAPE = 1, 28, 28
TOLERANCE = 1e-4


def conditions(count):
    return F.one_hot(torch.arange(count) % CLASSES, CLASSES).float()


class Autoregressive:
    def __init__(self, engine, weights):
        self.network, _ = load(weights)
        self.engine = engine(self.network)

    def draw(self, count):
        return self.engine(conditions(count), LogisticMixture(self.network, count)) / 255

    def difference(self, count):
        """Of the parameters of all pixels from those that recomputing gives, on pictures of random levels."""
        levels = torch.randint(0, 256, (SHAPE[1] * SHAPE[2], count, 1)).float()
        levels *= torch.rand_like(levels) > 0.2

        def parameters(engine):
            every = []

            def choose(pixel, parameters):
                every.append(parameters)
                return levels[pixel]

            engine(conditions(count), choose)
            return torch.stack(every)

        return (parameters(self.engine) - parameters(Recomputing(self.network))).abs().max().item()


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
        self.network = self.network.to(memory_format=torch.channels_last)
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


WAYS = {
    "recomputing": lambda weights, steps: Autoregressive(Recomputing, weights),
    "cached": lambda weights, steps: Autoregressive(Cached, weights),
    "diffusers": Diffusion,
    "diffusers-compile": lambda weights, steps: Diffusion(weights, steps, compiled=True),
    "unet2d": lambda weights, steps: Diffusion(weights, steps, own=True),
}


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
    prepare(arguments.threads)
    way = WAYS[arguments.way](arguments.weights, arguments.steps)
    if arguments.check:
        difference = way.difference(arguments.count)
        print(json.dumps({"difference": difference}))
        sys.exit(difference > TOLERANCE)
    serve(way, arguments.count)


if __name__ == "__main__":
    main()
