"""EX402: something that needs no training does better with as many values."""

import math

from diabolo.explain.reading import Kind, Reading
from diabolo.explain.study import Study

_WORSE = 0.5
"""dB that the model must lie below: the best linear map of other images of the kind differs by a tenth of that."""

KIND = Kind(
    code="EX402",
    name="under-fitting",
    title="Worse than a method without training",
    meaning=(
        "A closed-form linear map (PCA) with as many latent values reconstructs the images better. The model does not "
        "use the latent that it has."
    ),
    recognised=(
        f"The PSNR at the end is more than {_WORSE:g} dB below the mean image, or below the best PCA that has no more "
        "values than the latent. It needs references (`--references`), and says nothing without."
    ),
    rank=45,
)


def find(study: Study) -> Reading | None:
    """Compares the PSNR at the end with the references."""
    psnr = study.last_psnr
    if not math.isfinite(psnr) and math.isfinite(study.last_mse) and study.last_mse > 0:
        psnr = -10 * math.log10(study.last_mse)
    own = study.history.num_latent
    linear = [
        one
        for one in study.references
        if one.psnr is not None
        and one.latent_values is not None
        and (own is None or one.latent_values <= own)
        and one.psnr > psnr + _WORSE
    ]
    if not linear or not math.isfinite(psnr):
        return None
    best = max(linear, key=lambda one: one.psnr)
    mean = next((one for one in linear if one.latent_values == 0), None)
    low = f" Even {mean.title} reaches {mean.psnr:.1f} dB." if mean is not None and mean is not best else ""
    return KIND.reading(
        f"The model ends at {psnr:.1f} dB; {best.title}, which needs no training, reaches {best.psnr:.1f} dB with "
        f"{'no more' if best.latent_values else 'no'} latent values.{low}",
        confidence="sure" if best.psnr > psnr + 2 * _WORSE else "likely",
        next_step=(
            "See that every layer is trained (`diabolo check`); then train longer, or give the model more channels and "
            "fewer layers that throw pixels away (`unshuffle` instead of `pool`)."
        ),
        psnr=psnr,
        reference=best.title,
        reference_psnr=float(best.psnr),
    )
