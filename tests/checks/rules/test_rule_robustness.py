"""Rules on any graph that a front end may hand them: no crash, and findings in the house's form."""

from typing import Any, get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from diabolo.checks import Images, LossTerm, Metric, Subject, Training, all_rules
from diabolo.checks.finding import SEVERITIES
from diabolo.checks.subject import LossKind, Reduction, Split
from diabolo.graph import FOREIGN_KINDS, ModelGraph, Node, Origin, Place
from diabolo.vocabulary import KINDS

SIDES = st.sampled_from([0, 1, 2, 3, 8, 16, 32])
SHAPES = st.one_of(st.just(()), st.tuples(SIDES), st.tuples(SIDES, SIDES, SIDES))
VALUES = st.one_of(
    st.integers(0, 9), st.booleans(), st.sampled_from(["same", "valid", "nearest"]), st.just((3, 1)), st.just(0.5)
)
NAMES = ["channels", "k", "stride", "pad", "dilation", "groups", "bias", "momentum", "size", "p", "units", "inplace"]
PLACES = st.one_of(
    st.none(),
    st.builds(
        Place, source=st.just("model.py"), row=st.integers(1, 9), start=st.integers(0, 9), end=st.integers(9, 20)
    ),
)
KIND = st.sampled_from([*KINDS, *FOREIGN_KINDS, "add"])


@st.composite
def graphs(draw: st.DrawFn) -> ModelGraph:
    nodes = [Node(name="n0", kind="input", title="Input", inputs=(), shape=draw(SHAPES), section="input")]
    for number in range(1, draw(st.integers(1, 12))):
        names = [node.name for node in nodes]
        inputs = tuple(draw(st.lists(st.sampled_from(names), max_size=3)))
        nodes.append(
            Node(
                name=f"n{number}",
                kind=draw(KIND),
                title="Layer",
                inputs=inputs,
                shape=draw(SHAPES),
                section=draw(st.sampled_from(["encoder", "bottleneck", "decoder"])),
                attributes=draw(st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6)),
                num_trainable=draw(st.integers(0, 9)),
                place=draw(PLACES),
                input_places=draw(
                    st.one_of(st.just(()), st.lists(PLACES, min_size=len(inputs), max_size=3).map(tuple))
                ),
                layer=draw(st.sampled_from(["", "a", "b"])),
                variable=draw(st.sampled_from(["", "x", "z", "self.encoder[0]", "decoded"])),
                overwritten=draw(PLACES),
                is_trainable=draw(st.booleans()),
                blocks_gradient=draw(st.booleans()),
                arguments=draw(
                    st.dictionaries(st.sampled_from(["bias", "kernel_size", "activation"]), PLACES.filter(bool))
                ),
                arguments_end=draw(PLACES),
                statement=draw(PLACES),
            )
        )
    names = [node.name for node in nodes]
    origin: Any = draw(st.sampled_from([name for name in get_args(Origin) if name != "line"]))
    return ModelGraph(
        nodes=tuple(nodes),
        latent=draw(st.sampled_from(["", *names])),
        output=draw(st.sampled_from(names)),
        outputs=tuple(draw(st.lists(st.sampled_from(names), max_size=1))),
        name=draw(st.sampled_from(["model", "autoencoder"])),
        origin=origin,
        idle=tuple(nodes[1:2]) if draw(st.booleans()) else (),
    )


LIMITS = st.one_of(st.none(), st.sampled_from([-1.0, 0.0, 1.0, 255.0]))
IMAGES = st.builds(
    Images,
    text=st.sampled_from(["", "x_train", "x_train_noisy", "y_train"]),
    split=st.sampled_from(get_args(Split)),
    low=LIMITS,
    high=LIMITS,
    num_images=st.one_of(st.none(), st.integers(0, 60_000)),
    is_labels=st.booleans(),
    place=PLACES,
)
NUMBERS = st.one_of(st.none(), st.integers(0, 2000))
TERMS = st.builds(
    LossTerm,
    kind=st.sampled_from(get_args(LossKind)),
    graph=st.sampled_from(["", "model", "autoencoder", "other"]),
    output=st.sampled_from(["", "n0", "n1", "gone"]),
    reduction=st.sampled_from(get_args(Reduction)),
    weight=st.one_of(st.none(), st.floats(-2, 2)),
    has_gradient=st.booleans(),
    is_used=st.booleans(),
    target=st.one_of(st.none(), IMAGES),
    place=PLACES,
)
TRAININGS = st.builds(
    Training,
    graph=st.sampled_from(["", "model", "autoencoder"]),
    losses=st.lists(TERMS, max_size=3).map(tuple),
    metrics=st.lists(st.builds(Metric, name=st.sampled_from(["accuracy", "mse"]), place=PLACES), max_size=1).map(tuple),
    inputs=st.one_of(st.none(), IMAGES),
    targets=st.one_of(st.none(), IMAGES),
    validation=st.one_of(st.none(), IMAGES),
    validation_split=st.one_of(st.none(), st.floats(0, 1)),
    batch_size=NUMBERS,
    epochs=NUMBERS,
    place=PLACES,
    evaluation=PLACES,
    evaluates_in_evaluation_mode=st.one_of(st.none(), st.booleans()),
    zeroes_gradients=st.one_of(st.none(), st.booleans()),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(graphs(), max_size=2),
    st.lists(graphs(), max_size=1),
    st.lists(TRAININGS, max_size=2),
    st.sampled_from([None, "", "x = Conv2D(3, 3)(x)\n" * 9]),
)
def test_no_rule_falls_over_a_graph(
    models: list[ModelGraph], loose: list[ModelGraph], trainings: list[Training], text: str | None
) -> None:
    subject = Subject(
        source="model.py", text=text, graphs=tuple(models), loose=tuple(loose), trainings=tuple(trainings)
    )
    for rule in all_rules().values():
        for finding in rule.check(subject):
            assert (finding.code, finding.name) == (rule.code, rule.name)
            assert finding.severity in SEVERITIES
            assert finding.message
            assert not finding.message.endswith(".")
            assert finding.remedy.rstrip("`)").endswith((".", "…"))
            assert finding.fix is None or finding.fix.edits
