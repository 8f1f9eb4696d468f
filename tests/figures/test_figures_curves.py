"""The loss curves: what a reader must find in the figure, for one epoch and for fifty, one model and several."""

from collections.abc import Sequence

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from diabolo.errors import DataError, OutputError
from diabolo.figures import CurveData, curves_figure, draw_curves

LINE = "conv64 relu bn pool conv16 relu bn pool | conv16 relu bn up conv32 relu bn up conv3 sigmoid"
FLOOR = 0.5474


def history(num_epochs: int = 3, *, label: str = "method-2", shift: float = 0.0, **changes: object) -> CurveData:
    epochs = np.arange(1, num_epochs + 1)
    val_loss = FLOOR + 0.009 + shift + 0.12 * np.exp(-(epochs - 1) / 1.5)
    fields = {
        "label": label,
        "line": LINE,
        "epochs": epochs.tolist(),
        "loss": (val_loss - 0.001).tolist(),
        "val_loss": val_loss.tolist(),
        "val_psnr": (25.0 - 10 * np.log10((val_loss - FLOOR) / 0.01)).tolist(),
        "loss_floor": FLOOR,
        "loss_name": "binary cross-entropy",
        "loss_unit": "nats a pixel value",
        "validation_name": "test images",
    }
    return CurveData(**(fields | changes))


def drawn_texts(figure: Figure) -> list[Text]:
    FigureCanvasAgg(figure).draw()
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]


def boxes(figure: Figure) -> list[tuple[str, object]]:
    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    found = []
    for axes in figure.axes:  # tick labels outside the limits of an axis exist, but are not drawn
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            for tick in axis.get_major_ticks():
                if not low <= tick.get_loc() <= high:
                    tick.label1.set_visible(False)
    for text in drawn_texts(figure):
        # Of `Text`, since the extent of an annotation includes its leader line.
        found.append((text.get_text(), Text.get_window_extent(text, renderer)))
    return found


def words(figure: Figure) -> str:
    return "\n".join(text.get_text() for text in drawn_texts(figure))


LONG = "an extraordinarily long name of a model with $a_formula$ in it"
CASES: dict[str, Sequence[CurveData]] = {
    "one epoch": [history(1)],
    "three epochs": [history(3)],
    "fifty epochs": [history(50)],
    "no floor": [history(20, loss_floor=None, loss_name="mean squared error")],
    "three models": [history(50, label=f"model-{number}", shift=number * 1e-5) for number in range(3)],
    "nine models": [history(30, label=f"model-{number}", shift=number * 1e-5) for number in range(9)],
    "long texts": [history(12, label=LONG, line=" ".join([LINE] * 6)), history(5, label="_hidden")],
    "no finite value": [history(3, loss=[np.nan] * 3, val_loss=[np.inf] * 3, val_psnr=[np.nan] * 3)],
    "a flat curve": [history(3, loss=[0.6] * 3, val_loss=[0.6] * 3, val_psnr=[20.0] * 3)],
}


@pytest.mark.parametrize("name", CASES)
def test_no_text_is_cut_off_and_none_overlap(name):
    figure = curves_figure(CASES[name], title="model loss " * (20 if name == "long texts" else 1))
    found = boxes(figure)
    width, height = figure.bbox.width, figure.bbox.height
    for text, box in found:
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= width, text
        assert box.y1 <= height, text
    for index, (text, box) in enumerate(found):
        for other, box_of_other in found[index + 1 :]:
            # Boxes have the full height of the type; a pixel or two of that is empty.
            apart = box.x1 <= box_of_other.x0 or box_of_other.x1 <= box.x0
            apart = apart or box.y1 <= box_of_other.y0 + 2 or box_of_other.y1 <= box.y0 + 2
            assert apart, f"{text!r} lies over {other!r}"


def test_shows_what_the_question_plotted_and_the_floor():
    figure = curves_figure([history(50)])
    loss = figure.axes[0]
    given = history(50)
    curves = {tuple(line.get_ydata()) for line in loss.get_lines()}
    assert tuple(given.loss) in curves
    assert tuple(given.val_loss) in curves
    (floor,) = [line for line in loss.get_lines() if line.get_label() == "floor 0.5474"]
    assert list(floor.get_ydata()) == [FLOOR, FLOOR]
    assert loss.get_ylim()[0] < FLOOR
    assert [text.get_text() for text in loss.get_legend().get_texts()] == ["train", "test images"]
    assert loss.get_xlabel() == "epoch"
    assert loss.get_ylabel() == "binary cross-entropy"
    for needed in ("model loss", "floor 0.5474: a perfect copy", LINE, "PSNR, test images"):
        assert needed in words(figure)


def test_progress_above_the_floor_has_a_logarithmic_panel_of_its_own():
    given = history(50)
    excess = curves_figure([given]).axes[1]
    assert excess.get_yscale() == "log"
    np.testing.assert_allclose(excess.get_lines()[0].get_ydata(), np.array(given.val_loss) - FLOOR)
    assert len(curves_figure(CASES["no floor"]).axes) == 2


