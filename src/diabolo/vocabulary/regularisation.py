"""`dropout` and `noise`: random in training, nothing in evaluation."""

from diabolo.vocabulary.kind import Attributes, Effect, LayerKind, Setting, Shape


def _infer(shape: Shape, attributes: Attributes) -> Effect:
    return Effect(shape=shape)


KINDS = (
    LayerKind(
        name="dropout",
        title="Dropout",
        meaning="zeroes a share of the values in training",
        infer=_infer,
        settings=(Setting(name="p", default=0.5, meaning="share of values zeroed", minimum=0.0, maximum=0.999),),
        is_random=True,
    ),
    LayerKind(
        name="noise",
        title="GaussianNoise",
        meaning="adds Gaussian noise in training",
        infer=_infer,
        settings=(Setting(name="std", default=0.1, meaning="standard deviation, images in 0..1", minimum=0.0),),
        is_random=True,
    ),
)
