"""The front end of our own lines: a line, or a graph that came from one, as a subject."""

from diabolo.checks.subject import Problem, Subject
from diabolo.errors import LineError, ShapeError
from diabolo.graph import CIFAR_SHAPE, ModelGraph, Place, build_graph
from diabolo.notation import Spec
from diabolo.vocabulary import Shape


def read_line(spec: Spec | str, input_shape: Shape = CIFAR_SHAPE) -> Subject:
    """A line as a subject; one that cannot be read, or whose shapes do not fit, gives a problem and no graph.

    Args:
        spec: a spec, or a line.
        input_shape: (height, width, channels) of the images.
    """
    line = spec if isinstance(spec, str) else str(spec)
    try:
        return read_graph(build_graph(line, input_shape))
    except LineError as error:
        rule = "AE201" if isinstance(error, ShapeError) else "AE001"
        place = Place(source=error.line, start=error.start, end=error.end)
        return Subject(
            source=error.line, text=error.line, problems=(Problem(rule=rule, message=error.problem, place=place),)
        )


def read_graph(graph: ModelGraph) -> Subject:
    """A graph that came from a line, as a subject."""
    written = next((node.place.source for node in graph.nodes if node.place is not None), graph.line or "")
    return Subject(source=written, text=written, graphs=(graph,))
