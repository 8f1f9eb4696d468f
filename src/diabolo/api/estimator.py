"""`AutoencoderTransformer`: an autoencoder as a scikit-learn estimator, for a `Pipeline` or a `GridSearchCV`."""
# ruff: noqa: N803, N806  (scikit-learn calls it X, also by name)

import math
import warnings
from collections.abc import Iterator, Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DiaboloError

try:
    from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.validation import check_array, check_is_fitted, validate_data
except ImportError as error:
    raise DiaboloError(
        "`AutoencoderTransformer` is a scikit-learn estimator, and scikit-learn 1.6 or newer is not installed; "
        "`pip install 'scikit-learn>=1.6'`, or train with `diabolo.fit`, which needs none"
    ) from error


_MOST_BEYOND = 0.01  # share of values far outside of the range that may be outliers


class ValueRangeWarning(UserWarning):
    """Images are on another scale than those that an `AutoencoderTransformer` was fitted on."""


class AutoencoderTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Learns to encode images: `transform` gives their latents, `inverse_transform` images of latents.

    Images come as rows of values, (n, height · width · channels), as scikit-learn passes them on, or as (n, height,
    width, channels). Their range is that of the images trained on (`value_range`); training sees them in 256 steps, as
    pictures have them, encoding and decoding as they are. A fitted estimator holds its weights as safetensors bytes.

    Args:
        model: a zoo name or a line.
        image_shape: (height, width, channels) of the images in a row; one of them may be -1. None: as of 4-dimensional
            images, else square grey or square colour images, whichever the number of values allows.
        value_range: (lowest, highest) value, that black and white stand for; None: 0 to 255 for whole numbers of 8
            bits, 0 to 1 for numbers that lie there, otherwise the lowest and highest of the images trained on.
        recipe: `fast`, `keras`, or another of the named ones.
        settings: changes to the recipe, as `{"epochs": 3}`.
        pool: `flat` (all latent values), or `mean` or `max` over the positions of a latent map; only `flat` can be
            turned back into images.
        random_state: of initial weights, batch order, and the images held out for validation: a whole number, or a
            `RandomState`; None: 0, since a run is to be repeated.
        device: `auto`, `cpu` or `cuda`.
        engine: as of `diabolo.fit`.

    Attributes:
        line_: the model's line.
        weights_: its weights, in the format of safetensors.
        history_: a dictionary for each epoch: loss, val_loss, val_mse, val_psnr and more.
        image_shape_: (height, width, channels).
        value_range_: (lowest, highest).
        latent_shape_: of one image.
        n_features_in_: values of an image.
    """

    def __init__(
        self,
        model: str = "method-2",
        *,
        image_shape: tuple[int, int, int] | None = None,
        value_range: tuple[float, float] | None = None,
        recipe: str = "fast",
        settings: Mapping[str, Any] | None = None,
        pool: str = "flat",
        random_state: Any = None,
        device: str = "auto",
        engine: str | None = None,
    ) -> None:
        # scikit-learn copies an estimator by its parameters: they are kept as they are and read when it is fitted.
        self.model = model
        self.image_shape = image_shape
        self.value_range = value_range
        self.recipe = recipe
        self.settings = settings
        self.pool = pool
        self.random_state = random_state
        self.device = device
        self.engine = engine

    def fit(self, X: Any, y: object = None) -> Self:
        """Trains the model on images; `y` is not looked at.

        Raises:
            DiaboloError: a parameter has a wrong value, or the model does not fit the images.
            DivergedError: the loss became NaN or infinite.
            ValueError: `X` holds no numbers, NaN or infinite ones, or too few images to hold some out.
        """
        from diabolo.api.estimator_training import read_range, read_shape, trained_weights
        from diabolo.use.encode import POOLS

        if self.pool not in POOLS:
            raise DiaboloError(f"`pool` (={self.pool}) must be one of {', '.join(POOLS)}")
        values, shape = self._rows(X, reset=True)
        self.image_shape_ = read_shape(self.image_shape, values.shape[1], shape)
        self.value_range_ = read_range(self.value_range, values)
        self._warn_of_another_scale(values)
        pixels = np.rint(np.clip(self._scaled(values), 0, 1) * 255).astype(np.uint8)
        self.line_, self.weights_, self.history_ = trained_weights(
            self.model,
            pixels.reshape(-1, *self.image_shape_),
            recipe=self.recipe,
            settings=self.settings or {},
            seed=_seed(self.random_state),
            device=self.device,
            engine=self.engine,
        )
        self._built: Any = None
        self.latent_shape_ = tuple(self._model().graph.latent_shape)
        is_pooled = self.pool != "flat" and len(self.latent_shape_) == 3
        self._n_features_out = self.latent_shape_[-1] if is_pooled else math.prod(self.latent_shape_)
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Latents, float32 (n, values), of images in a row or (n, height, width, channels).

        Raises:
            NotFittedError: it was not fitted.
            ValueError: there are no images, or they have another number of values than those trained on.

        Warns:
            ValueRangeWarning: more than 1 % of the values lie further outside of `value_range_` than it is wide.
        """
        check_is_fitted(self)
        import torch

        from diabolo.use.encode import pooled

        model = self._model()
        with torch.inference_mode():
            parts = [model.encode(batch) for batch in self._batches(X)]
            latents = torch.cat([part.permute(0, 2, 3, 1) if part.dim() == 4 else part for part in parts])
        return pooled(latents.float().cpu().numpy(), self.pool)

    def inverse_transform(self, X: Any) -> NDArray[np.float32]:
        """Images of latents (n, values) in a row, float32 (n, height · width · channels), in the range of `fit`.

        Raises:
            NotFittedError: it was not fitted.
            DiaboloError: the latents were pooled over positions, so that these are lost.
        """
        check_is_fitted(self)
        from diabolo.use.decode import decode

        if self.pool != "flat" and len(self.latent_shape_) == 3:
            raise DiaboloError(f"`pool` (={self.pool}) forgets positions; images come back with `pool='flat'` only")
        latents = check_array(X, dtype=np.float32, input_name="X")
        return self._unscaled(decode(self._model(), latents))

    def reconstruct(self, X: Any) -> NDArray[np.float32]:
        """What the model makes of images, in a row, in the range of `fit`; float32 (n, height · width · channels)."""
        check_is_fitted(self)
        import torch

        model = self._model()
        with torch.inference_mode():
            made = torch.cat([model(batch) for batch in self._batches(X)]).clamp(0, 1)
        return self._unscaled(made.permute(0, 2, 3, 1).float().cpu().numpy())

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """Minus the mean squared error of each image, images scaled to 0..1: low for what is strange to the model."""
        check_is_fitted(self)
        rows, _ = self._rows(X, reset=False)
        error = self._scaled(self.reconstruct(X)) - self._scaled(rows)
        return np.asarray(-np.square(error).mean(axis=1))

    def score(self, X: Any, y: object = None) -> float:
        """Mean of `score_samples`: larger is better, 0 is perfect; this is what `GridSearchCV` compares."""
        return float(self.score_samples(X).mean())

    def __getstate__(self) -> dict[str, Any]:
        """Parameters and fitted values; the torch module stays behind and is built again from the weights."""
        return {name: value for name, value in super().__getstate__().items() if name != "_built"}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = True
        tags.transformer_tags.preserves_dtype = []  # latents are float32, whatever the images are
        return tags

    def _rows(self, X: Any, *, reset: bool) -> tuple[NDArray[Any], tuple[int, int, int] | None]:
        """Images as rows, and their shape where they had four dimensions."""
        shape = None
        if getattr(X, "ndim", 2) == 4:
            X = np.asarray(X)
            shape = (int(X.shape[1]), int(X.shape[2]), int(X.shape[3]))
            if not reset and shape != self.image_shape_:
                raise ValueError(f"X has images of {shape}, and this was fitted on {self.image_shape_}")
            X = X.reshape(len(X), math.prod(shape))  # not -1: of no images it cannot be told
        values = validate_data(
            self, X, reset=reset, dtype=[np.float64, np.float32, np.uint8], ensure_min_samples=2 if reset else 1
        )
        return values, shape

    def _batches(self, X: Any) -> Iterator[Any]:
        """Float[Tensor, "batch channels height width"] scaled to 0..1, a few hundred at a time."""
        rows, _ = self._rows(X, reset=False)
        self._warn_of_another_scale(rows)
        return self._scaled_batches(rows)

    def _scaled_batches(self, rows: NDArray[Any]) -> Iterator[Any]:
        import torch

        from diabolo.model.device import device_of
        from diabolo.train import images_at_once

        model = self._model()
        device, step = device_of(model), images_at_once(model)
        for start in range(0, len(rows), step):
            scaled = self._scaled(rows[start : start + step]).astype(np.float32)
            yield torch.from_numpy(scaled.reshape(-1, *self.image_shape_)).permute(0, 3, 1, 2).to(device)

    def _warn_of_another_scale(self, rows: NDArray[Any]) -> None:
        """Warns where more than a few values lie further outside of the range than it is wide."""
        low, high = self.value_range_
        lowest, highest = float(rows.min()), float(rows.max())
        far = high - low
        if lowest >= low - far and highest <= high + far:
            return  # nearly always, and without a copy
        beyond = float(np.mean((rows < low - far) | (rows > high + far)))
        if beyond > _MOST_BEYOND:
            warnings.warn(
                f"{beyond:.0%} of the values lie far outside of {low:g} to {high:g}, the `value_range_` of the images "
                f"that this is fitted on: they go from {lowest:g} to {highest:g}. Scale them as those images, or fit "
                "with the `value_range` that they have",
                ValueRangeWarning,
                stacklevel=4,
            )

    def _scaled(self, values: NDArray[Any]) -> NDArray[np.float64]:
        low, high = self.value_range_
        return np.asarray((values.astype(np.float64) - low) / (high - low))

    def _unscaled(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        low, high = self.value_range_
        return (images.reshape(len(images), -1) * np.float32(high - low) + np.float32(low)).astype(np.float32)

    def _model(self) -> Any:
        """The torch module with the fitted weights, built when it is first needed."""
        if getattr(self, "_built", None) is None:
            from safetensors.torch import load

            from diabolo.model import build_model
            from diabolo.train import load_weights

            model = build_model(self.line_, self.image_shape_, engine=self.engine)
            load_weights(model, load(self.weights_))
            self._built = model.eval()
        return self._built


def _seed(random_state: Any) -> int:
    if random_state is None or (isinstance(random_state, int) and not isinstance(random_state, bool)):
        return random_state or 0
    return int(check_random_state(random_state).randint(2**31 - 1))
