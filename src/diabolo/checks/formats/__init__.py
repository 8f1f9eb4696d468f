"""How findings are printed: text for people, JSON, GitHub annotations, SARIF."""

from diabolo.checks.formats.machine import render_github, render_json
from diabolo.checks.formats.sarif import render_sarif
from diabolo.checks.formats.text import render, summary

FORMATS = ("text", "json", "github", "sarif")
"""Names that `diabolo check --format` takes."""

__all__ = ["FORMATS", "render", "render_github", "render_json", "render_sarif", "summary"]
