"""Pillow's warnings are set aside by any number of threads, and the filters are those of before in the end."""

import contextlib
import threading
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diabolo.data.images import UnreadableImageError, read_header, read_image
from diabolo.data.pillow_warnings import without_pillow_warnings


def pillow_warns() -> None:
    """As a module of Pillow does."""
    warnings.warn_explicit("odd tag", UserWarning, "TiffImagePlugin.py", 1, module="PIL.TiffImagePlugin")


def test_only_warnings_of_pillow_are_set_aside() -> None:
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with without_pillow_warnings():
            pillow_warns()
            warnings.warn("mine", UserWarning, stacklevel=1)
            warnings.warn_explicit("another's", UserWarning, "PILLAR.py", 1, module="PILLAR")
        pillow_warns()
    assert [str(one.message) for one in said] == ["mine", "another's", "odd tag"]


def test_a_warning_that_is_an_error_elsewhere_is_none_here() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with without_pillow_warnings():
            pillow_warns()
        with pytest.raises(UserWarning, match="odd tag"):
            pillow_warns()


def test_threads_by_turns_leave_the_filters_as_they_were() -> None:
    """The first to come is the first to leave: `catch_warnings` leaves the filters of the second behind."""
    first_is_in, second_is_in, first_is_out = threading.Event(), threading.Event(), threading.Event()
    seen: list[int] = []

    def first() -> None:
        with without_pillow_warnings():
            first_is_in.set()
            second_is_in.wait(10)
        first_is_out.set()

    def second() -> None:
        first_is_in.wait(10)
        with without_pillow_warnings():
            second_is_in.set()
            first_is_out.wait(10)
            seen.append(len(warnings.filters))

    before = list(warnings.filters)
    threads = [threading.Thread(target=work) for work in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert seen == [len(before) + 1], "still one filter, as long as one reader is left"
    assert list(warnings.filters) == before


def test_filters_that_are_reset_meanwhile_are_left_alone() -> None:
    with warnings.catch_warnings():
        with without_pillow_warnings():
            warnings.resetwarnings()
        assert list(warnings.filters) == []


def test_reading_an_odd_file_says_nothing(tmp_path: Path) -> None:
    """A TIFF whose tag promises more bytes than there are: Pillow warns when it is opened, and when it is read."""
    path = tmp_path / "odd.tif"
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(path, description="x" * 400)
    content = path.read_bytes()
    path.write_bytes(content[: content.rindex(b"x" * 400) + 100])
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        for read in (read_header, lambda file: read_image(file, 3)):
            with contextlib.suppress(UnreadableImageError):
                read(path)
    assert [str(one.message) for one in said] == []
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        with contextlib.suppress(OSError), Image.open(path) as image:
            image.load()
    assert said, "the file is one that Pillow warns of"
