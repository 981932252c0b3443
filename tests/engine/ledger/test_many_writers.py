from __future__ import annotations

from pathlib import Path

import pytest

from metaensemble.engine.ledger import Ledger
from support.ledger import note, start_python

WRITER = """
import sys
from pathlib import Path
from support.ledger import dag_run_created, finished, started
from metaensemble.engine.ledger import Ledger

state, me, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
sys.stdin.readline()
with Ledger.open(state, busy_timeout_ms=60_000) as ledger:
    nodes = [f"n{number}" for number in range(count)]
    ledger.append([dag_run_created(nodes, dag_run_id=me)])
    for number, node in enumerate(nodes):
        run_id = f"{me}-{number}"
        (before,) = ledger.append([started(run_id, node, me)])
        (after,) = ledger.append([finished(run_id, node, me)])
        assert before < after
        if number % 100 == 0:
            ledger.mirror.catch_up(wait=False)
print("done")
"""


@pytest.mark.parametrize(("writers", "runs"), [(8, 1250)])
def test_eight_processes_ten_thousand_runs_none_lost(tmp_path: Path, writers: int, runs: int) -> None:
    processes = [
        start_python(WRITER, tmp_path / "state", f"d{number}", runs, stdin=-1) for number in range(writers)
    ]
    try:
        # All open the Ledger, which does not exist yet, at the same moment.
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            out, err = process.communicate(timeout=300)
            assert (process.returncode, out) == (0, "done\n"), err
    finally:
        for process in processes:
            process.kill()
            process.wait()
    total = writers * runs
    with Ledger.open(tmp_path / "state") as ledger:
        found = ledger.verify()
        assert found.is_clean
        assert (found.records, found.mirror_lag) == (writers + 2 * total, 0)
        count = ledger.connection.execute("SELECT count(*) FROM runs JOIN attempts USING (run_id)").fetchone()
        assert count == (total,)
        states = ledger.connection.execute("SELECT state, count(*) FROM nodes GROUP BY state").fetchall()
        assert states == [("ok", total)]


def test_a_writer_that_is_stopped_in_its_turn_loses_it_when_it_is_killed(tmp_path: Path) -> None:
    code = """
import os, signal, sys
from pathlib import Path
from support.ledger import note
from metaensemble.engine.ledger import Ledger
def stop(point):
    if point == "ledger.before_commit":
        print("stopped", flush=True)
        os.kill(os.getpid(), signal.SIGSTOP)
Ledger.open(Path(sys.argv[1]), faults=stop).append([note()])
"""
    with start_python(code, tmp_path) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "stopped\n"
        process.kill()
    with Ledger.open(tmp_path, busy_timeout_ms=2000) as ledger:
        assert ledger.append([note()]) == [1]
