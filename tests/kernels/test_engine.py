"""Models on the engine against the same models on plain torch: training, evaluation, what goes to torch, the switch."""

import copy
import os
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from diabolo.api.execute import execute
from diabolo.api.job import new_job, resumed_job
from diabolo.errors import DiaboloError
from diabolo.kernels import find_library
from diabolo.model import build_model
from diabolo.model.engine import choose_engine

LINES = {
    "method-1": "conv64 relu (bn) pool conv16 relu (bn) pool | conv16 relu (bn) up conv32 relu (bn) up conv3 sigmoid",
    "method-2": "conv64 relu bn pool conv16 relu bn pool | conv16 relu bn up conv32 relu bn up conv3 sigmoid",
    "pool-bn": "conv64 relu pool bn conv16 relu pool bn | conv16 relu up bn conv32 relu up bn conv3 sigmoid",
    "bn-relu": "conv64 bn relu pool conv16 bn relu pool | conv16 bn relu up conv32 bn relu up conv3 sigmoid",
    "residual": "conv8 relu res{conv8 bn relu conv8} pool | up conv8[k=5] relu conv3 tanh",
    "relu-first": "relu conv8 relu relu pool bn relu bn | relu up[mode=bilinear] conv8 gelu conv3",
    "bn-past-up": "conv8 pool pool | conv8 up bn relu conv8 pool bn up relu up conv3",
}
needs_engine = pytest.mark.skipif(find_library() is None, reason="the stage engine was not built here")
every_line = pytest.mark.parametrize("name", LINES)


def pair(name: str, shape=(16, 16, 3), seed: int = 0):
    plain = build_model(LINES[name], shape, seed=seed, engine="plain")
    for value in plain.parameters():  # γ and β away from 1 and 0
        if value.dim() == 1:
            torch.nn.init.normal_(value, 0.2, 0.8, generator=torch.Generator().manual_seed(seed))
    fused = copy.deepcopy(plain)
    fused.engine = "fused"
    return plain, fused


def images_of(shape=(16, 16, 3), count: int = 6):
    return torch.rand(count, shape[2], *shape[:2], generator=torch.Generator().manual_seed(3))


@needs_engine
@every_line
def test_training_steps_are_the_plain_engines(name):
    plain, fused = pair(name)
    exact = copy.deepcopy(plain).double()
    images = images_of()
    for model in (plain, fused, exact):
        optimiser = torch.optim.SGD(model.parameters(), lr=0.05)
        given = images.double() if model is exact else images
        for _ in range(3):
            optimiser.zero_grad()
            F.mse_loss(model(given), given).backward()
            optimiser.step()
    for (key, a), b, c in zip(
        plain.state_dict().items(), fused.state_dict().values(), exact.state_dict().values(), strict=True
    ):
        size = c.abs().max()
        assert (b - c).abs().max() < 1e-5 * size + 2 * (a - c).abs().max(), key
    assert fused.state_dict().keys() == plain.state_dict().keys()
    have = [value.grad is not None for value in fused.parameters()]
    assert have == [value.grad is not None for value in plain.parameters()]


