"""AE502: a kernel smaller than its stride, so that some pixels are never looked at."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called_in
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.edits import built
from diabolo.checks.rules.shared.kinds import POOLS
from diabolo.checks.rules.shared.purpose import is_classifier
from diabolo.checks.rules.shared.walk import behind
from diabolo.checks.subject import Subject
from diabolo.graph import ModelGraph, Node


def _check(subject: Subject) -> Iterator[Finding]:
    seen = set()
    for graph in (*subject.graphs, *subject.loose):
        if is_classifier(subject, graph):
            continue  # ResNet strides over pixels on purpose
        for node in graph.layers:
            kernel, stride = _kernel_and_stride(node)
            if not 0 < kernel < stride or _is_shortcut(graph, node) or (node.place, node.layer) in seen:
                continue
            if node.place is not None:
                seen.add((node.place, node.layer))
            yield RULE.finding(
                _message(called_in(graph, node), node, kernel, stride),
                place=node.arguments.get("kernel_size") or built(subject, graph, node),
                node=node.name,
                model=graph.name,
                remedy=f"Use a kernel of at least {stride}, or a smaller stride.",
            )


def _kernel_and_stride(node: Node) -> tuple[int, int]:
    """Side of what a layer looks at, and its stride; zeros where one is not known."""
    if node.kind in POOLS:
        kernel = node.attributes.get("size")
        stride = node.attributes.get("stride", kernel)
    elif node.kind in ("conv", "deconv"):
        kernel, stride = node.attributes.get("k"), node.attributes.get("stride")
        if node.attributes.get("dilation", 1) != 1:
            return 0, 0
    else:
        return 0, 0
    return (kernel, stride) if isinstance(kernel, int) and isinstance(stride, int) else (0, 0)


def _is_shortcut(graph: ModelGraph, node: Node) -> bool:
    """The 1×1 convolution with a stride that leads around a residual block, whose other branch sees every pixel."""
    merged = behind(graph, node, passing={"bn", "gn"})
    return merged is not None and merged.kind == "add"


def _message(name: str, node: Node, kernel: int, stride: int) -> str:
    share = f"{1 - (kernel / stride) ** 2:.0%}"
    what = "get nothing but the bias" if node.kind == "deconv" else "are never looked at"
    return f"the kernel of {name} (={kernel}) is smaller than its stride (={stride}): {share} of the pixels {what}"


_KERAS = """
image = Input((32, 32, 3))
encoded = Conv2D(16, {kernel}, strides=2, padding='same', activation='relu')(image)
decoded = Conv2DTranspose(3, 4, strides=2, padding='same', activation='sigmoid')(encoded)
autoencoder = Model(image, decoded)
"""

RULE = Rule(
    code="AE502",
    name="skipped-pixels",
    severity="warning",
    summary="a kernel is smaller than its stride",
    why=(
        "A 1×1 convolution with stride 2 reads one pixel of four; the other three have no influence on anything that "
        "comes after, and no decoder can bring back what the encoder never saw. A transposed convolution of that kind "
        "leaves the pixels between its taps at its bias. The 1×1 shortcut of a residual block is meant so: the other "
        "branch sees every pixel."
    ),
    remedy="Make the kernel at least as large as the stride.",
    fires=(
        Example(code=_KERAS.format(kernel=1)),
        Example(line="conv16[k=2 stride=4] relu | conv16 up4 conv3 sigmoid"),
    ),
    clean=(
        Example(code=_KERAS.format(kernel=2)),
        Example(
            line="conv16 relu res[skip=conv]{conv16[stride=2] relu conv16} | conv16 relu up conv3 sigmoid",
            says="a shortcut",
        ),
    ),
    check=_check,
)
