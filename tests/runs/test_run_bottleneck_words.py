"""Bottlenecks in words, from the names and numbers of `run.toml`."""

import pytest

from diabolo.runs.bottleneck_words import bottleneck_uses

RESULTS = {"num_images": 10000, "loss": 0.55, "excess": 0.01, "mse": 0.003, "psnr": 25.4, "ssim": 0.84}


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        (
            {"gaussian_1_kl": 33.3756, "gaussian_1_active": 31, "gaussian_1_values": 32},
            "gaussian 1: 31 of 32 values tell images apart, KL 33.4 nats an image",
        ),
        (
            {"gaussian_1_kl": 0.01, "gaussian_1_active": 0, "gaussian_1_values": 32},
            "gaussian 1: collapsed, none of 32 values tells images apart (KL 0.01 nats an image)",
        ),
        (
            {"gaussian_1_kl": 0.0642, "gaussian_1_active": 4, "gaussian_1_values": 4},
            "gaussian 1: collapsed, its KL divergence is 0.0642 nats an image, and to tell two images apart takes 0.69",
        ),
        ({"vq_2_code_use": 0.947, "vq_2_perplexity": 201.23}, "vq 2: 94.7% of its codes in use, perplexity 201.2"),
        (
            {"topk_1_active": 255.98, "topk_1_values": 4096, "topk_1_channels_used": 0.5},
            "topk 1: 256 of 4,096 values of an image are not zero, 50.0% of its channels in use",
        ),
    ],
)
def test_each_has_its_sentence(numbers: dict[str, float], sentence: str) -> None:
    (use,) = bottleneck_uses({**RESULTS, **numbers})
    assert use.sentence == sentence
    assert use.has_collapsed == ("collapsed" in sentence)


def test_several_stand_in_the_order_of_the_model() -> None:
    found = bottleneck_uses({**RESULTS, "vq_1_code_use": 1.0, "fsq_1_code_use": 0.5, "vq_1_perplexity": 3.0})
    assert [use.layer for use in found] == ["vq_1", "fsq_1"]
    assert found[0].numbers == {"code_use": 1.0, "perplexity": 3.0}


def test_what_nobody_knows_is_left_out() -> None:
    assert bottleneck_uses({**RESULTS, "a_new_result": 1.0, "_kl": 2.0}) == ()
    assert bottleneck_uses({}) == ()
