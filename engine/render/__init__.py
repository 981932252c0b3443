"""Drawings of a plan and of a DAG run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...schemas.lazy import lazy_exports

__all__ = ["FORMATS", "render"]

if TYPE_CHECKING:
    from .forms import FORMATS, render
else:
    __getattr__, __dir__ = lazy_exports(__name__, {"FORMATS": ".forms", "render": ".forms"})
