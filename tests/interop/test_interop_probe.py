"""Images that exports are compared on, and what counts as the same."""

import numpy as np
import pytest

from diabolo.graph import build_graph
from diabolo.interop.part import part_of, size_multiple, takes_any_size
from diabolo.interop.probe import Difference, compare, probe_images


@pytest.mark.parametrize(
    ("line", "shape", "expected"),
    [
        ("conv4 pool | up conv3", (32, 32, 3), [(8, 32, 32, 3), (1, 34, 36, 3)]),
        ("conv4 pool4 | up4 conv1", (64, 32, 1), [(8, 64, 32, 1), (1, 68, 40, 1)]),
        ("flatten dense4 | dense192 unflatten", (8, 8, 3), [(8, 8, 8, 3)]),
        ("conv4 pool | up conv3", (512, 512, 3), [(2, 512, 512, 3), (1, 514, 516, 3)]),
    ],
)
def test_sizes(line: str, shape: tuple[int, int, int], expected: list[tuple[int, ...]]) -> None:
    batches = list(probe_images(part_of(build_graph(line, shape), {}, "both")))
    assert [batch.shape for batch in batches] == expected
    assert all(batch.dtype == np.uint8 for batch in batches)
    assert batches[0].min() < 30
    assert batches[0].max() > 225
    again = next(probe_images(part_of(build_graph(line, shape), {}, "both"), seed=1))
    assert not np.array_equal(again, batches[0]), "another seed gives other images"


@pytest.mark.parametrize(
    ("line", "multiple", "any_size"),
    [
        ("pool2 conv4 pool3 | up6 conv3", 6, True),
        ("conv4[stride=4] | deconv3[k=4 stride=4]", 4, True),
        ("unshuffle2 conv4 avgpool2 | up2 conv12 shuffle2", 4, True),
        ("conv4 conv8 | conv3", 1, True),
        ("flatten dense4 | dense1728 unflatten", 1, False),
    ],
)
def test_sizes_that_come_back(line: str, multiple: int, any_size: bool) -> None:
    graph = build_graph(line, (24, 24, 3))
    assert (size_multiple(graph), takes_any_size(graph)) == (multiple, any_size)


def test_how_far_two_results_are_apart() -> None:
    ours = [np.full((2, 3), 100.0, np.float32), np.zeros((1, 3), np.float32)]
    theirs = [array.copy() for array in ours]
    theirs[0][1, 2] += 0.01
    found = compare(ours, theirs, discrete=False)
    assert found.largest == pytest.approx(1e-4, rel=1e-3)  # a share of the largest value
    assert (found.num_images, found.num_jumps) == (3, 0)
    theirs[1][0, 0] = 0.25
    assert compare(ours, theirs, discrete=False).largest == pytest.approx(0.25)  # of 1, where all are smaller


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_infinitely_far(value: float) -> None:
    ours, theirs = [np.zeros((2, 3), np.float32)], [np.zeros((2, 3), np.float32)]
    theirs[0][0, 0] = value
    for pair in ((ours, theirs), (theirs, ours), (ours, [np.zeros((2, 4), np.float32)])):
        found = compare(*pair, discrete=True)
        assert found.largest == np.inf
        assert not found.is_within(1e9)


def test_images_that_jump_are_counted_and_few() -> None:
    ours, theirs = [np.zeros((20, 3), np.float32)], [np.zeros((20, 3), np.float32)]
    theirs[0][:2, 0] = 0.5
    found = compare(ours, theirs, discrete=True)
    assert (found.largest, found.num_jumps) == (0.0, 2)
    assert found.is_within(1e-5)
    theirs[0][:3, 0] = 0.5
    assert not compare(ours, theirs, discrete=True).is_within(1e-5), "more than one in ten"
    assert not Difference(largest=float("nan"), num_images=1).is_within(1e-5)
    assert not Difference(largest=0.0, num_images=1, levels=2).is_within(1e-5)
