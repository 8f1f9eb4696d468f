"""AE605: an autoencoder is given the labels as targets."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.purpose import Compared, compared, is_image_like
from diabolo.checks.rules.training.shared import FIT
from diabolo.checks.subject import Images, Subject
from diabolo.graph import Place


def _check(subject: Subject) -> Iterator[Finding]:
    seen = set()
    for pair in compared(subject):
        target = pair.target
        if (
            target is None
            or not target.is_labels
            or not is_image_like(pair.graph, pair.output)
            or id(pair.training) in seen
        ):
            continue
        seen.add(id(pair.training))
        fed = pair.training.inputs.text if pair.training.inputs is not None else "the images"
        yield RULE.finding(
            f"the targets `{target.text}` are class labels, and the model puts out images",
            place=_place(pair, target),
            model=pair.graph.name,
            remedy=f"Hand over the images twice: `fit({fed}, {fed}, …)`.",
        )


def _place(pair: Compared, target: Images) -> Place | None:
    """Where the labels are handed over: to `fit`, or in PyTorch to the loss."""
    if pair.graph.origin == "torch":
        return target.place or pair.term.place
    return target.place or pair.training.place


RULE = Rule(
    code="AE605",
    name="labels-as-targets",
    severity="error",
    summary="an autoencoder is trained towards class labels",
    why=(
        "`fit(x_train, y_train)` is what one writes for a classifier. A label of shape (N, 1) is stretched over the "
        "whole image by broadcasting in some losses, so the training may even run: the model learns to paint a grey "
        "that stands for the mean class number."
    ),
    remedy="An autoencoder's targets are its inputs: `fit(x_train, x_train)`.",
    fires=(
        Example(
            code=FIT.format(validation="validation_split=0.1")
            .replace("(x_train, _), (x_test, _)", "(x_train, y_train), (x_test, y_test)")
            .replace("fit(x_train, x_train", "fit(x_train, y_train")
        ),
    ),
    clean=(
        Example(code=FIT.format(validation="validation_split=0.1")),
        Example(
            code="""
(x_train, y_train), (x_test, y_test) = cifar10.load_data()
x_train = x_train.astype('float32') / 255
image = Input((32, 32, 3))
encoded = Conv2D(16, 3, strides=2, padding='same', activation='relu')(image)
classes = Dense(10, activation='softmax')(GlobalAveragePooling2D()(encoded))
classifier = Model(image, classes)
classifier.compile(optimizer='adam', loss='sparse_categorical_crossentropy')
classifier.fit(x_train, y_train, epochs=50, batch_size=128)
""",
            says="a classifier",
        ),
    ),
    check=_check,
)
