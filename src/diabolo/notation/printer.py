"""Spec -> canonical line: one space between items, defaults left out, settings in the vocabulary's order."""

from diabolo.notation.spec import Group, Item, Items, Layer, Side, Spec
from diabolo.vocabulary import Value


def print_spec(spec: Spec) -> str:
    """The canonical line of a spec; `parse` gives the same spec back."""
    sections = [spec.encoder, *([spec.bottleneck] if spec.bottleneck else []), spec.decoder]
    return " | ".join(print_items(items) for items in sections)


def print_items(items: Items) -> str:
    """Items separated by one space."""
    return " ".join(print_item(item) for item in items)


def print_item(item: Item) -> str:
    """One layer, side branch or group."""
    if isinstance(item, Layer):
        count = "" if item.count is None else str(item.count)
        return f"{item.kind}{count}{_print_settings(item.settings)}"
    if isinstance(item, Side):
        return f"({print_items(item.items)})"
    assert isinstance(item, Group)
    repeat = f"{item.repeat}*" if item.repeat != 1 else ""
    return f"{repeat}{item.kind}{_print_settings(_skip_settings(item))}{{{print_items(item.items)}}}"


def _skip_settings(group: Group) -> tuple[tuple[str, Value], ...]:
    if group.skip == "identity":
        return ()
    skip: tuple[tuple[str, Value], ...] = (("skip", group.skip),)
    return skip if group.skip_kernel == 1 else (*skip, ("k", group.skip_kernel))


def _print_settings(settings: tuple[tuple[str, Value], ...]) -> str:
    return f"[{' '.join(f'{name}={print_value(value)}' for name, value in settings)}]" if settings else ""


def print_value(value: Value) -> str:
    """A setting's value as it stands on the line: `5`, `0.5`, `no`, `valid`, `8,5,5`."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    if isinstance(value, float):
        return repr(value + 0.0).removesuffix(".0")  # + 0.0: a negative zero says the same as zero
    return str(value)
