"""`curves.png`: loss over epochs as everybody plots it, and beside it the two views that show real progress."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from diabolo.figures.axes import (
    Style,
    curve_style,
    epoch_axis,
    label_ends,
    linear_axis,
    log_axis,
    plot_curve,
)
from diabolo.figures.curve_data import (
    CurveData,
    all_epochs,
    check_histories,
    excess,
    finite_values,
    joined,
    loss_floors,
    spans,
    validation_name,
)
from diabolo.figures.style import (
    INK,
    MONO,
    QUIET_INK,
    SANS,
    SMALL_SIZE,
    TITLE_SIZE,
    house_style,
    text_width,
    wrapped,
    write_figure,
)

_DPI = 130
_WIDTH = 12.0  # inches, as all of these
_PANEL_HEIGHT = 4.7
_EDGE = 0.3
_BESIDE_AXIS = 0.75  # for tick labels and the name of an axis
_END_LABELS = 1.75  # for names and values right of the right panels; less when there is one model and no name
_END_VALUES = 0.8
_LABEL_LENGTH = 14  # characters of a model's name beside a curve
_LEGEND_LENGTH = 34
_CAPTION_STEP = 0.2
_ENTROPY = "nats a pixel value"  # the unit of binary cross-entropy alone


def draw_curves(histories: Sequence[CurveData], target: Path, *, title: str = "model loss") -> Path:
    """Draws `curves_figure` into a PNG file and returns its path.

    Raises:
        DataError: no history, an empty one, or columns of different lengths.
        OutputError: the file cannot be written.
    """
    return write_figure(curves_figure(histories, title=title), target)


def curves_figure(histories: Sequence[CurveData], *, title: str = "model loss") -> Figure:
    """Loss and validation loss over epochs, with the floor; validation loss above the floor (log scale); PSNR.

    Dashed is training and solid is validation; each model has its own colour and marker, and its name and last value
    beside its curve. When the first epochs are far above the rest, the loss axis leaves them out and says so.

    Args:
        histories: one for each model, in the order of the legend.
        title: heading of the figure.

    Raises:
        DataError: no history, an empty one, or columns of different lengths.
    """
    check_histories(histories)
    with house_style():
        notes = _notes(histories)
        caption_height = _CAPTION_STEP * len(notes) + 0.1
        heading = wrapped(title, (_WIDTH - 2 * _EDGE) * _DPI, TITLE_SIZE, weight="bold", dpi=_DPI)
        heading_height = 0.28 * len(heading) + 0.3  # and the titles of the panels
        height = _EDGE + heading_height + _PANEL_HEIGHT + 0.6 + caption_height + _EDGE
        figure = Figure(figsize=(_WIDTH, height), dpi=_DPI)
        bottom = _EDGE + caption_height + 0.6

        def panel(left: float, low: float, width: float, tall: float) -> Axes:
            return figure.add_axes((left / _WIDTH, low / height, width / _WIDTH, tall / height))

        left = _EDGE + _BESIDE_AXIS
        width = 5.0
        _loss_panel(panel(left, bottom, width, _PANEL_HEIGHT), histories)
        left += width + 0.35 + _BESIDE_AXIS
        width = _WIDTH - left - _EDGE - (_END_VALUES if len(histories) == 1 else _END_LABELS)
        if any(excess(history).size and np.nanmax(excess(history), initial=0.0) > 0 for history in histories):
            tall = (_PANEL_HEIGHT - 0.55) / 2
            _excess_panel(panel(left, bottom + tall + 0.55, width, tall), histories)
            _psnr_panel(panel(left, bottom, width, tall), histories)
        else:
            _psnr_panel(panel(left, bottom, width, _PANEL_HEIGHT), histories)

        for number, text in enumerate(heading):
            y = height - _EDGE - 0.18 - 0.28 * number
            figure.text(_EDGE / _WIDTH, y / height, text, fontsize=TITLE_SIZE, weight="bold", va="baseline")
        for number, (indent, text, family) in enumerate(notes):
            y = _EDGE + _CAPTION_STEP * (len(notes) - 1 - number) + 0.05
            figure.text(
                (_EDGE + indent) / _WIDTH,
                y / height,
                text,
                fontsize=SMALL_SIZE,
                family=[family],
                color=INK if family == MONO else QUIET_INK,
                va="baseline",
            )
    return figure


def _loss_panel(axes: Axes, histories: Sequence[CurveData]) -> None:
    for number, history in enumerate(histories):
        train, validation = _styles(number, alone=len(histories) == 1)
        turn = number / len(histories)
        plot_curve(axes, history.epochs, history.loss, train, turn=turn)
        plot_curve(axes, history.epochs, history.val_loss, validation, turn=turn)
    floors = loss_floors(histories)
    epoch_axis(axes, all_epochs(histories))
    losses = [*(history.loss for history in histories), *(history.val_loss for history in histories)]
    linear_axis(axes, losses, floors=floors, better="lower")
    for floor in floors:
        axes.axhline(floor, color=INK, linewidth=1.0, linestyle=(0, (1, 2)), label=f"floor {floor:.4f}", zorder=1.5)
        axes.annotate(
            f"floor {floor:.4f}: a perfect copy",
            (1.0, floor),
            xycoords=("axes fraction", "data"),
            xytext=(0, -4),
            textcoords="offset points",
            ha="right",
            va="top",
            fontsize=SMALL_SIZE,
            color=QUIET_INK,
        )
    axes.set_title("training and validation loss")
    axes.set_ylabel(joined(history.loss_name for history in histories))
    handles, labels = _legend(histories)
    axes.legend(handles, labels, loc="best", handlelength=3.2)


def _excess_panel(axes: Axes, histories: Sequence[CurveData]) -> None:
    ends = []
    for number, history in enumerate(histories):
        _, style = _styles(number, alone=len(histories) == 1)
        above = excess(history)
        if above.size:
            plot_curve(axes, history.epochs, above, style, turn=number / len(histories))
            ends.append((_end_label(history, histories), style["color"], history.epochs, above, "{:.4f}"))
    epoch_axis(axes, all_epochs(histories), named=False)
    log_axis(axes, finite_values([excess(history) for history in histories]))
    axes.set_title(f"loss above the floor, {validation_name(histories)} (log scale)")
    axes.set_ylabel(joined(history.loss_unit for history in histories if excess(history).size))
    label_ends(axes, ends)


def _psnr_panel(axes: Axes, histories: Sequence[CurveData]) -> None:
    ends = []
    for number, history in enumerate(histories):
        _, style = _styles(number, alone=len(histories) == 1)
        psnr = np.asarray(history.val_psnr, dtype=np.float64)
        plot_curve(axes, history.epochs, psnr, style, turn=number / len(histories))
        ends.append((_end_label(history, histories), style["color"], history.epochs, psnr, "{:.2f} dB"))
    epoch_axis(axes, all_epochs(histories))
    linear_axis(axes, [history.val_psnr for history in histories], better="higher", least_span=1.0)
    axes.set_title(f"PSNR, {validation_name(histories)} (higher is better)")
    axes.set_ylabel("dB")
    label_ends(axes, ends)


def _legend(histories: Sequence[CurveData]) -> tuple[list[Line2D], list[str]]:
    """One model: its two curves by name. Several: the models by colour and marker, then what dashed and solid mean."""
    if len(histories) == 1:
        train, validation = _styles(0, alone=True)
        return [Line2D([], [], **train), Line2D([], [], **validation)], ["train", histories[0].validation_name]
    handles = [Line2D([], [], **_styles(number, alone=False)[1]) for number in range(len(histories))]
    handles += [Line2D([], [], color=QUIET_INK, linestyle=style) for style in ((0, (4, 2)), "-")]
    names = [_shortened(history.label, _LEGEND_LENGTH) for history in histories]
    return handles, [*names, "train", validation_name(histories)]


def _styles(number: int, *, alone: bool) -> tuple[Style, Style]:
    """The looks of a model's training curve and validation curve."""
    if alone:
        return curve_style(0, training=True), curve_style(1, training=False)
    return curve_style(number, training=True), curve_style(number, training=False)


