"""AE202: the reconstruction has another shape than the image."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.purpose import is_autoencoder
from diabolo.checks.rules.shared.walk import is_known
from diabolo.checks.subject import Subject
from diabolo.graph import ModelGraph
from diabolo.vocabulary import describe


def _check(subject: Subject) -> Iterator[Finding]:
    for graph in subject.graphs:
        purpose = is_autoencoder(subject, graph)
        output = graph[graph.output]
        if purpose == "certain" and not graph.outputs and _has_other_channels(graph):
            yield _channels(graph)
            continue
        if purpose == "no" or graph.outputs or not is_known(graph.input) or not is_known(output):
            continue
        if output.shape == graph.input_shape or (purpose == "likely" and not _is_plainly_wrong(graph)):
            continue
        yield RULE.finding(
            f"{called(output)} puts out {describe(output.shape)}, but the images are {describe(graph.input_shape)}",
            place=output.place,
            node=output.name,
            model=graph.name,
            severity=None if purpose == "certain" else "warning",
            remedy=_remedy(graph),
        )


def _has_other_channels(graph: ModelGraph) -> bool:
    """Whether the channels differ where the sides are not known, as in most PyTorch modules."""
    wanted, got = graph.input_shape, graph[graph.output].shape
    if len(wanted) != 3 or len(got) != 3 or (is_known(graph.input) and is_known(graph[graph.output])):
        return False
    return 0 not in (wanted[2], got[2]) and wanted[2] != got[2]


def _channels(graph: ModelGraph) -> Finding:
    output, wanted = graph[graph.output], graph.input_shape[2]
    return RULE.finding(
        f"{called(output)} puts out {output.shape[2]} channels, but the images have {wanted}",
        place=output.place,
        node=output.name,
        model=graph.name,
        remedy=f"Give the last layer {wanted} channels.",
    )


def _is_plainly_wrong(graph: ModelGraph) -> bool:
    """By names alone: a map of another size. Other channels may be meant, as in colouring grey images."""
    output = graph[graph.output].shape
    return len(output) == len(graph.input_shape) == 3 and output[:2] != graph.input_shape[:2]


def _remedy(graph: ModelGraph) -> str:
    wanted, got = graph.input_shape, graph[graph.output].shape
    if len(wanted) != len(got):
        return "Give both one form: `Flatten` before a dense encoder, `Reshape` or `view` after the decoder."
    if wanted[:-1] == got[:-1]:
        return f"Give the last layer {wanted[-1]} channels."
    cut = next(
        (node for node in graph.layers if node.section != "encoder" and node.attributes.get("pad") == "valid"), None
    )
    if cut is not None and got[0] < wanted[0]:
        return f"{called(cut)} is not padded, which cuts the border off: write `padding='same'`."
    return "Let the decoder grow the map by what the encoder shrinks it: compare the shapes stage by stage."


_MNIST = """
input_img = Input(shape=(28, 28, 1))
x = Conv2D(16, (3, 3), activation='relu', padding='same')(input_img)
x = MaxPooling2D((2, 2), padding='same')(x)
x = Conv2D(8, (3, 3), activation='relu', padding='same')(x)
x = MaxPooling2D((2, 2), padding='same')(x)
x = Conv2D(8, (3, 3), activation='relu', padding='same')(x)
encoded = MaxPooling2D((2, 2), padding='same')(x)
x = Conv2D(8, (3, 3), activation='relu', padding='same')(encoded)
x = UpSampling2D((2, 2))(x)
x = Conv2D(8, (3, 3), activation='relu', padding='same')(x)
x = UpSampling2D((2, 2))(x)
x = Conv2D(16, (3, 3), activation='relu'{padding})(x)
x = UpSampling2D((2, 2))(x)
decoded = Conv2D(1, (3, 3), activation='sigmoid', padding='same')(x)
autoencoder = Model(input_img, decoded)
autoencoder.compile(optimizer='adam', loss='binary_crossentropy')
autoencoder.fit(x_train, x_train, epochs=50, batch_size=128)
"""

RULE = Rule(
    code="AE202",
    name="output-shape",
    severity="error",
    summary="the reconstruction has another shape than the image",
    why=(
        "The loss compares value by value. With another size it fails at the first batch; worse, where one side is 1 "
        "it is stretched without a word (broadcasting), and the model learns against something else. MNIST's 28 is "
        "the usual case: three poolings with `padding='same'` give 14, 7, 4, three up-samplings 8, 16, 32, and the "
        "well-known tutorial leaves the padding of one convolution out to come from 16 to 14. Add it, and 32×32 comes "
        "out ([keras-team/keras#3489](https://github.com/keras-team/keras/issues/3489)). By names alone, without a "
        "training that says so, it is a warning."
    ),
    remedy="Compare the shapes of the encoder and the decoder stage by stage, and mend the first stage that differs.",
    fires=(Example(code=_MNIST.format(padding=", padding='same'"), says="28×28 goes in, 32×32 comes out"),),
    clean=(
        Example(code=_MNIST.format(padding=""), says="one convolution without padding, on purpose: 16 becomes 14"),
        Example(line="conv16 relu pool | conv16 relu up conv3 sigmoid"),
        Example(
            code="""
grey = Input(shape=(32, 32, 1))
encoded = Conv2D(16, 3, strides=2, padding='same', activation='relu')(grey)
coloured = Conv2DTranspose(3, 4, strides=2, padding='same', activation='sigmoid')(encoded)
autoencoder = Model(grey, coloured)
autoencoder.fit(x_grey, x_colour, epochs=10)
""",
            says="grey images are coloured: other channels on purpose",
        ),
    ),
    check=_check,
)
