"""Prints what the doctor found, missed and invented in the corpus, a row for each rule; exits with 1 if it was wrong.

python tests/corpus/report.py [WORD…]      only cases whose name holds one of the words; with their notes
"""

import sys
from collections import Counter
from collections.abc import Sequence

from corpus_cases import Verdict, case_paths, judge, read_case
from rich.console import Console
from rich.table import Table

from diabolo.checks import all_rules


def tabulate(verdicts: Sequence[Verdict]) -> Table:
    """A row for each rule: how often it was found, missed, and invented."""
    found, missed, false, cases = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for verdict in verdicts:
        for expectation in verdict.found:
            found.update((_label(expectation.codes),))
        for expectation in verdict.missed:
            missed.update((_label(expectation.codes),))
        false.update(finding.code for finding in verdict.false)
        cases.update({_label(expectation.codes) for expectation in (*verdict.found, *verdict.missed)})
    table = Table("rule", "name", "cases", "found", "missed", "false", box=None, header_style="bold")
    for column in table.columns[2:]:
        column.justify = "right"
    rules = all_rules()
    for label in sorted({*found, *missed, *false}):
        names = " or ".join(rules[code].name if code in rules else "?" for code in label.split("/"))
        wrong = "bold red" if missed[label] or false[label] else ""
        counts = (cases[label], found[label], missed[label], false[label])
        table.add_row(label, names, *(str(number) for number in counts), style=wrong)
    totals = (len(verdicts), found.total(), missed.total(), false.total())
    table.add_row("all", "", *(str(number) for number in totals), style="bold")
    return table


def _label(codes: Sequence[str]) -> str:
    return "/".join(codes)


def main(words: Sequence[str]) -> int:
    """Judges the cases and prints the table."""
    chosen = [path for path in case_paths() if not words or any(word in str(path) for word in words)]
    verdicts = [judge(read_case(path)) for path in chosen]
    console = Console(highlight=False)
    for verdict in verdicts:
        if not verdict.is_right:
            console.print(str(verdict), markup=False, soft_wrap=True)
        if words:
            for note in verdict.notes:
                row = 0 if note.place is None else note.place.row + verdict.case.first_row
                console.print(
                    f"{verdict.case.name}:{row}: note {note.code} {note.message}", markup=False, soft_wrap=True
                )
    console.print(tabulate(verdicts))
    broken = sum(verdict.case.is_broken for verdict in verdicts)
    right = sum(verdict.is_right for verdict in verdicts)
    console.print(
        f"{broken} broken and {len(verdicts) - broken} clean cases; {right} of {len(verdicts)} judged rightly"
    )
    return int(right < len(verdicts))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
