"""EX505: both are the same model with another seed."""

from diabolo.explain.pair_study import PairStudy
from diabolo.explain.reading import Kind, Reading
from diabolo.explain.wording import number

KIND = Kind(
    code="EX505",
    name="same-model",
    title="The same model, another seed",
    meaning="Line and recipe are equal: the difference between the two curves is what chance alone makes.",
    recognised="Line and recipe are recorded and the same.",
    rank=25,
    silences=("EX502", "EX506", "EX507", "EX509"),
)


def find(study: PairStudy) -> Reading | None:
    """Compares lines and recipes."""
    if not study.same_model or not study.metric:
        return None
    one, other = study.first.history, study.second.history
    if one.seed == other.seed and one.source == other.source:
        return None
    return KIND.reading(
        f"Both have the same line and recipe. They end {number(abs(study.lead))}{study.unit} apart in "
        f"{study.metric_name}: that is how much the seed alone can do, and a smaller difference between two models "
        "says nothing.",
        confidence="sure",
        next_step="More seeds tell how large that spread is: `diabolo compare … --seeds 5`.",
        difference=abs(study.lead),
    )
