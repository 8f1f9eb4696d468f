"""`ZooModel`: one record a model that comes with diabolo."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ZooModel:
    """A named line with its story."""

    name: str
    """Name on the command line."""
    line: str
    """The model, laid out for reading."""
    about: str
    """What it is, in one or two sentences."""
    source: str
    """Where it comes from."""
    recipe: str = "fast"
    """Name of the recipe that it is meant for."""
    not_connected: str | None = None
    """Why some of its layers are not connected; None where all must be."""
