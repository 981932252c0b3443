"""The members of a pattern: maps in its settings that say, with the keys of a task, who does something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import InitErrorDetails

from ..schemas.span import Path
from ..schemas.task import Task
from ..schemas.work import KINDS

WORK: Final = frozenset(KINDS) - {"approve"}

MEMBER_KEYS: Final = frozenset(
    {
        *WORK,
        *("prompt", "context", "acceptance", "checks", "quality", "reask", "max_turns", "executor"),
        *("with", "env", "secrets", "cwd", "reads", "output", "deliverables", "writes", "pattern"),
        *("runtime", "tier", "model", "in", "isolation", "setup", "timeout", "idle_timeout", "retry"),
        *("pool", "priority", "cache", "effects", "on_lost"),
    }
)
"""The keys of a task that a member may have."""


def members_in(settings: Any, at: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The members in the value of `pattern`, which stands at `at`, each with its place.

    A map in a list is one, and so is every map with work of its own or a pattern. Members of members
    are not looked for.
    """
    if isinstance(settings, dict) and len(settings) == 1:
        # The outermost map names the pattern, and the one below it is its settings.
        ((name, inner),) = settings.items()
        if isinstance(inner, dict):
            for key, value in inner.items():
                yield from _below(value, (*at, name, key), in_list=False)


def _below(value: Any, at: Path, *, in_list: bool) -> Iterator[tuple[Path, dict[str, Any]]]:
    if isinstance(value, dict):
        if in_list or not (WORK | {"pattern"}).isdisjoint(value):
            yield at, value
            return
        for key, inner in value.items():
            yield from _below(inner, (*at, key), in_list=False)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _below(inner, (*at, index), in_list=True)


def member_task(written: Mapping[str, Any]) -> tuple[Task | None, list[InitErrorDetails | dict[str, Any]]]:
    """The keys of a member that belong to tasks, as a task; or what is wrong with their shape."""
    data = {key: value for key, value in written.items() if key in MEMBER_KEYS}
    has_work = not (WORK | {"pattern"}).isdisjoint(data)
    # Without work it is the task itself that differs, and that may be done by a Role.
    stand_in = "python" if "in" in data else "role"
    standing = {"python": "m:f", "role": "r"}[stand_in]
    try:
        task = Task.model_validate(data if has_work else {**data, stand_in: standing})
    except ValidationError as error:
        return None, [dict(one) for one in error.errors(include_url=False)]
    if not has_work:
        task = task.model_copy(update={stand_in: None})
        task.__pydantic_fields_set__.discard(stand_in)
    return task, []
