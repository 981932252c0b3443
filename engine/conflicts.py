"""Rules about the graph as a whole: tasks that can never run, and writes that collide."""

from __future__ import annotations

from collections.abc import Sequence

from ..schemas.bound import BoundGraph, BoundTask
from ..schemas.errors import InputError, UnreachableTask, WriteConflict
from .globs import is_plain, may_overlap, segments

_Requirements = dict[str, tuple[int, int]]


def requirements(tasks: Sequence[BoundTask], order: Sequence[str]) -> tuple[_Requirements, dict[str, int]]:
    """For each task which tasks must have ended ok, and which must have failed, for it to run.

    Both are bit sets over the positions in `tasks`. The second result is the ancestors of each task
    over needs of any kind. `order` is a topological order. O(edges * tasks / word size).
    """
    by_id = {task.id: task for task in tasks}
    position = {task.id: index for index, task in enumerate(tasks)}
    required: _Requirements = {}
    before: dict[str, int] = {}
    for task_id in order:
        ok = failed = ancestors = 0
        for need in by_id[task_id].needs:
            bit = 1 << position[need.task]
            ancestors |= before[need.task] | bit
            if need.mode == "ok":
                inherited = required[need.task]
                ok |= inherited[0] | bit
                failed |= inherited[1]
            elif need.mode == "failed":
                failed |= bit
        required[task_id] = (ok, failed)
        before[task_id] = ancestors
    return required, before


def unreachable_errors(tasks: Sequence[BoundTask], required: _Requirements) -> list[InputError]:
    """One error per task that needs a task to end ok and to fail, unless a need of it already does."""
    errors: list[InputError] = []
    hopeless: set[str] = set()
    for task in tasks:
        ok, failed = required.get(task.id, (0, 0))
        clash = ok & failed
        if not clash:
            continue
        hopeless.add(task.id)
        if any(need.task in hopeless and need.mode == "ok" for need in task.needs):
            continue
        name = tasks[clash.bit_length() - 1].id
        errors.append(
            UnreachableTask(
                f"task `{task.id}` can never run: it needs `{name}` both to end ok and to fail",
                hint=f"accept any end with `{name}: done`, or split the task in two",
                task=task.id,
                where=("tasks", task.id, "needs"),
            )
        )
    return errors


def write_conflict_errors(
    graph: BoundGraph, required: _Requirements, before: dict[str, int]
) -> list[InputError]:
    """One error per pair of tasks that may run at the same time and whose `writes` overlap."""
    position = {task.id: index for index, task in enumerate(graph.tasks)}
    writers = [task for task in graph.tasks if task.writes and task.isolation == "none"]
    errors: list[InputError] = []
    for one, two in _pairs_worth_a_look(writers):
        if before[two.id] >> position[one.id] & 1 or before[one.id] >> position[two.id] & 1:
            continue
        if _exclude_each_other(required[one.id], required[two.id]):
            continue
        pair = next(((a, b) for a in one.writes for b in two.writes if may_overlap(a, b)), None)
        if pair is None:
            continue
        index = two.writes.index(pair[1])
        errors.append(
            WriteConflict(
                f"tasks `{one.id}` and `{two.id}` may run at the same time and both write "
                + (f"`{pair[0]}`" if pair[0] == pair[1] else f"what `{pair[0]}` and `{pair[1]}` match"),
                hint=f"add `needs: [{one.id}]` to `{two.id}`, or let one of them write elsewhere",
                task=two.id,
                where=("tasks", two.id, "writes", index),
                other=one.id,
            )
        )
    return errors


def _pairs_worth_a_look(writers: Sequence[BoundTask]) -> list[tuple[BoundTask, BoundTask]]:
    """The pairs whose `writes` can overlap, in the order of the tasks.

    Plain paths meet through an index, so that a graph of many tasks that write a file each costs no
    more than its paths; only a pattern with a wildcard is held against every other task.
    """
    owners: dict[tuple[str, ...], list[int]] = {}
    wild: set[int] = set()
    for index, task in enumerate(writers):
        for pattern in task.writes:
            if is_plain(pattern):
                owners.setdefault(segments(pattern), []).append(index)
            else:
                wild.add(index)
    pairs = {(min(one, two), max(one, two)) for one in wild for two in range(len(writers)) if one != two}
    for path, holders in owners.items():
        for cut in range(len(path) + 1):
            for other in owners.get(path[:cut], ()):
                pairs.update((min(one, other), max(one, other)) for one in holders if one != other)
    return [(writers[one], writers[two]) for one, two in sorted(pairs)]


def _exclude_each_other(one: tuple[int, int], two: tuple[int, int]) -> bool:
    return bool(one[0] & two[1] or one[1] & two[0])
