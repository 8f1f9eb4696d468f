"""What makes a comparison unfair, each with its numbers: sizes, costs, losses, images, recipes, seeds, selection."""

from collections.abc import Callable, Sequence
from typing import Any

from diabolo.compare.comparison import ComparedModel, FairnessWarning, PairedModels
from diabolo.compare.convergence import ahead_at_the_end_only, not_converged
from diabolo.runs import RunRecord

_UNEQUAL = 1.1  # ratio from which a difference in size, cost or time is worth a warning
_SHORTEST = 1.0  # seconds; of a shorter training the time is that of starting threads and reading files
_LEAST_SHOWN = 0.1  # seconds
_SPLIT = ("validation", "validation_fraction")
_APART = ("name", "loss", *_SPLIT)  # choices of a recipe that have a warning of their own, or are none
_MOST_CHOICES = 5


def unfairness(
    models: Sequence[ComparedModel], pairs: Sequence[PairedModels], records: Sequence[Sequence[RunRecord]]
) -> tuple[FairnessWarning, ...]:
    """Every reason to doubt the comparison, the worst first.

    Args:
        models: with their runs.
        pairs: of them.
        records: of the runs of each model.
    """
    found: list[FairnessWarning] = []
    if len(models) > 1:
        found += [
            *_different(models, "images", _digest, "were trained and measured on different images", _data_name),
            *_different(models, "loss", _choice("loss"), "were trained on different losses"),
            *_different(models, "split", _split, "hold out different validation images", _split_in_words),
            *_latents(models),
            *_unequal(models, "parameters", "parameters", lambda model: model.num_parameters),
            *_unequal(models, "macs", "multiply-accumulates an image", lambda model: model.macs),
            *_times(models, records),
            *_recipes(models),
            *_different(models, "engine", lambda model: model.engine, "were trained by different engines"),
            *_seeds(models),
        ]
    return (*found, *_selection(models), *not_converged(models), *ahead_at_the_end_only(pairs, models))


def _different(
    models: Sequence[ComparedModel],
    code: str,
    value: Callable[[ComparedModel], Any],
    what: str,
    words: Callable[[ComparedModel], str] | None = None,
) -> list[FairnessWarning]:
    """A warning where models differ in something that must be the same."""
    if len({value(model) for model in models}) < 2:
        return []
    said: dict[str, list[str]] = {}
    for model in models:
        said.setdefault(words(model) if words else str(value(model)), []).append(model.label)
    listed = "; ".join(
        f"{word}: {', '.join(labels[:3])}{' …' if len(labels) > 3 else ''}" for word, labels in said.items()
    )
    return [
        FairnessWarning(
            code=code, sentence=f"The models {what} ({listed}).", models=tuple(model.label for model in models)
        )
    ]


def _latents(models: Sequence[ComparedModel]) -> list[FairnessWarning]:
    low, high = _extremes(models, lambda model: model.num_latent_values)
    if low.num_latent_values == high.num_latent_values:
        return []
    return [
        FairnessWarning(
            code="latent-size",
            sentence=f"The latents differ in size: {low.num_latent_values:,} values ({low.label}) to "
            f"{high.num_latent_values:,} ({high.label}). A larger latent keeps more of an image by itself.",
            models=(low.label, high.label),
        )
    ]


def _unequal(
    models: Sequence[ComparedModel], code: str, what: str, value: Callable[[ComparedModel], float]
) -> list[FairnessWarning]:
    """A warning where the largest is more than 10 % above the smallest."""
    low, high = _extremes(models, value)
    if not value(high) > _UNEQUAL * value(low):
        return []
    times = f", {_factor(value(high) / value(low))} times as many" if value(low) > 0 else ""
    return [
        FairnessWarning(
            code=code,
            sentence=f"{high.label} has {value(high):,.0f} {what}, and {low.label} {value(low):,.0f}{times}.",
            models=(low.label, high.label),
        )
    ]


def _unequal_times(models: Sequence[ComparedModel]) -> list[FairnessWarning]:
    """A warning where the longest training took 10 % more than the shortest, and long enough to be measured."""
    low, high = _extremes(models, lambda model: model.seconds)
    if high.seconds < _SHORTEST or not high.seconds > _UNEQUAL * low.seconds:
        return []
    times = f", {_factor(high.seconds / low.seconds)} times as much" if low.seconds >= _LEAST_SHOWN else ""
    return [
        FairnessWarning(
            code="time",
            sentence=f"{high.label} has {_seconds(high.seconds)} of training, and {low.label} "
            f"{_seconds(low.seconds)}{times}.",
            models=(low.label, high.label),
        )
    ]


def _seconds(seconds: float) -> str:
    """`0.4 s`, `30 s`, `1,200 s`; `less than 0.1 s` where a decimal shows nothing."""
    if seconds < _LEAST_SHOWN:
        return f"less than {_LEAST_SHOWN} s"
    return f"{seconds:.1f} s" if round(seconds, 1) < 10 else f"{seconds:,.0f} s"


