"""Writes optimizers.safetensors: five steps of AdamW and of Muon, and clipped gradients.

    pip install torch numpy safetensors
    python3 make_optimizers_golden.py
"""

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

torch.manual_seed(3)
STEPS = 5
# A convolution that is wide as a matrix, one that is tall, and a bias.
SHAPES = [(4, 3, 3, 3), (40, 2, 1, 1), (6,)]
golden = {}

start = [torch.randn(shape) for shape in SHAPES]
gradients = [[torch.randn(shape) for shape in SHAPES] for _ in range(STEPS)]
for index, value in enumerate(start):
    golden[f"start.{index}"] = value
    for step in range(STEPS):
        golden[f"gradient.{step}.{index}"] = gradients[step][index]


def rate(step):
    return 0.01 * (step + 1)


parameters = [value.clone().requires_grad_() for value in start]
optimizer = torch.optim.AdamW(parameters, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.1)
for step in range(STEPS):
    for group in optimizer.param_groups:
        group["lr"] = rate(step)
    for parameter, gradient in zip(parameters, gradients[step]):
        parameter.grad = gradient
    optimizer.step()
for index, parameter in enumerate(parameters):
    golden[f"adamw.{index}"] = parameter.detach().clone()


def orthogonalized(matrix):
    """Keller Jordan's Newton–Schulz iteration (https://kellerjordan.github.io/posts/muon), in float64."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix / (np.linalg.norm(matrix) + 1e-7)
    if matrix.shape[0] > matrix.shape[1]:
        x = x.T
    for _ in range(5):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if matrix.shape[0] > matrix.shape[1] else x


def muon(value, gradient, momentum, learning_rate, decay, beta=0.95):
    """Nesterov momentum, the orthogonalised matrix, and the scale of "Muon is scalable for LLM training"."""
    momentum *= beta
    momentum += (1 - beta) * gradient
    direction = (1 - beta) * gradient + beta * momentum
    matrix = direction.reshape(direction.shape[0], -1)
    update = orthogonalized(matrix).reshape(direction.shape) * 0.2 * np.sqrt(max(matrix.shape))
    return value * (1 - learning_rate * decay) - learning_rate * update


for index in range(2):
    value = start[index].double().numpy()
    momentum = np.zeros_like(value)
    for step in range(STEPS):
        value = muon(value, gradients[step][index].double().numpy(), momentum, rate(step), decay=0.1)
    golden[f"muon.{index}"] = torch.tensor(value)

for limit in (1.0, 1000.0):
    for index in range(len(SHAPES)):
        parameters[index].grad = gradients[0][index].clone()
    norm = torch.nn.utils.clip_grad_norm_(parameters, limit)
    golden[f"norm.{limit:g}"] = norm.detach().clone()
    for index, parameter in enumerate(parameters):
        golden[f"clipped.{limit:g}.{index}"] = parameter.grad.clone()

save_file({key: value.contiguous() for key, value in golden.items()}, Path(__file__).parent / "optimizers.safetensors")
