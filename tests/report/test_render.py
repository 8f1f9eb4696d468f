"""The page as text: exact numbers, escaped names, nothing from elsewhere, size; and the first sentences."""

import dataclasses
import math
import re
from html import unescape
from pathlib import Path

import pytest
from report_builders import DEAD_LINE, EVIL, RECIPE, make_run, page, pictures, rows
from syrupy.assertion import SnapshotAssertion

from diabolo.report import ReferencePart, VerdictPart, render_report
from diabolo.report.bars import Bar, draw_bars
from diabolo.report.curves import draw_curves
from diabolo.report.formats import number, prose, signed, spread
from diabolo.report.gather import group_runs, read_run
from diabolo.report.spread import Spread
from diabolo.report.verdict import plain_verdict


def said(verdict: VerdictPart) -> str:
    return "\n".join((verdict.headline, *verdict.sentences))


def test_page_asks_for_nothing(tmp_path: Path) -> None:
    html = render_report(page(make_run(tmp_path / "a")))
    without_names = html.replace("http://www.w3.org/2000/svg", "")

    assert not re.search(r"https?://|//[a-z]|@import|url\((?!#)", without_names)
    assert "default-src 'none'" in unescape(html)
    assert html.count("<script") == 1
    assert " style=" not in html
    assert " onload=" not in html


def test_page_is_the_same_for_the_same_runs(tmp_path: Path) -> None:
    content = page(make_run(tmp_path / "a"))

    assert render_report(content) == render_report(content)


def test_names_are_escaped_everywhere(tmp_path: Path) -> None:
    run = make_run(
        tmp_path / EVIL.replace("/", ""),
        name=EVIL,
        command=f"diabolo {EVIL}",
        data={"name": EVIL, "digest": EVIL, "source": EVIL},
        recipe={**RECIPE, "name": EVIL, EVIL: EVIL},
        machine={"processor": EVIL},
        created=EVIL,
        device=EVIL,
    )
    html = render_report(page(run, title=EVIL))

    assert EVIL not in html
    assert "<img src=x" not in html
    assert html.count("&lt;img src=x onerror=") >= 8


@pytest.mark.parametrize("history", [(), rows(1), rows(2, val_psnr=math.nan, val_loss=math.inf, loss=math.nan)])
def test_short_and_broken_histories_make_a_page(tmp_path: Path, history) -> None:
    html = render_report(page(make_run(tmp_path / "a", history, status="diverged", test={})))

    assert not re.search(r' (d|x|y|cx|width|height|points|data-[xy])="[^"]*(nan|inf)', html)
    assert "diverged" in html


def test_extreme_numbers_make_a_page(tmp_path: Path) -> None:
    test = {"psnr": math.inf, "mse": 0.0, "ssim": 1.0, "loss": 1e300, "excess": -1e-9, "num_images": 10000}
    html = render_report(page(make_run(tmp_path / "a", rows(3, val_loss=1e300, images_per_second=1e12), test=test)))

    assert "not finite" in html


def test_many_models_show_the_best_and_list_all(tmp_path: Path) -> None:
    paths = [
        make_run(
            tmp_path / str(index),
            name=f"m{index}",
            line=DEAD_LINE.replace("conv32", f"conv{index + 1}"),
            test={"psnr": 20.0 + index, "mse": 0.01, "ssim": 0.5, "loss": 0.6, "excess": 0.05},
        )
        for index in range(40)
    ]
    html = render_report(page(*paths))

    assert len(re.findall('<svg[^>]* class="hourglass"', html)) == 7
    assert "The 7 best of 40 models by PSNR" in html
    assert all(f"m{index}" in html for index in range(40))
    assert len(html) < 400_000


def test_page_full_of_pictures_stays_small(tmp_path: Path) -> None:
    paths = [make_run(tmp_path / "a"), make_run(tmp_path / "b", line=DEAD_LINE, name="method-1")]
    content = page(*paths)
    models = tuple(
        dataclasses.replace(model, pictures=pictures(index, 24)) for index, model in enumerate(content.models)
    )

    assert len(render_report(dataclasses.replace(content, models=models))) < 3_000_000


def test_models_on_other_images_are_not_mixed_into_the_choice(tmp_path: Path) -> None:
    content = page(make_run(tmp_path / "a"), make_run(tmp_path / "b", line=DEAD_LINE, name="method-1"))
    first, second = content.models
    other = pictures(1)
    moved = tuple(dataclasses.replace(one, original=b"another image") for one in other.choice)
    models = (
        dataclasses.replace(first, pictures=pictures(0)),
        dataclasses.replace(second, pictures=dataclasses.replace(other, choice=moved)),
    )
    html = render_report(dataclasses.replace(content, models=models))

    assert "reconstruction by method-2" in html
    assert "reconstruction by method-1" not in html


