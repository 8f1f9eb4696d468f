"""The tape: every operation on tensors that the interpreter meets, in the order of execution, and the layer objects."""

from collections.abc import Callable
from dataclasses import dataclass, field

from diabolo.graph import Origin, Place
from diabolo.vocabulary import Shape, Value, Window

ShapeRule = Callable[[tuple[Shape, ...]], Shape]
"""Shape of a result from those of the inputs; sides may be 0 and shapes empty where they are not known."""


@dataclass(eq=False, kw_only=True)
class LayerRecord:
    """A layer object as it grows: built in one place, perhaps never called, perhaps called several times."""

    title: str
    """Its class as it is written, without a leading `nn.`: `Conv2D`, `BatchNorm2d`."""
    kind: str
    """A name of the vocabulary or one of `FOREIGN_KINDS`."""
    place: Place | None = None
    """Where it is built."""
    variable: str = ""
    """The first name that it is given: `conv1`, `self.conv1`."""
    attributes: dict[str, Value] = field(default_factory=dict)
    """As in `Node.attributes`."""
    arguments: dict[str, Place] = field(default_factory=dict)
    """As `Node.arguments`."""
    arguments_end: Place | None = None
    """As `Node.arguments_end`."""
    num_trainable: int = 0
    """Parameters that training changes, once they are known."""
    num_non_trainable: int = 0
    """Parameters that it keeps and does not train."""
    is_trainable: bool = True
    """False for a frozen layer."""
    num_calls: int = 0
    """How often it was called."""
    is_used: bool = False
    """Whether it was handed to something that may call it."""
    name: str = ""
    """Unique: what `Node.layer` says."""


@dataclass(eq=False, kw_only=True)
class Op:
    """One operation: a node before it belongs to a graph."""

    kind: str
    """As `Node.kind`; also `loss` for what measures an error, which no graph keeps."""
    title: str
    """As `Node.title`."""
    inputs: tuple["Op", ...] = ()
    """Operations that it reads."""
    shape: Shape = ()
    """(height, width, channels) or (features,); 0 for an unknown side, empty where nothing is known."""
    attributes: dict[str, Value] = field(default_factory=dict)
    """As `Node.attributes`."""
    origin: Origin = "keras"
    """Whose operation it is."""
    place: Place | None = None
    """Where it is called."""
    input_places: tuple[Place | None, ...] = ()
    """Where each input is written."""
    statement: Place | None = None
    """As `Node.statement`."""
    blocks_gradient: bool = False
    """As `Node.blocks_gradient`."""
    layer: LayerRecord | None = None
    """The layer object that it calls."""
    num_trainable: int = 0
    """Values that are trained, of a parameter that belongs to no layer."""
    owns_parameters: bool = True
    """Whether the layer's parameters are this node's: not for the activation that belongs to a convolution."""
    shape_rule: ShapeRule | None = None
    """How the shape follows from the inputs' shapes, for copies of it."""
    window: Window = field(default_factory=Window)
    """As `Node.window`."""
    is_random: bool = False
    """Whether it draws random numbers in training."""
    is_escape: bool = False
    """Whether its inputs count as used, though nothing is known of what becomes of them."""
    variable: str = ""
    """The first name that its result is given."""
    overwritten: Place | None = None
    """Where that name was given another value."""
    copied_from: "Op | None" = None
    """In a model that is called like a layer: the operation of the model itself."""
    num_readers: int = 0
    """How many operations read it."""
    is_held: bool = False
    """Whether more than one name or a container holds it, so that a name given away does not lose it."""
    index: int = 0
    """Position on the tape."""


class Tape:
    """All operations and layer objects of one source, in the order of execution."""

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self.layers: list[LayerRecord] = []
        self.escaped: set[Op] = set()
        """Operations whose results went where they cannot be followed."""
        self.set_aside: set[Op] = set()
        """Operations of a further call of a model that was read already: they make no nodes."""
        self.returned: dict[Op, None] = {}
        """Results of functions that the source never calls, in their order."""

    def add(self, op: Op) -> Op:
        """Records an operation."""
        op.index = len(self.ops)
        self.ops.append(op)
        for source in op.inputs:
            source.num_readers += 1
        if op.is_escape:
            self.escaped.add(op)
        if op.layer is not None and op.owns_parameters:
            op.layer.num_calls += 1
        return op

    def add_layer(self, layer: LayerRecord) -> LayerRecord:
        """Records a layer object, and gives it a name of its own."""
        layer.name = f"{layer.kind}#{len(self.layers) + 1}"
        self.layers.append(layer)
        return layer

    def escape(self, op: Op) -> None:
        """Marks a result as used by something that is not followed."""
        self.escaped.add(op)
        op.is_held = True
