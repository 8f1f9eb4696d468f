"""Makes the CIFAR-10 sample that comes with the package, from the verified full set: `python tools/make_sample.py`."""

import json
from pathlib import Path

from PIL import Image

from diabolo.data import get
from diabolo.data.bundled import choose_rows, make_mosaic
from diabolo.data.dataset import bytes_digest

FOLDER = Path(__file__).parents[1] / "src" / "diabolo" / "data" / "sample"
STEPS = {"train": 25, "test": 20}


def main() -> None:
    """Writes two lossless mosaics and an index with rows, labels and digests."""
    dataset = get("cifar10")
    index: dict[str, dict] = {"digests": {}}
    FOLDER.mkdir(exist_ok=True)
    for part, step in STEPS.items():
        all_images, all_labels = getattr(dataset, part), getattr(dataset, f"{part}_labels")
        rows = choose_rows(all_labels, step)
        images, labels = all_images[rows], all_labels[rows].astype("uint8")
        # Lossless WebP is 22% smaller than PNG here (4.2 MB against 5.4) and as quick to read.
        path = FOLDER / f"{part}.webp"
        Image.fromarray(make_mosaic(images)).save(path, lossless=True, quality=100, method=6, exact=True)
        index[part] = {"rows": rows.tolist(), "labels": labels.tolist()}
        index["digests"] |= {part: bytes_digest(images), f"{part}_labels": bytes_digest(labels)}
        print(f"{path.name}: {len(images):,} images, {path.stat().st_size:,} bytes")
    (FOLDER / "index.json").write_text(json.dumps(index, separators=(",", ":")) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
