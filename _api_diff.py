"""Layer 3, part of `api`: what differs between two graph files, or between two DAG runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._api_read import named_dag_run, open_for_reading
from ._api_report import report_of
from .schemas.diff import Change, Diff, Entry
from .schemas.errors import BadFlagValue, InputErrors, SourceMissing
from .tasks.loader import load_problems

if TYPE_CHECKING:
    from .schemas.report import NodeReport, Report

_ABSENT = object()


def diff(before: str, after: str, *, cwd: Path | None = None) -> Diff:
    """What differs between two graph files, or between two DAG runs of the project.

    What names a file that is there is a file; anything else is the id of a DAG run, or its beginning.
    Raises `InputErrors` for a file that is no sound graph, `SourceMissing`,
    `UnknownDagRun` and `BadFlagValue`.
    """
    base = cwd or Path()
    files = [(base / name).is_file() for name in (before, after)]
    if all(files):
        return _diff("graphs", before, after, _written(base / before), _written(base / after), "tasks")
    for name in (before, after):
        if _is_path(name) and not (base / name).is_file():
            raise SourceMissing(f"there is no file `{name}`")
    if any(files):
        name, other = (before, after) if files[0] else (after, before)
        raise BadFlagValue(
            f"`{name}` is a file and `{other}` is not: two files are compared, or two DAG runs",
            hint="`me dag list` shows the DAG runs",
        )
    with open_for_reading(cwd) as ledger:
        reports = [report_of(ledger, named_dag_run(ledger, name), outputs=True) for name in (before, after)]
    one, two = map(_told, reports)
    return _diff("DAG runs", reports[0].dag_run_id, reports[1].dag_run_id, one, two, "nodes")


def _is_path(name: str) -> bool:
    """Whether the name is that of a file, there or not: no id looks like it."""
    return "/" in name or name.endswith((".yaml", ".yml"))


def _written(path: Path) -> dict[str, Any]:
    loaded, problems = load_problems(path)
    if loaded is None or problems:
        raise InputErrors(problems)
    whole: dict[str, Any] = loaded.graph.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return whole


def _told(report: Report) -> dict[str, Any]:
    return {
        "state": report.state,
        "params": report.params,
        "outputs": report.outputs,
        "nodes": {node.id: _node(node) for node in report.nodes},
    }


def _node(node: NodeReport) -> dict[str, Any]:
    last = node.attempts[-1] if node.attempts else None
    return {
        "state": node.state,
        "failure_reason": last.failure_reason if last is not None else None,
        "attempts": len(node.attempts),
        "reused": node.reused_from is not None,
        "output": node.output,
    }


def _diff(
    of: Any, before: str, after: str, one: Mapping[str, Any], two: Mapping[str, Any], parts: str
) -> Diff:
    ours, theirs = one.get(parts, {}), two.get(parts, {})
    whole = _changes(
        {key: value for key, value in one.items() if key != parts},
        {key: value for key, value in two.items() if key != parts},
        "",
    )
    entries = []
    for name in dict.fromkeys([*ours, *theirs]):
        if name not in theirs:
            entries.append(Entry(id=name, kind="removed"))
        elif name not in ours:
            entries.append(Entry(id=name, kind="added"))
        elif changes := tuple(_changes(ours[name], theirs[name], "")):
            entries.append(Entry(id=name, kind="changed", changes=changes))
    return Diff(of=of, before=before, after=after, whole=tuple(whole), entries=tuple(entries))


def _changes(one: Any, two: Any, path: str) -> Iterator[Change]:
    """The smallest values that differ, maps gone into; lists are compared as wholes."""
    if isinstance(one, Mapping) and isinstance(two, Mapping):
        for key in dict.fromkeys([*one, *two]):
            below = f"{path}.{key}" if path else str(key)
            yield from _changes(one.get(key, _ABSENT), two.get(key, _ABSENT), below)
    elif one != two or type(one) is not type(two):
        yield Change(
            path=path,
            before=None if one is _ABSENT else one,
            after=None if two is _ABSENT else two,
        )
