"""How much of its bottleneck a model uses, from the test results of its run, in words; no torch."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

RESULTS = ("num_images", "loss", "excess", "mse", "psnr", "ssim")
"""Test results that every run has; all others are of bottlenecks."""
MEANINGS = {
    "kl": "KL divergence from the unit Gaussian, nats an image",
    "active": "latent values of an image in use",
    "values": "latent values of an image in all",
    "code_use": "share of its codes in use",
    "perplexity": "perplexity: codes, if all were used equally often",
    "channels_used": "share of channels that any image uses",
}
"""What a bottleneck's numbers mean, by the end of their name in `run.toml`."""
_SHARES = ("code_use", "channels_used")
_NAME = re.compile(rf"(.+?)_({'|'.join(MEANINGS)})")


@dataclass(frozen=True, kw_only=True)
class BottleneckUse:
    """The numbers of one bottleneck."""

    layer: str
    """Its name in the model: `gaussian_1`."""
    numbers: Mapping[str, float]
    """By what stands in `MEANINGS`."""

    @property
    def has_collapsed(self) -> bool:
        """Whether it is variational and says nothing about the image.

        No value is active, or its KL divergence is below ln 2: it bounds what the latent tells of the image from above
        (Hoffman & Johnson 2016, "ELBO surgery"), and to tell two images apart takes ln 2 = 0.69 nats.
        """
        return "kl" in self.numbers and (self.numbers.get("active", 1) < 0.5 or self.numbers["kl"] < math.log(2))

    @property
    def collapse(self) -> str:
        """Why it counts as collapsed, without a full stop."""
        kl = f"{self.numbers['kl']:.3g} nats an image"
        if self.numbers.get("active", 1) < 0.5:
            return f"none of {round(self.numbers.get('values', 0)):,} values tells images apart (KL {kl})"
        return f"its KL divergence is {kl}, and to tell two images apart takes 0.69"

    @property
    def sentence(self) -> str:
        """All of it in a sentence without its full stop: `gaussian 1: 32 of 32 values tell images apart, KL …`."""
        return f"{self.layer.replace('_', ' ')}: {', '.join(self._parts())}"

    def _parts(self) -> list[str]:
        numbers = self.numbers
        if self.has_collapsed:
            return [f"collapsed, {self.collapse}"]
        parts = []
        if "active" in numbers and "values" in numbers:
            active, values = round(numbers["active"]), round(numbers["values"])
            if "kl" in numbers:
                parts.append(f"{active:,} of {values:,} values tell images apart")
            else:
                parts.append(f"{active:,} of {values:,} values of an image are not zero")
        if "kl" in numbers:
            parts.append(f"KL {numbers['kl']:.3g} nats an image")
        if "code_use" in numbers:
            parts.append(f"{numbers['code_use']:.1%} of its codes in use")
        if "perplexity" in numbers:
            parts.append(f"perplexity {numbers['perplexity']:,.4g}")
        if "channels_used" in numbers:
            parts.append(f"{numbers['channels_used']:.1%} of its channels in use")
        return parts


def bottleneck_uses(test: Mapping[str, float]) -> tuple[BottleneckUse, ...]:
    """The bottlenecks that test results tell of, in the order of the model; names that nobody knows are left out."""
    found: dict[str, dict[str, float]] = {}
    for name, value in test.items():
        match = None if name in RESULTS else _NAME.fullmatch(name)
        if match is not None:
            found.setdefault(match[1], {})[match[2]] = value
    return tuple(BottleneckUse(layer=layer, numbers=numbers) for layer, numbers in found.items())


def number_text(key: str, value: float) -> str:
    """A number as a table shows it: shares in per cent."""
    return f"{value:.1%}" if key in _SHARES else f"{value:,.4g}"


COLLAPSE_REMEDY = (
    "Lower `beta` (1 is the evidence bound), or let each value cost nothing at first: `gaussian32[free_bits=0.5]`."
)
"""What to do about a latent that says nothing."""
