"""Data sets, transforms and loaders of PyTorch and torchvision: whose images a loop goes through, and their range."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from diabolo.checks.source.torch_kind import BATCH, Dims
from diabolo.checks.source.torch_state import state_of
from diabolo.checks.source.torch_tensor import add_tensor, dims_of, images_of
from diabolo.checks.source.values import Call, Constant, ListValue, Native, Tensor, Unknown, Value, plain, tuple_of
from diabolo.checks.subject import Images, Split
from diabolo.graph import Place

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

_SETS: dict[str, tuple[tuple[int, int, int], int, int]] = {
    "MNIST": ((1, 28, 28), 60_000, 10_000), "FashionMNIST": ((1, 28, 28), 60_000, 10_000),
    "KMNIST": ((1, 28, 28), 60_000, 10_000), "QMNIST": ((1, 28, 28), 60_000, 60_000),
    "EMNIST": ((1, 28, 28), 0, 0), "CIFAR10": ((3, 32, 32), 50_000, 10_000),
    "CIFAR100": ((3, 32, 32), 50_000, 10_000), "SVHN": ((3, 32, 32), 73_257, 26_032),
    "STL10": ((3, 96, 96), 5_000, 8_000), "CelebA": ((3, 218, 178), 162_770, 19_962),
    "USPS": ((1, 16, 16), 7_291, 2_007),
}  # fmt: skip
"""Sizes (channels, height, width) of an image, and the numbers of training and test images; 0: not known."""
FOLDERS = ("ImageFolder", "DatasetFolder", "FakeData", "ImageNet", "LSUN", "Flowers102", "OxfordIIITPet", "Food101")


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What an item of a data set looks like on its way through transforms."""

    dims: tuple[int, ...] = (0, 0, 0)
    """(channels, height, width); 0: unknown."""
    low: float | None = None
    """Smallest possible value, once it is a tensor."""
    high: float | None = None
    """Largest possible value."""
    is_tensor: bool = False


@dataclass(eq=False, kw_only=True)
class Transform(Value):
    """One transform of torchvision, or several in an order."""

    name: str
    call_made: Call

    @property
    def text(self) -> str:  # type: ignore[override]
        """Its class."""
        return self.name

    def call(self, run: "Interpreter", call: Call) -> Value:
        """Of one image: not followed."""
        return Unknown(text=self.name)

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """`transforms` of a `Compose`."""
        if name == "transforms":
            return self.call_made.value(0, "transforms") or Unknown()
        return Unknown(text=name)

    def apply(self, run: "Interpreter", picture: Picture) -> Picture:
        """What becomes of an image; sizes and range are unknown behind what is not known."""
        name, call = self.name, self.call_made
        if name in ("Compose", "Sequential"):
            given = call.value(0, "transforms")
            steps = given.elements(run) if given is not None else None
            if name == "Sequential":
                steps = call.values
            for step in steps if steps is not None else [Unknown()]:
                picture = step.apply(run, picture) if isinstance(step, Transform) else Picture(is_tensor=True)
            return picture
        if name in ("ToTensor", "ToDtype", "ConvertImageDtype"):
            return replace(picture, low=0.0, high=1.0, is_tensor=True)
        if name in ("PILToTensor", "ToImage", "ToImageTensor"):
            return replace(picture, low=0.0, high=255.0, is_tensor=True)
        if name == "Normalize":
            return _normalised(picture, call)
        if name in ("Resize", "CenterCrop", "RandomCrop", "RandomResizedCrop", "FiveCrop"):
            return replace(picture, dims=_resized(picture.dims, call.constant(0, "size"), is_resize=name == "Resize"))
        if name == "Pad":
            return replace(picture, dims=_padded(picture.dims, call.constant(0, "padding")))
        if name == "Grayscale":
            return replace(picture, dims=(call.constant(0, "num_output_channels", default=1) or 0, *picture.dims[1:]))
        if name in _KEEPING:
            return picture
        return Picture(is_tensor=True)


_KEEPING = (
    "RandomHorizontalFlip", "RandomVerticalFlip", "RandomRotation", "ColorJitter", "RandomAffine", "ToPILImage",
    "RandomErasing", "RandomApply", "RandomPerspective", "RandomInvert", "GaussianBlur", "RandomGrayscale",
    "AutoAugment", "RandAugment", "TrivialAugmentWide", "AugMix", "RandomAdjustSharpness",
)  # fmt: skip
TRANSFORMS = (
    "Compose", "ToTensor", "ToDtype", "ConvertImageDtype", "PILToTensor", "ToImage", "ToImageTensor", "Normalize",
    "Resize", "CenterCrop", "RandomCrop", "RandomResizedCrop", "Pad", "Grayscale", "Lambda", *_KEEPING,
)  # fmt: skip


