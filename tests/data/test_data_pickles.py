"""Pickles of the archives are read, and nothing in any pickle is ever executed."""

import os
import pickle
from pathlib import Path

import numpy as np
import pytest
from data_builders import batch_pickle

from diabolo.data.pickles import read_pickle
from diabolo.errors import DataError


def test_reads_the_real_layout(parts: dict[str, np.ndarray]) -> None:
    images, labels = parts["test"], parts["test_labels"]
    batch = read_pickle(batch_pickle(images, labels), where="batch")
    assert batch[b"labels"] == labels.tolist()
    assert batch[b"filenames"] == [b"one.png", b"two.png"]
    np.testing.assert_array_equal(batch[b"data"].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), images)


def test_our_layout_is_what_pickle_itself_reads(parts: dict[str, np.ndarray]) -> None:
    """The hand-made bytes of the other tests are a real pickle of a real array."""
    content = batch_pickle(parts["test"], parts["test_labels"])
    content = content.replace(b"numpy.core.multiarray", b"numpy._core.multiarray")
    batch = pickle.loads(content, encoding="bytes")
    np.testing.assert_array_equal(
        batch[b"data"], read_pickle(batch_pickle(parts["test"], parts["test_labels"]), where="x")[b"data"]
    )


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_refuses_code(tmp_path: Path, protocol: int) -> None:
    trace = tmp_path / "executed"

    class Evil:
        def __reduce__(self) -> tuple:
            return os.mkdir, (str(trace),)

    content = pickle.dumps({b"data": Evil(), b"labels": []}, protocol=protocol)
    with pytest.raises(DataError, match="nothing was executed"):
        read_pickle(content, where="data_batch_1")
    assert not trace.exists()
    pickle.loads(content)
    assert trace.exists(), "the pickle of this test is harmless, so that the test proves nothing"


def test_refuses_a_global_that_only_looks_like_numpy() -> None:
    with pytest.raises(DataError, match=r"numpy\.core\.multiarray\.fromfile"):
        read_pickle(b"\x80\x02}U\x04datacnumpy.core.multiarray\nfromfile\n(tRs.", where="batch")


def test_a_permitted_name_called_with_nonsense_is_only_recorded() -> None:
    with pytest.raises(DataError, match="not a readable pickle"):
        read_pickle(b"\x80\x02}U\x04datacnumpy\nndarray\n(I9999999\nI9999999\ntRs.", where="batch")


@pytest.mark.parametrize("cut", [1, 10, 1000, -1])
def test_truncated(parts: dict[str, np.ndarray], cut: int) -> None:
    with pytest.raises(DataError, match="not a readable pickle"):
        read_pickle(batch_pickle(parts["test"], parts["test_labels"])[:cut], where="batch")


def test_other_things_than_a_dictionary() -> None:
    with pytest.raises(DataError, match="holds no dictionary"):
        read_pickle(pickle.dumps([1, 2], protocol=2), where="batch")
