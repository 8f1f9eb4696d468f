"""Large buffers that are used again: the system clears each new page that it gives, which costs as much as writing it.

A training step takes and gives back the same sizes over and over. A buffer goes back on the shelf when the last tensor
on its memory is gone, wherever that tensor went.
"""

import ctypes
import math
import threading
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

_SMALLEST = 1 << 20  # bytes; for less torch's own allocator does not go to the system
_MOST_IDLE = 384 << 20  # bytes on the shelf

_shelf: list[Tensor] = []  # bytes; the one that was given back last at the end
_lock = threading.Lock()


def take_map(images: int, channels: int, height: int, width: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """A tensor for `images` maps, its values undefined: (images, channels, height, width) in channels-last memory."""
    shape = (images, height, width, channels)
    size = math.prod(shape) * dtype.itemsize
    if size < _SMALLEST:
        return torch.empty(shape, dtype=dtype).permute(0, 3, 1, 2)
    memory = _from_shelf(size)
    loan = _kind_of_loan(size).from_address(memory.data_ptr())
    loan.memory = memory
    return torch.frombuffer(loan, dtype=dtype).view(shape).permute(0, 3, 1, 2)


def _from_shelf(size: int) -> Tensor:
    with _lock:
        for place, memory in enumerate(_shelf):
            if memory.nbytes == size:
                return _shelf.pop(place)
        missing = size
        while _shelf and missing > 0:  # sizes have changed: as much goes as is taken anew
            missing -= _shelf.pop(0).nbytes
    return torch.empty(size, dtype=torch.uint8)


@lru_cache(maxsize=256)
def _kind_of_loan(size: int) -> Any:
    """A class of ctypes arrays; torch keeps one alive as long as a tensor stands on its memory."""
    return type("Loan", (ctypes.c_uint8 * size,), {"__del__": _put_back})


def _put_back(loan: Any) -> None:
    """May run at any moment, so that it only appends."""
    if sum(memory.nbytes for memory in _shelf) + loan.memory.nbytes <= _MOST_IDLE:
        _shelf.append(loan.memory)
