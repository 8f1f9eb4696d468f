"""EX508: one of the two still falls, or was trained for fewer epochs."""

from diabolo.explain.pair_study import PairStudy
from diabolo.explain.reading import Kind, Reading
from diabolo.explain.readings import still_falling
from diabolo.explain.wording import epochs

KIND = Kind(
    code="EX508",
    name="not-finished",
    title="One of the two is not finished",
    meaning="A model that still learns, or had fewer epochs, is judged by what it is not yet.",
    recognised=(
        "EX203 holds for the one that is behind (unless both are the same model), "
        "or the one that is behind has fewer than 80% of the epochs of the "
        "other and neither of them converged."
    ),
    rank=60,
)


def find(study: PairStudy) -> Reading | None:
    """Looks whether the one behind could still catch up."""
    if not study.metric:
        return None
    behind = (study.first, study.second)[1 - study.better]
    ahead = (study.first, study.second)[study.better]
    name, other = study.names[1 - study.better], study.names[study.better]
    shorter = behind.num_epochs < 0.8 * ahead.num_epochs
    falls = still_falling.find(behind) is not None and not study.same_model
    if not falls and not shorter:
        return None
    what = f"{name} is behind and still falls" if falls else f"{name} is behind"
    had = f", after {epochs(behind.num_epochs)} and not {ahead.num_epochs:,}" if shorter else ""
    return KIND.reading(
        f"{what}{had}: it may yet catch up with {other}.",
        confidence="likely",
        next_step="Train both until they have converged, for the same number of epochs.",
        behind=name,
        epochs_behind=behind.num_epochs,
        epochs_ahead=ahead.num_epochs,
    )
