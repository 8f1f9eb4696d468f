"""The scikit-learn estimator: `check_estimator`, pipelines, grid search, pickling, shapes and ranges, and refusals."""

import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import check_estimator, estimator_checks_generator

import diabolo
from diabolo.api.estimator import AutoencoderTransformer
from diabolo.errors import DiaboloError

LINE = "conv4 relu pool | up conv3 sigmoid"
ANY_ROW = {"model": "conv4 relu | conv1 sigmoid", "image_shape": (1, -1, 1), "settings": {"epochs": 1}}
EXPECTED_FAILURES = {
    "check_methods_sample_order_invariance": "wants seven digits; float32 sums depend on which images stand together",
}


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """Forty photographs, uint8 (40, 32, 32, 3)."""
    return np.asarray(diabolo.load_data("cifar10-sample").train[:40])


@pytest.fixture(scope="module")
def fitted(images: np.ndarray) -> AutoencoderTransformer:
    return AutoencoderTransformer(LINE, settings={"epochs": 2, "batch_size": 10}, random_state=3).fit(images)


def test_check_estimator() -> None:
    """All that scikit-learn asks for, but for one whose reason stands above."""
    results = check_estimator(
        AutoencoderTransformer(**ANY_ROW), expected_failed_checks=EXPECTED_FAILURES, on_skip=None, on_fail=None
    )
    failed = {one["check_name"]: one["exception"] for one in results if one["status"] == "failed"}
    assert failed == {}
    assert len(results) >= 40
    assert len(list(estimator_checks_generator(AutoencoderTransformer(**ANY_ROW)))) == len(results)


def test_it_does_what_the_model_does(fitted: AutoencoderTransformer, images: np.ndarray) -> None:
    model = fitted._model()
    from diabolo.use.encode import encode
    from diabolo.use.reconstruct import reconstruct

    np.testing.assert_allclose(fitted.transform(images), encode(model, images, pool="flat"), atol=1e-6)
    expected = reconstruct(model, images).reshape(40, -1) * 255
    np.testing.assert_allclose(fitted.reconstruct(images), expected, atol=1e-3)
    np.testing.assert_allclose(fitted.inverse_transform(fitted.transform(images)), expected, atol=1e-3)
    errors = ((expected - images.reshape(40, -1)) / 255) ** 2
    np.testing.assert_allclose(fitted.score_samples(images), -errors.mean(axis=1), rtol=1e-4)
    assert fitted.score(images) == pytest.approx(-errors.mean(), rel=1e-4)


def test_training_is_that_of_diabolo(fitted: AutoencoderTransformer) -> None:
    assert fitted.line_ == LINE
    assert [row["epoch"] for row in fitted.history_] == [1, 2]
    assert fitted.latent_shape_ == (16, 16, 4)
    assert fitted.get_feature_names_out()[-1] == "autoencodertransformer1023"
    assert len(fitted.get_feature_names_out()) == fitted.transform(np.zeros((1, 3072), np.uint8)).shape[1] == 1024


def test_rows_and_arrays_are_the_same(fitted: AutoencoderTransformer, images: np.ndarray) -> None:
    rows = images.reshape(40, -1)
    again = clone(fitted).fit(rows)
    assert again.image_shape_ == (32, 32, 3)
    assert again.weights_ == fitted.weights_
    np.testing.assert_array_equal(again.transform(rows), fitted.transform(images))
    floats = clone(fitted).fit(rows / 255)
    assert floats.value_range_ == (0.0, 1.0)
    assert floats.weights_ == fitted.weights_
    assert clone(fitted).set_params(random_state=4).fit(rows).weights_ != fitted.weights_


def test_any_range_comes_back(images: np.ndarray) -> None:
    shifted = images.reshape(40, -1) / 16.0 - 7
    estimator = AutoencoderTransformer(LINE, settings={"epochs": 1}).fit(shifted)
    assert estimator.value_range_ == (shifted.min(), shifted.max())
    made = estimator.reconstruct(shifted)
    assert shifted.min() <= made.min() < made.max() <= shifted.max()
    fixed = AutoencoderTransformer(LINE, settings={"epochs": 1}, value_range=(-10, 10)).fit(shifted)
    assert fixed.value_range_ == (-10.0, 10.0)


def test_pools(images: np.ndarray) -> None:
    estimator = AutoencoderTransformer(LINE, settings={"epochs": 1}, pool="mean").fit(images)
    flat = clone(estimator).set_params(pool="flat").fit(images).transform(images)
    np.testing.assert_allclose(estimator.transform(images), flat.reshape(40, 256, 4).mean(axis=1), rtol=1e-5, atol=1e-6)
    assert len(estimator.get_feature_names_out()) == 4
    with pytest.raises(DiaboloError, match="forgets positions"):
        estimator.inverse_transform(estimator.transform(images))


def test_pipeline_and_grid_search(images: np.ndarray) -> None:
    rows = images.reshape(40, -1).astype(np.float64)
    pipeline = make_pipeline(
        MinMaxScaler(clip=True), AutoencoderTransformer(LINE, settings={"epochs": 1}, pool="mean"), KMeans(3, n_init=1)
    )
    assert set(pipeline.fit_predict(rows)) <= {0, 1, 2}
    search = GridSearchCV(
        AutoencoderTransformer(LINE, image_shape=(32, 32, 3)),
        {"settings": [{"epochs": 1, "learning_rate": 1e-9}, {"epochs": 3, "batch_size": 5}]},
        cv=2,
    ).fit(rows)
    assert search.best_params_["settings"]["epochs"] == 3
    assert search.best_score_ < 0


