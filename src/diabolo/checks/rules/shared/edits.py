"""Edits that fixes are made of: an argument of a layer set to another value, a setting of a layer on the line."""

import re
from collections.abc import Sequence
from dataclasses import replace

from diabolo.checks.finding import Edit
from diabolo.checks.naming import word_of
from diabolo.checks.subject import Subject
from diabolo.checks.text import split_rows
from diabolo.graph import ModelGraph, Node, Place


def text_at(subject: Subject, place: Place) -> str:
    """The source text that a place covers; empty where there is no text, or the place lies outside of it."""
    text = subject.cells[place.cell - 1] if place.cell else (subject.text or "")
    rows = split_rows(text)[place.row - 1 : place.last_row]
    if len(rows) != place.last_row - place.row + 1:
        return ""
    rows[-1] = rows[-1][: place.end]
    rows[0] = rows[0][place.start :]
    return "\n".join(rows)


def set_argument(subject: Subject, node: Node, names: Sequence[str], value: str) -> Edit | None:
    """The edit that gives an argument of a layer's construction another value, or adds it behind the last one.

    Args:
        subject: that the node is of.
        node: a node from source text.
        names: names that the argument has, the one to add last.
        value: as it is written.
    """
    for name in names:
        if name in node.arguments:
            return Edit(place=node.arguments[name], text=value)
    end = node.arguments_end
    if end is None:
        return None
    opening = Place(source=end.source, row=end.row, cell=end.cell, start=max(0, end.start - 1), end=end.start)
    comma = "" if text_at(subject, opening) == "(" else ", "
    return Edit(place=end, text=f"{comma}{names[-1]}={value}")


def built(subject: Subject, graph: ModelGraph, node: Node) -> Place | None:
    """Where a layer is built, for what its own settings are to blame for.

    For PyTorch that is far from its call: `nn.BatchNorm2d(16)` in `__init__`. Elsewhere the two are one expression.
    """
    end = node.arguments_end
    if graph.origin != "torch" or end is None:
        return node.place
    starts = [place.start for place in node.arguments.values() if (place.row, place.cell) == (end.row, end.cell)]
    first = min(starts, default=end.start)
    before = text_at(subject, replace(end, start=0, end=first))
    name = re.search(r"[\w.]+\($", before)
    if name is None:
        return replace(end, start=first) if starts else node.place
    after = text_at(subject, replace(end, start=end.start, end=end.start + 2))
    return replace(end, start=name.start(), end=end.start + (1 if after.startswith(")") else 0))


def set_on_line(node: Node, name: str, value: str) -> Edit | None:
    """The edit that gives a layer of one of our lines a setting: `conv64[k=3]` with `bias=no`."""
    word, place = word_of(node), node.place
    if not word or place is None:
        return None
    kept, found = re.subn(rf"\b{name}\s*=\s*[^\s\]]+", f"{name}={value}", word)
    if not found:
        kept = f"{word[:-1].rstrip()} {name}={value}]" if word.endswith("]") else f"{word}[{name}={value}]"
    return Edit(place=place, text=kept)


def set_anywhere(
    subject: Subject, graph: ModelGraph, node: Node, names: Sequence[str], value: str, *, on_line: tuple[str, str]
) -> Edit | None:
    """`set_argument` for source text, `set_on_line` for one of our lines."""
    if graph.origin == "line":
        return set_on_line(node, *on_line)
    return set_argument(subject, node, names, value)


def replaced_in(subject: Subject, place: Place | None, changes: Sequence[tuple[str, str]]) -> Edit | None:
    """The first of these replacements that applies to the text at a place; None where none does."""
    text = "" if place is None else text_at(subject, place)
    for pattern, replacement in changes:
        changed, found = re.subn(pattern, replacement, text)
        if found and place is not None:
            return Edit(place=place, text=changed)
    return None
