"""Fixes: after them the rule is silent, the source is still good, and safe ones leave the function as it was."""

import ast
import os

import pytest
from rule_examples import Example, Rule, cases, subject_of, told

from diabolo.checks import Finding, all_rules, diagnose
from diabolo.checks.mend import apply

os.environ.setdefault("KERAS_BACKEND", "torch")
MENDABLE = [case for case in cases("fires") if case.values[0].fix != "none"]  # type: ignore[attr-defined]


def mended(rule: Rule, example: Example) -> tuple[list[Finding], str]:
    """Findings of a rule that have a fix, and the text after all of these fixes."""
    found = [finding for finding in diagnose(subject_of(example)) if finding.code == rule.code and finding.fix]
    (text,) = apply([finding.fix for finding in found if finding.fix is not None], (example.code or example.line,))
    return found, text


@pytest.mark.parametrize(("rule", "example"), cases("fires"))
def test_a_fix_is_what_its_rule_says(rule: Rule, example: Example) -> None:
    for finding in diagnose(subject_of(example)):
        if finding.code == rule.code and finding.fix is not None:
            assert {True: "safe", False: "unsafe"}[finding.fix.is_safe] == rule.fix
            assert finding.fix.edits
            assert not finding.fix.message.endswith(".")


@pytest.mark.parametrize(("rule", "example"), MENDABLE)
def test_after_the_fix_the_rule_is_silent(rule: Rule, example: Example) -> None:
    found, text = mended(rule, example)
    if not found:
        return
    after = subject_of(Example(code=text) if example.code else Example(line=text))
    if example.code:
        ast.parse(text)
    new = [finding for finding in diagnose(after) if finding.severity == "error" or finding.code == rule.code]
    assert told(new) == []


@pytest.mark.parametrize(
    "rule", [rule for rule in all_rules().values() if rule.fix != "none"], ids=lambda rule: rule.code
)
def test_every_mendable_rule_mends_an_example(rule: Rule) -> None:
    assert [example for example in rule.fires if mended(rule, example)[0]]


def run(text: str) -> dict[str, object]:
    """Executes an example with the names of Keras and PyTorch in reach."""
    import keras
    import torch
    from keras import layers

    names: dict[str, object] = {name: getattr(layers, name) for name in dir(layers) if not name.startswith("_")}
    names |= {"keras": keras, "layers": layers, "Model": keras.Model, "Input": keras.Input}
    names |= {"torch": torch, "nn": torch.nn, "F": torch.nn.functional}
    exec(text, names)
    return names


def test_leaving_out_a_bias_keeps_what_keras_computes() -> None:
    import keras
    import numpy as np

    rule = all_rules()["AE301"]
    found, text = mended(rule, rule.fires[0])
    assert found
    before, after = run(rule.fires[0].code)["model"], run(text)["model"]
    assert isinstance(before, keras.Model)
    assert isinstance(after, keras.Model)
    assert before.count_params() - after.count_params() == 16
    weights = before.get_weights()
    bias = np.random.default_rng(1).normal(size=16).astype("float32")
    weights[1] = bias
    before.set_weights(weights)
    after.set_weights([weights[0], *weights[2:]])
    images = np.random.default_rng(0).random((8, 32, 32, 3)).astype("float32")
    # In training the mean of the batch takes the bias away, up to rounding.
    first, second = (keras.ops.convert_to_numpy(model(images, training=True)) for model in (before, after))
    np.testing.assert_allclose(first, second, atol=1e-5)


def test_the_larger_kernel_puts_out_the_same_size_in_torch() -> None:
    import torch

    rule = all_rules()["AE501"]
    example = next(example for example in rule.fires if "ConvTranspose2d" in example.code)
    found, text = mended(rule, example)
    assert found
    before, after = run(example.code)["net"], run(text)["net"]
    assert isinstance(before, torch.nn.Module)
    assert isinstance(after, torch.nn.Module)
    images = torch.rand(2, 3, 32, 32)
    assert before(images).shape == after(images).shape == images.shape
    assert "kernel_size=4" in text


def test_connecting_the_question_s_branch_gives_the_parameters_that_were_meant() -> None:
    import keras

    rule = all_rules()["AE101"]
    _, text = mended(rule, rule.fires[0])
    before, after = run(rule.fires[0].code)["autoencoder"], run(text)["autoencoder"]
    assert isinstance(before, keras.Model)
    assert isinstance(after, keras.Model)
    assert after.count_params() - before.count_params() == 4 * 64
    assert "BatchNormalization" in {type(layer).__name__ for layer in after.layers}
