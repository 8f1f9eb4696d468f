"""Keras's layers beside convolutions and activations: dense, normalisation, shape, merging, noise, recurrent."""

import math
from collections.abc import Callable
from typing import Any

from diabolo.checks.source.keras_plan import (
    UNKNOWN,
    Config,
    KerasKind,
    Plan,
    Planner,
    Shapes,
    known,
    number,
    same_shape,
    shown,
    told,
    volume,
)
from diabolo.checks.source.library import broadcast
from diabolo.vocabulary import Misfit, Shape, Window


def _dense(config: Config) -> Plan:
    units, bias = number(config, "units"), told(config, "use_bias", True)

    def shape(shapes: Shapes) -> Shape:
        return (*shapes[0][:-1], units) if shapes[0] else ()

    def count(shapes: Shapes) -> tuple[int, int]:
        features = shapes[0][-1] if shapes[0] else 0
        return (features * units + (units if bias is True else 0) if features else 0), 0

    return Plan(
        kind="dense", attributes=known(units=units or None, bias=bias), shape=shape, count=count,
        window=Window(everything=True), activation=told(config, "activation", None),
    )  # fmt: skip


def _flatten(config: Config) -> Plan:
    def shape(shapes: Shapes) -> Shape:
        before = shapes[0]
        return (volume(before),) if before else ()

    return Plan(kind="flatten", shape=shape)


