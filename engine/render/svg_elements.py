"""The elements that an SVG document is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from xml.sax.saxutils import escape, quoteattr

from .labels import plain
from .layered import Rect
from .palette import DASHES


def element(name: str, attributes: Mapping[str, object], content: str = "", *, raw: bool = False) -> str:
    """One element. Numbers are cut to a tenth; `content` is text unless it is `raw`."""
    words = "".join(f" {key}={quoteattr(_value(value))}" for key, value in attributes.items())
    if not content:
        return f"<{name}{words}/>"
    return f"<{name}{words}>{content if raw else escape(plain(content))}</{name}>"


def _value(value: object) -> str:
    return f"{value:.1f}".removesuffix(".0") if isinstance(value, float) else str(value)


def rounded(rect: Rect, *, fill: str, stroke: str, width: float = 1.2, radius: int) -> str:
    """A rectangle with round corners."""
    attributes = {"x": rect.x, "y": rect.y, "width": rect.width, "height": rect.height, "rx": radius}
    return element("rect", {**attributes, "fill": fill, "stroke": stroke, "stroke-width": width})


def text(
    x: float,
    y: float,
    words: str,
    *,
    size: int,
    fill: str,
    bold: bool = False,
    anchor: str = "start",
    halo: str = "",
) -> str:
    """One line of text on the base line y; a `halo` keeps lines from running through it."""
    attributes: dict[str, object] = {"x": x, "y": y, "font-size": size, "fill": fill}
    if bold:
        attributes["font-weight"] = 600
    if anchor != "start":
        attributes["text-anchor"] = anchor
    if halo:
        attributes |= {"stroke": halo, "stroke-width": 4, "stroke-linejoin": "round", "paint-order": "stroke"}
    return element("text", attributes, words or " ")


def arrow_head(colour: str) -> str:
    """The end of edges of this colour, for the `defs`."""
    attributes = {
        "id": _head(colour),
        "viewBox": "0 0 8 8",
        "refX": 7,
        "refY": 4,
        "markerWidth": 8,
        "markerHeight": 8,
        "markerUnits": "userSpaceOnUse",
        "orient": "auto",
    }
    return element("marker", attributes, f'<path d="M0 0.5 8 4 0 7.5z" fill="{colour}"/>', raw=True)


def _head(colour: str) -> str:
    return f"head-{colour.removeprefix('#')}"


def line_style(colour: str, width: float, mode: str) -> dict[str, object]:
    """The stroke of an edge of this mode."""
    style: dict[str, object] = {"stroke": colour, "stroke-width": width}
    if mode in DASHES:
        style["stroke-dasharray"] = DASHES[mode]
    return style


def path(
    points: Sequence[tuple[float, float]], *, down: bool, style: Mapping[str, object], head: bool = True
) -> str:
    """A line through the points of a route: curved through the channels, straight past the boxes."""
    way = [f"M{_point(points[0])}"]
    for number, (start, end) in enumerate(pairwise(points)):
        if start == end:
            continue
        is_curve = number % 2 == 1 and start[not down] != end[not down]
        way.append(_curve(start, end, down) if is_curve else f"L{_point(end)}")
    attributes = {"d": "".join(way), "fill": "none", **style}
    if head:
        attributes["marker-end"] = f"url(#{_head(str(style['stroke']))})"
    return element("path", attributes)


def _point(at: tuple[float, float]) -> str:
    return f"{_value(at[0])} {_value(at[1])}"


def _curve(start: tuple[float, float], end: tuple[float, float], down: bool) -> str:
    (x1, y1), (x2, y2) = start, end
    if down:
        middle = (y1 + y2) / 2
        controls = ((x1, middle), (x2, middle))
    else:
        middle = (x1 + x2) / 2
        controls = ((middle, y1), (middle, y2))
    return "C" + " ".join(map(_point, (*controls, end)))
