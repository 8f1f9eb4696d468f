"""Fills an `Activity`: a run's model on real images, watched layer by layer, in a few seconds."""

import contextlib
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from diabolo.api.recorded_data import load_recorded_data, training_images
from diabolo.checks.activity import Activity, ChannelActivity
from diabolo.data import load_data
from diabolo.data.load import with_options
from diabolo.errors import DataError, RunError
from diabolo.layers.gaussian import GaussianBottleneck
from diabolo.layers.normalisation import BatchNorm
from diabolo.model import AutoEncoder
from diabolo.model.device import device_of
from diabolo.train import images_at_once, recipe_from_record
from diabolo.use import Run
from diabolo.vocabulary import activation

MAX_IMAGES = 1000
"""Most images looked at."""
_ACTIVATIONS = {kind.name for kind in activation.KINDS}
_HALF_A_LEVEL = 0.5 / 255


def measure_run(run: Run) -> Activity:
    """What a run's kept weights do on its own validation images, or, where those cannot be had, on the sample.

    Raises:
        RunError: the weights are missing or damaged.
        DataError: the run's images cannot be had, and the sample has another size than the model's.
    """
    images, described = _images(run)
    return measure_activity(run.model, images, described)


def _images(run: Run) -> tuple[NDArray[np.uint8], str]:
    try:
        dataset = load_recorded_data(run.folder, run.record)
    except (DataError, RunError) as error:
        return _sample(run, error)
    images = training_images(dataset, recipe_from_record(run.record.recipe))
    chosen = _scattered(images.validation_indices)
    return images.validation[chosen], f"{len(chosen):,} validation images of {dataset.name}"


def _sample(run: Run, error: Exception) -> tuple[NDArray[np.uint8], str]:
    sample = load_data("cifar10-sample")
    height, width, channels = run.record.input_shape
    if (height, width) != sample.image_shape[:2]:
        raise DataError(
            f"`{run.folder.path}` cannot be watched on its own images ({error}), and the sample that comes with "
            f"diabolo has 32×32 pixels where the model takes {height}×{width}; bring its images back"
        ) from error
    images = with_options(sample, None, None, channels).test[:]
    return images, f"{len(images):,} images of {sample.name}, since its own are not there"


def _scattered(indices: NDArray[np.int64]) -> NDArray[np.int64]:
    """At most `MAX_IMAGES` in an order by lot: folders are sorted by class, and bn in training sees a batch."""
    order: NDArray[np.int64] = np.random.default_rng(0).permutation(indices)[:MAX_IMAGES]
    return order


def measure_activity(model: AutoEncoder, images: NDArray[np.uint8], described: str = "") -> Activity:
    """Watches a model; its mode, its averages and the program's random numbers are left as they were.

    Args:
        model: any autoencoder of ours.
        images: uint8 (N, height, width, channels), in no order that means something.
        described: which images these are, in words.
    """
    if len(images) == 0:
        raise DataError("there are no images to watch the model on; a validation part needs at least one")
    device = device_of(model)
    size = images_at_once(model)

    def batches() -> Iterator[Tensor]:
        for start in range(0, len(images), size):
            batch = torch.from_numpy(np.array(images[start : start + size])).to(device)
            yield batch.to(torch.float32).div_(255.0).permute(0, 3, 1, 2)

    watched = _Watched(model)
    pictures = _Pictures(model)
    with _kept_as_it_is(model), torch.no_grad():
        model.eval()
        with watched.hooks():
            for batch in batches():
                pictures.add(batch, model(batch).float())
        mse = training_mode = pictures.mse
        norms = [layer for layer in model.modules() if isinstance(layer, BatchNorm)]
        if norms and len(images) > 1:
            for layer in norms:
                layer.train()
            training_mode = _mse(model, [batch for batch in batches() if len(batch) > 1])
    return Activity(
        num_images=len(images),
        images=described,
        channels={name: table.activity() for name, table in watched.tables.items()},
        latent_deviation=watched.latent_deviation(),
        kl=watched.kl(),
        mse=mse,
        mse_training_mode=training_mode,
        mse_mean_image=pictures.mse_mean_image,
        output_deviation=pictures.output_deviation,
        image_deviation=math.sqrt(pictures.mse_mean_image),
        share_black=pictures.share_black,
        checkerboard=pictures.checkerboard,
    )


