"""Writes operators.safetensors: what PyTorch gives for the operators that the Torch room names.

    pip install torch numpy safetensors
    python3 make_operators_golden.py
"""

from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(1)
golden = {}


def put(**tensors):
    for name, tensor in tensors.items():
        golden[name.replace("__", ".")] = tensor.detach().clone().contiguous()


a, b = torch.randn(2, 3, 1), torch.randn(3, 4)
m, n = torch.randn(2, 3, 4), torch.randn(4, 5)
put(a=a, b=b, m=m, n=n)
put(add=a + b, add_scalar=a + 1.5, sub=a - b, sub_scalar=a - 1.5, mul=a * b, mul_scalar=a * -2.5, div=a / b)
put(div_scalar=a / 3, neg=-a, matmul=m @ n)

x = torch.randn(3, 7) * 2
put(x=x, relu=x.relu(), leaky_relu=F.leaky_relu(x, 0.1), sigmoid=x.sigmoid(), tanh=x.tanh(), silu=F.silu(x))
put(gelu=F.gelu(x), abs=x.abs(), square=x.square(), sqrt=x.abs().sqrt(), exp=x.exp(), log=x.abs().log())
put(round=(x * 2).round() / 2, floor=x.floor(), clamp=x.clamp(-1, 1))

p = torch.randn(2, 3, 5, 4)
put(p=p, permute=p.permute(0, 2, 3, 1), narrow=p.narrow(2, 1, 3), cat=torch.cat([p, p * 2], 1))
put(stack=torch.stack([p, p * 2], 1), pad_zeros=F.pad(p, (1, 2, 0, 3)))
put(pad_replicate=F.pad(p, (1, 2, 0, 3), "replicate"), pad_reflect=F.pad(p, (1, 2, 0, 3), "reflect"))
put(flip=p.flip(1, 3), repeat=p.repeat_interleave(2, 2), index=p.index_select(3, torch.tensor([3, 0, 0])))
put(select=p.select(1, 2), sum=p.sum(), sum_axes=p.sum((0, 2)), mean=p.mean(), mean_axes=p.mean((2, 3), keepdim=True))
put(maximum=p.max(), minimum=p.min())

image, plain, grouped, bias = torch.randn(2, 4, 9, 8), torch.randn(6, 4, 3, 3), torch.randn(6, 2, 3, 3), torch.randn(6)
put(image=image, plain=plain, grouped=grouped, bias=bias)
put(conv=F.conv2d(image, plain, bias, padding=1), conv_no_bias=F.conv2d(image, plain))
put(conv_strided=F.conv2d(image, grouped, bias, stride=2, padding=1, groups=2))
put(conv_dilated=F.conv2d(image, plain, bias, padding=2, dilation=2))
rows, weight = torch.randn(2, 5, 7), torch.randn(6, 7)
put(rows=rows, weight=weight, linear=F.linear(rows, weight, bias), linear_no_bias=F.linear(rows, weight))
shuffle = torch.randn(2, 12, 3, 5)
put(shuffle=shuffle, pixel_shuffle=F.pixel_shuffle(shuffle, 2))
put(bilinear_double=F.interpolate(p, (10, 8), mode="bilinear"), bilinear_odd=F.interpolate(p, (7, 9), mode="bilinear"))

for tensor in (image, plain, bias):
    tensor.requires_grad_()
loss = F.conv2d(image, plain, bias, padding=1).relu().square().mean()
gradients = torch.autograd.grad(loss, (image, plain, bias))
put(loss=loss, gradient__image=gradients[0], gradient__plain=gradients[1], gradient__bias=gradients[2])

save_file(golden, Path(__file__).parent / "operators.safetensors")
