"""What `diabolo check` is given, one `Target` each: how it is read, checked, mended and written back."""

import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from diabolo.checks import Checked, check_subject, read_line
from diabolo.checks.config import Config, config_for
from diabolo.checks.mend import Mended, Texts, difference, mend
from diabolo.checks.subject import Problem, Subject
from diabolo.checks.text import EncodingError, decode, encode, read_bytes
from diabolo.checks.walk import find_files
from diabolo.errors import DiaboloError, clip
from diabolo.files import atomic_path, output_errors
from diabolo.graph import CIFAR_SHAPE, Place
from diabolo.vocabulary import Shape
from diabolo.zoo import find_model, zoo
from diabolo.zoo.resolve import is_line

STANDARD_INPUT = "-"


def find_targets(
    what: Sequence[str],
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    input_shape: Shape | None = None,
) -> "list[Target]":
    """What the words of a command line stand for; folders become their files.

    Args:
        what: files, folders, `-`, zoo names, lines, run folders.
        select: rules that run, instead of the configuration's.
        ignore: rules that do not, beside the configuration's.
        input_shape: (height, width, channels) of the images, for lines.

    Raises:
        DiaboloError: a rule, a configuration or a file does not exist.
    """
    found: list[Target] = []
    for word in what:
        path = _path_of(word)
        if path is not None and path.is_dir() and not (path / "run.toml").exists():
            found.extend(_target(str(file), file, select, ignore, input_shape) for file in find_files(path))
        else:
            found.append(_target(word, path, select, ignore, input_shape))
    return list({target.name: target for target in found}.values())


def _path_of(word: str) -> Path | None:
    """The file or folder that a word means; None for a zoo name, a line and standard input.

    Raises:
        DiaboloError: it is none of these.
    """
    if word in zoo() or word == STANDARD_INPUT:
        return None
    if word.strip() and "\n" not in word and os.path.exists(word):  # noqa: PTH110  (a line can be too long for a path)
        return Path(word)
    if is_line(word):
        return None
    if "/" in word or re.search(r"\.(py|ipynb|keras|h5|json|md|txt)$", word):
        raise DiaboloError(f"there is no file `{clip(word)}`; name a file, a folder, a zoo model or a line")
    find_model(word)  # says what it may have been meant to be
    return None


def _target(
    word: str, path: Path | None, select: Sequence[str], ignore: Sequence[str], input_shape: Shape | None
) -> "Target":
    config = config_for(path or Path()).with_options(tuple(select), tuple(ignore))
    config.selection(path)  # unknown rules are said before anything is read
    return Target(name=word, path=path, config=config, input_shape=input_shape or config.input_shape)


@dataclass(frozen=True, kw_only=True)
class Target:
    """One thing to check."""

    name: str
    """As the user wrote it, or as a walk found it."""
    path: Path | None
    """The file; None for lines, zoo names and standard input."""
    config: Config = field(default_factory=Config)
    """What the project asks for there."""
    input_shape: Shape | None = None
    """(height, width, channels) of the images, for lines."""

    @property
    def is_line(self) -> bool:
        """Whether it is a zoo name or one of our lines."""
        return self.path is None and self.name != STANDARD_INPUT

    def check(self) -> Checked:
        """Reads it and runs the rules; a file that cannot be read is a finding, too."""
        if self._is_source:
            texts = self._texts
            if isinstance(texts, Problem):
                return self._examine_subject(Subject(source=self.name, problems=(texts,)))
            return self._examine(texts)
        if self.is_line:
            return self._examine(self._line)
        from diabolo.api.check import read_anything

        return self._examine_subject(read_anything(self.path, input_shape=self.input_shape))

    def mend(self, *, unsafe: bool) -> Mended | None:
        """Applies fixes in memory; None where there is no text to mend."""
        texts: Texts | Problem = self._line if self.is_line else self._texts if self._is_source else ()
        if isinstance(texts, Problem) or not texts or self.name == STANDARD_INPUT:
            return None
        return mend(texts, self._examine, unsafe=unsafe)

    def difference(self, mended: Mended) -> str:
        """What mending changes, as a unified diff; of a notebook, cell by cell."""
        before = self._line if self.is_line else self._texts
        assert not isinstance(before, Problem)
        if self.is_line:
            return difference(self.name, f"{before[0]}\n", f"{mended.texts[0]}\n")
        if not self._is_notebook:
            return difference(self.name, before[0], mended.texts[0])
        pairs = enumerate(zip(before, mended.texts, strict=True), start=1)
        return "".join(difference(f"{self.name} cell {number}", old, new) for number, (old, new) in pairs)

    def write(self, mended: Mended) -> None:
        """Writes a mended file in its own encoding, atomically; nothing is written for a line.

        Raises:
            OutputError: it cannot be written.
        """
        if self.path is None:
            return
        text = mended.texts[0]
        if self._is_notebook:
            from diabolo.checks.source.notebook import with_cells

            text = with_cells(decode(self._content)[0], mended.texts)
        with output_errors(self.path), atomic_path(self.path) as temporary:
            temporary.write_bytes(encode(text, self._encoding))

    @property
    def _is_source(self) -> bool:
        return self.name == STANDARD_INPUT or (
            self.path is not None and self.path.is_file() and self.path.suffix in (".py", ".ipynb", ".txt", "")
        )

    @property
    def _is_notebook(self) -> bool:
        return self.path is not None and self.path.suffix == ".ipynb"

    @cached_property
    def _line(self) -> Texts:
        return (zoo()[self.name].line if self.name in zoo() else self.name,)

    @cached_property
    def _content(self) -> bytes:
        return sys.stdin.buffer.read() if self.path is None else read_bytes(self.path)

    @cached_property
    def _encoding(self) -> str:
        return decode(self._content)[1]

    @cached_property
    def _texts(self) -> Texts | Problem:
        try:
            text = decode(self._content)[0]
            return self._notebook[0] if self._is_notebook else (text,)
        except DiaboloError as error:
            row = error.row if isinstance(error, EncodingError) else 1
            place = Place(source=self._shown_name, row=row, start=0, end=0)
            return Problem(rule="AE001", message=str(error), place=place)

    @cached_property
    def _notebook(self) -> tuple[Texts, tuple[bool, ...]]:
        """Texts of the cells, and which of them hold code."""
        from diabolo.checks.source.notebook import cells_of

        return cells_of(decode(self._content)[0])

    def _examine(self, texts: Texts) -> Checked:
        if self.is_line:
            return self._examine_subject(read_line(texts[0], self.input_shape or CIFAR_SHAPE))
        from diabolo.checks.source.read import read_cells, read_source  # a line needs no interpreter

        if self._is_notebook:
            return self._examine_subject(read_cells(texts, self.name, is_code=self._notebook[1]))
        return self._examine_subject(read_source(texts[0], self._shown_name))

    @property
    def _shown_name(self) -> str:
        return "<stdin>" if self.name == STANDARD_INPUT else self.name

    def _examine_subject(self, subject: Subject) -> Checked:
        return check_subject(subject, self.config.selection(self.path))
