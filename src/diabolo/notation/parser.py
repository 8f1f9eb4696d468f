"""Line -> Spec, by recursive descent; a wrong line is answered with the line itself and a caret under the place."""

import re
from dataclasses import replace
from typing import NoReturn

from diabolo.errors import LineError
from diabolo.notation.settings import (
    Written,
    read_settings,
    read_skip,
    resolve_count,
    resolve_settings,
    unknown_name,
    whole_number,
)
from diabolo.notation.spec import Group, Item, Items, Layer, Side, Span, Spec
from diabolo.vocabulary import KINDS

MAX_LINE = 100_000
"""Longest line that is read, in characters."""
MAX_DEPTH = 40
"""Deepest nesting of side branches, groups and repeats."""
MAX_REPEAT = 1_000
"""Largest `N*`."""

_DIGITS = "0123456789"  # str.isdigit is true of other scripts' digits and of ² too
_WORD = re.compile(r"([A-Za-z_]+(?:[0-9]+[A-Za-z_]+)*)([0-9]*)")
_NUMBER = re.compile(r"[0-9]+")
_REPEAT = re.compile(r"([0-9]+)\s*\*\s*")
_BEGINS_A_GROUP = re.compile(r"\{|res(?![A-Za-z_0-9])")
_CLOSING = {"(": ")", "{": "}"}


def parse(line: str) -> Spec:
    """Reads a model line.

    Args:
        line: as in `conv64 relu bn pool | up conv3 sigmoid`; see docs/line.md.

    Raises:
        LineError: the line cannot be read; the message shows the place and what to do.
    """
    if len(line) > MAX_LINE:
        raise LineError(f"the line has {len(line):,} characters; at most {MAX_LINE:,} are read", line=line, start=0)
    return _Parser(line).parse()


