"""The drawing of a line: what a reader must find in it, for any line of the notation."""

import itertools
import re
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from report_builders import DEAD_LINE, LINE

from diabolo.errors import LineError, ShapeError
from diabolo.graph import build_graph
from diabolo.notation import parse
from diabolo.report import draw_line
from diabolo.report.hourglass_rows import MAX_ROWS_A_SIDE, drawing_rows
from diabolo.zoo import zoo

LINES = {
    "linear": "unshuffle4 conv16 | conv48 shuffle4",
    "dense waist": "conv8[stride=2] relu flatten dense32 | dense2048 unflatten[h=16 w=16 c=8] up conv3 sigmoid",
    "variational": "conv8 relu pool flatten | gaussian16 | dense2048 unflatten conv8 up conv3 sigmoid",
    "discrete": "conv8 relu pool | fsq[levels=8,8,8,8,8,8,8,8] | up conv3 sigmoid",
    "blocks": "conv16 3*res{conv16 relu conv16} relu res[skip=conv]{conv32[stride=2]} | up conv3 sigmoid",
    "growing": "2*{conv8 relu pool} | 2*{up conv8} conv3",
    "dead groups": "conv8 (2*{conv4 relu} res{conv4}) relu (bn) pool | (flatten dense4) up conv3 sigmoid",
    "nested": "conv8 2*res{conv8 3*{relu res{conv8 2*{gelu conv8}}}} | conv8 conv3",
}


def texts(svg: str) -> list[str]:
    return ["".join(found.itertext()) for found in ElementTree.fromstring(svg).iter() if found.tag.endswith("}text")]


def boxes(svg: str, style: str) -> list[ElementTree.Element]:
    return [found for found in ElementTree.fromstring(svg).iter() if found.get("class") == style]


@pytest.mark.parametrize("line", [*LINES.values(), *(model.line for model in zoo().values())])
def test_any_line_is_drawn_inside_its_frame_with_every_word_once(line: str) -> None:
    svg = draw_line(line, name="x")
    root = ElementTree.fromstring(svg)
    _, _, width, height = map(float, root.get("viewBox", "").split())

    for found in root.iter():
        if found.tag.endswith("}rect") and found.get("class") != "hg-paper":
            x, y = float(found.get("x", "nan")), float(found.get("y", "nan"))
            assert 0 <= x <= x + float(found.get("width", "nan")) <= width
            assert 0 <= y <= y + float(found.get("height", "nan")) <= height
        if found.tag.endswith("}text"):
            assert 0 <= float(found.get("x", "nan")) <= width
            assert 0 <= float(found.get("y", "nan")) <= height
    shapes = {"×".join(map(str, node.shape)) for node in build_graph(line).layers if len(node.shape) == 3}
    drawn = " ".join(texts(svg))
    assert all(shape in drawn for shape in shapes if shape.count("×") == 2)
    assert len(boxes(svg, "hg-latent")) == 1 + bool(parse(line).bottleneck)


_LAYERS = st.sampled_from(("conv3", "conv3[k=5]", "relu", "bn", "dropout[p=0.25]", "gn3"))  # none changes the shape
_ITEMS = st.recursive(
    _LAYERS,
    lambda inner: st.builds(
        lambda items, form: form.format(" ".join(items)),
        st.lists(inner, min_size=1, max_size=3),
        st.sampled_from(
            (
                "({})",
                "{{{}}}",
                "3*{{{}}}",
                "res{{{}}}",
                "12*res{{{}}}",
                "res[skip=conv]{{{}}}",
                "res[skip=conv k=3]{{{}}}",
            )
        ),
    ),
    max_leaves=8,
)


