"""What rules say, and when they keep silent, on graphs made by hand: no front end is in between."""

from dataclasses import replace
from typing import Any

import pytest
from rule_builders import X, chain, codes, place, trained

from diabolo.checks import Finding, Images, LossTerm, Problem, Subject, Training, all_rules, diagnose
from diabolo.checks.subject import IdleWeight
from diabolo.graph import ModelGraph, Node

CONV: tuple[str, dict[str, Any]] = ("conv", {"num_trainable": 448})
BN: tuple[str, dict[str, Any]] = ("bn", {"variable": "norm", "num_trainable": 64, "attributes": {"momentum": 0.99}})
OUT: tuple[str, dict[str, Any]] = ("conv", {"variable": "decoded", "num_trainable": 435})


def only(subject: Subject, code: str) -> list[Finding]:
    return [finding for finding in diagnose(subject) if finding.code == code]


def branched(*extra: Node, graph: ModelGraph | None = None, **changes: Any) -> Subject:
    """conv, a bn beside the path, relu: the relu reads the conv. `changes` are of the bn."""
    graph = graph or chain(
        ("conv", {"name": "conv", "variable": "x"}), ("bn", {"name": "bn"}), ("relu", {"name": "relu"})
    )
    nodes = list(graph.nodes)
    nodes[2] = replace(nodes[2], **changes)
    nodes[3] = replace(nodes[3], inputs=("conv",), input_places=(place(4, 10, 11),))
    nodes.extend(extra)
    return Subject(source="model.py", text="", graphs=(replace(graph, nodes=tuple(nodes)),))


def test_a_dead_branch_is_one_error() -> None:
    (finding,) = only(branched(variable="norm"), "AE101")
    assert finding.severity == "error"
    assert finding.message == "result of `norm` (Bn) is never used; `Relu` in row 4 takes `x` instead"
    assert finding.fix is not None
    assert [(edit.place, edit.text) for edit in finding.fix.edits] == [(place(4, 10, 11), "norm")]
    assert not finding.fix.is_safe


def test_a_result_without_a_name_is_given_the_name_that_is_read() -> None:
    (finding,) = only(branched(statement=place(3, 4, 20)), "AE101")
    assert finding.fix is not None
    assert [(edit.place, edit.text) for edit in finding.fix.edits] == [(place(3, 4, 4), "x = ")]


def test_no_fix_where_the_name_holds_something_else_by_then() -> None:
    subject = branched(variable="norm")
    graph = subject.graphs[0]
    other = Node(
        name="b", kind="bn", title="Bn", inputs=("conv",), shape=(), section="encoder", variable="norm", place=place(9)
    )
    nodes = (*graph.nodes[:3], other, graph.nodes[3])
    (first, *_) = only(replace(subject, graphs=(replace(graph, nodes=nodes),)), "AE101")
    assert first.fix is None


def test_all_that_read_past_a_branch_are_named_and_mended() -> None:
    add = Node(
        name="add", kind="add", title="Add", inputs=("relu", "conv"), shape=(), section="decoder", variable="total",
        input_places=(place(5, 4, 8), place(5, 10, 11)), place=place(5),
    )  # fmt: skip
    subject = branched(add, variable="norm")
    subject = replace(subject, graphs=(replace(subject.graphs[0], output="add"),))
    (finding,) = only(subject, "AE101")
    assert "`Relu` in row 4 and `total` take `x` instead" in finding.message
    assert finding.fix is not None
    assert [edit.place for edit in finding.fix.edits] == [place(4, 10, 11), place(5, 10, 11)]


@pytest.mark.parametrize(
    "changes",
    [
        {"attributes": {"inplace": True}},
        {"kind": "unknown"},
        {"kind": "lambda"},
        {"kind": "constant", "inputs": ()},
    ],
)
def test_branches_that_may_have_an_effect_are_left_alone(changes: dict[str, Any]) -> None:
    assert only(branched(**changes), "AE101") == []


