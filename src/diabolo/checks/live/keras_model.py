"""A live Keras model as a subject, by its layers' own record of calls: `keras` itself is not imported here.

A Keras model forgets the calls that do not lead to its outputs; its layers do not. Their outbound nodes show what was
called and never used.
"""

import gc
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from diabolo.checks.live.assemble import assemble
from diabolo.checks.live.keras_config import read_config
from diabolo.checks.live.keras_entries import KerasTape, LayerCall, shape_of
from diabolo.checks.live.keras_training import read_training
from diabolo.checks.live.tape import Entry
from diabolo.checks.subject import Problem, Subject
from diabolo.vocabulary import Shape


def read_keras_model(model: Any, *, input_shape: Shape | None = None) -> Subject:
    """What a Keras model holds: functional and sequential ones whole, with nested ones written out and dead branches.

    The wiring of a model that is a subclass with a `call` of its own cannot be seen; its functional parts can.

    Args:
        model: a `keras.Model`.
        input_shape: (height, width, channels), for a `Sequential` that has not seen an input yet.
    """
    name = str(model.name)
    if is_functional(model):
        return _functional(model, name)
    if type(model).__name__ == "Sequential":
        return read_config(model.get_config(), "Sequential", name, input_shape=input_shape)
    parts = [part for part in _sublayers(model) if is_functional(part)]
    listed = ", ".join(f"`{part.name}`" for part in parts)
    seen = f"; its parts {listed} are looked at one by one" if parts else ""
    problem = Problem(
        rule="AE002",
        message=f"`{type(model).__name__}` has a `call` of its own, which a live model does not show{seen}",
        remedy="Check the source file of the class as well.",
        model=name,
    )
    loose = tuple(_functional(part, str(part.name)).graphs[0] for part in parts)
    return Subject(source=name, loose=loose, problems=(problem,), trainings=_trainings(model, name))


def is_functional(model: Any) -> bool:
    """Whether a model knows its inputs, outputs and what lies between them."""
    if type(model).__name__ == "Sequential":
        return bool(getattr(model, "_functional", None))
    return all(hasattr(model, name) for name in ("_operations_by_depth", "_inputs", "_outputs"))


def _functional(model: Any, name: str) -> Subject:
    walk = _Walk()
    given = [
        walk.tape.add_input(str(tensor._keras_history.operation.name), shape_of(tensor.shape))
        for tensor in _tensors(_inner(model)._inputs)
    ]
    outputs = walk.run(model, given, "")
    shapes = {entry.shape for entry in given}
    outputs.sort(key=lambda entry: entry.shape not in shapes)  # the reconstruction has the images' shape
    graph = assemble(walk.tape.tape.entries, outputs, name=name, origin="keras", latent=_split(walk, outputs[0])).graph
    return Subject(source=name, graphs=(graph,), trainings=_trainings(model, name), problems=tuple(walk.tape.problems))


def _split(walk: "_Walk", output: Entry) -> Entry | None:
    """What the first of two models that make up the whole hands to the second."""
    whole = [made for depth, made in walk.nested if depth == 1]
    if len(whole) >= 2 and len(whole[0]) == 1 and whole[-1] == [output]:
        return whole[0][0]
    return None


def _trainings(model: Any, name: str) -> tuple[Any, ...]:
    if not getattr(model, "compiled", False):
        return ()
    try:
        config = model.get_compile_config()
    except Exception:  # a loss or optimiser of the user's own may refuse to be described
        return ()
    return read_training(config, name) if isinstance(config, Mapping) else ()


class _Walk:
    """Goes through a model and the models inside of it."""

    def __init__(self) -> None:
        self.tape = KerasTape()
        self.nested: list[tuple[int, list[Entry]]] = []
        self.layers: dict[int, str] = {}
        self.elsewhere = set(_outputs_of_living_models())
        self.depth = 0

    def run(self, model: Any, given: list[Entry], prefix: str) -> list[Entry]:
        """Operations of a model on inputs; those that make its outputs."""
        model = _inner(model)
        inputs, outputs = _tensors(model._inputs), _tensors(model._outputs)
        made: dict[int, Entry] = {id(tensor): entry for tensor, entry in zip(inputs, given, strict=True)}
        for node in _nodes(inputs, outputs, self.elsewhere):
            read = [made[id(tensor)] for tensor in node.input_tensors if id(tensor) in made]
            results = self._call(node, read, prefix)
            for tensor, entry in zip(_tensors(node.output_tensors), results, strict=False):
                made[id(tensor)] = entry
        return [made[id(tensor)] for tensor in outputs if id(tensor) in made]

    def _call(self, node: Any, read: list[Entry], prefix: str) -> list[Entry]:
        operation, results = node.operation, _tensors(node.output_tensors)
        name = f"{prefix}{operation.name}"
        if is_functional(operation) and len(read) == len(_tensors(_inner(operation)._inputs)):
            self.depth += 1
            made = self.run(operation, read, f"{name}/")
            self.nested.append((self.depth, made))
            self.depth -= 1
            return made
        is_layer = hasattr(operation, "trainable_weights")
        entry = self.tape.add_call(
            LayerCall(
                class_name=type(operation).__name__,
                name=name,
                layer=self._layer(operation, name) if is_layer else "",
                config=_config(operation),
                inputs=tuple(dict.fromkeys(read)),
                shape=shape_of(results[0].shape) if results else None,
                num_trainable=_size(getattr(operation, "trainable_weights", ())),
                num_non_trainable=_size(getattr(operation, "non_trainable_weights", ())),
                is_operation=not is_layer,
                is_custom=not type(operation).__module__.startswith(("keras.", "tf_keras.", "tensorflow.")),
            )
        )
        return [entry] * len(results)

    def _layer(self, operation: Any, name: str) -> str:
        """The same for all calls of a layer object, wherever it is called from."""
        if id(operation) not in self.layers:
            taken = sum(known.partition("#")[0] == name for known in self.layers.values())
            self.layers[id(operation)] = f"{name}#{taken + 1}" if taken else name
        return self.layers[id(operation)]