@needs_engine
@every_line
def test_evaluation_encode_decode_and_logits(name):
    plain, fused = pair(name)
    images = images_of()
    for model in (plain, fused):
        model.train()
        model(images)
        model.eval()
    with torch.no_grad():
        latent = plain.encode(images)
        torch.testing.assert_close(fused.encode(images), latent, rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(fused.decode(latent), plain.decode(latent), rtol=1e-4, atol=1e-5)
        if plain.has_logits:
            torch.testing.assert_close(fused.logits(images), plain.logits(images), rtol=1e-4, atol=1e-5)


@needs_engine
@pytest.mark.parametrize("shape", [(7, 9, 3), (5, 5, 1)])
def test_other_sizes_than_the_graphs(shape):
    line = f"conv8 relu bn conv4 bn relu | conv8 relu (bn) conv{shape[2]} sigmoid"
    plain, fused = (build_model(line, (8, 8, shape[2]), engine=engine) for engine in ("plain", "fused"))
    torch.testing.assert_close(fused(images_of(shape)), plain(images_of(shape)), rtol=1e-4, atol=1e-6)


@needs_engine
def test_stages_cover_the_question():
    steps = {
        name: [step for schedule in (model._encoder, model._decoder) for step, _ in schedule.steps]
        for name, model in ((name, build_model(LINES[name], engine="fused")) for name in list(LINES)[:4])
    }
    for name, found in steps.items():
        assert [step.output for step in found if not step.stages] == ["sigmoid_1"], name


@needs_engine
@pytest.mark.parametrize("name", ["method-1", "method-2", "pool-bn"])
def test_a_hook_sees_what_plain_torch_gives(name):
    plain, fused = pair(name)
    seen = []
    for model in (plain, fused):
        for layer in model.layers.values():
            layer.register_forward_hook(lambda layer, inputs, output: seen.append(output.detach().clone()))
        model(images_of())
    half = len(seen) // 2
    assert half == len(plain.layers)
    assert all(torch.equal(a, b) for a, b in zip(seen[:half], seen[half:], strict=True))


@needs_engine
def test_other_types_and_frozen_statistics_go_to_torch():
    plain, fused = pair("method-2")
    images = images_of()
    assert torch.equal(fused.double()(images.double()), plain.double()(images.double()))
    plain, fused = pair("method-2")
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(fused(images), plain(images))
    plain, fused = pair("method-2")
    images.requires_grad_()
    gradients = [torch.autograd.grad(model.eval()(images).sum(), images)[0] for model in (plain, fused)]
    torch.testing.assert_close(gradients[1], gradients[0], rtol=1e-4, atol=1e-6)


@needs_engine
@pytest.mark.parametrize(
    "change",
    [
        lambda model: model.layers.update({"relu_1": nn.GELU()}),
        lambda model: setattr(model.layers["conv_1"], "weight", nn.Parameter(torch.ones(64, 3, 5, 5))),
        lambda model: vars(model.layers["conv_2"]).update(dilation=2, span=5),
        lambda model: setattr(model.layers["bn_1"], "weight", nn.Parameter(torch.ones(1).expand(64))),
    ],
    ids=["another layer", "another kernel", "another attribute", "not dense"],
)
def test_a_model_that_was_changed_by_hand_goes_to_torch(change):
    plain, fused = pair("method-2")
    for model in (plain, fused):
        change(model)
        model.layers["conv_1"].span = model.layers["conv_1"].weight.shape[2]
    torch.testing.assert_close(fused(images_of()), plain(images_of()), rtol=1e-4, atol=1e-6)


@needs_engine
def test_a_latent_of_other_channels_is_torchs_error():
    _, fused = pair("method-2")
    with pytest.raises(RuntimeError, match="expected input"):
        fused.decode(torch.rand(2, 5, 4, 4))


@needs_engine
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_does_not_wait_for_its_parents_threads():
    """GNU OpenMP's threads are gone there; the library starts its own."""
    program = """
import os, sys, torch
from diabolo.kernels import Form, run_stage
torch.set_num_threads(2)
x, weight = torch.rand(8, 3, 16, 16), torch.rand(8, 3, 3, 3)
with torch.no_grad():
    before = run_stage(Form(relu=True), x, weight, None)[0].numpy()  # torch's own comparison would wait
child = os.fork()
if not child:
    with torch.no_grad():
        after = run_stage(Form(relu=True), x, weight, None)[0].numpy()
    os._exit(0 if (before == after).all() else 3)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@needs_engine
def test_torch_func_transforms_go_to_torch():
    plain, fused = (
        build_model("conv8 relu pool | up conv3 sigmoid", (16, 16, 3), engine=e) for e in ("plain", "fused")
    )
    images = images_of()

    def loss(parameters, model):
        return torch.func.functional_call(model, parameters, (images,)).square().sum()

    parameters = dict(plain.named_parameters())
    a, b = (torch.func.grad(loss)(parameters, model) for model in (plain, fused))
    assert all(torch.equal(a[name], b[name]) for name in parameters)


@needs_engine
def test_copies_and_pickles():
    _, fused = pair("method-2")
    again = pickle.loads(pickle.dumps(fused))
    assert again.engine == "fused"
    assert torch.equal(again(images_of()), fused(images_of()))


@needs_engine
def test_not_a_number_stays_one():
    _, fused = pair("method-1")
    images = images_of()
    images[0, 0, 3, 3] = float("nan")
    assert fused(images).isnan().any()


def test_the_switch(monkeypatch):
    there = "plain" if find_library() is None else "fused"
    monkeypatch.delenv("DIABOLO_ENGINE", raising=False)
    assert choose_engine() == there
    monkeypatch.setenv("DIABOLO_ENGINE", "plain")
    assert choose_engine() == "plain"
    assert build_model(LINES["method-2"]).engine == "plain"
    assert choose_engine("auto") == there
    monkeypatch.setenv("DIABOLO_ENGINE", "quick")
    with pytest.raises(DiaboloError, match=r"`DIABOLO_ENGINE` \(='quick'\) must be one of auto, plain, fused"):
        choose_engine()
    with pytest.raises(DiaboloError, match=r"`engine` \(='quick'\)"):
        build_model(LINES["method-2"], engine="quick")


def test_a_run_records_its_engine_and_a_resume_keeps_it(monkeypatch, tmp_path):
    """The environment may have changed meanwhile: the resumed run has the bits of the one that was not stopped."""
    there = "plain" if find_library() is None else "fused"
    images = np.random.default_rng(3).integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    np.save(tmp_path / "images.npy", images)
    line = "conv8 relu bn pool | up conv3 sigmoid"

    def job(name):
        settings = {"epochs": 2, "batch_size": 8}
        return new_job(line, tmp_path / "images.npy", settings=settings, out=tmp_path / name)

    monkeypatch.setenv("DIABOLO_ENGINE", "fused" if there == "fused" else "plain")
    whole = execute(job("whole"), pictures=False).run
    assert whole.record.engine == there
    steps = iter(range(100))
    stopped = execute(job("cut"), should_stop=lambda: next(steps) >= 3, pictures=False).run
    assert stopped.record.status == "stopped"
    monkeypatch.setenv("DIABOLO_ENGINE", "plain")
    again = resumed_job(tmp_path / "cut")
    assert again.model.engine == there
    finished = execute(again, pictures=False).run
    assert finished.record.engine == there
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, finished.model.state_dict()[name]), name


@pytest.mark.parametrize(("engine", "warned"), [("fused", 1), ("auto", 0), ("plain", 0)])
def test_without_the_library_it_runs_on_torch_and_says_so_once(engine, warned, tmp_path):
    program = f"""
import warnings, torch
from diabolo.model import build_model
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    models = [build_model("conv4 relu pool | up conv3 sigmoid", engine={engine!r}) for _ in range(2)]
models[0](torch.rand(2, 3, 32, 32))
print([model.engine for model in models], sum("stage engine" in str(one.message) for one in caught))
"""
    environment = {"DIABOLO_STAGES_LIBRARY": str(tmp_path / "none.so")}
    done = subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == f"['plain', 'plain'] {warned}"
