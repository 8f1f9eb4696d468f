"""The arguments of a PyTorch class or function: settings by name, and the places where they are written."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from diabolo.checks.source.values import Argument, Call, ListValue, Value, plain
from diabolo.graph import Place

Parameters = Sequence[tuple[str, object]]
"""Names and defaults of parameters, in order."""


def settings_of(parameters: Parameters, defaults: dict[str, object], call: Call, skip: int = 0) -> dict[str, object]:
    """Arguments as plain values over the defaults; what is given and not known is absent.

    Args:
        parameters: of the class or function, without the first `skip` of the call.
        defaults: values of parameters that are not given.
        call: the call.
        skip: how many positional arguments of the call are tensors.
    """
    settings = dict(defaults) if call.is_complete else {}
    for position, (name, _) in enumerate(parameters):
        argument = call.argument(position + skip, name)
        if argument is None:
            continue
        value = plain_of(argument.value)
        if value is ...:
            settings.pop(name, None)
        else:
            settings[name] = value
    return settings


def plain_of(value: Value) -> Any:
    """A plain value, `...` where it is not known; of a sequence whose items are known in part, None for the others."""
    if isinstance(value, ListValue) and value.items is not None:
        items = [plain(item, ...) for item in value.items]
        return tuple(items) if ... not in items else ...
    return plain(value, ...)


def places_of(parameters: Parameters, call: Call, skip: int = 0) -> dict[str, Place]:
    """Where the values of arguments are written, by the names of their parameters."""
    found: dict[str, Place] = {}
    for position, (name, _) in enumerate(parameters):
        argument = call.argument(position + skip, name)
        if argument is not None and argument.place is not None:
            found[name] = argument.place
    return found


def end_of(call: Call) -> Place | None:
    """The empty place behind the last argument, or behind the opening parenthesis where there is none."""
    arguments = [argument.place for argument in (*call.positional, *call.keywords.values())]
    places = [place for place in arguments if place is not None]
    if len(places) != len(arguments) or call.place is None:
        return None
    if places:
        last = max(places, key=lambda place: (place.last_row, place.end))
        return replace(last, row=last.last_row, end_row=0, start=last.end)
    place = call.place
    return replace(place, row=place.last_row, end_row=0, start=place.end - 1, end=place.end - 1)


def first_tensor(call: Call, *names: str) -> Argument | None:
    """The argument that is the input of a layer or function."""
    return call.argument(0, *names, "input", "x", "tensor", "inputs")
