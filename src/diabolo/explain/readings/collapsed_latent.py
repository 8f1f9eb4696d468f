"""EX208: a variational latent that says nothing about the image; the curve alone would look like a failed training."""

from diabolo.explain.reading import Kind, Reading
from diabolo.explain.study import Study
from diabolo.runs.bottleneck_words import COLLAPSE_REMEDY

KIND = Kind(
    code="EX208",
    name="collapsed-latent",
    title="The latent has collapsed",
    meaning=(
        "A variational encoder that gives the same distribution for every image saves its whole KL term, and the "
        "decoder can answer nothing but one picture. The loss settles early at the level of that picture."
    ),
    recognised=(
        "From the test results of a finished run, not from its curves: no value of the latent has a mean whose "
        "variance over images is above 0.01 (Burda et al. 2015), or the KL divergence is below ln 2 nats, which it "
        "takes to tell two images apart."
    ),
    rank=28,
    silences=("EX202", "EX203", "EX204", "EX205", "EX207", "EX305"),
)


def find(study: Study) -> Reading | None:
    """Looks at how many latent values are active."""
    collapsed = [use for use in study.history.bottlenecks if use.has_collapsed]
    if not collapsed:
        return None
    use = collapsed[0]
    return KIND.reading(
        f"`{use.layer}` says nothing of the image: {use.collapse}. Every image comes out as much the same picture.",
        confidence="sure",
        next_step=COLLAPSE_REMEDY,
        kl=use.numbers["kl"],
        active=use.numbers.get("active", 0),
    )
