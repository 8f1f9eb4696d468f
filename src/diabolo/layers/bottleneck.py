"""What all special bottlenecks share: a penalty that joins the loss, left behind by the last training pass."""

from typing import Any

from torch import Tensor, nn


class Bottleneck(nn.Module):
    """A layer at the waist whose training adds a term to the loss.

    `penalty` is that term of the last forward pass in training mode, a scalar in the unit of a loss that is a mean
    over pixel values; None before the first pass and in evaluation.
    """

    def __init__(self) -> None:
        super().__init__()
        self.penalty: Tensor | None = None

    def diagnostics(self, x: Tensor) -> dict[str, float]:
        """How the bottleneck is used: names and numbers for a table; what it says in evaluation mode.

        Args:
            x: what comes in for many images, Float[Tensor, "batch channels height width"] or "batch channels".
        """
        return {}

    def __getstate__(self) -> dict[str, Any]:
        """Copies and pickles leave the penalty behind: it belongs to the graph of a pass, which cannot be copied."""
        return {**self.__dict__, "penalty": None}


def channels_to_end(x: Tensor) -> Tensor:
    """(batch, channels, height, width) -> (batch, height, width, channels); flat tensors stay as they are."""
    return x.permute(0, 2, 3, 1) if x.dim() == 4 else x


def channels_to_front(x: Tensor) -> Tensor:
    """The inverse of `channels_to_end`."""
    return x.permute(0, 3, 1, 2) if x.dim() == 4 else x
