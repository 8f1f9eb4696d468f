"""JPEG and WebP within a number of bytes."""

import io

import numpy as np
import pytest
from PIL import Image
from reference_builders import smooth_images

from diabolo.data import load_data
from diabolo.references.codecs import CODECS, Codec, decode, encode

BY_NAME = {codec.name: codec for codec in CODECS}


@pytest.fixture(params=CODECS, ids=lambda codec: codec.name)
def codec(request: pytest.FixtureRequest) -> Codec:
    return request.param


@pytest.mark.parametrize("budget", [400, 600, 1024])
def test_no_file_is_larger_than_the_budget(codec: Codec, budget: int) -> None:
    for image in load_data("cifar10-sample").test[:15]:
        coded = encode(codec, image, budget)
        assert coded.fits
        assert len(coded.content) <= budget


@pytest.mark.parametrize("budget", [450, 700])
def test_a_quality_a_step_higher_would_be_too_large(codec: Codec, budget: int) -> None:
    """Against a search over all qualities; sizes are not quite monotonous, so the best may be a step or two away."""
    for image in load_data("cifar10-sample").test[:5]:
        sizes = {}
        for quality in range(codec.lowest_quality, 101):
            file = io.BytesIO()
            Image.fromarray(image).save(file, codec.title, quality=quality, **codec.options)
            sizes[quality] = file.getvalue()
        best = max(quality for quality, content in sizes.items() if len(content) <= budget)
        found = encode(codec, image, budget).content
        assert any(sizes[quality] == found for quality in range(best - 2, best + 1) if quality in sizes)


def test_more_bytes_are_better(codec: Codec) -> None:
    image = load_data("cifar10-sample").test[3]
    errors = [
        ((decode(encode(codec, image, budget).content, image.shape).astype(float) - image) ** 2).mean()
        for budget in (400, 600, 800)
    ]
    assert errors[0] > errors[1] > errors[2]


def test_what_cannot_fit_says_so_and_is_the_smallest(codec: Codec) -> None:
    image = load_data("cifar10-sample").test[0]
    coded = encode(codec, image, 10)
    assert not coded.fits
    file = io.BytesIO()
    Image.fromarray(image).save(file, codec.title, quality=codec.lowest_quality, **codec.options)
    assert coded.content == file.getvalue()


def test_grey_images(codec: Codec) -> None:
    image = smooth_images(1, 24, 20, 1)[0]
    coded = encode(codec, image, 2000)
    rebuilt = decode(coded.content, (24, 20, 1))
    assert rebuilt.shape == image.shape
    assert np.abs(rebuilt.astype(int) - image).mean() < 6


def test_headers_are_what_comes_before_the_picture() -> None:
    """A JPEG of one grey level has hardly any data behind its header; a WebP names its chunk's length."""
    flat = np.full((8, 8, 3), 128, np.uint8)
    jpeg = encode(BY_NAME["jpeg"], flat, 5000).content
    header = BY_NAME["jpeg"].header_bytes(jpeg)
    assert jpeg[:header].rfind(b"\xff\xda") > 0
    assert 0 < len(jpeg) - header < 10
    webp = encode(BY_NAME["webp"], flat, 5000).content
    header = BY_NAME["webp"].header_bytes(webp)
    length = int.from_bytes(webp[header - 4 : header], "little")
    assert webp[:4] == b"RIFF"
    assert webp[header - 8 : header - 4] == b"VP8 "
    assert len(webp) - header - length in (0, 1)  # padded to even
