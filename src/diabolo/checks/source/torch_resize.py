"""Sizes after `view`, `permute`, indexing, `cat` and reductions; 0 and empty where they are not known."""

import math
from collections.abc import Sequence
from typing import Any

from diabolo.checks.source.torch_kind import BATCH, Dims
from diabolo.checks.source.torch_sampling import fitted
from diabolo.vocabulary import Misfit


def viewed(dims: Dims, sizes: Dims | None) -> Dims:
    """After `view` or `reshape`; raises `Misfit` where the values of an image do not fit."""
    if sizes is None or not sizes:
        return ()
    if not dims:
        return (BATCH, *(max(size, 0) for size in sizes[1:])) if sizes[0] == BATCH else ()
    if dims[0] != BATCH or BATCH in dims[1:]:
        return tuple(size if size > 0 else 0 for size in sizes) if BATCH not in sizes else ()
    whole = math.prod(dims[1:])
    if sizes[0] == BATCH:
        return (BATCH, *fitted(whole, sizes[1:]))
    rest = sizes[1:]
    if sizes[0] == -1 and rest and min(rest) > 0:
        return _with_batch_left_over(dims, whole, rest)
    if sizes[0] == 0 and len(sizes) > 1:  # a batch size from elsewhere: an argument, `len(images)`
        return (BATCH, *fitted(whole, rest)) if whole > 0 and _fits(whole, rest) else ()
    if sizes == (-1,):
        return (0,)
    if sizes[0] > 0 and -1 in rest and whole > 0:  # a batch size written as a number
        return (BATCH, *fitted(whole, rest)) if _fits(whole, rest) else ()
    return ()


def _fits(whole: int, sizes: Dims) -> bool:
    try:
        return math.prod(fitted(whole, sizes)) == whole
    except Misfit:
        return False


def _with_batch_left_over(dims: Dims, whole: int, rest: Dims) -> Dims:
    """`view(-1, 64, 4, 4)`: an image's values as rows of the given sizes."""
    size = math.prod(rest)
    if whole == size:
        return (BATCH, *rest)
    trailing = [math.prod(dims[axis:]) for axis in range(1, len(dims))]
    if size in trailing or (len(rest) < len(dims) - 1 and dims[-1] == rest[-1] and len(rest) == 1):
        return (0, *rest)  # rows of an image on purpose, as a vector quantiser takes them
    if whole > 0 and BATCH not in rest:
        what = "×".join(map(str, rest))
        if whole % size and size % whole:
            raise Misfit(f"folds the {whole:,} values of an image into rows of {what} = {size:,}, which does not fit")
        raise Misfit(
            f"folds the {whole:,} values of an image into rows of {what} = {size:,}: the number of images changes"
        )
    return (BATCH, *rest)


def permuted(dims: Dims, order: Dims | None) -> Dims:
    """After `permute`."""
    if order is None or len(order) != len(dims):
        return ()
    try:
        return tuple(dims[axis] for axis in order)
    except IndexError:
        return ()


def transposed(dims: Dims, first: object, second: object) -> Dims:
    """After `transpose`."""
    if not isinstance(first, int) or not isinstance(second, int):
        return ()
    after = list(dims)
    try:
        after[first], after[second] = after[second], after[first]
    except IndexError:
        return ()
    return tuple(after)


def squeezed(dims: Dims, axis: object) -> Dims:
    """After `squeeze`; without an axis only where all sizes are known."""
    if not dims:
        return ()
    if axis is None:
        return () if 0 in dims else tuple(size for size in dims if size != 1)
    if not isinstance(axis, int) or not -len(dims) <= axis < len(dims):
        return ()
    axis %= len(dims)
    return dims[:axis] + dims[axis + 1 :] if dims[axis] == 1 else () if dims[axis] in (0, BATCH) else dims


def unsqueezed(dims: Dims, axis: object) -> Dims:
    """After `unsqueeze`."""
    if not dims or not isinstance(axis, int) or not -len(dims) - 1 <= axis <= len(dims):
        return ()
    axis %= len(dims) + 1
    return (*dims[:axis], 1, *dims[axis:])


