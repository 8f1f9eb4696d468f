"""`AutoEncoder` as a torch module: memory format, copies, types, what it overwrites, what it refuses."""

import copy
import io

import pytest
import torch
from torch import Tensor, nn

from diabolo.errors import DiaboloError
from diabolo.model import AutoEncoder, build_model
from diabolo.zoo import zoo

torch.set_num_threads(1)  # small tensors: two threads mostly wait for each other

RICH = (
    "unshuffle conv16 gn gelu res{conv16 bn relu} avgpool dropout[p=0.1] | gaussian8 | "
    "noise deconv16[k=3] relu conv12 (bn) shuffle conv3 sigmoid"
)


def _is_channels_last(x: Tensor) -> bool:
    """Strict: the strides, not only contiguity, which is ambiguous for some shapes."""
    return x.dim() != 4 or x.stride() == torch.empty(x.shape).contiguous(memory_format=torch.channels_last).stride()


@pytest.mark.parametrize("line", [*(model.line for model in zoo().values()), RICH])
@pytest.mark.parametrize("training", [True, False])
def test_channels_last_is_kept_through_the_model(line: str, training: bool) -> None:
    model = build_model(line).train(training)
    seen: dict[str, bool] = {}

    def watch(name: str, layer: nn.Module) -> None:
        def note(module: nn.Module, inputs: object, output: Tensor) -> None:
            seen[name] = _is_channels_last(output)
            if output.requires_grad:
                output.register_hook(
                    lambda gradient: seen.__setitem__(f"gradient of {name}", _is_channels_last(gradient))
                )

        layer.register_forward_hook(note)

    for name, layer in model.layers.items():
        watch(name, layer)
    images = torch.rand(2, 3, 32, 32)
    loss = nn.functional.binary_cross_entropy_with_logits((model.logits if model.has_logits else model)(images), images)
    loss.backward()
    assert [name for name, kept in seen.items() if not kept] == []
    assert len(seen) > len(model.layers)
    # A kernel of 1×1 is the same memory in both layouts, and torch gives its gradient either of the two strides.
    four = [p for p in model.parameters() if p.dim() == 4 and p.grad is not None and p.shape[2:] != (1, 1)]
    assert all(_is_channels_last(p) and _is_channels_last(p.grad) for p in four)


def test_latents_of_any_memory_format_decode_channels_last() -> None:
    model = build_model("conv8 pool | up conv3[k=1]").eval()
    latent = torch.rand(2, 8, 16, 16)
    assert _is_channels_last(model.decode(latent))


def _relus(model: AutoEncoder) -> list[bool]:
    return [layer.inplace for layer in model.layers.values() if isinstance(layer, nn.ReLU)]


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("conv8 relu | conv3", [True]),
        ("conv8 bn relu | conv3", [True]),
        ("conv8 | relu conv3", [False]),  # the latent is the caller's
        ("conv8 | conv3 (relu)", [False]),  # the output is the caller's
        ("conv8 (relu) | conv3", [False]),  # another layer reads it
        ("conv8 (bn relu) | conv3", [True]),
        ("conv8 sigmoid relu | conv3", [False]),  # autograd reads it
        ("res{relu conv3} | conv3", [False]),
        ("conv8 res{conv8 relu} relu | conv3", [True, True]),
        ("dropout relu | conv3", [False]),  # in evaluation dropout hands on the images themselves
    ],
)
def test_relu_overwrites_only_what_nobody_else_sees(line: str, wanted: list[bool]) -> None:
    assert _relus(build_model(line)) == wanted


@pytest.mark.parametrize("line", [RICH, "conv8 (relu) | (relu) relu conv3 (relu) sigmoid (bn)", "conv8 | conv3 (relu)"])
def test_overwriting_changes_no_output_and_no_gradient(line: str) -> None:
    model = build_model(line, seed=1)
    careful = build_model(line, seed=1)
    for layer in careful.layers.values():
        if isinstance(layer, nn.ReLU):
            layer.inplace = False
    results = []
    for each in (model, careful):
        torch.manual_seed(0)
        result = each.train()(torch.rand(2, 3, 32, 32))
        result.square().mean().backward()
        results.append((result, [p.grad for p in each.parameters() if p.grad is not None]))
    torch.testing.assert_close(results[0], results[1], rtol=0, atol=0)


def test_values_are_freed_after_their_last_reader() -> None:
    """In evaluation at most the values that somebody still reads are alive when a layer runs."""
    import weakref

    model = build_model("conv8 (bn) relu res{conv8 relu} conv8 | conv8 conv3").eval()
    alive: list[int] = []
    kept: list[weakref.ref[Tensor]] = []

    def note(module: nn.Module, inputs: object, output: Tensor) -> None:
        kept.append(weakref.ref(output))
        alive.append(len({id(reference()) for reference in kept} - {id(None)}))

    for layer in model.layers.values():
        layer.register_forward_hook(note)
    with torch.no_grad():
        model(torch.rand(1, 3, 8, 8))
    assert max(alive) <= 3  # the skip, a layer's input, its output
    assert len(alive) == len(model.layers)


