"""Peers of text-to-image: draws by PyTorch and diffusers, a line of JSON for every line read.

    text_to_image_peer.py WAY WEIGHTS COUNT [--steps N] [--threads N]

- diffusers: the same network in the loop of diffusers' scheduler, and diffusers-compile: it by torch.compile;
- unet2d: diffusers' own UNet2DConditionModel of about the same shape in the same loop, with random weights.
"""

import argparse

import torch
import torch.nn.functional as F
from peer import prepare, serve
from text_to_image_networks import load

CAPTION = "a black table with 6 chairs"


class OwnUNet(torch.nn.Module):
    """diffusers' UNet2DConditionModel, whose lower level and middle attend to the words; on the way up it has a block more at
    each level, and behind every attention a layer for each pixel."""

    def __init__(self, shape):
        from diffusers import UNet2DConditionModel

        super().__init__()
        self.patch, channels = shape["patch"], shape["channels"]
        pixels = shape["pictureChannels"] * self.patch**2
        levels = len(channels)
        attending = [level >= levels - (shape.get("attendingLevels") or levels) for level in range(levels)]
        self.unet = UNet2DConditionModel(
            in_channels=pixels, out_channels=pixels, block_out_channels=channels, layers_per_block=shape["blocks"],
            down_block_types=["CrossAttnDownBlock2D" if it else "DownBlock2D" for it in attending],
            up_block_types=["CrossAttnUpBlock2D" if it else "UpBlock2D" for it in attending[::-1]],
            norm_num_groups=shape["groups"], attention_head_dim=shape["heads"],
            cross_attention_dim=shape["sequence"], resnet_time_scale_shift="scale_shift")

    def forward(self, x, time, told):
        _, sequence, mask = told
        patches = self.unet(
            F.pixel_unshuffle(x, self.patch), time, encoder_hidden_states=sequence, encoder_attention_mask=mask).sample
        return F.pixel_shuffle(patches, self.patch)


class Diffusion:
    """The loop that diffusers' users write, around their scheduler."""

    def __init__(self, weights, steps, own=False, compiled=False):
        from diffusers import EDMDPMSolverMultistepScheduler

        self.captioned, description = load(weights)
        self.family, sampler = description["family"], description["sampler"]
        self.side = description["side"]
        self.steps, self.guidance = steps, sampler["guidance"]
        self.network = self.captioned.picture
        if own:
            self.network = OwnUNet(description["network"]["picture"]).eval().requires_grad_(False)
        self.network = self.network.to(memory_format=torch.channels_last)
        self.model = torch.compile(self.network, dynamic=False) if compiled else self.network
        # Pictures are centred and divided by their deviation first.
        levels = {"sigma_max": sampler.get("largest", 80.0), "sigma_min": sampler.get("smallest", 0.002)}
        self.scheduler = EDMDPMSolverMultistepScheduler(sigma_data=1.0, **levels)

    def draw(self, count):
        told = self.captioned.told([CAPTION] * count)
        both = [torch.cat(pair) for pair in zip(told, self.captioned.untold(told))]
        self.scheduler.set_timesteps(self.steps)
        x = torch.randn(count, 3, self.side, self.side) * self.scheduler.init_noise_sigma
        for t in self.scheduler.timesteps:
            scaled = self.scheduler.scale_model_input(x, t)
            given, nothing = self.model(torch.cat([scaled, scaled]), t, both).chunk(2)
            x = self.scheduler.step(nothing + self.guidance * (given - nothing), t, x).prev_sample
        return x * self.family["deviation"] + self.family["mean"]


WAYS = {
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
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--threads", type=int, default=0, help="0 for one per core")
    arguments = parser.parse_args()
    prepare(arguments.threads)
    way = WAYS[arguments.way](arguments.weights, arguments.steps)
    serve(way, arguments.count)


if __name__ == "__main__":
    main()
