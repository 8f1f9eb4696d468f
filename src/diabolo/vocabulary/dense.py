"""`flatten`, `dense`, `unflatten`: fully connected waists."""

import math

from diabolo.vocabulary.convolution import int_of
from diabolo.vocabulary.kind import Attributes, Count, Effect, LayerKind, Misfit, Setting, Shape, Window, describe


def _infer_flatten(shape: Shape, attributes: Attributes) -> Effect:
    return Effect(shape=(math.prod(shape),))


def _infer_dense(shape: Shape, attributes: Attributes) -> Effect:
    if len(shape) != 1:
        raise Misfit(f"needs a flat input, but it gets {describe(shape)}; write `flatten` before it")
    units = int_of(attributes, "units")
    return Effect(
        shape=(units,),
        num_trainable=shape[0] * units + (units if attributes["bias"] else 0),
        macs=shape[0] * units,
        window=Window(everything=True),
    )


def _infer_unflatten(shape: Shape, attributes: Attributes) -> Effect:
    target = (int_of(attributes, "h"), int_of(attributes, "w"), int_of(attributes, "c"))
    if len(shape) != 1 or math.prod(target) != shape[0]:
        units = math.prod(target)
        before = f"dense{units}" if len(shape) == 1 else f"flatten dense{units}"
        raise Misfit(
            f"makes {describe(target)} = {units} values, but it gets {describe(shape)}; write `{before}` before it"
        )
    return Effect(shape=target)


KINDS = (
    LayerKind(name="flatten", title="Flatten", meaning="a map becomes one row of values", infer=_infer_flatten),
    LayerKind(
        name="dense",
        title="Dense",
        meaning="fully connected layer to N values",
        infer=_infer_dense,
        count=Count(name="units"),
        settings=(Setting(name="bias", default=True, meaning="add a bias to each value"),),
    ),
    LayerKind(
        name="unflatten",
        title="Reshape",
        meaning="back to a map: the shape that the last `flatten` took, or the one given",
        infer=_infer_unflatten,
        settings=(
            Setting(
                name="h", default=0, meaning="height; 0: as before the last `flatten`", minimum=0, maximum=1_000_000
            ),
            Setting(
                name="w", default=0, meaning="width; 0: as before the last `flatten`", minimum=0, maximum=1_000_000
            ),
            Setting(
                name="c", default=0, meaning="channels; 0: as before the last `flatten`", minimum=0, maximum=1_000_000
            ),
        ),
    ),
)
