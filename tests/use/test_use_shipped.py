"""Zoo models with weights work at once, by their name."""

import numpy as np
import pytest

import diabolo
from diabolo.errors import RunError
from diabolo.use import psnr_of
from diabolo.zoo import zoo
from diabolo.zoo.results import read_results
from diabolo.zoo.shipped import shipped_run

SHIPPED = [name for name in zoo() if shipped_run(name) is not None]


def test_some_are_shipped() -> None:
    assert {"blocks-1024", "drop-in", "denoise"} <= set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_reconstructs_as_its_results_say(name: str) -> None:
    """The sample's 400 test images are some of CIFAR-10's 10,000: their mean lies near that of all."""
    images = np.asarray(diabolo.load_data("cifar10-sample", offline=True).test)
    run = diabolo.load(name)
    results = read_results(name)
    assert results is not None
    assert run.line == results.line
    psnr = psnr_of(images, run.reconstruct(images))
    # Five standard errors of a mean over so few images.
    assert abs(psnr.mean() - results.seeds[0].psnr) < 5 * psnr.std() / len(images) ** 0.5


def test_a_name_that_is_nearly_one_of_the_zoo() -> None:
    with pytest.raises(RunError, match="there is no run `dropin`; did you mean `drop-in`, a model of the zoo"):
        diabolo.load("dropin")
    with pytest.raises(RunError, match="`runs/dropin` is no run"):  # a path, not a name
        diabolo.load("runs/dropin")


def test_a_model_without_weights_is_told_how_to_make_them() -> None:
    with pytest.raises(RunError, match="train it with `diabolo train method-2 --out runs/method-2`"):
        diabolo.load("method-2")
