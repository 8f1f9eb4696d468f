"""Passes over pixel values in the native library: batches by index from bytes, and binary cross-entropy."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from diabolo.kernels.library import find_library


def gather_images(images: NDArray[np.uint8], indices: NDArray[np.int64]) -> Tensor | None:
    """Images by index as floats, without anything between: the same bits as `images[indices] / 255` in float32.

    Args:
        images: (N, H, W, C) uint8; may be memory-mapped.
        indices: which.

    Returns:
        Float[Tensor, "batch channels height width"] in [0, 1], channels-last in memory; None where the library is not
        there or does not know such an array.

    Raises:
        IndexError: there is no such image.
    """
    library = find_library()
    if library is None or images.dtype != np.uint8 or images.ndim != 4 or not images.flags.c_contiguous:
        return None
    chosen = np.ascontiguousarray(indices, dtype=np.int64)
    count, *shape = images.shape
    out = torch.empty((len(chosen), *shape))
    library.gather(
        images.ctypes.data, count, out[0].numel() if len(chosen) else 0, chosen.ctypes.data, len(chosen),
        out.data_ptr(), torch.get_num_threads(),
    )  # fmt: skip
    return out.permute(0, 3, 1, 2)


def binary_cross_entropy_with_logits(logits: Tensor, images: Tensor) -> Tensor:
    """The mean of `torch.nn.functional.binary_cross_entropy_with_logits`, its gradient computed in the same pass.

    max(z, 0) − z·x + log(1 + e^−|z|), and (σ(z) − x) / N. What the library does not know goes to torch.

    Args:
        logits: z, Float[Tensor, "batch channels height width"].
        images: x of the same shape, in [0, 1].
    """
    if not _can_run(logits, images):
        return F.binary_cross_entropy_with_logits(logits, images)
    loss: Tensor = _CrossEntropy.apply(logits, images)
    return loss


def _can_run(logits: Tensor, images: Tensor) -> bool:
    if find_library() is None or images.requires_grad or logits.shape != images.shape or not logits.numel():
        return False
    for value in (logits, images):
        if value.dtype != torch.float32 or value.device.type != "cpu" or type(value) is not Tensor:
            return False
    if torch.compiler.is_compiling() or torch._C._functorch.peek_interpreter_stack() is not None:
        return False
    if torch.autograd.forward_ad._current_level >= 0:
        return False
    return any(
        logits.is_contiguous(memory_format=order) and images.is_contiguous(memory_format=order)
        for order in (torch.contiguous_format, *((torch.channels_last,) if logits.dim() == 4 else ()))
    )


class _CrossEntropy(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, logits: Tensor, images: Tensor) -> Tensor:
        library = find_library()
        assert library is not None
        gradient = torch.empty_like(logits) if ctx.needs_input_grad[0] else None
        loss = library.cross_entropy(
            logits.data_ptr(), images.data_ptr(), logits.numel(), None if gradient is None else gradient.data_ptr(),
            torch.get_num_threads(),
        )  # fmt: skip
        ctx.save_for_backward(logits, images, gradient)
        return torch.tensor(loss, dtype=torch.float32)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, None]:
        logits, images, gradient = ctx.saved_tensors
        (outer,) = gradients
        if torch.is_grad_enabled():  # a gradient of the gradient is wanted
            return (logits.sigmoid() - images) / logits.numel() * outer, None
        return gradient if outer == 1 else gradient * outer, None