def _mse(model: AutoEncoder, batches: list[Tensor]) -> float:
    total = sum((model(batch).float() - batch).square().sum(dtype=torch.float64).item() for batch in batches)
    return total / max(1, sum(batch.numel() for batch in batches))


@contextlib.contextmanager
def _kept_as_it_is(model: AutoEncoder) -> Iterator[None]:
    modes = {module: module.training for module in model.modules()}
    buffers = {name: value.clone() for name, value in model.named_buffers()}
    with torch.random.fork_rng():
        try:
            yield
        finally:
            for module, mode in modes.items():
                module.training = mode
            for name, value in model.named_buffers():
                value.copy_(buffers[name])


class _Channels:
    """Of a node's values over images and positions, by channel."""

    def __init__(self) -> None:
        self.count = 0
        self.zeros: Any = 0
        self.mean: Any = 0
        self.squares: Any = 0  # of distances from the mean
        self.low: Any = math.inf
        self.high: Any = -math.inf

    def add(self, values: Tensor) -> None:
        """Float[Tensor, "batch channels ..."]."""
        flat = values.float().transpose(0, 1).flatten(1)
        count = flat.shape[1]
        variance, mean = (part.double() for part in torch.var_mean(flat, dim=1, correction=0))
        # Two sets of values as one: Chan, Golub and LeVeque 1979.
        total, away = self.count + count, mean - self.mean
        self.squares = self.squares + variance * count + away.square() * self.count * count / total
        self.mean = self.mean + away * count / total
        self.zeros = self.zeros + (flat == 0).sum(1)
        self.low, self.high = (
            torch.minimum(flat.amin(1), torch.as_tensor(self.low, device=flat.device)),
            torch.maximum(flat.amax(1), torch.as_tensor(self.high, device=flat.device)),
        )
        self.count = total

    def activity(self) -> ChannelActivity:
        """Deviation is exactly 0 where all values are the same."""
        deviation = (self.squares / self.count).sqrt() * (self.high > self.low)
        return ChannelActivity(
            share_zero=tuple((self.zeros.double() / self.count).tolist()), deviation=tuple(deviation.tolist())
        )


class _Sums:
    """Over images, of each value of an image or latent."""

    def __init__(self) -> None:
        self.num_images = 0
        self.total: Any = 0
        self.squares: Any = 0

    def add(self, values: Tensor) -> None:
        """Float[Tensor, "batch channels ..."]."""
        wide = values.double()
        self.num_images += len(values)
        self.total = self.total + wide.sum(dim=0)
        self.squares = self.squares + wide.square().sum(dim=0)

    @property
    def variance(self) -> Any:
        """Float64["channels ..."]."""
        return (self.squares / self.num_images - (self.total / self.num_images).square()).clamp_min(0)

    def deviation_over_images(self) -> tuple[float, ...]:
        """By channel, root mean square over positions."""
        variance = self.variance
        return tuple(variance.reshape(len(variance), -1).mean(1).sqrt().tolist())


