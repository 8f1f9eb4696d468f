"""The walks, purposes, scales and edits that the rules are made of."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_builders import X, chain, place, trained

from diabolo.checks import Images, Subject
from diabolo.checks.rules.shared.edits import replaced_in, set_argument, set_on_line, text_at
from diabolo.checks.rules.shared.purpose import is_autoencoder, is_called_latent
from diabolo.checks.rules.shared.scale import reduction, scales
from diabolo.checks.rules.shared.window import fields_of
from diabolo.graph import Place, build_graph
from diabolo.graph.receptive_field import receptive_fields

CONV = ("conv", {})


@pytest.mark.parametrize(
    ("name", "purpose"),
    [
        ("autoencoder", "likely"), ("ConvAutoEncoder", "likely"), ("my_auto_encoder", "likely"), ("VAE", "likely"),
        ("ConvVAE", "likely"), ("conv_ae", "likely"), ("AEModel", "likely"), ("ae2", "likely"),
        ("maestro", "no"), ("UNet", "no"), ("FCAE", "likely"), ("MAESTRO", "no"), ("aerial_net", "no"), ("model", "no"),
        ("Caesar", "no"),
    ],
)  # fmt: skip
def test_a_name_says_that_a_model_is_an_autoencoder(name: str, purpose: str) -> None:
    graph = chain(CONV, name=name)
    assert is_autoencoder(Subject(source="model.py", graphs=(graph,)), graph) == purpose


@pytest.mark.parametrize(
    ("inputs", "targets", "purpose"),
    [
        ("x_train", "x_train", "certain"),
        ("x_train [:100]", "x_train[:100]", "certain"),
        ("x_train_noisy", "x_train", "certain"),
        ("corrupted(x)", "x", "certain"),
        ("x_train", "masks", "no"),
        ("x_low", "x_high", "no"),
        ("x_train", "noisy_labels", "no"),
    ],
)
def test_a_training_says_more_than_a_name(inputs: str, targets: str, purpose: str) -> None:
    graph = chain(CONV, name="autoencoder")
    subject = trained(graph, inputs=Images(text=inputs), targets=Images(text=targets))
    assert is_autoencoder(subject, graph) == purpose


def test_labels_are_no_reconstruction() -> None:
    graph = chain(CONV, name="autoencoder")
    subject = trained(graph, inputs=X, targets=replace(X, is_labels=True))
    assert is_autoencoder(subject, graph) == "no"


def test_a_line_is_always_an_autoencoder() -> None:
    graph = build_graph("conv16 relu pool | up conv3")
    assert is_autoencoder(Subject(source="conv16", graphs=(graph,)), graph) == "certain"


@pytest.mark.parametrize(("variable", "is_latent"), [
    ("encoded", True), ("z", True), ("self.latent", True), ("z1", True), ("codes", True),
    ("z_mean", False), ("encoder", False), ("x", False), ("bottleneck", False), ("", False),
])  # fmt: skip
def test_some_names_are_the_latent_s(variable: str, is_latent: bool) -> None:
    assert is_called_latent(chain(("conv", {"variable": variable})).nodes[1]) == is_latent


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "conv4",
                "conv4[k=5]",
                "conv4[k=1]",
                "conv4[k=3 stride=2]",
                "conv4[k=4 stride=2]",
                "conv4[dilation=2]",
                "pool",
                "relu",
            ]
        ),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from(["up", "deconv4", "deconv4[k=3]", "deconv4[k=6]"]),
)
def test_fields_along_the_path_are_those_that_are_followed_position_by_position(encoder: list[str], up: str) -> None:
    halvings = sum("stride=2" in item or item == "pool" for item in encoder)
    decoder = " ".join([f"{up} conv4" for _ in range(halvings)])
    # So large that borders cut nothing off, and a multiple of all strides.
    graph = build_graph(f"{' '.join(encoder)} | {decoder} conv3", (4096, 4096, 3))
    exact = receptive_fields(graph)
    found = fields_of(graph)
    assert found is not None
    assert found == (exact[graph.latent], exact[graph.output])


def test_scales_are_the_products_of_steps_and_growths() -> None:
    graph = build_graph("conv8[stride=4 k=5] relu pool | deconv8 relu up4 conv3", (64, 64, 3))
    assert scales(graph) == (8, 8)
    assert reduction(graph) == 8


def test_a_reshape_hides_the_scale() -> None:
    assert scales(build_graph("pool flatten dense16 | dense768 unflatten[h=16 w=16 c=3] up")) is None
    unknown = chain(("conv", {"attributes": {"stride": (2, 1)}}), ("up", {"attributes": {"size": 2}}))
    assert scales(unknown) is None


TEXT = "x = Conv2D(3, 3, activation='relu',\n           padding='same')(x)\ny = Flatten()(x)\n"
SUBJECT = Subject(source="model.py", text=TEXT)


def test_text_at_a_place() -> None:
    assert text_at(SUBJECT, place(1, 4, 10)) == "Conv2D"
    assert text_at(SUBJECT, Place(source="model.py", row=1, start=17, end=25, end_row=2)) == (
        "activation='relu',\n           padding='same'"
    )
    assert text_at(SUBJECT, place(9)) == ""


def _applied(edit_place: Place, text: str) -> str:
    rows = TEXT.split("\n")
    row = rows[edit_place.row - 1]
    rows[edit_place.row - 1] = row[: edit_place.start] + text + row[edit_place.end :]
    return "\n".join(rows)


def test_an_argument_is_replaced_or_added() -> None:
    end = Place(source="model.py", row=2, start=25, end=25)
    conv = chain(
        ("conv", {"arguments_end": end, "arguments": {"activation": Place(source="model.py", row=1, start=28, end=34)}})
    ).nodes[1]
    replaced = set_argument(SUBJECT, conv, ("activation",), "None")
    added = set_argument(SUBJECT, conv, ("bias", "use_bias"), "False")
    assert replaced is not None
    assert added is not None
    assert "activation=None,\n" in _applied(replaced.place, replaced.text)
    assert "padding='same', use_bias=False)(x)" in _applied(added.place, added.text)


def test_the_first_argument_has_no_comma_before_it() -> None:
    end = Place(source="model.py", row=3, start=12, end=12)
    flatten = chain(("flatten", {"arguments_end": end})).nodes[1]
    edit = set_argument(SUBJECT, flatten, ("name",), "'flat'")
    assert edit is not None
    assert "Flatten(name='flat')(x)" in _applied(edit.place, edit.text)


def test_nothing_is_edited_where_the_place_is_not_known() -> None:
    assert set_argument(SUBJECT, chain(CONV).nodes[1], ("use_bias",), "False") is None
    assert set_on_line(chain(CONV).nodes[1], "bias", "no") is None
    assert replaced_in(SUBJECT, None, [("a", "b")]) is None
    assert replaced_in(SUBJECT, place(1, 4, 10), [("Conv3D", "Conv1D")]) is None


def test_the_first_replacement_that_applies_is_taken() -> None:
    edit = replaced_in(SUBJECT, place(1, 4, 10), [("Conv3D", "X"), ("Conv2D", "Y"), ("Conv", "Z")])
    assert edit is not None
    assert re.fullmatch("Y", edit.text)
