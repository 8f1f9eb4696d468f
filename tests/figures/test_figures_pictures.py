"""Reconstructions and models side by side: the right images, pixel for pixel, with the right numbers."""

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from diabolo.errors import DataError, OutputError
from diabolo.figures import (
    Reconstructed,
    draw_reconstructions,
    draw_side_by_side,
    reconstructions_figure,
    side_by_side_figure,
)
from diabolo.figures.reconstructions import choose_groups
from diabolo.figures.tiles import signed_difference, tile, to_bytes

LINE = "conv64 relu bn pool conv16 relu bn pool | conv16 relu bn up conv32 relu bn up conv3 sigmoid"


def data(num_images: int = 30, height: int = 32, width: int = 32, channels: int = 3):
    random = np.random.default_rng()
    images = random.integers(0, 256, (num_images, height, width, channels), dtype=np.uint8)
    strength = np.linspace(0.02, 0.3, num_images).reshape(-1, 1, 1, 1)
    random.shuffle(strength)
    reconstructions = np.clip(images / 255 + strength * random.standard_normal(images.shape), 0, 1).astype(np.float32)
    psnr = -10 * np.log10(((reconstructions - images / 255.0) ** 2).mean((1, 2, 3)))
    return images, reconstructions, psnr


def pixels_of(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def place_of(part: np.ndarray, whole: np.ndarray) -> tuple[int, int] | None:
    """Where `part` is in `whole`, as (row, column), exactly."""
    height, width = part.shape[:2]
    for row, column in np.argwhere((whole == part[0, 0]).all(-1)):
        if np.array_equal(whole[row : row + height, column : column + width], part):
            return int(row), int(column)
    return None


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def test_every_picture_stands_there_pixel_for_pixel_four_times_as_large():
    images, reconstructions, psnr = data()
    drawn = pixels_of(reconstructions_figure(images, reconstructions, psnr, title="a title", line=LINE))
    for index in (int(psnr.argmin()), int(psnr.argmax()), 0, 5):
        enlarged = images[index].repeat(4, axis=0).repeat(4, axis=1)
        original = place_of(enlarged, drawn)
        rebuilt = place_of(to_bytes(reconstructions[index]).repeat(4, axis=0).repeat(4, axis=1), drawn)
        difference = signed_difference(images[index], reconstructions[index], 4.0)
        below = place_of(difference.repeat(4, axis=0).repeat(4, axis=1), drawn)
        assert None not in (original, rebuilt, below)
        assert original[1] == rebuilt[1] == below[1]
        assert original[0] < rebuilt[0] < below[0]


def test_side_by_side_has_originals_first_and_a_row_a_model():
    images, reconstructions, psnr = data(5)
    others = 1 - reconstructions
    rows = [
        Reconstructed(label="method-1", reconstructions=reconstructions, psnr_db=psnr),
        Reconstructed(label="method-2", reconstructions=others, psnr_db=psnr - 1, note="24.3 dB on the test set"),
    ]
    figure = side_by_side_figure(images, rows, title="a title")
    drawn = pixels_of(figure)
    for index in range(5):
        places = [place_of(tile(p[index]), drawn) for p in (images, to_bytes(reconstructions), to_bytes(others))]
        assert None not in places
        assert len({column for _, column in places}) == 1
        assert [row for row, _ in places] == sorted(row for row, _ in places)
    for needed in ("a title", "original", "method-1", "method-2", "24.3 dB on the test set", f"{psnr[3] - 1:.1f} dB"):
        assert needed in words(figure)


def test_groups_are_by_psnr():
    psnr = np.array([20.0, 31.0, 25.0, 40.0, 10.0, 26.0, 24.0, 15.0, 35.0])
    groups = {group.name: group.indices for group in choose_groups(psnr, 3, (0, 8, 9, -1))}
    assert groups == {"best": (3, 8, 1), "median": (5, 2, 6), "worst": (4, 7, 0), "always shown": (0, 8)}


def test_nan_is_the_worst():
    groups = {group.name: group.indices for group in choose_groups(np.array([20.0, np.nan, 30.0]), 1, ())}
    assert groups == {"best": (2,), "median": (0,), "worst": (1,)}


def test_the_worst_image_is_the_first_of_its_group_in_the_figure():
    images, reconstructions, psnr = data()
    figure = reconstructions_figure(images, reconstructions, psnr, title="t", line=LINE, num_each=2, fixed_indices=())
    drawn = pixels_of(figure)
    order = np.argsort(psnr)
    worst, second, best = (place_of(tile(images[index]), drawn) for index in (order[0], order[1], order[-1]))
    assert best[0] < worst[0] == second[0]
    assert best[1] == worst[1] < second[1]
    captions = words(figure)
    assert captions[captions.index(f"#{order[0]}") - 1] == f"{psnr[order[0]]:.1f} dB"


@pytest.mark.parametrize(
    ("shape", "line"),
    [
        ((30, 32, 32, 3), LINE),
        ((3, 28, 28, 1), " ".join([LINE] * 5)),
        ((1, 5, 3, 1), "conv" * 200),
        ((4, 40, 120, 3), LINE),
        ((6, 300, 20, 1), LINE),
        ((2, 700, 900, 3), LINE),
    ],
)
@pytest.mark.parametrize("title", ["A title", "A long title $with^dollars " * 12])
def test_no_text_is_cut_off_and_none_overlap(shape, line, title):
    images, reconstructions, psnr = data(*shape)
    rows = [Reconstructed(label=line[:80], reconstructions=reconstructions, psnr_db=psnr, note="note " * 12)]
    for figure in (
        reconstructions_figure(images, reconstructions, psnr, title=title, line=line, num_each=3),
        side_by_side_figure(images, rows * 2, title=title),
    ):
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        texts = [text for text in figure.findobj(Text) if text.get_text()]
        found = [(text.get_text(), text.get_window_extent(canvas.get_renderer())) for text in texts]
        for text, box in found:
            assert box.x0 >= 0, text
            assert box.y0 >= 0, text
            assert box.x1 <= figure.bbox.width, text
            assert box.y1 <= figure.bbox.height, text
        for index, (text, box) in enumerate(found):
            for other, other_box in found[index + 1 :]:
                apart = box.x1 <= other_box.x0 or other_box.x1 <= box.x0
                apart = apart or box.y1 <= other_box.y0 + 2 or other_box.y1 <= box.y0 + 2
                assert apart, f"{text!r} lies over {other!r}"


def test_the_whole_line_is_there():
    images, reconstructions, psnr = data(3)
    long = " ".join([LINE] * 5)
    assert long in " ".join(words(reconstructions_figure(images, reconstructions, psnr, title="t", line=long)))


def test_signed_difference():
    image = np.array([[[100], [100], [100], [0]]], np.uint8)
    rebuilt = np.array([[[100], [110], [90], [255]]]) / 255
    assert signed_difference(image, rebuilt, 4.0).ravel().tolist() == [128, 168, 88, 255]


def test_bytes_are_rounded_and_clipped():
    assert to_bytes(np.array([-1.0, 0.0, 0.5 / 255 + 1e-6, 1.0, 2.0, np.nan])).tolist() == [0, 0, 1, 255, 255, 0]


def test_grey_and_large_tiles():
    assert tile(np.full((32, 32, 1), 7, np.uint8)).shape == (128, 128, 3)
    assert tile(np.zeros((600, 300, 3), np.uint8)).shape == (200, 100, 3)
    assert tile(np.zeros((1, 1, 3), np.uint8)).shape == (128, 128, 3)


def test_files(tmp_path):
    images, reconstructions, psnr = data()
    first = draw_reconstructions(images, reconstructions, psnr, tmp_path / "a" / "r.png", title="t", line=LINE)
    again = draw_reconstructions(images, reconstructions, psnr, tmp_path / "again.png", title="t", line=LINE)
    assert first == tmp_path / "a" / "r.png"
    assert first.read_bytes() == again.read_bytes()
    row = Reconstructed(label="m", reconstructions=reconstructions[:8], psnr_db=psnr[:8])
    second = draw_side_by_side(images[:8], [row], tmp_path / "s.png", title="t")
    for path, width in ((first, 1522), (second, 1304)):
        with Image.open(path) as picture:
            assert picture.format == "PNG"
            assert abs(picture.width - width) < 40
            assert picture.info.keys() <= {"dpi"}
    with Image.open(first) as picture:  # nothing is resampled on the way into the file
        assert place_of(tile(images[0]), np.asarray(picture.convert("RGB"))) is not None


def test_what_cannot_be_written(tmp_path):
    images, reconstructions, psnr = data(3)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError):
        draw_reconstructions(images, reconstructions, psnr, tmp_path / "file" / "r.png", title="t", line=LINE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images_uint8": np.zeros((3, 8, 8, 4), np.uint8)}, "channels 1 or 3"),
        ({"images_uint8": np.zeros((0, 8, 8, 3), np.uint8)}, "channels 1 or 3"),
        ({"images_uint8": np.zeros((3, 8, 8, 3), np.float32)}, "need bytes"),
        ({"reconstructions": np.zeros((3, 8, 8, 1))}, "`reconstructions` has shape"),
        ({"psnr_db": np.zeros(2)}, "`psnr_db` has shape"),
    ],
)
def test_what_cannot_be_drawn(change, message):
    good = {
        "images_uint8": np.zeros((3, 8, 8, 3), np.uint8),
        "reconstructions": np.zeros((3, 8, 8, 3)),
        "psnr_db": np.ones(3),
    }
    with pytest.raises(DataError, match=message):
        reconstructions_figure(**(good | change), title="t", line=LINE)
