"""Starts processes that run this program, without the time that an interpreter takes to start.

Run as a script, with a Unix stream socket as standard input. Each request is one line of JSON and four
descriptors: where to tell how the process ended, and its stdin, stdout and stderr. The process that
does the work leads a session of its own, so that its whole group can be killed; its parent does
nothing but wait for it, and tells its number first and its status afterwards.
"""

from __future__ import annotations

import contextlib
import fcntl
import importlib
import json
import os
import signal
import socket
import sys
import termios
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

PRELOADED = (
    "metaensemble._api_approve",
    "metaensemble._api_ledger",
    "metaensemble._api_read",
    "metaensemble._api_run",
    "metaensemble.cli.dag.approve",
    "metaensemble.cli.dag.cancel",
    "metaensemble.cli.dag.resume",
    "metaensemble.cli.dag.run",
    "metaensemble.cli.dag.status",
    "metaensemble.cli.draw",
    "metaensemble.cli.finish",
    "metaensemble.cli.main",
    "metaensemble.cli.progress_plain",
    "metaensemble.engine.runtimes.command",
    "tenacity",
)


def main() -> None:
    """Serve requests until the socket is closed."""
    for name in PRELOADED:
        importlib.import_module(name)
    link = socket.socket(fileno=os.dup(0))
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        line, descriptors, _, _ = socket.recv_fds(link, 1 << 20, 4)
        if not line:
            return
        if os.fork() == 0:
            link.close()
            _wait_for(json.loads(line), descriptors)
        for descriptor in descriptors:
            os.close(descriptor)


def _wait_for(request: dict[str, Any], descriptors: list[int]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    tell, *streams = descriptors
    pid = os.fork()
    if pid == 0:
        os.close(tell)
        try:
            _work(request, streams)
        except BaseException:
            os.write(2, traceback.format_exc().encode())
            os._exit(99)
    for stream in streams:
        os.close(stream)
    with contextlib.suppress(BrokenPipeError):
        os.write(tell, b"%d\n" % pid)
        _, status = os.waitpid(pid, 0)
        os.write(tell, b"%d\n" % os.waitstatus_to_exitcode(status))
    os._exit(0)


def _work(request: dict[str, Any], streams: list[int]) -> None:
    os.setsid()
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
        os.close(stream)
    # Those of the server know what they were opened on.
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    if request["terminal"]:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    os.environ.clear()
    os.environ.update(request["environ"])
    os.chdir(request["cwd"])
    if request["largest_file"] is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (request["largest_file"], resource.RLIM_INFINITY))
    if request["vanishing"]:
        Path(request["cwd"]).rmdir()
    sys.argv = ["me", *request["words"]]
    status = _carry_out(request)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _carry_out(request: dict[str, Any]) -> int:
    from metaensemble.cli import main as command_line

    if request["place"] is None:
        return command_line.main(request["words"])
    return _drive(request["words"], kill_at(request["place"], request["nth"]))


def _drive(words: list[str], faults: Callable[[str], None]) -> int:
    """`run FILE`, `resume ID` or `rebuild`, with a fault; 0 when it ended ok."""
    from metaensemble import api
    from metaensemble.engine.ledger import rebuild

    surroundings = {"faults": faults}
    if words[0] == "rebuild":
        rebuild(Path(".metaensemble/state"), faults=faults)
        return 0
    if words[0] == "run":
        report = api.run(Path(words[1]), surroundings=surroundings)
    else:
        report = api.resume(words[1], surroundings=surroundings)
    return 0 if report.state == "ok" else 1


def kill_at(place: str, nth: int) -> Callable[[str], None]:
    """A fault that kills this process with -9 when it comes past `place` for the `nth` time."""
    left = nth

    def fault(passed: str) -> None:
        nonlocal left
        if passed == place:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return fault


if __name__ == "__main__":
    main()
