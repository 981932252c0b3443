"""A writer that is killed with SIGKILL: at every fault point, and at any moment."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest

from metaensemble.engine.ledger import FAULT_POINTS, Ledger, queries
from support.ledger import run_python, start_python

WRITER = """
import sys
from pathlib import Path
from support.ledger import DAG_RUN, dag_run_created, finished, kill_at, started
from metaensemble.engine.ledger import Ledger
from metaensemble.engine.ledger.fault_points import no_faults

state, point, nth, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
faults = kill_at(point, nth) if point else no_faults
with Ledger.open(state, faults=faults) as ledger:
    nodes = [f"n{number}" for number in range(count)]
    ledger.append([dag_run_created(nodes)])
    for number, node in enumerate(nodes):
        ledger.append([started(f"r{number}", node)], durable=number % 3 == 0)
        blob = ledger.blobs.put(f"output of {node}".encode() * 9000)
        ledger.append([finished(f"r{number}", node, output_blob=blob)])
        print(number, flush=True)
        if number % 4 == 3:
            ledger.mirror.catch_up()
"""
ELSEWHERE = ("rebuild.", "mirror.before_adopt", "mirror.before_set_aside", "mirror.after_set_aside")
MOMENTS = [
    (point, nth)
    for point in FAULT_POINTS
    if not point.startswith(ELSEWHERE)
    for nth in ((1,) if point.startswith("migration") else (1, 2, 5))
]


def check_whole(state: Path, acknowledged: int) -> None:
    """All that was acknowledged is there, the chain is whole, and the same work can be done again."""
    with Ledger.open(state) as ledger:
        found = ledger.verify()
        assert (found.problems, found.mirror_lag) == ((), 0)
        runs = {run.run_id for run in queries.recent_runs(ledger, limit=1000)}
        assert runs >= {f"r{number}" for number in range(acknowledged)}


@pytest.mark.parametrize(("point", "nth"), MOMENTS)
def test_killed_at_a_fault_point(tmp_path: Path, point: str, nth: int) -> None:
    status, out, err = run_python(WRITER, tmp_path, point, nth, 24)
    assert status == -signal.SIGKILL, err
    check_whole(tmp_path, len(out.split()))
    # The same again: what is on record stays, what is missing is added.
    assert run_python(WRITER, tmp_path, "", 0, 24)[0] == 0
    check_whole(tmp_path, 24)
    with Ledger.open(tmp_path) as ledger:
        assert len(queries.recent_runs(ledger, limit=1000)) == 24
        assert ledger.head().seq == 49


def test_killed_at_random_moments(tmp_path: Path) -> None:
    rng = random.Random(20)
    for _ in range(5):
        with start_python(WRITER, tmp_path, "", 0, 300) as process:
            assert process.stdout is not None
            out = "".join(process.stdout.readline() for _ in range(rng.randrange(1, 120)))
            process.kill()
            out += process.stdout.read()
        check_whole(tmp_path, out.count("\n"))


@pytest.mark.parametrize(
    "point", ["mirror.before_adopt", "mirror.before_set_aside", "mirror.after_set_aside"]
)
def test_killed_while_the_mirror_is_settled(tmp_path: Path, point: str) -> None:
    assert run_python(WRITER, tmp_path, "", 0, 3)[0] == 0
    if point == "mirror.before_adopt":
        for path in tmp_path.glob("department.db*"):
            path.unlink()
    else:
        with (tmp_path / "runs.jsonl").open("ab") as file:
            file.write(b"nonsense\n")
    assert run_python(WRITER, tmp_path, point, 1, 3)[0] == -signal.SIGKILL
    check_whole(tmp_path, 3)