def _normalised(picture: Picture, call: Call) -> Picture:
    means, deviations = call.constant(0, "mean"), call.constant(1, "std")
    means = means if isinstance(means, tuple) else (means,)
    deviations = deviations if isinstance(deviations, tuple) else (deviations,)
    numbers = [*means, *deviations]
    low, high = picture.low, picture.high
    if low is None or high is None or not all(isinstance(number, int | float) for number in numbers):
        return replace(picture, low=None, high=None)
    if not all(deviations) or len(means) != len(deviations):
        return replace(picture, low=None, high=None)
    pairs = list(zip(means, deviations, strict=True))
    return replace(
        picture,
        low=round(min((low - mean) / deviation for mean, deviation in pairs), 6),
        high=round(max((high - mean) / deviation for mean, deviation in pairs), 6),
    )


def _resized(dims: tuple[int, ...], size: object, *, is_resize: bool) -> tuple[int, ...]:
    if isinstance(size, tuple) and len(size) == 2 and all(isinstance(side, int) for side in size):
        return (dims[0], *size)
    if isinstance(size, tuple) and len(size) == 1:
        size = size[0]
    if isinstance(size, int) and (not is_resize or (dims[1] == dims[2] and dims[1] > 0)):
        return dims[0], size, size
    return dims[0], 0, 0  # `Resize(64)` sets the shorter side, and which that is is not known


def _padded(dims: tuple[int, ...], width: object) -> tuple[int, ...]:
    if isinstance(width, int) and min(dims[1:]) > 0:
        return dims[0], dims[1] + 2 * width, dims[2] + 2 * width
    return dims[0], 0, 0


@dataclass(eq=False, kw_only=True)
class Dataset(Value):
    """A data set of images."""

    images: Images
    """What is known of its images."""
    dims: tuple[int, ...] = (0, 0, 0)
    """(channels, height, width) of each."""
    has_labels: bool = True
    """Whether its items are pairs of image and label."""
    tensors: tuple[Value, ...] = ()
    """Of a `TensorDataset`: what it holds."""
    text: str = "dataset"

    def named(self, name: str) -> None:
        """Its variable is what messages call its images."""
        self.text = name
        if self.images.text in ("", "dataset"):
            self.images = replace(self.images, text=name)

    @property
    def length(self) -> int | None:
        """How many images."""
        return self.images.num_images

    def item_of(self, run: "Interpreter", place: Place | None, batch: int, text: str) -> Value:
        """One item, or a batch of them."""
        if self.tensors:
            return tuple_of(list(self.tensors))
        dims = (batch, *self.dims)
        images = replace(self.images, text=text or self.images.text)
        picture = add_tensor(run, "input", "Input", (), dims, place=None, images=images)
        if not self.has_labels:
            return picture
        labels = replace(images, is_labels=True, low=None, high=None)
        return tuple_of([picture, add_tensor(run, "input", "Input", (), (batch,), place=None, images=labels)])

    def item(self, run: "Interpreter", index: Value, place: Place | None) -> Value:
        """One image and its label."""
        return self.item_of(run, place, BATCH, "")

    def element(self, run: "Interpreter") -> Value:
        """One image and its label."""
        return self.item_of(run, None, BATCH, "")

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """`data`, `targets`: the raw pixels, 0 to 255."""
        if name in ("data", "train_data", "test_data"):
            channels, height, width = self.dims if len(self.dims) == 3 else (0, 0, 0)
            raw = replace(self.images, low=0.0, high=255.0, text=f"{self.text}.{name}")
            dims: Dims = (BATCH, height, width) if channels == 1 else (BATCH, height, width, channels)
            return add_tensor(run, "input", "Input", (), dims, place=place, images=raw)
        if name in ("targets", "labels", "train_labels", "test_labels"):
            labels = replace(self.images, is_labels=True, low=None, high=None, text=f"{self.text}.{name}")
            return add_tensor(run, "input", "Input", (), (BATCH,), place=place, images=labels)
        if name == "dataset":
            return self
        return Unknown(text=f"{self.text}.{name}")

    def parts(self) -> Iterator[Value]:
        """The tensors of a `TensorDataset`."""
        return iter(self.tensors)


