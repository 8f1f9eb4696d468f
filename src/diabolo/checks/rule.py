"""`Rule`: one kind of defect, with the text that its documentation is made of and the function that finds it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from diabolo.checks.activity import Activity
from diabolo.checks.finding import Finding, Fix, Severity
from diabolo.checks.subject import Subject
from diabolo.graph import Place

Family = Literal["reading", "wiring", "shapes", "normalisation", "loss", "sampling", "training", "runs"]
"""What a rule is about; its folder, and the hundreds of its code: 0 to 7 in this order."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """A piece of source, or what a run does, that a rule is shown on."""

    line: str = ""
    """One of our lines."""
    code: str = ""
    """Python source: Keras or PyTorch."""
    activity: Activity | None = None
    """Of a trained run of `line`."""
    says: str = ""
    """What it shows, in a few words; empty where that is plain."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One kind of defect."""

    code: str
    """`AE` and three digits; the first is the family."""
    name: str
    """After the defect, so that 'ignore dead-branch' reads well."""
    severity: Severity
    """How bad it is where nothing is known beyond the rule; a finding may be milder."""
    summary: str
    """The defect in one line, without a final full stop."""
    why: str
    """Why it matters: a paragraph or two of Markdown, with measured facts and sources where there are."""
    remedy: str
    """What to write instead: a paragraph of Markdown."""
    fires: tuple[Example, ...]
    """Examples that it finds, each once or more."""
    clean: tuple[Example, ...]
    """Their corrections, and tricky ones that it must leave alone: it finds nothing there."""
    check: Callable[[Subject], Iterator[Finding]]
    """Finds the defect in a subject."""
    fix: Literal["none", "safe", "unsafe"] = "none"
    """Whether its findings can be mended, and whether the function computed stays the same."""

    def finding(
        self,
        message: str,
        *,
        place: Place | None,
        remedy: str,
        severity: Severity | None = None,
        node: str = "",
        model: str = "",
        fix: Fix | None = None,
    ) -> Finding:
        """A finding of this rule."""
        return Finding(
            code=self.code,
            name=self.name,
            severity=severity or self.severity,
            message=message,
            remedy=remedy,
            place=place,
            node=node,
            model=model,
            fix=fix,
        )
