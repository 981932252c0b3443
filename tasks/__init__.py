"""From YAML text to a bound graph: reading, loading, checking, binding. Imported on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..schemas.lazy import lazy_exports

__all__ = [
    "Document",
    "Function",
    "LoadedGraph",
    "bind",
    "check_loaded",
    "evaluate",
    "functions",
    "load",
    "load_problems",
    "outline",
    "read",
    "read_problems",
]

if TYPE_CHECKING:
    from .binding import bind
    from .check import check_loaded, outline
    from .document import Document
    from .expression.catalogue import Function, functions
    from .expression.evaluator import evaluate
    from .loader import LoadedGraph, load, load_problems
    from .reader import read, read_problems
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "Document": ".document",
            "Function": ".expression.catalogue",
            "bind": ".binding",
            "check_loaded": ".check",
            "evaluate": ".expression.evaluator",
            "functions": ".expression.catalogue",
            "outline": ".check",
            "LoadedGraph": ".loader",
            "load": ".loader",
            "load_problems": ".loader",
            "read": ".reader",
            "read_problems": ".reader",
        },
    )