def _factor(ratio: float) -> str:
    """Two significant digits: `1.5`, `42`, `420`."""
    if round(ratio, 1) < 10:
        return f"{ratio:.1f}"
    digits = len(str(round(ratio))) - 2
    return f"{round(ratio, -digits):,.0f}"


def _times(models: Sequence[ComparedModel], records: Sequence[Sequence[RunRecord]]) -> list[FairnessWarning]:
    """Training times where they were measured alike; where not, that they were not."""
    places = {
        (record.machine.get("processor"), record.machine.get("cores"), record.device, record.threads)
        for of_model in records
        for record in of_model
    }
    if len(places) == 1:
        return _unequal_times(models)
    return [
        FairnessWarning(
            code="machines",
            sentence="The runs come from different machines, devices or numbers of threads: do not compare their "
            "times and speeds, and expect other last digits.",
            models=tuple(model.label for model in models),
        )
    ]


def _recipes(models: Sequence[ComparedModel]) -> list[FairnessWarning]:
    """Choices that differ, beside those with a warning of their own."""
    choices = sorted({name for model in models for name in model.recipe} - set(_APART))
    values = {name: dict.fromkeys(str(model.recipe.get(name, "-")) for model in models) for name in choices}
    differing = [name for name in choices if len(values[name]) > 1]
    if not differing:
        return []
    listed = "; ".join(f"{name} {' / '.join(list(values[name])[:4])}" for name in differing[:_MOST_CHOICES])
    more = f"; and {len(differing) - _MOST_CHOICES} more" if len(differing) > _MOST_CHOICES else ""
    return [
        FairnessWarning(
            code="recipe",
            sentence=f"The models were trained by different recipes ({listed}{more}).",
            models=tuple(model.label for model in models),
        )
    ]


def _seeds(models: Sequence[ComparedModel]) -> list[FairnessWarning]:
    """Seeds that not every model has, which no pair uses; and very few of them."""
    found = []
    by_model = {model.label: {run.seed for run in model.runs} for model in models}
    common = set.intersection(*by_model.values())
    uneven = [label for label, seeds in by_model.items() if seeds != common]
    if uneven:
        listed = ", ".join(f"{label} {len(by_model[label])}" for label in list(by_model)[:_MOST_CHOICES])
        found.append(
            FairnessWarning(
                code="seeds",
                sentence=f"The models do not have the same seeds (runs: {listed}; in common: {len(common)}). "
                "Means are over all runs of a model, differences over the seeds that both models of a pair have.",
                models=tuple(uneven),
            )
        )
    if len(common) == 2:
        found.append(
            FairnessWarning(
                code="two-seeds",
                sentence="Two seeds give a deviation that is itself a guess: intervals are very wide. "
                "Five or more are better.",
                models=tuple(by_model),
            )
        )
    return found


def _selection(models: Sequence[ComparedModel]) -> list[FairnessWarning]:
    """Validation on the test images, and selection by them."""
    tested = [model for model in models if model.recipe.get("validation") == "test"]
    selected = tuple(model.label for model in tested if model.recipe.get("keep") == "best")
    found = []
    if selected:
        found.append(
            FairnessWarning(
                code="selected-on-test",
                sentence=f"The kept weights were chosen by the test images ({', '.join(selected[:_MOST_CHOICES])}): "
                "their test results are too good.",
                models=selected,
            )
        )
    if len(tested) > len(selected):
        found.append(
            FairnessWarning(
                code="validated-on-test",
                sentence="The validation images are the test images (`validation=test`). No weights were chosen by "
                "them, but whoever picks recipes or models by these curves has seen the test set.",
                models=tuple(model.label for model in tested),
            )
        )
    return found


def _extremes(
    models: Sequence[ComparedModel], value: Callable[[ComparedModel], float]
) -> tuple[ComparedModel, ComparedModel]:
    return min(models, key=value), max(models, key=value)


def _digest(model: ComparedModel) -> Any:
    return model.data["digest"]


def _data_name(model: ComparedModel) -> str:
    return f"{model.data['name']} {str(model.data['digest']).removeprefix('sha256:')[:8]}"


def _choice(name: str) -> Callable[[ComparedModel], str]:
    return lambda model: str(model.recipe.get(name))


def _split(model: ComparedModel) -> Any:
    if model.recipe.get("validation") == "test":
        return "test"
    return (str(model.recipe.get("validation_fraction")), model.data.get("num_train"), model.data.get("num_validation"))


def _split_in_words(model: ComparedModel) -> str:
    where = f"held out, share {model.recipe.get('validation_fraction')}"
    if model.recipe.get("validation") == "test":
        where = "of the test images"
    number = model.data.get("num_validation", "?")
    return f"{number:,} {where}" if isinstance(number, int) else f"{number} {where}"
