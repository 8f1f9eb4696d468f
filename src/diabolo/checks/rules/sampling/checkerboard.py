"""AE501: a transposed convolution whose kernel is no multiple of its stride."""

from collections.abc import Iterator

from diabolo.checks.finding import Edit, Finding, Fix
from diabolo.checks.naming import called_in
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.edits import built, set_argument, set_on_line, text_at
from diabolo.checks.subject import Subject
from diabolo.graph import ModelGraph, Node


def _check(subject: Subject) -> Iterator[Finding]:
    seen = set()
    for graph in (*subject.graphs, *subject.loose):
        for node in graph.layers:
            kernel, stride = node.attributes.get("k"), node.attributes.get("stride")
            if node.kind != "deconv" or not isinstance(kernel, int) or not isinstance(stride, int):
                continue
            if stride < 2 or kernel < stride or kernel % stride == 0 or (node.place, node.layer) in seen:
                continue
            if node.place is not None:
                seen.add((node.place, node.layer))
            better = kernel + stride - kernel % stride
            yield RULE.finding(
                f"the kernel of {called_in(graph, node)} (={kernel}) is no multiple of its stride (={stride}): "
                "neighbouring pixels are sums of different numbers of taps, which shows as a checkerboard",
                place=node.arguments.get("kernel_size") or built(subject, graph, node),
                node=node.name,
                model=graph.name,
                remedy=f"Use a kernel of {better}, or up-sample and convolve.",
                fix=_fix(subject, graph, node, kernel, better),
            )


def _fix(subject: Subject, graph: ModelGraph, node: Node, kernel: int, better: int) -> Fix | None:
    """The next multiple, with what keeps the size that comes out; not safe, since the kernel has other weights."""
    edits: list[Edit | None]
    if graph.origin == "line":
        edits = [set_on_line(node, "k", str(better))]
    elif graph.origin == "keras":
        if node.attributes.get("pad") != "same" or "kernel_size" not in node.arguments:
            return None
        edits = [set_argument(subject, node, ("kernel_size",), str(better))]
    else:
        edits = _torch_edits(subject, node, kernel, better)
    found = tuple(edit for edit in edits if edit is not None)
    if not found or len(found) < len(edits):
        return None
    return Fix(edits=found, is_safe=False, message=f"Use a kernel of {better}")


def _torch_edits(subject: Subject, node: Node, kernel: int, better: int) -> list[Edit | None]:
    """What the kernel adds the paddings take away: (H - 1)·stride - 2·padding + kernel + output_padding come out."""
    added = better - kernel
    edits: list[Edit | None] = [set_argument(subject, node, ("kernel_size",), str(better))]
    if "kernel_size" not in node.arguments:
        return [None]
    extra, padding = (_number(subject, node, name) for name in ("output_padding", "padding"))
    if extra is None or padding is None:
        return [None]
    taken = min(extra, added)
    if (added - taken) % 2:
        return [None]
    if taken:
        edits.append(set_argument(subject, node, ("output_padding",), str(extra - taken)))
    if added - taken:
        edits.append(set_argument(subject, node, ("padding",), str(padding + (added - taken) // 2)))
    return edits


def _number(subject: Subject, node: Node, name: str) -> int | None:
    """The whole number that an argument is written as; 0 where it is left out, None where it is no plain number."""
    place = node.arguments.get(name)
    if place is None:
        return 0
    written = text_at(subject, place)
    return int(written) if written.isdecimal() else None


_KERAS = """
image = Input((32, 32, 3))
encoded = Conv2D(16, 3, strides=2, padding='same', activation='relu')(image)
decoded = Conv2DTranspose(3, {kernel}, strides=2, padding='same', activation='sigmoid')(encoded)
autoencoder = Model(image, decoded)
"""

RULE = Rule(
    code="AE501",
    name="checkerboard",
    severity="warning",
    summary="the kernel of a transposed convolution is no multiple of its stride",
    why=(
        "A transposed convolution lays its kernel down at every stride-th pixel and adds up. With kernel 3 and stride "
        "2 one pixel of four is a sum of four taps, two of two, one of one: before anything is learned the output has "
        "a pattern of period 2, and training must fight it "
        "([Odena, Dumoulin and Olah 2016](https://distill.pub/2016/deconv-checkerboard/); "
        "[alan-turing-institute/icenet-mp PR 277](https://github.com/alan-turing-institute/icenet-mp/pull/277)). With "
        "kernel 4 every pixel is a sum of four. Up-sampling followed by an ordinary convolution has no such pattern "
        "either."
    ),
    remedy="Make the kernel a multiple of the stride, or write `up conv` in its place.",
    fires=(
        Example(code=_KERAS.format(kernel="3")),
        Example(line="conv16 relu pool | deconv16[k=3] relu conv3 sigmoid"),
        Example(
            code="net = nn.Sequential(nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), "
            "nn.ConvTranspose2d(8, 3, kernel_size=3, stride=2, padding=1, output_padding=1), nn.Sigmoid())\n"
        ),
    ),
    clean=(
        Example(code=_KERAS.format(kernel="4")),
        Example(code=_KERAS.format(kernel="2"), says="2 is a multiple of 2: the taps do not even overlap"),
        Example(line="conv16 relu pool | deconv16 relu conv3 sigmoid", says="our line's kernel is 4 by default"),
        Example(
            code=_KERAS.format(kernel="3").replace("strides=2", "strides=1"), says="without a stride nothing is uneven"
        ),
    ),
    check=_check,
    fix="unsafe",
)
