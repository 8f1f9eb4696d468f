"""`render_report`: the content as one HTML file that opens offline and asks for nothing."""

import base64
import functools
import hashlib
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from diabolo.report import formats
from diabolo.report.content import ReportContent
from diabolo.report.hourglass import style_sheet
from diabolo.report.latent import latent_section
from diabolo.report.palette import DARK, LIGHT, NUM_SERIES, variables
from diabolo.report.sections import (
    curve_section,
    drawings,
    image_section,
    model_sections,
    picture_choices,
    picture_section,
    result_section,
    run_section,
    shown_models,
)

DASHES = ("", "9 4", "3 3", "9 3 2 3", "14 4", "6 2 1 2 1 2", "2 5")
"""Of models, so that curves are told apart without colour; the first is solid."""
_MOST_LEFT_OUT = 100
_TEMPLATES = Path(__file__).parent / "templates"


def render_report(content: ReportContent) -> str:
    """The page: one HTML file with its styles, script, drawings and pictures inside, all names escaped.

    Args:
        content: what stands on it; of many models the curves, drawings and details of the best few are shown, and the
            numbers of all.
    """
    shown = shown_models(content.models)
    environment = _environment()
    choices = picture_choices(shown)
    style = environment.get_template("style.css").render(
        light=Markup(variables(LIGHT)),
        dark=Markup(variables(DARK)),
        drawing=Markup(style_sheet({name: f"var(--{name})" for name in LIGHT})),
        num_series=NUM_SERIES,
        dashes=DASHES,
        num_choices=len(choices),
    )
    script = environment.get_template("script.js").render()
    context = {
        "content": content,
        "policy": _policy(style, script),
        "style": Markup(style),
        "script": Markup(script),
        "left_out": content.left_out[:_MOST_LEFT_OUT],
        "models": model_sections(shown),
        "drawn": drawings(shown),
        **result_section(content, shown),
        **curve_section(content, shown),
        **picture_section(shown, choices),
        **image_section(shown),
        **latent_section(shown, content.models),
        **run_section(content.models),
    }
    context["with_readings"] = [model for model in context["models"] if model.part.readings]
    context["with_findings"] = [model for model in context["models"] if model.part.findings]
    context["sections"] = _sections(content, context)
    return environment.get_template("report.html").render(context)


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=jinja2.select_autoescape(enabled_extensions=("html",), default=False),
        undefined=jinja2.ChainableUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in ("number", "spread", "signed", "decibel", "png", "prose", "interval"):
        environment.filters[name] = getattr(formats, name)
    return environment


def _policy(style: str, script: str) -> str:
    """The content security policy: nothing from anywhere, and of style and script only these."""

    def digest(text: str) -> str:
        return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"

    return (
        f"default-src 'none'; img-src data:; style-src {digest(style)}; script-src {digest(script)}; "
        "base-uri 'none'; form-action 'none'"
    )


def _sections(content: ReportContent, context: dict[str, Any]) -> list[tuple[str, str]]:
    several = len(context["models"]) > 1
    candidates = (
        ("verdict", "Verdict", True),
        ("results", "Results", True),
        ("models", "Models" if several else "Model", True),
        ("curves", "Curves", context["charts"]),
        ("words", "In words", context["with_readings"] or content.readings),
        ("pictures", "Pictures", context["with_pictures"]),
        ("images", "Single images", context["distribution"]),
        ("latent", "Latent", context["latents"] or context["bottlenecks"]),
        ("doctor", "Doctor", context["with_findings"]),
        ("made", "How it was made", True),
    )
    return [(key, name) for key, name, wanted in candidates if wanted]
