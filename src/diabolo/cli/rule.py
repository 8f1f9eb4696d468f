"""`diabolo rule`: what the doctor looks for, and what a finding means."""

import textwrap
from typing import TYPE_CHECKING, Annotated, Any

import typer

from diabolo.cli.options import Json, print_json
from diabolo.errors import DiaboloError, clip

if TYPE_CHECKING:
    from diabolo.checks import Example, Rule

_MENDED = {"none": "no", "safe": "with --fix", "unsafe": "with --unsafe-fixes"}


def show_rules(
    code: Annotated[
        str | None, typer.Argument(metavar="CODE", help="A code or a name: AE101, dead-branch.", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """List what `diabolo check` looks for, or explain one rule."""
    from diabolo.checks import all_rules

    if code is not None:
        rule = _find(code)
        if as_json:
            print_json(_values(rule))
        else:
            typer.echo(_page(rule))
    elif as_json:
        print_json([_values(rule) for rule in all_rules().values()])
    else:
        typer.echo(_table())


def _find(word: str) -> "Rule":
    import difflib

    from diabolo.checks import all_rules

    names = {name: rule for rule in all_rules().values() for name in (rule.code.lower(), rule.name)}
    wanted = word.strip().lower()
    if wanted in names:
        return names[wanted]
    close = difflib.get_close_matches(wanted, names, n=1)
    hint = f"did you mean `{close[0].upper() if close[0].startswith('ae') else close[0]}`? " if close else ""
    raise DiaboloError(f"there is no rule `{clip(word)}`; {hint}`diabolo rule` lists them")


def _table() -> str:
    from diabolo.checks import all_rules, family_of

    lines: list[str] = []
    family = ""
    for rule in all_rules().values():
        if family_of(rule) != family:
            family = family_of(rule)
            lines += ["", family.capitalize()] if lines else [family.capitalize()]
        mark = {"none": " ", "safe": "*", "unsafe": "+"}[rule.fix]
        lines.append(f"  {rule.code} {mark} {rule.severity:<8} {rule.name:<24} {rule.summary}")
    lines += ["", "*: mended with --fix, +: with --unsafe-fixes. `diabolo rule CODE` explains one."]
    return "\n".join(lines)


def _page(rule: "Rule") -> str:
    from diabolo.checks import family_of

    parts = [
        f"{rule.code} {rule.name} ({rule.severity}; {family_of(rule)}; mended: {_MENDED[rule.fix]})",
        _fill(f"{rule.summary[0].upper()}{rule.summary[1:]}."),
        *map(_fill, rule.why.split("\n\n")),
        "What to write",
        *map(_fill, rule.remedy.split("\n\n")),
    ]
    for title, examples in (("Found in", rule.fires[:1]), ("Not in", rule.clean[:1])):
        parts += [f"{title}{f' ({example.says})' if example.says else ''}\n{_code(example)}" for example in examples]
    return "\n\n".join(parts)


def _fill(paragraph: str) -> str:
    return textwrap.fill(" ".join(paragraph.split()), width=96, break_long_words=False, break_on_hyphens=False)


def _code(example: "Example") -> str:
    text = example.code.strip("\n") or example.line
    if example.activity is not None:
        text = f"a trained run of\n{text}"
    return textwrap.indent(text, "    ")


def _values(rule: "Rule") -> dict[str, Any]:
    from diabolo.checks import family_of

    return {
        "code": rule.code,
        "name": rule.name,
        "family": family_of(rule),
        "severity": rule.severity,
        "summary": rule.summary,
        "why": rule.why,
        "remedy": rule.remedy,
        "fix": rule.fix,
        "fires": [example.code or example.line for example in rule.fires],
        "clean": [example.code or example.line for example in rule.clean],
    }
