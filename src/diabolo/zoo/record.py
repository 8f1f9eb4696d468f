"""`ZooModel`: one record a model that comes with diabolo."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

Kind = Literal["question", "small", "best", "closed form", "bottleneck", "denoise"]
"""What a model is in the zoo for; the tables of the zoo are ordered by it."""


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
    kind: Kind
    """What it is for."""
    recipe: str = "fast"
    """Name of the recipe that it is meant for."""
    settings: Mapping[str, Any] = field(default_factory=dict, hash=False)
    """Changes to that recipe by name, as `--set` takes them."""
    data: str = "cifar10"
    """The images that its results are measured on, a name of the catalogue."""
    data_note: str | None = None
    """What must be known of how the images are used; None where nothing is unusual."""
    not_connected: str | None = None
    """Why some of its layers are not connected; None where all must be."""
    findings_expected: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Codes of the findings that the doctor has about the line, each with the reason why they are left so."""

    def __post_init__(self) -> None:
        for name in ("settings", "findings_expected"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    @property
    def has_own_recipe(self) -> bool:
        """Whether it is trained in another way than any line is by default."""
        return self.recipe != "fast" or bool(self.settings)

    @property
    def recipe_text(self) -> str:
        """Recipe and settings in words: `fast with loss=psnr, epochs=1`."""
        changes = ", ".join(f"{name}={value}" for name, value in self.settings.items())
        return f"{self.recipe} with {changes}" if changes else self.recipe

    def command(self, *, seed: int = 0, out: str | None = None) -> str:
        """What trains it as its record says; the recipe comes from the record."""
        words = ["diabolo", "train", self.name, "--data", self.data, "--seed", str(seed)]
        return shlex.join([*words, "--out", out or f"runs/{self.name}-seed{seed}"])
