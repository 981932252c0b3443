"""Rules about the graph as a whole: tasks that can never run, and writes that collide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..schemas.bound import BoundGraph, BoundTask
from ..schemas.errors import InputError, ItemsCollide, RewindNotBefore, UnreachableTask, WriteConflict
from ..schemas.suggest import did_you_mean, in_backticks
from ..schemas.template import Literal
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
            if need.mode == "ok" and need.count is None:
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


def rewind_errors(tasks: Sequence[BoundTask], before: dict[str, int]) -> list[InputError]:
    """One error per question whose `rewind_to` names no task that leads to it."""
    position = {task.id: index for index, task in enumerate(tasks)}
    errors: list[InputError] = []
    for task in tasks:
        target = task.ask.rewind_to if task.ask is not None else None
        if target is None or (target in position and before[task.id] >> position[target] & 1):
            continue
        there = [tasks[index].id for index in range(len(tasks)) if before[task.id] >> index & 1]
        comes = "comes" if len(there) == 1 else "come"
        listed = (
            f"before it {comes} {in_backticks(there, last='and')}" if there else "nothing comes before it"
        )
        errors.append(
            RewindNotBefore(
                f"`{target}` does not lead to the question `{task.id}`, so it cannot be gone back to",
                hint=did_you_mean(target, there) or listed,
                task=task.id,
                where=("tasks", task.id, "rewind_to"),
            )
        )
    return errors


def write_conflict_errors(
    graph: BoundGraph, required: _Requirements, before: dict[str, int]
) -> list[InputError]:
    """One error per pair of tasks that may run at the same time and whose `writes` overlap."""
    position = {task.id: index for index, task in enumerate(graph.tasks)}
    writes = {task.id: fixed_writes(task) for task in graph.tasks}
    errors = [error for task in graph.tasks for error in _items_collide(task)]
    for one, two in _pairs_worth_a_look([task for task in graph.tasks if writes[task.id]], writes):
        if before[two.id] >> position[one.id] & 1 or before[one.id] >> position[two.id] & 1:
            continue
        if _exclude_each_other(required[one.id], required[two.id]):
            continue
        pair = next(((a, b) for a in writes[one.id] for b in writes[two.id] if may_overlap(a, b)), None)
        if pair is None:
            continue
        own = [item.value for item in two.writes if isinstance(item, Literal)]
        place = ("writes", own.index(pair[1])) if pair[1] in own else ()
        errors.append(
            WriteConflict(
                f"tasks `{one.id}` and `{two.id}` may run at the same time and both write "
                + (f"`{pair[0]}`" if pair[0] == pair[1] else f"what `{pair[0]}` and `{pair[1]}` match"),
                hint=f"add `needs: [{one.id}]` to `{two.id}`, or let each write to a place of its own",
                task=two.id,
                where=("tasks", two.id, *place),
                other=one.id,
            )
        )
    return errors


def fixed_writes(task: BoundTask) -> tuple[str, ...]:
    """What the task, and the tasks of its graph, are known to write in the project's own tree."""
    if task.isolation != "none":
        return ()
    found = [str(item.value) for item in task.writes if isinstance(item, Literal)]
    for one in [cell.task for cell in task.cells] or [task]:
        if one is not task:
            found += fixed_writes(one)
        if one.body is not None:
            found += [path for inner in one.body.graph.tasks for path in fixed_writes(inner)]
    return tuple(dict.fromkeys(found))


def _items_collide(task: BoundTask) -> list[InputError]:
    """The error for nodes of one task that may run at the same time and write the same files."""
    cells = [fixed_writes(cell.task) for cell in task.cells]
    pairs = ((a, b) for i, one in enumerate(cells) for two in cells[:i] for a in one for b in two)
    clash = next((pair for pair in pairs if may_overlap(*pair)), None)
    what, whole = "combinations", task
    if clash is None:
        for one in [cell.task for cell in task.cells] or [task]:
            paths = fixed_writes(one) if one.each is not None and one.each.parallel != 1 else ()
            if paths:
                clash, what, whole = (paths[0], paths[0]), "items", one
                break
    if clash is None:
        return []
    own = [item.value for item in whole.writes if isinstance(item, Literal)]
    place = ("writes", own.index(clash[1])) if clash[1] in own and not task.cells else ()
    name = "item" if what == "items" else "matrix.…"
    return [
        ItemsCollide(
            f"{what} of `{task.id}` may run at the same time, and all of them write `{clash[1]}`",
            hint=f"let each write a path of its own, with `${{{{ {name} }}}}` in it"
            + (", or run them one after the other with `parallel: 1`" if what == "items" else ""),
            task=task.id,
            where=("tasks", task.id, *place),
        )
    ]


def _pairs_worth_a_look(
    writers: Sequence[BoundTask], writes: Mapping[str, Sequence[str]]
) -> list[tuple[BoundTask, BoundTask]]:
    """The pairs whose `writes` can overlap, in the order of the tasks.

    Plain paths meet through an index, so that a graph of many tasks that write a file each costs no
    more than its paths; only a pattern with a wildcard is held against every other task.
    """
    owners: dict[tuple[str, ...], list[int]] = {}
    wild: set[int] = set()
    for index, task in enumerate(writers):
        for pattern in writes[task.id]:
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
