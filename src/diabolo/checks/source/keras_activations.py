"""Activations by the names that Keras knows, as kinds of nodes."""

from diabolo.checks.source.keras_plan import UNKNOWN, Config, KerasKind, Plan, Planner, known, told
from diabolo.vocabulary import Value

ACTIVATIONS: dict[str, tuple[str, str]] = {
    "relu": ("relu", "ReLU"), "sigmoid": ("sigmoid", "Sigmoid"), "tanh": ("tanh", "Tanh"), "gelu": ("gelu", "GELU"),
    "silu": ("silu", "SiLU"), "swish": ("silu", "SiLU"), "leaky_relu": ("leaky", "LeakyReLU"),
    "softmax": ("softmax", "Softmax"), "elu": ("elu", "ELU"), "selu": ("selu", "SELU"),
    "softplus": ("softplus", "Softplus"), "linear": ("linear", "Linear"), "relu6": ("arithmetic", "relu6"),
    "hard_sigmoid": ("arithmetic", "hard_sigmoid"), "hard_silu": ("arithmetic", "hard_silu"),
    "hard_swish": ("arithmetic", "hard_swish"), "softsign": ("arithmetic", "softsign"),
    "exponential": ("arithmetic", "exponential"), "mish": ("arithmetic", "mish"),
    "log_softmax": ("arithmetic", "log_softmax"), "log_sigmoid": ("arithmetic", "log_sigmoid"),
    "celu": ("arithmetic", "celu"), "glu": ("arithmetic", "glu"), "hard_tanh": ("arithmetic", "hard_tanh"),
    "squareplus": ("arithmetic", "squareplus"), "sparse_plus": ("arithmetic", "sparse_plus"),
    "tanh_shrink": ("arithmetic", "tanh_shrink"), "soft_shrink": ("arithmetic", "soft_shrink"),
    "hard_shrink": ("arithmetic", "hard_shrink"), "threshold": ("arithmetic", "threshold"),
    "sparse_sigmoid": ("arithmetic", "sparse_sigmoid"), "sparsemax": ("arithmetic", "sparsemax"),
    "softmin": ("arithmetic", "softmin"),
}  # fmt: skip
"""Kind and class name by Keras's name; `linear` does nothing and becomes no node where it ends a layer."""


def activation_attributes(name: str) -> dict[str, Value]:
    """Settings of an activation that is given by its name."""
    return {"slope": 0.2} if name == "leaky_relu" else {}


def _activation(config: Config) -> Plan:
    return Plan(kind="linear", activation=told(config, "activation", UNKNOWN))


def _fixed(kind: str) -> Planner:
    return lambda config: Plan(kind=kind)


def _relu(config: Config) -> Plan:
    slope, most = told(config, "negative_slope", told(config, "alpha", 0.0)), told(config, "max_value", None)
    if most is not None or told(config, "threshold", 0.0) not in (0, 0.0):
        return Plan(kind="arithmetic")
    if slope is UNKNOWN or slope is None:
        return Plan(kind="leaky" if slope is UNKNOWN else "relu")
    return Plan(kind="leaky", attributes={"slope": slope}) if slope else Plan(kind="relu")


def _leaky(config: Config) -> Plan:
    slope = told(config, "negative_slope", told(config, "alpha", 0.3))
    return Plan(kind="leaky", attributes=known(slope=slope if isinstance(slope, int | float) else None))


def _prelu(config: Config) -> Plan:
    shared = told(config, "shared_axes", None)

    def count(shapes: tuple[tuple[int, ...], ...]) -> tuple[int, int]:
        if not shapes[0] or shared is UNKNOWN:
            return 0, 0
        axes = shared if isinstance(shared, tuple | list) else (shared,) if isinstance(shared, int) else ()
        total = 1
        for index, side in enumerate(shapes[0], start=1):
            total *= 1 if index in axes else side
        return total, 0

    return Plan(kind="prelu", count=count)


KINDS = (
    KerasKind(names=("Activation",), parameters=("activation",), plan=_activation),
    KerasKind(names=("ReLU",), parameters=("max_value", "negative_slope", "threshold"), plan=_relu),
    KerasKind(names=("LeakyReLU",), parameters=("negative_slope",), plan=_leaky),
    KerasKind(
        names=("PReLU",),
        parameters=("alpha_initializer", "alpha_regularizer", "alpha_constraint", "shared_axes"),
        plan=_prelu,
    ),
    KerasKind(names=("ELU",), parameters=("alpha",), plan=_fixed("elu")),
    KerasKind(names=("Softmax",), parameters=("axis",), plan=_fixed("softmax")),
    KerasKind(names=("ThresholdedReLU",), parameters=("theta",), plan=_fixed("arithmetic")),
)
