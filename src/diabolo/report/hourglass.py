"""`draw_line`: a line as an hourglass in SVG; wide is high resolution, thick is many channels, orange is the latent."""

import math
from collections.abc import Sequence

from diabolo.graph import CIFAR_SHAPE, ModelGraph, build_graph, measure
from diabolo.notation import Spec, parse
from diabolo.report.hourglass_rows import Bracket, Row, drawing_rows, side_of
from diabolo.report.palette import DARK, LIGHT
from diabolo.report.svg import MONO_WIDTH, element, number, plain, text, wrapped
from diabolo.vocabulary import Shape, describe

_FONT = 12.0  # user units, as all of these
_CHARACTER = _FONT * MONO_WIDTH
_LINE_HEIGHT = 16.0
_EDGE = 8.0
_LEVEL = 20.0  # width of a bracket
_BESIDE = 8.0  # for the number beside the outermost
_MAX_LEVELS = 4  # deeper brackets share the last place
_HOURGLASS = 150.0
_GAP = 16.0
_WORDS = 190.0
_SHAPE = 92.0
_NARROWEST = 7.0
_NAMED_LAYERS = 12  # of a deep network's layers that the description for screen readers names

STYLE = {
    "flow": "fill:{flow}",
    "bar": "fill:{bar}",
    "latent": "fill:{latent}",
    "word": "fill:{ink};font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace",
    "quiet": "fill:{quiet};font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace",
    "note": "fill:{latent};font:600 12px system-ui,sans-serif",
    "small": "fill:{quiet};font:11px system-ui,sans-serif",
    "skip": "fill:none;stroke:{quiet};stroke-width:1.5",
    "dead": "fill:none;stroke:{error};stroke-width:1.3;stroke-dasharray:4 3",
    "plus": "fill:{paper};stroke:{quiet};stroke-width:1.5",
}
"""CSS of the drawing's classes, each with `hg-` before its name; colours are names of the palette."""


def style_sheet(colours: dict[str, str]) -> str:
    """The rules of the drawing's classes with these colours, which may be `var(--…)`."""
    return "".join(f".hg-{name}{{{rule.format_map(colours)}}}" for name, rule in STYLE.items())


def draw_line(
    model: ModelGraph | Spec | str,
    input_shape: Shape = CIFAR_SHAPE,
    *,
    name: str = "",
    standalone: bool = True,
    prefix: str = "hourglass",
) -> str:
    """A network as an SVG hourglass, read from the image at the top to the reconstruction at the bottom.

    A bar's width is the side of its map and its thickness the logarithm of its channels. Repeats are bracketed with
    their number, skip connections are drawn around their block, side branches are dashed.

    Args:
        model: a graph made of a line, a spec, or a line.
        input_shape: (height, width, channels) of the images; a graph brings its own.
        name: of the model, for the title.
        standalone: with its own colours for light and dark, as a file; otherwise the page has `style_sheet`.
        prefix: of the ids inside; another for each drawing of a page.

    Raises:
        LineError, ShapeError: the line cannot be read, or does not fit the images.
    """
    if isinstance(model, ModelGraph):
        graph, spec = model, parse(model.line or "")
    else:
        spec = parse(model) if isinstance(model, str) else model.located()
        graph = build_graph(spec, input_shape)
    rows, brackets = drawing_rows(spec, graph)
    return _Drawing(graph, rows, brackets).svg(name, standalone, prefix)


