"""Charts: scales, ticks, gaps, thinning, labels; and the other drawings of the page."""

import math
import re

import pytest
from report_builders import DEAD_LINE, make_run, page, pictures, rows

from diabolo.report import ReferencePart
from diabolo.report.bars import draw_bars, draw_distribution, quantiles, result_bars
from diabolo.report.chart import Chart, Series, draw_chart, log_ticks, short_label, spread_apart, ticks
from diabolo.report.curves import draw_curves
from diabolo.report.gather import group_runs, read_run


def chart(*series: Series, **changes: object) -> str:
    fields = {"key": "k", "title": "t", "description": "d", "x_name": "epoch", "y_name": "y", "series": series}
    return draw_chart(Chart(**{**fields, **changes}))


def series(y: list[float], **changes: object) -> Series:
    return Series(**{"label": "one", "number": 0, "x": range(1, len(y) + 1), "y": y, **changes})


def points(svg: str, number: int = 0) -> list[tuple[float, float]]:
    d = re.findall(r'<path d="([^"]*)" class="line', svg)[number]
    return [(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", d)]


def test_points_lie_where_the_scale_that_the_script_reads_puts_them() -> None:
    svg = chart(series([1.0, 3.0, 2.0]))
    left, top, right, bottom = map(float, re.search(r'data-plot="([^"]*)"', svg)[1].split())
    x0, x1 = map(float, re.search(r'data-x="([^"]*)"', svg)[1].split())
    y0, y1 = map(float, re.search(r'data-y="([^"]*)"', svg)[1].split())

    for (u, v), x, y in zip(points(svg), (1, 2, 3), (1.0, 3.0, 2.0), strict=True):
        assert u == pytest.approx(left + (x - x0) / (x1 - x0) * (right - left), abs=0.01)
        assert v == pytest.approx(bottom - (y - y0) / (y1 - y0) * (bottom - top), abs=0.01)


def test_logarithmic_axis_has_equal_steps_for_equal_factors_and_gaps_where_it_must() -> None:
    svg = chart(series([1.0, 0.1, 0.01, -1.0, 0.0, 0.001]), is_log=True)
    v = [y for _, y in points(svg)]

    assert v[1] - v[0] == pytest.approx(v[2] - v[1], abs=0.02)
    assert len(v) == 3 + 2  # a lone last point is drawn as a dot
    assert re.search(r'class="line[^>]*', svg) is not None


@pytest.mark.parametrize("y", [[], [math.nan], [math.inf, math.nan]])
def test_nothing_finite_is_said_in_words(y: list[float]) -> None:
    assert "no finite value" in chart(series(y))


@pytest.mark.parametrize("y", [[5.0], [0.0, 0.0], [1e300, -1e300], [1e-12, 2e-12], [7.0] * 3])
def test_degenerate_values_are_drawn_with_finite_coordinates(y: list[float]) -> None:
    svg = chart(series(y))

    assert points(svg)
    assert "nan" not in svg
    assert "inf" not in svg


def test_ticks_are_round_and_inside() -> None:
    assert ticks(0.5474, 0.663) == pytest.approx([0.55, 0.575, 0.6, 0.625, 0.65])
    assert ticks(1, 50, whole=True) == [10, 20, 30, 40, 50]
    assert ticks(1, 3, whole=True) == [1, 2, 3]
    assert log_ticks(0.0095, 0.12) == [0.01, 0.02, 0.05, 0.1]
    assert log_ticks(1e-6, 1.0) == [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0]


def test_long_curve_is_thinned_and_keeps_its_peak() -> None:
    y = [math.sin(index / 50) for index in range(10_000)]
    y[7777] = 9.0
    drawn = points(chart(series(y)))

    assert 300 < len(drawn) < 500
    peak = min(drawn, key=lambda point: point[1])
    assert peak[1] < sorted(v for _, v in drawn)[1] - 50


def test_bad_first_epochs_are_cut_with_a_note_and_late_ones_are_not() -> None:
    falling = [50.0, 1.2, *(1.0 - 0.001 * index for index in range(30))]

    assert "↑ first epochs up to 50" in chart(series(falling), better="lower")
    assert "first epochs" not in chart(series(falling[::-1]), better="lower")
    assert "first epochs" not in chart(series(falling))


def test_labels_that_would_overlap_are_moved_apart() -> None:
    assert spread_apart([10, 10, 10], 5, 0, 100) == [10, 15, 20]
    assert spread_apart([99, 99], 5, 0, 100) == [95, 100]
    assert spread_apart([], 5, 0, 100) == []


def test_names_of_one_beginning_show_what_differs() -> None:
    both = ["method-2, fused", "method-2, plain", "a very long name, fused"]

    assert [short_label(label, both) for label in both] == ["fused", "plain", "a very long…"]
    assert short_label("method-2", both) == "method-2"


def test_band_goes_from_the_lowest_seed_to_the_highest(tmp_path) -> None:
    shifts = (0.0, 1.0, 0.4)
    paths = [make_run(tmp_path / str(seed), rows(4, shift=shift), seed=seed) for seed, shift in enumerate(shifts)]
    drawn = draw_curves(group_runs([read_run(path) for path in paths])[0])

    assert [one.key for one in drawn] == ["loss", "excess", "psnr"]
    assert drawn[2].svg.count('class="band') == 1
    means = [row[1] for row in drawn[2].table.rows]
    expected = [sum(rows(4, shift=shift)[epoch].val_psnr for shift in shifts) / 3 for epoch in range(4)]
    assert means == pytest.approx(expected, abs=1e-12)  # sums of three doubles


def test_seeds_that_diverged_leave_a_curve_of_the_others(tmp_path) -> None:
    good, bad = rows(4), rows(4, val_psnr=math.nan)
    paths = [make_run(tmp_path / "0", good), make_run(tmp_path / "1", bad[:2], seed=1)]
    drawn = draw_curves(group_runs([read_run(path) for path in paths])[0])

    assert [row[1] for row in drawn[2].table.rows] == [row.val_psnr for row in good]


def test_long_table_is_thinned_and_says_so(tmp_path) -> None:
    drawn = draw_curves(group_runs([read_run(make_run(tmp_path / "0", rows(1000)))])[0])
    shown = [row[0] for row in drawn[0].table.rows]

    assert len(shown) <= 61
    assert (shown[0], shown[-1]) == (1, 1000)
    assert drawn[0].table.left_out == 1000 - len(shown)


def test_results_stand_in_order_beside_references(tmp_path) -> None:
    models = page(
        make_run(tmp_path / "a"), make_run(tmp_path / "b", name="b", line=DEAD_LINE, test={"psnr": 20.0})
    ).models
    references = [
        ReferencePart(title="PCA", psnr=34.8),
        ReferencePart(title="unknown"),
        ReferencePart(title="nan", psnr=math.nan),
    ]
    bars = result_bars(models, references)

    assert [bar.label for bar in bars] == ["PCA", "method-2", "b"]
    assert draw_bars(bars).count("dot-reference") == 2  # stem and dot
    assert draw_bars([]) == ""


def test_quantiles_are_numpys() -> None:
    numpy = pytest.importorskip("numpy")
    values = numpy.random.default_rng(5).normal(25, 2, 137).tolist()

    assert quantiles(values) == pytest.approx(numpy.quantile(values, [0.05, 0.25, 0.5, 0.75, 0.95]).tolist(), abs=1e-12)
    assert quantiles([3.0]) == (3.0,) * 5


def test_distribution_is_in_percent_and_sums_to_all(tmp_path) -> None:
    import dataclasses

    model = dataclasses.replace(page(make_run(tmp_path / "a")).models[0], pictures=pictures())
    svg = draw_distribution([model])
    _, top, _, bottom = map(float, re.search(r'data-plot="([^"]*)"', svg)[1].split())
    y0, y1 = map(float, re.search(r'data-y="([^"]*)"', svg)[1].split())
    shares = [y0 + (bottom - v) / (bottom - top) * (y1 - y0) for _, v in points(svg)[1:-1:2]]

    assert sum(shares) == pytest.approx(100, abs=0.5)  # coordinates have two decimals
    assert draw_distribution([dataclasses.replace(model, pictures=None)]) == ""
