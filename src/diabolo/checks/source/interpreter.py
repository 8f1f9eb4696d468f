"""`Interpreter`: the state of one reading, and the services that expressions, statements and libraries share."""

import ast
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from diabolo.checks.source import builtin_functions, calling, expressions, methods, statements
from diabolo.checks.source.budget import Budget, EndOfBudget
from diabolo.checks.source.classes import Instance
from diabolo.checks.source.frame import Frame
from diabolo.checks.source.library import Library, broadcast
from diabolo.checks.source.models import Models
from diabolo.checks.source.rows import SourceText
from diabolo.checks.source.tape import LayerRecord, Op, ShapeRule, Tape
from diabolo.checks.source.values import (
    Argument,
    Call,
    Constant,
    DictValue,
    Function,
    Layer,
    ListValue,
    Module,
    Tensor,
    Unknown,
    Value,
    is_none,
)
from diabolo.checks.subject import IdleWeight, Problem
from diabolo.errors import clip
from diabolo.graph import Origin, Place
from diabolo.vocabulary import Shape, Window
from diabolo.vocabulary import Value as Plain


class Interpreter:
    """Follows a source statement by statement with abstract values; nothing is executed.

    Args:
        source: the text, cut into rows.
        libraries: asked in this order for names and classes.
        is_guarded: whether an unexpected exception in a statement becomes a problem; tests run without.
    """

    MAX_ELEMENTS = 10_000
    """Most items of a list that are kept."""
    MAX_ROUNDS = 256
    """Most rounds of a loop that are followed."""

    def __init__(self, source: SourceText, libraries: Sequence[Library], *, is_guarded: bool = True) -> None:
        self.source = source
        self.libraries = tuple(libraries)
        self.is_guarded = is_guarded
        self.tape = Tape()
        self.models = Models()
        self.budget = Budget(len(source.rows))
        self.problems: list[Problem] = list(source.problems)
        self.globals = Frame(parent=None, name="module")
        self.frame = self.globals
        self.branch: object = None
        """The uncertain branch that is being followed; None: what is followed certainly happens."""
        self.undefined: dict[str, Unknown] = {}
        self.functions: list[Function] = []
        """All functions of the source, methods left out, in their order."""
        self.classes: list[Any] = []
        """All classes of the source, in their order."""
        self.instances: list[Instance] = []
        self.trainings: list[Any] = []
        """What libraries found of trainings: `Training`s, or functions that give one after the source."""
        self.idle_weights: list[IdleWeight] = []
        self.notes: dict[str, Any] = {}
        """For libraries, by a name of their own."""
        self._told: set[tuple[str, str]] = set()

    # ---- running ------------------------------------------------------------------------------------------------

    def follow(self) -> None:
        """Follows the whole source, then what it defines and never calls."""
        try:
            statements.run_block(self, self.source.statements)
            for library in self.libraries:
                library.finish(self)
        except EndOfBudget as end:
            self.problem("AE002", end.message, place=end.place, once="budget")

    def evaluate(self, node: ast.expr) -> Value:
        """The value of an expression."""
        return expressions.evaluate(self, node)

    def guard(self, action: Callable[[], Any], place: Place | None, what: str) -> Any:
        """Runs an action; an unexpected exception becomes a problem, unless a test wants to see it."""
        try:
            return action()
        except EndOfBudget:
            raise
        except RecursionError:
            self.problem("AE002", f"{what} is nested too deeply to be followed", place=place, once=what)
        except Exception as error:
            if not self.is_guarded:
                raise
            self.problem(
                "AE002",
                f"{what} could not be followed: {type(error).__name__} in the reader, which is a defect of diabolo",
                place=place,
                once=what,
            )
        return None

    # ---- names --------------------------------------------------------------------------------------------------

    def lookup(self, name: str) -> Value:
        """The value of a name."""
        found = self.frame.find(name)
        if found is not None:
            return found
        if name in builtin_functions.BUILTINS:
            return builtin_functions.BUILTINS[name]
        if name not in self.undefined:
            for library in self.libraries:
                known = library.bare(self, name)
                if known is not None:
                    return known
            self.undefined[name] = Unknown(text=name, is_undefined=True)
        return self.undefined[name]

    def resolve(self, path: str) -> Value:
        """What the libraries know by a dotted path; else a module of that path."""
        for library in self.libraries:
            found = library.resolve(self, path)
            if found is not None:
                return found
        return Module(path)

    def library(self, origin: Origin) -> Library:
        """The library whose tensors have that origin."""
        return next(library for library in self.libraries if library.origin == origin)

    def is_self(self, instance: Instance) -> bool:
        """Whether the method that is being followed calls that instance `self`."""
        return self.frame.names.get("self") is instance

    def name_value(self, name: str, value: Value) -> None:
        """Gives a value its first name, for messages."""
        if isinstance(value, Tensor) and not value.op.variable:
            value.op.variable = name
        elif isinstance(value, Layer) and not value.record.variable:
            value.record.variable = name
        elif isinstance(value, Instance) and not value.variable:
            value.variable = name
        elif isinstance(value, Unknown | Constant | ListValue | DictValue) and not value.text:
            value.text = name
        elif value not in (None,) and hasattr(value, "named"):
            value.named(name)

    # ---- places and messages ------------------------------------------------------------------------------------

    def place(self, node: ast.AST) -> Place:
        """Where a node of the syntax tree is written."""
        return self.source.place(node)

    def text(self, node: ast.AST) -> str:
        """A node as it is written, on one row."""
        return self.source.text_of(node)

    def problem(
        self, rule: str, message: str, *, place: Place | None, remedy: str = "", once: str = "", model: str = ""
    ) -> None:
        """Notes what could not be read or followed; `once`: only the first with that word.

        Shapes that do not fit are no problem where it is not certain that they ever meet.
        """
        if rule == "AE201" and self.branch is not None:
            return
        if once:
            if (rule, once) in self._told:
                return
            self._told.add((rule, once))
        self.problems.append(Problem(rule=rule, message=message, remedy=remedy, place=place, model=model))

    # ---- tensors ------------------------------------------------------------------------------------------------

    def add_op(
        self,
        kind: str,
        title: str,
        inputs: Sequence[Tensor],
        *,
        place: Place | None = None,
        origin: Origin | None = None,
        shape: Shape | None = None,
        shape_rule: ShapeRule | None = None,
        attributes: dict[str, Plain] | None = None,
        layer: LayerRecord | None = None,
        owns_parameters: bool = True,
        input_places: Sequence[Place | None] = (),
        window: Window | None = None,
        is_random: bool = False,
        is_escape: bool = False,
        blocks_gradient: bool = False,
    ) -> Tensor:
        """Records an operation and gives its result."""
        if self.branch is not None and layer is not None:
            layer.is_used = True
        sources = tuple(tensor.op for tensor in inputs)
        if shape is None:
            shape = shape_rule(tuple(op.shape for op in sources)) if shape_rule is not None else ()
        self.budget.spend(2, place)
        return Tensor(
            self.tape.add(
                Op(
                    kind=kind,
                    title=title,
                    inputs=sources,
                    shape=shape,
                    attributes=dict(attributes or {}),
                    origin=origin or (sources[0].origin if sources else self.libraries[0].origin),
                    place=place,
                    input_places=tuple(input_places),
                    layer=layer,
                    owns_parameters=owns_parameters,
                    shape_rule=shape_rule,
                    window=window or Window(),
                    is_random=is_random,
                    is_escape=is_escape,
                    blocks_gradient=blocks_gradient,
                )
            )
        )

    def as_tensor(self, value: Value | None, origin: Origin, place: Place | None = None) -> Tensor | None:
        """A value used as a tensor: something unknown becomes an input of the model; None for what is no tensor."""
        if isinstance(value, Tensor):
            return value
        if isinstance(value, Unknown):
            if value.op is None:
                behind = list(tensors_in(value))
                if behind:
                    result = self.add_op("unknown", value.text or "?", behind, place=place, origin=origin)
                else:
                    result = self.add_op("input", "Input", (), place=place, origin=origin)
                    result.op.variable = value.text
                value.op = result.op
            return Tensor(value.op)
        if value is not None and hasattr(value, "to_tensor"):
            return value.to_tensor(self, origin, place)
        return None

    def escape(self, value: Value | None) -> None:
        """Whatever a value holds counts as used from here on: it went where it is not followed."""
        seen: set[int] = set()
        waiting = [value]
        while waiting:
            current = waiting.pop()
            if current is None or id(current) in seen or isinstance(current, Constant):
                continue
            seen.add(id(current))
            self.budget.spend(1, None)
            if isinstance(current, Tensor):
                self.tape.escape(current.op)
            elif isinstance(current, Layer):
                current.record.is_used = True
            elif isinstance(current, Instance):
                current.is_escaped = True
            elif hasattr(current, "escaped"):
                current.escaped(self)
            waiting.extend(current.parts())

    def hold(self, value: Value) -> None:
        """A container, attribute or argument holds a value: a name that is given away does not lose it."""
        if isinstance(value, Tensor):
            value.op.is_held = True

    def join(self, first: Value, second: Value, place: Place | None, what: str = "if") -> Value:
        """What a value may be after two ways that are both possible."""
        if first is second or _is_same(first, second):
            return first
        if isinstance(first, Tensor) and isinstance(second, Tensor):
            shapes = first.op.shape, second.op.shape
            shape = shapes[0] if shapes[0] == shapes[1] else ()
            return self.add_op("unknown", what, (first, second), place=place, origin=first.op.origin, shape=shape)
        if is_none(first) or is_none(second):
            self.escape(first)
            self.escape(second)
            other = second if is_none(first) else first
            return Unknown(sources=(other,))
        self.escape(first)
        self.escape(second)
        return Unknown(sources=(first, second))

    # ---- calls --------------------------------------------------------------------------------------------------

    def call_unknown(self, callee: Value, call: Call) -> Value:
        """A call of something unknown: all that it is given counts as used; given tensors, it makes one."""
        self.escape(callee)
        inputs = list(dict.fromkeys(tensor for value in call.values for tensor in tensors_in(value)))
        unique = list({tensor.op: tensor for tensor in inputs}.values())
        for value in call.values:
            self.escape(value)
        name = callee.text or call.function_text
        if not unique:
            return Unknown(text=call.function_text or name, sources=(callee,) if list(tensors_in(callee)) else ())
        if not self.is_quiet(name):
            shown = unique[0].text
            self.problem(
                "AE002",
                f"`{clip(name)}` is not known here, so what it makes of `{clip(shown)}` was not followed",
                place=call.place,
                once=name,
            )
        result = self.add_op(
            "unknown", name, unique, place=call.place, origin=unique[0].op.origin, is_escape=True,
        )  # fmt: skip
        return result

    @staticmethod
    def is_quiet(name: str) -> bool:
        """Whether a function is known to make no part of a model: pictures, prints, files."""
        return name.partition(".")[0] in ("matplotlib", "plt", "print", "os", "sys", "time", "logging", "display")

    def call_function(self, function: Function, call: Call) -> Value:
        """Follows a function of the source."""
        return calling.call_function(self, function, call)

    def call_value(self, function: Value, *values: Value, place: Place | None = None, **keywords: Value) -> Value:
        """Calls a value with plain arguments; for libraries."""
        positional = tuple(Argument(value=value) for value in values)
        named = {name: Argument(value=value) for name, value in keywords.items()}
        return function.call(self, Call(positional=positional, keywords=named, place=place))

    def initialise(self, instance: Instance, call: Call) -> None:
        """Follows the `__init__` of a new instance."""
        calling.initialise(self, instance, call)

    def prepare_bases(self, instance: Instance, call: Call) -> Value:
        """The `__init__` of the library classes behind an instance's."""
        return calling.prepare_bases(self, instance, call)

    def constant_method(self, constant: Constant, name: str) -> Value:
        """A method of a string or number."""
        return methods.constant_method(constant, name)

    def list_method(self, value: ListValue, name: str) -> Value:
        """A method of a list."""
        return methods.list_method(value, name)

    def mapping_method(self, value: DictValue, name: str) -> Value:
        """A method of a dictionary."""
        return methods.mapping_method(value, name)

    @contextmanager
    def uncertain(self) -> Iterator[None]:
        """Inside, nothing is certain to happen: known lists that are changed become unknown."""
        kept, self.branch = self.branch, object()
        try:
            yield
        finally:
            self.branch = kept


