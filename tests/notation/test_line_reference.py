"""docs/line.md says what the vocabulary says, and each of its examples works."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from diabolo.errors import DiaboloError, LineError
from diabolo.graph import build_graph
from diabolo.notation import parse
from diabolo.notation.reference import BEGIN, END, reference_table, with_table
from diabolo.vocabulary import KINDS

DOCUMENT = Path(__file__).parents[2] / "docs" / "line.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```line\n(.*?)\n```", TEXT, re.DOTALL)


def test_the_document_has_the_table_as_the_vocabulary_gives_it() -> None:
    between = TEXT.split(BEGIN)[1].split(END)[0]
    assert between.strip() == reference_table(), "run `python -m diabolo.notation.reference docs/line.md`"


def test_the_table_has_a_row_for_every_layer_and_names_every_setting() -> None:
    rows = reference_table().splitlines()[2:]
    assert len(rows) == len(KINDS)
    for row, kind in zip(rows, KINDS.values(), strict=True):
        assert row.startswith(f"| `{kind.name}` |")
        assert row.replace("\\|", "").count("|") == 6
        assert all(f"`{setting.name}=" in row for setting in kind.settings)


def test_defaults_in_the_table_are_read_as_defaults() -> None:
    for row, kind in zip(reference_table().splitlines()[2:], KINDS.values(), strict=True):
        defaults = re.findall(r"`(\w+=[^`]+)`", row)
        count = "" if kind.count is None else str(kind.count.default or 64)
        spec = parse(f"{kind.name}{count}[{' '.join(defaults)}] | conv3")
        assert len(defaults) == len(kind.settings)
        assert spec.encoder[0].settings == ()


@pytest.mark.parametrize("line", EXAMPLES)
def test_examples_are_lines_that_build(line: str) -> None:
    graph = build_graph(line)
    assert graph[graph.output].shape == (32, 32, 3)


def test_examples_show_every_kind_of_item() -> None:
    shown = " ".join(EXAMPLES)
    assert len(EXAMPLES) >= 12
    for part in ["(bn)", "res{", "res[skip=conv]{", "2*", "flatten dense64", "unflatten", "gaussian", "vq256", "fsq["]:
        assert part in shown


def test_the_error_in_the_document_is_the_one_that_users_get() -> None:
    shown = re.search(r"```text\n(unknown layer.*?)\n```", TEXT, re.DOTALL)
    assert shown is not None
    with pytest.raises(LineError) as caught:
        parse(shown[1].splitlines()[1].strip())
    assert str(caught.value) == shown[1]


def test_the_command_brings_the_table_up_to_date(tmp_path: Path) -> None:
    stale = tmp_path / "line.md"
    stale.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    subprocess.run([sys.executable, "-m", "diabolo.notation.reference", str(stale)], check=True)
    assert stale.read_text(encoding="utf-8") == f"before\n{BEGIN}\n\n{reference_table()}\n\n{END}\nafter\n"


@pytest.mark.parametrize("text", ["", BEGIN, END, f"{END} {BEGIN}"])
def test_a_document_without_markers_is_refused(text: str) -> None:
    with pytest.raises(DiaboloError, match="needs the two lines"):
        with_table(text)