def test_a_name_that_is_used_again_later_hides_nothing() -> None:
    (finding,) = diagnose(branched(variable="norm", overwritten=place(9)))
    assert finding.code == "AE101"
    assert finding.fix is not None


def test_a_name_that_is_given_to_what_should_have_read_it() -> None:
    (finding,) = diagnose(branched(variable="norm", overwritten=place(4)))
    assert finding.code == "AE103"
    assert finding.message == (
        "result of `norm` (Bn) is overwritten in row 4 before anything reads it; "
        "the Relu that is assigned there takes `x`"
    )
    assert finding.fix is not None
    assert [(edit.place, edit.text) for edit in finding.fix.edits] == [(place(4, 10, 11), "norm")]


def test_the_next_turn_of_a_loop_overwrites_nothing() -> None:
    (finding,) = diagnose(branched(variable="norm", overwritten=place(3), place=place(3)))
    assert finding.code == "AE101"


def test_a_branch_of_arithmetic_is_a_warning() -> None:
    (finding,) = only(branched(kind="reshape"), "AE101")
    assert finding.severity == "warning"


def test_a_branch_that_another_model_uses_is_not_dead() -> None:
    subject = branched(variable="norm")
    other = chain(("conv", {}), ("bn", {}), name="features")
    assert only(replace(subject, graphs=(*subject.graphs, other)), "AE101") == []


def test_a_branch_that_a_loss_reads_is_not_dead() -> None:
    subject = branched(variable="norm")
    training = Training(graph="model", losses=(LossTerm(kind="mse", graph="model", output="bn"),))
    assert only(replace(subject, trainings=(training,)), "AE101") == []


def test_a_snippet_without_its_end_may_have_several_outputs() -> None:
    graph = branched(variable="norm").graphs[0]
    loose = Subject(source="model.py", text="", loose=(graph,))
    assert len(only(loose, "AE101")) == 1
    two_heads = branched(kind="relu", variable="other").graphs[0]
    dense = replace(two_heads.nodes[2], kind="dense")
    parallel = replace(two_heads, nodes=(*two_heads.nodes[:2], dense, replace(two_heads.nodes[3], kind="dense")))
    assert only(Subject(source="model.py", text="", loose=(parallel,)), "AE101") == []


def test_a_loop_is_named_once() -> None:
    subject = branched(variable="norm")
    graph = subject.graphs[0]
    again = replace(graph.nodes[2], name="bn_again", inputs=("relu",))
    tail = Node(name="end", kind="relu", title="ReLU", inputs=("relu",), shape=(), section="decoder", place=place(4))
    looped = replace(graph, nodes=(*graph.nodes, again, tail), output="end")
    assert len(only(replace(subject, graphs=(looped,)), "AE101")) == 1


def test_problems_of_front_ends_are_reported_by_their_rules() -> None:
    problems = tuple(
        Problem(rule=code, message=f"says {code}", place=place(1))
        for code in ("AE001", "AE002", "AE003", "AE102", "AE103", "AE106", "AE201")
    )
    found = diagnose(Subject(source="model.py", text="", problems=problems))
    assert [(finding.code, finding.message) for finding in found] == [(p.rule, p.message) for p in problems]
    assert all(finding.remedy for finding in found)


def blocked(*after: tuple[str, dict[str, Any]], **changes: Any) -> ModelGraph:
    cut = ("arithmetic", {"title": "detach", "name": "cut", "blocks_gradient": True, **changes})
    first = ("conv", {"num_trainable": 9, "name": "first", "variable": "h"})
    second = ("conv", {"num_trainable": 9, "name": "second"})
    return chain(first, second, cut, OUT, *after)


def test_what_lies_before_a_cut_is_never_trained() -> None:
    graph = blocked()
    nodes = (*graph.nodes[:2], replace(graph.nodes[2], section="decoder"), *graph.nodes[3:])
    (finding,) = only(Subject(source="model.py", text="", graphs=(replace(graph, nodes=nodes),)), "AE106")
    assert finding.severity == "error"
    assert "`h` and `Conv` in row 3 are never trained" in finding.message


