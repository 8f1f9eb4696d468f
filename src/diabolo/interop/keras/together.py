"""Several Keras layers that are one word of the line, as the export writes what Keras has no layer for."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from diabolo.graph import ModelGraph, Node
from diabolo.interop.constants import LEAST_BETA, PEDESTAL, fsq_constants
from diabolo.interop.keras.from_attention import attention_word
from diabolo.interop.keras.layer_list import StoredLayer
from diabolo.interop.keras.words import Arrays, Call, Further, Word, word

_SHUFFLED, _UNSHUFFLED = (1, 4, 2, 5, 3), (1, 3, 5, 2, 4)
_SAME = 1e-5  # share of the largest value by which a kept score may differ: sums may have been in another order
_MARGIN = 1.001  # of `fsq`, whose bound is so much wider than its levels, up to ¼
Stored = Mapping[str, StoredLayer]


def several(nodes: Sequence[Node], graph: ModelGraph, stored: Stored) -> tuple[Word, int] | None:
    """The word that the first of these nodes make up, and how many they are; None where they are single words.

    Raises:
        DiaboloError: an attention is another than the line's.
    """
    for count, look in _PATTERNS:
        found = look(nodes[:count], graph, stored) if len(nodes) >= count else None
        if found is not None:
            return found, count
    return None


def divisive_kind(graph: ModelGraph, node: Node) -> str | None:
    """`yes` or `no`, for `gdn[inverse=…]`, where a node ends one: x / √(β + γ x²), or their product; else None."""
    if node.title not in ("TrueDivide", "Divide", "Multiply") or len(node.inputs) != 2:
        return None
    squares = _norm(graph, node)
    return None if squares is None else "yes" if node.title == "Multiply" else "no"


def _norm(graph: ModelGraph, node: Node) -> Node | None:
    """The layer that holds γ and β."""
    came, root = node.inputs[0], graph[node.inputs[1]]
    if root.title != "Sqrt" or len(root.inputs) != 1:
        return None
    norm = graph[root.inputs[0]]
    if norm.kind not in ("conv", "dense") or len(norm.inputs) != 1 or norm.attributes.get("separable"):
        return None
    square = graph[norm.inputs[0]]
    if square.title != "Square" or square.inputs != (came,) or norm.shape != graph[came].shape:
        return None
    plain = {"k": 1, "stride": 1, "groups": 1} if norm.kind == "conv" else {}
    wanted = {**plain, "bias": True}
    return norm if all(norm.attributes.get(name, value) == value for name, value in wanted.items()) else None


def _gdn(nodes: Sequence[Node], graph: ModelGraph, stored: Stored) -> Word | None:
    inverse = divisive_kind(graph, nodes[0])
    norm = None if inverse is None else _norm(graph, nodes[0])
    kept = None if norm is None else stored.get(norm.layer)
    if norm is None or kept is None:
        return None
    call = Call(node=nodes[0], before=graph[nodes[0].inputs[0]].shape, stored=kept)
    channels = call.before[-1]

    def take(arrays: Sequence[NDArray[np.float32]]) -> Arrays:
        gamma, beta = arrays[0].reshape(channels, channels).T, arrays[1]
        if gamma.min() < 0 or beta.min() < 0.99 * LEAST_BETA:  # β at its bound is a little less after rounding
            raise call.refuse("its weights go below the bounds of `gdn` (γ ≥ 0, β ≥ 1e-06), where roots fail")
        return {"root_gamma": _root(gamma), "root_beta": _root(beta)}

    shape = (channels, channels) if norm.kind == "dense" else (1, 1, channels, channels)
    return Word(
        layer=word("gdn", inverse=inverse == "yes"),
        stored=kept,
        names=("kernel", "bias"),
        shapes=(shape, (channels,)),
        take=take,
    )


def _root(values: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.sqrt(values.astype(np.float64) + PEDESTAL).astype(np.float32)


def _vq(nodes: Sequence[Node], graph: ModelGraph, stored: Stored) -> Word | None:
    if [node.title for node in nodes] != ["Dense", "Argmax", "OneHot", "Dense"]:
        return None
    kept = [stored.get(node.layer) for node in nodes]
    before, codes = graph[nodes[0].inputs[0]].shape, nodes[0].shape[-1]
    scores, largest, row, book = kept
    if scores is None or largest is None or row is None or book is None:
        return None
    channels = before[-1]
    is_one = (
        nodes[0].attributes.get("bias") is not False
        and nodes[3].attributes.get("bias") is False
        and nodes[3].shape == before
        and largest.config.get("axis") == -1
        and not largest.config.get("keepdims")
        and row.config.get("axis") == -1
        and row.config.get("num_classes") == codes
        and codes > 1
    )
    if not is_one:
        return None
    call = Call(node=nodes[3], before=before, stored=book)

    def take(arrays: Sequence[NDArray[np.float32]]) -> Arrays:
        codebook, kernel, bias = arrays
        for found, wanted in ((kernel, 2 * codebook.T), (bias, -np.square(codebook).sum(axis=1))):
            if np.abs(found - wanted).max() > _SAME * max(1e-30, np.abs(wanted).max()):
                raise call.refuse(
                    "the layer that chooses a code does not hold the distances to these codes, as it does when diabolo "
                    "writes it: Keras trains the codes alone; train with diabolo instead, from the model as exported"
                )
        return {"codebook": codebook, "sums": codebook, "counts": np.ones(codes, np.float32)}

    return Word(
        layer=word("vq", codes),
        stored=book,
        names=("kernel",),
        shapes=((codes, channels),),
        further=Further(stored=scores, names=("kernel", "bias"), shapes=((channels, codes), (codes,))),
        take=take,
        note="Keras's file does not hold `beta` and `decay`; they are the defaults now",
    )


def _fsq(nodes: Sequence[Node], graph: ModelGraph, stored: Stored) -> Word | None:
    """The levels are worked out from the bound; that they are right shows in all four constants."""
    titles = [node.title for node in nodes]
    if titles[0::2] != ["Rescaling", "Rescaling", "TrueDivide"] or nodes[1].kind != "tanh" or titles[3] != "Round":
        return None
    shift, _, bound, rounded, divided = (stored.get(node.layer) for node in nodes)
    if shift is None or bound is None or rounded is None or divided is None or rounded.config.get("decimals"):
        return None
    channels = graph[nodes[0].inputs[0]].shape[-1]
    given = (bound.config.get("scale"), shift.config.get("offset"), bound.config.get("offset"), divided.constant)
    arrays = [_numbers(values, channels) for values in given]
    half, moved, offset, steps = arrays
    if half is None or moved is None or offset is None or steps is None or shift.config.get("scale") != 1.0:
        return None
    below = np.rint(2 * half / _MARGIN) + 1
    levels = np.where((below - 1) / 2 * (_MARGIN - 1) <= 0.25, below, np.rint(2 * (half - 0.25)) + 1)
    if not ((levels >= 2) & (levels <= 65536)).all():
        return None
    found = tuple(int(level) for level in levels)
    wanted = fsq_constants({"levels": found})
    same = all(np.array_equal(a, b) for a, b in zip((half, moved, -offset, steps), wanted, strict=True))
    return Word(layer=word("fsq", levels=found)) if same else None


def _numbers(values: object, channels: int) -> NDArray[np.float32] | None:
    """As many finite numbers as channels; None for anything else."""
    if not isinstance(values, list | tuple) or len(values) != channels:
        return None
    if not all(isinstance(value, int | float) and abs(value) < 1e6 for value in values):
        return None
    return np.asarray(values, np.float32)


def _attention(nodes: Sequence[Node], graph: ModelGraph, stored: Stored) -> Word | None:
    """`Reshape` to rows, attention, `Reshape` back."""
    kinds = [node.kind for node in nodes]
    if kinds not in (["reshape", "attention", "reshape"], ["reshape", "attention", "unflatten"]):
        return None
    before = graph[nodes[0].inputs[0]].shape
    rows = (before[0] * before[1], before[2]) if len(before) == 3 else ()
    if nodes[0].shape != rows or nodes[2].shape != before:
        return None
    call = Call(node=nodes[1], before=rows, stored=stored.get(nodes[1].layer))
    if call.stored is None or call.stored.class_name != "MultiHeadAttention":
        return None
    return attention_word(call, before)


def _shuffle(nodes: Sequence[Node], graph: ModelGraph, stored: Stored) -> Word | None:
    """`Reshape`, `Permute`, `Reshape` as pixels from channels, or the inverse."""
    if [node.kind for node in nodes] not in (["reshape", "permute", "reshape"], ["unflatten", "permute", "reshape"]):
        return None
    before, split, after = graph[nodes[0].inputs[0]].shape, nodes[0].shape, nodes[2].shape
    kept = stored.get(nodes[1].layer)
    dims = kept.config.get("dims") if kept is not None else None
    dims = tuple(dims) if isinstance(dims, list | tuple) else ()
    if len(before) != 3 or len(after) != 3 or len(split) != 5:
        return None
    size = split[4] if dims == _SHUFFLED else split[1]
    rows, columns = after[:2] if dims == _UNSHUFFLED else before[:2]
    if dims == _SHUFFLED and split[3:] == (size, size) and split[:2] == before[:2]:
        wanted = (rows * size, columns * size, before[2] // size**2)
        return Word(layer=word("shuffle", size)) if after == wanted and size > 1 else None
    if dims == _UNSHUFFLED and split == (rows, size, columns, size, before[2]) and size > 1:
        return Word(layer=word("unshuffle", size))
    return None


_PATTERNS: tuple[tuple[int, Callable[[Sequence[Node], ModelGraph, Stored], Word | None]], ...] = (
    (1, _gdn), (3, _shuffle), (3, _attention), (4, _vq), (5, _fsq),
)  # fmt: skip
