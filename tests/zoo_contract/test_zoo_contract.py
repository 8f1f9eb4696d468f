"""One contract over every zoo model and over lines which together use every word of the vocabulary."""

import copy
import functools
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from diabolo.graph import build_graph
from diabolo.model import AutoEncoder, build_model
from diabolo.notation import parse
from diabolo.vocabulary import KINDS, Shape
from diabolo.zoo import zoo

torch.set_num_threads(1)  # small tensors: two threads mostly wait for each other

SMALL: Shape = (16, 16, 3)
LINES: dict[str, tuple[str, Shape]] = {
    "denoising": ("noise[std=0.2] conv8[k=5 stride=2] leaky pool | up deconv8 gelu conv3 sigmoid", SMALL),
    "groups": ("unshuffle conv16[groups=4 bias=no] gn4 silu dropout[p=0.2] | conv12[k=2] shuffle tanh", SMALL),
    "valid-and-dilated": ("conv8[k=9 pad=valid] relu conv4[dilation=2] | up[mode=bilinear] conv3 sigmoid", SMALL),
    "dense-waist": ("conv8 avgpool flatten dense16[bias=no] bn relu | dense512 relu unflatten up conv3 sigmoid", SMALL),
    "variational": ("conv8 relu pool | gaussian4[beta=0.1] | conv8 relu up conv3 sigmoid", SMALL),
    "variational-flat": ("conv4 relu pool4 flatten | gaussian6 | dense64 relu unflatten up4 conv3 sigmoid", SMALL),
    "codebook": ("conv8[stride=2] relu conv4[k=1] | vq16 | deconv8[k=3] relu conv3 sigmoid", SMALL),
    "levels": ("conv8[k=4 stride=4] gelu conv3[k=1] | fsq[levels=5,4,3] | deconv8[stride=4] gelu conv3 sigmoid", SMALL),
    "lloyd": ("conv8[stride=2] relu conv4[k=1] | lloyd[bits=14] | deconv8[k=3] relu conv3 sigmoid", SMALL),
    "penalty": ("conv8[stride=2] relu conv4[k=1] relu | sparse[l1=0.01] | deconv8[k=3] relu conv3 sigmoid", SMALL),
    "top-k": ("conv8[stride=2] relu conv6[k=1] | topk2 | deconv8[k=3] relu conv3 sigmoid", SMALL),
    "contractive": ("conv8[stride=2] silu conv4[k=1] | contractive | deconv8[k=3] relu conv3 sigmoid", SMALL),
    "residual": ("conv8 2*res{relu conv8} res[skip=conv]{conv6[stride=2] gn2} | relu up conv3 sigmoid", SMALL),
    "skip": ("res[skip=conv k=3]{conv6[stride=2] silu} | res[skip=conv k=5]{relu conv3} up sigmoid", SMALL),
    "depthwise": ("conv8 res{dwconv[k=5] ln conv16[k=1] gelu conv8[k=1]} rms pool | dwconv up conv3 sigmoid", SMALL),
    "divisive": ("conv8[stride=2] gdn conv4[stride=2] | deconv8 gdn[inverse=yes] deconv3", SMALL),
    "attention": ("conv8 pool res{rms attention[heads=2]} conv4 | conv8 res{attention} up conv3 sigmoid", SMALL),
    "side-branches": ("conv8 (relu) (bn pool conv4) pool | (relu) conv8 relu up conv3 (relu bn) sigmoid (bn)", SMALL),
    "side-branch-at-the-end": ("conv8 bn relu pool (bn) | up conv3 (relu)", SMALL),
    "without-weights": ("avgpool | up", SMALL),
    "grey-and-odd": ("conv8 pool3 relu bn conv1 | up3 conv8 relu conv1 sigmoid", (15, 9, 1)),
}  # fmt: skip
MODELS = {**{name: (model.line, (32, 32, 3)) for name, model in zoo().items()}, **LINES}
assert len(MODELS) == len(zoo()) + len(LINES), "a line has the name of a zoo model, which would not be tested"

