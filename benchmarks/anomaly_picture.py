"""The picture of `docs/anomaly.md`: where a reconstruction score works and where it fails, with the numbers."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from diabolo.figures.page import MARGIN, Page
from diabolo.figures.style import BODY_SIZE, SMALL_SIZE, write_figure
from diabolo.figures.tiles import tile, to_bytes
from diabolo.use import Run, load
from diabolo.use.heat_map import heat_map
from diabolo.use.score import score_images

_CELL = 150  # pixels
_WIDTH = 5 * _CELL + 2 * MARGIN


def read(folder: Path, most: int = 1000) -> NDArray[np.uint8]:
    """The first images of a folder."""
    return np.stack([np.asarray(Image.open(path)) for path in sorted(folder.iterdir())[:most]])


def draw_failures(work: Path, target: Path) -> dict[str, Any]:
    """Draws the picture from the runs below `work`, and returns what it says."""
    page, y = Page(_WIDTH), MARGIN
    results: dict[str, Any] = {}
    run = load(work / "fabric" / "run")
    y = _defect_row(
        page, y, run, work / "fabric", 3, "It works: one cloth, a spot that is no part of it", results, "fabric"
    )
    missed = _clear_but_missed(load(work / "defects-1,024" / "run"), work / "defects")
    for name in ("64", "1,024", "3,072"):
        title = f"CIFAR-10, a latent of {name} values of 3,072: "
        title += (
            "nothing is rebuilt well, the spot no worse than the rest" if name == "64" else "the spot is rebuilt too"
        )
        run = load(work / f"defects-{name}" / "run")
        y = _defect_row(page, y, run, work / "defects", missed, title, results, f"defects, {name}")
    y = _simple_row(page, y, load(work / "class-automobile" / "run"), work / "class-automobile" / "test", results)
    write_figure(page.figure(y + MARGIN), target)
    return results


def _clear_but_missed(run: Run, folder: Path) -> int:
    """The spot that differs most from what is around it, of those in images that score below the median normal one."""
    good, broken, masks = read(folder / "good"), read(folder / "defect"), read(folder / "mask") > 0
    scores = score_images(run.model, broken).scores["peak"]
    missed = np.flatnonzero(scores < np.median(score_images(run.model, good).scores["peak"]))
    spots = [number for number in missed if number % 2 and masks[number].any()]
    contrast = []
    for number in spots:
        image, mask = broken[number].astype(np.float64), masks[number]
        around = ndimage.binary_dilation(mask, iterations=2) & ~mask
        contrast.append(float(np.abs(image[mask].mean(axis=0) - image[around].mean(axis=0)).mean()))
    return int(spots[int(np.argmax(contrast))])


def _outlined(image: NDArray[np.uint8], mask: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """The image enlarged, with a red line around the defect."""
    drawn = tile(image).copy()
    factor = len(drawn) // len(mask)
    large = mask.repeat(factor, 0).repeat(factor, 1)
    drawn[ndimage.binary_dilation(large, iterations=2) & ~large] = (220, 0, 0)
    return drawn


def _defect_row(
    page: Page, y: int, run: Run, folder: Path, number: int, title: str, results: dict[str, Any], key: str
) -> int:
    good, broken, masks = read(folder / "good"), read(folder / "defect"), read(folder / "mask") > 0
    scores = np.sort(score_images(run.model, good).scores["peak"])
    scored = score_images(run.model, broken)
    rebuilt = run.reconstruct(broken)
    rank = float((scores < scored.scores["peak"][number]).mean())
    results[key] = {
        "shown": number,
        "shown_above_share_of_normal": rank,
        "share_of_defect_rebuilt": _rebuilt_share(run, broken, masks),
    }
    top = float(scores[int(0.98 * len(scores))])
    drawn = heat_map(broken[number], scored.maps["smoothed"][number], top)
    y += page.text(MARGIN, y, title, max_width=_WIDTH - 2 * MARGIN, size=BODY_SIZE, bold=True) + 6
    pictures = [
        _outlined(broken[number], masks[number]),
        to_bytes(rebuilt[number]),
        drawn[:, -(drawn.shape[1] - 4) // 2 :],
    ]
    words = ["image, the defect outlined", "reconstruction", f"error: above {rank:.0%} of normal images"]
    return _row(page, y, pictures, words)


def _rebuilt_share(run: Run, broken: NDArray[np.uint8], masks: NDArray[np.bool_]) -> float:
    """How much of the defects' change of brightness is in the reconstructions: 0 none of it, 1 all; over 1,000 images.

    The change is told from what the model makes of the same pixels filled with the mean around them.
    """
    plain = broken.copy()
    for image, mask in zip(plain, masks, strict=True):
        image[mask] = image[~mask].mean(axis=0)
    change = (broken.astype(np.float64) - plain)[masks] / 255
    made = (run.reconstruct(broken).astype(np.float64) - run.reconstruct(plain))[masks]
    return float((change * made).sum() / (change**2).sum())


def _simple_row(page: Page, y: int, run: Run, folder: Path, results: dict[str, Any]) -> int:
    good, planes = read(folder / "good"), read(folder / "airplane")
    grey = np.full((1, 32, 32, 3), 128, np.uint8)
    normal = score_images(run.model, good, ("mse",)).scores["mse"]
    other = score_images(run.model, planes, ("mse",)).scores["mse"]
    flat = score_images(run.model, grey, ("mse",)).scores["mse"][0]
    below = float((normal > np.median(other)).mean())
    results["simpler than normal"] = {
        "normal_images_above_the_median_airplane": below,
        "normal_images_above_plain_grey": float((normal > flat).mean()),
    }
    title = "A model of automobiles only: what is simpler than an automobile scores lower, whatever it shows"
    y += page.text(MARGIN, y, title, max_width=_WIDTH - 2 * MARGIN, size=BODY_SIZE, bold=True) + 6
    middle, low = int(np.argsort(normal)[len(normal) // 2]), int(np.argsort(other)[len(other) // 4])
    pictures = [good[middle], planes[low], grey[0]]
    scores = [normal[middle], other[low], flat]
    names = ["normal: an automobile", "not normal: an airplane", "not normal: plain grey"]
    return _row(page, y, pictures, [f"{name}, MSE {value:.4f}" for name, value in zip(names, scores, strict=True)])


def _row(page: Page, y: int, pictures: list[NDArray[np.uint8]], words: list[str]) -> int:
    below = 0
    for column, (pixels, text) in enumerate(zip(pictures, words, strict=True)):
        x = MARGIN + column * (_CELL + 60)
        page.picture(x, y, tile(pixels) if len(pixels) < 128 else pixels)
        below = max(below, page.text(x, y + 134, text, max_width=_CELL + 40, size=SMALL_SIZE))
    return y + 134 + below + 16
