"""The weights' files of pipeline, for its peers."""

import torch
from safetensors import safe_open


def read(path):
    """The file's texts, and its weights as float32. A weight of bytes is float16(byte · scale of its row)."""
    with safe_open(path, "pt") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        metadata = file.metadata()
    weights = {}
    for name, tensor in tensors.items():
        if tensor.dtype == torch.int8:
            scales = tensors[f"{name}.scale"].float().reshape(-1, *[1] * (tensor.dim() - 1))
            weights[name] = (tensor.float() * scales).half().float()
        elif tensors.get(name.removesuffix(".scale"), tensor).dtype != torch.int8:
            weights[name] = tensor.float()
    return metadata, weights
