"""A line chart as SVG: plain ticks, bands, dashes, and names at the ends of curves: legible without colour.

The page's script zooms it: it reads the plot's place and scale from the `data-` attributes, and moves every path of the
group `data`. Without the script the chart stands as it is.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from diabolo.report.palette import NUM_SERIES
from diabolo.report.svg import element, number, plain, text

WIDTH, HEIGHT = 480.0, 320.0  # user units, as all of these
LEFT, RIGHT, TOP, BOTTOM = 58.0, 92.0, 14.0, 40.0
_PLOT_WIDTH, _PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
_LABEL_STEP = 14.0
_LABEL_LENGTH = 12  # characters of a name at the end of a curve
_MOST_POINTS = 400  # of a path; a longer curve keeps the lowest and the highest value of every piece
_NUM_TICKS = 5
_ROOM_FOR_FIRST = 4.0  # times the range of the better four fifths: first points beyond that are cut off, and said so


@dataclass(frozen=True, kw_only=True)
class Series:
    """One curve."""

    label: str
    """Written at its end, and its title."""
    number: int
    """Of its colour and dash, from 0."""
    x: Sequence[float]
    """Rising."""
    y: Sequence[float]
    """NaN makes a gap."""
    low: Sequence[float] = ()
    """Lower edge of its band; empty without one."""
    high: Sequence[float] = ()
    """Upper edge of its band."""
    is_quiet: bool = False
    """Thin and dotted: training beside validation."""
    has_label: bool = True
    """Whether the name is written at its end."""


@dataclass(frozen=True, kw_only=True)
class Chart:
    """What is drawn."""

    key: str
    """For ids; another for each chart of a page."""
    title: str
    """For screen readers."""
    description: str
    """For screen readers: what can be seen."""
    x_name: str
    """Name of the axis."""
    y_name: str
    """Name of the axis, with its unit."""
    series: Sequence[Series]
    """In the order in which they are drawn."""
    floors: Sequence[tuple[float, str]] = ()
    """Horizontal lines with their text."""
    is_log: bool = False
    """Whether the y axis is logarithmic; then values that are not above 0 make gaps."""
    better: str = ""
    """`lower` or `higher`: the end of the y axis that may not be cut; empty: neither may."""
    whole_x: bool = True
    """Whether ticks of x are whole numbers."""
    can_zoom: bool = True
    """Whether the script zooms it."""


def draw_chart(chart: Chart) -> str:
    """The chart as an SVG element, for a page that has the styles; a sentence where no value is finite."""
    points = [
        (x, value)
        for one in chart.series
        for column in (one.y, one.low, one.high)
        for x, value in zip(one.x, column, strict=False)
        if math.isfinite(value) and (value > 0 or not chart.is_log)
    ]
    if not points:
        return '<p class="missing">There is no finite value to draw.</p>'
    scale = _Scale.of(chart, points)
    clip = f"{chart.key}-clip"
    data = [part for index, one in enumerate(chart.series) for part in _series(one, index, scale)]
    floors = [part for value, label in chart.floors if value >= scale.y0 for part in _floor(value, label, scale)]
    return element(
        "svg",
        element("title", plain(chart.title), id=f"{chart.key}-title"),
        element("desc", plain(chart.description), id=f"{chart.key}-desc"),
        element(
            "clipPath",
            element("rect", x=LEFT - 2, y=TOP - 4, width=_PLOT_WIDTH + 5, height=_PLOT_HEIGHT + 8),
            id=clip,
        ),
        element("g", *_ticks(scale), class_="ticks"),
        element("g", *floors, *data, class_="data", clip_path=f"url(#{clip})"),
        element("g", *_end_labels(chart, scale), class_="ends"),
        text(chart.x_name, x=LEFT + _PLOT_WIDTH / 2, y=HEIGHT - 6, text_anchor="middle", class_="axis-name"),
        text(chart.y_name, x=4.0, y=TOP - 3, class_="axis-name"),
        *([text(scale.note, x=WIDTH - RIGHT, y=TOP - 3, text_anchor="end", class_="axis-name")] if scale.note else []),
        viewBox=f"0 0 {number(WIDTH)} {number(HEIGHT)}",
        class_="chart",
        role="img",
        aria_labelledby=f"{chart.key}-title {chart.key}-desc",
        data_plot=f"{number(LEFT)} {number(TOP)} {number(LEFT + _PLOT_WIDTH)} {number(TOP + _PLOT_HEIGHT)}",
        data_x=f"{scale.x0!r} {scale.x1!r}",
        data_y=f"{scale.y0!r} {scale.y1!r}",
        data_log="1" if chart.is_log else None,
        data_zoom="1" if chart.can_zoom else None,
        data_whole="1" if chart.whole_x else None,
    )


@dataclass(frozen=True, kw_only=True)
class _Scale:
    """From values to user units."""

    x0: float
    x1: float
    y0: float
    y1: float
    is_log: bool
    whole_x: bool
    note: str
    """What was cut off, in words."""

    @classmethod
    def of(cls, chart: Chart, points: Sequence[tuple[float, float]]) -> "_Scale":
        x0, x1 = min(x for x, _ in points), max(x for x, _ in points)
        if x0 == x1:
            x0, x1 = x0 - 0.5, x1 + 0.5
        values = [value for _, value in points]
        y0, y1, note = min(values), max(values), ""
        if chart.is_log:
            room = max((y1 / y0) ** 0.06, math.sqrt(max(1.0, 1.6 / (y1 / y0))))
            y0, y1 = y0 / room, y1 * room
        else:
            y0, y1, note = _limits(chart, points)
            y0, y1 = min([y0, *(value for value, _ in chart.floors)]), max([y1, *(value for value, _ in chart.floors)])
            span = max(y1 - y0, 1e-3 * abs(y1), 1e-9)
            y0, y1 = y0 - (0.1 if chart.floors else 0.06) * span, y1 + 0.06 * span
        return cls(x0=x0, x1=x1, y0=y0, y1=y1, is_log=chart.is_log, whole_x=chart.whole_x, note=note)

    def x(self, value: float) -> float:
        return LEFT + (value - self.x0) / (self.x1 - self.x0) * _PLOT_WIDTH

    def y(self, value: float) -> float:
        low, high, at = self.y0, self.y1, value
        if self.is_log:
            low, high, at = math.log(low), math.log(high), math.log(value)
        return TOP + (high - at) / (high - low) * _PLOT_HEIGHT


def _limits(chart: Chart, points: Sequence[tuple[float, float]]) -> tuple[float, float, str]:
    """Lowest and highest value in view; first points that are far worse than the rest are left out, with a note."""
    values = sorted(value for _, value in points)
    low, high = values[0], values[-1]
    if not chart.better or len(values) <= 10 or low == high:
        return low, high, ""
    if chart.better == "higher":
        usual = values[int(0.2 * (len(values) - 1))]
        limit = high - _ROOM_FOR_FIRST * (high - usual)
        beyond = [x for x, value in points if value < limit]
    else:
        usual = values[int(0.8 * (len(values) - 1))]
        limit = low + _ROOM_FOR_FIRST * (usual - low)
        beyond = [x for x, value in points if value > limit]
    inside = [x for x, value in points if (value >= limit if chart.better == "higher" else value <= limit)]
    if usual == (high if chart.better == "higher" else low) or not beyond or max(beyond) > min(inside) + 3:
        return low, high, ""  # a curve that gets worse later must stay in view
    if chart.better == "higher":
        return limit, high, f"↓ first epochs from {low:.4g}"
    return low, limit, f"↑ first epochs up to {high:.4g}"


def _series(one: Series, index: int, scale: _Scale) -> list[str]:
    style = f"s{one.number % NUM_SERIES}"
    parts = []
    if one.low:
        edges = [
            (scale.x(x), scale.y(low), scale.y(high))
            for x, low, high in zip(one.x, one.low, one.high, strict=True)
            if _is_drawn(low, scale) and _is_drawn(high, scale)
        ]
        edges = edges[:: max(1, len(edges) // _MOST_POINTS)]
        if len(edges) > 1:
            around = [(x, high) for x, _, high in edges] + [(x, low) for x, low, _ in reversed(edges)]
            parts.append(element("path", d=_path([around]) + "Z", class_=f"band {style}"))
    pieces: list[list[tuple[float, float]]] = [[]]
    for x, value in zip(one.x, one.y, strict=True):
        if _is_drawn(value, scale):
            pieces[-1].append((scale.x(x), scale.y(value)))
        elif pieces[-1]:
            pieces.append([])
    pieces = [_thinned(piece) for piece in pieces if piece]
    if pieces:
        dash = "quiet" if one.is_quiet else f"d{one.number}"
        title = element("title", plain(one.label))
        parts.append(element("path", title, d=_path(pieces), class_=f"line {style} {dash}", data_curve=index))
    return parts


def _is_drawn(value: float, scale: _Scale) -> bool:
    return math.isfinite(value) and (value > 0 or not scale.is_log)


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most about `_MOST_POINTS`: of every piece the highest and the lowest, in order, so that no peak is lost."""
    if len(points) <= _MOST_POINTS:
        return points
    size = math.ceil(2 * len(points) / _MOST_POINTS)
    kept = [points[0]]
    for start in range(1, len(points) - 1, size):
        piece = points[start : min(start + size, len(points) - 1)]
        kept += sorted({min(piece, key=lambda point: point[1]), max(piece, key=lambda point: point[1])})
    return [*kept, points[-1]]


