"""A Keras model's configuration, as `.keras` files hold it, as a subject: plain JSON is read, nothing is built from it.

A saved model has lost its dead branches: its configuration lists the layers that lead to its outputs and no others.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from diabolo.checks.live.assemble import assemble
from diabolo.checks.live.keras_entries import KerasTape, LayerCall, shape_of
from diabolo.checks.live.keras_training import read_training
from diabolo.checks.live.tape import Entry
from diabolo.checks.subject import Problem, Subject
from diabolo.errors import DiaboloError, clip
from diabolo.vocabulary import Shape

_MODELS = ("Functional", "Model", "Sequential")
_MOST_LAYERS = 20_000
_DEEPEST = 30
_FROM_KERAS = ("keras", "tf_keras", "tensorflow", "builtins")

Key = tuple[str, int]
"""A call: name of the layer, and which of its calls, from 0."""


def read_config(
    config: Any,
    class_name: str,
    source: str,
    *,
    input_shape: Shape | None = None,
    compile_config: Any = None,
) -> Subject:
    """A model by its configuration.

    Args:
        config: what `model.get_config()` gives, as JSON values.
        class_name: `Functional`, `Model` or `Sequential`; another is the user's own, of which nothing is known.
        source: how messages call the file or model.
        input_shape: (height, width, channels), where a `Sequential` does not say it.
        compile_config: what the model was compiled with.

    Raises:
        DiaboloError: the configuration is not as Keras writes it.
    """
    name = str(config.get("name", "")) if isinstance(config, Mapping) else ""
    if class_name not in _MODELS:
        message = f"`{clip(class_name)}` is a class of its writer's own, whose `call` no file holds"
        return Subject(source=source, problems=(Problem(rule="AE003", message=message, model=name),))
    reader = _Reader()
    try:
        made = reader.whole(config, class_name, input_shape)
        trainings = read_training(compile_config, name) if isinstance(compile_config, Mapping) else ()
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError, OverflowError) as error:
        if isinstance(error, DiaboloError):
            raise
        raise DiaboloError(
            f"`{source}`: its configuration is not as Keras writes it ({type(error).__name__}: "
            f"{clip(str(error))}); save the model again"
        ) from None
    problems = tuple(reader.tape.problems)
    if not made:
        return Subject(source=source, problems=problems, trainings=trainings)
    entries = reader.tape.tape.entries
    shapes = {entry.shape for entry in entries if entry.kind == "input"}
    made.sort(key=lambda entry: entry.shape not in shapes)  # the reconstruction has the images' shape
    graph = assemble(entries, made, name=name, origin="keras", latent=reader.split(made[0])).graph
    return Subject(source=source, graphs=(graph,), problems=problems, trainings=trainings)


class _Reader:
    def __init__(self) -> None:
        self.tape = KerasTape()
        self.nested: list[tuple[int, list[Entry]]] = []
        self.depth = 0
        self.num_layers = 0

    def whole(self, config: Any, class_name: str, input_shape: Shape | None) -> list[Entry]:
        """The outermost model: its inputs are those of the graph."""
        if class_name == "Sequential":
            shape = _sequential_shape(config) or input_shape
            first = self.tape.add_input("input", shape or ())
            return self._sequential(config, [first], "")
        return self._functional(config, None, "")

    def split(self, output: Entry) -> Entry | None:
        """What the first of two models that make up the whole hands to the second."""
        whole = [made for depth, made in self.nested if depth == 1]
        if len(whole) >= 2 and len(whole[0]) == 1 and whole[-1] == [output]:
            return whole[0][0]
        return None

    def _sequential(self, config: Any, given: list[Entry], prefix: str) -> list[Entry]:
        layers = config["layers"] if isinstance(config, Mapping) else config  # Keras 2.0 wrote the list alone
        made = given
        for layer in _checked(layers):
            if layer["class_name"] != "InputLayer":
                made = self._call(layer, _name(layer), made, prefix)
        return made

    def _functional(self, config: Any, given: list[Entry] | None, prefix: str) -> list[Entry]:
        layers = {_name(layer): layer for layer in _checked(config["layers"])}
        made: dict[Key, list[Entry]] = {}
        inputs = _references(config["input_layers"])
        first_call = self._first_calls(layers, config)
        for index, (name, call, _) in enumerate(inputs):
            if given is not None:
                made[name, call] = [given[index]]
            else:
                made[name, call] = [self.tape.add_input(f"{prefix}{name}", _input_shape(layers[name]))]
        waiting = {
            (name, call): sources
            for name, layer in layers.items()
            for call, sources in enumerate(_calls(layer), start=first_call.get(name, 0))
            if (name, call) not in made and layer["class_name"] != "InputLayer"
        }
        while waiting:
            ready = [key for key, sources in waiting.items() if all((name, call) in made for name, call, _ in sources)]
            if not ready:
                listed = ", ".join(f"`{clip(name)}`" for name, _ in list(waiting)[:3])
                raise DiaboloError(f"the inputs of {listed} are not in the configuration, or form a circle")
            for key in ready:
                sources = waiting.pop(key)
                read = [made[name, call][min(part, len(made[name, call]) - 1)] for name, call, part in sources]
                made[key] = self._call(layers[key[0]], key[0], read, prefix)
        return [
            made[name, call][min(part, len(made[name, call]) - 1)]
            for name, call, part in _references(config["output_layers"])
        ]

    @staticmethod
    def _first_calls(layers: Mapping[str, Any], config: Any) -> dict[str, int]:
        """1 for models inside of the model: Keras counts what they were built from as their call number 0."""
        referred = [reference for layer in layers.values() for sources in _calls(layer) for reference in sources]
        referred += _references(config["output_layers"])
        first: dict[str, int] = {}
        for name, layer in layers.items():
            calls = {call for other, call, _ in referred if other == name}
            if layer["class_name"] in _MODELS and calls and 0 not in calls:
                first[name] = 1
        return first

    def _call(self, layer: Any, name: str, read: list[Entry], prefix: str) -> list[Entry]:
        self.num_layers += 1
        if self.num_layers > _MOST_LAYERS:
            raise DiaboloError(f"the configuration holds more than {_MOST_LAYERS:,} layers")
        class_name, config, path = str(layer["class_name"]), layer.get("config") or {}, f"{prefix}{name}"
        if class_name in _MODELS:
            return self._nested(config, class_name, read, path)
        if class_name in ("TimeDistributed", "Bidirectional") and isinstance(config.get("layer"), Mapping):
            config = {key: value for key, value in config.items() if key != "layer"}
        is_custom = not str(layer.get("module") or "keras").startswith(_FROM_KERAS) or ">" in str(
            layer.get("registered_name") or ""
        )
        if class_name == "Lambda" or is_custom:
            self._say_closed(class_name, path)
        entry = self.tape.add_call(
            LayerCall(
                class_name=class_name,
                name=path,
                layer=path,
                config=config,
                inputs=tuple(dict.fromkeys(read)),
                is_operation="ops" in str(layer.get("module") or "").split("."),
                is_custom=is_custom,
            )
        )
        return [entry]

    def _nested(self, config: Any, class_name: str, read: list[Entry], path: str) -> list[Entry]:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise DiaboloError(f"its models lie more than {_DEEPEST} deep in each other")
        run = self._sequential if class_name == "Sequential" else self._functional
        made = run(config, read, f"{path}/")
        self.nested.append((self.depth, made))
        self.depth -= 1
        return made

    def _say_closed(self, class_name: str, path: str) -> None:
        if class_name == "Lambda":
            message = f"`{clip(path)}` (Lambda) holds Python code, which was not run: what it does is not known"
        else:
            message = (
                f"`{clip(path)}` is a `{clip(class_name)}`, a class of its writer's own: what it does is not known"
            )
        if all(problem.message != message for problem in self.tape.problems):
            self.tape.problems.append(Problem(rule="AE003", message=message))


def _checked(layers: Any) -> list[Any]:
    if not isinstance(layers, list) or not all(isinstance(layer, Mapping) for layer in layers):
        raise DiaboloError("its `layers` are no list of layers")
    return layers


def _name(layer: Any) -> str:
    inner = layer.get("config")
    return str(layer.get("name") or (inner.get("name") if isinstance(inner, Mapping) else "") or layer["class_name"])


def _references(value: Any) -> list[tuple[str, int, int]]:
    """`["image", 0, 0]`, a list of such, or a dict of such."""
    if isinstance(value, Mapping):
        return [reference for item in value.values() for reference in _references(item)]
    if isinstance(value, list) and len(value) >= 3 and isinstance(value[0], str) and isinstance(value[1], int):
        return [(value[0], int(value[1]), int(value[2]))]
    return [reference for item in value for reference in _references(item)]


def _calls(layer: Any) -> Iterator[list[tuple[str, int, int]]]:
    """Of each call the tensors that it reads, in both of the forms that Keras has written."""
    for node in layer.get("inbound_nodes") or ():
        if isinstance(node, Mapping):  # Keras 3
            yield list(_tensors(node))
        else:  # Keras 2: [["image", 0, 0, {"mask": …}], …], or one such
            items = [node] if node and isinstance(node[0], str) else node
            yield [(str(item[0]), int(item[1]), int(item[2])) for item in items] + [
                reference for item in items if len(item) > 3 for reference in _old_keywords(item[3])
            ]


def _tensors(value: Any) -> Iterator[tuple[str, int, int]]:
    if isinstance(value, Mapping):
        if value.get("class_name") == "__keras_tensor__":
            name, call, part = value["config"]["keras_history"]
            yield str(name), int(call), int(part)
        else:
            for item in value.values():
                yield from _tensors(item)
    elif isinstance(value, list):
        for item in value:
            yield from _tensors(item)


def _old_keywords(keywords: Any) -> Iterator[tuple[str, int, int]]:
    for value in keywords.values() if isinstance(keywords, Mapping) else ():
        if isinstance(value, list) and len(value) == 3 and isinstance(value[0], str) and isinstance(value[1], int):
            yield value[0], value[1], int(value[2])


def _input_shape(layer: Any) -> Shape:
    config = layer.get("config") or {}
    return shape_of(config.get("batch_shape") or config.get("batch_input_shape"))


def _sequential_shape(config: Any) -> Shape:
    if not isinstance(config, Mapping):
        return ()
    shape = shape_of(config.get("build_input_shape"))
    for layer in config.get("layers") or ():
        inner = layer.get("config") if isinstance(layer, Mapping) else None
        if isinstance(inner, Mapping):
            shape = shape or shape_of(inner.get("batch_shape") or inner.get("batch_input_shape"))
            break
    return shape
