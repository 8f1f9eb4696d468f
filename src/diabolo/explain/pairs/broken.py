"""EX501: one of the two trainings failed, so there is nothing to compare."""

from diabolo.explain.pair_study import PairStudy
from diabolo.explain.reading import Kind, Reading
from diabolo.explain.readings import diverged, nothing_learnt

KIND = Kind(
    code="EX501",
    name="one-failed",
    title="One of the two did not train",
    meaning="One training diverged or learnt nothing: the other one is the better model, whatever the curves are.",
    recognised="EX201 or EX202 holds for exactly one of the two, or for both.",
    rank=10,
    silences=("EX502", "EX503", "EX505", "EX506", "EX507", "EX508", "EX509"),
)


def find(study: PairStudy) -> Reading | None:
    """Looks at each alone."""
    failed = []
    for one, name in zip((study.first, study.second), study.names, strict=True):
        reading = diverged.find(one) or nothing_learnt.find(one)
        if reading is not None:
            failed.append((name, reading))
    if not failed:
        return None
    if len(failed) == 2:
        sentence = "Neither of the two trained: there is nothing to compare."
    else:
        other = study.names[1] if failed[0][0] == study.names[0] else study.names[0]
        sentence = (
            f"{failed[0][0]} failed ({failed[0][1].title[0].lower()}{failed[0][1].title[1:]}); {other} did train."
        )
    sure = all(reading.confidence == "sure" for _, reading in failed)
    return KIND.reading(
        sentence,
        confidence="sure" if sure else "likely",
        next_step="Mend the training that failed, then compare again.",
        failed=", ".join(name for name, _ in failed),
    )
