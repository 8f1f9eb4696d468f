"""`contractive`: a penalty on how fast the latent changes with the image."""

import math

import torch
from torch import Tensor, nn

from diabolo.layers.bottleneck import Bottleneck
from diabolo.layers.registry import Request, builds


class ContractivePenalty(Bottleneck):
    """z → z; penalty λ · ‖∂z/∂x‖² / values of an image (Frobenius norm of the encoder's Jacobian), mean of the batch.

    Rifai et al. 2011, https://icml.cc/2011/papers/455_icmlpaper.pdf. The norm is estimated by one product with a random
    vector v of independent ±1 for each image: E ‖vᵀJ‖² = ‖J‖² (Hutchinson 1989). With A = JJᵀ the estimate's variance
    is 2 Σ A_ij² over i ≠ j, and falls with the number of images of the batch. It takes one more backward pass.

    The model calls `watch` with its images, whose gradient is needed.
    """

    def __init__(self, *, weight: float, num_image_values: int) -> None:
        super().__init__()
        self.weight_of_penalty = weight
        self.num_image_values = num_image_values
        self._images: Tensor | None = None

    def watch(self, images: Tensor) -> Tensor:
        """The images as the encoder must take them for the penalty of this pass."""
        if not self.training or not torch.is_grad_enabled():
            return images
        self._images = images if images.requires_grad else images.detach().requires_grad_()
        return self._images

    def forward(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch ..."] -> the same."""
        images, self._images = self._images, None
        self.penalty = None
        if images is not None and self.training:
            self.penalty = self.weight_of_penalty * jacobian_norms(images, x).mean() / self.num_image_values
        return x

    def extra_repr(self) -> str:
        """Weight, for `print(model)`."""
        return f"weight={self.weight_of_penalty}"


def jacobian_norms(images: Tensor, latents: Tensor) -> Tensor:
    """An unbiased estimate of the squared Frobenius norm of ∂latent/∂image for each image: Float[Tensor, "batch"].

    Images must not influence each other's latents, as they do through batch statistics.

    Args:
        images: Float[Tensor, "batch ..."] with `requires_grad`.
        latents: computed from them, Float[Tensor, "batch ..."].
    """
    signs = torch.randint(0, 2, latents.shape, device=latents.device, dtype=latents.dtype) * 2 - 1
    (gradient,) = torch.autograd.grad((latents * signs).sum(), images, create_graph=True)
    return gradient.flatten(1).square().sum(dim=1)


@builds("contractive")
def _contractive(request: Request) -> nn.Module:
    return ContractivePenalty(weight=request.number("weight"), num_image_values=math.prod(request.graph.input_shape))
