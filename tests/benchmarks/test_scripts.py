"""The benchmarks run: on tiny graphs, for their tables and not for their figures."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"

SCRIPTS = {
    "nodes.py": (["--sizes", "60", "--repeat", "1"], ["chain-60", "wide-60", "layered-60"]),
    "commands.py": (["--nodes", "55", "--repeat", "1"], ["chain-55", "wide-55", "layered-55"]),
    "start.py": (["--repeat", "1"], ["`me --version`", "`me dag validate`, 1,000 tasks"]),
    "expansion.py": (["--tasks", "20", "--repeat", "1"], ["consensus of 5", "refine, 2 rounds"]),
    "early_stopping.py": (
        ["--panels", "20"],
        ["plurality", "majority", "unanimous", "quorum of 2", "quorum of 2/3"],
    ),
    "shadow_decisions.py": (["--simulations", "5", "--horizon", "300"], ["0.9", "0.8", "0.6"]),
    "handoffs.py": ([], ["csv-last-line", "rate-limits", "all"]),
    "agent_overhead.py": (["--repeat", "1"], ["bare", "a panel's findings", "a text of 30 KB"]),
    "run_bytes.py": (["--small", "1", "--large", "2"], ["1"]),
}


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_prints_a_row_for_each_thing_that_it_measures(script: str) -> None:
    options, rows = SCRIPTS[script]
    done = subprocess.run(
        [sys.executable, str(BENCHMARKS / script), *options], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    table = [line.split("|")[1].strip() for line in done.stdout.splitlines() if line.startswith("|")]
    assert [row for row in rows if row not in table] == []


def test_every_script_is_run_by_make_bench() -> None:
    text = (BENCHMARKS / "__main__.py").read_text(encoding="utf-8")

    assert [name for name in SCRIPTS if f'"{name}"' not in text] == []
    measuring = {path.name for path in BENCHMARKS.glob("*.py")} - {"__main__.py", "shapes.py"}
    assert measuring == set(SCRIPTS)
