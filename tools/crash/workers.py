"""What is killed while it fills a cache: `workers.py get URL FOLDER`, `workers.py folder IMAGES FOLDER`."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "data"))
from data_builders import Server, tar_of, tiny_entry, tiny_members, tiny_parts

_ARCHIVE = "archive.tar.gz"  # made once: a gzip file carries the time of its making
_NUM_IMAGES = 2_500  # a folder of 2,000 and more is cached


def _serve(place: Path) -> str:
    """A server in this process that sends the archive slowly; returns its address."""
    (place / _ARCHIVE).write_bytes(tar_of(tiny_members(tiny_parts())))
    return Server((place / _ARCHIVE).read_bytes()).url("slow")


def _make_images(place: Path) -> str:
    """A folder of small PNG files, some of them broken."""
    from PIL import Image

    folder = place / "images"
    draw = np.random.default_rng(0)
    for number in range(_NUM_IMAGES):
        path = folder / f"{number % 7}" / f"{number:05}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        if number % 500 == 13:
            path.write_bytes(b"no image")
        else:
            Image.fromarray(draw.integers(0, 256, (12, 12, 3), dtype=np.uint8)).save(path)
    return str(folder)


PREPARE: dict[str, Callable[[Path], str]] = {"get": _serve, "folder": _make_images}


def _get(address: str, cache: Path) -> Any:
    from diabolo.data.fetch import get

    archive = (cache.parent / _ARCHIVE).read_bytes()
    return get(tiny_entry(address, archive, tiny_parts()), cache_folder=cache)


def _load_folder(images: str, cache: Path) -> Any:
    from diabolo.data.folder import load_folder

    return load_folder(Path(images), cache_folder=cache)


if __name__ == "__main__":
    dataset = {"get": _get, "folder": _load_folder}[sys.argv[1]](sys.argv[2], Path(sys.argv[3]))
    for note in dataset.notes:
        assert "not kept" not in note, note
        assert "not cached" not in note, note
    print(dataset.digest)
