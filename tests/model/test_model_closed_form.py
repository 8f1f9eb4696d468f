"""`initialisation=pca` gives the principal components that are computed in another way, and says what is in the way."""

import numpy as np
import pytest
import torch

from diabolo.errors import RecipeError
from diabolo.model import AutoEncoder, build_model, initialise_closed_form
from diabolo.model.moments import Moments, Pairs
from diabolo.references.blocks import from_blocks, to_blocks
from diabolo.references.components import fit_components

torch.set_num_threads(1)

SHAPE = (8, 8, 3)
RESIDUAL = (
    "unshuffle res[skip=conv k=3]{conv8 2*res{silu conv8 silu conv8} silu conv5} | "
    "res[skip=conv k=3]{conv8 res{silu conv8} silu conv12} shuffle"
)


def pictures(num_images: int = 400, shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    """Random pictures whose neighbouring pixels are alike, uint8 (N, H, W, C)."""
    random = np.random.default_rng(3).normal(size=(num_images, *shape))
    smooth = random.cumsum(axis=1).cumsum(axis=2) + random.mean(axis=(1, 2, 3), keepdims=True)
    return np.clip(128 + 25 * smooth, 0, 255).astype(np.uint8)


def floats(images: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255


def started(line: str, images: np.ndarray | None = None, seed: int = 0) -> AutoEncoder:
    images = pictures() if images is None else images
    model = build_model(line, images.shape[1:], seed=seed, initialisation="he-normal", engine="plain")
    initialise_closed_form(model, lambda: map(floats, np.array_split(images, 7)))
    return model.eval()


def rebuilt(model: AutoEncoder, images: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return model(floats(images)).permute(0, 2, 3, 1).numpy()


def components_of_blocks(images: np.ndarray, side: int, kept: int) -> np.ndarray:
    """What the references make of the images: PCA of blocks, computed from their bytes."""
    rows = to_blocks(images, (side, side))
    return from_blocks(fit_components([rows], kept).reconstruct(rows), (side, side), images.shape[1:])


@pytest.mark.parametrize(
    "line",
    [
        "unshuffle conv5 | conv12 shuffle",
        "unshuffle conv5[k=1] | conv12[k=4] shuffle",
        "unshuffle conv5[k=5 dilation=2] noise | dropout conv12[k=2] shuffle",
        "unshuffle conv16 conv5 conv6[k=1] | conv9 conv16 conv12 shuffle",
        "res[skip=conv]{conv6 silu conv4} unshuffle conv5 | conv16 shuffle conv3",
        RESIDUAL,
        "unshuffle res{rms attention[heads=3]} conv5 | conv12 res{dwconv ln} res{conv12 gdn} 2*res{dwconv} shuffle",
    ],
)
def test_a_line_starts_as_pca_of_blocks(line: str) -> None:
    """float32 in the model against the reference's: both are good to some 1e-6 of a range of 1."""
    images = pictures()
    np.testing.assert_allclose(rebuilt(started(line), images), components_of_blocks(images, 2, 5), atol=1e-5)


def test_unshuffling_twice_is_unshuffling_by_four() -> None:
    """The channels come in another order, which the fitted decoder undoes."""
    images = pictures()
    model = started("unshuffle unshuffle conv10 | conv48 shuffle4", images)
    np.testing.assert_allclose(rebuilt(model, images), components_of_blocks(images, 4, 10), atol=1e-5)


def test_a_dense_line_starts_as_pca_of_images() -> None:
    images = pictures()
    for line in ("flatten dense20 | dense192 unflatten", "flatten dense20 | dense192 dense192 unflatten"):
        np.testing.assert_allclose(rebuilt(started(line), images), components_of_blocks(images, 8, 20), atol=1e-5)


def test_fewer_images_than_values_are_rebuilt_exactly() -> None:
    images = pictures(12)
    model = started("flatten dense30 | dense192 unflatten", images)
    np.testing.assert_allclose(rebuilt(model, images), images / 255, atol=1e-5)


def test_the_latent_has_a_mean_of_zero_and_a_mean_deviation_of_one() -> None:
    images = pictures()
    latent = started("unshuffle conv5 | conv12 shuffle").encode(floats(images)).detach()
    torch.testing.assert_close(latent.mean(dim=(0, 2, 3)), torch.zeros(5), atol=1e-5, rtol=0)
    assert float(latent.std(dim=(0, 2, 3)).mean()) == pytest.approx(1, abs=1e-4)


def test_several_narrowing_layers_each_keep_what_is_best_for_them() -> None:
    """Blocks of 2×2 first, then blocks of those: worse than one step of 4×4, better than dropping channels."""
    images = pictures()
    error = np.square(rebuilt(started("unshuffle conv6 unshuffle conv10 | conv48 shuffle4"), images) - images / 255)
    best = np.square(components_of_blocks(images, 4, 10) - images / 255)
    worse = np.square(components_of_blocks(images, 4, 8) - images / 255)
    assert best.mean() <= error.mean() < worse.mean()


def test_without_biases_the_decoder_is_the_best_that_has_none() -> None:
    images = pictures()
    model = started("unshuffle conv5[bias=no] | conv12[bias=no k=1] shuffle", images)
    with torch.no_grad():
        latent = model.encode(floats(images)).permute(0, 2, 3, 1).reshape(-1, 5).double().numpy()
        wanted = torch.nn.functional.pixel_unshuffle(floats(images), 2).permute(0, 2, 3, 1).reshape(-1, 12)
    best = np.linalg.lstsq(latent, wanted.double().numpy(), rcond=None)[0].T
    np.testing.assert_allclose(model.layers["conv_2"].weight[:, :, 0, 0].detach().numpy(), best, atol=1e-5)


NESTED = (
    "unshuffle res[skip=conv k=3]{conv8 res{silu conv8} res{res{silu conv8} silu conv8} silu conv5} "
    "| conv12 res{silu conv12} shuffle"
)


def test_blocks_within_a_branch_start_at_a_tenth_and_those_on_the_main_path_at_zero() -> None:
    graph = started(NESTED).graph
    drawn = build_model(NESTED, SHAPE, initialisation="he-normal").layers
    model = started(NESTED)
    kernel_of = {node.name: model.layers[node.name].weight.detach() for node in graph.layers if node.kind == "conv"}
    kinds = {}
    for name, kernel in kernel_of.items():
        factors = (kernel / drawn[name].weight).flatten()
        kinds[name] = round(float(factors[0]), 6) if torch.allclose(factors, factors[0]) else "fitted"
    assert list(kinds.values()) == [1.0, 0.1, 0.1, 0.1, 0.0, "fitted", "fitted", 0.0]


def test_branches_start_at_zero_and_all_their_weights_learn() -> None:
    model = started(RESIDUAL).train()
    optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    learning = []
    for _ in range(3):  # the last layers first, then those before them
        optimiser.zero_grad()
        torch.nn.functional.mse_loss(model(floats(pictures(30))), floats(pictures(30))).backward()
        learning.append({name for name, value in model.named_parameters() if value.grad.any()})
        optimiser.step()
    everything = {name for name, _ in model.named_parameters()}
    assert "layers.conv_1.weight" not in learning[0]
    assert learning[-1] == everything


def test_what_is_drawn_depends_on_the_seed_and_what_is_fitted_does_not() -> None:
    one, again, other = started(RESIDUAL), started(RESIDUAL), started(RESIDUAL, seed=1)
    for name, value in one.state_dict().items():
        assert torch.equal(value, again.state_dict()[name]), name
    assert not torch.equal(one.layers["conv_1"].weight, other.layers["conv_1"].weight)
    np.testing.assert_allclose(rebuilt(one, pictures()), rebuilt(other, pictures()), atol=1e-6)
    assert {layer.training for layer in one.train().modules()} == {True}


@pytest.mark.parametrize("line", ["unshuffle | shuffle", "unshuffle conv20 | conv12 shuffle"])
def test_a_line_that_narrows_nothing_starts_as_the_identity(line: str) -> None:
    np.testing.assert_allclose(rebuilt(started(line), pictures()), pictures() / 255, atol=1e-5)


def test_images_of_one_colour_give_finite_weights() -> None:
    model = started("unshuffle conv5 | conv12 shuffle", np.full((20, *SHAPE), 77, np.uint8))
    assert all(bool(torch.isfinite(value).all()) for value in model.state_dict().values())
    np.testing.assert_allclose(rebuilt(model, np.full((2, *SHAPE), 77, np.uint8)), 77 / 255, atol=1e-6)


def test_layers_with_a_start_of_their_own_are_given_what_comes_into_them() -> None:
    images = pictures()
    model = build_model("unshuffle conv5 | noise[std=0] | conv12 shuffle", SHAPE, initialisation="he-normal")
    given: list[torch.Tensor] = []
    model.layers["noise_1"].start = given.append  # type: ignore[assignment]
    initialise_closed_form(model, lambda: map(floats, np.array_split(images, 7)))
    (values,) = given
    torch.testing.assert_close(values, model.encode(floats(images)).detach(), atol=1e-5, rtol=0)


def test_a_decoder_is_fitted_to_what_its_bottleneck_lets_through() -> None:
    images = pictures()
    model = started("unshuffle conv4 | fsq[levels=9,5,5,5] | conv12[k=1] shuffle", images)
    with torch.no_grad():
        latent = model.encode(floats(images)).permute(0, 2, 3, 1).reshape(-1, 4).double().numpy()
    assert set(np.unique(latent[:, 1])) <= {-1, -0.5, 0, 0.5, 1}
    wanted = torch.nn.functional.pixel_unshuffle(floats(images), 2).permute(0, 2, 3, 1).reshape(-1, 12).double().numpy()
    best = np.linalg.lstsq(np.c_[latent, np.ones(len(latent))], wanted, rcond=None)[0].T
    np.testing.assert_allclose(model.layers["conv_2"].weight[:, :, 0, 0].detach().numpy(), best[:, :4], atol=1e-5)


WRONG = {
    "relu": "unshuffle conv5 relu | conv12 shuffle",
    "pool": "conv8 pool | conv12 shuffle",
    "sigmoid": "unshuffle conv5 | conv12 shuffle sigmoid",
    "deconv": "unshuffle conv5 | deconv3",
    "stride": "conv8[stride=2] | conv12 shuffle",
    "groups": "unshuffle conv4[groups=2] | conv12 shuffle",
    "valid": "conv4[k=5 pad=valid] | conv12 shuffle",
    "dilation": "unshuffle conv4[k=2 dilation=3] | conv12 shuffle",
    "bottleneck in the decoder": "unshuffle conv4 | fsq[levels=5,5,5,5] conv3 fsq[levels=3,3,3] conv12 shuffle",
    "relu at the end of a branch": "unshuffle res[skip=conv]{conv5 relu} | conv12 shuffle",
    "nothing in a branch": "unshuffle conv5 res{silu} | conv12 shuffle",
    "dense layer on too many values": "flatten dense4 dense5000 dense4 | dense192 unflatten",
}


def test_what_is_in_the_way(snapshot) -> None:
    messages = {}
    for name, line in WRONG.items():
        model = build_model(line, SHAPE)
        with pytest.raises(RecipeError) as caught:
            initialise_closed_form(model, lambda: [floats(pictures(5))])
        messages[name] = str(caught.value)
    with pytest.raises(RecipeError) as caught:
        build_model("unshuffle conv5 | conv12 shuffle", SHAPE, initialisation="pca")
    messages["no images"] = str(caught.value)
    assert "\n\n".join(f"# {name}\n{message}" for name, message in messages.items()) == snapshot


def test_moments_are_those_of_numpy() -> None:
    rows = np.random.default_rng(0).normal(size=(500, 6)) @ np.random.default_rng(1).normal(size=(6, 6)) + 1000
    moments = Moments(6)
    for piece in np.array_split(rows, 9):
        moments.add(torch.from_numpy(piece))
    np.testing.assert_allclose(moments.mean, rows.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(moments.covariance, np.cov(rows.T, bias=True), rtol=1e-9, atol=1e-9)
    directions, deviations = moments.directions(4)
    singular = np.linalg.svd(rows - rows.mean(axis=0))
    np.testing.assert_allclose(deviations, singular[1][:4] / 500**0.5, rtol=1e-9)
    np.testing.assert_allclose(np.abs(directions.numpy().T @ singular[2][:4].T), np.eye(4), atol=1e-7)
    assert (directions.abs().max(dim=0).values == directions.max(dim=0).values).all()


def test_the_affine_map_is_that_of_least_squares() -> None:
    random = np.random.default_rng(0)
    rows, wanted = random.normal(size=(300, 5)) + 3, random.normal(size=(300, 2)) - 1
    pairs = Pairs(5, 2)
    for piece, part in zip(np.array_split(rows, 4), np.array_split(wanted, 4), strict=True):
        pairs.add(torch.from_numpy(piece), torch.from_numpy(part))
    matrix, bias = pairs.affine_map()
    best = np.linalg.lstsq(np.c_[rows, np.ones(300)], wanted, rcond=None)[0].T
    np.testing.assert_allclose(np.c_[matrix, bias], best, atol=1e-10)