def _notes(histories: Sequence[CurveData]) -> list[tuple[float, str, str]]:
    """The lines under the panels as (indent in inches, text, font): the models, what the floor is, what is missing."""
    notes = []
    labels = [_shortened(history.label, _LEGEND_LENGTH) for history in histories]
    indent = max(text_width(label, SMALL_SIZE, family=MONO, dpi=_DPI) for label in labels) / _DPI + 0.2
    room = (_WIDTH - 2 * _EDGE - indent) * _DPI
    sentences = []
    for label, history in zip(labels, histories, strict=True):
        lines = wrapped(history.line, room, SMALL_SIZE, family=MONO, dpi=_DPI)
        # Label and line in one string: both are in a type with fixed widths.
        pad = max(len(other) for other in labels) + 2
        notes += [(0.0, label.ljust(pad) + lines[0], MONO)]
        notes += [(0.0, " " * pad + line, MONO) for line in lines[1:]]
        missing = [e for e, a, b in zip(history.epochs, history.loss, history.val_loss, strict=True)
                   if not np.isfinite(a) or not np.isfinite(b)]  # fmt: skip
        if missing:
            sentences.append(f"{label}: the loss is not a finite number at {spans(missing)}.")
    with_floor = [history for history in histories if history.loss_floor is not None]
    if any(history.loss_unit == _ENTROPY for history in with_floor):
        sentences.append(
            "Floor: grey pixels cost even a perfect copy their mean entropy; what is above it is the Kullback-Leibler "
            "divergence of image and reconstruction."
        )
    elif with_floor:
        sentences.append("Floor: the loss of a perfect copy.")
    for sentence in sentences:
        notes += [(0.0, text, SANS) for text in wrapped(sentence, (_WIDTH - 2 * _EDGE) * _DPI, SMALL_SIZE, dpi=_DPI)]
    return notes


def _end_label(history: CurveData, histories: Sequence[CurveData]) -> str:
    return _shortened(history.label, _LABEL_LENGTH) if len(histories) > 1 else ""


def _shortened(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"
