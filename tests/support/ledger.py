"""Records as the Coordinator writes them, and a Ledger's content as something to compare."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from metaensemble.engine.ledger import Record
from metaensemble.engine.ledger.schema import PROJECTIONS

DAG_RUN = "01900000-0000-7000-8000-0000000000d1"


class Interrupted(Exception):
    """What a fault point raises in these tests."""


def dag_run_created(nodes: Iterable[str] = ("a", "b"), dag_run_id: str = DAG_RUN, **more: Any) -> Record:
    payload = {
        "name": "graph",
        "source": "/project/graph.yaml",
        "source_digest": "0" * 64,
        "project": "/project",
        "params": {"n": 1},
        "concurrency": {"max": 2},
        "version": "0.1.0",
        "nodes": [[node, node, "run", "command"] for node in nodes],
        **more,
    }
    return Record("dag_run.created", dag_run_id, dag_run_id, payload)


def started(run_id: str, node_id: str = "a", dag_run_id: str = DAG_RUN, **more: Any) -> Record:
    payload = {
        "node_id": node_id,
        "generation": 0,
        "attempt_no": 1,
        "runtime": "command",
        "kind": "run",
        "key": "k" * 64,
        **more,
    }
    return Record("attempt.started", run_id, dag_run_id, payload)


def finished(run_id: str, node_id: str = "a", dag_run_id: str = DAG_RUN, **more: Any) -> Record:
    payload = {
        "node_id": node_id,
        "task_id": node_id,
        "generation": 0,
        "attempt_no": 1,
        "runtime": "command",
        "outcome": "ok",
        "node_state": "ok",
        "node_reason": "it ended ok",
        "started_ts": 1_700_000_000_000,
        "ended_ts": 1_700_000_000_250,
        "working_ms": 250,
        **more,
    }
    return Record("attempt.finished", run_id, dag_run_id, payload)


def note(text: str = "", **more: Any) -> Record:
    """A record of a kind that no table is made from."""
    return Record("note", "n", None, {"text": text, **more})


def content(db: sqlite3.Connection) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of the journal and of the tables made from it."""
    return {
        table: sorted(db.execute(f"SELECT * FROM {table}").fetchall(), key=repr)
        for table in ("journal", *PROJECTIONS)
    }


def content_of(state: Path) -> dict[str, list[tuple[Any, ...]]]:
    """The same of a Ledger that nobody has open."""
    db = sqlite3.connect(state / "department.db")
    try:
        return content(db)
    finally:
        db.close()


def raise_at(point: str, nth: int = 1) -> Callable[[str], None]:
    """Faults that raise `Interrupted` when `point` is passed for the nth time."""
    passed = 0

    def fault(name: str) -> None:
        nonlocal passed
        passed += name == point
        if name == point and passed == nth:
            raise Interrupted(point)

    return fault


def kill_at(point: str, nth: int = 1) -> Callable[[str], None]:
    """Faults that kill this process with SIGKILL when `point` is passed for the nth time."""
    passed = 0

    def fault(name: str) -> None:
        nonlocal passed
        passed += name == point
        if name == point and passed == nth:
            os.kill(os.getpid(), signal.SIGKILL)

    return fault


def start_python(code: str, *args: object, **options: Any) -> subprocess.Popen[str]:
    """A Python process that runs `code`; `support` and the package can be imported there."""
    tests = str(Path(__file__).parent.parent)
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([tests, *sys.path])}
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, args)],
        env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


def run_python(code: str, *args: object, **options: Any) -> tuple[int, str, str]:
    """The same, waited for: exit status (negative: the signal), standard output, standard error."""
    with start_python(code, *args, **options) as process:
        out, err = process.communicate(timeout=120)
    return process.returncode, out, err