every_model = pytest.mark.parametrize("name", MODELS, scope="module")
"""The scope puts the tests of a model beside each other, so that it is built once for all of them."""


@functools.lru_cache(maxsize=2)
def _prototype(name: str, seed: int) -> AutoEncoder:
    line, shape = MODELS[name]
    return build_model(line, shape, seed=seed)


def _built(name: str, seed: int = 0) -> AutoEncoder:
    return copy.deepcopy(_prototype(name, seed))


def _images(model: AutoEncoder, count: int = 3, seed: int = 0) -> torch.Tensor:
    height, width, channels = model.graph.input_shape
    return torch.rand((count, channels, height, width), generator=torch.Generator().manual_seed(seed))


@functools.lru_cache(maxsize=1)
def _trained_prototype(name: str) -> AutoEncoder:
    model = _built(name)
    with torch.no_grad():
        model.train()(_images(model, 4, seed=1))
    return model.eval()


def _trained(name: str) -> AutoEncoder:
    """A model in evaluation whose moving statistics and codebooks have seen a batch."""
    return copy.deepcopy(_trained_prototype(name))


def test_the_lines_use_every_word() -> None:
    used = {node.kind for line, shape in MODELS.values() for node in build_graph(line, shape).nodes}
    assert used == {*KINDS, "add", "input"}


@every_model
def test_line_round_trip(name: str) -> None:
    model = _built(name)
    assert model.line is not None
    assert parse(model.line) == parse(MODELS[name][0])
    assert build_graph(model.line, MODELS[name][1]).nodes[1:] != ()
    assert build_model(model.line, MODELS[name][1]).state_dict().keys() == model.state_dict().keys()


@every_model
@pytest.mark.parametrize("training", [True, False])
def test_output_has_the_shape_of_the_images_and_is_finite(name: str, training: bool) -> None:
    model = _built(name).train(training)
    images = _images(model)
    kept = images.clone()
    result = model(images)
    assert result.shape == images.shape
    assert result.dtype == images.dtype
    assert torch.isfinite(result).all()
    assert torch.equal(images, kept)


@every_model
@pytest.mark.parametrize("training", [True, False])
def test_latent_has_the_graphs_shape_and_decodes_to_the_output(name: str, training: bool) -> None:
    model = _trained(name).train(training)
    images = _images(model)
    torch.manual_seed(0)
    whole = copy.deepcopy(model)(images)  # a codebook moves with each training pass
    torch.manual_seed(0)
    latent = model.encode(images)
    kept = latent.clone()
    shape = model.graph.latent_shape
    assert tuple(latent.shape[1:]) == ((shape[2], shape[0], shape[1]) if len(shape) == 3 else shape)
    assert torch.equal(model.decode(latent), whole)
    assert torch.equal(latent, kept), "decode overwrote the latent of its caller"


@every_model
@pytest.mark.parametrize("function", ["forward", "logits"])
def test_gradients_reach_connected_layers_and_no_others(name: str, function: str) -> None:
    model = _built(name).train()
    images = _images(model)
    result = model.logits(images) if function == "logits" and model.has_logits else model(images)
    assert result.requires_grad == (model.summary().measures.num_trainable > 0)
    if result.requires_grad:
        ((result - images).square().mean() + model.penalty()).backward()
    for key, parameter in model.named_parameters():
        layer = key.split(".")[1]
        if layer not in model.graph.connected:
            assert parameter.grad is None, key
        else:
            assert parameter.grad is not None, key
            assert torch.isfinite(parameter.grad).all(), key
            # A bias just before `bn` moves nothing: its gradient is rounding around 0.
            assert parameter.grad.any() or key.endswith("bias"), key


