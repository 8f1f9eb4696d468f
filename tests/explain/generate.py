"""Makes the generated labelled histories: curves by formula, with noise, in the files of several programs.

    python tests/explain/generate.py

Variant 2 of every kind is held out: no constant of `diabolo.explain` was chosen by looking at it.
"""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from diabolo.files import write_text

TARGET = Path(__file__).parent / "histories" / "generated"
Curve = NDArray[np.float64]
BN = "conv16 relu bn pool | conv8 relu bn up conv3 sigmoid"
PLAIN = "conv16 relu pool | conv8 relu up conv3 sigmoid"
DROP = "conv16 relu dropout pool | conv8 relu up conv3 sigmoid"
FLOOR = 0.5474  # of binary cross-entropy on CIFAR-10's test images; 0.5460 on a part of the train images
TRAIN_FLOOR = 0.5460
STATE = ("EX203", "EX204")
NOTES = ("EX303", "EX401")


def jitter(curve: Curve, share: float, rng: np.random.Generator) -> Curve:
    return curve * np.exp(share * rng.standard_normal(len(curve)))


def epochs(count: int) -> Curve:
    return np.arange(1, count + 1, dtype=np.float64)


def as_bce(running: Curve, train: Curve, val: Curve) -> dict[str, Curve]:
    """The columns of a run of ours on binary cross-entropy, of excesses."""
    return {
        "loss": running + TRAIN_FLOOR, "train_loss": train + TRAIN_FLOOR, "val_loss": val + FLOOR,
        "train_excess": train, "val_excess": val, "val_psnr": -10 * np.log10(0.37 * val),
    }  # fmt: skip


def averaged(curve: Curve) -> Curve:
    """What a mean over the epoch makes of the loss at its end."""
    before = np.concatenate([[2 * curve[0] - curve[1]], curve[:-1]])
    return (curve + before) / 2


# --- each takes (number of the variant, random numbers) and returns columns, facts, format


def falling(number: int, rng: np.random.Generator) -> tuple[dict[str, Curve], dict[str, Any], str]:
    power = (0.5, 0.8, 0.6)[number]
    val = jitter(0.08 * epochs((40, 25, 100)[number]) ** -power, 0.01, rng)
    facts = {"line": PLAIN, "loss": "bce"}
    return as_bce(averaged(val), val, val * 1.01), facts, "ours"


def falling_unknown(number: int, rng: np.random.Generator) -> tuple[dict[str, Curve], dict[str, Any], str]:
    val = jitter(0.05 * epochs(30 + 10 * number) ** -0.6, 0.01, rng)
    return {"loss": averaged(val), "val_loss": val}, {}, ("keras", "logger", "tensorboard")[number]


def settled(number: int, rng: np.random.Generator) -> tuple[dict[str, Curve], dict[str, Any], str]:
    count = (60, 120, 80)[number]
    val = 0.01 + 0.09 * np.exp(-epochs(count) / (count / 14))
    val = jitter(val, (0.004, 0.02, 0.01)[number], rng)
    smooth = 0.01 + 0.09 * np.exp(-epochs(count) / (count / 14))
    return as_bce(averaged(smooth), val * 0.99, val), {"line": PLAIN, "loss": "bce"}, "ours"


def settled_unknown(number: int, rng: np.random.Generator) -> tuple[dict[str, Curve], dict[str, Any], str]:
    count = (50, 90, 10_000)[number]
    val = jitter(0.004 + 0.04 * np.exp(-epochs(count) / (count / 15)), 0.005, rng)
    return {"loss": jitter(val, 0.002, rng), "val_loss": val}, {"loss": "mse"}, "plain"


def over_fitted(number: int, rng: np.random.Generator) -> tuple[dict[str, Curve], dict[str, Any], str]:
    time = epochs(60)
    train = 0.03 * time ** (-0.7, -0.9, -0.8)[number]
    turn = (20, 12, 30)[number]
    val = 0.03 * time**-0.4 + 0.0004 * np.maximum(0, time - turn) ** 1.1 * (1, 0.5, 0.8)[number]
    facts = ({"line": PLAIN, "loss": "mse"}, {}, {"loss": "mse"})[number]
    return (
        {"loss": jitter(train, 0.01, rng), "val_loss": jitter(val, 0.01, rng)},
        facts,
        ("plain", "keras", "logger")[number],
    )


def memorised(number: int, rng: np.random.Generator) -> tuple[dict[str, Curve], dict[str, Any], str]:
    time = epochs(80)
    train = 0.05 * time ** (-0.7, -0.6, -0.8)[number]
    val = 0.008 + 0.05 * np.exp(-time / 4)
    return {"loss": jitter(train, 0.01, rng), "val_loss": jitter(val, 0.006, rng)}, {"loss": "mse"}, "plain"


