"""What goes into a layout and what comes out."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A box to place; `frames` names the frames that it lies in, outermost first. One that `stretches`
    becomes as long along the flow as the longest such box of its layer."""

    id: str
    width: float
    height: float
    frames: tuple[str, ...] = ()
    stretches: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A frame around boxes, at least `title_width` wide, with `title_height` left free at its top."""

    name: str
    title_width: float
    title_height: float


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle by its upper left corner and its size; y grows downwards."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Arranged:
    """Where everything is, from (0, 0) to (`width`, `height`).

    A route is the points of one edge, from the border of its source to that of its target: to the
    second point straight along the flow, to the third through the channel between two layers, to the
    fourth straight again past a layer, and so on by turns, the last time straight.
    """

    width: float = 0.0
    height: float = 0.0
    boxes: dict[str, Rect] = field(default_factory=dict)
    frames: dict[str, Rect] = field(default_factory=dict)
    routes: dict[tuple[str, str], tuple[tuple[float, float], ...]] = field(default_factory=dict)