@every_model
def test_parameters_are_those_of_the_summary(name: str) -> None:
    model = _built(name)
    summary = model.summary()
    rows = {row.name: row for row in (*summary.rows, *summary.unconnected)}
    assert rows.keys() == {"input", *model.layers}
    for layer_name, layer in model.layers.items():
        trainable = sum(parameter.numel() for parameter in layer.parameters())
        kept = sum(value.numel() for value in layer.state_dict().values())
        assert (rows[layer_name].num_trainable, rows[layer_name].num_params) == (trainable, kept), layer_name
    connected = [layer for layer_name, layer in model.layers.items() if layer_name in model.graph.connected]
    assert summary.measures.num_trainable == sum(p.numel() for layer in connected for p in layer.parameters())


@every_model
def test_save_and_load(name: str, tmp_path: Path) -> None:
    model = _trained(name)
    images = _images(model)
    path = tmp_path / "model.safetensors"
    save_file({key: value.contiguous() for key, value in model.state_dict().items()}, path)
    other = _built(name, seed=1).eval()
    with torch.no_grad():
        wanted = model(images)
        other.load_state_dict(load_file(path), strict=True)
        assert torch.equal(other(images), wanted)


@every_model
def test_evaluation_is_deterministic_and_looks_at_one_image_at_a_time(name: str) -> None:
    model = _trained(name)
    images = _images(model)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with torch.no_grad():
        first = model(images)
        assert torch.equal(model(images), first)
        others = torch.cat([images[:1], 1 - images[1:]])
        torch.testing.assert_close(model(others)[:1], first[:1], rtol=0, atol=1e-6)
        torch.testing.assert_close(model(images[:1]), first[:1], rtol=0, atol=1e-5)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


@every_model
@torch.no_grad()
def test_side_branches_run_and_do_not_influence_the_output(name: str) -> None:
    model, other = _built(name).train(), _built(name).train()
    model.engine = other.engine = "plain"  # hooks take a model's stages to torch: no rounding is to differ here
    images = _images(model)
    dead = [node.name for node in model.graph.unconnected]
    for layer_name in dead:
        for parameter in other.layers[layer_name].parameters():
            parameter.add_(1.0)
    ran: list[str] = []
    for layer_name in dead:
        model.layers[layer_name].register_forward_hook(functools.partial(_note, ran, layer_name))
    torch.manual_seed(0)
    result = model(images)
    torch.manual_seed(0)
    assert torch.equal(other(images), result)
    assert ran == dead
    for node in model.graph.nodes:
        if node.kind == "bn":
            assert model.layers[node.name].moving_mean.any(), f"{node.name} saw nothing"


def _note(ran: list[str], layer_name: str, *_: object) -> None:
    ran.append(layer_name)


@every_model
@pytest.mark.parametrize("training", [True, False])
@torch.no_grad()
def test_logits_are_the_output_before_its_sigmoid(name: str, training: bool) -> None:
    model = _trained(name).train(training)
    assert model.has_logits == (model.graph[model.graph.output].kind == "sigmoid")
    if not model.has_logits:
        with pytest.raises(AssertionError, match="sigmoid"):
            model.logits(_images(model))
        return
    torch.manual_seed(0)
    wanted = copy.deepcopy(model)(_images(model))
    torch.manual_seed(0)
    torch.testing.assert_close(model.logits(_images(model)).sigmoid(), wanted, rtol=0, atol=1e-7)


@every_model
def test_penalty_is_zero_but_for_bottlenecks_that_ask_for_one(name: str) -> None:
    model = _built(name).train()
    assert model.penalty().item() == 0
    model(_images(model))
    asks = any(node.kind in ("gaussian", "vq", "sparse", "contractive") for node in model.graph.layers)
    assert (model.penalty().item() > 0) == asks
    assert model.penalty().dim() == 0
    model.eval()(_images(model))
    assert model.penalty().item() == 0


@every_model
def test_randomness_is_what_the_graph_says(name: str) -> None:
    """Two passes of the same state differ, in output or penalty, where `is_random` says so, and only there."""
    first, second = _built(name).train(), _built(name).train()
    torch.manual_seed(0)
    same = torch.equal(first(_images(first)), second(_images(second))) and first.penalty() == second.penalty()
    assert same != first.is_random
