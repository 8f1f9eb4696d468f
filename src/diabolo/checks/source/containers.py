"""Lists, tuples, sets and dictionaries of a source, with what they hold as far as that is certain."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from diabolo.checks.source.base_values import Constant, Unknown, Value, is_key
from diabolo.graph import Place

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter


@dataclass(eq=False)
class ListValue(Value):
    """A list, tuple or set; `items` is None once its contents depend on something unknown."""

    items: list[Value] | None
    is_mutable: bool = True
    branch: object = None
    """The uncertain branch that it was made in."""
    text: str = ""

    def parts(self) -> Iterator[Value]:
        """Its items."""
        return iter(self.items or ())

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """A method of a list."""
        return run.list_method(self, name)

    def elements(self, run: "Interpreter") -> list[Value] | None:
        """Its items."""
        return None if self.items is None else list(self.items)

    def truth(self) -> bool | None:
        """Whether it holds anything."""
        return None if self.items is None else bool(self.items)

    def item(self, run: "Interpreter", index: Value, place: Place | None) -> Value:
        """An item, or a slice of them."""
        if self.items is not None and isinstance(index, Constant):
            try:
                found = self.items[index.value]
            except (IndexError, TypeError, ValueError):
                return Unknown(text=self.text)
            return ListValue(found, self.is_mutable, run.branch) if isinstance(found, list) else found
        run.escape(self)
        return Unknown(text=self.text, sources=(self,))

    def set_item(self, run: "Interpreter", index: Value, value: Value, place: Place | None) -> None:
        """Replaces an item."""
        if not self.change(run, value):
            return
        assert self.items is not None
        if (
            isinstance(index, Constant)
            and isinstance(index.value, int)
            and -len(self.items) <= index.value < len(self.items)
        ):
            self.items[index.value] = value
        else:
            self.lose(run, value)

    def change(self, run: "Interpreter", *added: Value) -> bool:
        """Whether its contents are known and may be changed here; else what is added counts as used."""
        if self.items is not None and self.branch is run.branch and len(self.items) < run.MAX_ELEMENTS:
            return True
        self.lose(run, *added)
        return False

    def lose(self, run: "Interpreter", *added: Value) -> None:
        """From here on its contents are not known."""
        run.escape(self)
        for value in added:
            run.escape(value)
        self.items = None


@dataclass(eq=False)
class DictValue(Value):
    """A dictionary with constant keys; `entries` is None once its contents depend on something unknown."""

    entries: dict[Any, Value] | None
    branch: object = None
    text: str = ""

    def parts(self) -> Iterator[Value]:
        """Its values."""
        return iter((self.entries or {}).values())

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """A method of a dictionary."""
        return run.mapping_method(self, name)

    def elements(self, run: "Interpreter") -> list[Value] | None:
        """Its keys."""
        return None if self.entries is None else [Constant(key) for key in self.entries]

    def truth(self) -> bool | None:
        """Whether it holds anything."""
        return None if self.entries is None else bool(self.entries)

    def item(self, run: "Interpreter", index: Value, place: Place | None) -> Value:
        """The value of a key."""
        if self.entries is not None and isinstance(index, Constant) and is_key(index.value):
            return self.entries.get(index.value) or Unknown(text=self.text)
        run.escape(self)
        return Unknown(text=self.text, sources=(self,))

    def set_item(self, run: "Interpreter", index: Value, value: Value, place: Place | None) -> None:
        """Sets the value of a key."""
        known = self.entries is not None and isinstance(index, Constant) and is_key(index.value)
        if known and self.branch is run.branch and self.entries is not None and isinstance(index, Constant):
            self.entries[index.value] = value
            return
        run.escape(self)
        run.escape(value)
        self.entries = None
