from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from metaensemble.engine.ledger import DagRunLock, Holder, held_dag_runs, is_held, this_process
from metaensemble.schemas.errors import RunHeld
from support.ledger import DAG_RUN, start_python

HOLD = """
import sys
from pathlib import Path
from metaensemble.engine.ledger import DagRunLock
DagRunLock(Path(sys.argv[1]), sys.argv[2]).acquire()
print("held", flush=True)
sys.stdin.read()
"""


def test_one_holder_at_a_time_and_the_error_names_it(tmp_path: Path) -> None:
    with DagRunLock(tmp_path, DAG_RUN, now_ms=lambda: 17) as lock:
        assert lock.held
        with pytest.raises(RunHeld, match=f"held by process {os.getpid()}") as caught:
            DagRunLock(tmp_path, DAG_RUN).acquire()
        assert caught.value.exit_code == 3
        assert Holder.from_json(caught.value.facts["holder"]) == this_process(17)
        with pytest.raises(ValueError, match="already"):
            lock.acquire()
        with DagRunLock(tmp_path, DAG_RUN.replace("d1", "d2")):
            pass
    assert not lock.held
    lock.release()
    with DagRunLock(tmp_path, DAG_RUN):
        pass


def test_a_look_tells_the_holder_and_takes_nothing(tmp_path: Path) -> None:
    assert is_held(tmp_path, DAG_RUN) is None
    assert held_dag_runs(tmp_path) == {}
    assert not (tmp_path / "locks").exists()
    with DagRunLock(tmp_path, DAG_RUN):
        holder = is_held(tmp_path, DAG_RUN)
        assert holder is not None
        assert (holder.pid, holder.boot_id) == (os.getpid(), this_process().boot_id)
        assert holder.process_start or sys.platform != "linux"
        assert held_dag_runs(tmp_path) == {DAG_RUN: holder}
    assert is_held(tmp_path, DAG_RUN) is None


def test_the_file_stays_and_is_private(tmp_path: Path) -> None:
    lock = DagRunLock(tmp_path, DAG_RUN)
    with lock:
        first = lock.path.stat()
    with lock:
        assert lock.path.stat().st_ino == first.st_ino
    assert stat.S_IMODE(first.st_mode) == 0o600


def test_a_killed_holder_holds_nothing(tmp_path: Path) -> None:
    with start_python(HOLD, tmp_path, DAG_RUN, stdin=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        holder = is_held(tmp_path, DAG_RUN)
        assert holder is not None
        assert holder.pid == process.pid
        with pytest.raises(RunHeld, match=str(process.pid)):
            DagRunLock(tmp_path, DAG_RUN).acquire()
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert is_held(tmp_path, DAG_RUN) is None
        with DagRunLock(tmp_path, DAG_RUN):
            pass


def test_no_child_inherits_the_lock(tmp_path: Path) -> None:
    lock = DagRunLock(tmp_path, DAG_RUN)
    lock.acquire()
    command = [sys.executable, "-c", "import sys; print('up', flush=True); sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False) as child:
        assert child.stdout is not None
        child.stdout.readline()
        reader, writer = os.pipe()
        forked = os.fork()
        if forked == 0:
            os.close(writer)
            os.read(reader, 1)
            os._exit(0 if not lock.held else 1)
        lock.release()
        # Both children live, and neither keeps the lock.
        with DagRunLock(tmp_path, DAG_RUN):
            pass
        os.close(writer)
        os.close(reader)
        assert os.waitpid(forked, 0)[1] == 0


def test_those_who_look_do_not_keep_a_coordinator_out(tmp_path: Path) -> None:
    lock = DagRunLock(tmp_path, DAG_RUN)
    with lock:
        pass
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            is_held(tmp_path, DAG_RUN)

    looking = [threading.Thread(target=look) for _ in range(2)]
    for thread in looking:
        thread.start()
    try:
        for _ in range(50):
            with lock:
                pass
    finally:
        over.set()
        for thread in looking:
            thread.join()


@pytest.mark.parametrize("note", [b"", b"{", b"[]", b'{"pid": "x", "host": 3}', b"\xff"])
def test_a_note_that_cannot_be_read_is_an_unknown_holder(tmp_path: Path, note: bytes) -> None:
    with DagRunLock(tmp_path, DAG_RUN) as lock:
        lock.path.write_bytes(note)
        assert is_held(tmp_path, DAG_RUN) == Holder()
        with pytest.raises(RunHeld, match="another process"):
            DagRunLock(tmp_path, DAG_RUN).acquire()


@pytest.mark.parametrize("dag_run_id", ["", "../x", "a/b", "a b"])
def test_what_is_no_id_makes_no_file(tmp_path: Path, dag_run_id: str) -> None:
    with pytest.raises(ValueError, match="not the id"):
        DagRunLock(tmp_path, dag_run_id)
