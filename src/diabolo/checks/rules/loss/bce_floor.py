"""AE406: binary cross-entropy on grey levels does not go to 0, so its curve hides the progress."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.loss.shared import KERAS
from diabolo.checks.rules.shared.purpose import compared
from diabolo.checks.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    seen = set()
    for pair in compared(subject):
        target = pair.target
        if pair.term.kind not in ("bce", "bce-logits") or target is None or target.is_labels:
            continue
        if (target.low, target.high) != (0, 1) or id(pair.training) in seen:
            continue
        seen.add(id(pair.training))
        yield RULE.finding(
            f"the targets `{target.text}` are grey levels, so this binary cross-entropy cannot reach 0: its floor is "
            "their own entropy",
            place=pair.term.place,
            model=pair.graph.name,
            remedy="Watch the squared error or the PSNR beside it, or the loss minus its floor.",
        )


RULE = Rule(
    code="AE406",
    name="bce-floor",
    severity="note",
    summary="binary cross-entropy on grey levels has a floor above 0",
    why=(
        "For a target t the smallest binary cross-entropy is the entropy of t, 0 only for black and white. On "
        "CIFAR-10's test images the mean is 0.5474: a perfect reconstruction has that loss. The question's network "
        "ends at 0.5566, eleven decibels of progress lie in the fourth decimal, and a curve that looks flat may still "
        "be falling ([stats.stackexchange 441750](https://stats.stackexchange.com/questions/441750)). The difference "
        "to the floor is a Kullback-Leibler divergence and does go to 0."
    ),
    remedy="Add `metrics=['mse']`, or subtract the floor; as a loss binary cross-entropy is fine.",
    fires=(
        Example(code=KERAS.format(scale=" / 255", activation="activation='sigmoid', ", loss="'binary_crossentropy'")),
    ),
    clean=(
        Example(code=KERAS.format(scale=" / 255", activation="activation='sigmoid', ", loss="'mse'")),
        Example(
            code="""
image = Input((64, 64, 3))
x = Conv2D(16, 3, padding='same', activation='relu')(image)
mask = Conv2D(1, 1, activation='sigmoid')(x)
model = Model(image, mask)
model.compile(optimizer='adam', loss='binary_crossentropy')
model.fit(photographs, masks, epochs=5)
""",
            says="masks are 0 or 1",
        ),
    ),
    check=_check,
)
