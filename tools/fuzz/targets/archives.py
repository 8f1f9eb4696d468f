"""Archives of data sets: a compressed tar with pickled batches."""

import io
import pickle
import tarfile
from pathlib import Path

import numpy as np
from target import Target, refused

_MEMBERS = ("a/data_batch_1", "a/test_batch")


def run(data: bytes, scratch: Path) -> str:
    """Reads one archive, and one pickle alone; nothing is unpacked and nothing of a pickle runs."""
    from diabolo.data.archive import ArchiveSource, read_archive
    from diabolo.data.pickles import read_pickle
    from diabolo.errors import DiaboloError

    if data[:1] == b"\x80":
        try:
            read_pickle(data, where="batch")
        except DiaboloError as error:
            return refused(error)
        return "pickle read"
    path = scratch / "data.tar.gz"
    path.write_bytes(data)
    source = ArchiveSource(
        name="fuzz",
        url="",
        num_bytes=0,
        md5="",
        train_members=_MEMBERS[:1],
        test_members=_MEMBERS[1:],
        label_key=b"labels",
    )
    try:
        read_archive(path, source, (2, 2, 3))
        return "read"
    except DiaboloError as error:
        return refused(error)
    finally:
        path.unlink()
        assert not list(scratch.iterdir()), "something was unpacked"


def _seeds() -> list[bytes]:
    batch = pickle.dumps({b"data": np.zeros((3, 12), np.uint8), b"labels": [1, 2, 3]}, protocol=2)
    made = [batch]
    for mode in ("w:gz", "w"):
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode=mode) as archive:  # type: ignore[call-overload]
            for name in _MEMBERS:
                info = tarfile.TarInfo(name)
                info.size = len(batch)
                archive.addfile(info, io.BytesIO(batch))
        made.append(file.getvalue())
    return made


TARGET = Target(
    name="archives",
    about="archives of data sets and the pickles in them",
    seeds=_seeds,
    run=run,
    modules=("diabolo.data.archive", "diabolo.data.pickles"),
    words=(
        b"cos\nsystem\n",
        b"cbuiltins\neval\n",
        b"R",
        b"\x85R",
        b"a/data_batch_1",
        b"../../etc/passwd",
        b"ustar\x00",
        b"\x1f\x8b\x08",
        b"cnumpy\nndarray\n",
        b"\x8a\xff",
        b"J\xff\xff\xff\x7f",
        b"0000000",
        b"7777777",
    ),
)
