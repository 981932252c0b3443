"""What the work of a task is held to, with the values of its expressions put in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...schemas.bound import BoundTask, CommandSpec
from ...schemas.template import Template, as_text
from ..runtimes.protocol import Assertion


def checks_of(task: BoundTask, rendered: Callable[[str, Template], Any]) -> tuple[Mapping[str, Any], ...]:
    """The task's `checks`, each as `{"argv": [...]}`, or as `{"shell": text, "env": {...}}` with the values
    of the variables that stand in the text."""
    return tuple(_command(check, lambda item: as_text(rendered("checks", item))) for check in task.checks)


def setup_of(task: BoundTask, rendered: Callable[[str, Template], Any]) -> Mapping[str, Any]:
    """What prepares the task's worktree, in the form of a check; nothing where nothing does."""
    if task.setup is None:
        return {}
    return _command(task.setup, lambda item: as_text(rendered("setup", item)))


def _command(spec: CommandSpec, text_of: Callable[[Template], str]) -> Mapping[str, Any]:
    if spec.argv is not None:
        return {"argv": [text_of(item) for item in spec.argv]}
    return {"shell": spec.shell, "env": {name: text_of(value) for name, value in spec.bindings}}


def assertions_of(task: BoundTask, paths: Sequence[str]) -> tuple[Assertion, ...]:
    """What must hold of the deliverables that lie at `paths`, beyond their schemas."""
    return tuple(
        Assertion(path=path, must_export=item.must_export, coverage=item.coverage)
        for item, path in zip(task.deliverables, paths, strict=True)
        if item.must_export or item.coverage is not None
    )