def _nodes(inputs: list[Any], outputs: list[Any], elsewhere: set[int]) -> list[Any]:
    """Calls of layers between inputs and outputs, each after those that it reads; with branches that lead nowhere.

    A branch from an output on, or one that another living model ends with, leads somewhere and is left out.
    """
    known = {id(tensor) for tensor in inputs}
    starts, found = {id(tensor) for tensor in inputs}, []
    waiting = deque(node for tensor in inputs for node in _consumers(tensor))
    seen: set[int] = set()
    while waiting:
        node = waiting.popleft()
        if id(node) in seen or not all(id(tensor) in known for tensor in node.input_tensors):
            continue  # it comes again when its last input is there; or belongs to another input, of another model
        seen.add(id(node))
        made = [tensor for tensor in _tensors(node.output_tensors) if id(tensor) not in starts]
        known.update(map(id, made))
        found.append(node)
        waiting.extend(following for tensor in made for following in _consumers(tensor))
    wanted = _ancestors(found, {id(tensor) for tensor in outputs})
    from_outputs = {id(tensor) for tensor in outputs}
    used_elsewhere = set(elsewhere)
    for node in found:
        if id(node) not in wanted and any(id(tensor) in from_outputs for tensor in node.input_tensors):
            from_outputs.update(map(id, _tensors(node.output_tensors)))
            used_elsewhere.update(map(id, _tensors(node.output_tensors)))
    excused = _ancestors(found, used_elsewhere)
    return [node for node in found if id(node) in wanted or id(node) not in excused]


def _ancestors(nodes: list[Any], tensors: set[int]) -> set[int]:
    """`id`s of the nodes that some tensors depend on; nodes are in order of execution."""
    needed, found = set(tensors), set()
    for node in reversed(nodes):
        if any(id(tensor) in needed for tensor in _tensors(node.output_tensors)):
            found.add(id(node))
            needed.update(map(id, node.input_tensors))
    return found


def _consumers(tensor: Any) -> Iterator[Any]:
    history = getattr(tensor, "_keras_history", None)
    for node in getattr(history.operation, "_outbound_nodes", ()) if history is not None else ():
        if any(other is tensor for other in node.input_tensors):
            yield node


def _outputs_of_living_models() -> Iterator[int]:
    """`id`s of the tensors that any functional model in memory puts out."""
    for value in gc.get_objects():
        cls = type(value)
        if cls.__name__ in ("Functional", "Model") or any(base.__name__ == "Functional" for base in cls.__mro__):
            outputs = getattr(value, "__dict__", {}).get("_outputs")
            yield from map(id, _tensors(outputs))


def _inner(model: Any) -> Any:
    """The functional model that a `Sequential` keeps inside."""
    return model._functional if type(model).__name__ == "Sequential" else model


def _tensors(value: Any) -> list[Any]:
    if value is None:
        return []
    if isinstance(value, Mapping):
        return [tensor for item in value.values() for tensor in _tensors(item)]
    if isinstance(value, list | tuple):
        return [tensor for item in value for tensor in _tensors(item)]
    return [value]


def _config(operation: Any) -> Mapping[str, Any]:
    """A layer's configuration; empty where a class of the user's own does not give one."""
    try:
        config = operation.get_config()
    except Exception:  # `NotImplementedError`, or whatever the user's method raises
        return {"trainable": getattr(operation, "trainable", True)}
    return config if isinstance(config, Mapping) else {}


def _size(weights: Sequence[Any]) -> int:
    total = 0
    for weight in weights:
        size = 1
        for side in weight.shape:
            size *= int(side or 0)
        total += size
    return total


def _sublayers(model: Any) -> Iterator[Any]:
    yield from getattr(model, "_layers", None) or ()
