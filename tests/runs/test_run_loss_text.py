"""Losses as text: titles and units of every loss, without torch."""

import subprocess
import sys

import pytest

from diabolo.errors import RecipeError
from diabolo.runs.loss_text import LOSS_NAMES, describe_loss, known_loss
from diabolo.train import LOSSES, find_loss


@pytest.mark.parametrize("name", LOSS_NAMES)
def test_every_loss_that_can_be_trained_has_a_title_and_a_unit(name: str) -> None:
    assert (LOSSES[name].title, LOSSES[name].unit) == (LOSS_NAMES[name].title, LOSS_NAMES[name].unit)
    assert LOSSES[name].title
    assert LOSSES[name].unit


def test_a_sum_is_called_by_its_terms() -> None:
    found = describe_loss("0.84*ms-ssim+0.16*l1")
    assert found.title == "0.84 × 1 - MS-SSIM + 0.16 × mean absolute error"
    assert found.title == find_loss("0.84*ms-ssim+0.16*l1").title


def test_what_is_no_loss_is_refused_or_not_known() -> None:
    with pytest.raises(RecipeError, match=r"`loss` \(=huber\) must be one of bce, mse"):
        describe_loss("huber")
    assert known_loss("huber") is None
    assert known_loss("") is None


def test_it_is_read_without_torch() -> None:
    program = "import sys, diabolo.runs.loss_text; print('torch' in sys.modules, 'numpy' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert answer.stdout.split()[0] == "False"
