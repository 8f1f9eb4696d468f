"""The parser of lines, and all that is worked out from what it reads."""

from pathlib import Path
from typing import Any

from target import Target, refused

_TOKENS = (
    "conv64",
    "conv3",
    "deconv8",
    "relu",
    "gelu",
    "bn",
    "gn",
    "pool",
    "avgpool",
    "up",
    "up4",
    "shuffle",
    "unshuffle",
    "dropout",
    "noise",
    "dense64",
    "flatten",
    "unflatten",
    "gaussian16",
    "vq",
    "fsq",
    "sigmoid",
    "tanh",
    "silu",
    "ln",
    "|",
    "||",
    "(",
    ")",
    "{",
    "}",
    "res{",
    "3*",
    "2*res{",
    "[k=5]",
    "[k=5 stride=2]",
    "[",
    "]",
    "=",
    ",",
    "*",
    "-1",
    "0",
    "1e9",
    "99999999999999999999",
    "conv1000000",
    "conv64[k=1000001]",
    "σ",
    "²",
    "\u202e",
    "\0",
    "\x1b[31m",
    "\ud800",
)


def run(data: bytes, scratch: Path) -> str:
    """Reads a line; what is read prints and reads back, builds or is refused, and can be summarised and checked."""
    from diabolo.checks import check_subject, read_line
    from diabolo.errors import LineError
    from diabolo.graph import build_graph, summarise
    from diabolo.notation import parse

    line = data.decode("utf-8", "surrogateescape")
    refusal: LineError | None = None
    try:
        spec = parse(line)
    except LineError as error:
        refusal = error
    if refusal is not None:
        assert 0 <= refusal.start < refusal.end, "carets under nothing"
        str(read_line(line, (32, 32, 3)))
        return refused(refusal)
    assert parse(str(spec)) == spec, "what was printed reads as another line"
    try:
        graph = build_graph(spec, (16, 12, 3))
    except LineError as error:
        return refused(error)
    assert str(summarise(graph))
    check_subject(read_line(line, (16, 12, 3)))
    return "read"


def _seeds() -> list[bytes]:
    from diabolo.zoo import zoo

    return [model.line.encode() for model in zoo().values()]


def _strategy() -> Any:
    from hypothesis import strategies as st
    from mutation import edited_seeds

    texts = st.lists(st.sampled_from(_TOKENS), max_size=30).map(" ".join) | st.lists(st.sampled_from(_TOKENS)).map(
        "".join
    )
    return edited_seeds(_seeds(), TARGET.words) | texts.map(lambda text: text.encode("utf-8", "surrogatepass"))


TARGET = Target(
    name="line",
    about="the line parser",
    seeds=_seeds,
    run=run,
    modules=("diabolo.notation", "diabolo.graph", "diabolo.vocabulary", "diabolo.checks"),
    words=tuple(f" {token} ".encode("utf-8", "surrogatepass") for token in _TOKENS),
    strategy=_strategy,
)
