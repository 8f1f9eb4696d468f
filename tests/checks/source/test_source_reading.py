"""Text that is no clean file: snippets, prompts, notebooks, Markdown, broken and hostile sources."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from diabolo.checks import Subject
from diabolo.checks.source import read_cells, read_file, read_notebook, read_source
from diabolo.errors import DiaboloError

SNIPPET = """x = Conv2D(16, (3, 3), activation='relu', padding='same')(input_img)
x = MaxPooling2D((2, 2), padding='same')(x)
encoded = Conv2D(8, (3, 3), padding='same')(x)"""
KINDS = ["input", "conv", "relu", "pool", "conv"]


def read(text: str, name: str = "snippet") -> Subject:
    return read_source(text, name, is_guarded=False)


def kinds(subject: Subject) -> list[str]:
    graphs = [*subject.graphs, *subject.loose]
    assert len(graphs) == 1
    return [node.kind for node in graphs[0].nodes]


def rows_and_columns(subject: Subject) -> list[tuple[int, int]]:
    graph = [*subject.graphs, *subject.loose][0]
    return [(node.place.row, node.place.start) for node in graph.nodes[1:] if node.place is not None]


@pytest.mark.parametrize(
    ("text", "column"),
    [
        (SNIPPET, 4),
        ("\n".join(f">>> {row}" for row in SNIPPET.split("\n")), 8),
        ("\n".join(f"In [{index}]: {row}" for index, row in enumerate(SNIPPET.split("\n"))), 12),
        ("\n".join(f"    {row}" for row in SNIPPET.split("\n")), 8),
        ("\n".join(f"\t{row}" for row in SNIPPET.split("\n")), 5),
        ("\ufeff" + SNIPPET, 4),
        (SNIPPET.replace("\n", "\r\n"), 4),
        (SNIPPET + "\nWhat is wrong with this?\n", 4),
        (SNIPPET + "\nmodel = Model(input_img, encoded", 4),
        (SNIPPET + "\nprint encoded.shape\n", 4),
        (SNIPPET + "\nprint \"loss: %f\" % loss\n", 4),
        ("%matplotlib inline\n!pip install keras\n" + SNIPPET, 4),
    ],
)  # fmt: skip
def test_a_snippet_is_read_with_its_own_places(text: str, column: int) -> None:
    subject = read(text)
    assert kinds(subject) == KINDS
    row, start = rows_and_columns(subject)[0]
    assert start == column
    written = text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n")[row - 1]
    assert written[start:].startswith("Conv2D(16")


def test_prose_around_code_is_said_and_the_code_read() -> None:
    subject = read("Hi, my loss does not fall:\n" + SNIPPET + "\nThanks a lot!\n")
    assert kinds(subject) == KINDS
    assert [problem.rule for problem in subject.problems] == ["AE002"]
    assert subject.problems[0].place is not None
    assert subject.problems[0].place.row == 1


def test_a_syntax_error_in_a_file_is_an_error_and_the_rest_is_read() -> None:
    text = SNIPPET + "\ndef broken(:\n    return 1\n\ny = ReLU()(encoded)\n"
    subject = read(text, "file.py")
    assert kinds(subject) == [*KINDS, "relu"]
    assert [(problem.rule, problem.place.row) for problem in subject.problems if problem.place] == [("AE001", 4)]


def test_a_row_that_begins_with_a_percent_sign_is_no_magic_where_it_is_python() -> None:
    subject = read('text = (\n    "%d layers"\n    % 3\n)\n' + SNIPPET, "file.py")
    assert not subject.problems
    assert kinds(subject) == KINDS


def test_fenced_blocks_of_markdown_are_read() -> None:
    text = f"# My model\n\nIt goes like this:\n\n```python\n{SNIPPET}\n```\n\n```\n$ pip install keras\n```\n"
    subject = read(text, "issue.md")
    assert kinds(subject) == KINDS
    assert rows_and_columns(subject)[0] == (6, 4)


def notebook(*cells: tuple[str, str]) -> str:
    return json.dumps({"cells": [{"cell_type": kind, "source": text.splitlines(True)} for kind, text in cells]})


def test_cells_of_a_notebook_are_read_in_their_order() -> None:
    first, *rest = SNIPPET.split("\n")
    text = notebook(
        ("markdown", "# Title"), ("code", f"%%time\n{first}"), ("code", "\n".join(rest)), ("code", "%%bash\nls")
    )
    subject = read_notebook(text, "book.ipynb", is_guarded=False)
    assert kinds(subject) == KINDS
    graph = subject.loose[0]
    places = [(node.place.cell, node.place.row) for node in graph.nodes[1:] if node.place is not None]
    assert places == [(2, 2), (2, 2), (3, 1), (3, 2)]
    assert subject.text is None
    assert len(subject.cells) == 4
    assert subject.row(graph.nodes[-1].place) == rest[1]  # type: ignore[arg-type]


def test_a_broken_cell_loses_only_itself() -> None:
    subject = read_cells(("for i in range(3\n    print(i)", SNIPPET), "b.ipynb", is_code=(True, True), is_guarded=False)
    assert kinds(subject) == KINDS
    assert [(p.rule, p.place.cell, p.place.row) for p in subject.problems if p.place] == [("AE001", 1, 1)]


@pytest.mark.parametrize(
    "text", ["", "{}", "[1, 2]", '{"cells": 3}', '{"cells": [null, 3, {"source": 4}]}', "not json"]
)
def test_what_is_no_notebook_gives_a_sentence(text: str) -> None:
    subject = read_notebook(text, "book.ipynb", is_guarded=False)
    assert not subject.graphs
    assert all(problem.rule == "AE001" for problem in subject.problems)


def test_bytes_are_read_as_python_reads_them(tmp_path: Path) -> None:
    declared = tmp_path / "declared.py"
    declared.write_bytes(b"# -*- coding: latin-1 -*-\n# gr\xf6\xdfe\n" + SNIPPET.encode())
    assert kinds(read_file(declared, is_guarded=False)) == KINDS
    undeclared = tmp_path / "undeclared.py"
    undeclared.write_bytes(b"# gr\xf6\xdfe\n" + SNIPPET.encode())
    subject = read_file(undeclared, is_guarded=False)
    assert [problem.rule for problem in subject.problems] == ["AE001"]
    assert "UTF-8" in subject.problems[0].message
    assert subject.source == str(undeclared)


def test_a_missing_file_is_an_error_of_its_own(tmp_path: Path) -> None:
    with pytest.raises(DiaboloError, match="cannot read"):
        read_file(tmp_path / "none.py")
    with pytest.raises(DiaboloError, match="folder"):
        read_file(tmp_path)


HOSTILE = {
    "calls itself": "def f(x):\n    return f(x)\ny = f(Conv2D(3, 3)(i))\n",
    "calls itself twice": "def f(n):\n    return f(n - 1) + f(n - 1)\nf(1000)\n",
    "calls each other": "def f(x):\n    return g(x)\ndef g(x):\n    return f(x)\nf(1)\n",
    "calls itself if": "def f(x, n):\n    if n:\n        return f(f(x, n - 1), n - 1)\n    return f(x, n)\nf(a, b)\n",
    "nested deeply": "(" * 150 + "1" + ")" * 150,
    "nested too deeply": "(" * 5_000 + "1" + ")" * 5_000,
    "long sum": "x = " + " + ".join(["1"] * 20_000),
    "long chain": "x = a" + ".b()" * 3_000,
    "many brackets": "x = " + "[" * 190 + "]" * 190,
    "large numbers": "x = 9 ** 9 ** 9 ** 9\ny = 1 << 10 ** 12\nz = 'a' * 10 ** 12\nw = [0] * 10 ** 10\n",
    "large strings": "x = f'{1:>99999999999}'\ny = '%999999999d' % 1\nz = '{:>99999999999}'.format(1)\n",
    "long ranges": "x = list(range(10 ** 12))\nfor i in range(10 ** 12):\n    x = Conv2D(3, 3)(x)\n",
    "endless loop": "while True:\n    x = Conv2D(3, 3)(x)\n",
    "list in itself": "a = []\na.append(a)\nf(a)\nb = {}\nb['b'] = b\nf(b)\nx = Add()(a)\n",
    "class of itself": "class A(A):\n    pass\nclass B:\n    pass\nB.b = B\nx = A()\n",
    "bases in a circle": "class A: pass\nclass B(A): pass\nA = B\nclass A(A): pass\nA()()\n",
    "null bytes": "x = 1\x00\ny = 2\n",
    "only a bracket": "(",
    "only a quote": "'''",
    "surrogates": "x = '\udc80'\ny = Conv2D(3, 3)(x)\n",
    "model of itself": "m = Sequential()\nm.add(m)\nm.build((None, 3))\nm.fit(x, x)\n",
    "layer of nothing": "Conv2D()()\nDense()(None)\nModel()\nModel([], [])\nSequential([None])(x)\n"
    "Reshape(())(Input(()))\n",
    "odd numbers": "i = Input((0, -3, 1.5))\nx = Conv2D(-4, 0, strides=0)(i)\nx = Conv2D(1e400, (3,), padding=7)(x)\n"
    "x = MaxPooling2D(0)(x)\nx = UpSampling2D('a')(x)\nx = Reshape((0, -1))(x)\nx = BatchNormalization(axis=9)(x)\n",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_sources_give_a_subject_in_little_time(name: str) -> None:
    start = time.process_time()
    subject = read(HOSTILE[name], "hostile.py")
    assert time.process_time() - start < 6  # a second on an idle machine
    assert all(problem.message and "defect of diabolo" not in problem.message for problem in subject.problems)


@pytest.mark.parametrize("name", ["calls itself", "calls itself twice", "nested too deeply", "long chain"])
def test_what_goes_too_deep_is_said(name: str) -> None:
    assert read(HOSTILE[name], "hostile.py").problems


@pytest.mark.parametrize("body", ["x = x + 1", "[x for d in range(200)]"])
def test_too_many_steps_are_said_with_their_row(body: str) -> None:
    loops = f"x = 0\nfor a in range(200):\n    for b in range(200):\n        for c in range(200):\n            {body}\n"
    (problem,) = read(loops, "loops.py").problems
    assert problem.rule == "AE002"
    assert "more steps than are followed" in problem.message
    assert problem.place is not None
    assert problem.place.row in (4, 5)


def test_the_recursion_limit_is_put_back() -> None:
    limit = sys.getrecursionlimit()
    read(SNIPPET)
    assert sys.getrecursionlimit() == limit


def test_nothing_is_executed(tmp_path: Path) -> None:
    marker = tmp_path / "executed"
    text = f"import os\nopen({str(marker)!r}, 'w')\n__import__('pathlib').Path({str(marker)!r}).touch()\nexec('1/0')\n"
    read(text + "eval('1/0')\n1/0\nos.system('exit 3')\n")
    assert not marker.exists()


def test_a_long_file_takes_little_time() -> None:
    block = "x = Conv2D(8, 3, padding='same', activation='relu')(x)\nx = BatchNormalization()(x)\n"
    text = "x = i = Input((32, 32, 3))\n" + block * 2_500 + "m = Model(i, x)\n"
    start = time.process_time()
    subject = read(text, "long.py")
    assert time.process_time() - start < 8  # two seconds on an idle machine; shared ones are several times slower
    assert len(subject.graphs[0].nodes) == 7_501


def test_a_file_of_ten_million_characters_is_refused_with_a_sentence() -> None:
    subject = read("x = 1  # and a long comment\n" * 400_000, "large.py")
    assert [problem.rule for problem in subject.problems] == ["AE001"]
    assert "characters" in subject.problems[0].message


def test_reading_imports_neither_torch_nor_keras() -> None:
    code = (
        "import sys\nfrom diabolo.checks.source import read_source\n"
        f"read_source({SNIPPET!r}, 'x.py')\n"
        "print(sorted({'torch', 'keras', 'numpy', 'tensorflow'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
