"""Files that may not be read are called so by whoever reads them, not damaged, unknown or missing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from diabolo import load_data
from diabolo.errors import DataError
from diabolo.interop.state_dict import read_state_dict


@pytest.mark.parametrize("reader", [load_data, read_state_dict], ids=lambda reader: reader.__name__)
@pytest.mark.parametrize("name", ["x.pt", "x.safetensors", "x.npy", "x.bin"])
def test_no_permission_is_said(
    reader: Callable[[Path], object], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, *_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    file = tmp_path / name
    file.write_bytes(b"123")
    monkeypatch.setattr(Path, "open", refuse)  # root, who may read everything, cannot be refused otherwise
    with pytest.raises(DataError) as raised:
        reader(file)
    assert str(raised.value) == f"`{file}`: no permission to read it; change its permissions"
