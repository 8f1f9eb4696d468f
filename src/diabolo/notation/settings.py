"""The number after a layer's name and the `[name=value …]` behind it: read, checked, defaults dropped."""

import difflib
import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from diabolo.errors import LineError
from diabolo.vocabulary import KINDS, SYNONYMS, LayerKind, Setting, Value

_PAIR = re.compile(r"([A-Za-z_]\w*)\s*=\s*([^\s\[\](){}|=]+)")
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
    written: list[Written] = []
    while True:
        while at < len(line) and (line[at].isspace() or line[at] == ","):
            at += 1
        if at == len(line):
            raise LineError("`[` is never closed; write `]` after its last setting", line=line, start=opened_at)
        if line[at] == "]":
            return tuple(written), at + 1
        match = _PAIR.match(line, at)
        if match is None and line[at] in "|(){}":
            raise LineError("`[` is never closed; write `]` after its last setting", line=line, start=opened_at)
        if match is None:
            end = re.compile(r"[^\s\]|]*").match(line, at)
            stop = max(at + 1, end.end() if end else at + 1)
            raise LineError("a setting is written `name=value`, as in `conv64[k=5 stride=2]`", line=line, start=at, end=stop)
        name = match[1].lower()
        if any(earlier.name == name for earlier in written):
            raise LineError(f"`{name}` is set twice", line=line, start=at, end=match.end())
        written.append(Written(name=name, text=match[2], start=at, end=match.end()))
        at = match.end()


def resolve_count(kind: LayerKind, digits: str, line: str, start: int, end: int) -> int | None:
    """The number after the name, None where the default is meant."""
    if kind.count is None:
        if digits:
            raise LineError(f"`{kind.name}` takes no number; write `{kind.name}`", line=line, start=start, end=end)
        return None
    if not digits:
        if kind.count.default is None:
            problem = f"`{kind.name}` needs its number of {kind.count.name}, as in `{kind.name}64`"
            raise LineError(problem, line=line, start=start, end=end)
        return None
    value = int(digits[:12])
    if not kind.count.minimum <= value <= kind.count.maximum:
        problem = f"`{kind.name}`: {kind.count.name} must be {kind.count.minimum:,} to {kind.count.maximum:,}"
        raise LineError(problem, line=line, start=start, end=end)
    return None if value == kind.count.default else value


def resolve_settings(kind: LayerKind, written: tuple[Written, ...], line: str) -> tuple[tuple[str, Value], ...]:
    """Checked values of the settings that differ from their defaults, in the vocabulary's order."""
    values: dict[str, Value] = {}
    for pair in written:
        setting = kind.setting(pair.name)
        if setting is None:
            names = [known.name for known in kind.settings]
            known = f"it has {_listed(names)}" if names else "it has none"
            guess = difflib.get_close_matches(pair.name, names, n=1)
            hint = f"; did you mean `{guess[0]}`?" if guess else ""
            problem = f"`{kind.name}` has no setting `{pair.name}`: {known}{hint}"
            raise LineError(problem, line=line, start=pair.start, end=pair.end)
        values[pair.name] = _value(kind, setting, pair, line)
    return tuple(
        (setting.name, values[setting.name])
        for setting in kind.settings
        if setting.name in values and values[setting.name] != setting.default
    )


def _value(kind: LayerKind, setting: Setting, pair: Written, line: str) -> Value:
    def fail(rule: str) -> LineError:
        problem = f"`{kind.name}[{pair.name}={pair.text}]`: `{pair.name}` must be {rule}"
        return LineError(problem, line=line, start=pair.start, end=pair.end)

    default, text = setting.default, pair.text
    if isinstance(default, bool):
        if text.lower() not in _WORDS_OF_BOOL:
            raise fail("`yes` or `no`")
        return _WORDS_OF_BOOL[text.lower()]
    if isinstance(default, str):
        if text not in setting.choices:
            raise fail(f"one of {_listed(setting.choices)}")
        return text
    if isinstance(default, tuple):
        parts = text.split(",")
        if not all(re.fullmatch(r"[0-9]{1,9}", part) for part in parts):
            raise fail("whole numbers separated by commas, as in `8,5,5`")
        numbers = tuple(int(part) for part in parts)
        _check_range(setting, numbers, fail)
        return numbers
    try:
        number: int | float = int(text) if isinstance(default, int) else float(text)
    except ValueError:
        raise fail("a whole number" if isinstance(default, int) else "a number") from None
    if not math.isfinite(number):
        raise fail("a finite number")
    _check_range(setting, (number,), fail)
    return number


def _check_range(setting: Setting, numbers: tuple[int | float, ...], fail: Callable[[str], LineError]) -> None:
    if setting.minimum is not None and min(numbers) < setting.minimum:
        raise fail(f"at least {setting.minimum:g}")
    if setting.maximum is not None and max(numbers) > setting.maximum:
        raise fail(f"at most {setting.maximum:g}")


def unknown_name(line: str, start: int, end: int, name: str, digits: str) -> LineError:
    """The error for a name that is not in the vocabulary, with the likeliest meant one."""
    lowered = name.lower()
    guess = lowered if lowered in KINDS else SYNONYMS.get(lowered)
    if guess is None:
        close = difflib.get_close_matches(lowered, [*KINDS, "res", *SYNONYMS], n=1, cutoff=0.55)
        guess = SYNONYMS.get(close[0], close[0]) if close else None
    if guess is None:
        hint = f"the layers are {', '.join(KINDS)}, and res{{…}}"
    else:
        takes_count = guess in KINDS and KINDS[guess].count is not None
        hint = f"did you mean `{guess}{digits if takes_count else ''}`?"
    return LineError(f"unknown layer `{line[start:end]}`; {hint}", line=line, start=start, end=end)


def _listed(names: list[str] | tuple[str, ...]) -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
