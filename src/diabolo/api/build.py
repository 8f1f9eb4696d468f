"""`build`: a model from a zoo name, a line or a spec."""

from diabolo.graph import CIFAR_SHAPE
from diabolo.model import AutoEncoder, build_model
from diabolo.notation import Spec
from diabolo.vocabulary import Shape
from diabolo.zoo.resolve import resolve


def build(
    model: str | Spec,
    input_shape: Shape | None = None,
    *,
    seed: int = 0,
    initialisation: str = "glorot-uniform",
    engine: str | None = None,
) -> AutoEncoder:
    """Builds an autoencoder as a plain `torch.nn.Module` with `encode`, `decode` and `forward`.

    Args:
        model: a zoo name (`method-2`), a line, a spec, or `file.py:name`.
        input_shape: (height, width, channels) of the images; CIFAR-10's 32×32×3 where nothing says otherwise.
        seed: of the initial weights; each layer's depend on (seed, its name) alone.
        initialisation: `glorot-uniform`, `he-normal` or `torch-uniform`.
        engine: `plain`, `fused` or `auto`, how it runs on a CPU; None asks `$DIABOLO_ENGINE`, then takes the default.

    Raises:
        LineError: the line cannot be read.
        ShapeError: a layer does not fit the shape that reaches it.
        DiaboloError: no engine has that name.
    """
    named = resolve(model)
    shape = input_shape or named.input_shape or CIFAR_SHAPE
    return build_model(named.spec, shape, seed=seed, initialisation=initialisation, engine=engine)
