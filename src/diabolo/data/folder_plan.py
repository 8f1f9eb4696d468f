"""What is made of the images of a folder: their parts, their common size, and the data set at the end."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diabolo.data.dataset import Dataset, Skipped, make_dataset
from diabolo.data.facts import Facts
from diabolo.data.images import FIT_HELP
from diabolo.data.listing import Listing
from diabolo.data.on_disk import Images
from diabolo.data.parts import Parts, assign_parts
from diabolo.errors import DataError
from diabolo.printable import printable

NUM_NAMED = 5  # sizes or files listed in a message


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How the images of a folder become arrays."""

    parts: Parts
    """Numbers of files in the listing, by part."""
    shape: tuple[int, int, int]
    """(height, width, channels) of every image."""

    @property
    def num_bytes(self) -> int:
        """Bytes of all pixels."""
        return len(self.parts.kept) * int(np.prod(self.shape, dtype=np.int64))


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A folder and what was asked of it."""

    listing: Listing
    """Its files."""
    size: tuple[int, int] | None
    """(height, width) in pixels; None: that which all images have."""
    fit: str | None
    """As of `images.fit_image`."""
    channels: int | None
    """1 or 3; None: 3 unless all are grey."""

    @property
    def name(self) -> str:
        """Last part of the folder's path, as a message may show it."""
        return printable(self.listing.folder.name)

    def layout(self, facts: Facts) -> Layout:
        """Parts and shape, once all headers are known.

        Raises:
            DataError: fewer than two images, or sizes that differ where `size` or `fit` is missing.
        """
        images = facts.images()
        folder = self.listing.folder
        if len(images) < 2:
            what = "holds no image that can be read"
            if images:
                what = "holds only one image; a train and a test part need two"
            raise DataError(
                f"`{folder}` {what}{_named(_skipped(self.listing, facts))}; "
                "put images (PNG, JPEG, WebP, …) in it or in folders below it"
            )
        parts = assign_parts(self.name, [self.listing.names[number] for number in images])
        parts = Parts(
            train=[images[place] for place in parts.train],
            validation=[images[place] for place in parts.validation],
            test=[images[place] for place in parts.test],
            outside=[images[place] for place in parts.outside],
            notes=parts.notes,
        )
        headers = facts.headers[parts.kept]
        size = _common_size(folder, headers, self.size, self.fit)
        return Layout(parts=parts, shape=(*size, self.channels or (1 if headers[:, 2].all() else 3)))

    def dataset(
        self,
        layout: Layout,
        facts: Facts,
        *,
        chosen: Callable[[NDArray[np.int64]], Images],
        notes: Sequence[str],
        digests: Callable[[dict[str, Images]], dict[str, str]] | None = None,
    ) -> Dataset:
        """The data set, once all pixels are there.

        Args:
            layout: as of `layout`.
            facts: what became of each file.
            chosen: images of rows of pixels.
            notes: lines to show beside its own.
            digests: sha256 of parts, where they are not taken here.

        Raises:
            DataError: no image of a part could be read.
        """
        listing, parts = self.listing, layout.parts
        skipped = _skipped(listing, facts, parts.outside)
        numbers = {"train": parts.train, "validation": parts.validation, "test": parts.test}
        good = {part: [one for one in members if facts.rows[one] >= 0] for part, members in numbers.items()}
        for part in ("train", "test"):
            if not good[part]:
                raise DataError(
                    f"`{listing.folder}`: no image for the {part} part could be read{_named(skipped)}; "
                    "add images, or mend those that are broken"
                )
        images = {part: chosen(facts.rows[members]) for part, members in good.items() if members}
        lines = [*parts.notes]
        if skipped:
            total = len(skipped) + sum(len(members) for members in good.values())
            lines.append(f"{self.name}: {len(skipped):,} of {total:,} files skipped{_named(skipped)}")
        return make_dataset(
            name=listing.folder.resolve().name,
            source=str(listing.folder),
            train=images["train"],
            test=images["test"],
            validation=images.get("validation"),
            train_names=tuple(listing.names[number] for number in good["train"]),
            test_names=tuple(listing.names[number] for number in good["test"]),
            skipped=skipped,
            notes=(*lines, *notes),
            part_digests=None if digests is None else digests(images),
        )


def _skipped(listing: Listing, facts: Facts, outside: Sequence[int] = ()) -> tuple[Skipped, ...]:
    reasons = {**facts.reasons, **dict.fromkeys(outside, "outside the folders train, val and test")}
    found = [Skipped(path=listing.path(number), reason=reason) for number, reason in reasons.items()]
    return tuple(sorted([*found, *listing.skipped], key=lambda item: str(item.path)))


def _common_size(
    folder: Path, headers: NDArray[np.int32], size: tuple[int, int] | None, fit: str | None
) -> tuple[int, int]:
    """The size that all images get; `headers` are rows of height, width and more."""
    pairs, counts = np.unique(headers[:, :2], axis=0, return_counts=True)
    sizes = Counter(
        {(int(height), int(width)): int(count) for (height, width), count in zip(pairs, counts, strict=True)}
    )
    if size is None and len(sizes) == 1:
        return next(iter(sizes))
    seen = ", ".join(f"{height}×{width} ({count:,})" for (height, width), count in sizes.most_common(NUM_NAMED))
    more = f" and {len(sizes) - NUM_NAMED:,} other sizes" if len(sizes) > NUM_NAMED else ""
    if size is None:
        raise DataError(
            f"`{folder}`: the images differ in size; height×width (how many): {seen}{more}. "
            f"Say which size all shall have with `size`, and how they shall fit with `fit`: {FIT_HELP}"
        )
    if fit is None and any(height * size[1] != width * size[0] for height, width in sizes):
        raise DataError(
            f"`{folder}`: some images have other proportions than `size` (={size[0]}×{size[1]}): {seen}{more}. "
            f"Say how they shall fit with `fit`: {FIT_HELP}"
        )
    return size


def _named(skipped: Sequence[Skipped]) -> str:
    """ " (a.txt: not an image; …)": the first few skipped files."""
    if not skipped:
        return ""
    shown = "; ".join(f"{printable(item.path.name)}: {item.reason}" for item in skipped[:NUM_NAMED])
    more = f"; and {len(skipped) - NUM_NAMED:,} more" if len(skipped) > NUM_NAMED else ""
    return f" ({shown}{more})"
