"""Asks what can be known of callables, in processes that do nothing else and are killed afterwards.

Importing a module runs what stands in it, and the Coordinator is no place for that. Modules of this
program itself are looked at here and now.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from .last_words import signal_text
from .python_look import look
from .python_pool import PROGRAM
from .python_wire import READY, request_line

PATIENCE: Final = 120.0
"""Seconds that the import of one module may take."""

_LAST_WORDS: Final = 1.0
_PACKAGE: Final = __name__.partition(".")[0]

Finding = Mapping[str, Any]
"""What `python_look.look` gives; or `ended` (`how` the process ended), or `slow` (the `seconds`)."""


@dataclass(frozen=True, slots=True)
class Question:
    """A callable, and the names of the inputs that it is to be called with.

    `variables` are the whole environment of the process that looks.
    """

    project: str
    module: str
    function: str
    names: tuple[str, ...]
    cwd: str
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def is_ours(self) -> bool:
        """Whether the callable is part of this program."""
        return self.module.startswith(f"{_PACKAGE}.")


class Looker:
    """Answers questions, each once. `patience` bounds the import of one module, in seconds."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._known: dict[Question, Finding] = {}

    def ask(self, questions: Iterable[Question]) -> list[Finding]:
        """What is found, in the order of the questions: one process for all of one environment."""
        wanted = list(questions)
        groups: dict[tuple[object, ...], list[Question]] = {}
        for question in dict.fromkeys(wanted):
            if question.is_ours:
                self._known[question] = look(
                    question.module, question.function, question.names, question.project
                )
            elif question not in self._known:
                groups.setdefault((question.project, question.cwd, question.variables), []).append(question)
        for group in groups.values():
            self._look_at(group)
        return [self._known[question] for question in wanted]

    def _look_at(self, group: list[Question]) -> None:
        while group:
            with _Process(group[0], self._patience) as process:
                while group:
                    finding = process.ask(group[0])
                    self._known[group.pop(0)] = finding
                    if finding.get("kind") in ("ended", "slow"):
                        break


class _Process:
    """One process that looks; it is killed, with its group, when the block is left."""

    def __init__(self, question: Question, patience: float) -> None:
        self._patience = patience
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(PROGRAM)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=dict(question.variables),
                cwd=question.cwd,
                start_new_session=True,
            )
        self._rest = b""
        self._is_ready = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def ask(self, question: Question) -> Finding:
        fields = {
            "look": True,
            "project": question.project,
            "module": question.module,
            "function": question.function,
            "names": question.names,
        }
        try:
            self._socket.sendall(request_line(fields))
            if not self._is_ready:
                # However slow the machine is: the patience is for what the module does.
                self._is_ready = self._line(PATIENCE) == READY
            return json.loads(self._line(self._patience))  # type: ignore[no-any-return]  # as `look` gave it
        except TimeoutError:
            return {"kind": "slow", "seconds": self._patience}
        except (OSError, ValueError):
            return {"kind": "ended", "how": self._how_it_ended()}

    def _line(self, patience: float) -> bytes:
        """The next line. Raises `ConnectionResetError` when the process has ended, and `TimeoutError`."""
        deadline = time.monotonic() + patience
        while b"\n" not in self._rest:
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            chunk = self._socket.recv(1 << 16)
            if not chunk:
                raise ConnectionResetError
            self._rest += chunk
        line, _, self._rest = self._rest.partition(b"\n")
        return line

    def _how_it_ended(self) -> str:
        try:
            status = self._process.wait(_LAST_WORDS)
        except subprocess.TimeoutExpired:
            return "without its end being told"
        return f"exit status {status}" if status >= 0 else signal_text(-status)
