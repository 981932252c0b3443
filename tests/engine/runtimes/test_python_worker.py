"""The program of a worker, by itself."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

import pytest

from metaensemble.engine.runtimes.python_pool import PROGRAM
from metaensemble.engine.runtimes.python_wire import READY, read_answer, request_line
from support.callables import write


class Worker:
    """A worker, and the other end of its channel."""

    def __init__(self, *flags: str) -> None:
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(60)
        with theirs:
            self.process = subprocess.Popen([sys.executable, *flags, str(PROGRAM)], stdin=theirs)
        self._file = self.socket.makefile("rb")
        assert self.line() == READY

    def line(self) -> bytes:
        return self._file.readline().rstrip(b"\n")

    def ask(self, project: Path, function: str, **inputs: Any) -> None:
        fields = {
            "project": str(project),
            "cwd": str(project),
            "module": "steps",
            "function": function,
            "inputs": inputs,
            "briefs": {},
            "env": {"ME_ATTEMPT_ID": "x"},
            "limit": 1000,
        }
        null = os.open(os.devnull, os.O_WRONLY)
        socket.send_fds(self.socket, [request_line(fields)], [null, null])
        os.close(null)

    def value(self) -> Any:
        _, value = read_answer(self.line())
        return json.loads(value or b"null")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self.socket.close()
        self.process.kill()
        self.process.wait()


def test_it_needs_nothing_but_the_standard_library(tmp_path: Path) -> None:
    write(tmp_path, "import sys\ndef run(): return sorted({name.partition('.')[0] for name in sys.modules})")
    with Worker("-I", "-S") as worker:
        worker.ask(tmp_path, "run")
        found = set(worker.value())
    assert found - sys.stdlib_module_names == {"__main__", "metaensemble", "steps"}


def test_it_ends_by_itself_when_the_coordinator_hangs_up(tmp_path: Path) -> None:
    write(tmp_path, "import atexit\ndef run(): atexit.register(lambda: open('farewell', 'w').close())")
    with Worker("-P") as worker:
        worker.ask(tmp_path, "run")
        assert worker.value() is None
        worker.socket.shutdown(socket.SHUT_WR)
        assert worker.process.wait(60) == 0
    assert (tmp_path / "farewell").exists()


def test_one_that_hung_up_in_the_middle_of_a_request_is_not_waited_for() -> None:
    with Worker("-P") as worker:
        worker.socket.sendall(b'{"project": ')
        worker.socket.shutdown(socket.SHUT_WR)
        assert worker.process.wait(60) == 0


def test_an_idle_one_that_is_asked_to_stop_ends() -> None:
    with Worker("-P") as worker:
        worker.process.send_signal(signal.SIGTERM)
        assert worker.process.wait(60) == 128 + signal.SIGTERM


def test_importing_its_file_under_another_name_does_nothing(tmp_path: Path) -> None:
    code = f"import runpy; runpy.run_path({str(PROGRAM)!r}, run_name='__mp_main__')"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], cwd=tmp_path, capture_output=True, check=True
    )
    assert (done.stdout, done.stderr) == (b"", b"")


@pytest.mark.parametrize("size", [10, 300_000, 5_000_000])
def test_requests_of_any_size_arrive(size: int, tmp_path: Path) -> None:
    write(tmp_path, "def run(text): return len(text)")
    with Worker("-P") as worker:
        for _ in range(2):
            worker.ask(tmp_path, "run", text="x" * 10)
            assert worker.value() == 10
        fields = {"project": str(tmp_path), "cwd": "/", "module": "steps", "function": "run", "briefs": {}, "env": {}, "limit": 99}  # fmt: skip
        line = request_line({**fields, "inputs": {"text": "x" * size}})
        null = os.open(os.devnull, os.O_WRONLY)
        sent = socket.send_fds(worker.socket, [line[:5]], [null, null])
        worker.socket.sendall(line[sent:])
        os.close(null)
        assert worker.value() == size
