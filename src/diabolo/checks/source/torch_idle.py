"""What a PyTorch source builds and never uses: layers, loss weights, terms of a loss."""

import ast
import re
from typing import TYPE_CHECKING

from diabolo.checks.source.classes import Instance
from diabolo.checks.source.models import FoundModel
from diabolo.checks.source.tape import LayerRecord, Op
from diabolo.checks.source.torch_containers import Container, children_of, is_module, modules_of, name_module
from diabolo.checks.source.torch_layer import TorchLayer
from diabolo.checks.source.torch_losses import LossOp
from diabolo.checks.source.torch_mentions import mentions_of
from diabolo.checks.source.torch_state import Step, state_of
from diabolo.checks.source.torch_terms import Term, behind, terms_of
from diabolo.checks.source.values import Value
from diabolo.checks.subject import IdleWeight

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

_WEIGHT = re.compile(r".*(weight|gewicht|peso|poids|beta|lambda|alpha|gamma|coef|lam|kld?_w|factor).*", re.IGNORECASE)


def find_idle(run: "Interpreter", models: list[FoundModel]) -> None:
    """Gives each model its layers that are never called; layers that the text mentions elsewhere count as used."""
    mentions = mentions_of(run)
    owners: dict[int, FoundModel] = {}
    for model in models:
        for root in _roots(run, model):
            for module in modules_of(root):
                owners.setdefault(id(module), model)
                for layer, holder, name in _layers_of(module):
                    _name_base(module, layer)
                    if layer.num_calls or layer.is_used:
                        continue
                    if _is_mentioned(module, holder, name, mentions.attributes):
                        layer.is_used = True
                    elif layer not in model.idle:
                        model.idle.append(layer)
    for layer in run.tape.layers:  # of modules that no model holds: nothing is certain
        if not layer.num_calls and not any(layer in model.idle for model in models) and _is_torch(layer, run):
            layer.is_used = True


def _is_torch(layer: LayerRecord, run: "Interpreter") -> bool:
    return layer in run.notes.get("torch layers", ())


def _roots(run: "Interpreter", model: FoundModel) -> list[Value]:
    state = state_of(run)
    found = [
        span.model for span in state.spans if any(op.index in range(span.first, span.last) for op in model.outputs)
    ]
    if model.owner is not None:
        found.append(model.owner)
    return list({id(value): value for value in found if is_module(value)}.values())


def _layers_of(module: Value) -> list[tuple[LayerRecord, Value, str]]:
    """The layer objects right inside of a module: each with what holds it, and by which name."""
    found: list[tuple[LayerRecord, Value, str]] = []
    for name, child in children_of(module).items():
        if isinstance(child, TorchLayer):
            found.append((child.record, module, name))
    return found


def _name_base(module: Value, layer: LayerRecord) -> None:
    if isinstance(module, Instance) and module.variable and not layer.variable:
        name_module(module, module.variable)
        layer.variable = module.variable


def _is_mentioned(module: Value, holder: Value, name: str, attributes: set[str]) -> bool:
    """Whether a layer may be called somewhere that was not followed."""
    if name == "(base)":
        return False
    if isinstance(holder, Container):
        if holder.items is None:
            return True
        others = [child for child in holder.items.values() if isinstance(child, TorchLayer)]
        if any(other.record.num_calls for other in others):
            return False
        own = holder.variable.rpartition(".")[2].partition("[")[0]
        return not own or own in attributes
    return name in attributes


def find_idle_weights(run: "Interpreter") -> tuple[IdleWeight, ...]:
    """Loss weights that an `__init__` stores and nothing ever reads."""
    mentions = mentions_of(run)
    found: list[IdleWeight] = []
    for name, target in mentions.stored.items():
        if name in mentions.attributes_anywhere or not _WEIGHT.fullmatch(name):
            continue
        if _is_number(run, name) and isinstance(target, ast.Attribute):
            found.append(IdleWeight(name=f"self.{name}", place=run.place(target)))
    return tuple(found)


def _is_number(run: "Interpreter", name: str) -> bool:
    """Whether it holds a number or an argument, in an object that is a module: no layer and no tensor."""
    from diabolo.checks.source.values import Constant, Unknown

    values = [instance.names[name] for instance in run.instances if name in instance.names and is_module(instance)]
    return bool(values) and all(
        (isinstance(value, Constant) and isinstance(value.value, int | float) and not isinstance(value.value, bool))
        or (isinstance(value, Unknown) and value.op is None)
        for value in values
    )


def _is_written_loss(op: Op) -> bool:
    """Whether an operation is a loss term that is written out: a KL divergence, a mean of squared differences."""
    if op.kind not in ("arithmetic", "add", "subtract", "multiply") or op.layer is not None:
        return False
    terms = terms_of(op)
    return len(terms) == 1 and terms[0].measure in ("kl", "mse", "mae", "bce") and terms[0].reduction != "none"


def find_unused_terms(run: "Interpreter", steps: list[Step], terms: dict[int, list[Term]]) -> None:
    """Losses that are computed in a training step and that nothing reads: said of the step's training."""
    if not steps:
        return
    mentions = mentions_of(run)
    minimised = {op for step in steps for term in terms[id(step)] for op in behind(term.op)}
    found: list[Op] = []
    for op in run.tape.ops:
        if op in minimised or op.num_readers or op.origin != "torch":
            continue
        if not isinstance(op, LossOp) and not _is_written_loss(op):
            continue
        if op.is_held or not op.variable or op.variable.rpartition(".")[2] in mentions.names | mentions.attributes:
            continue
        found.append(op)
    run.notes["torch unused terms"] = found