class _Watched:
    """Sums of activations and of the latent, and the KL of a variational bottleneck."""

    def __init__(self, model: AutoEncoder) -> None:
        graph = model.graph
        self.model = model
        self.activations = {node.name for node in graph.layers if node.kind in _ACTIVATIONS}
        self.latent = graph.latent
        self.tables: dict[str, _Channels] = {}
        self.latents = _Sums()
        self.divergence: Any = None

    @contextlib.contextmanager
    def hooks(self) -> Iterator[None]:
        """Watches while the context lasts."""
        handles = []
        for name, layer in self.model.layers.items():
            if name in self.activations or name == self.latent:
                handles.append(layer.register_forward_hook(self._hook(name)))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _hook(self, name: str) -> Callable[[nn.Module, Any, Tensor], None]:
        def watch(layer: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
            if name in self.activations:
                self.tables.setdefault(name, _Channels()).add(output)
            if name == self.latent:
                self.latents.add(output)
            if isinstance(layer, GaussianBottleneck):
                divergence = layer.divergences(inputs[0]) * len(inputs[0])
                self.divergence = divergence if self.divergence is None else self.divergence + divergence

        return watch

    def latent_deviation(self) -> tuple[float, ...]:
        """Over images."""
        return self.latents.deviation_over_images() if self.latents.num_images else ()

    def kl(self) -> tuple[float, ...]:
        """Mean over images."""
        if self.divergence is None:
            return ()
        return tuple((self.divergence / self.latents.num_images).tolist())


class _Pictures:
    """Errors, spread and spectra of images and reconstructions, added up over batches."""

    def __init__(self, model: AutoEncoder) -> None:
        self.factor = _last_factor(model)
        self.images = _Sums()
        self.outputs = _Sums()
        self.error = 0.0
        self.energy = [0.0, 0.0]
        self.is_lit: Any = False

    def add(self, images: Tensor, outputs: Tensor) -> None:
        """Float[Tensor, "batch channels height width"] in [0, 1], and what the model gives."""
        self.images.add(images)
        self.outputs.add(outputs)
        self.error += (outputs - images).square().sum(dtype=torch.float64).item()
        self.is_lit = self.is_lit | (outputs >= _HALF_A_LEVEL).any(0)
        for index, values in enumerate((images, outputs.clamp(0, 1))):
            self.energy[index] += _grid_energy(values, self.factor)

    @property
    def mse(self) -> float:
        """Per value."""
        return self.error / (self.images.num_images * self.images.total.numel())

    @property
    def mse_mean_image(self) -> float:
        """The images' variance."""
        return float(self.images.variance.mean())

    @property
    def output_deviation(self) -> float:
        """Root mean square over values."""
        return math.sqrt(float(self.outputs.variance.mean()))

    @property
    def share_black(self) -> tuple[float, ...]:
        """By colour channel: light that falls on pixels which no reconstruction lights."""
        light = self.images.total.flatten(1)
        lost = (light * ~self.is_lit.flatten(1)).sum(1)
        return tuple((lost / light.sum(1).clamp_min(1e-12)).tolist())

    @property
    def checkerboard(self) -> float:
        """Energy on the grid, over the images' own."""
        images, outputs = self.energy
        return outputs / images if images > 0 else 1.0


def _last_factor(model: AutoEncoder) -> int:
    """By what the last up-sampling before the output grows the map; 2 without one."""
    graph = model.graph
    for node in reversed(graph.layers):
        if node.kind in ("up", "shuffle", "deconv"):
            factor = node.attributes["stride" if node.kind == "deconv" else "size"]
            if isinstance(factor, int) and factor > 1:
                return factor
    return 2


def _grid_energy(images: Tensor, factor: int) -> float:
    """Energy at the frequencies of a grid of `factor` pixels in either axis, means left out, summed over a batch."""
    spectrum = torch.fft.fft2(images.double()).abs().square()
    height, width = images.shape[-2:]
    rows = sorted({round(step * height / factor) % height for step in range(1, factor)} - {0})
    columns = sorted({round(step * width / factor) % width for step in range(1, factor)} - {0})
    on_grid = torch.zeros(height, width, dtype=torch.bool, device=images.device)
    on_grid[rows, :] = True
    on_grid[:, columns] = True
    return float(spectrum[..., on_grid].sum()) / (height * width)
