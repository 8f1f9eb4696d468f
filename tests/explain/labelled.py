"""The labelled histories: reading them, and judging what `explain` makes of each."""

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from diabolo.explain import History, Reading, explain_history, explain_pair, read_foreign
from diabolo.explain.history import with_line

FOLDER = Path(__file__).parent / "histories"
PARTS = ("real", "generated")


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """One history, or a pair of them, and what must be read."""

    name: str
    """Name of its label."""
    part: str
    """`real` or `generated`."""
    files: tuple[Path, ...]
    """One file, or two for a pair."""
    facts: tuple[dict[str, Any], ...]
    """What is known of each beside its curves: line, loss, references…"""
    expected: tuple[str, ...]
    """Codes that must be read; `A/B`: one of them."""
    allowed: frozenset[str]
    """Codes that may be read besides."""
    held_out: bool
    """Whether no constant was chosen by looking at it."""

    @property
    def is_pair(self) -> bool:
        return len(self.files) == 2

    def histories(self) -> tuple[History, ...]:
        return tuple(read(file, facts) for file, facts in zip(self.files, self.facts, strict=True))

    def readings(self) -> tuple[Reading, ...]:
        histories = self.histories()
        if self.is_pair:
            return explain_pair(*histories)
        references = [SimpleNamespace(**reference) for reference in self.facts[0].get("references", [])]
        return explain_history(histories[0], references=references)


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What was read of one labelled history, and whether that is right."""

    label: Labelled
    """The label."""
    readings: tuple[Reading, ...]
    """What was read."""

    @property
    def missed(self) -> tuple[str, ...]:
        """Expected and not read."""
        found = {reading.code for reading in self.readings}
        return tuple(codes for codes in self.label.expected if not found & set(codes.split("/")))

    @property
    def false(self) -> tuple[Reading, ...]:
        """Read and neither expected nor allowed."""
        right = {code for codes in self.label.expected for code in codes.split("/")} | self.label.allowed
        return tuple(reading for reading in self.readings if reading.code not in right)

    @property
    def is_right(self) -> bool:
        return not self.missed and not self.false

    def __str__(self) -> str:
        false = ", ".join(f"{reading.code} ({reading.confidence})" for reading in self.false)
        found = ", ".join(f"{reading.code}{'!' * (reading.confidence == 'sure')}" for reading in self.readings)
        return (
            f"{self.label.part}/{self.label.name}: "
            + "; ".join(filter(None, (self.missed and f"missed {', '.join(self.missed)}", false and f"false {false}")))
            + f"; read {found or 'nothing'}"
        )


def read(file: Path, facts: dict[str, Any]) -> History:
    """A file, told what its label knows."""
    history = read_foreign(file, loss=facts.get("loss", ""), floor=None)
    if "line" in facts:
        history = with_line(history, facts["line"], tuple(facts.get("input_shape", (16, 16, 3))))
    known = {name: facts[name] for name in ("images", "seed", "recipe", "planned_epochs", "name") if name in facts}
    if "epochs" in facts:  # the first epochs only, as if the training had just come there
        history = dataclasses.replace(
            history,
            epochs=history.epochs[: facts["epochs"]],
            columns={name: curve[: facts["epochs"]] for name, curve in history.columns.items()},
        )
    return dataclasses.replace(history, **known)


def labelled() -> list[Labelled]:
    """Every label."""
    found = []
    for part in PARTS:
        labels = json.loads((FOLDER / part / "labels.json").read_text())
        found += [_labelled(name, part, values, labels) for name, values in labels.items()]
        pairs_file = FOLDER / part / "pairs.json"
        pairs = json.loads(pairs_file.read_text()) if pairs_file.exists() else {}
        for name, values in pairs.items():
            members = [labels[member] if isinstance(member, str) else member for member in values["members"]]
            extra = values.get("facts", [{}, {}])
            found.append(
                Labelled(
                    name=name,
                    part=part,
                    files=tuple(FOLDER / part / member["file"] for member in members),
                    facts=tuple({**member["facts"], **more} for member, more in zip(members, extra, strict=True)),
                    expected=tuple(values["expected"]),
                    allowed=frozenset(values["allowed"]),
                    held_out=values["held_out"],
                )
            )
    return found


def _labelled(name: str, part: str, values: dict[str, Any], labels: dict[str, Any]) -> Labelled:
    return Labelled(
        name=name,
        part=part,
        files=(FOLDER / part / values["file"],),
        facts=(values["facts"],),
        expected=tuple(values["expected"]),
        allowed=frozenset(values["allowed"]),
        held_out=values["held_out"],
    )


def judge(label: Labelled) -> Verdict:
    """Reads a labelled history and compares."""
    return Verdict(label=label, readings=label.readings())
