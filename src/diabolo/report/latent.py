"""Use of the latent on the page: how much each channel varies, what each costs, and what bottlenecks say in words."""

import math
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from markupsafe import Markup

from diabolo.report.chart import ticks
from diabolo.report.content import LatentPart, ModelPart
from diabolo.report.spread import spread
from diabolo.report.svg import element, number, plain, text
from diabolo.runs.bottleneck_words import COLLAPSE_REMEDY, MEANINGS, bottleneck_uses, number_text

_MOST_CHANNELS = 128  # with a bar of their own
UNUSED_SHARE = 0.01
"""A channel that varies less than this share of the most used one counts as unused."""
ACTIVE_DEVIATION = 0.1
"""Of a variational latent's mean over images: from here on a channel tells images apart (Burda et al. 2015)."""


def latent_section(shown: Sequence[ModelPart], models: Sequence[ModelPart]) -> dict[str, Any]:
    """Drawings of the latents of the shown models, and the table of the bottlenecks of all models."""
    with_latent = [model for model in shown if model.latent is not None and model.latent.deviation]
    latents = []
    for index, model in enumerate(with_latent):
        assert model.latent is not None
        latents.append(
            SimpleNamespace(
                label=model.label,
                drawing=Markup(draw_latent(model.latent, f"latent-{index}")),
                sentence=_latent_sentence(model.latent),
            )
        )
        if model.latent.kl:
            latents.append(
                SimpleNamespace(
                    label=f"{model.label}: KL divergence",
                    drawing=Markup(draw_kl(model.latent, f"kl-{index}")),
                    sentence=_kl_sentence(model.latent),
                )
            )
    return {"latents": latents, "bottlenecks": _bottleneck_rows(models), "collapsed": _collapsed(models)}


def _bottleneck_rows(models: Sequence[ModelPart]) -> list[SimpleNamespace]:
    """A row a number: model, layer, what it is, mean and deviation over runs."""
    rows = []
    for model in models:
        found: dict[tuple[str, str], list[float]] = {}
        for run in model.runs:
            for use in bottleneck_uses(run.record.test):
                for key, value in use.numbers.items():
                    found.setdefault((use.layer, key), []).append(value)
        for (layer, key), values in found.items():
            over = spread(values)
            if over is None:
                continue
            deviation = "" if over.deviation is None else f" ± {number_text(key, over.deviation)}"
            shown = f"{number_text(key, over.mean)}{deviation}"
            rows.append(SimpleNamespace(label=model.label, layer=layer, meaning=MEANINGS[key], value=shown))
    return rows


def _collapsed(models: Sequence[ModelPart]) -> list[str]:
    """A sentence for each model of which a run has collapsed."""
    sentences = []
    for model in models:
        found = [
            (run.record.seed, use)
            for run in model.runs
            for use in bottleneck_uses(run.record.test)
            if use.has_collapsed
        ]
        if found:
            seeds = ", ".join(str(seed) for seed, _ in found)
            which = "" if len(model.runs) == 1 else f" (seed {seeds})"
            reason = found[0][1].collapse
            sentences.append(f"The latent of {model.label} has collapsed{which}: {reason}. {COLLAPSE_REMEDY}")
    return sentences


def unused_channels(latent: LatentPart) -> list[int]:
    """Channels, from 0, that hardly vary over images."""
    most = max((value for value in latent.deviation if math.isfinite(value)), default=0.0)
    return [index for index, value in enumerate(latent.deviation) if not value > UNUSED_SHARE * most]


def draw_latent(latent: LatentPart, key: str) -> str:
    """One bar a channel, its deviation over images; unused ones have a cross. Many channels are drawn by size."""
    values = list(latent.deviation)
    many = len(values) > _MOST_CHANNELS
    if many:
        values = sorted(values, reverse=True)
    return _draw_channels(
        values,
        marked=set() if many else set(unused_channels(latent)),
        names=None if many else list(range(len(values))),
        key=key,
        title="Use of the latent",
        words=_words("Standard deviation over images", enumerate(latent.deviation)),
        axis=f"{len(values):,} values, from the most used to the least" if many else "channel of the latent",
    )


