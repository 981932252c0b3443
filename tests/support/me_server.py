"""Serves `me` to shell scripts, without the time that an interpreter takes to start.

Run as a script, with a listening Unix stream socket as standard input and a descriptor's number as its
argument; it ends when the pipe there closes. A client sends one line of JSON (`words`, `environ`), its
three streams and its working directory; it is told the number of the process that does the work, to pass
signals on to it, and then how it ended. When the client dies, the process dies: whoever kills the one has
killed the other.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import json
import os
import pkgutil
import select
import signal
import socket
import sys
from typing import Any

from metaensemble import cli

ALSO = (
    "jinja2.sandbox",
    "jsonschema",
    "metaensemble._api_approve",
    "metaensemble._api_check",
    "metaensemble._api_ledger",
    "metaensemble._api_read",
    "metaensemble._api_run",
    "metaensemble.engine.plan",
    "metaensemble.engine.runtimes.command",
    "networkx",
    "rich.progress",
    "tenacity",
)


def main() -> None:
    """Serve until the pipe is closed."""
    for module in pkgutil.walk_packages(cli.__path__, f"{cli.__name__}."):
        importlib.import_module(module.name)
    for name in ALSO:
        importlib.import_module(name)
    alive = int(sys.argv[1])
    door = socket.socket(fileno=os.dup(0))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        ready, _, _ = select.select([door, alive], [], [])
        if alive in ready:
            return
        link, _ = door.accept()
        if os.fork() == 0:
            door.close()
            os.close(alive)
            _serve(link)
        link.close()


def _serve(link: socket.socket) -> None:
    line, descriptors, _, _ = socket.recv_fds(link, 1 << 20, 4)
    while not line.endswith(b"\n"):
        more = link.recv(1 << 20)
        if not more:
            os._exit(0)
        line += more
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    pid = os.fork()
    if pid == 0:
        link.close()
        try:
            _work(json.loads(line), descriptors)
        finally:
            os._exit(99)
    for descriptor in descriptors:
        os.close(descriptor)
    with contextlib.suppress(BrokenPipeError):
        link.sendall(b"%d\n" % pid)
        link.sendall(b"%d\n" % _status(pid, link))
    os._exit(0)


def _status(pid: int, link: socket.socket) -> int:
    """Wait for the process, or kill it when the client is gone."""
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        ready, _, _ = select.select([woken, link], [], [])
        if link in ready:
            os.kill(pid, signal.SIGKILL)
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def _work(request: dict[str, Any], descriptors: list[int]) -> None:
    *streams, folder = descriptors
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
        os.close(stream)
    # Those of the server know what they were opened on.
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    unbuffered = "PYTHONUNBUFFERED" in request["environ"]
    out = open(1, "wb", 0 if unbuffered else -1, closefd=False)  # noqa: SIM115
    sys.stdout = io.TextIOWrapper(out, encoding="utf-8", write_through=unbuffered)
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    os.environ.clear()
    os.environ.update(request["environ"])
    os.fchdir(folder)
    os.close(folder)
    sys.argv = ["me", *request["words"]]
    from metaensemble.cli import main as command_line

    status = command_line.main(request["words"])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    main()
