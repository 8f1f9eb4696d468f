"""Pictures of a run that can be shown to a friend: loss curves, reconstructions, models side by side."""

from diabolo.figures.curve_data import CurveData
from diabolo.figures.curves import curves_figure, draw_curves
from diabolo.figures.html import history_html, image_strip_html
from diabolo.figures.reconstructions import draw_reconstructions, reconstructions_figure
from diabolo.figures.side_by_side import Reconstructed, draw_side_by_side, side_by_side_figure

__all__ = [
    "CurveData",
    "Reconstructed",
    "curves_figure",
    "draw_curves",
    "draw_reconstructions",
    "draw_side_by_side",
    "history_html",
    "image_strip_html",
    "reconstructions_figure",
    "side_by_side_figure",
]
