"""The loss of an epoch, summed where it is computed: on a GPU nobody waits for it, and a broken step does no harm."""

import math
import time
from dataclasses import dataclass

import torch
from torch import Tensor

SECONDS_BETWEEN_READINGS = 0.25
"""How often the sum is fetched from a device that works on its own."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What is known of an epoch's steps."""

    step: int
    """Steps of the epoch done with a finite loss."""
    num_seen: int
    """Images of those steps; where a step broke, of all steps that were asked for."""
    loss_sum: float
    """Sum over them of loss × images; NaN or infinite where a step broke."""

    @property
    def is_broken(self) -> bool:
        """Whether a step's loss was NaN or infinite; it and all later ones then changed no weight."""
        return not math.isfinite(self.loss_sum)

    @property
    def loss(self) -> float:
        """Mean over images; where a step broke, its loss."""
        return self.loss_sum / max(1, self.num_seen)


class HostTally:
    """Reads the loss of every step at once, as is natural where the host does the work itself."""

    skip: None = None

    def __init__(self, step: int, num_seen: int, loss_sum: float) -> None:
        self.step, self.num_seen, self.loss_sum = step, num_seen, loss_sum

    def add(self, loss: Tensor, num_images: int) -> bool:
        """Adds a step; False where its loss is not finite, so that it must go no further."""
        value = loss.item()
        if not math.isfinite(value):
            self.loss_sum = value
            return False
        self.step += 1
        self.num_seen += num_images
        self.loss_sum += value * num_images
        return True

    def latest(self) -> Reading:
        """What is known now: everything."""
        return Reading(step=self.step, num_seen=self.num_seen, loss_sum=self.loss_sum)

    def settled(self) -> Reading:
        """What is known when all steps are done: the same."""
        return self.latest()


class DeviceTally:
    """Keeps the sum on a device that works through a queue of its own.

    Attributes:
        skip: Float[Tensor, ""], 1 from the first step on whose loss is not finite: optimisers take it, so that such a
            step and those queued behind it leave the weights alone.
    """

    def __init__(self, device: torch.device, step: int, num_seen: int, loss_sum: float) -> None:
        self.num_seen = num_seen
        self.skip = torch.zeros((), device=device)
        self._values = torch.tensor([loss_sum, step], dtype=torch.float64, device=device)
        self._fetching: tuple[Tensor, int, torch.cuda.Event | None] | None = None
        self._last_time = time.monotonic()

    @torch.no_grad()
    def add(self, loss: Tensor, num_images: int) -> bool:
        """Adds a step to the queue; always True, since the loss is not known yet."""
        self.num_seen += num_images
        was_whole = self.skip == 0
        self._values[0] += torch.where(was_whole, loss.double() * num_images, 0.0)
        self.skip = torch.maximum(self.skip, (~torch.isfinite(loss)).float())
        self._values[1] += self.skip == 0
        return True

    def latest(self) -> Reading | None:
        """What was known a moment ago, a few times a second; None between, or where it is still under way."""
        if self._fetching is None:
            if time.monotonic() - self._last_time >= SECONDS_BETWEEN_READINGS:
                self._fetch()
            return None
        values, num_seen, arrived = self._fetching
        if arrived is not None and not arrived.query():
            return None
        self._fetching = None
        self._last_time = time.monotonic()
        return _reading(values, num_seen)

    def settled(self) -> Reading:
        """What is known when the queue is empty; waits for that."""
        self._fetching = None
        return _reading(self._values.cpu(), self.num_seen)

    def _fetch(self) -> None:
        copy = self._values.to("cpu", non_blocking=True, copy=True)
        arrived = None
        if self._values.is_cuda:
            arrived = torch.cuda.Event()
            arrived.record()
        self._fetching = (copy, self.num_seen, arrived)


def _reading(values: Tensor, num_seen: int) -> Reading:
    loss_sum, step = values.tolist()
    return Reading(step=int(step), num_seen=num_seen, loss_sum=loss_sum)


def make_tally(device: torch.device, *, step: int, num_seen: int, loss_sum: float) -> HostTally | DeviceTally:
    """The tally for a device, going on from what was counted before."""
    if device.type == "cuda":
        return DeviceTally(device, step, num_seen, loss_sum)
    return HostTally(step, num_seen, loss_sum)
