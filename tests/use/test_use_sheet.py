"""The sheet of the first images: its name is looked at before the work, and it says no decibels that mean nothing."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from use_builders import make_run, save_image

from diabolo.errors import OutputError
from diabolo.use import Run, load
from diabolo.use.denoise import denoise_files
from diabolo.use.files import reconstruct_files
from diabolo.use.sheet import SHOWN, Sheet


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return load(make_run(tmp_path / "run").path)


@pytest.mark.parametrize("work", [reconstruct_files, denoise_files])
def test_a_sheet_that_is_no_png_is_refused_before_anything_is_written(work, run: Run, tmp_path: Path) -> None:
    files = [save_image(tmp_path / "in" / "a.png")]
    with pytest.raises(OutputError, match=r"cannot write `.*sheet\.jpg`: choose a name that ends in `\.png`"):
        work(run, files, tmp_path / "out", sheet=tmp_path / "sheet.jpg")
    assert not (tmp_path / "out").exists()


def test_the_first_images_are_drawn_and_the_others_counted(tmp_path: Path) -> None:
    sheet = Sheet(tmp_path / "sheet.png", line="conv3", title="x", columns=("original", "reconstruction"))
    pixels = np.zeros((4, 4, 3), np.uint8)
    for number in range(SHOWN + 3):
        sheet.add(f"{number}.png", (pixels, pixels), 30.0)
    sheet.write()
    assert (len(sheet.rows), sheet.num_images) == (SHOWN, SHOWN + 3)
    assert Image.open(tmp_path / "sheet.png").format == "PNG"


def test_what_has_no_clean_image_to_measure_against_gets_no_decibels(tmp_path: Path) -> None:
    sheet = Sheet(tmp_path / "sheet.png", line="conv3", title="x", columns=("noisy", "denoised"))
    pixels = np.zeros((4, 6, 3), np.uint8)
    sheet.add("a.png", (pixels, pixels), None)
    sheet.add("b.png", (pixels, pixels), 25.0)
    assert [caption for caption, _ in sheet.rows] == ["a.png  4×6", "b.png  4×6  25.0 dB"]
