"""The arithmetic that a recipe's `precision` asks for, without changing it for the program around."""

import contextlib
from collections.abc import Iterator

import torch


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """A context for the forward pass: bfloat16 where the recipe says so."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")


@contextlib.contextmanager
def products(precision: str, device: torch.device) -> Iterator[None]:
    """A context for a whole step or an evaluation: on CUDA, TF32 for `tf32` and never for `float32`.

    torch allows TF32 in convolutions and not in matrix products unless it is told; here both do the same.
    """
    if device.type != "cuda":
        yield
        return
    cudnn, matmul = torch.backends.cudnn, torch.backends.cuda.matmul
    before = cudnn.allow_tf32, matmul.allow_tf32
    cudnn.allow_tf32 = matmul.allow_tf32 = precision == "tf32"
    try:
        yield
    finally:
        cudnn.allow_tf32, matmul.allow_tf32 = before