def _path(pieces: Sequence[Sequence[tuple[float, float]]]) -> str:
    """Absolute points only: the script moves each pair of numbers."""
    drawn = []
    for piece in pieces:
        points = [f"{number(x)} {number(y)}" for x, y in piece]
        if len(points) == 1:  # a lone point is a dot, by the round caps of the line
            points *= 2
        drawn.append("M" + "L".join(points))
    return "".join(drawn)


def _floor(value: float, label: str, scale: _Scale) -> list[str]:
    y = scale.y(value)
    return [
        element("path", d=_path([[(LEFT, y), (LEFT + _PLOT_WIDTH, y)]]), class_="floor"),
        text(label, x=LEFT + _PLOT_WIDTH - 2, y=y + 12, text_anchor="end", class_="floor-name"),
    ]


def _ticks(scale: _Scale) -> list[str]:
    parts = []
    for value in ticks(scale.x0, scale.x1, whole=scale.whole_x):
        x = scale.x(value)
        parts.append(element("path", d=_path([[(x, TOP), (x, TOP + _PLOT_HEIGHT)]]), class_="grid"))
        parts.append(text(f"{value:g}", x=x, y=TOP + _PLOT_HEIGHT + 16, text_anchor="middle", class_="tick"))
    for value in (log_ticks if scale.is_log else ticks)(scale.y0, scale.y1):
        y = scale.y(value)
        parts.append(element("path", d=_path([[(LEFT, y), (LEFT + _PLOT_WIDTH, y)]]), class_="grid"))
        parts.append(text(f"{value:.6g}", x=LEFT - 6, y=y + 4, text_anchor="end", class_="tick"))
    return parts