class _Drawing:
    def __init__(self, graph: ModelGraph, rows: Sequence[Row], brackets: Sequence[Bracket]) -> None:
        self.graph, self.rows, self.brackets = graph, rows, brackets
        levels = min(_MAX_LEVELS, max((bracket.level + 1 for bracket in brackets), default=0))
        self.left = _EDGE + levels * _LEVEL + (_BESIDE if levels else 0)
        self.centre = self.left + _HOURGLASS / 2
        self.words_at = self.left + _HOURGLASS + _GAP
        self.width = self.words_at + _WORDS + _SHAPE + _EDGE
        self.widest = max(side_of(row.shape) for row in rows)
        self.lines = [wrapped(list(row.words), int((_WORDS - 8) / _CHARACTER)) for row in rows]
        self.tops: list[float] = []
        y = _EDGE
        for row, lines in zip(rows, self.lines, strict=True):
            self.tops.append(y)
            y += max(_thickness(row), _LINE_HEIGHT * len(lines)) + (18.0 if row.kind == "latent" else 8.0)
        self.tops.append(y)

    def svg(self, name: str, standalone: bool, prefix: str) -> str:
        title, height = f"Drawing of {name or 'a model'}", self.tops[-1] + _EDGE
        unused = any(row.kind == "side" for row in self.rows)
        parts = [
            element("title", plain(title), id=f"{prefix}-title"),
            element("desc", plain(self._description()), id=f"{prefix}-desc"),
        ]
        if standalone:
            rules = style_sheet(LIGHT) + f"@media(prefers-color-scheme:dark){{{style_sheet(DARK)}}}"
            paper = f".hg-paper{{fill:{LIGHT['paper']}}}"
            dark = f"@media(prefers-color-scheme:dark){{.hg-paper{{fill:{DARK['paper']}}}}}"
            parts += [element("style", rules + paper + dark)]
            parts += [element("rect", class_="hg-paper", width="100%", height="100%")]
        parts += [self._flow(), *(self._row(index) for index in range(len(self.rows)))]
        parts += [self._bracket(bracket) for bracket in self.brackets]
        if unused:
            legend = "dashed: built and called, its result dropped"
            parts.append(text(legend, x=self.words_at, y=height + 4, class_="hg-small"))
            height += 16
        return element(
            "svg",
            *parts,
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {number(self.width)} {number(height)}",
            width=self.width if standalone else None,
            height=height if standalone else None,
            class_="hourglass",
            role="img",
            aria_labelledby=f"{prefix}-title {prefix}-desc",
        )

    def _description(self) -> str:
        graph, measures = self.graph, measure(self.graph)
        layers = [node for node in graph.layers if node.kind != "input"]
        steps = [f"{node.kind} to {describe(node.shape)}" for node in layers]
        if len(steps) > _NAMED_LAYERS:
            half = _NAMED_LAYERS // 2
            steps = [*steps[:half], f"{len(steps) - 2 * half} more layers", *steps[-half:]]
        dead = len(graph.unconnected)
        text = (
            f"{len(layers)} layers from an image of {describe(graph.input_shape)} through a latent of "
            f"{describe(graph.latent_shape)} ({measures.num_latent_values:,} values) back to the image: "
            f"{', '.join(steps)}."
        )
        if dead:
            text += f" {dead} {'layer is' if dead == 1 else 'layers are'} built, and the result is never used."
        return text

    def _half(self, shape: Shape) -> float:
        """Half the width of a bar."""
        share: float = (side_of(shape) / self.widest) ** 0.8  # a little less than linear, so that 4 of 64 is visible
        return max(_NARROWEST, _HOURGLASS * share) / 2

    def _middle(self, index: int) -> float:
        return self.tops[index] + (self.tops[index + 1] - self.tops[index]) / 2

    def _bar(self, index: int) -> tuple[float, float]:
        """Top and bottom of a row's bar."""
        half = _thickness(self.rows[index]) / 2
        return self._middle(index) - half, self._middle(index) + half

    def _flow(self) -> str:
        """The outline of the hourglass behind the bars: each row's bar as wide as its map, funnels between them."""
        points: list[tuple[float, float]] = []  # (half width, y)
        for index, row in enumerate(self.rows):
            if row.kind == "resize":
                points += [(self._half(row.before), self.tops[index]), (self._half(row.shape), self.tops[index + 1])]
            else:
                points += [(self._half(row.shape), y) for y in self._bar(index)]
        right = [(self.centre + half, y) for half, y in points]
        left = [(self.centre - half, y) for half, y in reversed(points)]
        return element("path", d=_path([*right, *left], closed=True), class_="hg-flow")

    def _row(self, index: int) -> str:
        row, (top, bottom) = self.rows[index], self._bar(index)
        parts = []
        half, middle = self._half(row.shape), self._middle(index)
        if row.kind in ("image", "layer", "latent", "waist"):
            style = "hg-latent" if row.kind in ("latent", "waist") else "hg-bar"
            box = {"x": self.centre - half, "y": top, "width": 2 * half, "height": bottom - top}
            parts.append(element("rect", **box, rx=2.0, class_=style))
        if row.kind == "add":
            parts.append(element("circle", cx=self.centre, cy=middle, r=8.0, class_="hg-plus"))
            parts.append(element("path", d=_plus(self.centre, middle), class_="hg-skip"))
        if row.kind == "latent":
            parts += self._latent_note(row, middle)
        elif row.kind == "side":
            parts += self._side_branch(index, half)
        else:
            parts += self._words(index)
            if row.kind in ("image", "layer", "resize"):
                y = self._first_baseline(index)
                parts.append(text(describe(row.shape), x=self.width - _EDGE, y=y, text_anchor="end", class_="hg-quiet"))
        return element("g", *parts) if parts else ""

    def _first_baseline(self, index: int) -> float:
        return self._middle(index) - (len(self.lines[index]) - 1) * _LINE_HEIGHT / 2 + _FONT * 0.34

    def _words(self, index: int) -> list[str]:
        y, parts = self._first_baseline(index), []
        quiet = self.rows[index].kind in ("image", "more")
        first = True
        for line in self.lines[index]:
            for column, word in line:
                style = "hg-word" if first and not quiet else "hg-quiet"
                parts.append(text(word, x=self.words_at + column * _CHARACTER, y=y, class_=style))
                first = False
            y += _LINE_HEIGHT
        return parts

    def _latent_note(self, row: Row, middle: float) -> list[str]:
        measures = measure(self.graph)
        of_map = f" {describe(row.shape)} =" if len(row.shape) == 3 else ":"
        lines = [f"latent{of_map} {measures.num_latent_values:,} values (1 : {measures.compression_ratio:.3g})"]
        if measures.latent_bits is not None:
            lines.append(f"{measures.latent_bits:,.0f} bits")
        y = middle + _FONT * 0.34 - (len(lines) - 1) * _LINE_HEIGHT / 2
        return [
            text(line, x=self.words_at, y=y + number_of * _LINE_HEIGHT, class_="hg-note")
            for number_of, line in enumerate(lines)
        ]

    def _side_branch(self, index: int, half: float) -> list[str]:
        lines, middle = self.lines[index], self._middle(index)
        longest = max(column + len(word) for line in lines for column, word in line)
        height = len(lines) * _LINE_HEIGHT + 2
        box = {"x": self.words_at - 6, "y": middle - height / 2, "width": longest * _CHARACTER + 12, "height": height}
        start = self.centre + half
        return [
            element("path", d=f"M{number(start)} {number(middle)}H{number(self.words_at - 6)}", class_="hg-dead"),
            element("rect", **box, rx=4.0, class_="hg-dead"),
            *self._words(index),
        ]

    def _bracket(self, bracket: Bracket) -> str:
        level = min(bracket.level, _MAX_LEVELS - 1)
        x = _EDGE + level * _LEVEL + 6 + _BESIDE
        top, bottom = self.tops[bracket.first] - 1, self.tops[bracket.last + 1] - 3
        parts = []
        if bracket.is_residual:
            start, end = self._middle(bracket.first - 1), self._middle(bracket.last)
            edge = self.centre - self._half(self.rows[bracket.first].before)
            joins = self.centre - 8
            parts.append(
                element(
                    "path",
                    d=f"M{number(edge)} {number(start)}H{number(x)}V{number(end)}H{number(joins)}m-5 -4l5 4l-5 4",
                    class_="hg-skip",
                )
            )
        if bracket.times > 1:
            if not bracket.is_residual:
                arm = f"H{number(x)}V{number(bottom)}H{number(x + 7)}"
                parts.append(element("path", d=f"M{number(x + 7)} {number(top)}{arm}", class_="hg-skip"))
            middle = (self._middle(bracket.first) + self._middle(bracket.last)) / 2
            turned = f"rotate(-90 {number(x - 4)} {number(middle)})"
            label = f"{bracket.times} ×"
            parts.append(text(label, x=x - 4, y=middle, text_anchor="middle", transform=turned, class_="hg-small"))
        return element("g", *parts)


def _thickness(row: Row) -> float:
    """Of the row's bar: by the logarithm of the channels for a layer, thin for an image."""
    if row.kind in ("resize", "side", "more"):
        return 14.0
    if row.kind == "waist":
        return 4.0
    if row.kind == "add":
        return 16.0
    return 4.0 + 3.2 * math.log2(1 + row.shape[-1])


def _path(points: Sequence[tuple[float, float]], *, closed: bool = False) -> str:
    drawn = "L".join(f"{number(x)} {number(y)}" for x, y in points)
    return f"M{drawn}{'Z' if closed else ''}"


def _plus(x: float, y: float) -> str:
    return f"M{number(x - 4)} {number(y)}h8M{number(x)} {number(y - 4)}v8"
