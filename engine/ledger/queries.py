"""Every question that may be asked of the Ledger, by name.

Each function states what it costs (n: rows of the table, k: rows returned) and the index that it
goes by; a test holds the statement to SQLite's own plan. Each takes a `limit` of at most 10,000;
where more may follow, the next page starts after the last row of this one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Final

from ...schemas.errors import AmbiguousDagRun, AmbiguousRun
from .asking import NamedQuery, ask, bounded, columns, one
from .database_errors import ledger_errors
from .journal import BY_SEQ, IN_STRETCHES, OF_DAG_RUN, journaled
from .ledger import MAX_PAGE, Ledger
from .records import ATTEMPT_FINISHED, Journaled
from .rows import AnswerRow, AttemptRow, BranchRow, DagRunRow, NodeRow, ResultRow, RunRow

__all__ = [
    "answers_of_dag_run",
    "attempts_of_dag_run",
    "attempts_of_node",
    "count_nodes",
    "dag_run_by_id",
    "dag_runs_by_prefix",
    "find_dag_run",
    "find_run",
    "generations_of_node",
    "latest_result",
    "newest_unfinished_dag_run",
    "nodes_of_dag_run",
    "recent_dag_runs",
    "recent_runs",
    "record_at",
    "records_after",
    "result_by_key",
    "run_by_id",
    "runs_by_prefix",
    "runs_of_dag_run",
    "runs_of_node",
    "stranded_attempts",
    "unfinished_dag_run_of",
    "work_in_worktrees",
]

_END: Final = 1 << 62
_LAST_TEXT: Final = "\U0010ffff"
_DAG_RUN: Final = f"SELECT {columns(DagRunRow, 'dag_runs')} FROM dag_runs"  # noqa: S608
_NODE: Final = f"SELECT {columns(NodeRow, 'nodes')} FROM nodes"  # noqa: S608
_ATTEMPT: Final = f"SELECT {columns(AttemptRow, 'attempts')} FROM attempts"  # noqa: S608
_RUN: Final = f"SELECT {columns(RunRow, 'runs')} FROM runs"  # noqa: S608
_ANSWER: Final = f"SELECT {columns(AnswerRow, 'approvals')} FROM approvals"  # noqa: S608
_RESULT: Final = f"SELECT {columns(ResultRow, 'results')} FROM results"  # noqa: S608
_RECORD_COLUMNS: Final = (
    "seq", "ts", "kind", "entity_id", "dag_run_id", "cause", "payload", "prev_hash", "hash",
)  # fmt: skip

_RUN_BY_ID: Final = ("run_outcomes USING PRIMARY KEY", "journal USING INTEGER PRIMARY KEY")
_DAG_RUN_BY_ID: Final = ("dag_runs USING INDEX sqlite_autoindex_dag_runs_1",)
_IN_DAG_RUN: Final = (
    "stretches USING COVERING INDEX stretches_of_dag_run",
    "records USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)",
)
_BEGAN: Final = (
    "EXISTS (SELECT 1 FROM attempts WHERE attempts.dag_run_id = dag_runs.dag_run_id AND attempts.run_id = ?)"
)

QUERIES: Final = {
    "recent_runs": NamedQuery(f"{_RUN} WHERE run_id < ? ORDER BY run_id DESC LIMIT ?", _RUN_BY_ID),
    "run_by_id": NamedQuery(f"{_RUN} WHERE run_id = ?", _RUN_BY_ID),
    "runs_by_prefix": NamedQuery(
        f"{_RUN} WHERE run_id >= ? AND run_id < ? ORDER BY run_id LIMIT ?", _RUN_BY_ID
    ),
    "runs_of_dag_run": NamedQuery(
        f"SELECT {columns(RunRow, 'runs')} FROM {IN_STRETCHES} CROSS JOIN runs"  # noqa: S608
        f" ON runs.run_id = records.entity_id AND runs.seq = records.seq"
        f" WHERE {OF_DAG_RUN} AND records.kind = '{ATTEMPT_FINISHED}' ORDER BY {BY_SEQ} LIMIT :limit",
        (*_IN_DAG_RUN, *_RUN_BY_ID),
    ),
    "runs_of_node": NamedQuery(
        f"SELECT {columns(RunRow, 'runs')} FROM attempts CROSS JOIN runs ON runs.run_id = attempts.run_id"  # noqa: S608
        " WHERE attempts.dag_run_id = ? AND attempts.node_id = ? AND attempts.run_id > ?"
        " ORDER BY attempts.run_id LIMIT ?",
        ("attempts USING PRIMARY KEY", *_RUN_BY_ID),
    ),
    "dag_run_by_id": NamedQuery(f"{_DAG_RUN} WHERE dag_run_id = ?", _DAG_RUN_BY_ID),
    "dag_runs_by_prefix": NamedQuery(
        f"{_DAG_RUN} WHERE dag_run_id >= ? AND dag_run_id < ? ORDER BY dag_run_id LIMIT ?", _DAG_RUN_BY_ID
    ),
    "recent_dag_runs": NamedQuery(
        f"{_DAG_RUN} WHERE seq < ? ORDER BY seq DESC LIMIT ?", ("dag_runs USING INTEGER PRIMARY KEY",)
    ),
    "newest_unfinished_dag_run": NamedQuery(
        f"{_DAG_RUN} WHERE ended_ts IS NULL AND seq < ? ORDER BY seq DESC LIMIT 1",
        ("dag_runs USING INDEX dag_runs_unfinished",),
    ),
    "unfinished_dag_run_of": NamedQuery(
        f"{_DAG_RUN} WHERE ended_ts IS NULL AND seq < ? AND {_BEGAN} ORDER BY seq DESC LIMIT 1",
        ("dag_runs USING INDEX dag_runs_unfinished", "attempts USING PRIMARY KEY"),
    ),
    "nodes_of_dag_run": NamedQuery(
        f"{_NODE} WHERE dag_run_id = ? AND (node_id, generation) > (?, ?)"
        " ORDER BY node_id, generation LIMIT ?",
        ("nodes USING PRIMARY KEY",),
    ),
    "count_nodes": NamedQuery(
        "SELECT count(*), count(nullif(state = 'ok', 0)) FROM nodes AS newest WHERE dag_run_id = ?"
        " AND kind NOT IN ('each', 'matrix', 'repeat', 'graph') AND superseded = 0"
        " AND generation = (SELECT max(generation) FROM nodes"
        " WHERE dag_run_id = newest.dag_run_id AND node_id = newest.node_id) AND NOT superseded",
        ("newest USING PRIMARY KEY", "nodes USING PRIMARY KEY"),
    ),
    "generations_of_node": NamedQuery(
        f"{_NODE} WHERE dag_run_id = ? AND node_id = ? ORDER BY generation LIMIT ?",
        ("nodes USING PRIMARY KEY",),
    ),
    "attempts_of_node": NamedQuery(
        f"{_ATTEMPT} WHERE dag_run_id = ? AND node_id = ? AND run_id > ? ORDER BY run_id LIMIT ?",
        ("attempts USING PRIMARY KEY",),
    ),
    "attempts_of_dag_run": NamedQuery(
        f"{_ATTEMPT} WHERE dag_run_id = ? AND run_id > ? ORDER BY run_id LIMIT ?",
        ("attempts USING PRIMARY KEY",),
    ),
    "stranded_attempts": NamedQuery(
        f"{_ATTEMPT} LEFT JOIN run_outcomes USING (run_id) WHERE attempts.dag_run_id = ?"
        " AND run_outcomes.run_id IS NULL AND attempts.run_id > ? ORDER BY attempts.run_id LIMIT ?",
        ("attempts USING PRIMARY KEY", "run_outcomes USING PRIMARY KEY"),
    ),
    "records_after": NamedQuery(
        f"SELECT records.{', records.'.join(_RECORD_COLUMNS)} FROM {IN_STRETCHES} WHERE {OF_DAG_RUN}"  # noqa: S608
        f" AND records.kind IN (SELECT value FROM json_each(:kinds)) ORDER BY {BY_SEQ} LIMIT :limit",
        _IN_DAG_RUN,
    ),
    "work_in_worktrees": NamedQuery(
        "SELECT records.seq, records.payload ->> '$.node_id' AS node_id,"  # noqa: S608
        " records.payload ->> '$.worktree.branch' AS branch"
        f" FROM {IN_STRETCHES} WHERE {OF_DAG_RUN} AND records.kind = '{ATTEMPT_FINISHED}'"
        " AND records.payload ->> '$.outcome' = 'ok'"
        " AND records.payload ->> '$.worktree.commit' <> records.payload ->> '$.worktree.base'"
        f" ORDER BY {BY_SEQ} LIMIT :limit",
        _IN_DAG_RUN,
    ),
    "answers_of_dag_run": NamedQuery(
        f"{_ANSWER} WHERE dag_run_id = ? AND (node_id, generation) > (?, ?)"
        " ORDER BY node_id, generation LIMIT ?",
        ("approvals USING PRIMARY KEY",),
    ),
    "result_by_key": NamedQuery(f"{_RESULT} WHERE result_key = ? LIMIT ?", ("results USING PRIMARY KEY",)),
    "latest_result": NamedQuery(
        f"{_RESULT} WHERE task = ? ORDER BY seq DESC LIMIT ?", ("results USING INDEX results_of_task",)
    ),
    "record_at": NamedQuery(
        f"SELECT {', '.join(_RECORD_COLUMNS)} FROM journal WHERE seq = ?",  # noqa: S608
        ("journal USING INTEGER PRIMARY KEY",),
    ),
}
"""The statements, by the name of the function that asks them."""


def recent_runs(ledger: Ledger, *, before: str = _LAST_TEXT, limit: int = 20) -> list[RunRow]:
    """The newest Runs by the time of their start, which their ids begin with; newest first.

    Older pages with `before` the `run_id` of the last row. O(log n + k log n), by the primary keys of
    `run_outcomes` and `journal`.
    """
    return ask(ledger, QUERIES["recent_runs"], RunRow, (before, bounded(limit)))


def result_by_key(ledger: Ledger, key: str) -> ResultRow | None:
    """The newest result with this key. O(log n), by the primary key of `results`."""
    return one(ask(ledger, QUERIES["result_by_key"], ResultRow, (key, 1)))


def latest_result(ledger: Ledger, task: str) -> ResultRow | None:
    """The newest result of a task, whatever its key. O(log n), by the index `results_of_task`."""
    return one(ask(ledger, QUERIES["latest_result"], ResultRow, (task, 1)))


def run_by_id(ledger: Ledger, run_id: str) -> RunRow | None:
    """The Run of this full id; None when there is none. O(log n), by the primary key of `run_outcomes`."""
    return one(ask(ledger, QUERIES["run_by_id"], RunRow, (run_id,)))


def runs_by_prefix(ledger: Ledger, prefix: str, *, limit: int = 10) -> list[RunRow]:
    """The Runs whose id begins with `prefix`, by id. O(log n + k), by the primary key of `run_outcomes`."""
    return ask(ledger, QUERIES["runs_by_prefix"], RunRow, (prefix, prefix + _LAST_TEXT, bounded(limit)))


def find_run(ledger: Ledger, text: str) -> RunRow | None:
    """The one Run whose id is `text` or begins with it; None when there is none.

    Raises `AmbiguousRun` when there are several. O(log n), by the primary key of `run_outcomes`.
    """
    found = runs_by_prefix(ledger, text, limit=5)
    if len(found) > 1 and found[0].run_id != text:
        names = [row.run_id for row in found]
        raise AmbiguousRun(
            f"several Runs begin with `{text}`: {_listed(names)}",
            hint="type more of the id",
            candidates=names,
        )
    return one(found)


def runs_of_dag_run(ledger: Ledger, dag_run_id: str, *, after: int = 0, limit: int = 1000) -> list[RunRow]:
    """The Runs of a DAG run in the order in which they ended; next page with `after` the last seq.

    O(log n + records of the DAG run passed over + k log n), by the index `stretches_of_dag_run` and the
    primary keys of `journal` and `run_outcomes`.
    """
    return ask(ledger, QUERIES["runs_of_dag_run"], RunRow, _page(dag_run_id, after, limit))


def runs_of_node(
    ledger: Ledger, dag_run_id: str, node_id: str, *, after: str = "", limit: int = 1000
) -> list[RunRow]:
    """The Runs of a node, oldest attempt first; next page with `after` the last `run_id`.

    O(log n + attempts of the DAG run), by the primary keys of `attempts` and `run_outcomes`.
    """
    return ask(ledger, QUERIES["runs_of_node"], RunRow, (dag_run_id, node_id, after, bounded(limit)))


def dag_run_by_id(ledger: Ledger, dag_run_id: str) -> DagRunRow | None:
    """The DAG run of this full id; None when there is none. O(log n), by the unique index on `dag_run_id`."""
    return one(ask(ledger, QUERIES["dag_run_by_id"], DagRunRow, (dag_run_id,)))


def dag_runs_by_prefix(ledger: Ledger, prefix: str, *, limit: int = 10) -> list[DagRunRow]:
    """The DAG runs whose id begins with `prefix`. O(log n + k), by the unique index on `dag_run_id`."""
    return ask(
        ledger, QUERIES["dag_runs_by_prefix"], DagRunRow, (prefix, prefix + _LAST_TEXT, bounded(limit))
    )


def find_dag_run(ledger: Ledger, text: str) -> DagRunRow | None:
    """The one DAG run whose id is `text` or begins with it; None when there is none.

    Raises `AmbiguousDagRun` when there are several. O(log n), by the unique index on `dag_run_id`.
    """
    found = dag_runs_by_prefix(ledger, text, limit=5)
    if len(found) > 1 and found[0].dag_run_id != text:
        names = [row.dag_run_id for row in found]
        raise AmbiguousDagRun(
            f"several DAG runs begin with `{text}`: {_listed(names)}",
            hint="type more of the id",
            candidates=names,
        )
    return one(found)


def recent_dag_runs(ledger: Ledger, *, before: int = _END, limit: int = 20) -> list[DagRunRow]:
    """The newest DAG runs, newest first; older pages with `before` the seq of the last row.

    O(log n + k), by the primary key of `dag_runs`.
    """
    return ask(ledger, QUERIES["recent_dag_runs"], DagRunRow, (before, bounded(limit)))


def newest_unfinished_dag_run(ledger: Ledger) -> DagRunRow | None:
    """The newest DAG run that has no end on record (running, paused or interrupted); None if all have.

    O(log n), by the partial index `dag_runs_unfinished`.
    """
    return one(ask(ledger, QUERIES["newest_unfinished_dag_run"], DagRunRow, (_END,)))


def unfinished_dag_run_of(ledger: Ledger, run_id: str) -> DagRunRow | None:
    """The DAG run that began the attempt `run_id`, unless that DAG run's end is on record.

    O(log n + k log n), by the partial index `dag_runs_unfinished`, for k unfinished DAG runs.
    """
    return one(ask(ledger, QUERIES["unfinished_dag_run_of"], DagRunRow, (_END, run_id)))


def nodes_of_dag_run(
    ledger: Ledger, dag_run_id: str, *, after: tuple[str, int] = ("", -1), limit: int = MAX_PAGE
) -> list[NodeRow]:
    """The nodes of a DAG run, all generations, by id and generation; `after` names the last row so far.

    O(log n + k), by the primary key of `nodes`.
    """
    return ask(ledger, QUERIES["nodes_of_dag_run"], NodeRow, (dag_run_id, *after, bounded(limit)))


def count_nodes(ledger: Ledger, dag_run_id: str) -> tuple[int, int]:
    """How many nodes a DAG run has, and how many of them ended ok in their newest generation.

    Nodes that a rewind dropped, and that did not grow again, are not counted.
    O(log n + k), by the primary key of `nodes`; k are the DAG run's nodes.
    """
    with ledger_errors(ledger.path):
        found = ledger.connection.execute(QUERIES["count_nodes"].sql, (dag_run_id,)).fetchone()
    return found[0], found[1]


def generations_of_node(ledger: Ledger, dag_run_id: str, node_id: str, *, limit: int = 1000) -> list[NodeRow]:
    """The generations of one node, oldest first. O(log n + k), by the primary key of `nodes`."""
    return ask(ledger, QUERIES["generations_of_node"], NodeRow, (dag_run_id, node_id, bounded(limit)))


def attempts_of_node(
    ledger: Ledger, dag_run_id: str, node_id: str, *, after: str = "", limit: int = 1000
) -> list[AttemptRow]:
    """The attempts of a node, oldest first; next page with `after` the last `run_id`.

    O(log n + attempts of the DAG run), by the primary key of `attempts`.
    """
    return ask(ledger, QUERIES["attempts_of_node"], AttemptRow, (dag_run_id, node_id, after, bounded(limit)))


def attempts_of_dag_run(
    ledger: Ledger, dag_run_id: str, *, after: str = "", limit: int = MAX_PAGE
) -> list[AttemptRow]:
    """The attempts of a DAG run, oldest first; next page with `after` the last `run_id`.

    O(log n + k), by the primary key of `attempts`.
    """
    return ask(ledger, QUERIES["attempts_of_dag_run"], AttemptRow, (dag_run_id, after, bounded(limit)))


def stranded_attempts(
    ledger: Ledger, dag_run_id: str, *, after: str = "", limit: int = MAX_PAGE
) -> list[AttemptRow]:
    """The attempts of a DAG run that have no Run: in flight while a Coordinator lives, else stranded.

    O(log n + attempts of the DAG run), by the primary keys of `attempts` and `run_outcomes`.
    """
    return ask(ledger, QUERIES["stranded_attempts"], AttemptRow, (dag_run_id, after, bounded(limit)))


def work_in_worktrees(
    ledger: Ledger, dag_run_id: str, *, after: int = 0, limit: int = 1000
) -> list[BranchRow]:
    """The branches on which attempts that ended ok left changes, in the order in which they ended; next page
    with `after` the last seq.

    O(log n + records of the DAG run passed over), by the index `stretches_of_dag_run` and the primary key of
    `journal`.
    """
    return ask(ledger, QUERIES["work_in_worktrees"], BranchRow, _page(dag_run_id, after, limit))


def answers_of_dag_run(
    ledger: Ledger, dag_run_id: str, *, after: tuple[str, int] = ("", -1), limit: int = MAX_PAGE
) -> list[AnswerRow]:
    """What people answered in a DAG run, by node id and generation; `after` names the last row so far.

    O(log n + k), by the primary key of `approvals`.
    """
    return ask(ledger, QUERIES["answers_of_dag_run"], AnswerRow, (dag_run_id, *after, bounded(limit)))


def records_after(
    ledger: Ledger, dag_run_id: str, after: int, kinds: Iterable[str], *, limit: int = 1000
) -> list[Journaled]:
    """The records of a DAG run with a seq above `after` that are of one of `kinds`, in order.

    O(log n + records of the DAG run after `after`), by the index `stretches_of_dag_run` and the
    primary key of `journal`.
    """
    with ledger_errors(ledger.path):
        params = {**_page(dag_run_id, after, limit), "kinds": json.dumps(list(kinds))}
        return [journaled(row) for row in ledger.connection.execute(QUERIES["records_after"].sql, params)]


def record_at(ledger: Ledger, seq: int) -> Journaled | None:
    """The record of this seq; None when there is none. O(log n), by the primary key of `journal`."""
    with ledger_errors(ledger.path):
        row = ledger.connection.execute(QUERIES["record_at"].sql, (seq,)).fetchone()
        return None if row is None else journaled(row)


def _page(dag_run_id: str, after: int, limit: int) -> dict[str, object]:
    return {"dag_run_id": dag_run_id, "after": after, "limit": bounded(limit)}


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names[:4]) + (", …" if len(names) > 4 else "")
