"""The nouns: models of the grammar, of plan, run and report; ids, states, errors. Imported on first use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .lazy import lazy_exports

__all__ = [
    "Defaults",
    "Plan",
    "Report",
    "Run",
    "Task",
    "TaskGraph",
    "describe_key",
    "known_keys",
    "task_graph_schema",
]

if TYPE_CHECKING:
    from .describe import describe_key
    from .plan import Plan
    from .report import Report
    from .run import Run
    from .shape import known_keys, task_graph_schema
    from .task import Defaults, Task
    from .task_graph import TaskGraph
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "Defaults": ".task",
            "Plan": ".plan",
            "Report": ".report",
            "Run": ".run",
            "Task": ".task",
            "TaskGraph": ".task_graph",
            "describe_key": ".describe",
            "known_keys": ".shape",
            "task_graph_schema": ".shape",
        },
    )
