"""How values stand on the page: rounded for the eye, exact in the `value` of a `<data>` element for machines."""

import base64
import math
from typing import Any

from markupsafe import Markup, escape

from diabolo.report.spread import Spread


def number(value: Any, digits: int) -> Markup:
    """A number with these decimals and its exact value; nothing where there is none (None, or undefined)."""
    if not isinstance(value, int | float):
        return Markup("")
    return Markup('<data value="{}">{}</data>').format(repr(value), rounded(value, digits))


def spread(value: Spread | None, digits: int) -> Markup:
    """`26.01 ± 0.10`, or the mean alone for one run; nothing where there is none."""
    if value is None:
        return Markup("")
    mean = number(value.mean, digits)
    if value.deviation is None:
        return mean
    return mean + Markup(" ± ") + number(value.deviation, digits)


def signed(value: float) -> Markup:
    """With its sign and three significant digits."""
    shown = f"{value:+.3g}".replace("-", "−") if math.isfinite(value) else "not finite"
    return Markup('<data value="{}">{}</data>').format(repr(value), shown)


def interval(ends: tuple[float, float] | None) -> Markup:
    """From one end to the other; nothing where there is none."""
    return Markup("") if ends is None else signed(ends[0]) + Markup(" to ") + signed(ends[1])


def decibel(value: float) -> str:
    """A PSNR under a picture."""
    return f"{value:.2f} dB" if math.isfinite(value) else "exact" if value > 0 else "not finite"


def png(content: bytes) -> Markup:
    """The address of a picture that is in the page itself."""
    return Markup("data:image/png;base64,") + escape(base64.b64encode(content).decode("ascii"))


def rounded(value: float, digits: int) -> str:
    """With thousands separated and a real minus sign."""
    if not math.isfinite(value):
        return "not finite"
    return f"{value:,.{digits}f}".replace("-", "−")


def prose(text: str) -> Markup:
    """A sentence whose `words in backticks` are code."""
    pieces = str(text).split("`")
    if len(pieces) % 2 == 0:
        return escape(text)
    return Markup("").join(
        Markup("<code>{}</code>").format(piece) if index % 2 else escape(piece) for index, piece in enumerate(pieces)
    )
