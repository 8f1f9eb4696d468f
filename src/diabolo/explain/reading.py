"""`Reading`: what a curve says, in words; `Kind`: one sort of it, with the text that its documentation is made of."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Confidence = Literal["sure", "likely"]
"""`sure`: the numbers allow nothing else. `likely`: the usual cause of such a curve."""

Value = float | int | str
"""A piece of evidence."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One thing that a history says."""

    code: str
    """Of its kind: `EX203`."""
    name: str
    """Of its kind: `still-falling`."""
    title: str
    """In a few words."""
    sentence: str
    """In one to three sentences, with the numbers."""
    evidence: Mapping[str, Value] = field(default_factory=dict)
    """The numbers that it rests on, by name."""
    next_step: str = ""
    """What to do now; may be empty."""
    confidence: Confidence
    """How sure it is."""
    first_epoch: int | None = None
    """Epoch from which on it holds; None where it is about the whole history."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "code": self.code,
            "name": self.name,
            "title": self.title,
            "sentence": self.sentence,
            "evidence": {name: _plain(value) for name, value in self.evidence.items()},
            "next_step": self.next_step,
            "confidence": self.confidence,
            "first_epoch": self.first_epoch,
        }


def _plain(value: Value) -> Value | None:
    """What JSON can hold: no NaN and no infinity."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One sort of reading."""

    code: str
    """`EX` and three digits; the first is the family: 1 what can be read at all, 2 the state of the training, 3 train
    against validation, 4 the loss and the pictures, 5 pairs."""
    name: str
    """After what it recognises."""
    title: str
    """In a few words."""
    meaning: str
    """What it is, in a sentence or two."""
    recognised: str
    """How it is recognised, with the constants and why they are what they are."""
    rank: int
    """Place in the order of readings; the lower, the earlier."""
    silences: tuple[str, ...] = ()
    """Codes that say nothing more, or something wrong, beside it."""

    def reading(
        self,
        sentence: str,
        *,
        confidence: Confidence,
        next_step: str = "",
        first_epoch: int | None = None,
        title: str = "",
        **evidence: Value,
    ) -> Reading:
        """A reading of this kind."""
        return Reading(
            code=self.code,
            name=self.name,
            title=title or self.title,
            sentence=sentence,
            evidence=evidence,
            next_step=next_step,
            confidence=confidence,
            first_epoch=first_epoch,
        )
