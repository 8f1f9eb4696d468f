"""Pictures for docs/zoo.md: eight test images and what each model of the zoo makes of them, one for each heading.

`python benchmarks/zoo_pictures.py [--runs FOLDER…]`: models without shipped weights are taken from finished runs in
the folders, any names, known by their line and recipe; what is in neither is left out and named. Trains nothing.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from diabolo.api.zoo import ZooEntry, zoo_entries
from diabolo.data import load_data
from diabolo.figures.page import MARGIN, Page
from diabolo.figures.style import BODY_SIZE, SMALL_SIZE, write_figure
from diabolo.figures.tiles import psnr_text, to_bytes
from diabolo.notation import parse
from diabolo.runs import RunFolder
from diabolo.use import Run, psnr_of
from diabolo.zoo.shipped import shipped_run
from header import ROOT, say

NUM_IMAGES = 8
SIGMA = 25 / 255
"""Of the noise that a denoising model is shown taking off."""
_SIDE, _GAP, _LABEL = 96, 4, 130  # pixels: of an image, between images, of the names
_ENLARGED = 3


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--runs", nargs="+", type=Path, default=[Path("runs/zoo")], help="folders of runs")
    arguments.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    options = arguments.parse_args()
    sys.path.insert(0, str(ROOT / "docs"))
    from zoo_page import class_of, picture_name  # of the page that shows them

    images = np.asarray(load_data("cifar10-sample").test[:NUM_IMAGES])
    classes: dict[str, list[ZooEntry]] = {}
    for entry in zoo_entries():
        classes.setdefault(class_of(entry), []).append(entry)
    finished = runs_in(options.runs)
    for heading, entries in classes.items():
        rows = []
        for entry in entries:
            folder = shipped_run(entry.model.name) or finished.get(parse(entry.model.line))
            if folder is None:
                say(f"{entry.model.name} is left out: no weights in the package, no run in the folders")
                continue
            rows.append((entry.model.name, folder, entry.model.kind == "denoise"))
        if rows:
            target = write_figure(picture(images, rows), options.out / f"{picture_name(heading)}.png")
            say(f"{target.name}: {', '.join(name for name, _, _ in rows)}")


def runs_in(folders: list[Path]) -> dict[object, Path]:
    """Finished runs in some folders by their line; the one with the least seed of each."""
    found: dict[object, tuple[int, Path]] = {}
    for file in sorted(file for folder in folders for file in folder.glob("*/run.toml")):
        record = RunFolder(path=file.parent).record()
        line = parse(record.line)
        if record.status == "finished" and (line not in found or record.seed < found[line][0]):
            found[line] = (record.seed, file.parent)
    return {line: path for line, (_, path) in found.items()}


def picture(images: NDArray[np.uint8], rows: list[tuple[str, Path, bool]]) -> Figure:
    """Originals in the first row, then a row a model; in front its name and the mean PSNR of these images.

    Args:
        images: (images, 32, 32, 3).
        rows: name, run folder, and whether it is shown taking noise off.
    """
    width = 2 * MARGIN + _LABEL + len(images) * (_SIDE + _GAP)
    page, y = Page(width), MARGIN
    y = put_row(page, y, "original", "", images)
    for name, folder, denoises in rows:
        given = images
        if denoises:
            noise = np.random.default_rng(0).normal(0, SIGMA, images.shape)
            noisy = images / 255 + noise
            given = to_bytes(noisy)
            y = put_row(page, y, "with noise", psnr_text(float(psnr_of(images, given / np.float32(255)).mean())), given)
        made = Run(folder).reconstruct(given)
        y = put_row(page, y, name, psnr_text(float(psnr_of(images, made).mean())), to_bytes(made))
    return page.figure(y + MARGIN - _GAP)


def put_row(page: Page, y: int, name: str, below: str, images: NDArray[np.uint8]) -> int:
    """Puts a row of images and its name; returns where the next begins."""
    page.text(MARGIN, y + 26, name, max_width=_LABEL, size=BODY_SIZE, bold=True)
    page.text(MARGIN, y + 46, below, max_width=_LABEL, size=SMALL_SIZE, quiet=True)
    for column, image in enumerate(images):
        large = np.ascontiguousarray(image.repeat(_ENLARGED, axis=0).repeat(_ENLARGED, axis=1))
        page.picture(MARGIN + _LABEL + column * (_SIDE + _GAP), y, large)
    return y + _SIDE + _GAP


if __name__ == "__main__":
    main()
