"""Each kind of layer against Keras's, at random shapes."""

import keras
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers as kl

from .carry import keras_weights, one_layer, to_keras

torch.set_num_threads(1)  # small tensors: two threads mostly wait for each other

few = settings(max_examples=12, deadline=None, derandomize=True)
sides = st.tuples(st.integers(1, 13), st.integers(1, 13))


def _inputs(shape: tuple[int, ...], seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    axes = (shape[2], shape[0], shape[1]) if len(shape) == 3 else shape
    return torch.randn((3, *axes), generator=generator)


def _compare(
    word: str,
    shape: tuple[int, ...],
    theirs: "keras.Layer",
    *,
    training: bool = False,
    kernel: tuple[int, ...] | None = None,
) -> None:
    """Same weights, same input: same output, and the same weights and statistics after it.

    `kernel` says which of our kernel's axes Keras's has, where the usual order is not meant.
    """
    ours = one_layer(word, shape).train(training)
    images = _inputs(shape)
    theirs.build((None, *shape))
    if theirs.weights:
        theirs.set_weights(keras_weights(ours, kernel))
    with torch.no_grad():
        result = to_keras(ours(images))
        wanted = keras.ops.convert_to_numpy(theirs(to_keras(images), training=training))
    assert result.shape == wanted.shape
    np.testing.assert_allclose(result, wanted, rtol=1e-5, atol=1e-5)
    for mine, other in zip(keras_weights(ours, kernel), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=0, atol=1e-5)


@few
@given(
    side=sides,
    k=st.integers(1, 6),
    step=st.integers(1, 3),
    dilation=st.integers(1, 3),
    pad=st.sampled_from(["same", "valid"]),
)
def test_conv(side: tuple[int, int], k: int, step: int, dilation: int, pad: str) -> None:
    stride, dilation = (step, 1) if step > 1 else (1, dilation)  # Keras refuses both at once
    span = dilation * (k - 1) + 1
    shape = (*side, 4) if pad == "same" else (side[0] + span, side[1] + span, 4)
    word = f"conv6[k={k} stride={stride} pad={pad} dilation={dilation} groups=2]"
    _compare(word, shape, kl.Conv2D(6, k, strides=stride, padding=pad, dilation_rate=dilation, groups=2))
    _compare(f"conv5[k={k} stride={stride} bias=no]", shape, kl.Conv2D(5, k, stride, padding="same", use_bias=False))


@few
@given(side=sides, k=st.integers(1, 6), step=st.integers(1, 3), dilation=st.integers(1, 3))
def test_depthwise_conv(side: tuple[int, int], k: int, step: int, dilation: int) -> None:
    stride, dilation = (step, 1) if step > 1 else (1, dilation)  # Keras refuses both at once
    theirs = kl.DepthwiseConv2D(k, strides=stride, padding="same", dilation_rate=dilation)
    _compare(f"dwconv[k={k} stride={stride} dilation={dilation}]", (*side, 4), theirs, kernel=(2, 3, 0, 1))


@few
@given(side=sides, stride=st.integers(1, 4), more=st.integers(0, 5))
def test_deconv(side: tuple[int, int], stride: int, more: int) -> None:
    k = stride + more
    theirs = kl.Conv2DTranspose(5, k, strides=stride, padding="same")
    _compare(f"deconv5[k={k} stride={stride}]", (*side, 4), theirs)


@few
@given(side=sides, size=st.sampled_from([2, 3, 5]))
def test_pooling(side: tuple[int, int], size: int) -> None:
    _compare(f"pool{size}", (*side, 4), kl.MaxPooling2D(size, padding="same"))
    whole = (side[0] * size, side[1] * size, 4)
    _compare(f"avgpool{size}", whole, kl.AveragePooling2D(size, padding="same"))


@few
@given(side=sides, size=st.sampled_from([2, 3, 4, 5]))
def test_average_pooling_at_odd_sizes(side: tuple[int, int], size: int) -> None:
    """Against TensorFlow's rule in numpy: Keras on torch repeats the border there, and so differs from itself."""
    images = _inputs((*side, 2))
    windows = [
        [range(max(0, start), min(length, start + size)) for start in range(-((-length % size) // 2), length, size)]
        for length in side
    ]
    wanted = [[images[:, :, rows][:, :, :, columns].mean(dim=(2, 3)) for columns in windows[1]] for rows in windows[0]]
    result = one_layer(f"avgpool{size}", (*side, 2))(images)
    torch.testing.assert_close(result, torch.stack([torch.stack(row, dim=2) for row in wanted], dim=2))


@few
@given(side=sides, size=st.integers(2, 5))
def test_upsampling(side: tuple[int, int], size: int) -> None:
    _compare(f"up{size}", (*side, 4), kl.UpSampling2D(size))
    _compare(f"up{size}[mode=bilinear]", (*side, 4), kl.UpSampling2D(size, interpolation="bilinear"))


@few
@given(side=sides, training=st.booleans(), momentum=st.sampled_from([0.99, 0.5]), eps=st.sampled_from([1e-3, 1e-5]))
def test_batch_normalisation(side: tuple[int, int], training: bool, momentum: float, eps: float) -> None:
    word = f"bn[momentum={momentum} eps={eps}]"
    for shape in ((*side, 4), (7,)):
        _compare(word, shape, kl.BatchNormalization(momentum=momentum, epsilon=eps), training=training)


def test_batch_normalisation_has_keras_defaults() -> None:
    theirs = kl.BatchNormalization()
    ours = one_layer("bn", (2, 2, 4))
    assert (ours.momentum, ours.eps) == (theirs.momentum, theirs.epsilon)


@few
@given(side=sides, groups=st.sampled_from([1, 2, 4, 8]))
def test_group_normalisation(side: tuple[int, int], groups: int) -> None:
    _compare(f"gn{groups}", (side[0] + 1, side[1], 8), kl.GroupNormalization(groups, epsilon=1e-3))


@few
@given(side=sides, eps=st.sampled_from([1e-3, 1e-6]))
def test_normalisation_of_channels(side: tuple[int, int], eps: float) -> None:
    for shape in ((*side, 4), (7,)):
        _compare(f"ln[eps={eps}]", shape, kl.LayerNormalization(epsilon=eps))
        _compare(f"rms[eps={eps}]", shape, kl.RMSNormalization(epsilon=eps))


def test_normalisations_have_keras_defaults() -> None:
    assert one_layer("ln", (2, 2, 4)).eps == kl.LayerNormalization().epsilon
    assert one_layer("rms", (2, 2, 4)).eps == kl.RMSNormalization().epsilon


@few
@given(side=st.tuples(st.integers(1, 5), st.integers(1, 5)), heads=st.sampled_from([1, 2, 4]))
def test_attention(side: tuple[int, int], heads: int) -> None:
    """Keras's takes rows of positions, and keeps its maps by heads: (channels, heads, channels / heads)."""
    ours, theirs = one_layer(f"attention[heads={heads}]", (*side, 8)), kl.MultiHeadAttention(heads, 8 // heads)
    images = _inputs((*side, 8))
    rows = to_keras(images).reshape(3, side[0] * side[1], 8)
    theirs(rows, rows)
    split = (heads, 8 // heads)
    weights = []
    for map_, bias in zip((ours.query, ours.key, ours.value), ours.biases, strict=True):
        weights += [map_.detach().T.reshape(8, *split).numpy(), bias.detach().reshape(split).numpy()]
    weights += [ours.weight.detach().T.reshape(*split, 8).numpy(), ours.bias.detach().numpy()]
    theirs.set_weights(weights)
    wanted = keras.ops.convert_to_numpy(theirs(rows, rows)).reshape(3, *side, 8)
    np.testing.assert_allclose(to_keras(ours(images)), wanted, atol=1e-5)
    assert sum(value.numel() for value in ours.parameters()) == theirs.count_params()


@few
@given(side=sides)
def test_flatten_dense_unflatten(side: tuple[int, int]) -> None:
    height, width = side
    _compare("flatten", (height, width, 4), kl.Flatten())
    _compare("dense9", (height * width,), kl.Dense(9))
    _compare("dense9[bias=no]", (height * width,), kl.Dense(9, use_bias=False))
    _compare(f"unflatten[h={height} w={width} c=4]", (height * width * 4,), kl.Reshape((height, width, 4)))


@pytest.mark.parametrize(
    ("word", "theirs"),
    [
        ("relu", kl.ReLU()),
        ("leaky[slope=0.3]", kl.LeakyReLU(0.3)),
        ("gelu", kl.Activation(lambda x: keras.activations.gelu(x, approximate=False))),
        ("silu", kl.Activation("silu")),
        ("sigmoid", kl.Activation("sigmoid")),
        ("tanh", kl.Activation("tanh")),
        ("dropout", kl.Dropout(0.5)),
        ("noise", kl.GaussianNoise(0.1)),
    ],
)
def test_layers_without_weights_in_inference(word: str, theirs: "keras.Layer") -> None:
    _compare(word, (5, 4, 3), theirs)


@pytest.mark.parametrize("word", ["dropout[p=0.3]", "noise[std=0.2]"])
def test_random_layers_have_keras_moments(word: str) -> None:
    ours = one_layer(word, (40, 40, 8)).train()
    theirs = kl.Dropout(0.3, seed=0) if word.startswith("dropout") else kl.GaussianNoise(0.2, seed=0)
    images = torch.ones(4, 8, 40, 40)
    torch.manual_seed(0)
    result, wanted = ours(images), keras.ops.convert_to_numpy(theirs(to_keras(images), training=True))
    # 51,200 values of deviation at most 0.66: the standard error of a mean is 0.003, five of them 0.015.
    assert result.mean().item() == pytest.approx(float(wanted.mean()), abs=0.015)
    assert result.std().item() == pytest.approx(float(wanted.std()), abs=0.015)


@pytest.mark.parametrize(
    ("word", "shape", "theirs"),
    [
        ("conv6[k=5]", (9, 9, 4), kl.Conv2D(6, 5)),
        ("conv6[groups=2]", (9, 9, 4), kl.Conv2D(6, 3, groups=2)),
        ("deconv6[k=4]", (9, 9, 4), kl.Conv2DTranspose(6, 4, strides=2)),
        ("dense6", (11,), kl.Dense(6)),
    ],
)
def test_fans_are_keras_own(word: str, shape: tuple[int, ...], theirs: "keras.Layer") -> None:
    """The fans as Keras computes them from its own kernel, and a kernel within the limit that they give."""
    from keras.src.initializers.random_initializers import compute_fans

    from diabolo.model import initialise
    from diabolo.model.initialise import _fans

    theirs.build((None, *shape))
    fan_in, fan_out = compute_fans(theirs.kernel.shape)
    ours = one_layer(word, shape)
    assert _fans(ours.weight) == (fan_in, fan_out)
    limit = (6 / (fan_in + fan_out)) ** 0.5
    largest = []
    for seed in range(20):
        initialise(torch.nn.ModuleDict({"it": ours}), seed)
        assert not ours.bias.any()
        largest.append(ours.weight.abs().max().item())
    assert 0.97 * limit < max(largest) <= limit
    assert isinstance(theirs.kernel_initializer, keras.initializers.GlorotUniform)