@dataclass(eq=False, kw_only=True)
class Loader(Value):
    """A loader of batches."""

    dataset: Value
    batch_size: int | None
    place: Place | None = None
    batch_place: Place | None = None
    text: str = "loader"

    def named(self, name: str) -> None:
        """Its variable is what messages call its images."""
        self.text = name

    @property
    def length(self) -> int | None:
        """How many batches, where that is known."""
        count = getattr(self.dataset, "length", None)
        return -(-count // self.batch_size) if isinstance(count, int) and self.batch_size else None

    def elements(self, run: "Interpreter") -> list[Value] | None:
        """One batch that stands for all."""
        return [self.element(run)]

    def element(self, run: "Interpreter") -> Value:
        """One batch."""
        if isinstance(self.dataset, Dataset):
            batch = self.dataset.item_of(run, self.place, BATCH, self.text)
            state_of(run).batches[id(batch)] = batch, self
            return batch
        if isinstance(self.dataset, Tensor):
            return self.dataset
        return Unknown(text=self.text)

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """`dataset`, `batch_size`."""
        if name == "dataset":
            return self.dataset
        if name == "batch_size" and self.batch_size is not None:
            return Constant(self.batch_size)
        return Unknown(text=f"{self.text}.{name}")


def dataset_class(name: str) -> Value:
    """`torchvision.datasets.CIFAR10`."""
    return Native(name, lambda run, call: _dataset(run, name, call))


def _dataset(run: "Interpreter", name: str, call: Call) -> Value:
    is_train = call.constant(1, "train", default=True if "train" not in call.keywords else None)
    word = call.constant(1, "split", "image_set", default=None)
    split: Split = "unknown"
    if isinstance(word, str):
        split = {"train": "train", "test": "test", "val": "validation", "valid": "validation"}.get(word, "unknown")  # type: ignore[assignment]
    elif name in _SETS and name not in ("SVHN", "STL10", "CelebA", "EMNIST") and isinstance(is_train, bool):
        split = "train" if is_train else "test"
    elif name in FOLDERS:
        split = _split_of_path(call.constant(0, "root"))
    dims, num_train, num_test = _SETS.get(name, ((0, 0, 0), 0, 0))
    count = {"train": num_train, "test": num_test}.get(split) or None
    transform = call.value({"ImageFolder": 1}.get(name, 2), "transform")
    picture = Picture(dims=dims if name in _SETS else (3, 0, 0))
    if isinstance(transform, Transform):
        picture = transform.apply(run, picture)
    elif transform is not None and plain(transform, ...) is not None:
        picture = Picture(is_tensor=True)
    images = Images(text="", split=split, low=picture.low, high=picture.high, num_images=count, place=call.place)
    return Dataset(images=images, dims=picture.dims)


def _split_of_path(path: object) -> Split:
    if not isinstance(path, str):
        return "unknown"
    parts = path.lower().replace("\\", "/").rstrip("/").split("/")
    last = parts[-1]
    words: dict[str, Split] = {"train": "train", "training": "train", "test": "test", "testing": "test",
                               "val": "validation", "valid": "validation", "validation": "validation"}  # fmt: skip
    return words.get(last, "unknown")


def _loader(run: "Interpreter", call: Call) -> Value:
    dataset = call.value(0, "dataset") or Unknown(text="dataset")
    size = call.argument(1, "batch_size")
    number = plain(size.value) if size is not None else 1 if call.is_complete else None
    return Loader(
        dataset=dataset,
        batch_size=number if isinstance(number, int) else None,
        place=call.place,
        batch_place=None if size is None else size.place,
    )


def _tensor_dataset(run: "Interpreter", call: Call) -> Value:
    tensors = tuple(call.values)
    images = images_of(tensors[0]) if tensors else None
    dims = dims_of(tensors[0])[1:] if tensors else ()
    return Dataset(images=images or Images(text="dataset"), dims=dims or (0, 0, 0), tensors=tensors)


def _random_split(run: "Interpreter", call: Call) -> Value:
    whole, sizes = call.value(0, "dataset"), call.value(1, "lengths")
    parts = sizes.elements(run) if sizes is not None else None
    if not isinstance(whole, Dataset) or parts is None:
        return Unknown(text="random_split")
    found: list[Value] = []
    for index, part in enumerate(parts):
        split: Split = whole.images.split if index == 0 else "validation"
        number = plain(part)
        total = whole.images.num_images
        count = number if isinstance(number, int) and number > 1 else None
        if isinstance(number, float) and total:
            count = round(number * total)
        images = replace(whole.images, split=split, num_images=count, text="")
        found.append(replace(whole, images=images, text="dataset"))
    return ListValue(found)


def _subset(run: "Interpreter", call: Call) -> Value:
    whole = call.value(0, "dataset")
    if not isinstance(whole, Dataset):
        return Unknown(text="subset")
    chosen = call.value(1, "indices")
    elements = chosen.elements(run) if chosen is not None else None
    images = replace(whole.images, num_images=None if elements is None else len(elements), text="")
    return replace(whole, images=images, text="dataset")


def _concatenated(run: "Interpreter", call: Call) -> Value:
    given = call.value(0, "datasets")
    parts = given.elements(run) if given is not None else None
    first = parts[0] if parts else None
    if isinstance(first, Dataset):
        return replace(first, images=replace(first.images, split="unknown", num_images=None, text=""))
    return Unknown(text="dataset")


DATA = {
    "torch.utils.data.DataLoader": Native("DataLoader", _loader),
    "torch.utils.data.TensorDataset": Native("TensorDataset", _tensor_dataset),
    "torch.utils.data.random_split": Native("random_split", _random_split),
    "torch.utils.data.Subset": Native("Subset", _subset),
    "torch.utils.data.ConcatDataset": Native("ConcatDataset", _concatenated),
}
"""Functions and classes by their paths."""
for _path in list(DATA):
    DATA[_path.replace("torch.utils.data.", "torch.utils.data.dataset.")] = DATA[_path]
DATA["torch.utils.data.dataloader.DataLoader"] = DATA["torch.utils.data.DataLoader"]


def transform_class(name: str) -> Value:
    """`transforms.Normalize`."""
    return Native(name, lambda run, call: Transform(name=name, call_made=call))


def is_dataset(path: str) -> bool:
    """Whether a dotted path names a data set of torchvision."""
    module, _, name = path.rpartition(".")
    return module.endswith("datasets") and (name in _SETS or name in FOLDERS)
