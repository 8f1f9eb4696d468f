"""`ModelPart`: a part of a torch model that computes, as the reference of its exports."""

from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from diabolo.interop.part import Part, part_of
from diabolo.interop.probe import probe_images
from diabolo.model import AutoEncoder
from diabolo.model.device import device_of


class ModelPart:
    """An autoencoder or one of its halves, in evaluation mode, on plain torch.

    Args:
        model: the model; its mode and engine are put back after each use.
        name: `both`, `encoder` or `decoder`.
    """

    def __init__(self, model: AutoEncoder, name: str) -> None:
        self.model = model
        weights = {
            key.removeprefix("layers."): value.detach().cpu().float().numpy()
            for key, value in model.state_dict().items()
        }
        self.part: Part = part_of(model.graph, weights, name)

    def inputs(self, seed: int = 0) -> Iterator[tuple[NDArray[np.uint8] | None, NDArray[np.float32]]]:
        """Fresh inputs: images as 8-bit files hold them (None for latents), and what this part takes as float32.

        Latents are those of fresh images.
        """
        for pixels in probe_images(self.part, seed):
            images = np.ascontiguousarray((pixels.astype(np.float32) / np.float32(255)).transpose(0, 3, 1, 2))
            if self.part.takes_images:
                yield pixels, images
            else:
                yield None, self._compute(images, "encoder")

    def run(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """What the part makes of its float32 input."""
        return self._compute(values, self.part.name)

    @torch.inference_mode()
    def _compute(self, values: NDArray[np.float32], name: str) -> NDArray[np.float32]:
        model = self.model
        was_training, engine = model.training, model.engine
        model.eval()
        model.engine = "plain"
        try:
            result = PartModule(model, name)(torch.from_numpy(values).to(device_of(model)))
        finally:
            model.train(was_training)
            model.engine = engine
        return np.ascontiguousarray(result.float().cpu().numpy())


class PartModule(nn.Module):
    """A part of a model as a module of its own: images -> images, images -> latents, or latents -> images."""

    def __init__(self, model: AutoEncoder, name: str) -> None:
        super().__init__()
        self.model = model
        self.name = name

    def forward(self, values: Tensor) -> Tensor:
        """Float[Tensor, "batch channels height width"], or "batch features" for flat latents -> the same kind."""
        if self.name == "encoder":
            return self.model.encode(values)
        latent = values if self.name == "decoder" else self.model.encode(values)
        return self.model.decode(latent)