class _Parser:
    def __init__(self, line: str) -> None:
        self.line = line
        self.at = 0

    def parse(self) -> Spec:
        sections: list[Items] = []
        waists: list[int] = []
        while True:
            start = self.at
            items = self._items(closing=None, opened_at=start, depth=0)
            sections.append(items)
            if self.at == len(self.line):
                break
            waists.append(self.at)
            self.at += 1
        self._check_sections(sections, waists)
        bottleneck = sections[1] if len(sections) == 3 else ()
        return Spec(encoder=sections[0], bottleneck=bottleneck, decoder=sections[-1], source=self.line)

    def _check_sections(self, sections: list[Items], waists: list[int]) -> None:
        if not self.line.strip():
            self._fail("the line is empty; write an autoencoder, as in `conv16 relu pool | up conv3 sigmoid`", 0)
        if not waists:
            self._fail("no waist: write `|` between encoder and decoder", len(self.line.rstrip()))
        if len(waists) > 2:
            self._fail(
                "one waist too many: a line is `encoder | decoder` or `encoder | bottleneck | decoder`", waists[2]
            )
        names = ("encoder", "decoder") if len(sections) == 2 else ("encoder", "bottleneck", "decoder")
        for index, (name, items) in enumerate(zip(names, sections, strict=True)):
            if not items:
                place = waists[index] if index < len(waists) else waists[-1]
                self._fail(f"the {name} is empty; write at least one layer there", place)

    def _items(self, *, closing: str | None, opened_at: int, depth: int) -> Items:
        """Items up to `closing` (left unread), or up to a `|` or the end of the line at the top level."""
        items: list[Item] = []
        while not self._at_end(closing, opened_at):
            items.append(self._item(depth))
        if closing is not None and not items:
            self._fail(f"nothing stands between `{self.line[opened_at]}` and `{closing}`", opened_at, self.at + 1)
        return tuple(items)

    def _at_end(self, closing: str | None, opened_at: int) -> bool:
        """Whether the items that opened at a place end here; fails where they end with something else."""
        self._skip_space()
        character = self._peek()
        stray = character != "" and character in ")}]"
        if closing is None:
            if stray:
                self._fail(f"`{character}` closes nothing; remove it, or open it before", self.at)
            return character in ("", "|")
        if character == closing:
            return True
        opening = self.line[opened_at]
        if character == "":
            self._fail(f"`{opening}` is never closed; write `{closing}` after its last item", opened_at)
        if character == "|":
            problem = f"`{opening}` is not closed before the waist `|`; write `{closing}` after its last item"
            self._fail(problem, opened_at)
        if stray:
            self._fail(f"`{opening}` is closed by `{character}`; write `{closing}` before it", self.at)
        return False

    def _item(self, depth: int) -> Item:
        start = self.at
        character = self._peek()
        if character == "(":
            items = self._bracketed(depth)
            return Side(items=items, span=self._span(start))
        if character in _DIGITS:
            return self._repeated(depth)
        if character == "{":
            items = self._bracketed(depth)
            return Group(items=items, span=self._span(start))
        if character == "[":
            self._fail("settings must follow a name without a space, as in `conv64[k=5]`", start)
        match = _WORD.match(self.line, start)
        stray = start if match is None else match.end()
        if match is None or (stray < len(self.line) and self.line[stray].isalnum()):
            self._fail(f"unexpected character {_shown(self.line[stray])}{_advice(self.line[stray])}", stray)
        return self._named(match, depth)

    def _repeated(self, depth: int) -> Group:
        """`3*res{…}`, `2*3*conv8`: the last repeat and the braces behind it are one group, any other makes its own."""
        start = self.at
        repeats: list[tuple[int, int]] = []
        while match := _REPEAT.match(self.line, self.at):
            repeat = whole_number(match[1])
            if not 1 <= repeat <= MAX_REPEAT:
                self._fail(f"a repeat must be 1 to {MAX_REPEAT:,}", match.start(), match.end(1) + 1)
            repeats.append((match.start(), repeat))
            self._check_depth(depth + len(repeats), match.start())
            self.at = match.end()
        if number := _NUMBER.match(self.line, self.at):
            problem = "a number stands alone; write `3*res{…}` to repeat, or `conv64` for a count"
            self._fail(problem, number.start(), number.end())
        if self._peek() == "" or self._peek() in "|)}]":
            self._fail("nothing to repeat; write a layer or a group after `*`", start, self.at)
        levels = len(repeats) - (1 if _BEGINS_A_GROUP.match(self.line, self.at) else 0)
        item = self._item(depth + levels)
        for place, repeat in reversed(repeats):
            if isinstance(item, Group) and item.repeat == 1:
                item = replace(item, repeat=repeat, span=self._span(place))
            else:
                item = Group(items=(item,), repeat=repeat, span=self._span(place))
        assert isinstance(item, Group)
        return item

    def _named(self, match: re.Match[str], depth: int) -> Item:
        name, digits = match[1], match[2]
        start, self.at = match.start(), match.end()
        written: tuple[Written, ...] = ()
        if self._peek() == "[":
            written, self.at = read_settings(self.line, self.at)
        if name == "res":
            return self._residual(start, digits, written, depth)
        if name not in KINDS:
            raise unknown_name(self.line, start, match.end(), name, digits)
        kind = KINDS[name]
        count = resolve_count(kind, digits, self.line, start, match.end())
        settings = resolve_settings(kind, written, self.line)
        if self._peek() == "{":
            self._fail(f"`{name}` takes no braces; only `res{{…}}` and plain `{{…}}` group", self.at)
        return Layer(kind=name, count=count, settings=settings, span=self._span(start))

    def _residual(self, start: int, digits: str, written: tuple[Written, ...], depth: int) -> Group:
        if digits:
            self._fail("`res` takes no count; repeat it with `3*res{…}`", start, start + 3 + len(digits))
        skip, kernel = read_skip(written, self.line)
        end = self.at
        self._skip_space()
        if self._peek() != "{":
            self._fail("`res` needs its branch in braces, as in `res{conv64 relu conv64}`", start, end)
        items = self._bracketed(depth)
        return Group(items=items, kind="res", skip=skip, skip_kernel=kernel, span=self._span(start))

    def _bracketed(self, depth: int) -> Items:
        opened_at = self.at
        closing = _CLOSING[self.line[opened_at]]
        self._check_depth(depth + 1, opened_at)
        self.at += 1
        items = self._items(closing=closing, opened_at=opened_at, depth=depth + 1)
        self.at += 1
        return items

    def _check_depth(self, depth: int, at: int) -> None:
        if depth > MAX_DEPTH:
            self._fail(f"brackets and repeats are nested more than {MAX_DEPTH} deep; write fewer inside each other", at)

    def _skip_space(self) -> None:
        while self.at < len(self.line) and self.line[self.at].isspace():
            self.at += 1

    def _peek(self) -> str:
        return self.line[self.at : self.at + 1]

    def _span(self, start: int) -> Span:
        return Span(start=start, end=self.at)

    def _fail(self, problem: str, start: int, end: int | None = None) -> NoReturn:
        raise LineError(problem, line=self.line, start=start, end=end)


def _shown(character: str) -> str:
    return f"`{character}`" if character.isprintable() else f"U+{ord(character):04X}"


def _advice(character: str) -> str:
    if character.isdigit():
        return "; numbers are written with the digits 0 to 9"
    if character.isalpha():
        return "; names have the letters a to z only"
    if character == "*":
        return "; a repeat is a number before it, as in `3*res{…}`"
    if character in ",;→+>-":
        return "; items are separated by spaces alone"
    return "; remove it"