def test_an_encoder_that_is_cut_off_as_a_whole_may_be_meant() -> None:
    graph = blocked(title="no_grad")
    (finding,) = only(Subject(source="model.py", text="", graphs=(graph,)), "AE106")
    assert finding.severity == "warning"


def test_frozen_layers_and_another_way_for_the_gradient_are_fine() -> None:
    graph = blocked()
    frozen = tuple(
        replace(node, is_trainable=False) if node.name in ("first", "second") else node for node in graph.nodes
    )
    assert only(Subject(source="model.py", text="", graphs=(replace(graph, nodes=frozen),)), "AE106") == []
    around = replace(graph.nodes[-1], inputs=("cut", "second"))
    graph = replace(graph, nodes=(*graph.nodes[:-1], around))
    assert only(Subject(source="model.py", text="", graphs=(graph,)), "AE106") == []


def test_a_loss_on_the_features_trains_what_the_output_does_not() -> None:
    graph = blocked()
    subject = trained(graph, LossTerm(kind="mse"), LossTerm(kind="mse", graph="model", output="second"))
    assert only(subject, "AE106") == []


def test_a_head_on_detached_features_is_trained_by_itself_on_purpose() -> None:
    graph = blocked()
    classifier = replace(graph, nodes=(*graph.nodes[:-1], replace(graph.nodes[-1], kind="dense", shape=(10,))))
    assert only(Subject(source="model.py", text="", graphs=(graph,)), "AE106") != []
    assert only(Subject(source="model.py", text="", graphs=(classifier,)), "AE106") == []


@pytest.mark.parametrize(("name", "shape", "found"), [
    ("Net", (32, 32, 3), True), ("ConvVAE", (0, 0, 3), True), ("TextEmbedding", (64,), False), ("Net", (), False),
])  # fmt: skip
def test_only_what_reconstructs_must_depend_on_its_input(name: str, shape: Any, found: bool) -> None:
    graph = chain(("sample", {"inputs": ()}), ("dense", {}), ("sigmoid", {"shape": shape}), origin="torch", name=name)
    assert bool(only(Subject(source="model.py", text="", graphs=(graph,)), "AE110")) == found


def test_codebooks_learn_otherwise() -> None:
    graph = chain(
        ("vq", {"num_trainable": 0, "name": "vq"}),
        ("embedding", {"num_trainable": 512, "name": "codes"}),
        ("arithmetic", {"blocks_gradient": True, "title": "detach"}),
        OUT,
    )
    assert only(Subject(source="model.py", text="", graphs=(graph,)), "AE106") == []


@pytest.mark.parametrize(
    ("term", "found"),
    [
        (LossTerm(kind="mse", text="mse", has_gradient=False), ["E AE107"]),
        (LossTerm(kind="mse", text="mse", is_used=False), ["E AE109"]),
        (LossTerm(kind="mse", text="mse", is_used=False, has_gradient=False), ["E AE109"]),
        (LossTerm(kind="mse", text="mse", reduction="sum"), ["W AE405"]),
        (LossTerm(kind="mse", text="mse", reduction="sum", num_values=3072), []),
        (LossTerm(kind="mse", text="mse", reduction="mean"), []),
    ],
)
def test_terms_of_a_loss(term: LossTerm, found: list[str]) -> None:
    assert codes(trained(chain(CONV, ("relu", {}), OUT), term)) == found


def test_idle_weights() -> None:
    subject = trained(chain(OUT), idle_weights=(IdleWeight(name="self.beta", place=place(7)),))
    (finding,) = only(subject, "AE108")
    assert "`self.beta`" in finding.message
    assert finding.place == place(7)