def ticks(low: float, high: float, *, whole: bool = False) -> list[float]:
    """About five round numbers from `low` to `high`."""
    raw = (high - low) / _NUM_TICKS
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw)
    if whole:
        step = max(1.0, math.ceil(step))
    first = math.ceil(low / step - 1e-9)
    return [round(index * step, 12) + 0.0 for index in range(first, math.floor(high / step + 1e-9) + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """1, 2 and 5 times powers of ten from `low` to `high`; the powers alone over many; plain ticks over few."""
    if high / low < 4:
        return ticks(low, high)
    factors = (1,) if high / low > 1000 else (1, 2, 5)
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    values = [float(f"{factor}e{power}") for power in powers for factor in factors]
    return [value for value in values if low <= value <= high]


def _end_labels(chart: Chart, scale: _Scale) -> list[str]:
    """The names right of the plot, moved apart, each with a hair line to the end of its curve."""
    ends = []
    for index, one in enumerate(chart.series):
        drawn = [(x, value) for x, value in zip(one.x, one.y, strict=True) if _is_drawn(value, scale)]
        if one.has_label and drawn:
            x, y = scale.x(drawn[-1][0]), scale.y(drawn[-1][1])
            ends.append((min(max(y, TOP), TOP + _PLOT_HEIGHT), x, index, one))
    ends.sort(key=lambda end: end[0])
    places = spread_apart([end[0] for end in ends], _LABEL_STEP, TOP + 4, TOP + _PLOT_HEIGHT)
    parts = []
    for (y, x, index, one), place in zip(ends, places, strict=True):
        label = one.label if len(one.label) <= _LABEL_LENGTH else one.label[: _LABEL_LENGTH - 1].rstrip() + "…"
        style = f"s{one.number % NUM_SERIES}"
        edge = LEFT + _PLOT_WIDTH + 3
        hair = _path([[(max(x + 2, edge - 1), y), (edge + 8, place)]])
        parts.append(element("path", d=hair, class_=f"hair {style}", data_curve=index))
        parts.append(text(label, x=edge + 10, y=place + 4, class_=f"end {style}", data_curve=index))
    return parts


def spread_apart(wanted: Sequence[float], step: float, low: float, high: float) -> list[float]:
    """Positions at least `step` apart, in order, close to those wanted and inside [low, high] where there is room."""
    places = [min(max(place, low), high) for place in wanted]
    for index in range(1, len(places)):
        places[index] = max(places[index], places[index - 1] + step)
    if places:
        places[-1] = min(places[-1], max(high, low + step * (len(places) - 1)))
    for index in range(len(places) - 2, -1, -1):
        places[index] = min(places[index], places[index + 1] - step)
    return places
