"""The engines that `diabolo bench` compares: one record each, with what it needs and how its worker is started."""

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from diabolo.errors import DiaboloError, clip

_TENSORFLOW = (
    'tensorflow-cpu==2.21.0; platform_machine == "x86_64"',
    'tensorflow==2.21.0; platform_machine != "x86_64"',
    "keras==3.15.1",
)
_JAX = ("jax==0.10.2", "keras==3.15.1")


@dataclass(frozen=True, kw_only=True)
class Engine:
    """One way to train the same network."""

    name: str
    """What `--engines` calls it."""
    title: str
    """What tables and figures call it."""
    job: str
    """The worker's module: `keras_job`, `torch_job` or `diabolo_job`."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What that module is told: which layout, which of diabolo's engines, whether to compile."""
    environment: str = ""
    """Name of the virtual environment that it runs in; empty: the one that diabolo itself runs in."""
    requirements: tuple[str, ...] = ()
    """What that environment holds, in the versions that were measured."""
    variables: Mapping[str, str] = field(default_factory=dict)
    """Environment variables of its worker."""
    in_variants: bool = False
    """Whether the other orders of the question's layers are measured on it too."""
    in_cost: bool = False
    """Whether it stands in the figure of cost against batch, image size, width and number of images."""


ENGINES = (
    Engine(
        name="keras-tensorflow",
        title="Keras on TensorFlow, as installed",
        job="keras_job",
        environment="tensorflow",
        requirements=_TENSORFLOW,
        variables={"KERAS_BACKEND": "tensorflow"},
        in_variants=True,
    ),
    # TensorFlow turns oneDNN on by itself only where the processor has AVX-512 VNNI or better; elsewhere a variable
    # makes its convolutions about three times as fast. Both are shown: what users get, and what they could have.
    Engine(
        name="keras-tensorflow-onednn",
        title="Keras on TensorFlow, oneDNN on",
        job="keras_job",
        environment="tensorflow",
        requirements=_TENSORFLOW,
        variables={"KERAS_BACKEND": "tensorflow", "TF_ENABLE_ONEDNN_OPTS": "1"},
        in_variants=True,
        in_cost=True,
    ),
    Engine(
        name="keras-jax",
        title="Keras on JAX",
        job="keras_job",
        environment="jax",
        requirements=_JAX,
        variables={"KERAS_BACKEND": "jax", "JAX_PLATFORMS": "cpu"},
    ),
    Engine(name="torch-eager", title="torch eager, NCHW", job="torch_job", settings={"layout": "nchw"}),
    Engine(
        name="torch-channels-last",
        title="torch eager, channels-last",
        job="torch_job",
        settings={"layout": "channels-last"},
        in_cost=True,
    ),
    Engine(
        name="torch-compile",
        title="torch.compile, channels-last",
        job="torch_job",
        settings={"layout": "channels-last", "compile": "yes"},
    ),
    Engine(name="diabolo-plain", title="diabolo, plain", job="diabolo_job", settings={"engine": "plain"}),
    Engine(
        name="diabolo-fused",
        title="diabolo, fused",
        job="diabolo_job",
        settings={"engine": "fused"},
        in_variants=True,
        in_cost=True,
    ),
)
"""All engines, in the order of the table."""

REFERENCES = ("diabolo-fused", "diabolo-plain")
"""The engine that the others are held against: the first of these that took part."""


def choose_engines(names: str | None) -> tuple[Engine, ...]:
    """The engines of a comma-separated list, in the order of the table; all of them for None.

    Raises:
        DiaboloError: a name is unknown, or there is none.
    """
    if names is None:
        return ENGINES
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    known = [engine.name for engine in ENGINES]
    for name in wanted:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            guess = f"; did you mean `{close[0]}`?" if close else ""
            raise DiaboloError(f"`--engines`: there is no engine `{clip(name)}`{guess} There are {', '.join(known)}.")
    if not wanted:
        raise DiaboloError(f"`--engines` names none; there are {', '.join(known)}")
    return tuple(engine for engine in ENGINES if engine.name in wanted)


def reference_among(names: Sequence[str]) -> str | None:
    """The engine that the others are held against; None where none of them is diabolo's."""
    return next((name for name in REFERENCES if name in names), None)
