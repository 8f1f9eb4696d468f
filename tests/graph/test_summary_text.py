"""The summary and the messages of the graph, as users read them; the numbers of the question, to the letter."""

import json
import subprocess
import sys

import pytest

from diabolo.errors import DiaboloError, LineError, ShapeError
from diabolo.graph import ModelGraph, build_graph, keras_shape, measure, summarise
from diabolo.notation import Group, Layer, Spec, parse
from diabolo.zoo import zoo

VQ = "conv32 relu pool 2*res{conv32 relu conv32} pool | vq256 | conv32 relu up (bn) conv32 relu up conv3 sigmoid"


@pytest.mark.parametrize("name", ["method-1", "method-2"])
def test_summary_of_the_questions_models(name: str, snapshot) -> None:
    assert str(summarise(build_graph(zoo()[name].line))) == snapshot


def test_grey_images_for_a_model_of_colours_and_the_reverse() -> None:
    with pytest.raises(ShapeError, match=r"or give it images of 3 channels: `--channels 3` for a folder"):
        build_graph("conv8 pool | up conv3 sigmoid", (32, 32, 1))
    with pytest.raises(ShapeError, match=r"or give it images of 1 channel: `--channels 1` for a folder"):
        build_graph("conv8 pool | up conv1 sigmoid", (32, 32, 3))
    with pytest.raises(ShapeError) as error:
        build_graph("conv8 pool | up conv4 sigmoid", (32, 32, 3))
    assert "--channels" not in str(error.value)


def test_summary_with_a_discrete_bottleneck(snapshot) -> None:
    assert str(summarise(build_graph(VQ))) == snapshot


def test_summary_for_machines(snapshot) -> None:
    facts = summarise(build_graph("conv8 relu pool (bn) | fsq[levels=4,4,4,4,4,4,4,4] | up conv3")).to_dict()
    assert json.loads(json.dumps(facts)) == json.loads(json.dumps(facts, allow_nan=False))
    assert facts == snapshot


def test_summary_in_a_notebook_is_escaped() -> None:
    page = summarise(build_graph(zoo()["method-1"].line))._repr_html_()
    assert page.startswith("<pre")
    assert "Total params:         18,851" in page


@pytest.mark.parametrize(
    ("name", "trainable", "kept", "unconnected"),
    [
        ("method-1", 18_851, 0, ["bn_1", "bn_2", "bn_3", "bn_4"]),
        ("method-2", 19_107, 256, []),
        ("pool-bn", 19_107, 256, []),
        ("bn-relu", 19_107, 256, []),
    ],
)
def test_the_numbers_of_the_question(name: str, trainable: int, kept: int, unconnected: list[str]) -> None:
    graph = build_graph(zoo()[name].line)
    summary = summarise(graph).to_dict()
    assert summary["total_params"] == trainable + kept
    assert summary["trainable_params"] == trainable
    assert summary["non_trainable_params"] == kept
    assert summary["unconnected"] == unconnected
    assert summary["latent_shape"] == [8, 8, 16]
    assert summary["latent_values"] == 1024
    assert summary["compression_ratio"] == 3
    assert round(summary["macs"] / 1e6, 2) == 6.34
    assert summary["line"] == str(parse(zoo()[name].line))


