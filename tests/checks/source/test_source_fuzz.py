"""Sources put together at random: the reader never raises, and what it builds is a graph."""

import ast
from pathlib import Path

import keras
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from keras_cases import CASES, HEAD, SUBCLASSED

from diabolo.checks import Subject, diagnose
from diabolo.checks.source import read_notebook, read_source

TEXTS = [HEAD + text for text in (*CASES.values(), *SUBCLASSED.values())]
WORDS = st.sampled_from([
    "x", "i", "m", "Conv2D", "Input", "Model", "Sequential", "(", ")", "[", "]", "{", "}", ",", "=", ".", ":", "\n",
    "\n    ", "3", "(3, 3)", "'same'", "def f(x):", "return", "for x in", "if", "else:", "class A(Model):", "lambda x:",
    "*", "**", "self", "+", "-", "/", "call", "add", "compile", "fit", "layers", "None", "True", "while", "with",
    "try:", "except:", "import keras", "f'{x}'", "yield", "import", "from", "as", "@", ":=", "Lambda", "Dense",
    "Flatten", "é", "Reshape", "K.exp", "global x", "super().__init__()", "nn.Module", "nn.Conv2d", "torch", "\t", "\\",
    "#", "'''", "%", "!", ">>> ",
])  # fmt: skip
COMMON = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check(subject: Subject) -> None:
    """A graph's nodes stand after those that they read, have names of their own, and their places exist."""
    for graph in (*subject.graphs, *subject.loose):
        seen: set[str] = set()
        for node in graph.nodes:
            assert node.name not in seen
            assert set(node.inputs) <= seen
            assert all(isinstance(side, int) and side >= 0 for side in node.shape)
            assert node.num_trainable >= 0
            assert node.num_non_trainable >= 0
            if node.place is not None and not node.place.cell and subject.text is not None:
                rows = subject.text.count("\n") + subject.text.count("\r") + 1
                assert 1 <= node.place.row <= rows
            seen.add(node.name)
        assert graph.nodes[0].kind == "input"
        assert {graph.output, *graph.outputs} <= seen
        assert graph.latent in {"", *seen}
    diagnose(subject)


@COMMON
@given(st.lists(WORDS, max_size=60).map(" ".join))
def test_words_at_random(text: str) -> None:
    check(read_source(text, "random.py", is_guarded=False))


@COMMON
@given(st.text(max_size=300))
def test_characters_at_random(text: str) -> None:
    check(read_source(text, "random.py", is_guarded=False))
    read_notebook(text, "random.ipynb", is_guarded=False)


@COMMON
@given(st.sampled_from(TEXTS), st.data())
def test_rows_left_out_doubled_and_swapped(text: str, data: st.DataObject) -> None:
    rows = text.split("\n")
    for _ in range(data.draw(st.integers(1, 4))):
        index, other = (data.draw(st.integers(0, len(rows) - 1)) for _ in range(2))
        change = data.draw(st.sampled_from(["drop", "double", "swap", "cut", "indent"]))
        if change == "drop":
            rows[index] = ""
        elif change == "double":
            rows.insert(index, rows[other])
        elif change == "swap":
            rows[index], rows[other] = rows[other], rows[index]
        elif change == "cut":
            rows[index] = rows[index][: data.draw(st.integers(0, 40))]
        else:
            rows[index] = "    " + rows[index]
    check(read_source("\n".join(rows), "changed.py", is_guarded=False))


class Exchange(ast.NodeTransformer):
    """Puts one expression of a source in the place of another."""

    def __init__(self, old: ast.expr, new: ast.expr) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> ast.AST:
        return self.new if node is self.old else self.generic_visit(node)


@COMMON
@given(st.sampled_from(TEXTS), st.data())
def test_expressions_exchanged(text: str, data: st.DataObject) -> None:
    tree = ast.parse(text)
    found = [node for node in ast.walk(tree) if isinstance(node, ast.expr) and hasattr(node, "lineno")]
    old, new = (found[data.draw(st.integers(0, len(found) - 1))] for _ in range(2))
    if old in ast.walk(new):
        return
    try:
        changed = ast.unparse(ast.fix_missing_locations(Exchange(old, new).visit(tree)))
    except (ValueError, AttributeError, TypeError):
        return
    check(read_source(changed, "changed.py", is_guarded=False))


KERAS = sorted(Path(keras.__file__).parent.joinpath("src").rglob("*.py"))


@pytest.mark.parametrize("path", KERAS[::41], ids=lambda path: path.name)
def test_files_of_keras_itself(path: Path) -> None:
    check(read_source(path.read_text(encoding="utf-8"), str(path), is_guarded=False))
