"""Tiles are the whole image: whatever the model, the sides and the memory."""

import numpy as np
import pytest
import torch

from diabolo.errors import DiaboloError
from diabolo.model import AutoEncoder, build_model
from diabolo.use import reconstruct
from diabolo.use.decode import decode
from diabolo.use.encode import encode
from diabolo.use.tiles import blocks, collect

LINES = [
    "conv4 relu bn pool | conv4 relu bn up conv3 sigmoid",
    "conv8[k=5 stride=2] relu conv4[stride=3] | up[mode=bilinear] conv8 up3 conv3",
    "unshuffle4 conv16 | conv48 shuffle4",
    "conv4 avgpool3 res{conv4 relu conv4} | deconv3[k=7 stride=3]",
    "conv4 pool conv4 vq16 | up conv3",
]
TOLERANCE = 1e-5  # float32 sums of some hundred terms, in an order that depends on the size of a tile


def model_of(line: str, side: int = 24, channels: int = 3) -> AutoEncoder:
    """Initial weights, but statistics and codes that are not zero."""
    model = build_model(line, (side, side, channels), engine="plain").eval()
    with torch.no_grad():
        for name, buffer in model.named_buffers():
            if buffer.is_floating_point():
                buffer.copy_(torch.rand_like(buffer) + (0.5 if "var" in name else 0.0))
    return model


def images(height: int, width: int, number: int = 1, channels: int = 3) -> np.ndarray:
    return np.random.default_rng().integers(0, 256, (number, height, width, channels), dtype=np.uint8)


@pytest.mark.parametrize("memory", [0.6, 0.2])
@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("shape", [(97, 131), (240, 30), (17, 300)])
def test_tiles_give_what_the_whole_gives(line: str, shape: tuple[int, int], memory: float) -> None:
    model, batch = model_of(line), images(*shape, number=2)
    whole = reconstruct(model, batch, memory=4096)
    assert whole.shape == batch.shape
    parts = list(blocks(model, batch, "reconstruct", memory=memory))
    assert memory > 0.5 or len(parts) > 2
    np.testing.assert_allclose(reconstruct(model, batch, memory=memory), whole, atol=TOLERANCE)
    latents = encode(model, batch, memory=4096)
    np.testing.assert_allclose(encode(model, batch, memory=memory), latents, atol=TOLERANCE)
    made = decode(model, latents, memory=memory)
    np.testing.assert_allclose(made[:, : shape[0], : shape[1]], whole, atol=TOLERANCE)