def exploded(number: int, rng: np.random.Generator) -> tuple[dict[str, Curve], dict[str, Any], str]:
    time = epochs(12)
    val = 0.05 * time**-0.3
    if number == 0:
        val[7:] = np.nan
    elif number == 1:
        val[8:] = np.inf
    else:
        val[6:] = val[6] * 4.0 ** np.arange(6)
    return {"loss": val, "val_loss": val * 1.02}, {}, ("keras", "plain", "logger")[number]


def flat(number: int, rng: np.random.Generator) -> tuple[dict[str, Curve], dict[str, Any], str]:
    level = math.log(2) + 1e-4 * rng.standard_normal(20) - 1e-5 * epochs(20)
    if number == 1:
        mse = jitter(np.full(25, 0.0601), 1e-4, rng)
        return {"loss": mse, "val_loss": mse * 1.001, "val_psnr": -10 * np.log10(mse)}, {"loss": "mse"}, "plain"
    return {"loss": level, "val_loss": level + 1e-4}, {}, ("keras", "", "tensorboard")[number]


def jumping(number: int, rng: np.random.Generator) -> tuple[dict[str, Curve], dict[str, Any], str]:
    base = 0.02 + 0.05 * np.exp(-epochs(50) / 5)
    running = jitter(base, 0.12, rng)
    val = jitter(base, (0.35, 0.25, 0.5)[number], rng)
    if number == 1:
        return {"loss": running, "val_loss": val}, {"loss": "mse"}, "logger"
    return as_bce(running, val, val * np.exp(0.02 * rng.standard_normal(50))), {"line": PLAIN, "loss": "bce"}, "ours"


def broke_late(number: int, rng: np.random.Generator) -> tuple[dict[str, Curve], dict[str, Any], str]:
    count, at = ((60, 25), (40, 14), (100, 60))[number]
    time = epochs(count)
    val = np.where(time <= at, 0.06 - 1e-5 * time, 0.008 + 0.052 * np.exp(-(time - at) / 6))
    val = jitter(val, 0.003, rng)
    return {"loss": val, "val_loss": val * 1.01}, {"loss": "mse"}, ("plain", "keras", "logger")[number]


def lag(number: int, rng: np.random.Generator) -> tuple[dict[str, Curve], dict[str, Any], str]:
    count = (50, 30, 12)[number]
    time = epochs(count)
    running = 0.07 * time**-0.6
    left = (0.6, 0.7, 0.6)[number] ** time
    evaluated = jitter(running * 0.98 + 0.4 * left * np.minimum(1, 0.3 / left), 0.02, rng)
    return as_bce(running, evaluated, evaluated * 1.005), {"line": BN, "loss": "bce"}, "ours"


def lag_unknown(number: int, rng: np.random.Generator) -> tuple[dict[str, Curve], dict[str, Any], str]:
    time = epochs(40)
    running = 0.03 * time**-0.6
    val = jitter(running * 0.97 + 0.08 * (0.6, 0.75, 0.7)[number] ** time, 0.01, rng)
    return {"loss": running, "val_loss": val}, {"loss": "mse"}, ("keras", "logger", "plain")[number]


def harder(number: int, rng: np.random.Generator) -> tuple[dict[str, Curve], dict[str, Any], str]:
    val = jitter(0.01 + 0.05 * np.exp(-epochs(60) / 6), 0.004, rng)
    running = val * (1.4, 1.6, 1.5)[number]
    facts = ({"line": DROP, "loss": "mse"}, {"loss": "mse"}, {"line": DROP, "loss": "mse"})[number]
    return {"loss": running, "val_loss": val}, facts, ("plain", "keras", "logger")[number]


def average(number: int, rng: np.random.Generator) -> tuple[dict[str, Curve], dict[str, Any], str]:
    val = jitter(0.02 + 0.10 * np.exp(-epochs(40) / (4, 5, 6)[number]), 0.002, rng)
    return as_bce(averaged(val), val, val), {"line": PLAIN, "loss": "bce"}, "ours"


def scored(number: int, rng: np.random.Generator) -> tuple[dict[str, Curve], dict[str, Any], str]:
    val = jitter(0.05 * epochs(20) ** -0.5, 0.005, rng)
    accuracy = 0.4 + 0.1 * (1 - np.exp(-epochs(20) / 5)) + 0.01 * rng.standard_normal(20)
    names = (("accuracy", "val_accuracy"), ("acc", "val_acc"), ("binary_accuracy", "val_binary_accuracy"))[number]
    return (
        {"loss": val, "val_loss": val, names[0]: accuracy, names[1]: accuracy},
        {},
        ("keras", "logger", "plain")[number],
    )