@pytest.mark.parametrize(
    ("reconstruction", "divergence", "found"),
    [
        (("mean", 1.0, None), ("sum", 1.0, None), True),
        (("mean", 1.0, None), ("image-sum", 1.0, None), True),
        (("sum", 1.0, None), ("mean", -1.0, None), True),
        (("sum", 1.0, None), ("sum", 1.0, None), False),
        (("image-sum", 1.0, None), ("image-sum", 1.0, None), False),
        (("mean", 1.0, None), ("sum", 0.001, None), False),
        (("mean", 1.0, None), ("sum", None, None), False),
        (("mean", 1.0, 784), ("sum", 1.0, None), False),
        (("mean", 1.0, None), ("sum", 1.0, 3072), False),
        (("unknown", 1.0, None), ("sum", 1.0, None), False),
    ],
)
def test_the_balance_of_a_bound(reconstruction: Any, divergence: Any, found: bool) -> None:
    terms = [
        LossTerm(kind=kind, reduction=reduction, weight=weight, num_values=values)
        for kind, (reduction, weight, values) in (("bce", reconstruction), ("kl", divergence))
    ]
    assert bool(only(trained(chain(OUT), *terms), "AE407")) == found  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("last", "loss", "target", "found"),
    [
        ("tanh", "mse", (0, 1), ["E AE401"]),
        ("tanh", "bce", (None, None), ["E AE401"]),
        ("tanh", "mse", (None, None), []),
        ("tanh", "mse", (-1, 1), []),
        ("sigmoid", "bce-logits", (None, None), ["E AE402"]),
        ("sigmoid", "bce", (None, None), []),
        ("sigmoid", "mse", (0, 255), ["E AE603"]),
        ("sigmoid", "mse", (-1, 1), ["E AE409"]),
        ("sigmoid", "mse", (0, 1.0001), []),
        ("sigmoid", "mse", (-2.1, 2.6), ["E AE409"]),
        ("tanh", "mse", (-2.1, 2.6), ["E AE409"]),
        ("conv", "bce", (None, None), ["E AE403"]),
        ("relu", "bce", (None, None), ["E AE403"]),
        ("conv", "bce-logits", (None, None), []),
        ("conv", "mse", (-1, 1), []),
        ("arithmetic", "bce", (0, 1), ["N AE406"]),
        ("lambda", "bce", (None, None), []),
        ("add", "bce", (None, None), []),
        ("softmax", "cross-entropy", (None, None), []),
    ],
)
def test_output_and_loss(last: str, loss: Any, target: tuple[Any, Any], found: list[str]) -> None:
    images = Images(text="y", low=target[0], high=target[1])
    subject = trained(chain(CONV, ("pool", {}), (last, {})), LossTerm(kind=loss), targets=images)
    assert codes(subject) == found


def test_the_output_is_seen_through_a_reshape() -> None:
    graph = chain(CONV, ("sigmoid", {}), ("reshape", {}))
    assert codes(trained(graph, LossTerm(kind="bce-logits"))) == ["E AE402"]


def test_a_term_on_another_output_is_not_confused_with_the_first() -> None:
    graph = chain(CONV, ("pool", {}), ("sigmoid", {"name": "out"}))
    graph = replace(graph, outputs=("conv_2",))
    assert codes(trained(graph, LossTerm(kind="bce-logits"))) == []
    assert codes(trained(graph, LossTerm(kind="bce-logits", output="conv_2"))) == []
    assert codes(trained(graph, LossTerm(kind="bce-logits", output="out"))) == ["E AE402"]


def test_softmax_is_wrong_for_a_reconstruction_only() -> None:
    graph = chain(CONV, ("pool", {}), ("softmax", {}))
    assert codes(trained(graph, LossTerm(kind="mse"), inputs=X, targets=X)) == ["E AE408"]
    assert codes(trained(graph, LossTerm(kind="mse"), inputs=X, targets=replace(X, text="masks"))) == []


