"""From a line to a model with its initial weights."""

from diabolo.graph import CIFAR_SHAPE, ModelGraph, build_graph
from diabolo.model.autoencoder import AutoEncoder
from diabolo.model.initialise import initialise
from diabolo.notation import Spec
from diabolo.vocabulary import Shape


def build_model(
    model: str | Spec | ModelGraph,
    input_shape: Shape = CIFAR_SHAPE,
    *,
    seed: int = 0,
    initialisation: str = "glorot-uniform",
    engine: str | None = None,
) -> AutoEncoder:
    """Builds an autoencoder.

    Args:
        model: a line, a spec, or a graph (then `input_shape` is the graph's own).
        input_shape: (height, width, channels) of the images.
        seed: of the initial weights; each layer's depend on (seed, its name) alone.
        initialisation: see `initialise`.
        engine: `plain`, `fused` or `auto`, how it runs on a CPU (see `AutoEncoder`); None asks `DIABOLO_ENGINE`,
            and is `plain` without it.

    Raises:
        LineError, ShapeError: the line cannot be read, or does not fit the images.
        RecipeError: the initialisation is unknown.
        DiaboloError: the engine is unknown.
    """
    graph = model if isinstance(model, ModelGraph) else build_graph(model, input_shape)
    built = AutoEncoder(graph, engine=engine)
    initialise(built.layers, seed, initialisation)
    return built
