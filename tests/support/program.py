"""The program as a user has it: a command `me` on PATH, in a process of its own."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

WHOLE = """\
#!{python}
import sys
sys.argv[0] = "me"
from metaensemble.cli.main import main
sys.exit(main())
"""

QUICK = """\
#!{python} -IS
import json, os, signal, socket, sys
link = socket.socket(socket.AF_UNIX)
link.connect({door!r})
request = {{"words": sys.argv[1:], "environ": dict(os.environ)}}
told = json.dumps(request).encode() + b"\\n"
sent = socket.send_fds(link, [told], [0, 1, 2, os.open(".", os.O_RDONLY)])
if sent < len(told):  # once it has all, the server may be done with it and gone
    link.sendall(told[sent:])
answers = link.makefile("rb")
pid = int(answers.readline())
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda number, _: os.kill(pid, number))
status = int(answers.readline() or 99)
if status < 0:
    signal.signal(-status, signal.SIG_DFL) if -status != signal.SIGKILL else None
    os.kill(os.getpid(), -status)
os._exit(status)
"""


def path_with_me(folder: Path, *, whole: bool = False) -> str:
    """A value for PATH on which `me` is this very code; `folder` keeps the script.

    A `me` that is not `whole` has its work done by a copy of a process that has everything imported
    already (see `me_server`); what the interpreter makes of its environment at its start is not seen.
    """
    folder.mkdir(parents=True, exist_ok=True)
    script = folder / "me"
    if whole:
        script.write_text(WHOLE.format(python=sys.executable))
    else:
        script.write_text(QUICK.format(python=sys.executable, door=_door()))
    script.chmod(0o755)
    beside = Path(sys.executable).parent
    return os.pathsep.join([str(folder), str(beside), os.environ.get("PATH", os.defpath)])


@functools.cache
def _door() -> str:
    """The address of this process's server."""
    folder = tempfile.mkdtemp(prefix="me-", dir="/tmp")  # the address has to be short
    door = socket.socket(socket.AF_UNIX)
    door.bind(f"{folder}/door")
    door.listen(64)
    ends, end = os.pipe()
    words = [sys.executable, "-P", str(Path(__file__).with_name("me_server.py")), str(ends)]
    server = subprocess.Popen(words, stdin=door.fileno(), pass_fds=[ends])
    os.close(ends)
    door.close()

    def close() -> None:
        os.close(end)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(close)
    return f"{folder}/door"


def run_me(
    *words: str | bytes,
    path: str,
    cwd: Path,
    timeout: float = 240,
    before: Callable[[], None] | None = None,
    environ: Mapping[str | bytes, str | bytes | None] | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Run `me` without a shell, so that any bytes can be its words and its variables.

    A variable that is None is not set. `before` is called in the process before it becomes `me`.
    """
    variables = {**os.environb, b"PATH": os.fsencode(path)}
    for name, value in (environ or {}).items():
        variables.pop(os.fsencode(name), None)
        if value is not None:
            variables[os.fsencode(name)] = os.fsencode(value)
    return subprocess.run(
        [str(Path(path.split(os.pathsep, maxsplit=1)[0], "me")), *words],
        cwd=cwd,
        env=variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
        check=False,
        preexec_fn=before,
    )


def run_sh(
    text: str,
    *,
    path: str,
    cwd: Path,
    timeout: float = 240,
    before: Callable[[], None] | None = None,
    **environ: str,
) -> subprocess.CompletedProcess[str]:
    """Run `text` with `sh` in `cwd`; stdout and stderr are captured apart.

    `before` is called in the process before it becomes `sh`.
    """
    return subprocess.run(
        ["sh", "-c", text],
        cwd=cwd,
        env={**os.environ, "PATH": path, **environ},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="backslashreplace",
        timeout=timeout,
        check=False,
        preexec_fn=before,
    )