WRONG_SHAPES = {
    "decoder: other channels": ("conv8 pool | up conv4", (32, 32, 3)),
    "decoder: one up too few": ("conv8 pool pool | up conv3", (32, 32, 3)),
    "decoder: several up too few": ("conv8 3*pool | conv3", (32, 32, 3)),
    "decoder: one up too many": ("conv8 pool | up up conv3", (32, 32, 3)),
    "decoder: several up too many": ("conv8 | up4 conv3", (32, 32, 3)),
    "decoder: flat": ("flatten dense8 | dense3072", (32, 32, 3)),
    "decoder: pooling rounds up": ("conv8 3*pool | 3*up conv3", (28, 28, 3)),
    "decoder: stride rounds up": ("pool conv8[stride=3] | up6 conv3", (32, 32, 3)),
    "decoder: not padded": ("conv8[pad=valid] | conv3", (32, 32, 3)),
    "decoder: other factors": ("unshuffle4 conv8 | up3 conv3", (32, 32, 3)),
    "convolution behind flatten": ("flatten conv8 | conv3", (32, 32, 3)),
    "pool behind flatten": ("flatten pool | conv3", (32, 32, 3)),
    "dense without flatten": ("conv8 dense64 | conv3", (32, 32, 3)),
    "unflatten of a map": ("unflatten[h=4 w=4 c=2] | conv3", (32, 32, 3)),
    "unflatten without flatten": ("conv8 | unflatten conv3", (32, 32, 3)),
    "unflatten of another number": ("conv8 pool flatten dense64 | unflatten up conv3", (32, 32, 3)),
    "kernel larger than the map": ("conv8[k=7 pad=valid] | conv3", (5, 9, 3)),
    "input groups": ("conv8[groups=2] | conv3", (32, 32, 3)),
    "output groups": ("conv8[groups=3] | conv3", (32, 32, 3)),
    "normalisation groups": ("conv12 gn | conv3", (32, 32, 3)),
    "kernel smaller than the stride": ("deconv8[k=2 stride=4] pool4 | conv3", (32, 32, 3)),
    "kernel smaller than a large stride": ("deconv8[stride=60] | conv3", (32, 32, 3)),
    "shuffle": ("shuffle conv8 | conv3", (32, 32, 3)),
    "unshuffle": ("unshuffle3 conv8 | conv3", (32, 32, 3)),
    "fsq on a map": ("conv8 | fsq | conv3", (32, 32, 3)),
    "fsq on values": ("flatten dense8 | fsq | dense3072 unflatten", (32, 32, 3)),
    "res changes channels": ("res{conv8 relu} | conv3", (32, 32, 3)),
    "res changes the number of values": ("flatten res{dense8} | conv3", (32, 32, 3)),
    "res changes size to no multiple": ("res[skip=conv]{up conv8} | conv3", (32, 32, 3)),
    "res to values": ("res[skip=conv]{flatten dense8} | conv3", (32, 32, 3)),
    "too many values": ("up64 up64 up64 | conv3", (32, 32, 3)),
    "too many layers": ("1000*{1000*{relu}} | conv3", (32, 32, 3)),
}


def test_messages(snapshot) -> None:
    messages = {}
    for name, (line, shape) in WRONG_SHAPES.items():
        with pytest.raises(ShapeError) as caught:
            build_graph(line, shape)
        messages[name] = str(caught.value)
    assert "\n\n".join(f"# {name}\n{message}" for name, message in messages.items()) == snapshot


@pytest.mark.parametrize("shape", [(32, 32), (0, 32, 3), (32, -1, 3), (32, 32, 3.0), (), "abc"])
def test_images_of_no_shape(shape) -> None:
    with pytest.raises(DiaboloError, match=r"`input_shape` must be \(height, width, channels\)"):
        build_graph("conv8 | conv3", shape)


def shapes(line: str, shape: tuple[int, int, int] = (32, 32, 3)) -> list[tuple[str, tuple[int, ...]]]:
    return [(node.name, node.shape) for node in build_graph(line, shape).nodes]


def test_repeats_are_written_out_and_numbered() -> None:
    assert shapes("2*{conv4 3*relu} | conv3") == [
        ("input", (32, 32, 3)), ("conv_1", (32, 32, 4)), ("relu_1", (32, 32, 4)), ("relu_2", (32, 32, 4)),
        ("relu_3", (32, 32, 4)), ("conv_2", (32, 32, 4)), ("relu_4", (32, 32, 4)), ("relu_5", (32, 32, 4)),
        ("relu_6", (32, 32, 4)), ("conv_3", (32, 32, 3)),
    ]  # fmt: skip


def test_a_side_branch_reads_what_the_next_layer_reads() -> None:
    graph = build_graph("conv4 (bn (up) relu) pool | up conv3")
    reads = {node.name: node.inputs for node in graph.nodes[1:]}
    assert reads["bn_1"] == reads["pool_1"] == ("conv_1",)
    assert reads["up_1"] == reads["relu_1"] == ("bn_1",)
    assert [node.name for node in graph.unconnected] == ["bn_1", "up_1", "relu_1"]
    assert {node.name for node in graph.consumers("conv_1")} == {"bn_1", "pool_1"}


def test_residual_blocks_add_their_input_or_its_convolution() -> None:
    graph = build_graph("conv4 res{relu} res[skip=conv]{conv8[stride=3]} pool3 | up3 up3 conv3", (27, 27, 3))
    assert graph["add_1"].inputs == ("conv_1", "relu_1")
    assert graph["add_2"].inputs == ("conv_3", "conv_2")
    assert graph["conv_3"].inputs == ("add_1",)
    assert graph["conv_3"].shape == (9, 9, 8)
    assert (graph["conv_3"].attributes["k"], graph["conv_3"].attributes["stride"]) == (1, 3)


def test_a_skip_convolution_rounds_odd_sizes_up_as_its_branch_does() -> None:
    graph = build_graph("(res[skip=conv]{conv8[stride=2]} pool) | relu", (5, 7, 3))
    assert graph["conv_2"].shape == graph["conv_1"].shape == (3, 4, 8)


