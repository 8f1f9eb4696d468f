"""AE205: the latent or the output sees too few pixels of the image."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.purpose import is_autoencoder
from diabolo.checks.rules.shared.scale import reduction
from diabolo.checks.rules.shared.walk import is_known
from diabolo.checks.rules.shared.window import fields_of
from diabolo.checks.subject import Subject
from diabolo.graph import ModelGraph

_FEW = 1 / 8
"""Share of the image's side under which a note says how little the output sees."""


def _check(subject: Subject) -> Iterator[Finding]:
    for graph in subject.graphs:
        if not graph.latent or is_autoencoder(subject, graph) == "no" or len(graph.input_shape) != 3:
            continue
        fields = fields_of(graph)
        if fields is not None:
            yield from _finding(graph, *fields)


def _finding(graph: ModelGraph, latent_sees: int, output_sees: int) -> Iterator[Finding]:
    latent, output, side = graph[graph.latent], graph[graph.output], max(graph.input_shape[:2])
    step = reduction(graph)
    if len(latent.shape) == 3 and latent_sees < step:
        yield RULE.finding(
            f"a value of the latent {called(latent)} sees {latent_sees}×{latent_sees} pixels and stands for "
            f"{step}×{step}: "
            "the others are never looked at",
            place=latent.place,
            node=latent.name,
            model=graph.name,
            remedy="Use kernels that are at least as large as their strides.",
        )
    elif is_known(graph.input) and output_sees < side * _FEW:
        yield RULE.finding(
            f"a pixel of {called(output)} depends on {output_sees}×{output_sees} pixels of the "
            f"{graph.input_shape[0]}×{graph.input_shape[1]} image",
            place=output.place,
            node=output.name,
            model=graph.name,
            severity="note",
            remedy=(
                "Enough for textures and edges. Where the latent must know what is elsewhere in the image, as to find "
                "what does not belong there, shrink the map further or use larger or dilated kernels."
            ),
        )


_STRIDED = """
image = Input((64, 64, 3))
x = Conv2D(16, {kernel}, strides=2, padding='same', activation='relu')(image)
encoded = Conv2D(16, {kernel}, strides=2, padding='same', activation='relu')(x)
x = Conv2DTranspose(16, 4, strides=2, padding='same', activation='relu')(encoded)
decoded = Conv2DTranspose(3, 4, strides=2, padding='same', activation='sigmoid')(x)
autoencoder = Model(image, decoded)
"""

RULE = Rule(
    code="AE205",
    name="narrow-receptive-field",
    severity="warning",
    summary="the latent or the output sees too few pixels",
    why=(
        "Each value of a latent map sees a square of pixels that kernels and strides decide "
        "([Araujo, Norris and Sim 2019](https://distill.pub/2019/computing-receptive-fields/)). Where the square is "
        "smaller than the step from one latent value to the next, some pixels are seen by nothing, and no decoder can "
        "bring them back. Where it is merely small, the network works on patches: good for textures, blind to what "
        "belongs together across the image. The latter is only noted, since patches can do well: a 4×4 block map "
        "reaches 34.8 dB on CIFAR-10 at 1,024 values."
    ),
    remedy="Use kernels at least as large as their strides; shrink the map further, or dilate, to see more.",
    fires=(
        Example(code=_STRIDED.format(kernel=1), says="1×1 kernels with stride 2 see one pixel of sixteen"),
        Example(line="conv16[k=1 stride=2] relu conv16[k=1 stride=2] | conv16 relu up conv16 relu up conv3 sigmoid"),
    ),
    clean=(
        Example(code=_STRIDED.format(kernel=3)),
        Example(line="conv64 relu bn pool conv16 relu bn pool | conv16 relu bn up conv32 relu bn up conv3 sigmoid"),
    ),
    check=_check,
)
