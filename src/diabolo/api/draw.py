"""`draw`: a model as an hourglass in SVG; no torch for names, lines, specs and runs."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from diabolo.errors import DiaboloError, OutputError
from diabolo.files import write_text
from diabolo.graph import CIFAR_SHAPE, ModelGraph, build_graph
from diabolo.notation import Spec
from diabolo.report import draw_line
from diabolo.vocabulary import Shape
from diabolo.zoo.resolve import resolve

if TYPE_CHECKING:
    from diabolo.model import AutoEncoder


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A drawing; a notebook shows it."""

    name: str
    """Short name of the model."""
    line: str
    """The canonical line."""
    svg: str
    """The SVG document, with colours for light and dark."""

    def _repr_svg_(self) -> str:
        return self.svg

    def save(self, target: str | Path) -> Path:
        """Writes the SVG file and returns its path.

        Raises:
            OutputError: the name does not end in `.svg`, or the place cannot be written.
        """
        target = Path(target)
        if target.suffix.lower() != ".svg":
            raise OutputError(f"cannot write `{target}`: drawings are SVG files; choose a name that ends in `.svg`")
        write_text(target, self.svg + "\n")
        return target


def draw(model: "str | Spec | AutoEncoder", input_shape: Shape | None = None) -> Drawing:
    """Draws a model: wide is high resolution, thick is many channels; side branches are dashed.

    Args:
        model: a zoo name, a line, a spec, a run folder, `file.py:name`, or a built model that has a line.
        input_shape: (height, width, channels) of the images; 32×32×3 where nothing says otherwise.

    Raises:
        LineError, ShapeError: the line cannot be read, or does not fit the images.
        DiaboloError: the model has no line.
    """
    graph = getattr(model, "graph", None)
    if isinstance(graph, ModelGraph):
        if graph.line is None:
            raise DiaboloError("this model has no line, and a drawing is made from the line; build it from one")
        name = "model"
    else:
        assert isinstance(model, str | Spec)
        named = resolve(model)
        name = named.name
        graph = build_graph(named.spec, input_shape or named.input_shape or CIFAR_SHAPE)
    assert graph.line is not None
    return Drawing(name=name, line=graph.line, svg=draw_line(graph, name=name))
