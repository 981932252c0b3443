"""What a command gets: its arguments, its variables, and its standard input."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ...schemas.canonical import canonical, canonical_bytes
from .protocol import AttemptRequest

LARGEST_VARIABLE: Final = 32 << 10
"""An input of more bytes comes on standard input and in a file, not in a variable."""

SHELL: Final = "/bin/sh"
BRIEFS: Final = "briefs"
"""The key of standard input's object under which the Briefs of what came before stand."""

# MAX_ARG_STRLEN of Linux: one argument or one variable, its name and the final NUL included.
_LONGEST_STRING: Final = 128 << 10
_PIPED: Final = 1 << 16


class RequestRefused(Exception):
    """The attempt cannot be made as it was asked for. The text is one sentence for people."""


class Invocation:
    """Arguments, working directory, variables and standard input of one attempt.

    Builds them from the request; may put large inputs into files of the request's scratch folder.
    Raises `RequestRefused` for what no system call could carry, `OSError` when a file or a pipe
    cannot be made. `stdin` is a descriptor that the receiver closes, or None for the null device:
    a command without inputs and Briefs reads nothing. `close` removes the files.
    """

    __slots__ = ("_scratch", "argv", "cwd", "stdin", "variables")

    def __init__(self, request: AttemptRequest) -> None:
        self._scratch: str | None = None
        self.stdin: int | None = None
        command = request.command
        words = command["argv"] if "argv" in command else (SHELL, "-c", command["shell"])
        self.argv = [_encoded(word, "the command") for word in words]
        if not self.argv or not self.argv[0]:
            raise RequestRefused("the command is empty")
        self.cwd = _encoded(request.cwd, "the working directory")
        self.variables = variables_of(request)
        try:
            if request.inputs:
                self._set_inputs(request)
            self.variables += (
                b"ME_ATTEMPT_ID=" + request.run_id.encode(),
                b"ME_DAG_RUN_ID=" + request.dag_run_id.encode(),
                b"ME_NODE_ID=" + _encoded(request.node_id, "the node's id"),
            )
            if request.inputs or request.briefs:
                self.stdin = self._stdin(
                    canonical_bytes({**request.inputs, BRIEFS: request.briefs}), request.scratch
                )
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Remove the files of large inputs."""
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None

    def _set_inputs(self, request: AttemptRequest) -> None:
        used = set(request.env)
        for name, value in request.inputs.items():
            variable = variable_name(name)
            text = value if isinstance(value, str) else canonical(value)
            data = _bytes(text)
            if len(data) > LARGEST_VARIABLE or b"\0" in data:
                variable += "_FILE"
                text = self._write(request.scratch, variable, data)
            if variable in used:
                raise RequestRefused(f"the input `{name}` and another value both want to be `{variable}`")
            used.add(variable)
            self.variables.append(_variable(variable, text))

    def _folder(self, scratch: str) -> str:
        """The attempt's own folder, made when it is first asked for."""
        if self._scratch is None:
            if scratch:
                Path(scratch).mkdir(mode=0o700, parents=True, exist_ok=True)
            self._scratch = scratch or tempfile.mkdtemp(prefix="metaensemble-")
        return self._scratch

    def _write(self, scratch: str, name: str, data: bytes) -> str:
        path = Path(self._folder(scratch), name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            file.write(data)
        return str(path)

    def _stdin(self, data: bytes, scratch: str) -> int:
        """A descriptor from which `data` can be read: a filled pipe if it fits, else an unnamed file.

        Neither can block, break, or leave anything behind. The file lies beside the Ledger: the folder
        for temporary files may be missing, or too small.
        """
        if len(data) <= _PIPED:
            reader, writer = os.pipe()
            try:
                os.set_blocking(writer, False)
                if _fill(writer, data):
                    return reader
            finally:
                os.close(writer)
            os.close(reader)
        with tempfile.TemporaryFile(dir=self._folder(scratch)) as file:
            file.write(data)
            file.seek(0)
            return os.dup(file.fileno())


def variables_of(request: AttemptRequest) -> list[bytes]:
    """The request's own variables, and all secrets, as `NAME=value`. Raises `RequestRefused`."""
    values = {**request.secrets, **request.env}
    return [_variable(name, value) for name, value in values.items()]


def _variable(name: str, value: str) -> bytes:
    if not name or "=" in name:
        raise RequestRefused(f"`{name}` cannot be the name of a variable")
    field = _encoded(f"{name}={value}", f"the variable `{name}`")
    if len(field) >= _LONGEST_STRING and sys.platform == "linux":
        raise RequestRefused(
            f"the variable `{name}` has {len(field) >> 10} KiB, and the system takes 128; "
            "hand the value on by `with`, which has no such limit"
        )
    return field


def variable_name(name: str) -> str:
    """The variable of the input `name`: `ME_IN_` and the name in capitals, `_` for what is no letter."""
    return "ME_IN_" + re.sub(r"[^A-Z0-9_]", "_", name.upper())


def inherited(environ: Mapping[str, str]) -> dict[str, str]:
    """What of a Coordinator's own environment its commands get: all but another attempt's values.

    An entry without a name, which `execve` allows, cannot be handed on.
    """
    return {
        name: value for name, value in environ.items() if name and not name.startswith(("ME_IN_", "ME_X_"))
    }


def _bytes(text: str) -> bytes:
    """`text` as a file holds it: a name that is no UTF-8 byte by byte, as the system has it."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _encoded(text: Any, what: str) -> bytes:
    if "\0" in text:
        raise RequestRefused(
            f"{what} holds a NUL character, which no program can be given this way; "
            "hand the value on by `with`"
        )
    try:
        return str(text).encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise RequestRefused(f"{what} holds half of a surrogate pair, which is no text") from None


def _fill(writer: int, data: bytes) -> bool:
    try:
        return os.write(writer, data) == len(data)
    except BlockingIOError:
        return False
