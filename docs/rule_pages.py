"""Pages about the doctor's rules, one a rule and an index, made of the rules' own texts; `generate.py` writes them."""

from dataclasses import replace
from pathlib import Path

from diabolo.checks import Example, Rule, all_rules, diagnose, family_of, read_line
from diabolo.checks.source.read import read_source

FOLDER = Path(__file__).parent / "rules"

_MENDED = {
    "none": "It is not mended by the program.",
    "safe": "`diabolo check --fix` mends it: the same function is computed afterwards.",
    "unsafe": "`diabolo check --unsafe-fixes` mends it where the edit is plain: the function becomes what was meant.",
}
_FAMILIES = {
    "reading": "What could not be read",
    "wiring": "Wiring",
    "shapes": "Shapes",
    "normalisation": "Normalisation and activation",
    "loss": "Output and loss",
    "sampling": "Down- and up-sampling",
    "training": "Data and training",
    "runs": "Trained runs",
}


def rule_pages() -> dict[Path, str]:
    """The path and the text of each page."""
    pages = {FOLDER / f"{code}.md": page(rule) for code, rule in all_rules().items()}
    return {FOLDER / "README.md": index(), **pages}


def index() -> str:
    """All rules in tables, a table for each family."""
    parts = [
        "# The doctor's rules",
        "What `diabolo check` looks for. `diabolo rule CODE` prints the same texts. An *error* says that the model "
        "does "
        "not compute what its writer means, a *warning* that something is likely a mistake or a needless loss, a "
        "*note* "
        "that something is worth knowing. How to select, ignore and mend: [check.md](../check.md).",
        "This folder is generated from the rules themselves (`make format`); the examples on each page are run as "
        "tests.",
    ]
    for family, title in _FAMILIES.items():
        rules = [rule for rule in all_rules().values() if family_of(rule) == family]
        if rules:
            lines = [f"## {title}", "", "| Code | Name | Severity | What it finds | Mended |", "|---|---|---|---|---|"]
            for rule in rules:
                mended = {"none": "", "safe": "`--fix`", "unsafe": "`--unsafe-fixes`"}[rule.fix]
                link = f"[{rule.code}]({rule.code}.md)"
                lines.append(f"| {link} | `{rule.name}` | {rule.severity} | {rule.summary} | {mended} |")
            parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def page(rule: Rule) -> str:
    """What one rule finds, why it matters, what to write, examples with what the doctor says of them."""
    parts = [
        f"# {rule.code} {rule.name}",
        f"{rule.summary[0].upper()}{rule.summary[1:]}. *{rule.severity.capitalize()}; "
        f"{_FAMILIES[family_of(rule)].lower()}.*",
        "## Why it matters",
        rule.why,
        "## What to write",
        rule.remedy,
        _MENDED[rule.fix],
    ]
    if rule.fires:
        parts.append("## Found here")
        for example in rule.fires:
            parts += [*_shown(example), *_said(rule, example)]
    if rule.clean:
        parts.append("## Not found here")
        for example in rule.clean:
            parts += _shown(example)
    parts += [
        "## Where it is meant",
        f"`# diabolo: ignore[{rule.name}]` at the end of the row silences this rule there.",
    ]
    return "\n\n".join(parts) + "\n"


def _shown(example: Example) -> list[str]:
    says = [f"{example.says[0].upper()}{example.says[1:]}:"] if example.says else []
    code = example.code.strip("\n")
    if example.activity is not None:
        return [*says, f"A trained run of\n\n```line\n{example.line}\n```"]
    return [*says, f"```python\n{code}\n```" if code else f"```line\n{example.line}\n```"]


def _said(rule: Rule, example: Example) -> list[str]:
    """The doctor's words about an example, by the rows of the example."""
    if example.activity is not None:
        subject = replace(read_line(example.line), activity=example.activity)
    else:
        subject = read_line(example.line) if example.line else read_source(example.code.strip("\n"), "example.py")
    lines = []
    for finding in diagnose(subject):
        if finding.code == rule.code:
            row = f" in row {finding.place.row}" if example.code and finding.place is not None else ""
            lines.append(f"> {finding.severity.capitalize()}{row}: {finding.message}.")
    return ["\n>\n".join(lines)] if lines else []
