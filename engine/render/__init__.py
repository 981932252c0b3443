"""Drawings of a plan and of a DAG run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...schemas.lazy import lazy_exports

__all__ = ["COLLAPSE_ABOVE", "FORMATS", "IMAGES", "image", "render"]

if TYPE_CHECKING:
    from .collapse import COLLAPSE_ABOVE
    from .forms import FORMATS, IMAGES, image, render
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "COLLAPSE_ABOVE": ".collapse",
            "FORMATS": ".forms",
            "IMAGES": ".forms",
            "image": ".forms",
            "render": ".forms",
        },
    )
