"""AE603: pixels of 0 to 255 against an output that ends at 1, or into a network as they are."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.loss.shared import KERAS
from diabolo.checks.rules.shared.purpose import compared, last_operation, output_title
from diabolo.checks.subject import Images, Subject

_BOUNDED = frozenset({"sigmoid", "tanh", "softmax"})


def _check(subject: Subject) -> Iterator[Finding]:
    reported = set()
    for pair in compared(subject):
        last, target = last_operation(pair.graph, pair.output), pair.target
        bounded = (last is not None and last.kind in _BOUNDED) or pair.term.kind in ("bce", "bce-logits")
        if not _is_unscaled(target) or not bounded or id(pair.training) in reported:
            continue
        assert target is not None
        reported.add(id(pair.training))
        yield RULE.finding(
            f"`{target.text}` holds pixels from 0 to {target.high:g}, and {output_title(pair.graph, pair.output)} "
            + (
                f"ends in {last.title}"
                if last is not None and last.kind in _BOUNDED
                else "is compared by cross-entropy"
            ),
            place=target.place or pair.training.place,
            model=pair.graph.name,
            remedy=(
                f"Divide the images by {target.high:g} as floats before the training: `.astype('float32') / "
                f"{target.high:g}`."
            ),
        )
    for training in subject.trainings:
        graph, inputs = subject.graph(training.graph), training.inputs
        if graph is None or inputs is None or not _is_unscaled(inputs) or id(training) in reported:
            continue
        first = [reader.kind for reader in graph.consumers(graph.input.name)]
        if set(first) & {"arithmetic", "bn", "lambda", "module", "unknown", "multiply", "subtract"}:
            continue  # the model scales them itself
        yield RULE.finding(
            f"the network is fed with `{inputs.text}`, pixels from 0 to {inputs.high:g}",
            place=inputs.place or training.place,
            model=graph.name,
            severity="warning",
            remedy=f"Divide the images by {inputs.high:g} first: initial weights are made for inputs of about 1.",
        )


def _is_unscaled(images: Images | None) -> bool:
    return images is not None and not images.is_labels and images.high is not None and images.high >= 255


RULE = Rule(
    code="AE603",
    name="unscaled-images",
    severity="error",
    summary="pixels from 0 to 255 are compared with an output that ends at 1",
    why=(
        "Against pixels of 0 to 255 a sigmoid is driven to 1 everywhere and stays there: the pictures are white, the "
        "squared error stops near 18,600 on CIFAR-10, binary cross-entropy falls without end below 0 "
        "([L1aoXingyu/pytorch-beginner#38](https://github.com/L1aoXingyu/pytorch-beginner/issues/38) shows such white "
        "pictures). Fed into a network as they are, they make the first steps far too large, which is a warning."
    ),
    remedy="Scale once, right after loading: `x = x.astype('float32') / 255`; in PyTorch `ToTensor()` does it.",
    fires=(
        Example(code=KERAS.format(scale="", activation="activation='sigmoid', ", loss="'mse'")),
        Example(code=KERAS.format(scale="", activation="", loss="'mse'"), says="only the input: a warning"),
    ),
    clean=(
        Example(code=KERAS.format(scale=" / 255.", activation="activation='sigmoid', ", loss="'mse'")),
        Example(
            code=KERAS.format(scale="", activation="activation='sigmoid', ", loss="'mse'").replace(
                "image = Input", "x_train /= 255\nimage = Input"
            ),
            says="divided in place",
        ),
    ),
    check=_check,
)
