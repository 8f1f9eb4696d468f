"""Names of models in a comparison: for folders, tables and sentences."""

import hashlib
from collections.abc import Sequence

from diabolo.runs import RunRecord

UNNAMED = "model"
"""What a run calls a model that was given as a line."""
_DIGITS = 6


def folder_name(name: str, line: str, *, is_taken: bool = False) -> str:
    """A short name that stays the same in every comparison: the model's own, or `model-3f2a1c` of a bare line.

    Args:
        name: as of `run.toml`.
        line: the canonical line.
        is_taken: whether another model of the comparison has the same name.
    """
    if name != UNNAMED and not is_taken:
        return name
    return f"{name}-{hashlib.sha256(line.encode()).hexdigest()[:_DIGITS]}"


def labels_of(records: Sequence[RunRecord]) -> list[str]:
    """One label a model; where several have the same name, with what tells them apart.

    Args:
        records: of one run of each model.
    """
    names = [record.name for record in records]
    lines = [len({record.line for record in records if record.name == name}) for name in names]
    labels = [
        folder_name(record.name, record.line, is_taken=many > 1) for record, many in zip(records, lines, strict=True)
    ]
    for tell in (_recipe_name, _engine, _data_name):
        for label in {label for label in labels if labels.count(label) > 1}:
            same = [index for index, other in enumerate(labels) if other == label]
            told = [tell(records[index]) for index in same]
            if len(set(told)) > 1:
                for index, word in zip(same, told, strict=True):
                    labels[index] = f"{label}, {word}"
    return [
        f"{label} #{labels[: index + 1].count(label)}" if labels.count(label) > 1 else label
        for index, label in enumerate(labels)
    ]


def _recipe_name(record: RunRecord) -> str:
    return str(record.recipe.get("name", ""))


def _engine(record: RunRecord) -> str:
    return record.engine


def _data_name(record: RunRecord) -> str:
    return str(record.data["name"])
