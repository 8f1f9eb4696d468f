"""`diabolo check`: what is wrong with an autoencoder, on a line, in source text, in a file or in a trained run."""

import shutil
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from diabolo.cli.options import Json, read_input_shape
from diabolo.errors import DiaboloError, clip

if TYPE_CHECKING:
    from diabolo.api.check_files import Target
    from diabolo.checks import Checked

_COLOURS = {"error": "red", "warning": "yellow", "note": "cyan", "marker": "green"}


def check_models(
    what: Annotated[
        list[str],
        typer.Argument(
            metavar="WHAT",
            help="Python files, notebooks, folders of them, .keras files, `-` for standard input, zoo names, lines, "
            "run folders.",
            show_default=False,
        ),
    ],
    fix: Annotated[
        bool, typer.Option("--fix", help="Mend what can be mended with the same function computed.")
    ] = False,
    unsafe_fixes: Annotated[
        bool, typer.Option("--unsafe-fixes", help="Mend also where the function computed changes.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what mending would change, and write nothing.")] = False,
    output_format: Annotated[
        str, typer.Option("--format", metavar="NAME", help="text, json, github or sarif.")
    ] = "text",
    select: Annotated[
        str | None,
        typer.Option("--select", metavar="RULES", help="Only these rules: AE101,AE3,dead-branch.", show_default=False),
    ] = None,
    ignore: Annotated[
        str | None, typer.Option("--ignore", metavar="RULES", help="Not these rules.", show_default=False)
    ] = None,
    input_shape: Annotated[
        str | None,
        typer.Option("--input", metavar="HxWxC", help="Image size for lines; else 32x32x3.", show_default=False),
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail, too.")] = False,
    as_json: Json = False,
) -> None:
    """Find what is wrong with an autoencoder, and mend it.

    Source text is read and never executed. Exit code 1 where there are errors; `diabolo rule` lists what is looked
    for. A comment `# diabolo: ignore[AE101]` silences a finding, `[tool.diabolo.check]` in pyproject.toml configures.
    """
    from diabolo.api.check_files import find_targets
    from diabolo.checks.formats import FORMATS

    chosen = "json" if as_json else output_format
    if chosen not in FORMATS:
        raise DiaboloError(f"`--format {clip(chosen)}`: choose one of {', '.join(FORMATS)}")
    shape = None if input_shape is None else read_input_shape(input_shape)
    targets = find_targets(what, select=_words(select), ignore=_words(ignore), input_shape=shape)
    mending = fix or unsafe_fixes or diff
    results = [_mend(target, unsafe=unsafe_fixes, only_show=diff) if mending else target.check() for target in targets]
    if not diff:
        _print(results, chosen)
    severities = {finding.severity for result in results for finding in result.findings}
    failing = {"error", "warning"} if strict else {"error"}
    raise typer.Exit(1 if severities & failing else 0)


def _mend(target: "Target", *, unsafe: bool, only_show: bool) -> "Checked":
    """Mends a target and says what was done; what cannot be mended (a run, an archive) is only checked."""
    mended = target.mend(unsafe=unsafe)
    if mended is None:
        return target.check()
    if mended.refused:
        typer.echo(f"diabolo: `{target.name}`: {mended.refused}; the file is left as it was", err=True)
    if only_show:
        typer.echo(target.difference(mended), nl=False)
    elif mended.applied:
        target.write(mended)
        for finding in mended.applied:
            assert finding.fix is not None
            typer.echo(f"mended {finding.code} in {target.name}: {finding.fix.message}", err=True)
        if target.is_line:
            typer.echo(mended.texts[0])
    return mended.result


def _print(results: "list[Checked]", name: str) -> None:
    from diabolo.checks.formats import render, render_github, render_json, render_sarif

    if name == "text":
        width = min(120, shutil.get_terminal_size((100, 24)).columns)
        typer.echo(render(results, width=width, style=_style if sys.stdout.isatty() else None))
        return
    text = {"json": render_json, "github": render_github, "sarif": render_sarif}[name](results)
    if text:
        typer.echo(text)


def _style(text: str, role: str) -> str:
    if role in ("place", "quiet"):
        return typer.style(text, bold=role == "place", dim=role == "quiet")
    return typer.style(text, fg=_COLOURS[role], bold=role == "error")


def _words(text: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in (text or "").split(",") if word.strip())