@given(st.lists(_ITEMS, min_size=1, max_size=4), st.lists(_ITEMS, max_size=3), st.lists(_ITEMS, min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_nested_blocks_repeats_and_branches_are_drawn(first: list[str], middle: list[str], last: list[str]) -> None:
    line = " | ".join(" ".join(part) for part in (first, middle, last) if part)
    try:
        graph = build_graph(line)
    except ShapeError:  # it writes out to too many layers
        assume(False)
    rows, brackets = drawing_rows(parse(line), graph)
    svg = draw_line(line)

    ElementTree.fromstring(svg)
    assert all(0 <= bracket.first <= bracket.last < len(rows) for bracket in brackets)
    words = [word for row in rows for word in row.words if row.kind not in ("image", "more")]
    written = re.sub(r"\d+\*|res(\[skip=conv( k=3)?\])?|[{}()|]", " ", line).split()
    assert sorted(" ".join(words).replace("(", " ").replace(")", " ").split()) == sorted(written) or any(
        row.kind in ("side", "more") for row in rows
    )


def test_bar_is_as_wide_as_its_map_and_as_thick_as_its_channels() -> None:
    bars = boxes(draw_line(LINE), "hg-bar")
    wide, thick = ([float(bar.get(side, "nan")) for bar in bars] for side in ("width", "height"))

    assert [round(value / wide[0], 2) for value in wide] == [1, 1, 0.57, 0.33, 0.57, 1, 1]  # (side / 32) ** 0.8
    assert max(thick) == thick[1]  # 64 channels
    assert thick[2] == thick[3] < thick[4]  # 16, 16, 32


def test_dead_branches_are_dashed_and_explained() -> None:
    svg = draw_line(DEAD_LINE)

    assert len([box for box in boxes(svg, "hg-dead") if box.tag.endswith("}rect")]) == 4
    assert "stroke-dasharray" in svg.split(".hg-dead{")[1].split("}")[0]
    assert texts(svg)[-1] == "dashed: built and called, its result dropped"
    assert "4 layers are built, and the result is never used." in svg
    assert "dashed" not in " ".join(texts(draw_line(LINE)))


def test_repeats_of_one_shape_are_drawn_once_with_their_number() -> None:
    once, often = draw_line("conv8 res{conv8 relu} | conv3"), draw_line("conv8 90*res{conv8 relu} | conv3")

    assert "90 ×" in texts(often)
    assert len(boxes(often, "hg-bar")) == len(boxes(once, "hg-bar"))


def test_repeats_of_different_shapes_are_written_out() -> None:
    drawn = texts(draw_line(LINES["growing"]))

    assert [text for text in drawn if text in ("pool", "up")] == ["pool", "pool", "up", "up"]
    assert not any("×" in text and text.endswith(" ×") for text in drawn)


def test_shapes_of_rows_are_those_of_the_graph() -> None:
    for line in LINES.values():
        graph = build_graph(line)
        rows, _ = drawing_rows(parse(line), graph)
        latent = [row.shape for row in rows if row.kind == "latent"]
        assert latent == [graph.latent_shape]
        assert rows[-1].shape == rows[0].shape == graph.input_shape
        for before, after in itertools.pairwise(rows):
            assert after.before == before.shape


def test_deep_network_leaves_out_its_middle_and_says_so() -> None:
    line = "conv8 " + " ".join(f"conv{8 + index % 2} relu" for index in range(2000)) + " | conv3"
    svg = draw_line(line)

    assert f"… {2001 - MAX_ROWS_A_SIDE + 1:,} more rows" in texts(svg)  # and the image
    assert len(svg) < 100_000


def test_words_are_wrapped_not_cut() -> None:
    drawn = "".join(texts(draw_line("conv64[k=5 stride=1 dilation=2 groups=1 bias=no] leaky[slope=0.123456] | conv3")))

    for word in ("conv64[k=5", "dilation=2", "bias=no]", "leaky[slope=0.123456]"):
        assert word in drawn


def test_name_is_text_and_ids_have_their_prefix() -> None:
    svg = draw_line(LINE, name='<script>&"\x00\ud800', prefix="second")

    assert "<script>" not in svg
    assert (
        ElementTree.fromstring(svg)[0].text == 'Drawing of <script>&"\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}'
    )
    assert set(re.findall(r'id="([^"]*)"', svg)) == {"second-title", "second-desc"}


def test_drawing_of_a_page_brings_no_style() -> None:
    assert "<style" in draw_line(LINE)
    assert "<style" not in draw_line(LINE, standalone=False)


def test_wrong_line_is_refused_as_everywhere() -> None:
    with pytest.raises(LineError, match="unknown layer `con64`"):
        draw_line("con64 | conv3")
