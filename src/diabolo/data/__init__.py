"""Images to train on and to try: by catalogue name, from a folder, or from arrays. All end in a `Dataset` of uint8."""

from diabolo.data.catalogue import CATALOGUE, CatalogueEntry
from diabolo.data.dataset import Attempt, Dataset, Progress, Skipped, split_validation
from diabolo.data.fetch import VerifyReport, get, verify
from diabolo.data.images import read_images
from diabolo.data.load import load_data
from diabolo.data.on_disk import Images, ImagesOnDisk

__all__ = [
    "CATALOGUE",
    "Attempt",
    "CatalogueEntry",
    "Dataset",
    "Images",
    "ImagesOnDisk",
    "Progress",
    "Skipped",
    "VerifyReport",
    "get",
    "load_data",
    "read_images",
    "split_validation",
    "verify",
]