def test_padding_is_numpys_reflection_and_torch_on_the_padded_image_is_the_reference() -> None:
    model = model_of("conv8[stride=4] | up4 conv3")
    for height, width in ((1, 1), (2, 5), (9, 3), (30, 31)):
        batch = images(height, width)
        full = np.pad(batch, ((0, 0), (0, -height % 4), (0, -width % 4), (0, 0)), mode="reflect")
        with torch.inference_mode():
            wanted = model(torch.from_numpy(full / np.float32(255)).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
        made = collect(model, batch, "reconstruct")
        np.testing.assert_allclose(made, wanted[:, :height, :width].numpy(), atol=TOLERANCE)


def test_every_pixel_comes_once_and_in_order() -> None:
    model, batch = model_of(LINES[1]), images(100, 70, number=3)
    seen = np.zeros(batch.shape[:3], int)
    first = []
    for block in blocks(model, batch, "reconstruct", memory=0.3):
        seen[block.images, block.rows, block.columns] += 1
        first.append((block.images.start, block.rows.start, block.columns.start))
    assert (seen == 1).all()
    assert first == sorted(first)


def test_memory_bounds_what_is_held() -> None:
    model, batch = model_of(LINES[0]), images(700, 700)
    sizes: list[int] = []
    for layer in model.layers.values():
        layer.register_forward_hook(lambda layer, given, made: sizes.append((given[0].numel() + made.numel()) * 4))
    largest = []
    for memory in (4.0, 1.0):
        sizes.clear()
        list(blocks(model, batch, "reconstruct", memory=memory))
        largest.append(max(sizes))
        assert largest[-1] <= memory * 2**20
    assert largest[1] < largest[0] / 2


def test_a_model_that_sees_the_whole_is_not_cut() -> None:
    model, batch = model_of("conv8 gn4 pool | up conv3"), images(97, 131)
    whole = reconstruct(model, batch)
    np.testing.assert_array_equal(whole, reconstruct(model, batch, memory=100))
    with pytest.raises(DiaboloError) as raised:
        reconstruct(model, batch, memory=0.5)
    assert str(raised.value) == (
        "98×132 at once take about 2 MiB, more than `memory` (=0.5 MiB), and tiles are not possible: `gn_1` looks at "
        "the whole image; allow more memory, or bring images to the model's size by `fit`"
    )


def test_too_little_memory_for_the_margins() -> None:
    model = model_of("conv8[k=9] pool conv8[k=9] | up conv8[k=9] conv3")
    with pytest.raises(DiaboloError) as raised:
        reconstruct(model, images(200, 200), memory=0.05)
    assert str(raised.value) == (
        "`memory` (=0.05 MiB) is too little for tiles: this model looks 18 pixels far, and a tile with its margins "
        "takes about 1 MiB, the whole of 200×200 5 MiB; allow that much"
    )


@pytest.mark.parametrize("memory", [0, -1, float("nan"), float("inf"), True, "much"])
def test_no_memory(memory: object) -> None:
    with pytest.raises(DiaboloError, match=r"`memory` \(=.*\) must be a number of MiB above 0"):
        reconstruct(model_of(LINES[0]), images(8, 8), memory=memory)  # type: ignore[arg-type]


def test_one_size_only() -> None:
    model = model_of("flatten dense8 | dense1728 unflatten[h=24 w=24 c=3]")
    assert reconstruct(model, images(24, 24, number=3)).shape == (3, 24, 24, 3)
    assert encode(model, images(24, 24, number=3)).shape == (3, 8)
    with pytest.raises(DiaboloError) as raised:
        reconstruct(model, images(24, 25))
    assert str(raised.value) == (
        "images are 24×25, and the model takes 24×24 only: `flatten_1` is flat, so that its weights belong to one size"
    )


def test_the_mode_is_put_back_even_where_the_pieces_are_not_read_to_the_end() -> None:
    model = model_of(LINES[0]).train()
    pieces = blocks(model, images(64, 64), "reconstruct", memory=0.1)
    next(pieces)
    assert not torch.is_inference_mode_enabled()
    pieces.close()
    assert model.training


def test_pools() -> None:
    model, batch = model_of(LINES[0]), images(32, 40, number=3)
    latents = encode(model, batch)
    assert latents.shape == (3, 16, 20, 4)
    np.testing.assert_allclose(encode(model, batch, pool="mean"), latents.mean((1, 2)), atol=1e-6)
    np.testing.assert_array_equal(encode(model, batch, pool="max"), latents.max((1, 2)))
    np.testing.assert_array_equal(encode(model, batch, pool="flat"), latents.reshape(3, -1))
    assert encode(model, batch[:0]).shape[0] == 0
    with pytest.raises(DiaboloError, match=r"`pool` \(=median\) must be mean or max"):
        encode(model, batch, pool="median")


@pytest.mark.parametrize(
    ("latents", "message"),
    [
        (np.zeros((2, 12, 12, 4), np.int64), "`latents` are int64; the decoder takes floats"),
        (np.zeros((2, 4), np.float32), r"shape \(2, 4\); this model's are 12×12×4 an image .*pooled latents cannot"),
        (np.zeros((2, 12, 12, 5)), r"shape \(2, 12, 12, 5\)"),
        (np.full((1, 12, 12, 4), np.nan, np.float32), "hold NaN or infinite values"),
        (np.zeros((1, 0, 3, 4)), "shape"),
    ],
)
def test_latents_that_cannot_be_decoded(latents: np.ndarray, message: str) -> None:
    with pytest.raises(DiaboloError, match=message):
        decode(model_of(LINES[0]), latents)


def test_flat_latents_are_decoded() -> None:
    model, batch = model_of(LINES[0]), images(24, 24, number=2)
    made = decode(model, encode(model, batch, pool="flat").astype(np.float64))
    np.testing.assert_allclose(made, reconstruct(model, batch), atol=TOLERANCE)
