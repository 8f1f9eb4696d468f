"""The number after a layer's name and the `[name=value …]` behind it: read and checked."""

import difflib
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from diabolo.errors import LineError, clip
from diabolo.vocabulary import KINDS, SYNONYMS, LayerKind, Setting, Value

# A comma belongs to the value (`levels=8,5,5`) unless a next `name=` or nothing follows it (`k=5, stride=2`).
_PAIR = re.compile(r"([A-Za-z_][A-Za-z_0-9]*)\s*=\s*([^\s\[\](){}|=,]++(?:,[^\s\[\](){}|=,]++(?!\s*=))*+)")
_NOT_A_PAIR = re.compile(r"[^\s\]|]*")
_WHOLE = re.compile(r"[+-]?[0-9]+")
_DECIMAL = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_CLOSED = re.compile(r"[^\[\]|(){}]*\]")
_KNOWN = re.compile(rf"({'|'.join(sorted(KINDS, key=len, reverse=True))})([0-9]*)")
_LONGEST_WORD = 40  # characters of an unknown name up to which a likely one is sought
_LARGEST_KERNEL = int(next(setting.maximum for setting in KINDS["conv"].settings if setting.name == "k") or 1)
_WORDS_OF_BOOL = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}


@dataclass(frozen=True, kw_only=True)
class Written:
    """One `name=value` as it stands on the line."""

    name: str
    """What stands before the equals sign."""
    text: str
    """What stands after it."""
    start: int
    """Index of its first character on the line."""
    end: int
    """Index after its last character."""


def read_settings(line: str, at: int) -> tuple[tuple[Written, ...], int]:
    """Reads `[name=value …]` that opens at `line[at]`; returns the pairs and the index after the closing bracket."""
    opened_at = at
    at += 1
    written: dict[str, Written] = {}
    while True:
        while at < len(line) and (line[at].isspace() or line[at] == ","):
            at += 1
        if at == len(line):
            raise LineError("`[` is never closed; write `]` after its last setting", line=line, start=opened_at)
        if line[at] == "]":
            return tuple(written.values()), at + 1
        match = _PAIR.match(line, at)
        if match is None and not _CLOSED.match(line, at):
            raise LineError("`[` is never closed; write `]` after its last setting", line=line, start=opened_at)
        if match is None:
            word = _NOT_A_PAIR.match(line, at)
            end = word.end() if word else at
            problem = "a setting is written `name=value`, as in `conv64[k=5 stride=2]`"
            raise LineError(problem, line=line, start=at, end=end)
        name = match[1].lower()
        if name in written:
            raise LineError(f"`{clip(name)}` is set twice; keep one of the two", line=line, start=at, end=match.end())
        written[name] = Written(name=name, text=match[2], start=at, end=match.end())
        at = match.end()


def resolve_count(kind: LayerKind, digits: str, line: str, start: int, end: int) -> int | None:
    """The number after the name, None where none is written."""
    if kind.count is None:
        if digits:
            raise LineError(f"`{kind.name}` takes no number; write `{kind.name}`", line=line, start=start, end=end)
        return None
    if not digits:
        if kind.count.default is None:
            problem = f"`{kind.name}` needs its number of {kind.count.name}, as in `{kind.name}64`"
            raise LineError(problem, line=line, start=start, end=end)
        return None
    value = whole_number(digits)
    if not kind.count.minimum <= value <= kind.count.maximum:
        problem = f"`{kind.name}`: {kind.count.name} must be {kind.count.minimum:,} to {kind.count.maximum:,}"
        raise LineError(problem, line=line, start=start, end=end)
    return value


def resolve_settings(kind: LayerKind, written: tuple[Written, ...], line: str) -> tuple[tuple[str, Value], ...]:
    """Checked values of the settings, as written."""
    values: dict[str, Value] = {}
    for pair in written:
        setting = kind.setting(pair.name)
        if setting is None:
            names = [known.name for known in kind.settings]
            known = f"it has {_listed(names)}" if names else "it has none"
            guess = difflib.get_close_matches(pair.name, names, n=1)
            hint = f"; did you mean `{guess[0]}`?" if guess else ""
            problem = f"`{kind.name}` has no setting `{clip(pair.name)}`: {known}{hint}"
            raise LineError(problem, line=line, start=pair.start, end=pair.end)
        values[pair.name] = _value(kind, setting, pair, line)
    return tuple(values.items())


