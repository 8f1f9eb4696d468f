"""A batch of images of which nothing is known but that it is one."""

from typing import TYPE_CHECKING

from diabolo.checks.source.torch_tensor import add_tensor
from diabolo.checks.source.values import Tensor, Value
from diabolo.graph import Place

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter


class UnknownBatch(Value):
    """What a trainer or an unknown loader hands over: images, with or without labels."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.images: Tensor | None = None

    def named(self, name: str) -> None:
        """Its first name in a loop."""
        self.text = name

    def to_tensor(self, run: "Interpreter", origin: object, place: Place | None) -> Tensor:
        """The images themselves."""
        if self.images is None:
            self.images = add_tensor(run, "input", "Input", (), (), place=None)
            self.images.op.variable = self.text
        return self.images

    def item(self, run: "Interpreter", index: Value, place: Place | None) -> Value:
        """Images or labels."""
        return add_tensor(run, "input", "Input", (), (), place=None)

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """Of the images."""
        return self.to_tensor(run, "torch", place).attribute(run, name, place)