def test_unflatten_goes_back_to_the_last_map_whatever_lies_between() -> None:
    line = "pool flatten dense10 (flatten) flatten | dense768 (unflatten) unflatten up"
    assert build_graph(line)["unflatten_2"].shape == (16, 16, 3)
    inside = "pool flatten (unflatten pool flatten) dense10 | dense768 unflatten up"
    assert build_graph(inside)["unflatten_2"].shape == (16, 16, 3)
    assert build_graph("conv16 4*pool flatten | unflatten[h=1] 3*up conv3 (conv3) up", (16, 16, 3)).output


def test_sections_and_places() -> None:
    line = "conv8  (bn) | vq | res{conv8} conv3"
    graph = build_graph(line)
    assert {node.name: node.section for node in graph.nodes} == {
        "input": "input", "conv_1": "encoder", "bn_1": "encoder", "vq_1": "bottleneck",
        "conv_2": "decoder", "add_1": "decoder", "conv_3": "decoder",
    }  # fmt: skip
    written = {node.name: line[node.place.start : node.place.end] for node in graph.nodes if node.place is not None}
    assert written["bn_1"] == "bn"
    assert written["add_1"] == "res{conv8}"
    assert graph.latent == "vq_1"


@pytest.mark.parametrize(
    ("line", "bits"),
    [
        ("conv8 4*pool | conv3 4*up", None),
        ("conv8 4*pool | vq16 | conv3 4*up", 4 * 4.0),
        ("conv8 4*pool | vq16 res{conv8} | conv3 4*up", 4 * 4.0),
        ("conv8 pool vq16 3*pool vq4 | conv8 vq1024 4*up conv3", 4 * 2.0),
        ("conv8 4*pool | res{vq16} | conv3 4*up", None),
        ("conv8 4*pool (vq2) | vq16 | conv3 4*up", 4 * 4.0),
        ("conv8 4*pool | res{vq16 relu vq2} vq8 | conv3 4*up", 4 * 3.0),
        ("4*pool | conv3 4*up fsq[levels=4,4,4]", 1024 * 6.0),
    ],
)
def test_bits_count_where_nothing_goes_around_the_discrete_bottleneck(line: str, bits: float | None) -> None:
    assert measure(build_graph(line)).latent_bits == bits


def test_bottlenecks_anywhere_keep_sensible_shapes() -> None:
    line = "gaussian6 vq relu flatten vq4 gaussian20 | res{gaussian20} fsq[levels={}] dense6144 unflatten gaussian3"
    graph = build_graph(line.replace("{}", ",".join(["3"] * 20)))
    assert [graph[name].shape for name in ("gaussian_1", "vq_1", "vq_2", "gaussian_2", "fsq_1", "gaussian_4")] == [
        (32, 32, 6), (32, 32, 6), (6144,), (20,), (20,), (32, 32, 3),
    ]  # fmt: skip
    assert graph.latent_shape == (20,)


def test_a_spec_of_a_program_is_placed_on_its_printed_line() -> None:
    spec = Spec(encoder=(Group(kind="res", items=(Layer(kind="conv", count=8),)),), decoder=(Layer(kind="relu"),))
    with pytest.raises(LineError) as caught:
        build_graph(spec)
    assert str(caught.value).splitlines()[1:] == ["    res{conv8} | relu", "    ^^^^^^^^^^"]


def test_an_encoder_of_side_branches_has_the_image_as_its_latent() -> None:
    graph = build_graph("(bn) | conv3")
    assert graph.latent == "input"
    assert measure(graph).compression_ratio == 1


def test_keras_shape() -> None:
    assert keras_shape((32, 32, 3)) == "(None, 32, 32, 3)"
    assert keras_shape((128,)) == "(None, 128)"


def test_consumers_and_connected_of_a_graph_by_hand() -> None:
    graph = build_graph("conv8 (bn) | conv3")
    assert isinstance(graph, ModelGraph)
    assert graph.connected == {"input", "conv_1", "conv_2"}
    assert graph.consumers("conv_2") == ()


def test_reading_a_line_needs_no_torch_no_keras_and_no_numpy() -> None:
    program = (
        "import sys, diabolo.graph, diabolo.zoo, diabolo.notation.reference\n"
        "for model in diabolo.zoo.zoo().values():\n"
        "    assert str(diabolo.graph.summarise(diabolo.graph.build_graph(model.line)))\n"
        "print(sorted({name.split('.')[0] for name in sys.modules} & {'torch', 'keras', 'numpy', 'scipy', 'rich'}))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