def test_deepcopy_pickle_and_state_dict_after_a_training_pass() -> None:
    model = build_model(RICH).train()
    model(torch.rand(2, 3, 32, 32))
    images = torch.rand(2, 3, 32, 32)
    buffer = io.BytesIO()
    torch.save(model, buffer)
    buffer.seek(0)
    loaded = torch.load(buffer, weights_only=False)
    states = io.BytesIO()
    torch.save(model.state_dict(), states)
    states.seek(0)
    fresh = build_model(RICH, seed=9)
    fresh.load_state_dict(torch.load(states, weights_only=True), strict=True)
    wanted = model.eval()(images)
    for other in (copy.deepcopy(model), loaded, fresh):
        assert torch.equal(other.eval()(images), wanted)
        assert _is_channels_last(other.layers["conv_1"].weight)


@pytest.mark.parametrize("line", [RICH, "conv8 relu | vq16 | conv3", "conv3 | fsq[levels=5,5,5] | conv3 sigmoid"])
def test_bfloat16_and_autocast(line: str) -> None:
    model = build_model(line).train()
    images = torch.rand(2, 3, 32, 32)
    model(images)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = model(images).float().square().mean() + model.penalty()
    loss.backward()
    assert all(p.grad.dtype == torch.float32 for p in model.parameters() if p.grad is not None)
    model.bfloat16()
    for training in (True, False):
        result = model.train(training)(images.bfloat16())
        assert result.dtype == torch.bfloat16
        assert torch.isfinite(result).all()


@pytest.mark.parametrize(
    ("line", "in_float32"),
    [
        ("conv8 relu pool conv4 | up conv3", set()),
        ("conv8 2*res{relu conv8} pool conv4 | up conv3", {"add_1", "add_2"}),
        (
            "unshuffle res[skip=conv]{conv8 res{relu conv8} conv4} | conv12 shuffle",
            {"add_1", "add_2", "conv_4", "conv_5"},  # conv_4 is the skip connection
        ),
    ],
)
def test_autocast_leaves_residual_sums_and_a_linear_main_path_in_float32(line: str, in_float32: set[str]) -> None:
    model = build_model(line, (8, 8, 3)).train()
    types = {}
    for name, layer in model.layers.items():
        layer.register_forward_hook(lambda _layer, _inputs, output, name=name: types.update({name: output.dtype}))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        model(torch.rand(2, 3, 8, 8))
    weighted = {node.name for node in model.graph.layers if node.kind in ("conv", "add")}
    assert {name for name in weighted if types[name] == torch.float32} == in_float32
    assert {types[name] for name in weighted - in_float32} <= {torch.bfloat16}


def test_dynamo_takes_a_residual_model_under_autocast_in_one_graph() -> None:
    model = build_model("unshuffle res[skip=conv]{conv8 res{relu conv8} conv4} | conv12 shuffle", (8, 8, 3)).train()
    compiled = torch.compile(copy.deepcopy(model), fullgraph=True, backend="eager")
    images = torch.rand(2, 3, 8, 8)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(compiled(images), model(images))


def test_dynamo_takes_the_whole_model_in_one_graph() -> None:
    model = build_model(zoo()["method-1"].line).train()
    compiled = torch.compile(copy.deepcopy(model), fullgraph=True, backend="eager")
    images = torch.rand(2, 3, 32, 32)
    torch.testing.assert_close(compiled(images), model(images))


def test_logits_run_side_branches_behind_the_sigmoid() -> None:
    model = build_model("conv8 | conv3 sigmoid (bn)").train()
    model.logits(torch.rand(2, 3, 8, 8))
    assert model.layers["bn_1"].moving_mean.any()


def test_a_sigmoid_before_the_waist_gives_no_logits() -> None:
    model = build_model("conv3 sigmoid | (bn)").train()
    assert not model.has_logits
    assert model(torch.rand(2, 3, 8, 8)).shape == (2, 3, 8, 8)


@pytest.mark.parametrize(
    ("line", "images", "message"),
    [
        ("conv8 | conv3", torch.zeros(2, 3, 32, 32, dtype=torch.uint8), r"`images\.float\(\) / 255`"),
        ("conv8 | conv3", torch.zeros(2, 32, 32, 3), r"look channels-last: pass `images\.permute\(0, 3, 1, 2\)`"),
        ("conv8 | conv3", torch.zeros(3, 32, 32), r"this model takes \(batch, 3, 32, 32\)"),
        ("flatten dense8 | dense3072 unflatten", torch.zeros(2, 3, 16, 16), r"this model takes \(batch, 3, 32, 32\)"),
        ("pool pool | up up", torch.zeros(2, 3, 30, 32), "images of 30×32 come out as 32×32"),
        ("pool conv3 | up sigmoid", torch.zeros(2, 3, 31, 31), "images of 31×31 come out as 32×32"),
    ],
)
def test_images_that_do_not_fit_are_refused_with_a_remedy(line: str, images: Tensor, message: str) -> None:
    model = build_model(line)
    with pytest.raises(DiaboloError, match=message):
        model(images)
    if model.has_logits:
        with pytest.raises(DiaboloError, match=message):
            model.logits(images)


def test_other_sizes_that_come_back_are_taken() -> None:
    model = build_model(zoo()["method-2"].line)
    assert model(torch.rand(2, 3, 64, 48)).shape == (2, 3, 64, 48)
