"""What the work of a task is held to, with the values of its expressions put in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...schemas.bound import BoundTask
from ...schemas.template import Template, as_text
from ..runtimes.protocol import Assertion


def checks_of(task: BoundTask, rendered: Callable[[str, Template], Any]) -> tuple[Mapping[str, Any], ...]:
    """The task's `checks`, each as `{"argv": [...]}`, or as `{"shell": text, "env": {...}}` with the values
    of the variables that stand in the text."""
    found: list[Mapping[str, Any]] = []
    for check in task.checks:
        if check.argv is not None:
            found.append({"argv": [as_text(rendered("checks", item)) for item in check.argv]})
            continue
        values = {name: as_text(rendered("checks", value)) for name, value in check.bindings}
        found.append({"shell": check.shell, "env": values})
    return tuple(found)


def assertions_of(task: BoundTask, paths: Sequence[str]) -> tuple[Assertion, ...]:
    """What must hold of the deliverables that lie at `paths`, beyond their schemas."""
    return tuple(
        Assertion(path=path, must_export=item.must_export, coverage=item.coverage)
        for item, path in zip(task.deliverables, paths, strict=True)
        if item.must_export or item.coverage is not None
    )
