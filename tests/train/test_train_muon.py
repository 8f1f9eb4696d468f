"""Muon against torch's own, the algorithm in float64, and what it is for."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from train_builders import recipe

from diabolo.model import build_model, matrices
from diabolo.train.muon import Muon, orthogonal
from diabolo.train.optimiser import make_optimiser


def reference(start: np.ndarray, gradients: list[np.ndarray], rate: float, decay: float) -> np.ndarray:
    """The published algorithm (Jordan et al. 2024) with the step of Liu et al. 2025, in float64."""
    w, buffer = start.copy(), np.zeros_like(start)
    for gradient in gradients:
        buffer = 0.95 * buffer + 0.05 * gradient
        x = 0.05 * gradient + 0.95 * buffer
        x = x / np.linalg.norm(x)
        for _ in range(5):
            square = x @ x.T
            x = 3.4445 * x + (-4.7750 * square + 2.0315 * square @ square) @ x
        w = w * (1 - rate * decay) - rate * 0.2 * math.sqrt(max(w.shape)) * x
    return w


@pytest.mark.parametrize("shape", [(6, 40), (40, 6), (9, 9), (1, 5)], ids=str)
def test_it_is_the_published_update(shape: tuple[int, int]) -> None:
    """Five iterations amplify float32's rounding of small singular values by at most 3.4⁵ ≈ 480, times 6e-8, a step."""
    rng = np.random.default_rng(3)
    start, gradients = rng.normal(size=shape), [rng.normal(size=shape) for _ in range(8)]
    parameter = nn.Parameter(torch.tensor(start, dtype=torch.float32))
    optimiser = Muon([parameter], 0.02, 0.1, matrices=[parameter])
    for gradient in gradients:
        parameter.grad = torch.tensor(gradient, dtype=torch.float32)
        optimiser.step()
    np.testing.assert_allclose(parameter.detach().numpy(), reference(start, gradients, 0.02, 0.1), atol=1e-4, rtol=0)


def test_it_is_torchs_own_but_for_bfloat16() -> None:
    """torch's works in bfloat16 throughout, whose eight bits leave its direction within 0.02 of ours in float32."""
    start = torch.randn(12, 30, generator=torch.Generator().manual_seed(1))
    gradient = torch.randn(12, 30, generator=torch.Generator().manual_seed(2))
    moved = []
    theirs, ours = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    theirs.grad, ours.grad = gradient.clone(), gradient.clone()
    torch.optim.Muon([theirs], lr=0.1, weight_decay=0.0, adjust_lr_fn="match_rms_adamw").step()
    Muon([ours], 0.1, matrices=[ours]).step()
    moved = [(parameter.detach() - start).flatten() for parameter in (theirs, ours)]
    assert torch.cosine_similarity(*moved, dim=0) > 0.9998
    assert moved[0].norm().item() == pytest.approx(moved[1].norm().item(), rel=0.02)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e4])
def test_all_directions_get_about_the_same_step(dtype: torch.dtype, scale: float) -> None:
    """Also where the gradient's own strengths differ by a factor of twenty."""
    generator = torch.Generator().manual_seed(4)
    left, right = (torch.linalg.qr(torch.randn(16, 16, generator=generator))[0] for _ in range(2))
    strengths = torch.linspace(0.05, 1, 16) * scale
    gradient = (left * strengths) @ right
    values = torch.linalg.svdvals(orthogonal(gradient[None].to(dtype))[0].float())
    assert values.min() > 0.6
    assert values.max() < 1.3


def test_no_gradient_moves_nothing() -> None:
    assert torch.equal(orthogonal(torch.zeros(2, 3, 5)), torch.zeros(2, 3, 5))


def test_a_kernel_is_the_matrix_of_outputs_by_taps() -> None:
    """In both memory layouts, and beside others of its shape."""
    weights = [torch.randn(8, 3, 3, 3), torch.randn(8, 3, 3, 3).to(memory_format=torch.channels_last)]
    kernels = [nn.Parameter(weight.clone()) for weight in weights]
    alone = [nn.Parameter(weight.flatten(1).clone()) for weight in weights]
    for kernel, matrix in zip(kernels, alone, strict=True):
        kernel.grad = torch.randn_like(kernel)
        matrix.grad = kernel.grad.flatten(1).clone()
    Muon(kernels, 0.1, matrices=kernels).step()
    for kernel, matrix in zip(kernels, alone, strict=True):
        Muon([matrix], 0.1, matrices=[matrix]).step()
        torch.testing.assert_close(kernel.detach().flatten(1), matrix.detach(), atol=1e-5, rtol=0)


def test_biases_scales_and_the_linear_main_path_have_adamw() -> None:
    line = "unshuffle2 res[skip=conv]{conv8 gn relu dwconv conv4} | res[skip=conv]{conv8 conv12} shuffle2"
    model = build_model(line, (8, 8, 3))
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    chosen = {names[id(kernel)] for kernel in matrices(model)}
    convolutions = {node.name for node in model.graph.layers if node.kind == "conv"}
    skips = {node.inputs[0] for node in model.graph.layers if node.kind == "add"}
    assert chosen == {f"layers.{name}.weight" for name in convolutions - skips}
    assert len(chosen) == 4


def test_of_a_line_without_branches_all_kernels_are_matrices() -> None:
    model = build_model("conv8 bn relu pool conv4 | deconv8 relu flatten dense48 unflatten[h=4,w=4,c=3]", (4, 4, 3))
    chosen = {id(kernel) for kernel in matrices(model)}
    assert chosen == {id(parameter) for parameter in model.parameters() if parameter.dim() > 1}


def test_the_others_are_moved_as_by_adamw() -> None:
    values = [torch.randn(4, 4), torch.randn(4)]
    moved = {}
    for name in ("muon", "adamw"):
        matrix, bias = (nn.Parameter(value.clone()) for value in values)
        optimiser = make_optimiser(
            [matrix, bias], recipe(optimiser=name, learning_rate=0.02, weight_decay=0.1), matrices=[matrix]
        )
        for gradient in (0.5, -0.25):
            matrix.grad, bias.grad = torch.full((4, 4), gradient), torch.full((4,), gradient)
            optimiser.step()
        moved[name] = matrix, bias
    assert torch.equal(moved["muon"][1], moved["adamw"][1])
    assert not torch.equal(moved["muon"][0], moved["adamw"][0])
