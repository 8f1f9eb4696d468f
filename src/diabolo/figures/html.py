"""Small pieces of HTML for notebooks: pictures as data URIs and a table of epochs, legible on light and dark."""

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.figures.tiles import check_images, psnr_text, signed_difference, to_bytes

# No text colour and no background of our own: both come from the notebook. Grey lines show on white and on black.
_FONT = "font:13px/1.4 system-ui,sans-serif"
_RULE = "1px solid rgba(128,128,128,.45)"
_NUMBER = "padding:2px 10px;text-align:right;font-variant-numeric:tabular-nums"


def image_strip_html(
    images_uint8: NDArray[np.uint8],
    reconstructions: NDArray[np.floating],
    *,
    psnr_db: NDArray[np.floating] | None = None,
    caption: str = "",
    amplification: float | None = None,
    max_images: int = 8,
) -> str:
    """Originals over reconstructions as one table of pictures, for a notebook.

    Args:
        images_uint8: (images, height, width, channels) bytes, 1 or 3 channels.
        reconstructions: the same shape, floats in [0, 1].
        psnr_db: (images,), written under the pictures if given.
        caption: plain text under the table, such as the model's line; it is escaped.
        amplification: adds a row of differences times this, around mid-grey.
        max_images: how many of the first images are shown.

    Raises:
        DataError: the arrays do not belong together.
    """
    check_images(images_uint8, reconstructions=reconstructions)
    if psnr_db is not None:
        check_images(images_uint8, psnr_db=np.asarray(psnr_db))
    shown = range(min(max_images, len(images_uint8)))
    rows = [("original", [images_uint8[index] for index in shown])]
    rows.append(("reconstruction", [to_bytes(reconstructions[index]) for index in shown]))
    if amplification is not None:
        differences = [signed_difference(images_uint8[i], reconstructions[i], amplification) for i in shown]
        rows.append((f"difference × {amplification:g}", differences))
    body = "".join(
        f"<tr>{_cell(escape(name), 'text-align:right')}"
        + "".join(_cell(_picture(pixels, f"{name} {index}")) for index, pixels in zip(shown, pictures, strict=True))
        + "</tr>"
        for name, pictures in rows
    )
    if psnr_db is not None:
        values = "".join(_cell(psnr_text(float(psnr_db[index])), "text-align:center") for index in shown)
        body += f"<tr>{_cell('PSNR', 'text-align:right')}{values}</tr>"
    below = f'<div style="margin-top:4px;opacity:.75;overflow-wrap:anywhere">{escape(caption)}</div>' if caption else ""
    return (
        f'<div style="{_FONT};overflow-x:auto"><table style="border-collapse:collapse;border:0">{body}</table>'
        f"{below}</div>"
    )


def history_html(rows: Sequence[Mapping[str, object]], *, caption: str = "") -> str:
    """The epochs of a run as a table; the columns are the keys in the order in which they first appear.

    Args:
        rows: one mapping an epoch, from the name of a column to its value; numbers are shortened, text is escaped.
        caption: plain text under the table; it is escaped.
    """
    columns = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(
        f'<th style="{_NUMBER};border-bottom:{_RULE};font-weight:600">{escape(str(name))}</th>' for name in columns
    )
    body = "".join(
        "<tr>" + "".join(f'<td style="{_NUMBER}">{escape(_value(row.get(name)))}</td>' for name in columns) + "</tr>"
        for row in rows
    )
    below = f'<div style="margin-top:4px;opacity:.75;overflow-wrap:anywhere">{escape(caption)}</div>' if caption else ""
    return (
        f'<div style="{_FONT};overflow-x:auto"><table style="border-collapse:collapse;border:0">'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{below}</div>"
    )


def _cell(content: str, style: str = "") -> str:
    return f'<td style="padding:2px 4px;border:0;{style}">{content}</td>'


def _picture(pixels: NDArray[np.uint8], name: str) -> str:
    buffer = io.BytesIO()
    grey = pixels.shape[2] == 1
    Image.fromarray(pixels[:, :, 0] if grey else np.ascontiguousarray(pixels)).save(buffer, format="PNG")
    data = base64.b64encode(buffer.getvalue()).decode("ascii")
    height, width = pixels.shape[:2]
    shown = round(96 * width / max(height, width)), round(96 * height / max(height, width))
    return (
        f'<img alt="{escape(name)}" src="data:image/png;base64,{data}" width="{max(1, shown[0])}" '
        f'height="{max(1, shown[1])}" style="image-rendering:pixelated;display:block">'
    )


def _value(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, float | np.floating):
        value = float(value)
        return f"{value:.4g}" if not abs(value) < 10 else f"{value:.4f}"
    if isinstance(value, int | np.integer) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)