def read_skip(written: tuple[Written, ...], line: str) -> tuple[str, int]:
    """What `res[…]` says of its skip connection: `identity` or `conv`, and the side of the convolution's kernel."""
    skip, kernel, said = "identity", 1, None
    for pair in written:
        if pair.name == "k":
            said = pair
            kernel = whole_number(pair.text) if re.fullmatch(r"[0-9]+", pair.text) else 0
            if not 1 <= kernel <= _LARGEST_KERNEL:
                problem = f"`res[k={clip(pair.text)}]`: `k` must be a whole number from 1 to {_LARGEST_KERNEL}"
                raise LineError(problem, line=line, start=pair.start, end=pair.end)
        elif pair.name == "skip" and pair.text in ("identity", "conv"):
            skip = pair.text
        else:
            problem = "`res` takes `skip=identity` or `skip=conv`, and with the latter `k=3` for the side of its kernel"
            raise LineError(problem, line=line, start=pair.start, end=pair.end)
    if said is not None and skip == "identity":
        problem = "`k` is the kernel of a skip convolution; write `res[skip=conv k=3]{…}`, or leave `k` out"
        raise LineError(problem, line=line, start=said.start, end=said.end)
    return skip, kernel


def _value(kind: LayerKind, setting: Setting, pair: Written, line: str) -> Value:
    def fail(rule: str) -> LineError:
        problem = f"`{kind.name}[{pair.name}={clip(pair.text)}]`: `{pair.name}` must be {rule}"
        return LineError(problem, line=line, start=pair.start, end=pair.end)

    default, text = setting.default, pair.text
    if isinstance(default, bool):
        if text.lower() not in _WORDS_OF_BOOL:
            raise fail("`yes` or `no`")
        return _WORDS_OF_BOOL[text.lower()]
    if isinstance(default, str):
        if text not in setting.choices:
            raise fail(_listed(setting.choices, "or"))
        return text
    if isinstance(default, tuple):
        parts = text.split(",")
        if not all(re.fullmatch(r"[0-9]{1,9}", part) for part in parts):
            raise fail("whole numbers separated by commas, as in `8,5,5`")
        numbers = tuple(int(part) for part in parts)
        _check_range(setting, numbers, fail)
        return numbers
    if not (_WHOLE if isinstance(default, int) else _DECIMAL).fullmatch(text):
        raise fail("a whole number" if isinstance(default, int) else "a number, as `0.5` or `1e-3`")
    number: int | float = _signed(text) if isinstance(default, int) else float(text)
    if not math.isfinite(number):
        raise fail("a finite number")
    _check_range(setting, (number,), fail)
    return number


def _check_range(setting: Setting, numbers: tuple[int | float, ...], fail: Callable[[str], LineError]) -> None:
    if setting.minimum is not None and min(numbers) < setting.minimum:
        raise fail(f"at least {_plain(setting.minimum)}")
    if setting.maximum is not None and max(numbers) > setting.maximum:
        raise fail(f"at most {_plain(setting.maximum)}")


def _signed(text: str) -> int:
    number = whole_number(text.lstrip("+-"))
    return -number if text.startswith("-") else number


def _plain(bound: float) -> str:
    return f"{bound:,}" if isinstance(bound, int) else f"{bound:g}"


def whole_number(digits: str) -> int:
    """The number that decimal digits say; for a very long row of them, some number beyond every limit."""
    significant = digits.lstrip("0")
    return int(significant[:18] or "0")


def unknown_name(line: str, start: int, end: int, name: str, digits: str) -> LineError:
    """The error for a name that is not in the vocabulary, with the likeliest meant one."""
    if line[end : end + 1] == "=":
        problem = f"`{clip(name)}=` stands outside brackets; settings follow a name, as in `conv64[k=5]`"
        return LineError(problem, line=line, start=start, end=end + 1)
    return LineError(f"unknown layer `{clip(line[start:end])}`; {_hint(name, digits)}", line=line, start=start, end=end)


def _hint(name: str, digits: str) -> str:
    everything = f"the layers are {', '.join(KINDS)}, and res{{…}}"
    if len(name) > _LONGEST_WORD:
        return everything
    apart = _words_apart(name.lower() + digits)
    if apart:
        return f"did you mean `{apart}`? Items are separated by spaces"
    plain = name.lower().replace("_", "").removesuffix("2d")
    known = [*KINDS, "res"]
    close = (
        [plain] if plain in known or plain in SYNONYMS else difflib.get_close_matches(plain, [*known, *SYNONYMS], n=1)
    )
    if not close:
        return everything
    guess = SYNONYMS.get(close[0], close[0])
    if guess == "res":
        return "did you mean `res{…}`?"
    return f"did you mean `{guess}{digits if KINDS[guess].count is not None else ''}`?"


def _words_apart(text: str) -> str | None:
    """`conv64relu` -> `conv64 relu`; None where it is not made of known names."""
    words = list(_KNOWN.finditer(text))
    if len(words) < 2 or "".join(word[0] for word in words) != text:
        return None
    return " ".join(word[1] if KINDS[word[1]].count is None else word[0] for word in words)


def _listed(names: Sequence[str], word: str = "and") -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} {word} {quoted[-1]}"