@pytest.mark.parametrize(
    ("momentum", "batch", "epochs", "found"),
    [
        (0.99, 1000, 50, ["N AE307"]),
        (0.999, 250, 3, ["W AE307"]),
        (0.99, 500, 50, []),
        (0.9, 1000, 50, []),
        (0.0, 1000, 50, []),
        (0.99, None, 50, []),
        (0.9, 1000, 5, ["W AE604"]),
        (0.9, 1000, None, []),
    ],
)
def test_steps(momentum: float, batch: int | None, epochs: int | None, found: list[str]) -> None:
    graph = chain(CONV, ("relu", {}), ("conv", {}), ("bn", {"attributes": {"momentum": momentum}}), ("relu", {}), OUT)
    subject = trained(graph, LossTerm(kind="mse"), inputs=X, targets=X, batch_size=batch, epochs=epochs)
    assert codes(subject) == found


def test_the_numbers_of_slow_averages() -> None:
    graph = chain(CONV, ("bn", {"attributes": {"momentum": 0.99}}), ("relu", {}), OUT)
    (finding,) = only(trained(graph, inputs=X, batch_size=1000, epochs=50), "AE307")
    assert (
        "50 steps: after the first epoch 61% of them are still the initial 0 and 1, after 10 epochs 1%"
        in finding.message
    )
    assert "`momentum=0.95`" in finding.remedy


@pytest.mark.parametrize(
    ("validation", "found"),
    [
        (Images(text="x_test", split="test"), ["W AE601"]),
        (X, ["E AE602"]),
        (Images(text="x_train[45000:]", split="train"), []),
        (Images(text="x_val", split="validation"), []),
        (Images(text="x_val"), []),
        (None, []),
    ],
)
def test_validation(validation: Images | None, found: list[str]) -> None:
    assert codes(trained(chain(OUT), LossTerm(kind="mse"), inputs=X, targets=X, validation=validation)) == found


def test_early_stopping_on_the_test_set_is_said() -> None:
    test = Images(text="x_test", split="test")
    (finding,) = only(trained(chain(OUT), validation=test, chooses_by_validation=True), "AE601")
    assert "they choose which weights are kept" in finding.message


@pytest.mark.parametrize("kind", ["arithmetic", "bn", "lambda"])
def test_a_model_that_scales_its_input_may_be_fed_with_bytes(kind: str) -> None:
    raw = Images(text="x_train", low=0, high=255)
    assert codes(trained(chain((kind, {}), ("relu", {}), OUT), LossTerm(kind="mse"), inputs=raw)) == []
    assert codes(trained(chain(("conv", {}), ("relu", {}), OUT), LossTerm(kind="mse"), inputs=raw)) == ["W AE603"]


def test_labels_as_targets_of_a_classifier_are_right() -> None:
    labels = Images(text="y_train", is_labels=True)
    flat = chain(("dense", {"shape": (10,)}))
    assert codes(trained(flat, LossTerm(kind="mse"), inputs=X, targets=labels)) == []
    assert codes(trained(chain(OUT), LossTerm(kind="mse"), inputs=X, targets=labels)) == ["E AE605"]


@pytest.mark.parametrize(("zeroes", "found"), [(True, []), (None, []), (False, ["E AE606"])])
def test_gradients_that_are_never_zero(zeroes: bool | None, found: list[str]) -> None:
    assert codes(trained(chain(OUT), zeroes_gradients=zeroes)) == found


@pytest.mark.parametrize(
    ("kind", "mode", "found"),
    [
        ("bn", False, ["W AE607"]),
        ("dropout", False, ["W AE607"]),
        ("gn", False, []),
        ("bn", True, []),
        ("bn", None, []),
    ],
)
def test_evaluation_in_training_mode(kind: str, mode: bool | None, found: list[str]) -> None:
    graph = chain(CONV, (kind, {}), ("relu", {}), OUT)
    assert codes(trained(graph, evaluation=place(50), evaluates_in_evaluation_mode=mode)) == found


def test_every_rule_keeps_silent_on_nothing() -> None:
    for rule in all_rules().values():
        assert list(rule.check(Subject(source="model.py", text=""))) == []
        assert list(rule.check(Subject(source="model.py", text="", graphs=(chain(),)))) == []
