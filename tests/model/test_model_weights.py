"""Initial weights: a function of (seed, layer name) alone, in the stated ranges."""

import pytest
import torch

from diabolo.errors import RecipeError
from diabolo.model import build_model, derive_seed
from diabolo.zoo import find_model


def test_variants_share_their_convolutions() -> None:
    models = [build_model(find_model(name).line, seed=7) for name in ("method-1", "method-2", "pool-bn", "bn-relu")]
    first = models[0].state_dict()
    for model in models[1:]:
        for key, value in model.state_dict().items():
            assert torch.equal(value, first[key]), key
    assert first["layers.conv_1.weight"].any()


def test_weights_depend_on_seed_and_name_and_on_nothing_else() -> None:
    line = "conv8 relu conv8 | conv3"
    model, again, other = build_model(line, seed=1), build_model(line, seed=1), build_model(line, seed=2)
    state = torch.random.get_rng_state()
    build_model(line, seed=3)
    assert torch.equal(torch.random.get_rng_state(), state)
    for key, value in model.state_dict().items():
        assert torch.equal(again.state_dict()[key], value)
        assert key.endswith("bias") or not torch.equal(other.state_dict()[key], value)
    longer = build_model("conv8 relu conv8 relu conv8 | conv3", seed=1)
    assert torch.equal(longer.layers["conv_2"].weight, model.layers["conv_2"].weight)


def test_seeds_are_the_same_for_ever() -> None:
    assert derive_seed(0, "conv_1") == 934464210917545374
    assert derive_seed(0, "conv_1") != derive_seed(0, "conv_2") != derive_seed(1, "conv_2")


def test_he_normal_has_its_deviation() -> None:
    model = build_model("conv64 conv64[k=5] | conv3", initialisation="he-normal")
    deviation = model.layers["conv_2"].weight.std().item()
    assert deviation == pytest.approx((2 / (64 * 25)) ** 0.5, rel=0.02)  # 102,400 values: standard error 0.2%


def test_torch_uniform_is_what_torch_draws() -> None:
    kernel = build_model("conv64 conv64[k=5] | conv3", initialisation="torch-uniform").layers["conv_2"].weight
    drawn = torch.nn.Conv2d(64, 64, 5).weight  # 102,400 values: standard error of the deviation 0.2%
    assert kernel.abs().max().item() == pytest.approx(drawn.abs().max().item(), rel=1e-3)
    assert kernel.std().item() == pytest.approx(drawn.std().item(), rel=0.02)


def test_unknown_initialisation_is_refused() -> None:
    with pytest.raises(RecipeError, match="glorot-uniform, he-normal"):
        build_model("conv8 | conv3", initialisation="xavier")