def _reshape(config: Config) -> Plan:
    target = told(config, "target_shape", UNKNOWN)
    sides = tuple(target) if isinstance(target, tuple | list) else (target,) if isinstance(target, int) else ()
    is_known = bool(sides) and all(isinstance(side, int) for side in sides)

    def shape(shapes: Shapes) -> Shape:
        if not sides:
            return ()
        found = [side if isinstance(side, int) else 0 for side in sides]
        total = volume(shapes[0])
        if not is_known:
            return tuple(max(side, 0) for side in found)
        rest = math.prod(side for side in found if side != -1)
        if total and found.count(-1) == 1 and rest > 0:
            if total % rest:
                raise Misfit(f"{total:,} values ({shown(shapes[0])}) cannot be laid out as {sides}")
            return tuple(total // rest if side == -1 else side for side in found)
        if total and -1 not in found and total != rest:
            raise Misfit(
                f"{shown(shapes[0])} is {total:,} values, but {'×'.join(map(str, found))} is {rest:,}"
                if len(shapes[0]) > 1
                else f"it gets {total:,} values, but {'×'.join(map(str, found))} is {rest:,}"
            )
        return tuple(max(side, 0) for side in found)

    if len(sides) == 3:
        height, width, channels = (side if isinstance(side, int) and side > 0 else None for side in sides)
        return Plan(kind="unflatten", attributes=known(h=height, w=width, c=channels), shape=shape)
    return Plan(kind="flatten" if sides == (-1,) else "reshape", shape=shape)


def _permute(config: Config) -> Plan:
    order = told(config, "dims", UNKNOWN)

    def shape(shapes: Shapes) -> Shape:
        before = shapes[0]
        if (
            not before
            or not isinstance(order, tuple | list)
            or sorted(map(str, order)) != [str(index + 1) for index in range(len(before))]
        ):
            return ()
        return tuple(before[index - 1] for index in order)

    return Plan(kind="permute", shape=shape)


def _repeat(config: Config) -> Plan:
    times = number(config, "n")
    return Plan(kind="reshape", shape=lambda shapes: (times, *shapes[0]) if len(shapes[0]) == 1 else ())


def _batch_normalisation(config: Config) -> Plan:
    axis = told(config, "axis", -1)
    scale, center = told(config, "scale", True), told(config, "center", True)

    def count(shapes: Shapes) -> tuple[int, int]:
        shape = shapes[0]
        if not shape or not isinstance(axis, int) or not -len(shape) <= axis <= len(shape) or axis == 0:
            return 0, 0
        channels = shape[axis] if axis < 0 else shape[axis - 1]
        return channels * (scale is True) + channels * (center is True), 2 * channels

    attributes = known(
        momentum=told(config, "momentum", 0.99), eps=told(config, "epsilon", 0.001),
        axis=axis if axis not in (-1, 3) else None, scale=False if scale is False else None,
        center=False if center is False else None,
    )  # fmt: skip
    return Plan(kind="bn", attributes=attributes, count=count)


def _affine(kind: str) -> Planner:
    """Normalisation with a scale and a shift for each channel."""

    def plan(config: Config) -> Plan:
        scale, center = told(config, "scale", True), told(config, "center", True)

        def count(shapes: Shapes) -> tuple[int, int]:
            channels = shapes[0][-1] if shapes[0] else 0
            axis = told(config, "axis", -1)
            if axis not in (-1, len(shapes[0])):
                return 0, 0
            if kind == "rms":
                return channels, 0
            return channels * (scale is True) + channels * (center is True), 0

        groups = number(config, "groups", 32) if kind == "gn" else None
        return Plan(kind=kind, attributes=known(groups=groups or None, eps=told(config, "epsilon", 0.001)), count=count)

    return plan


def _noise(kind: str, name: str, attribute: str) -> Planner:
    def plan(config: Config) -> Plan:
        amount = told(config, name, UNKNOWN)
        value = amount if isinstance(amount, int | float) else None
        return Plan(kind=kind, attributes=known(**{attribute: value}), is_random=True)

    return plan


def _plain(kind: str, rule: Callable[[Shapes], Shape] = same_shape, is_random: bool = False) -> Planner:
    return lambda config: Plan(kind=kind, shape=rule, is_random=is_random)


def _elementwise(what: str) -> Callable[[Shapes], Shape]:
    def rule(shapes: Shapes) -> Shape:
        ranks = {len(shape) for shape in shapes if shape}
        if len(ranks) == 1:
            for sides in zip(*[shape for shape in shapes if shape], strict=True):
                if len({side for side in sides if side not in (0, 1)}) > 1:
                    listed = " and ".join(shown(shape) for shape in shapes)
                    raise Misfit(f"{listed} cannot be {what}; bring them to the same height, width and channels")
        return broadcast(shapes)

    return rule


def _concatenated(config: Config) -> Plan:
    axis = told(config, "axis", -1)

    def rule(shapes: Shapes) -> Shape:
        if not all(shapes) or len({len(shape) for shape in shapes}) != 1 or not isinstance(axis, int) or axis == 0:
            return ()
        rank = len(shapes[0])
        if not -rank <= axis <= rank:
            return ()
        index = axis if axis < 0 else axis - 1
        index %= rank
        result: list[int] = []
        for position, sides in enumerate(zip(*shapes, strict=True)):
            if position == index:
                result.append(0 if 0 in sides else sum(sides))
                continue
            sizes = {side for side in sides if side}
            if len(sizes) > 1:
                listed = " and ".join(shown(shape) for shape in shapes)
                raise Misfit(f"{listed} cannot be concatenated along axis {axis}; bring the other sides to one size")
            result.append(sizes.pop() if sizes else 0)
        return tuple(result)

    return Plan(kind="concat", attributes=known(axis=axis if axis != -1 else None), shape=rule)


def _recurrent(gates: int) -> Planner:
    def plan(config: Config) -> Plan:
        units, sequences = number(config, "units"), told(config, "return_sequences", False)
        bias = told(config, "use_bias", True)

        def shape(shapes: Shapes) -> Shape:
            if not shapes[0] or sequences is UNKNOWN:
                return ()
            return (shapes[0][0], units) if sequences else (units,)

        def count(shapes: Shapes) -> tuple[int, int]:
            features = shapes[0][-1] if shapes[0] else 0
            if not features or not units:
                return 0, 0
            biases = 0 if bias is not True else 2 if gates == 3 else 1  # GRU keeps two
            return gates * (units * (features + units) + biases * units), 0

        attributes = known(units=units or None)
        return Plan(kind="recurrent", attributes=attributes, shape=shape, count=count, window=Window(everything=True))

    return plan


def _embedding(config: Config) -> Plan:
    rows, units = number(config, "input_dim"), number(config, "output_dim")
    return Plan(
        kind="embedding",
        shape=lambda shapes: (*shapes[0], units) if shapes[0] else (),
        count=lambda shapes: (rows * units, 0),
    )


def _attention(config: Config) -> Plan:
    return Plan(kind="attention", shape=lambda shapes: shapes[0] if told(config, "output_shape", None) is None else ())


def _resize(config: Config) -> Plan:
    height, width = number(config, "height"), number(config, "width")
    return Plan(
        kind="resize",
        shape=lambda shapes: (height, width, shapes[0][-1]) if len(shapes[0]) == 3 else (height, width, 0),
    )


def _rescale(config: Config) -> Plan:
    scale = told(config, "scale", UNKNOWN)
    offset: Any = told(config, "offset", 0.0)
    attributes = known(
        operator="rescale", scale=scale if isinstance(scale, int | float) else None,
        offset=offset if isinstance(offset, int | float) else None,
    )  # fmt: skip
    return Plan(kind="arithmetic", attributes=attributes)


def _crop_to(config: Config) -> Plan:
    height, width = number(config, "height"), number(config, "width")
    return Plan(kind="crop", shape=lambda shapes: (height, width, shapes[0][-1]) if len(shapes[0]) == 3 else ())


def _unknown_shape(shapes: Shapes) -> Shape:
    return ()


_LSTM = ("units", "activation", "recurrent_activation", "use_bias")
_MERGES = (
    ("Add", "add", "added"), ("Subtract", "subtract", "subtracted"), ("Multiply", "multiply", "multiplied"),
    ("Average", "average", "averaged"), ("Maximum", "arithmetic", "compared"), ("Minimum", "arithmetic", "compared"),
)  # fmt: skip

KINDS = (
    KerasKind(names=("Dense",), parameters=("units", "activation", "use_bias"), plan=_dense),
    KerasKind(names=("Flatten",), parameters=("data_format",), plan=_flatten),
    KerasKind(names=("Reshape",), parameters=("target_shape",), plan=_reshape),
    KerasKind(names=("Permute",), parameters=("dims",), plan=_permute),
    KerasKind(names=("RepeatVector",), parameters=("n",), plan=_repeat),
    KerasKind(
        names=("BatchNormalization", "BatchNorm"),
        parameters=("axis", "momentum", "epsilon", "center", "scale"), plan=_batch_normalisation,
    ),
    KerasKind(names=("LayerNormalization",), parameters=("axis", "epsilon", "center", "scale"), plan=_affine("ln")),
    KerasKind(
        names=("GroupNormalization",), parameters=("groups", "axis", "epsilon", "center", "scale"), plan=_affine("gn")
    ),
    KerasKind(
        names=("InstanceNormalization",), parameters=("axis", "epsilon", "center", "scale"), plan=_affine("in")
    ),
    KerasKind(names=("RMSNormalization",), parameters=("axis", "epsilon"), plan=_affine("rms")),
    KerasKind(names=("UnitNormalization",), parameters=("axis",), plan=_plain("arithmetic")),
    KerasKind(names=("Dropout",), parameters=("rate", "noise_shape", "seed"), plan=_noise("dropout", "rate", "p")),
    KerasKind(
        names=("SpatialDropout2D", "SpatialDropout1D", "AlphaDropout", "GaussianDropout"), parameters=("rate", "seed"),
        plan=_noise("dropout", "rate", "p"),
    ),
    KerasKind(names=("GaussianNoise",), parameters=("stddev", "seed"), plan=_noise("noise", "stddev", "std")),
    *(
        KerasKind(names=(name,), parameters=(), plan=_plain(kind, _elementwise(word)), is_merge=True)
        for name, kind, word in _MERGES
    ),
    KerasKind(names=("Concatenate",), parameters=("axis",), plan=_concatenated, is_merge=True),
    KerasKind(
        names=("Dot",), parameters=("axes", "normalize"), plan=_plain("arithmetic", _unknown_shape), is_merge=True
    ),
    KerasKind(names=("LSTM", "CuDNNLSTM"), parameters=_LSTM, plan=_recurrent(4)),
    KerasKind(names=("GRU", "CuDNNGRU"), parameters=_LSTM, plan=_recurrent(3)),
    KerasKind(names=("SimpleRNN",), parameters=("units", "activation", "use_bias"), plan=_recurrent(1)),
    KerasKind(
        names=("ConvLSTM2D", "ConvLSTM1D", "ConvLSTM3D", "RNN"), parameters=("filters", "kernel_size", "strides"),
        plan=_plain("recurrent", _unknown_shape),
    ),
    KerasKind(names=("Embedding",), parameters=("input_dim", "output_dim"), plan=_embedding),
    KerasKind(names=("MultiHeadAttention",), parameters=("num_heads", "key_dim"), plan=_attention, is_merge=True),
    KerasKind(names=("Attention", "AdditiveAttention"), parameters=(), plan=_attention, is_merge=True),
    KerasKind(names=("Resizing",), parameters=("height", "width", "interpolation"), plan=_resize),
    KerasKind(names=("Rescaling",), parameters=("scale", "offset"), plan=_rescale),
    KerasKind(names=("CenterCrop", "RandomCrop"), parameters=("height", "width"), plan=_crop_to),
    KerasKind(
        names=("RandomFlip", "RandomRotation", "RandomTranslation", "RandomZoom", "RandomContrast",
               "RandomBrightness"),
        parameters=("factor",), plan=_plain("arithmetic", is_random=True),
    ),
    KerasKind(
        names=("Masking", "ActivityRegularization", "Identity", "Normalization"), parameters=(),
        plan=_plain("arithmetic"),
    ),
    KerasKind(
        names=("LocallyConnected2D", "LocallyConnected1D", "EinsumDense", "CategoryEncoding", "Discretization",
               "StringLookup", "IntegerLookup", "TextVectorization", "Hashing"),
        parameters=(), plan=_plain("unknown", _unknown_shape),
    ),
)  # fmt: skip
