"""The models that come with diabolo, as the doctor sees them: only method-1 has errors, the question's four."""

import pytest

from diabolo.checks import diagnose, read_line
from diabolo.checks.mend import apply
from diabolo.notation import parse
from diabolo.zoo import zoo


@pytest.mark.parametrize("name", [name for name in zoo() if name != "method-1"])
def test_the_zoo_has_no_errors_and_no_warnings(name: str) -> None:
    found = diagnose(read_line(zoo()[name].line))
    assert [(finding.code, finding.message) for finding in found if finding.severity != "note"] == []


def test_method_1_has_its_four_dead_branches() -> None:
    line = zoo()["method-1"].line
    found = [finding for finding in diagnose(read_line(line)) if finding.severity != "note"]
    assert [finding.code for finding in found] == ["AE101"] * 4
    assert [line[finding.place.start - 1 : finding.place.end + 1] for finding in found if finding.place] == ["(bn)"] * 4
    assert [finding.message for finding in found] == [
        f"result of `bn` is never used; `{reader}` takes `relu` instead" for reader in ("pool", "pool", "up", "up")
    ]


def test_mending_method_1_gives_method_2() -> None:
    line = zoo()["method-1"].line
    fixes = [finding.fix for finding in diagnose(read_line(line)) if finding.fix is not None]
    (mended,) = apply(fixes, (line,))
    assert parse(mended) == parse(zoo()["method-2"].line)


def test_a_branch_of_several_layers_is_mended_whole() -> None:
    (found,) = [
        finding
        for finding in diagnose(read_line("conv16 relu (bn tanh) pool | conv16 relu up conv3 sigmoid"))
        if finding.code == "AE101"
    ]
    assert found.message == "result of `tanh` is never used; `pool` takes `relu` instead"
    assert found.fix is not None
    assert apply([found.fix], ("conv16 relu (bn tanh) pool | conv16 relu up conv3 sigmoid",)) == (
        "conv16 relu bn tanh pool | conv16 relu up conv3 sigmoid",
    )


@pytest.mark.parametrize(
    ("line", "mended"),
    [
        (
            "conv16 bn relu pool | conv8 bn up conv3 sigmoid",
            "conv16[bias=no] bn relu pool | conv8[bias=no] bn up conv3 sigmoid",
        ),
        ("conv16[k=5] bn relu pool | up conv3 sigmoid", "conv16[k=5 bias=no] bn relu pool | up conv3 sigmoid"),
        ("conv16[bias=yes k=5] bn relu pool | up conv3", "conv16[bias=no k=5] bn relu pool | up conv3"),
        (
            "2*{conv16 bn relu pool} | 2*{up conv16 relu} conv3",
            "2*{conv16[bias=no] bn relu pool} | 2*{up conv16 relu} conv3",
        ),
    ],
)
def test_biases_before_bn_are_left_out_of_lines(line: str, mended: str) -> None:
    (found,) = [finding for finding in diagnose(read_line(line)) if finding.code == "AE301"]
    assert found.fix is not None
    assert found.fix.is_safe
    assert apply([found.fix], (line,)) == (mended,)
    assert not [finding for finding in diagnose(read_line(mended)) if finding.code == "AE301"]


def test_a_line_of_many_layers_is_checked_in_reasonable_time() -> None:
    from diabolo.graph import build_graph

    line = "500*{conv4 bn relu} pool | up 500*{conv4 relu} conv3 sigmoid"
    assert len(build_graph(line).nodes) > 2500
    found = diagnose(read_line(line))
    assert [finding.code for finding in found if finding.severity == "error"] == []
