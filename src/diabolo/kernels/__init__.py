"""The native stage engine: convolution and all that stands up to the next one, as one operation in cache-sized pieces.

Optional: where it was not built, `find_library()` is None and models run on plain torch.
"""

from diabolo.kernels.library import find_library
from diabolo.kernels.stage import BatchNormValues, Form, plain_stage, run_stage

__all__ = ["BatchNormValues", "Form", "find_library", "plain_stage", "run_stage"]
