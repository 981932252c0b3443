"""A layered layout of boxes in nested frames, in plain Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....schemas.lazy import lazy_exports

__all__ = ["Arranged", "Box", "Frame", "Rect", "arrange"]

if TYPE_CHECKING:
    from .arrangement import arrange
    from .shapes import Arranged, Box, Frame, Rect
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "Arranged": ".shapes",
            "Box": ".shapes",
            "Frame": ".shapes",
            "Rect": ".shapes",
            "arrange": ".arrangement",
        },
    )
