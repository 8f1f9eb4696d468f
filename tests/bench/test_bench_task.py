"""What the engines are asked to do, and what it costs at least."""

import pytest

from diabolo.bench.task import count_work, layers_of, widened
from diabolo.errors import DiaboloError
from diabolo.zoo import zoo


def test_layers_carry_channels_and_side_branches() -> None:
    assert layers_of("conv64 relu (bn) pool | up conv3 sigmoid") == [
        {"kind": "conv", "side": False, "channels": 64},
        {"kind": "relu", "side": False},
        {"kind": "bn", "side": True},
        {"kind": "pool", "side": False},
        {"kind": "up", "side": False},
        {"kind": "conv", "side": False, "channels": 3},
        {"kind": "sigmoid", "side": False},
    ]


@pytest.mark.parametrize("line", ["conv4[k=5] pool | up conv3", "dense4 | dense3", "2*{conv4} pool | up conv3"])
def test_what_the_others_have_not_is_refused(line: str) -> None:
    with pytest.raises(DiaboloError, match="compare a line of those"):
        layers_of(line)


def test_work_of_the_question() -> None:
    work = count_work(zoo()["method-2"].line, (32, 32, 3))
    # By hand: MACs of the five convolutions, three passes each but two for the first.
    macs = [1024 * 27 * 64, 256 * 576 * 16, 64 * 144 * 16, 256 * 144 * 32, 1024 * 288 * 3]
    assert work.flops == 2 * (3 * sum(macs) - macs[0])
    assert round(work.flops / 1e6, 1) == 34.5


def test_traffic_counts_values_in_and_out() -> None:
    # conv: 48 in, 32 out, forward 80, backward 48 + 32 + 32 and no gradient for the image; relu: 32 in, 32 out, twice
    # that and a gradient both ways; conv3: 32 in, 48 out.
    work = count_work("conv2 relu | conv3", (4, 4, 3))
    assert work.traffic == 4 * ((80 + 112) + (64 + 128) + (80 + 48 + 48 + 32 + 32))


def test_wider_lines_keep_their_last_convolution() -> None:
    line = str(zoo()["method-2"].line)
    assert (
        widened(line, 2)
        == "conv128 relu bn pool conv32 relu bn pool | conv32 relu bn up conv64 relu bn up conv3 sigmoid"
    )
    assert widened(line, 1).split() == line.split()
    assert "conv1 " in widened("conv2 relu | conv3", 0.1)
