"""Attention against torch's own module, in float64; its symmetry, its gradient, and its memory layout."""

import pytest
import torch

from diabolo.layers.attention import Attention
from diabolo.model import build_model

torch.set_num_threads(1)


def drawn(channels: int, heads: int) -> Attention:
    layer = Attention(channels, heads=heads).double()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for value in layer.parameters():
            value.copy_(torch.randn(value.shape, generator=generator, dtype=torch.float64) / channels**0.5)
    return layer


def rows_of(images: torch.Tensor) -> torch.Tensor:
    return images.flatten(2).transpose(1, 2)


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_torchs_module_gives_the_same(heads: int) -> None:
    ours, theirs = drawn(8, heads), torch.nn.MultiheadAttention(8, heads, batch_first=True).double()
    with torch.no_grad():
        theirs.in_proj_weight.copy_(torch.cat([ours.query, ours.key, ours.value]))
        theirs.in_proj_bias.copy_(ours.biases.flatten())
        theirs.out_proj.weight.copy_(ours.weight)
        theirs.out_proj.bias.copy_(ours.bias)
    x = torch.randn(3, 8, 4, 5, dtype=torch.float64)
    wanted, _ = theirs(rows_of(x), rows_of(x), rows_of(x))
    torch.testing.assert_close(rows_of(ours(x)), wanted)


def test_it_does_not_know_where_things_are() -> None:
    """Moving the positions about moves the results about, and changes nothing else."""
    layer, x = drawn(8, 2), torch.randn(2, 8, 3, 3, dtype=torch.float64)
    order = torch.randperm(9)
    moved = x.flatten(2)[:, :, order].reshape(x.shape)
    torch.testing.assert_close(layer(moved).flatten(2), layer(x).flatten(2)[:, :, order])


def test_gradient() -> None:
    layer = drawn(4, 2)
    x = torch.randn(2, 4, 2, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(layer, x)


def test_all_four_maps_are_drawn_and_differ() -> None:
    model = build_model("conv8 res{ln attention} pool | up conv3", seed=3)
    layer = model.layers["attention_1"]
    limit = (6 / 16) ** 0.5
    for name in layer.kernels:
        kernel = getattr(layer, name)
        assert 0.8 * limit < kernel.abs().max() <= limit
    assert not torch.equal(layer.query, layer.key)
    assert not layer.bias.any()
    assert not layer.biases.any()
    again = build_model("conv8 res{ln attention} pool | up conv3", seed=3).layers["attention_1"]
    assert all(torch.equal(one, other) for one, other in zip(layer.parameters(), again.parameters(), strict=True))


def test_it_takes_and_gives_channels_last_and_bfloat16() -> None:
    layer = drawn(8, 2).float()
    x = torch.randn(2, 8, 4, 4).contiguous(memory_format=torch.channels_last)
    assert layer(x).is_contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        assert layer(x).dtype == torch.bfloat16
