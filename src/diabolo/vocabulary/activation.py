"""`relu`, `leaky`, `gelu`, `silu`, `sigmoid`, `tanh`: functions of each value by itself."""

from diabolo.vocabulary.kind import Attributes, Effect, LayerKind, Setting, Shape


def _infer(shape: Shape, attributes: Attributes) -> Effect:
    return Effect(shape=shape)


KINDS = (
    LayerKind(name="relu", title="ReLU", meaning="max(0, x)", infer=_infer),
    LayerKind(
        name="leaky",
        title="LeakyReLU",
        meaning="x, or slope·x where x is negative",
        infer=_infer,
        settings=(Setting(name="slope", default=0.2, meaning="factor of negative values", minimum=0.0, maximum=1.0),),
    ),
    LayerKind(name="gelu", title="GELU", meaning="x·Φ(x), exact", infer=_infer),
    LayerKind(name="silu", title="SiLU", meaning="x·sigmoid(x)", infer=_infer),
    LayerKind(name="sigmoid", title="Sigmoid", meaning="1/(1+e⁻ˣ): into 0..1", infer=_infer),
    LayerKind(name="tanh", title="Tanh", meaning="into -1..1", infer=_infer),
)
