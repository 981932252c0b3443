"""An end that is asked for while `me` still looks at the files that a task reads."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from metaensemble import api

ME = [sys.executable, "-P", "-m", "metaensemble"]
GRAPH = "tasks: {slow: {reads: [huge], run: echo begun >> begun}, other: {run: echo told}}"


@pytest.fixture
def me(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A run that has come to the point where it digests a file that has no end in sight."""
    (tmp_path / ".metaensemble").mkdir()
    (tmp_path / "graph.yaml").write_text(GRAPH)
    with (tmp_path / "huge").open("wb") as file:
        os.truncate(file.fileno(), 1 << 40)
    with subprocess.Popen(
        [*ME, "dag", "run", "graph.yaml"], cwd=tmp_path, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("ok"):
                break
        yield process
        process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_interrupts(number: signal.Signals, me: subprocess.Popen[str], tmp_path: Path) -> None:
    me.send_signal(number)
    assert me.wait(timeout=60) == 130
    assert not (tmp_path / "begun").exists()
    assert api.status(None, cwd=tmp_path).state == "interrupted"


def test_a_cancel_begins_nothing(me: subprocess.Popen[str], tmp_path: Path) -> None:
    api.cancel(api.status(None, cwd=tmp_path).dag_run_id, cwd=tmp_path)
    assert me.wait(timeout=60) == 1
    assert not (tmp_path / "begun").exists()
    found = api.status(None, cwd=tmp_path)
    assert found.state == "cancelled"
    assert {node.id: node.state for node in found.nodes} == {"slow": "cancelled", "other": "ok"}