def draw_kl(latent: LatentPart, key: str) -> str:
    """One bar a channel, its KL divergence in nats an image, the largest first; a cross where it tells nothing apart.

    Channels are named by their number in the latent.
    """
    order = sorted(range(len(latent.kl)), key=lambda index: -latent.kl[index])
    many = len(order) > _MOST_CHANNELS
    silent = set(silent_channels(latent))
    return _draw_channels(
        [latent.kl[index] for index in order],
        marked=set() if many else {at for at, index in enumerate(order) if index in silent},
        names=None if many else order,
        key=key,
        title="KL divergence of each channel",
        words=_words("KL divergence in nats an image", ((index, latent.kl[index]) for index in order)),
        axis=f"{len(order):,} channels, from the largest to the smallest" if many else "channel of the latent",
    )


def silent_channels(latent: LatentPart) -> list[int]:
    """Channels of a variational latent, from 0, whose mean does not tell images apart."""
    return [index for index, value in enumerate(latent.deviation) if not value > ACTIVE_DEVIATION]


def _draw_channels(
    values: Sequence[float],
    *,
    marked: set[int],
    names: Sequence[int] | None,
    key: str,
    title: str,
    words: str,
    axis: str,
) -> str:
    """Bars side by side, those at the marked places with a cross; without names they touch."""
    scale = max((value for value in values if math.isfinite(value)), default=0.0) or 1.0
    left, top, width, height = 44.0, 16.0, 430.0, 110.0
    step = width / len(values)
    parts = [
        element("title", title, id=f"{key}-title"),
        element("desc", plain(words), id=f"{key}-desc"),
    ]
    for value in ticks(0.0, scale):
        y = top + height * (1 - value / scale)
        parts.append(element("path", d=f"M{number(left)} {number(y)}h{number(width)}", class_="grid"))
        parts.append(text(f"{value:.3g}", x=left - 5, y=y + 4, text_anchor="end", class_="tick"))
    for index, value in enumerate(values):
        tall = height * (value / scale if math.isfinite(value) else 0.0)
        x, wide = left + index * step, step if names is None else max(step * 0.8, step - 2)
        parts.append(element("rect", x=x, y=top + height - tall, width=wide, height=tall, class_="bar-model"))
        if index in marked:
            cross = f"M{number(x + wide / 2 - 4)} {number(top + height - 10)}l8 8m0 -8l-8 8"
            parts.append(element("path", d=cross, class_="cross"))
    parts.append(text(axis, x=left + width / 2, y=top + height + 30, text_anchor="middle", class_="axis-name"))
    if names is not None:
        every = max(1, -(-len(values) // 16))
        parts += [
            text(str(names[at]), x=left + (at + 0.4) * step, y=top + height + 14, text_anchor="middle", class_="tick")
            for at in range(0, len(values), every)
        ]
    return element(
        "svg",
        *parts,
        viewBox=f"0 0 480 {number(top + height + 38)}",
        class_="chart",
        role="img",
        aria_labelledby=f"{key}-title {key}-desc",
    )


def _words(what: str, numbered: Any) -> str:
    """All bars in a sentence, of many the first ones."""
    each = [f"{index}: {value:.3g}" for index, value in numbered]
    more = f", and {len(each) - 64} more" if len(each) > 64 else ""
    return f"{what} of channel {', '.join(each[:64])}{more}."


def _latent_sentence(latent: LatentPart) -> str:
    unused, many = unused_channels(latent), len(latent.deviation)
    over = f"Standard deviation over {latent.images}."
    if not unused:
        return f"{over} All {many:,} are used." if many > 1 else over
    names = f" (marked ×: {', '.join(map(str, unused[:12]))}{'…' if len(unused) > 12 else ''})" if many <= 128 else ""
    vary = "varies" if len(unused) == 1 else "vary"
    return f"{over} {len(unused):,} of {many:,} {vary} by less than 1 % of the most used one{names}."


def _kl_sentence(latent: LatentPart) -> str:
    silent, many = len(silent_channels(latent)), len(latent.kl)
    marks = ", the others are marked ×" if silent and many <= _MOST_CHANNELS else ""
    return (
        f"Nats an image, mean over {latent.images}: {math.fsum(latent.kl):.1f} in all. {many - silent:,} of {many:,} "
        f"channels tell images apart: their mean varies by more than {ACTIVE_DEVIATION:g}{marks}."
    )
