"""From YAML text to a bound graph: reading, loading, checking, binding. Imported on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..schemas.lazy import lazy_exports

__all__ = [
    "Document",
    "LoadedGraph",
    "load",
    "load_problems",
    "read",
    "read_problems",
]

if TYPE_CHECKING:
    from .document import Document
    from .loader import LoadedGraph, load, load_problems
    from .reader import read, read_problems
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "Document": ".document",
            "LoadedGraph": ".loader",
            "load": ".loader",
            "load_problems": ".loader",
            "read": ".reader",
            "read_problems": ".reader",
        },
    )
