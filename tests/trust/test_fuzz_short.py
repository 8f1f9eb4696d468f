"""Every fuzz target for a moment, with hypothesis; `python tools/fuzz TARGET --minutes 10` is the long version."""

import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

sys.path.insert(0, str(Path(__file__).parents[2] / "tools" / "fuzz"))
from mutation import edit_bytes, edited_seeds
from targets import TARGETS


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_nothing_but_refusals_in_words(name: str, tmp_path: Path) -> None:
    target = TARGETS[name]
    seeds = target.seeds()
    outcomes = {target.run(content, tmp_path) for content in seeds}
    assert outcomes
    inputs = target.strategy() if target.strategy is not None else edited_seeds(seeds, target.words)

    @seed(20)
    @settings(
        max_examples=25,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(data=inputs)
    def batch(data: bytes) -> None:
        target.run(data, tmp_path)

    batch()


def test_edits() -> None:
    assert edit_bytes(b"abcdef", [(4, 32768, 0, b"")], ()) == b"abc"
    assert edit_bytes(b"abcdef", [(3, 0, 1, b"")], ()) == b"cdef"
    assert edit_bytes(b"ab", [(7, 0, 3, b"")], (b"x", b"yz")) == b"yzab"
    assert edit_bytes(b"", [(0, 9, 9, b"")], ()) == b""
