"""How `diabolo explain` reads the labelled histories: what it finds, misses and invents, and how its outlook came true.

    python tests/explain/report.py [WORD…]

With words only the labels that hold one of them, each with everything that is read of it.
"""

import sys
from collections import Counter
from collections.abc import Sequence

import numpy as np
from labelled import Verdict, judge, labelled
from rich.console import Console
from rich.table import Table

from diabolo.explain import History, all_kinds, all_pair_kinds
from diabolo.explain.outlook import outlook
from diabolo.explain.robust import level
from diabolo.explain.study import Study


_ENOUGH = 0.95
"""Share of the labels that must be read rightly."""


def codes_table(verdicts: Sequence[Verdict]) -> Table:
    """For each label: how often it is expected, found, missed; for each code how often it is invented."""
    expected, missed, invented, sure = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for verdict in verdicts:
        expected.update(verdict.label.expected)
        missed.update(verdict.missed)
        invented.update(reading.code for reading in verdict.false)
        sure.update(reading.code for reading in verdict.false if reading.confidence == "sure")
    names = {kind.code: kind.name for kind, _ in (*all_kinds(), *all_pair_kinds())}
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("reading")
    table.add_column("name")
    for column in ("expected", "found", "missed", "invented", "of these sure"):
        table.add_column(column, justify="right")
    for code in sorted({*expected, *invented}):
        name = " or ".join(names[one] for one in code.split("/"))
        counts = (expected[code], expected[code] - missed[code], missed[code], invented[code], sure[code])
        table.add_row(code, name, *map(str, counts), style="bold red" if missed[code] or invented[code] else "")
    totals = (expected.total(), expected.total() - missed.total(), missed.total(), invented.total(), sure.total())
    table.add_row("all", "", *map(str, totals), style="bold")
    return table


def parts_table(verdicts: Sequence[Verdict]) -> Table:
    """Right of all, for real and generated histories, those that constants were chosen by and those held out."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("histories")
    for column in ("labels", "right", "share", "sure and wrong"):
        table.add_column(column, justify="right")
    for part in ("real", "generated"):
        for held_out in (False, True):
            chosen = [v for v in verdicts if v.label.part == part and v.label.held_out == held_out]
            table.add_row(f"{part}, {'held out' if held_out else 'looked at'}", *_counts(chosen))
    for held_out in (True, None):
        chosen = [v for v in verdicts if held_out is None or v.label.held_out]
        table.add_row("all held out" if held_out else "all", *_counts(chosen), style="bold")
    return table


def _counts(verdicts: Sequence[Verdict]) -> tuple[str, str, str, str]:
    right = sum(verdict.is_right for verdict in verdicts)
    sure = sum(any(reading.confidence == "sure" for reading in verdict.false) for verdict in verdicts)
    share = f"{right / len(verdicts):.1%}" if verdicts else "-"
    return str(len(verdicts)), str(right), share, str(sure)


def came_true(history: History) -> tuple[bool, float] | None:
    """The outlook from the first two thirds against the last third: within the interval, error as a share of the level.

    None where the curve does not fall by more than its noise there, is too short, or its learning rate changes.
    """
    study = Study(history=history)
    rate = history.curve("learning_rate")
    count = study.num_epochs
    cut = round(count * 2 / 3)
    if count < 24 or history.broken_from is not None or (rate is not None and np.ptp(rate) > 0):
        return None
    seen = outlook(study.times[:cut], study.judged[:cut], count - cut, lowest=0.0 if study.floors_known else None)
    # What is foretold is the level, not a single epoch: the level of a window around the end.
    there = level(study.judged, 3)
    if seen is None:
        return None
    error = 1.25 * study.noise / np.sqrt(3)
    return seen.low - error <= there <= seen.high + error, abs(seen.then - there) / study.scale


def main(words: Sequence[str]) -> int:
    """Judges the labels and prints the tables; 1 where less than 95% are right, or a wrong reading is sure."""
    verdicts = [judge(label) for label in labelled() if not words or any(word in label.name for word in words)]
    console = Console(highlight=False, width=110)
    for verdict in verdicts:
        if words or not verdict.is_right:
            console.print(("right " if verdict.is_right else "wrong ") + str(verdict), markup=False, soft_wrap=True)
    console.print(codes_table(verdicts))
    console.print()
    console.print(parts_table(verdicts))
    told = [
        result
        for verdict in verdicts
        if not verdict.label.is_pair and verdict.label.part == "real" and "epochs" not in verdict.label.facts[0]
        and (result := came_true(verdict.label.histories()[0])) is not None
    ]  # fmt: skip
    if told:
        within = sum(inside for inside, _ in told)
        console.print(
            f"\nOutlook from the first two thirds of {len(told)} real histories of constant learning rate: the end lay "
            f"within the interval {within} times ({within / len(told):.0%}); the median error was "
            f"{np.median([error for _, error in told]):.1%} of what was left of the loss.",
            soft_wrap=True,
        )
    right = sum(verdict.is_right for verdict in verdicts)
    surely_wrong = any(one.confidence == "sure" for verdict in verdicts for one in verdict.false)
    return int(right < _ENOUGH * len(verdicts) or surely_wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