def tensors_in(value: Value, limit: int = 1000) -> Iterator[Tensor]:
    """All tensors that a value holds or depends on."""
    seen: set[int] = set()
    waiting = [value]
    while waiting and len(seen) < limit:
        current = waiting.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, Tensor):
            yield current
        elif isinstance(current, Unknown) and current.op is not None:
            yield Tensor(current.op)
        elif isinstance(current, ListValue | DictValue | Unknown):
            waiting.extend(reversed(list(current.parts())))


def is_torch_only(run: Interpreter) -> bool:
    """Whether a source speaks of PyTorch and nowhere of Keras: its bare names are PyTorch's."""
    found = run.notes.get("torch only")
    if found is None:
        text = run.source.text or "\n".join(run.source.cells)
        found = run.notes["torch only"] = "torch" in text and "keras" not in text and "tensorflow" not in text
    return bool(found)


def _is_same(first: Value, second: Value) -> bool:
    if isinstance(first, Constant) and isinstance(second, Constant):
        return type(first.value) is type(second.value) and bool(first.value == second.value)
    if isinstance(first, Tensor) and isinstance(second, Tensor):
        return first.op is second.op
    if isinstance(first, Module) and isinstance(second, Module):
        return first.path == second.path
    return False


__all__ = ["Interpreter", "broadcast", "is_torch_only", "tensors_in"]
