"""Whether a client is there, and not too old, before anything starts."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from typing import Final

from ...schemas.bound import BoundTask
from ...schemas.errors import ClientMissing, ClientTooOld, InputError
from .client import Client, Install
from .invocation import inherited
from .preflight import check_secrets

_PATIENCE: Final = 10.0
_LONGEST: Final = 1 << 16
_FLOOD: Final = 16 << 20
_GLANCE: Final = 0.25
_VERSION: Final = re.compile(r"\d+(?:\.\d+)+")


def check_client(
    client: Client, task: BoundTask, *, project: str, environ: Mapping[str, str]
) -> list[InputError]:
    """Every problem with the client that would make each attempt of `task` fail."""
    del project
    return [*check_secrets(task, environ), *_check_program(client, task, environ)]


def _check_program(client: Client, task: BoundTask, environ: Mapping[str, str]) -> Iterator[InputError]:
    install = client.install
    where = task.agent.where if task.agent is not None and task.agent.where else ("tasks", task.id, "runtime")
    if install.module is not None:
        if not has_module(install.module):
            yield ClientMissing(
                f"the runtime `{client.name}` needs a part of this program that is not installed",
                hint=f"install it: {install.line}",
                task=task.id,
                where=where,
            )
        return
    path = shutil.which(install.program, path=environ.get("PATH"))
    if path is None:
        yield ClientMissing(
            f"the runtime `{client.name}` needs the program `{install.program}`, which is not on PATH",
            hint=f"install it: {install.line}",
            task=task.id,
            where=where,
        )
        return
    version = version_of(path, install, environ)
    if version is not None and is_older(version, install.minimum):
        yield ClientTooOld(
            f"`{install.program}` is at version {version}, and at least {install.minimum} is needed",
            hint=f"bring it up to date: {install.line}",
            task=task.id,
            where=where,
        )


def has_module(name: str) -> bool:
    """Whether a Python module is installed; it is not imported."""
    return find_spec(name) is not None


def version_of(
    path: str, install: Install, environ: Mapping[str, str], *, seconds: float = _PATIENCE
) -> str | None:
    """The version that the program at `path` says it has; None when it does not say one in time."""
    words = (os.path.abspath(path), *install.version_args)
    return _asked(words, tuple(sorted(inherited(environ).items())), seconds)


@cache
def _asked(words: tuple[str, ...], environ: tuple[tuple[str, str], ...], seconds: float) -> str | None:
    # What it leaves running could hold a pipe open for ever; a file ends where it ends.
    with tempfile.TemporaryFile() as said:
        try:
            process = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.DEVNULL,
                env=dict(environ),
                cwd="/",
                start_new_session=True,
            )
        except (OSError, ValueError):
            return None
        if not _has_ended(process, said.fileno(), seconds):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return None
        said.seek(0)
        found = _VERSION.search(said.read(_LONGEST).decode("utf-8", "replace"))
    return found[0] if found is not None else None


def _has_ended(process: subprocess.Popen[bytes], said: int, seconds: float) -> bool:
    """Whether it ended in time, and without filling the disk."""
    deadline = time.monotonic() + seconds
    while (left := deadline - time.monotonic()) > 0 and os.fstat(said).st_size <= _FLOOD:
        with suppress(subprocess.TimeoutExpired):
            process.wait(min(left, _GLANCE))
            return True
    return False


def is_older(version: str, minimum: str) -> bool:
    """Whether a version of numbers and dots comes before another."""
    return _numbers(version) < _numbers(minimum)


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".") if part.isdigit()]
