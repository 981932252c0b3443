from __future__ import annotations

import json
from pathlib import Path

from metaensemble.engine.ledger import Ledger, Record
from metaensemble.schemas.ids import IdSource
from support.full_run import FULL_RUN
from support.ledger import dag_run_created, started

KNOWN_BY_START = ("attempt_key", "runtime", "started_ts", "task_id")
RUNS = 400
MOST = 3.5


def bytes_of(state: Path) -> int:
    return sum(path.stat().st_size for path in state.iterdir() if path.is_file())


def test_a_full_run_takes_at_most_three_and_a_half_times_its_json(tmp_path: Path) -> None:
    new_id = IdSource()
    dag_run_id = new_id()
    nodes = [f"{FULL_RUN['node_id']}{number}" for number in range(RUNS)]
    with Ledger.open(tmp_path) as ledger:
        ledger.append([dag_run_created(nodes, dag_run_id)])
    before = bytes_of(tmp_path)
    compact = 0
    with Ledger.open(tmp_path) as ledger:
        for node in nodes:
            run_id = new_id()
            run = {**FULL_RUN, "node_id": node}
            key, runtime = run["attempt_key"], run["runtime"]
            ledger.append([started(run_id, node, dag_run_id, key=key, runtime=runtime, kind="role")])
            end = {name: value for name, value in run.items() if name not in KNOWN_BY_START}
            ledger.append([Record("attempt.finished", run_id, dag_run_id, {**end, "node_state": "failed"})])
            compact += len(
                json.dumps({"run_id": run_id, "dag_run_id": dag_run_id, **run}, separators=(",", ":"))
            )
    grown = bytes_of(tmp_path) - before
    print(f"{grown / RUNS:.0f} bytes per Run, {compact / RUNS:.0f} as JSON: {grown / compact:.2f}")
    assert grown / compact <= MOST