def test_first_epochs_do_not_squash_the_rest_and_the_figure_says_so():
    figure = curves_figure([history(50)])
    first = history(50).val_loss[0]
    assert figure.axes[0].get_ylim()[1] < first
    assert f"first epochs up to {first:.4g}" in words(figure)
    everything = curves_figure([history(3)]).axes[0].get_ylim()[1]
    assert everything > history(3).val_loss[0]


def test_a_run_that_diverges_at_the_end_stays_in_view():
    val_loss, val_psnr = history(50).val_loss, history(50).val_psnr
    broken = history(50, val_loss=[*val_loss[:47], 0.9, 1.4, 2.0], val_psnr=[*val_psnr[:47], 9.0, 7.0, 5.0])
    figure = curves_figure([broken])
    assert figure.axes[0].get_ylim()[1] > 2.0
    assert figure.axes[2].get_ylim()[0] < 5.0
    assert "first epochs" not in words(figure)


@pytest.mark.parametrize("num_epochs", [1, 2, 3, 9, 50, 300])
def test_epochs_are_whole_numbers(num_epochs):
    axes = curves_figure([history(num_epochs)]).axes[0]
    low, high = axes.get_xlim()
    ticks = [tick for tick in axes.get_xticks() if low <= tick <= high]
    assert 1 <= len(ticks) <= 10
    assert all(tick == int(tick) for tick in ticks)
    assert low < 1 <= num_epochs < high


def test_few_epochs_have_a_marker_each():
    for num_epochs in (1, 3, 15):
        lines = curves_figure([history(num_epochs)]).axes[0].get_lines()[:2]
        assert [line.get_markevery() for line in lines] == [(0, 1), (0, 1)]


def test_models_differ_by_more_than_colour():
    figure = curves_figure(CASES["nine models"][:7])
    curves = figure.axes[2].get_lines()
    assert len({line.get_marker() for line in curves}) == 7
    assert len({line.get_color() for line in curves}) == 7
    for number in range(7):
        assert f"model-{number} {CASES['nine models'][number].val_psnr[-1]:.2f} dB" in words(figure)
    train, validation = figure.axes[0].get_lines()[:2]
    assert train.is_dashed()
    assert not validation.is_dashed()


def test_epochs_without_a_finite_loss_are_named():
    loss = history(12).loss
    broken = [float("nan") if epoch in (3, 7, 8, 9) else value for epoch, value in enumerate(loss, start=1)]
    figure = curves_figure([history(12, loss=broken)])
    assert "the loss is not a finite number at epochs 3, 7–9." in words(figure)
    assert np.isnan(figure.axes[0].get_lines()[0].get_ydata()[2])


def test_a_name_is_not_read_as_a_formula(tmp_path):
    assert draw_curves([history(3, label=r"$\nonsense{$")], tmp_path / "curves.png").exists()


def test_file(tmp_path):
    target = tmp_path / "new folder" / "curves.png"
    assert draw_curves([history(50)], target) == target
    with Image.open(target) as picture:
        assert picture.format == "PNG"
        assert 1400 <= picture.width <= 2000
        assert 700 <= picture.height <= 1300
        assert picture.info.keys() <= {"dpi"}  # no date, no version
    again = draw_curves([history(50)], tmp_path / "again.png")
    assert again.read_bytes() == target.read_bytes()


def test_users_settings_neither_matter_nor_change(tmp_path):
    import matplotlib

    plain = draw_curves([history(3)], tmp_path / "plain.png").read_bytes()
    with matplotlib.rc_context({"axes.facecolor": "black", "font.size": 30, "savefig.dpi": 40}):
        assert draw_curves([history(3)], tmp_path / "dark.png").read_bytes() == plain
        assert matplotlib.rcParams["font.size"] == 30
        assert matplotlib.rcParams["axes.facecolor"] == "black"


def test_what_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="something on that path"):
        draw_curves([history(3)], tmp_path / "file" / "curves.png")
    with pytest.raises(OutputError, match=r"ends in `\.png`"):
        draw_curves([history(3)], tmp_path / "curves.jpg")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("histories", "message"),
    [
        ([], "at least one history"),
        ([history(3, loss=[1.0])], "different lengths: epochs 3, loss 1"),
        ([history(1, epochs=[], loss=[], val_loss=[], val_psnr=[])], "is empty"),
    ],
)
def test_what_cannot_be_drawn(histories, message):
    with pytest.raises(DataError, match=message):
        curves_figure(histories)


def test_the_panel_above_the_floor_has_the_unit_of_the_loss() -> None:
    figure = curves_figure([history(5, loss_name="Charbonnier loss", loss_unit="pixel range", loss_floor=0.001)])
    assert "pixel range" in words(figure)
    assert "nats" not in words(figure)
    assert "Floor: the loss of a perfect copy." in words(figure)
