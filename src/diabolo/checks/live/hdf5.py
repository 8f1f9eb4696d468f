"""Tries an HDF5 file in a process of its own: a damaged one can make the HDF5 library crash, or loop for ever."""

import subprocess
import sys
from pathlib import Path

from diabolo.errors import DataError

_SECONDS = 60  # of computing; a file of a gigabyte takes a few

# Reads every attribute and every data set, so that what is read here afterwards has been read once without harm.
_WALK = """
import sys
try:
    import resource
    resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[2]), int(sys.argv[2])))
except (ImportError, ValueError):
    pass
import h5py
def look(name, item):
    for key in item.attrs:
        item.attrs[key]
    if isinstance(item, h5py.Dataset):
        if item.size and item.nbytes > 1 << 34:
            raise ValueError(f"`{name}` says that it has {item.nbytes:,} bytes")
        item[()]
with h5py.File(sys.argv[1], "r") as file:
    look("/", file)
    file.visititems(look)
"""


def try_hdf5(path: Path) -> None:
    """Reads a whole file in a child process; what passes can be read in this one.

    Raises:
        DataError: the child failed, crashed, or did not come to an end.
    """
    command = [sys.executable, "-P", "-c", _WALK, str(path), str(_SECONDS)]
    try:
        done = subprocess.run(
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=10 * _SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise DataError("it is a damaged HDF5 file: reading it does not come to an end; save the model again") from None
    if done.returncode < 0:
        raise DataError(
            "it is a damaged HDF5 file, on which the HDF5 library crashes or runs without end; save the model again"
        )
    if done.returncode:
        last = (done.stderr.decode("utf-8", "replace").strip().splitlines() or [""])[-1]
        raise DataError(f"it is no HDF5 file, or a damaged one ({last.split(': ', 1)[-1][:200]})")
