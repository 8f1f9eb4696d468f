"""Rules on trained runs: their own examples, and small networks that were really broken."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from diabolo.api.activity import measure_activity
from diabolo.api.build import build
from diabolo.checks import Finding, all_rules, diagnose, read_graph, read_line
from diabolo.data import load_data
from diabolo.model import AutoEncoder

RULES = [rule for rule in all_rules().values() if rule.code.startswith("AE7")]
IMAGES = load_data("cifar10-sample").test[:120]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_examples(rule):
    assert rule.fires
    for example in rule.fires:
        assert [finding.code for finding in rule.check(replace(read_line(example.line), activity=example.activity))]
    for example in rule.clean:
        subject = replace(read_line(example.line), activity=example.activity)
        assert list(rule.check(subject)) == []


def findings(model: AutoEncoder) -> dict[str, Finding]:
    subject = replace(read_graph(model.graph), activity=measure_activity(model, IMAGES))
    return {finding.code: finding for finding in diagnose(subject) if finding.code.startswith("AE7")}


def sound(line: str = "unshuffle2 conv12[k=1] relu | conv12[k=1] shuffle2 ") -> AutoEncoder:
    """Gives its images back exactly."""
    model = build(line)
    with torch.no_grad():
        for name in ("conv_1", "conv_2"):
            convolution = model.layers[name]
            convolution.weight.copy_(torch.eye(12)[:, :, None, None])
            convolution.bias.zero_()
    return model


def parameters(model: AutoEncoder, name: str) -> torch.nn.Module:
    return model.layers[name]


def test_sound_model():
    activity = measure_activity(sound(), IMAGES)
    images = IMAGES / 255.0
    assert activity.mse < 1e-12
    assert activity.checkerboard == pytest.approx(1.0, abs=1e-6)
    assert activity.mse_mean_image == pytest.approx(images.var(axis=0).mean(), rel=1e-5)
    assert activity.image_deviation == pytest.approx(activity.output_deviation, rel=1e-6)
    blocks = images.reshape(120, 16, 2, 16, 2, 3).transpose(0, 5, 2, 4, 1, 3).reshape(120, 12, 256)
    relu = activity.channels["relu_1"]
    np.testing.assert_allclose(relu.deviation, blocks.std(axis=(0, 2)), rtol=1e-4)
    np.testing.assert_allclose(relu.share_zero, (blocks == 0).mean(axis=(0, 2)), atol=1e-9)
    np.testing.assert_allclose(activity.latent_deviation, np.sqrt(blocks.var(axis=0).mean(axis=1)), rtol=1e-4)
    assert findings(sound()) == {}


def test_dead_channels_and_unused_latents():
    model = sound()
    with torch.no_grad():
        parameters(model, "conv_1").bias[:5] = -5.0
    found = findings(model)
    assert "5 of the 12 channels" in found["AE701"].message
    assert "5 of the 12 channels" in found["AE702"].message
    assert {found[code].severity for code in ("AE701", "AE702")} == {"warning"}


def test_collapsed_and_black_output():
    model = sound()
    with torch.no_grad():
        parameters(model, "conv_2").weight.zero_()
    found = findings(model)
    assert found["AE704"].severity == "error"
    assert "loses red (100%) and green (100%) and blue (100%)" in found["AE706"].message


def test_checkerboard():
    model = sound()
    with torch.no_grad():
        parameters(model, "conv_2").weight[::4] *= 2.0
    assert "AE705" in findings(model)


def test_mode_gap():
    model = build("conv8 bn relu | conv3 sigmoid")
    with torch.no_grad():
        model.layers["bn_1"].moving_mean.fill_(3.0)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.train()
    activity = measure_activity(model, IMAGES)
    assert activity.mse != pytest.approx(activity.mse_training_mode, rel=0.05)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert model.training


def test_posterior_collapse():
    model = build("conv4 relu pool flatten | gaussian6 | dense768 unflatten[h=16 w=16 c=3] up sigmoid")
    with torch.no_grad():
        model.layers["gaussian_1"].weight.zero_()
        model.layers["gaussian_1"].bias.zero_()
    assert "all 6 channels" in findings(model)["AE707"].message
    with torch.no_grad():
        model.layers["gaussian_1"].bias[:6] = 2.0  # KL of a mean of 2: 2 nats
    activity = measure_activity(model, IMAGES)
    np.testing.assert_allclose(activity.kl, [2.0] * 6, rtol=1e-5)
