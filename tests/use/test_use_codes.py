"""Codes and bytes of latents: exact there and back, and what is none of the model's is refused."""

import numpy as np
import pytest
import torch

from diabolo.errors import DiaboloError
from diabolo.model import AutoEncoder, build_model
from diabolo.use.codes import codes_to_latents, latents_to_codes, pack_codes, quantizer_of, unpack_codes

LINES = {
    "vq": ("unshuffle4 conv6[k=1] vq40 | conv48[k=1] shuffle4", (8, 8, 1), 1),
    "fsq": ("unshuffle4 conv3[k=1] fsq[levels=8,7,5] | conv48[k=1] shuffle4", (8, 8, 3), 2),
    "lloyd": ("unshuffle8 conv24[k=1] lloyd[bits=40] | conv192[k=1] shuffle8", (4, 4, 24), 5),
    "dense": ("flatten dense20 | lloyd[bits=33] | dense3072 unflatten[h=32 w=32 c=3]", (20,), 5),
}


def _model(kind: str) -> AutoEncoder:
    model = build_model(LINES[kind][0], seed=3)
    generator = torch.Generator().manual_seed(0)
    model.train()(torch.rand(8, 3, 32, 32, generator=generator))  # places levels and codes
    return model.eval()


@pytest.mark.parametrize("kind", LINES)
def test_images_to_bytes_and_back_give_what_the_model_gives(kind: str) -> None:
    model, (_, shape, num_bytes) = _model(kind), LINES[kind]
    images = torch.rand(5, 3, 32, 32, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        wanted, latents = model(images), model.encode(images).movedim(1, -1).numpy()
    codes = latents_to_codes(model, latents)
    assert codes.shape == (5, *shape)
    packed = pack_codes(model, codes)
    assert packed.shape == (5, *shape[:-1], num_bytes)
    np.testing.assert_array_equal(unpack_codes(model, packed), codes)
    back = codes_to_latents(model, unpack_codes(model, packed))
    np.testing.assert_array_equal(back, latents)
    with torch.no_grad():
        assert torch.equal(model.decode(torch.from_numpy(back).movedim(-1, 1)), wanted)


def test_the_codes_of_the_waist_are_those_of_the_layer() -> None:
    model = _model("fsq")
    images = torch.rand(2, 3, 32, 32)
    caught = []
    quantizer = quantizer_of(model)
    quantizer.register_forward_pre_hook(lambda layer, inputs: caught.append(inputs[0]))
    latents = model.encode(images).detach().movedim(1, -1).numpy()
    np.testing.assert_array_equal(latents_to_codes(model, latents), quantizer.codes(caught[0]).movedim(1, -1).numpy())


def test_no_images_are_no_codes() -> None:
    model = _model("lloyd")
    codes = latents_to_codes(model, np.zeros((0, 4, 4, 24), np.float32))
    assert pack_codes(model, codes).shape == (0, 4, 4, 5)
    assert codes_to_latents(model, codes).shape == (0, 4, 4, 24)


def test_a_model_without_codes_is_told(snapshot) -> None:
    messages = []
    for line in ("conv8 pool | up conv3", "fsq[levels=4,4,4] conv8 pool | up conv3"):
        with pytest.raises(DiaboloError) as caught:
            quantizer_of(build_model(line))
        messages.append(str(caught.value))
    assert messages == snapshot


@pytest.mark.parametrize(
    ("codes", "message"),
    [
        (np.zeros((1, 8, 8, 3)), "`codes` are float64; they must be whole numbers"),
        (
            np.zeros((1, 8, 8, 2), int),
            r"shape \(1, 8, 8, 2\); this model's have axes \(N, height, width, ·\), with 3 dig",
        ),
        (np.zeros((8, 3), int), r"shape \(8, 3\); this model's have axes"),
        (np.full((1, 8, 8, 3), 7), "a number that this model has no code for"),
        (np.full((1, 8, 8, 3), -1), "a number that this model has no code for"),
    ],
)
def test_codes_that_are_none_of_the_models_are_refused(codes: np.ndarray, message: str) -> None:
    model = _model("fsq")
    for function in (codes_to_latents, pack_codes):
        with pytest.raises(DiaboloError, match=message):
            function(model, codes)


def test_bytes_and_latents_that_are_none_of_the_models_are_refused() -> None:
    model = _model("fsq")
    with pytest.raises(DiaboloError, match=r"shape \(4, 2\); this model's have axes"):
        unpack_codes(model, np.zeros((4, 2), np.uint8))
    with pytest.raises(DiaboloError, match="none of this bottleneck's"):
        unpack_codes(model, np.full((1, 8, 8, 2), 255, np.uint8))
    with pytest.raises(DiaboloError, match="`latents` are int64 of shape"):
        latents_to_codes(model, np.zeros((1, 8, 8, 3), int))
