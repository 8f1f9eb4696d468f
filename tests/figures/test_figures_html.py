"""The HTML of notebooks: well-formed, escaped, with the pictures' own bytes inside."""

import base64
import io
import re
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image

from diabolo.errors import DataError
from diabolo.figures import history_html, image_strip_html
from diabolo.figures.tiles import to_bytes


def parsed(html: str) -> ElementTree.Element:
    """As XML, with the one void element closed: fails on any unescaped or unbalanced text."""
    return ElementTree.fromstring(re.sub(r"(<img [^>]*)>", r"\1/>", html))


def pictures(html: str) -> list[np.ndarray]:
    data = (image.attrib["src"].removeprefix("data:image/png;base64,") for image in parsed(html).iter("img"))
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(text)))) for text in data]


@pytest.mark.parametrize("channels", [1, 3])
def test_strip_has_originals_then_reconstructions(channels):
    random = np.random.default_rng()
    images = random.integers(0, 256, (10, 6, 9, channels), dtype=np.uint8)
    reconstructions = random.random(images.shape)
    html = image_strip_html(images, reconstructions, psnr_db=np.arange(10.0), caption="conv<64> & more", max_images=4)
    found = pictures(html)
    assert len(found) == 8
    for index in range(4):
        np.testing.assert_array_equal(found[index], images[index].squeeze())
        np.testing.assert_array_equal(found[4 + index], to_bytes(reconstructions[index]).squeeze())
    text = "".join(parsed(html).itertext())
    assert "conv<64> & more" in text
    assert "3.0 dB" in text
    assert "4.0 dB" not in text


def test_strip_with_differences():
    images = np.full((2, 4, 4, 3), 100, np.uint8)
    found = pictures(image_strip_html(images, images / 255, amplification=4))
    assert len(found) == 6
    assert (found[-1] == 128).all()


def test_history():
    rows = [
        {"epoch": 1, "loss": 0.61234567, "note": "<b>"},
        {"epoch": 2, "loss": float("nan"), "psnr": 25.4321, "note": None},
    ]
    html = history_html(rows, caption="a < b")
    cells = [[cell.text for cell in row] for row in parsed(html).iter("tr")]
    assert cells == [
        ["epoch", "loss", "note", "psnr"],
        ["1", "0.6123", "<b>", "–"],
        ["2", "nan", "–", "25.43"],
    ]


def test_history_of_nothing():
    assert len(list(parsed(history_html([])).iter("tr"))) == 1


def test_takes_its_colours_from_the_page():
    images = np.zeros((1, 2, 2, 1), np.uint8)
    for html in (image_strip_html(images, images / 255, caption="c"), history_html([{"a": 1}], caption="c")):
        assert "background" not in html
        assert not re.search(r"[;\"\s]color:", html)


def test_refuses_what_does_not_belong_together():
    with pytest.raises(DataError):
        image_strip_html(np.zeros((2, 4, 4, 3), np.uint8), np.zeros((1, 4, 4, 3)))
