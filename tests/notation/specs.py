"""A hypothesis strategy for arbitrary valid specs, drawn from the vocabulary and not from the parser."""

from hypothesis import strategies as st

from diabolo.notation import Group, Layer, Side, Spec
from diabolo.vocabulary import KINDS, LayerKind, Setting


def values(setting: Setting) -> st.SearchStrategy:
    default = setting.default
    if isinstance(default, bool):
        return st.booleans()
    if isinstance(default, str):
        return st.sampled_from(setting.choices)
    low, high = setting.minimum, setting.maximum
    if isinstance(default, tuple):
        return st.lists(st.integers(int(low), int(high)), min_size=1, max_size=6).map(tuple)
    if isinstance(default, int):
        return st.integers(int(low), int(high))
    return st.floats(low, high, allow_nan=False, allow_infinity=False)


@st.composite
def layers(draw: st.DrawFn, kinds: tuple[str, ...] = tuple(KINDS)) -> Layer:
    kind: LayerKind = KINDS[draw(st.sampled_from(kinds))]
    count = None
    if kind.count is not None:
        counts = st.integers(kind.count.minimum, kind.count.maximum)
        count = draw(counts if kind.count.default is None else st.one_of(st.none(), counts))
    chosen = draw(st.lists(st.sampled_from(kind.settings), unique=True)) if kind.settings else ()
    settings = tuple((setting.name, draw(values(setting))) for setting in chosen)
    return Layer(kind=kind.name, count=count, settings=settings)


def _bigger(item: st.SearchStrategy) -> st.SearchStrategy:
    inside = st.lists(item, min_size=1, max_size=3).map(tuple)
    repeats = st.one_of(st.just(1), st.integers(2, 4), st.just(1000))
    return st.one_of(
        st.builds(Side, items=inside),
        st.builds(Group, items=inside, repeat=repeats),
        st.builds(
            Group,
            items=inside,
            kind=st.just("res"),
            skip=st.sampled_from(("identity", "conv")),
            skip_kernel=st.integers(1, 99),
            repeat=repeats,
        ),
    )


def items(layer: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(st.recursive(layer, _bigger, max_leaves=6), min_size=1, max_size=3).map(tuple)


def specs(layer: st.SearchStrategy | None = None) -> st.SearchStrategy[Spec]:
    section = items(layers() if layer is None else layer)
    return st.builds(Spec, encoder=section, bottleneck=st.one_of(st.just(()), section), decoder=section)
