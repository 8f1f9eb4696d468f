"""The line notation: one line describes a network; parsing and printing are exact inverses."""

from diabolo.notation.parser import parse
from diabolo.notation.printer import print_item, print_items, print_spec
from diabolo.notation.spec import Group, Item, Items, Layer, Side, Span, Spec

__all__ = [
    "Group",
    "Item",
    "Items",
    "Layer",
    "Side",
    "Span",
    "Spec",
    "parse",
    "print_item",
    "print_items",
    "print_spec",
]