def brief(number: int, rng: np.random.Generator) -> tuple[dict[str, Curve], dict[str, Any], str]:
    val = jitter(0.05 * epochs((1, 3, 4)[number]) ** -0.5, 0.005, rng)
    return {"loss": val * 1.02, "val_loss": val}, {}, ("keras", "logger", "plain")[number]


def annealed(number: int, rng: np.random.Generator) -> tuple[dict[str, Curve], dict[str, Any], str]:
    count = (30, 40, 20)[number]
    rate = 0.001 * (1 + np.cos(np.pi * epochs(count) / count)) / 2
    val = jitter(0.008 + 0.04 * np.exp(-epochs(count) / 6), 0.002, rng)
    return (
        {"loss": val * 1.01, "val_loss": val, "learning_rate": rate},
        {"loss": "mse"},
        ("plain", "keras", "logger")[number],
    )


def constant(number: int, rng: np.random.Generator) -> tuple[dict[str, Curve], dict[str, Any], str]:
    level = np.full((20, 6, 1000)[number], (0.693147, 0.0625, 0.6931)[number])
    return {"loss": level, "val_loss": level}, ({"loss": "bce"}, {"loss": "mse"}, {})[number], "plain"


KINDS: tuple[tuple[Callable[..., Any], tuple[str, ...], tuple[str, ...]], ...] = (
    (falling, ("EX203",), NOTES),
    (falling_unknown, ("EX203",), NOTES),
    (settled, ("EX204",), NOTES),
    (settled_unknown, ("EX204",), NOTES),
    (over_fitted, ("EX301",), NOTES),
    (memorised, ("EX305",), ("EX204", *NOTES)),
    (exploded, ("EX201",), ()),
    (flat, ("EX202",), NOTES),
    (jumping, ("EX206",), NOTES),
    (broke_late, ("EX205",), (*STATE, *NOTES)),
    (lag, ("EX302",), (*STATE, *NOTES)),
    (lag_unknown, ("EX302",), (*STATE, *NOTES)),
    (harder, ("EX304",), ("EX204", *NOTES)),
    (average, ("EX303",), (*STATE, "EX401")),
    (scored, ("EX103",), (*STATE, *NOTES)),
    (brief, ("EX101",), NOTES),
    (annealed, ("EX207",), NOTES),
    (constant, ("EX202",), ()),
)


# --- pairs: each returns two histories as above


def equal(number: int, rng: np.random.Generator) -> list[tuple[dict[str, Curve], dict[str, Any], str]]:
    base = 0.01 + 0.06 * np.exp(-epochs(50) / 6)
    found = []
    for _ in range(2):
        val = jitter(base, (0.05, 0.02, 0.08)[number], rng)
        columns = as_bce(averaged(base), val, val) if number != 1 else {"loss": base, "val_loss": val}
        found.append((columns, {"line": PLAIN, "loss": "bce"} if number != 1 else {"loss": "mse"}, "plain"))
    return found


def apart(number: int, rng: np.random.Generator) -> list[tuple[dict[str, Curve], dict[str, Any], str]]:
    found = []
    for share in (1.0, (0.7, 0.8, 0.6)[number]):
        val = jitter(share * (0.01 + 0.06 * np.exp(-epochs(50) / 4)), 0.02, rng)
        columns = as_bce(averaged(val), val, val) if number != 1 else {"loss": val, "val_loss": val}
        found.append((columns, {"loss": "bce"} if number != 1 else {"loss": "mse"}, "plain"))
    return found


def crossed(number: int, rng: np.random.Generator) -> list[tuple[dict[str, Curve], dict[str, Any], str]]:
    time = epochs(40)
    end = (37, 36, 35)[number]
    first = 0.012 + 0.05 * np.exp(-time / 5)
    second = first + (0.0006, 0.0008, 0.0007)[number] * (end - time) / 5
    return [({"loss": c, "val_loss": jitter(c, 0.0015, rng)}, {"loss": "mse"}, "plain") for c in (first, second)]


def behind(number: int, rng: np.random.Generator) -> list[tuple[dict[str, Curve], dict[str, Any], str]]:
    settled = jitter(0.008 + 0.05 * np.exp(-epochs(50) / 5), 0.003, rng)
    slow = jitter(0.15 * epochs((50, 30, 40)[number]) ** -0.5, 0.003, rng)
    return [({"loss": c, "val_loss": c}, {"loss": "mse"}, "plain") for c in (settled, slow)]