@pytest.mark.parametrize(("digest", "stars"), [("sha256:1234", True), ("sha256:5678", False)])
def test_there_is_a_best_only_among_numbers_of_the_same_images(tmp_path: Path, digest: str, stars: bool) -> None:
    images = {"name": "x", "digest": digest, "source": "x", "num_train": 9, "num_validation": 1, "num_test": 2}
    better = {"psnr": 30.0, "mse": 0.001, "ssim": 0.9, "loss": 0.55, "excess": 0.001}
    html = render_report(
        page(
            make_run(tmp_path / "a"),
            make_run(tmp_path / "b", line=DEAD_LINE, name="method-1", data=images, test=better),
        )
    )
    assert ("★ is the best of a column" in html) == stars
    assert ('class="number best"' in html) == stars


def test_a_long_name_is_cut_where_its_bold_letters_end() -> None:
    names = ["method-2, /tmp/some/long/folder", "PCA of 4×4 blocks, 16 of 48"]
    bars = [Bar(label=name, psnr=20.0 + place, deviation=None, is_model=place == 0) for place, name in enumerate(names)]
    shown = re.findall(r'class="bar-name[^"]*">([^<]*)<', draw_bars(bars))
    assert shown[::2] == ["method-2, /tmp/some/lo…", "PCA of 4×4 blocks, 16 of 48"]


def test_values_are_rounded_for_the_eye_and_exact_for_machines() -> None:
    assert number(25.038131653506426, 2) == '<data value="25.038131653506426">25.04</data>'
    assert number(None, 2) == ""
    assert number(-0.00001, 4) == '<data value="-1e-05">−0.0000</data>'
    assert number(math.nan, 2) == '<data value="nan">not finite</data>'
    assert signed(-0.1234) == '<data value="-0.1234">−0.123</data>'
    pair = spread(Spread(mean=25.0, deviation=0.125, num_runs=3), 2)
    assert pair == '<data value="25.0">25.00</data> ± <data value="0.125">0.12</data>'


def test_prose_marks_code_and_escapes() -> None:
    assert prose("take `<b>` & go") == "take <code>&lt;b&gt;</code> &amp; go"
    assert prose("one ` alone <") == "one ` alone &lt;"


def test_first_sentences(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    def models(*paths: Path):
        return group_runs([read_run(path) for path in paths])[0]

    pca = ReferencePart(title="PCA with 1,024 values", psnr=37.93)
    weak = ReferencePart(title="PCA with 8 values", psnr=16.0)
    one = models(make_run(tmp_path / "one"))
    seeds = models(
        *(
            make_run(tmp_path / f"seed{seed}", seed=seed, test={**one[0].runs[0].record.test, "psnr": 25 + seed / 4})
            for seed in range(3)
        )
    )
    tested = {**RECIPE, "validation": "test"}
    cases = {
        "one run": plain_verdict(one, [pca, ReferencePart(title="JPEG", psnr=50.0)]),
        "one run, weak reference": plain_verdict(one, [weak]),
        "validated on test": plain_verdict(models(make_run(tmp_path / "t", recipe=tested)), ()),
        "seeds": plain_verdict(seeds, [pca]),
        "two models": plain_verdict((*one, *models(make_run(tmp_path / "d", name="method-1", line=DEAD_LINE))), ()),
        "running": plain_verdict(models(make_run(tmp_path / "r", status="running", test={})), ()),
        "stopped before an epoch": plain_verdict(models(make_run(tmp_path / "s", (), status="stopped", test={})), ()),
        "diverged": plain_verdict(
            models(make_run(tmp_path / "v", rows(2, val_psnr=math.nan), status="diverged", test={})), ()
        ),
    }
    assert "\n\n".join(f"# {name}\n{said(verdict)}" for name, verdict in cases.items()) == snapshot


@pytest.mark.parametrize(
    ("loss", "name", "unit"),
    [
        ("bce", "binary cross-entropy", "nats a pixel value"),
        ("charbonnier", "Charbonnier loss", "pixel range"),
        ("mse+l1", "1 × mean squared error + 1 × mean absolute error", "1 × squared pixel range + 1 × pixel range"),
    ],
)
def test_charts_say_which_loss_and_its_unit(tmp_path: Path, loss: str, name: str, unit: str) -> None:
    run = make_run(tmp_path / "a", recipe={**RECIPE, "loss": loss})
    charts = {chart.key: chart.svg for chart in draw_curves(page(run).models)}
    assert f">{name}, {unit}</text>" in charts["loss"]
    assert f">{unit}</text>" in charts["excess"]


def test_a_chart_of_an_unknown_loss_is_drawn(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", recipe={**RECIPE, "loss": EVIL})
    html = render_report(page(run))
    assert EVIL not in html


def test_minus_the_psnr_is_not_measured_from_a_lowest_value(tmp_path: Path) -> None:
    run = make_run(tmp_path / "a", recipe={**RECIPE, "loss": "psnr"})
    assert "above the lowest possible" not in said(page(run).verdict)
    assert "above the lowest possible" in said(page(make_run(tmp_path / "b")).verdict)
