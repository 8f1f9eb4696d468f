"""`Finding`: what a rule says about one place, and the edits that mend it."""

from dataclasses import dataclass
from typing import Any, Literal

from diabolo.graph import Place

Severity = Literal["error", "warning", "note"]
"""`error`: the model does not compute what its writer means. `warning`: likely a mistake, or a needless loss.
`note`: worth knowing."""

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""From the worst to the mildest."""


@dataclass(frozen=True, kw_only=True)
class Edit:
    """One piece of source text replaced by another."""

    place: Place
    """What is replaced; where it starts and ends at the same character, the text is inserted there."""
    text: str
    """What stands there afterwards."""


@dataclass(frozen=True, kw_only=True)
class Fix:
    """Edits that mend a finding, all or none of them."""

    edits: tuple[Edit, ...]
    """They do not overlap."""
    is_safe: bool
    """Whether the network computes the same function afterwards."""
    message: str
    """What they do, in the imperative: `Let mpool1_1 take bnorm1_1`."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One defect in one place."""

    code: str
    """Of its rule: `AE101`."""
    name: str
    """Of its rule: `dead-branch`."""
    severity: Severity
    """How bad it is."""
    message: str
    """What is wrong here, with the names of the source, without a final full stop."""
    remedy: str
    """What to write instead, in a sentence."""
    place: Place | None
    """Where; None where a live model has no place."""
    node: str = ""
    """Name of the node or layer, for live models."""
    model: str = ""
    """Name of the model, where there are several."""
    fix: Fix | None = None
    """How it is mended, where that is known."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON; columns count from 1."""
        place = self.place
        return {
            "code": self.code,
            "name": self.name,
            "severity": self.severity,
            "message": self.message,
            "remedy": self.remedy,
            "file": None if place is None else place.source,
            "cell": place.cell if place is not None and place.cell else None,
            "row": None if place is None else place.row,
            "column": None if place is None else place.start + 1,
            "end_row": None if place is None else place.last_row,
            "end_column": None if place is None else place.end + 1,
            "node": self.node or None,
            "model": self.model or None,
            "fix": None if self.fix is None else {"is_safe": self.fix.is_safe, "message": self.fix.message},
        }
