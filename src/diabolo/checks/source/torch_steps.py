"""The steps of a training loop: `backward()`, optimisers, gradients set to zero, `no_grad`."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from diabolo.checks.source.torch_state import Step, state_of
from diabolo.checks.source.values import NONE, Call, Constant, DictValue, ListValue, Native, Unknown, Value
from diabolo.graph import Place

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

OPTIMISERS = (
    "SGD", "Adam", "AdamW", "Adagrad", "Adadelta", "RMSprop", "NAdam", "RAdam", "Adamax", "ASGD", "LBFGS", "Rprop",
    "SparseAdam", "Adafactor", "Muon",
)  # fmt: skip


def backward(run: "Interpreter", loss: Value, place: Place | None) -> Value:
    """`loss.backward()`."""
    state = state_of(run)
    run.escape(loss)
    state.steps.append(
        Step(
            loss=loss, place=place, loops=tuple(state.loops), position=len(run.tape.ops), spans=len(state.spans),
            optimiser=state.optimisers[-1] if state.optimisers else None,
        )
    )  # fmt: skip
    return NONE


@dataclass(eq=False, kw_only=True)
class Optimiser(Value):
    """An optimiser object."""

    name: str
    learning_rate: float | None
    parameters: Value | None
    text: str = ""
    names: dict[str, Value] = field(default_factory=dict)

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """`zero_grad`, `step`."""
        if name == "zero_grad":
            return Native(name, self._zero)
        if name == "step":
            return Native(name, self._step)
        if name == "param_groups":
            return ListValue([DictValue({"lr": Unknown(text="lr"), "params": Unknown(text="params")})])
        return Unknown(text=f"{self.text}.{name}")

    def _zero(self, run: "Interpreter", call: Call) -> Value:
        state_of(run).zeroed.append(tuple(state_of(run).loops))
        return NONE

    def _step(self, run: "Interpreter", call: Call) -> Value:
        closure = call.value(0, "closure")
        if closure is not None and not isinstance(closure, Constant | Unknown):
            run.call_value(closure, place=call.place)
        return NONE

    def truth(self) -> bool | None:
        """An object is true."""
        return True


def optimiser_class(name: str) -> Value:
    """`torch.optim.Adam`."""

    def make(run: "Interpreter", call: Call) -> Value:
        rate = call.constant(1, "lr")
        made = Optimiser(
            name=name.lower(),
            learning_rate=float(rate) if isinstance(rate, int | float) else _DEFAULT_RATES.get(name),
            parameters=call.value(0, "params"),
        )
        state_of(run).optimisers.append(made)
        return made

    return Native(name, make)


_DEFAULT_RATES: dict[str, float] = {
    "SGD": 1e-3, "Adam": 1e-3, "AdamW": 1e-3, "Adagrad": 1e-2, "Adadelta": 1.0, "RMSprop": 1e-2, "NAdam": 2e-3,
    "RAdam": 1e-3, "Adamax": 2e-3, "ASGD": 1e-2, "LBFGS": 1.0, "Rprop": 1e-2,
}  # fmt: skip


class NoGrad(Value):
    """`torch.no_grad()`, `torch.inference_mode()`, `torch.set_grad_enabled(False)`: as context and as decorator."""

    def __init__(self, is_on: bool = True) -> None:
        self.is_on = is_on
        self.text = "no_grad"

    def call(self, run: "Interpreter", call: Call) -> Value:
        """`no_grad()`; or the decorated function itself."""
        if call.positional and not isinstance(call.positional[0].value, Constant):
            return call.positional[0].value
        mode = call.constant(0, "mode", default=True)
        return NoGrad(self.is_on if mode is not False else not self.is_on)

    def enter(self, run: "Interpreter") -> Value:
        """Gradients stop."""
        state_of(run).no_grad += self.is_on
        return self

    def leave(self, run: "Interpreter") -> None:
        """They go on."""
        state_of(run).no_grad -= self.is_on


class GradEnabled(NoGrad):
    """`torch.set_grad_enabled(False)`."""

    def call(self, run: "Interpreter", call: Call) -> Value:
        """With False, gradients stop; with something unknown, they may not."""
        return NoGrad(call.constant(0, "mode", default=True) is False)