def expanded(dims: Dims, sizes: Dims | None) -> Dims:
    """After `expand`."""
    if sizes is None or len(sizes) < len(dims):
        return ()
    old = (0,) * (len(sizes) - len(dims)) + dims
    return tuple(before if size == -1 else max(size, BATCH) for size, before in zip(sizes, old, strict=True))


def repeated(dims: Dims, counts: Dims | None) -> Dims:
    """After `repeat`."""
    if counts is None or len(counts) != len(dims):
        return ()
    return tuple(
        size if count == 1 else size * count if size > 0 and count > 0 else 0
        for size, count in zip(dims, counts, strict=True)
    )


def reduced(dims: Dims, axes: object, keeps: bool | None) -> Dims:
    """After `mean`, `sum` and the like: `axes` is None for all of them."""
    if axes is None:
        return ()
    chosen = (axes,) if isinstance(axes, int) else axes
    if not dims or not isinstance(chosen, (tuple, list)) or keeps is None:
        return ()
    if not all(isinstance(axis, int) and -len(dims) <= axis < len(dims) for axis in chosen):
        return ()
    gone = {axis % len(dims) for axis in chosen}
    return tuple(1 if index in gone else size for index, size in enumerate(dims) if keeps or index not in gone)


def joined(parts: Sequence[Dims], axis: object) -> Dims:
    """After `cat`; raises `Misfit` where the other sizes differ."""
    if not parts or not isinstance(axis, int) or any(not dims for dims in parts):
        return ()
    rank = len(parts[0])
    if any(len(dims) != rank for dims in parts) or not -rank <= axis < rank:
        return ()
    axis %= rank
    after = list(parts[0])
    for index in range(rank):
        sizes = [dims[index] for dims in parts]
        if index == axis:
            after[index] = sum(sizes) if min(sizes) > 0 else 0
        else:
            after[index] = _agreed(sizes, "joins")
    return tuple(after)


def _agreed(sizes: Sequence[int], verb: str) -> int:
    known = sorted({size for size in sizes if size not in (0, BATCH)})
    if len(known) > 1:
        raise Misfit(f"{verb} maps of different sizes ({' and '.join(map(str, known))} pixels); bring them to one size")
    return known[0] if known else BATCH if BATCH in sizes else 0


def broadcast(first: Dims, second: Dims) -> Dims:
    """Sizes of an elementwise operation; raises `Misfit` where they do not go together."""
    if not first or not second:
        return ()
    longest, shortest = (first, second) if len(first) >= len(second) else (second, first)
    padded = (1,) * (len(longest) - len(shortest)) + shortest
    return tuple(_broadcast_side(*pair) for pair in zip(longest, padded, strict=True))


def _broadcast_side(one: int, other: int) -> int:
    if one == other or other == 1:
        return one
    if one == 1:
        return other
    if BATCH in (one, other):
        return BATCH
    if 0 in (one, other):
        return max(one, other)
    raise Misfit(f"combines tensors of {one:,} and {other:,} values along one axis; bring them to one size")


def indexed(dims: Dims, index: Any) -> Dims:
    """After `x[index]` with constants and slices; None adds an axis, anything else makes the sizes unknown."""
    words = list(index) if isinstance(index, tuple) else [index]
    if not dims or len([word for word in words if word is Ellipsis]) > 1:
        return ()
    taken = sum(isinstance(word, (int, slice)) and not isinstance(word, bool) for word in words)
    if taken > len(dims):
        return ()
    rest = len(dims) - taken
    if Ellipsis not in words:
        words.append(Ellipsis)
    after: list[int] = []
    axis = 0
    for word in words:
        if word is None:
            after.append(1)
        elif word is Ellipsis:
            after.extend(dims[axis : axis + rest])
            axis += rest
        elif isinstance(word, slice):
            after.append(_sliced(dims[axis], word))
            axis += 1
        elif isinstance(word, int) and not isinstance(word, bool):
            axis += 1
        else:
            return ()
    return tuple(after)


def _sliced(size: int, word: slice) -> int:
    if word == slice(None) or size == BATCH:
        return size
    if size <= 0:
        return 0
    try:
        return len(range(*word.indices(size)))
    except (TypeError, ValueError):
        return 0