def other_losses(number: int, rng: np.random.Generator) -> list[tuple[dict[str, Curve], dict[str, Any], str]]:
    val = jitter(0.02 + 0.05 * np.exp(-epochs(30) / 4), 0.004, rng)
    found = [({"loss": val, "val_loss": val}, {"loss": "mse"}, "plain")]
    found.append(({"loss": val + 0.55, "val_loss": val + 0.55}, {"loss": ("bce", "l1", "bce")[number]}, "keras"))
    return found


def other_images(number: int, rng: np.random.Generator) -> list[tuple[dict[str, Curve], dict[str, Any], str]]:
    val = jitter(0.02 + 0.05 * np.exp(-epochs(30) / 4), 0.004, rng)
    one, other = as_bce(val, val, val), as_bce(val, val, val)
    other["val_loss"] = other["val_loss"] + (0.01, -0.005, 0.02)[number]
    return [(columns, {"loss": "bce", "line": PLAIN}, "plain") for columns in (one, other)]


def failed(number: int, rng: np.random.Generator) -> list[tuple[dict[str, Curve], dict[str, Any], str]]:
    return [falling_unknown(0, rng), exploded(number, rng)]


PAIRS: tuple[tuple[Callable[..., Any], tuple[str, ...], tuple[str, ...]], ...] = (
    (equal, ("EX506",), ()),
    (apart, ("EX509",), ()),
    (crossed, ("EX507",), ("EX508",)),
    (behind, ("EX508", "EX509"), ()),
    (other_losses, ("EX502", "EX503"), ()),
    (other_images, ("EX504",), ()),
    (failed, ("EX501",), ()),
)


def variants() -> Iterator[
    tuple[str, int, tuple[dict[str, Curve], dict[str, Any], str], tuple[str, ...], tuple[str, ...]]
]:
    for make, expected, allowed in KINDS:
        for number in range(3):
            name = f"{make.__name__.replace('_', '-')}-{number}"
            yield name, number, make(number, np.random.default_rng(crc32(name.encode()))), expected, allowed


def write(name: str, columns: dict[str, Curve], form: str) -> str:
    """Writes a history as a program of that name does, and returns the path below the target."""
    count = len(next(iter(columns.values())))
    short = {column: [float(f"{value:.6g}") for value in values] for column, values in columns.items()}
    if form == "keras":
        write_text(TARGET / f"{name}.json", json.dumps(short) + "\n")
        return f"{name}.json"
    if form == "tensorboard":
        for run, column in (("train", "loss"), ("validation", "val_loss")):
            lines = [f"{1700000000 + 60 * at}.5,{at},{value!r}" for at, value in enumerate(short[column])]
            text = "\n".join(["Wall time,Step,Value", *lines]) + "\n"
            write_text(TARGET / name / f"run-{run}-tag-epoch_loss.csv", text)
        return name
    numbers = range(count) if form == "logger" else range(1, count + 1)
    names = sorted(short) if form == "logger" else list(short)
    rows = [",".join([str(epoch), *(repr(short[column][at]) for column in names)]) for at, epoch in enumerate(numbers)]
    write_text(TARGET / f"{name}.csv", "\n".join([",".join(["epoch", *names]), *rows]) + "\n")
    return f"{name}.csv"


def main() -> None:
    labels = {}
    for name, number, (columns, facts, form), expected, allowed in variants():
        labels[name] = {
            "file": write(name, columns, form),
            "held_out": number == 2,
            "facts": facts,
            "expected": list(expected),
            "allowed": list(allowed),
        }
    write_text(TARGET / "labels.json", json.dumps(labels, indent=1) + "\n")
    pairs = {}
    for make, expected, allowed in PAIRS:
        for number in range(3):
            name = f"pair-{make.__name__.replace('_', '-')}-{number}"
            two = make(number, np.random.default_rng(crc32(name.encode())))
            pairs[name] = {
                "members": [
                    {"file": write(f"{name}-{letter}", columns, form), "facts": facts}
                    for letter, (columns, facts, form) in zip("ab", two, strict=True)
                ],
                "held_out": number == 2,
                "expected": list(expected),
                "allowed": list(allowed),
            }
    write_text(TARGET / "pairs.json", json.dumps(pairs, indent=1) + "\n")
    print(f"{len(labels)} histories and {len(pairs)} pairs in {TARGET}")


if __name__ == "__main__":
    main()
