"""Layer 3, part of `api`: the Executors of a project, their past, and what goes on there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._api_read import check_limit, open_if_there
from .engine.ledger import people_queries, queries
from .engine.project import MARK
from .schemas.errors import ExecutorUnusable
from .schemas.suggest import did_you_mean

if TYPE_CHECKING:
    from .engine.ledger.ledger import Ledger
    from .engine.ledger.people_rows import ExecutorRow

_PAGE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTask:
    """A task of a DAG run that has not ended: its state, and the tasks that it still waits for."""

    dag_run_id: str
    dag_run: str
    node: str
    state: str
    runtime: str
    waits_for: tuple[str, ...]
    executor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverableLine:
    """A Deliverable that was left lately: where it is, and by whom."""

    path: str
    summary: str
    run_id: str
    node: str
    executor: str | None
    ended_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryView:
    """What goes on in a project: live Executors, open tasks with what they wait for, recent Deliverables."""

    executors: tuple[dict[str, Any], ...]
    tasks: tuple[OpenTask, ...]
    deliverables: tuple[DeliverableLine, ...]


def list_executors(
    *, role: str | None = None, status: str | None = None, limit: int = 100, cwd: Path | None = None
) -> list[dict[str, Any]]:
    """The Executors of the project, the one that was seen last first; of one Role or status where asked."""
    check_limit(limit)
    ledger = open_if_there(cwd)
    if ledger is None:
        return []
    found: list[dict[str, Any]] = []
    with ledger:
        aliases: dict[str, str] = {}
        for row in _executors(ledger):
            if (role is None or row.role_id == role) and (status is None or row.status == status):
                found.append(_described(ledger, row, aliases))
            if len(found) == limit:
                break
    return found


def _executors(ledger: Ledger) -> Any:
    seen: set[str] = set()
    before = 1 << 62
    while True:
        page = people_queries.executors_by_time(ledger, before=before, limit=_PAGE)
        fresh = [row for row in page if row.executor_id not in seen]
        yield from fresh
        if len(page) < _PAGE or not fresh:
            return
        seen |= {row.executor_id for row in fresh}
        # Several may have been seen in the same millisecond.
        before = (page[-1].last_seen_ts or 0) + 1


def _described(ledger: Ledger, row: ExecutorRow, aliases: dict[str, str]) -> dict[str, Any]:
    data = asdict(row)
    data["parent"] = _alias(ledger, row.parent_id, aliases)
    del data["seq"], data["parent_id"]
    return data


def _alias(ledger: Ledger, executor_id: str | None, known: dict[str, str]) -> str | None:
    if executor_id is None:
        return None
    if executor_id not in known:
        row = people_queries.executor_by_id(ledger, executor_id)
        known[executor_id] = row.alias if row is not None else executor_id
    return known[executor_id]


def relaunch_context(alias: str, *, full: bool = False, cwd: Path | None = None) -> dict[str, Any]:
    """What the Executor `alias` is told of its past: `alias`, `role`, `text`, and `tokens`, an estimate.

    Raises `ExecutorUnusable`.
    """
    from .engine.agents.relaunch import context_of

    ledger = open_if_there(cwd)
    if ledger is None:
        raise ExecutorUnusable(
            f"there is no Executor `{alias}`", hint="this project has none yet: give a Role its first task"
        )
    with ledger:
        row = found_executor(ledger, alias)
        context = context_of(ledger, row, ledger.path.parents[1], full=full)
    return {
        "alias": row.alias,
        "role": row.role_id,
        "status": row.status,
        "tokens": context.tokens,
        "text": context.text,
    }


def found_executor(ledger: Ledger, alias: str) -> ExecutorRow:
    """The Executor of this alias. Raises `ExecutorUnusable` with those that were perhaps meant."""
    row = people_queries.executor_by_alias(ledger, alias)
    if row is not None:
        return row
    near = people_queries.executors_by_prefix(ledger, alias.rpartition("-")[0], limit=50)
    names = [one.alias for one in near]
    hint = did_you_mean(alias, names) or "`me executors` lists those of this project"
    raise ExecutorUnusable(f"there is no Executor `{alias}`", hint=hint)


def registry(*, limit: int = 20, cwd: Path | None = None) -> RegistryView:
    """What goes on in the project: Executors that are not retired, open tasks, and recent Deliverables."""
    check_limit(limit)
    ledger = open_if_there(cwd)
    if ledger is None:
        return RegistryView(executors=(), tasks=(), deliverables=())
    with ledger:
        aliases: dict[str, str] = {}
        live = [row for row in _executors(ledger) if row.status != "retired"][:limit]
        executors = tuple(_described(ledger, row, aliases) for row in live)
        return RegistryView(
            executors=executors,
            tasks=tuple(_open_tasks(ledger, limit, aliases)),
            deliverables=tuple(_deliverables(ledger, limit, aliases)),
        )


def _open_tasks(ledger: Ledger, limit: int, aliases: dict[str, str]) -> list[OpenTask]:
    from .engine.coordinator.session import stored_graph
    from .engine.instances import root_instances

    found: list[OpenTask] = []
    for dag_run in queries.recent_dag_runs(ledger, limit=limit):
        if dag_run.ended_ts is not None:
            continue
        rows = queries.nodes_of_dag_run(ledger, dag_run.dag_run_id)
        state = {row.node_id: row for row in rows if not row.superseded}
        attempts = {one.node_id: one for one in queries.stranded_attempts(ledger, dag_run.dag_run_id)}
        for instance in root_instances(stored_graph(ledger, dag_run.dag_run_id)):
            row = state.get(instance.id)
            if row is None or row.state in ("ok", "failed", "blocked", "skipped", "cancelled"):
                continue
            waits = [need.task for need in instance.needs if _is_open(state.get(need.task))]
            attempt = attempts.get(instance.id)
            found.append(
                OpenTask(
                    dag_run_id=dag_run.dag_run_id,
                    dag_run=dag_run.name or "",
                    node=instance.id,
                    state=row.state,
                    runtime=row.runtime,
                    waits_for=tuple(waits),
                    executor=_alias(ledger, _executor_of(ledger, attempt), aliases),
                )
            )
    return found[:limit]


def _is_open(row: Any) -> bool:
    return row is not None and row.state not in ("ok", "failed", "blocked", "skipped", "cancelled")


def _executor_of(ledger: Ledger, attempt: Any) -> str | None:
    record = queries.record_at(ledger, attempt.seq) if attempt is not None else None
    return record.payload.get("executor_id") if record is not None else None


def _deliverables(ledger: Ledger, limit: int, aliases: dict[str, str]) -> list[DeliverableLine]:
    found = []
    for run in queries.recent_runs(ledger, limit=max(200, limit)):
        reference = run.deliverable_ref if isinstance(run.deliverable_ref, dict) else {}
        if run.outcome == "ok" and reference.get("path"):
            found.append(
                DeliverableLine(
                    path=reference["path"],
                    summary=reference.get("summary") or "",
                    run_id=run.run_id,
                    node=run.node_id or "",
                    executor=_alias(ledger, run.executor_id, aliases),
                    ended_ms=run.ended_ts,
                )
            )
    return found[:limit]


def project_folder(ledger: Ledger) -> Path:
    """The `.metaensemble` folder that the Ledger lies in."""
    folder = ledger.path.parents[1]
    assert folder.name == MARK
    return folder
