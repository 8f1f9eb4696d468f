"""Sets Pillow's own warnings aside while images are read, by any number of threads.

`warnings.catch_warnings` cannot do that: it puts back the filters that it found, and two threads that do so by turns
leave filters behind that nobody set. Here the first reader puts one filter in front and the last takes that one away.
"""

import contextlib
import threading
import warnings
from collections.abc import Iterator
from typing import Any, cast

_lock = threading.Lock()
_num_readers = 0
_filter: Any = None  # as `warnings` keeps it


@contextlib.contextmanager
def without_pillow_warnings() -> Iterator[None]:
    """Within it, warnings that Pillow's own modules give (odd EXIF data, many pixels) are not shown.

    What is wrong with an image is said by the reader, in its own words. Warnings of others are left as they are.
    """
    global _num_readers, _filter
    with _lock:
        _num_readers += 1
        if _num_readers == 1:
            warnings.filterwarnings("ignore", module=r"PIL(\.|$)")
            _filter = warnings.filters[0]
    try:
        yield
    finally:
        with _lock:
            _num_readers -= 1
            if _num_readers == 0:
                with contextlib.suppress(ValueError):  # somebody has reset all filters meanwhile
                    cast(Any, warnings.filters).remove(_filter)