def test_a_fitted_estimator_travels_without_torch(fitted: AutoencoderTransformer, images: np.ndarray) -> None:
    expected = fitted.transform(images)
    packed = pickle.dumps(fitted)
    assert b"torch" not in packed
    np.testing.assert_array_equal(pickle.loads(packed).transform(images), expected)
    code = "import pickle, sys\npickle.load(sys.stdin.buffer)\nassert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], input=packed, check=True)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"model": "methud-2"}, "did you mean `method-2`"),
        ({"model": "conv8 | conv1 sigmoid"}, "conv1"),
        ({"recipe": "fsat"}, "did you mean `fast`"),
        ({"recipe": "keras"}, "an estimator has none; add `settings={'validation': 'held-out'}`"),
        ({"settings": {"epoch": 1}}, "did you mean `epochs`"),
        ({"pool": None}, r"`pool` \(=None\) must be one of mean, max, flat"),
        ({"image_shape": (32, 32)}, "must be \\(height, width, channels\\)"),
        ({"image_shape": (-1, -1, 3)}, "one may be -1"),
        ({"image_shape": (31, 32, 3)}, "does not go with 3,072 values"),
        ({"image_shape": (0, -1, 3)}, "does not go with 3,072 values"),
        ({"image_shape": (16, 64, 3)}, "is not that of the images"),
        ({"value_range": (1, 0)}, "must be \\(lowest, highest\\)"),
        ({"value_range": 255}, "must be \\(lowest, highest\\)"),
        ({"device": "tpu"}, "`device`"),
        ({"engine": "fast"}, "engine"),
    ],
)
def test_what_it_refuses(images: np.ndarray, options: dict[str, object], message: str) -> None:
    estimator = AutoencoderTransformer(**{"model": LINE, **options})  # type: ignore[arg-type]
    with pytest.raises(DiaboloError, match=message):
        estimator.fit(images)


def test_images_that_it_refuses(fitted: AutoencoderTransformer, images: np.ndarray) -> None:
    with pytest.raises(ValueError, match="minimum of 2"):
        clone(fitted).fit(images[:1])
    with pytest.raises(DiaboloError, match="neither a square grey nor a square colour image"):
        clone(fitted).fit(np.zeros((4, 10)))
    with pytest.raises(ValueError, match="NaN"):
        clone(fitted).fit(np.full((4, 12), np.nan))
    with pytest.raises(ValueError, match="fitted on"):
        fitted.transform(images[:, :16, :48])
    with pytest.raises(ValueError, match="expecting 3072 features"):
        fitted.transform(np.zeros((1, 12)))
    with pytest.raises(NotFittedError):
        AutoencoderTransformer(LINE).score(images)


@pytest.mark.parametrize("shape", [(0, 32, 32, 3), (0, 3072)])
def test_no_images_are_refused_in_scikit_learns_words(fitted: AutoencoderTransformer, shape: tuple[int, ...]) -> None:
    nothing = np.zeros(shape, np.uint8)
    for method in (fitted.transform, fitted.reconstruct, fitted.score, fitted.score_samples, clone(fitted).fit):
        with pytest.raises(ValueError, match=r"^Found array with 0 sample\(s\) \(shape=\(0, 3072\)\)"):
            method(nothing)


def test_images_without_pixels_are_refused(fitted: AutoencoderTransformer) -> None:
    with pytest.raises(ValueError, match=r"^Found array with 0 feature\(s\)"):
        clone(fitted).fit(np.zeros((3, 0, 4, 3), np.uint8))


def test_images_on_another_scale_warn_once(fitted: AutoencoderTransformer, images: np.ndarray) -> None:
    sixteen_bits = images.astype(np.float64) * 257
    for method in (fitted.transform, fitted.reconstruct, fitted.score, fitted.score_samples):
        with pytest.warns(diabolo.ValueRangeWarning) as caught:
            method(sixteen_bits)
        assert len(caught) == 1
        beyond = np.mean(sixteen_bits > 510)
        assert str(caught[0].message) == (
            f"{beyond:.0%} of the values lie far outside of 0 to 255, the `value_range_` of the images that this is "
            f"fitted on: they go from 0 to {257 * int(images.max())}. Scale them as those images, or fit with the "
            "`value_range` that they have"
        )
    with pytest.warns(diabolo.ValueRangeWarning, match="outside of 0 to 1, .* go from 0 to 255"):
        AutoencoderTransformer(LINE, value_range=(0, 1), settings={"epochs": 1}).fit(images)


def test_a_few_outliers_and_values_near_the_range_do_not_warn(
    fitted: AutoencoderTransformer, images: np.ndarray
) -> None:
    outlier = images.astype(np.float64)
    outlier[0, :8, :8] = 65535  # 64 of 40,960 pixels, as a dead camera has them
    with warnings.catch_warnings():
        warnings.simplefilter("error", diabolo.ValueRangeWarning)
        fitted.transform(outlier)
        fitted.transform(images * 2.0 - 200)
        fitted.score(images)


def test_constant_and_few_images() -> None:
    for value in (0, 7, -3.5):
        estimator = AutoencoderTransformer(LINE, settings={"epochs": 1}).fit(np.full((2, 4, 4, 3), value))
        assert np.isfinite(estimator.reconstruct(np.full((1, 48), value))).all()


def test_without_scikit_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import sys\nsys.modules['sklearn'] = None\nimport diabolo\n"
        "try:\n    diabolo.AutoencoderTransformer\nexcept diabolo.DiaboloError as error:\n    print(error)\n"
    )
    said = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert said == (
        "`AutoencoderTransformer` is a scikit-learn estimator, and scikit-learn 1.6 or newer is not installed; "
        "`pip install 'scikit-learn>=1.6'`, or train with `diabolo.fit`, which needs none\n"
    )
