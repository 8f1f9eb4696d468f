"""The errors that users see: one paragraph that says what was wrong, where, and what to do.

Every one is a `ValueError`, so that callers who never heard of diabolo can catch it; the command line
prints its text without a traceback and exits with 2.
"""

import unicodedata


class DiaboloError(ValueError):
    """Base of all errors that a user can cause and mend."""


class LineError(DiaboloError):
    """A model line cannot be read, or says something impossible.

    The message carries the line itself and a caret under the place.

    Args:
        problem: what is wrong and what to do, without a final newline.
        line: the line as the user typed it.
        start: index of the first offending character in `line`.
        end: index after the last offending character; at least one caret is drawn.
    """

    def __init__(self, problem: str, *, line: str, start: int, end: int | None = None) -> None:
        self.problem = problem
        self.line = line
        self.start = start
        self.end = max(start + 1, start + 1 if end is None else end)
        super().__init__(f"{problem}\n{caret(line, self.start, self.end)}")


class ShapeError(LineError):
    """A layer does not fit the shape that reaches it."""


class DataError(DiaboloError):
    """A data set, folder or image cannot be found, read or verified."""


class RecipeError(DiaboloError):
    """A training choice is unknown or out of range."""


class RunError(DiaboloError):
    """A run folder is missing, busy, truncated, or of another version."""


class OutputError(DiaboloError):
    """Something could not be written: no permission, no space, not a folder."""


class MemoryLimitError(DiaboloError):
    """There is too little memory for what was asked."""


class DivergedError(DiaboloError):
    """Training was stopped because the loss became NaN or infinite."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an exception of Python, numpy or torch means that memory is short; torch has no type for it."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(words in str(error) for words in _MEMORY_WORDS)


_MEMORY_WORDS = ("can't allocate memory", "not enough memory", "out of memory", "bad_alloc", "Cannot allocate memory")
_WINDOW = 100  # characters of a long line that are shown around the place
_CLIPPED = 40  # characters of a user's long word that a message repeats


def clip(text: str) -> str:
    """A user's word as a message may repeat it: printable, and cut where it is long."""
    shown = "".join(map(_visible, text[: _CLIPPED + 1]))
    return shown if len(text) <= _CLIPPED else f"{shown[:_CLIPPED]}…"


def counted(number: int, word: str) -> str:
    """`1 image`, `2,000 images`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def caret(line: str, start: int, end: int) -> str:
    """The line, indented by four spaces, and carets under `line[start:end]`; long lines are cut around the place."""
    left = max(0, min(start, len(line)) - _WINDOW // 2) if len(line) > _WINDOW else 0
    right = min(len(line), left + _WINDOW)
    shown = "".join(map(_visible, line[left:right]))
    before, under = shown[: start - left], shown[start - left : end - left]
    offset = _columns(before) + (1 if left else 0)
    text = f"{'…' if left else ''}{shown}{'…' if right < len(line) else ''}"
    return f"    {text.rstrip()}\n    {' ' * offset}{'^' * max(1, _columns(under))}"


def _visible(character: str) -> str:
    """The character, or one that takes its place where it would move the carets or the cursor."""
    if character.isspace():
        return " "
    return (
        character if character.isprintable() and not unicodedata.combining(character) else "\N{REPLACEMENT CHARACTER}"
    )


def _columns(text: str) -> int:
    """Columns that a terminal gives to a text: two for an emoji or a Chinese character."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)
