"""The native stage engine: convolution and all that stands up to the next one, as one operation in cache-sized pieces.

Optional: where it was not built, `find_library()` is None and models run on plain torch.
"""

from diabolo.kernels.form import BatchNormValues, Form, StageInputs, plain_stage
from diabolo.kernels.library import find_library
from diabolo.kernels.pixels import binary_cross_entropy_with_logits, gather_images
from diabolo.kernels.stage import run_stage, run_stages

__all__ = [
    "BatchNormValues",
    "Form",
    "StageInputs",
    "binary_cross_entropy_with_logits",
    "find_library",
    "gather_images",
    "plain_stage",
    "run_stage",
    "run_stages",
]
