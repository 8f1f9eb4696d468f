"""PyTorch's loss classes and functions: what each measures, how it is reduced, what it compares."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from diabolo.checks.source.torch_arguments import Parameters, settings_of
from diabolo.checks.source.torch_layer import TorchClass
from diabolo.checks.source.torch_state import state_of
from diabolo.checks.source.torch_tensor import TorchOp, as_tensor
from diabolo.checks.source.values import Argument, Call, Native, Tensor, Unknown, Value
from diabolo.checks.subject import LossKind, Reduction
from diabolo.graph import Place

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

_REDUCED: Parameters = (("size_average", None), ("reduce", None), ("reduction", "mean"))
_CLASSES: dict[str, tuple[LossKind, str, Parameters]] = {
    "MSELoss": ("mse", "mse_loss", _REDUCED),
    "L1Loss": ("mae", "l1_loss", _REDUCED),
    "SmoothL1Loss": ("huber", "smooth_l1_loss", (*_REDUCED, ("beta", 1.0))),
    "HuberLoss": ("huber", "huber_loss", (("reduction", "mean"), ("delta", 1.0))),
    "BCELoss": ("bce", "binary_cross_entropy", (("weight", None), *_REDUCED)),
    "BCEWithLogitsLoss": ("bce-logits", "binary_cross_entropy_with_logits", (("weight", None), *_REDUCED)),
    "CrossEntropyLoss": (
        "cross-entropy", "cross_entropy",
        (("weight", None), ("size_average", None), ("ignore_index", -100), ("reduce", None), ("reduction", "mean")),
    ),
    "NLLLoss": (
        "cross-entropy", "nll_loss",
        (("weight", None), ("size_average", None), ("ignore_index", -100), ("reduce", None), ("reduction", "mean")),
    ),
    "KLDivLoss": ("kl", "kl_div", _REDUCED),
    "GaussianNLLLoss": ("other", "gaussian_nll_loss", (("full", False), ("eps", 1e-6), ("reduction", "mean"))),
    "PoissonNLLLoss": ("other", "poisson_nll_loss", ()),
    "CosineEmbeddingLoss": ("other", "cosine_embedding_loss", ()),
    "TripletMarginLoss": ("other", "triplet_margin_loss", ()),
    "HingeEmbeddingLoss": ("other", "hinge_embedding_loss", ()),
    "MultiLabelSoftMarginLoss": ("other", "multilabel_soft_margin_loss", ()),
    "SoftMarginLoss": ("other", "soft_margin_loss", ()),
}  # fmt: skip
_FOREIGN: dict[str, LossKind] = {
    "lpips.LPIPS": "perceptual",
    "piq.SSIMLoss": "ssim",
    "pytorch_msssim.SSIM": "ssim",
    "pytorch_msssim.MS_SSIM": "ssim",
    "pytorch_msssim.ssim": "ssim",
    "pytorch_msssim.ms_ssim": "ssim",
    "torchmetrics.StructuralSimilarityIndexMeasure": "ssim",
    "kornia.losses.SSIMLoss": "ssim",
    "kornia.losses.ssim_loss": "ssim",
}


@dataclass(eq=False, kw_only=True)
class LossOp(TorchOp):
    """What a loss gives."""

    measure: LossKind
    """What it measures."""
    reduction: Reduction = "mean"
    """How it becomes one number."""
    text: str = ""
    """As it is written."""
    written: Place | None = None
    """Where the loss is chosen: its class where it is an object, else the call."""


class LossClass(TorchClass):
    """`nn.MSELoss`."""

    def make(self, run: "Interpreter", call: Call) -> Value:
        """A loss object."""
        measure, _, parameters = _CLASSES[self.name]
        settings = settings_of(parameters, dict(parameters), call)
        return LossObject(
            measure=measure, reduction=_reduction(settings), text=f"{call.function_text}()", place=call.place
        )


@dataclass(eq=False, kw_only=True)
class LossObject(Value):
    """An object that compares an output with a target."""

    measure: LossKind
    reduction: Reduction
    text: str = ""
    place: Place | None = None
    names: dict[str, Value] = field(default_factory=dict)

    def call(self, run: "Interpreter", call: Call) -> Value:
        """The loss of an output and a target."""
        return compared(run, self.measure, self.reduction, call, self.text, self.place)

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """Itself for `to` and the like."""
        if name in ("to", "cuda", "cpu", "eval", "train", "requires_grad_", "half", "float"):
            return Native(name, lambda run, call: self)
        if name == "forward":
            return self
        return Unknown(text=f"{self.text}.{name}")

    def parts(self) -> Iterator[Value]:
        """Nothing."""
        return iter(())

    def truth(self) -> bool | None:
        """An object is true."""
        return True


def loss_class(path: str) -> Value | None:
    """The loss class of a dotted path, or None."""
    name = path.rpartition(".")[2]
    if path.startswith("torch.nn.") and name in _CLASSES:
        return LossClass(path)
    if path in _FOREIGN:
        measure = _FOREIGN[path]
        if name[0].islower():
            return Native(name, lambda run, call: compared(run, measure, "mean", call, name, call.place))
        return Native(
            name, lambda run, call: LossObject(measure=measure, reduction="mean", text=name, place=call.place)
        )
    return None


def loss_function(name: str) -> Value | None:
    """The function of `torch.nn.functional`, or None."""
    for measure, own, parameters in _CLASSES.values():
        if own == name:
            return Native(name, _function(name, measure, parameters))
    return None


def _function(name: str, measure: LossKind, parameters: Parameters):  # type: ignore[no-untyped-def]
    def handler(run: "Interpreter", call: Call) -> Value:
        settings = settings_of(parameters, dict(parameters), call, skip=2)
        return compared(run, measure, _reduction(settings), call, call.function_text or name, call.place)

    return handler


def _reduction(settings: dict[str, object]) -> Reduction:
    word = settings.get("reduction", "unknown")
    if settings.get("reduce") is False:
        return "none"
    if settings.get("size_average") is not None:
        return "mean" if settings["size_average"] else "sum"
    if word == "batchmean":
        return "image-sum"
    return word if word in ("mean", "sum", "none") else "unknown"


def compared(
    run: "Interpreter", measure: LossKind, reduction: Reduction, call: Call, text: str, written: Place | None
) -> Value:
    """The loss of the first two arguments."""
    pair: list[Argument] = []
    for position, names in ((0, ("input", "x", "preds", "output")), (1, ("target", "y", "targets"))):
        argument = call.argument(position, *names)
        if argument is not None:
            pair.append(argument)
    tensors = [tensor for tensor in (as_tensor(run, argument.value) for argument in pair) if tensor is not None]
    for value in call.values[2:]:
        run.escape(value)
    is_constant = state_of(run).no_grad > 0
    op = LossOp(
        kind="loss",
        title=text,
        inputs=tuple(tensor.op for tensor in tensors),
        input_places=tuple(argument.place for argument in pair) if len(pair) == len(tensors) else (),
        origin="torch",
        place=call.place,
        blocks_gradient=is_constant,
        makes_constant=is_constant,
        measure=measure,
        reduction=reduction,
        text=text,
        written=written,
    )
    return Tensor(run.tape.add(op))
