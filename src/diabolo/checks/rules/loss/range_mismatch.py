"""AE409: targets that lie where the output's activation cannot go."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.loss.shared import KERAS, TORCH
from diabolo.checks.rules.shared.edits import built
from diabolo.checks.rules.shared.purpose import compared, last_operation, output_title
from diabolo.checks.subject import Subject

_RANGES = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "relu": (0.0, None), "softplus": (0.0, None)}
_SLACK = 0.01  # rounding at the ends is no mistake


def _check(subject: Subject) -> Iterator[Finding]:
    for pair in compared(subject):
        last, target = last_operation(pair.graph, pair.output), pair.target
        if last is None or last.kind not in _RANGES or target is None or target.is_labels:
            continue
        if pair.term.kind not in ("mse", "mae", "huber", "bce", "ssim") or (target.high or 0) >= 255:
            continue  # unscaled images are AE603's
        low, high = _RANGES[last.kind]
        below = target.low is not None and target.low < low - _SLACK
        above = target.high is not None and high is not None and target.high > high + _SLACK
        if below or above:
            reach = f"[{low:g}, {high:g}]" if high is not None else "values from 0 on"
            yield RULE.finding(
                f"{output_title(pair.graph, pair.output)} ends in {last.title} and puts out {reach}, but "
                f"`{target.text}` goes {_extent(target.low, target.high)}",
                place=built(subject, pair.graph, last) or pair.term.place,
                node=last.name,
                model=pair.graph.name,
                remedy="Scale the targets into the output's range, or choose the activation that fits them.",
            )


def _extent(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f"from {low:.3g} to {high:.3g}"
    return f"down to {low:.3g}" if low is not None else f"up to {high:.3g}"


_NORMALISED = TORCH.replace(
    "transform=ToTensor()", "transform=Compose([ToTensor(), Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))])"
)

RULE = Rule(
    code="AE409",
    name="range-mismatch",
    severity="error",
    summary="the targets lie outside of the output's range",
    why=(
        "What the last activation cannot put out is never learned: with images in [-1, 1] a sigmoid leaves everything "
        "darker than medium grey at the same value, the loss stops far from 0, and the pictures lack all shadows. "
        "`Normalize((0.5,), (0.5,))` is a habit of GAN code, where tanh belongs to it "
        "([InterDigitalInc/CompressAI#190](https://github.com/InterDigitalInc/CompressAI/issues/190) is a case of a "
        "wrong range that looks like 90 dB)."
    ),
    remedy="Sigmoid for [0, 1], tanh for [-1, 1], no activation for standardised images.",
    fires=(
        Example(code=KERAS.format(scale=" / 127.5 - 1", activation="activation='sigmoid', ", loss="'mse'")),
        Example(
            code=_NORMALISED.format(output="torch.sigmoid(self.decoder(self.encoder(images)))", loss="nn.MSELoss()"),
            says="`Normalize` moves the images to [-1, 1]",
        ),
    ),
    clean=(
        Example(code=KERAS.format(scale=" / 255", activation="activation='sigmoid', ", loss="'mse'")),
        Example(code=_NORMALISED.format(output="torch.tanh(self.decoder(self.encoder(images)))", loss="nn.MSELoss()")),
        Example(
            code=KERAS.format(scale=" / 127.5 - 1", activation="", loss="'mse'"),
            says="no activation reaches everything",
        ),
    ),
    check=_check,
)
