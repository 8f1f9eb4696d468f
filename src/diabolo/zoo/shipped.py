"""Trained weights that come with diabolo: a run folder a model, with what made it and nothing else; no torch."""

from pathlib import Path

WEIGHTS = Path(__file__).parent / "weights"
"""Where they lie."""
FILES = ("run.toml", "history.csv", "model.safetensors")
"""What is shipped of a run."""


def shipped_run(name: str, folder: Path = WEIGHTS) -> Path | None:
    """The folder of a zoo model's trained weights; None where none are shipped.

    Args:
        name: of the model.
        folder: where to look.
    """
    found = folder / name
    return found if all((found / file).is_file() for file in ("run.toml", "model.safetensors")) else None
