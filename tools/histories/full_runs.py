"""Takes over the histories of full runs on CIFAR-10."""

import dataclasses
from pathlib import Path

from cases import NOTES, STATE
from labels import HELD_OUT_VARIANT, TARGET, read_labels, text_of, write_labels
from pairs import pair_up

from diabolo.files import write_text
from diabolo.runs import RunFolder


def take(folders: list[str]) -> None:
    """Copies the histories of full runs on CIFAR-10 and labels them by what is known: the line and the recipe.

    What a history of 30 epochs should be read as is known from the 20 that follow.
    """
    labels = read_labels()
    for folder in folders:
        run = RunFolder(path=Path(folder))
        record, rows = run.record(), [dataclasses.asdict(row) for row in run.history()]
        name = f"cifar10-{record.name}-{record.recipe['name']}-{record.engine}-{record.seed}"
        write_text(TARGET / f"{name}.csv", text_of(rows, "csv"))
        facts = {"line": record.line, "loss": record.recipe["loss"], "seed": record.seed, "input_shape": [32, 32, 3],
                 "recipe": record.recipe, "name": record.name}  # fmt: skip
        lag = ["EX302"] if record.name != "method-1" else []
        if record.recipe["name"] == "keras":
            cuts = {4: ["EX101", *lag], 10: lag, 30: ["EX203", *lag, "EX401"], len(rows): [*lag, "EX401"]}
        else:
            cuts = {len(rows): ["EX101", "EX401"]}
        for count, expected in cuts.items():
            allowed = [
                *NOTES,
                *(STATE if count != 30 and count >= 6 else ()),
                *([] if record.name == "method-1" else ["EX302"]),
            ]
            labels[f"{name}-{count}"] = {
                "file": f"{name}.csv",
                "held_out": record.seed == HELD_OUT_VARIANT or record.name == "method-1",
                "made": {"run": name, "epochs": count},
                "facts": {**facts, "epochs": count},
                "expected": expected,
                "allowed": allowed,
            }
    write_labels(labels)
    pair_up()
