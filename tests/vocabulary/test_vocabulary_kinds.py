"""The vocabulary is consistent with itself: names, defaults, ranges, synonyms, and what each word does to a shape."""

import re

import pytest

from diabolo.vocabulary import KINDS, SYNONYMS, LayerKind, Misfit, describe
from diabolo.vocabulary.kind import Attributes

MAP, FLAT = (8, 8, 16), (256,)
ONLY_MAPS = {"conv", "dwconv", "deconv", "attention", "pool", "avgpool", "up", "shuffle", "unshuffle"}
ONLY_FLAT = {"dense", "unflatten"}
ANYWHERE = set(KINDS) - ONLY_MAPS - ONLY_FLAT

each_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


def attributes(kind: LayerKind, **chosen: object) -> Attributes:
    filled = {setting.name: setting.default for setting in kind.settings}
    if kind.count is not None:
        filled[kind.count.name] = kind.count.default or 4
    if kind.name == "unflatten":
        filled.update(h=4, w=4, c=16)
    return {**filled, **chosen}


@each_kind
def test_names_are_words_of_the_line_and_nothing_is_undocumented(kind: LayerKind) -> None:
    assert re.fullmatch(r"[a-z]+", kind.name)
    assert kind.name != "res"
    assert kind.meaning
    assert kind.title
    names = [setting.name for setting in kind.settings] + ([kind.count.name] if kind.count else [])
    assert len(set(names)) == len(names)
    for setting in kind.settings:
        assert re.fullmatch(r"[a-z_][a-z_0-9]*", setting.name)
        assert setting.meaning
        assert kind.setting(setting.name) is setting
    assert kind.setting("nonsense") is None


@each_kind
def test_defaults_are_allowed_values(kind: LayerKind) -> None:
    if kind.count is not None and kind.count.default is not None:
        assert kind.count.minimum <= kind.count.default <= kind.count.maximum
    for setting in kind.settings:
        if isinstance(setting.default, bool):
            continue
        if isinstance(setting.default, str):
            assert setting.default in setting.choices
            continue
        numbers = setting.default if isinstance(setting.default, tuple) else (setting.default,)
        assert setting.minimum is not None
        assert all(setting.minimum <= number <= (setting.maximum or number) for number in numbers)


@each_kind
def test_every_kind_takes_what_it_should_and_refuses_the_rest(kind: LayerKind) -> None:
    levels = {"levels": (4,) * 16} if kind.name == "fsq" else {}
    if kind.name in ONLY_FLAT:
        with pytest.raises(Misfit, match="flatten"):
            kind.infer(MAP, attributes(kind))
    else:
        assert len(kind.infer(MAP, attributes(kind, **levels)).shape) == (1 if kind.name == "flatten" else 3)
    if kind.name in ONLY_MAPS:
        with pytest.raises(Misfit, match="it gets 256 values"):
            kind.infer(FLAT, attributes(kind))
    else:
        levels = {"levels": (4,) * 256} if kind.name == "fsq" else {}
        assert kind.infer(FLAT, attributes(kind, **levels)).shape[0] >= 1


def test_synonyms_are_written_as_they_are_looked_up_and_lead_to_names() -> None:
    for synonym, name in SYNONYMS.items():
        assert synonym not in KINDS
        assert synonym == synonym.lower().replace("_", "").removesuffix("2d")
        assert name in KINDS or name == "res"


def test_random_layers_are_marked() -> None:
    assert {name for name, kind in KINDS.items() if kind.is_random} == {"dropout", "noise", "gaussian", "contractive"}


@pytest.mark.parametrize(("shape", "text"), [((32, 32, 3), "32×32×3"), ((128,), "128 values")])
def test_describe(shape: tuple[int, ...], text: str) -> None:
    assert describe(shape) == text


@pytest.mark.parametrize(
    ("name", "shape", "chosen", "out", "trainable", "kept", "macs", "bits"),
    [
        ("gaussian", (8, 8, 16), {"channels": 4}, (8, 8, 4), 16 * 8 + 8, 0, 64 * 16 * 8, None),
        ("gaussian", (256,), {"channels": 10}, (10,), 256 * 20 + 20, 0, 256 * 20, None),
        ("vq", (8, 8, 16), {"codes": 512}, (8, 8, 16), 0, 2 * 512 * 16 + 512, 0, 64 * 9.0),
        ("vq", (256,), {"codes": 2}, (256,), 0, 2 * 2 * 256 + 2, 0, 1.0),
        ("fsq", (8, 8, 2), {"levels": (8, 4)}, (8, 8, 2), 0, 0, 0, 64 * 5.0),
        ("fsq", (3,), {"levels": (2, 2, 2)}, (3,), 0, 0, 0, 3.0),
        ("lloyd", (8, 8, 16), {"bits": 128}, (8, 8, 16), 0, 16 * 513, 0, 8192.0),
        ("lloyd", (64,), {"bits": 100}, (64,), 0, 64 * 513, 0, 100.0),
        ("gdn", (8, 8, 16), {}, (8, 8, 16), 16 + 256, 0, 64 * 256, None),
        ("gdn", (10,), {"inverse": True}, (10,), 110, 0, 100, None),
        ("attention", (4, 6, 8), {"heads": 2}, (4, 6, 8), 4 * 8 * 9, 0, 24 * 4 * 64 + 2 * 24 * 24 * 8, None),
        ("shuffle", (4, 6, 36), {"size": 3}, (12, 18, 4), 0, 0, 0, None),
        ("unshuffle", (12, 18, 4), {"size": 3}, (4, 6, 36), 0, 0, 0, None),
    ],
)
def test_layers_that_keras_does_not_have(name, shape, chosen, out, trainable, kept, macs, bits) -> None:
    effect = KINDS[name].infer(shape, attributes(KINDS[name], **chosen))
    assert effect.shape == out
    assert (effect.num_trainable, effect.num_non_trainable, effect.macs) == (trainable, kept, macs)
    assert effect.bits == (bits if bits is None else pytest.approx(bits))
