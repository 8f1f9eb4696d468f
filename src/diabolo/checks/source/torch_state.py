"""What the reading of PyTorch code keeps beside the tape: modes, models that were called, steps of training."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from diabolo.checks.source.tape import Op
from diabolo.checks.source.values import Value
from diabolo.graph import Place

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter


@dataclass(eq=False, kw_only=True)
class Span:
    """One call of a model from outside of any other: the operations that it put on the tape."""

    model: Value
    """The model object."""
    method: str = "forward"
    """The method that was called."""
    first: int
    """Position of its first operation."""
    last: int = 0
    """Position behind its last operation."""
    arguments: tuple[Value, ...] = ()
    """What it was given."""
    result: Value | None = None
    """What it gave back."""
    inputs: tuple[Op, ...] = ()
    """The tensors that it was given."""
    outputs: tuple[Op, ...] = ()
    """The tensors that it gave back."""
    place: Place | None = None
    """Where it was called; None where the call is only supposed."""
    is_certain: bool = True
    """Whether the call certainly happens."""
    loops: tuple["Loop", ...] = ()
    """The loops around it, outermost first."""


@dataclass(eq=False, kw_only=True)
class Step:
    """One `backward()` of a training loop."""

    loss: Value
    """What it is called on."""
    place: Place | None
    """Where."""
    loops: tuple["Loop", ...] = ()
    """The loops around it, outermost first."""
    position: int = 0
    """Length of the tape."""
    spans: int = 0
    """How many models had been called."""
    optimiser: Any = None
    """The last optimiser that was built before."""


@dataclass(eq=False, kw_only=True)
class Loop:
    """A loop that is being followed."""

    num_rounds: int | None
    """How often it runs, where that is known."""
    loader: Any = None
    """The loader of images that it goes through, if it does."""
    zeroes: bool = False
    """Whether `zero_grad` is called somewhere in its body, or in a function that its body calls."""
    place: Place | None = None
    """Where it is written."""


@dataclass(frozen=True, kw_only=True)
class Example:
    """The size of an image that a source names for a model: `summary(model, (3, 32, 32))`."""

    model: Value
    """The model object."""
    sizes: tuple[int, ...]
    """(channels, height, width), or the number of values."""
    place: Place | None
    """Where."""


@dataclass(eq=False, kw_only=True)
class TorchState:
    """Of one reading."""

    no_grad: int = 0
    """How many `no_grad` are around what is followed."""
    depth: int = 0
    """How many models are being called inside of each other."""
    spans: list[Span] = field(default_factory=list)
    """Calls of models from outside, in order."""
    steps: list[Step] = field(default_factory=list)
    """Steps of training, in order."""
    loops: list[Loop] = field(default_factory=list)
    """Loops around what is followed."""
    optimisers: list[Any] = field(default_factory=list)
    """Optimisers built."""
    zeroed: list[tuple[Loop, ...]] = field(default_factory=list)
    """The loops around each place where gradients are set to zero."""
    has_unknown_step: bool = False
    """Whether something unknown may set them to zero: a library's trainer or accelerator."""
    modes: list[tuple[str, Value, int]] = field(default_factory=list)
    """`train` or `eval`, on what, and how many models had been called before."""
    batches: dict[int, tuple[Value, Any]] = field(default_factory=dict)
    """Batches that loaders gave, each with its loader."""
    num_misfits: int = 0
    """Shapes that did not fit so far."""
    is_element: bool = False
    """Whether the layer that is called stands in an `nn.Sequential`, so that all of them are called in one place."""
    is_trial: bool = False
    """Whether a model is only tried with an image of some size."""
    examples: list[Example] = field(default_factory=list)
    """Sizes of images that the source names."""


def state_of(run: "Interpreter") -> TorchState:
    """The state of a reading."""
    if "torch" not in run.notes:
        run.notes["torch"] = TorchState()
    state = run.notes["torch"]
    assert isinstance(state, TorchState)
    return state
