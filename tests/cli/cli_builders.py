"""What the tests of the command line share."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

LINE = "conv4 relu bn pool | up conv3 sigmoid"
PROGRAM = str(Path(sys.executable).with_name("diabolo"))
METRICS = {"num_images", "loss", "excess", "mse", "psnr", "ssim"}


@dataclass(frozen=True)
class Answer:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


Command = Callable[..., Answer]


def environment(cache: Path) -> dict[str, str]:
    """No network, no user's cache, a terminal of fixed width."""
    return {"DIABOLO_CACHE": str(cache), "DIABOLO_OFFLINE": "1", "COLUMNS": "100", "OMP_NUM_THREADS": "1"}
