"""A worker's side: take a request, call the callable, say what came of it. Standard library only.

What it promises:
- The channel to the Coordinator is a socket that came as standard input and is moved out of the way
  first: what a callable prints or reads never touches it. A request is one line of JSON, and the
  descriptors that become the callable's standard output and error come with its first byte
  (SCM_RIGHTS). An answer is one line of JSON.
- `sys.path` begins with the project's root; the environment's own path follows.
- The callable runs in the main thread, with standard input from the null device, in its working
  directory, and with `ME_ATTEMPT_ID` and `ME_NODE_ID` of its attempt in the environment, which its
  child processes inherit.
- SIGTERM raises `Stopped`, a `KeyboardInterrupt`, in the callable; one that is awaited is cancelled.
- After an answer whose `again` is true the process is as it was before, but for the state of the
  modules that are imported. Else it ends by itself.

Nothing here runs beside the callable: no thread, since a process with threads cannot fork safely.
"""

from __future__ import annotations

import contextlib
import faulthandler
import json
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from io import TextIOWrapper
from types import FrameType
from typing import Any, Final

from .python_call import (
    Unusable,
    address,
    awaited,
    full_traceback,
    is_a_stop,
    is_awaitable,
    keywords_for,
    load,
    put_away,
    sentence,
)
from .python_files import ProjectFiles
from .python_look import look
from .python_tidy import Tidiness, adopt_descendants
from .python_value import NotJson, as_json, encoded
from .python_wire import CUT_OFF, READY, answer_line

_CHUNK: Final = 1 << 20
_ASKED: Final = "it was asked to stop"

Answer = dict[str, Any]


class Stopped(KeyboardInterrupt):
    """Raised in a callable that is asked to stop, as Ctrl-C would."""


class Channel:
    """The socket to the Coordinator, on a descriptor that no child inherits."""

    def __init__(self) -> None:
        self._socket = socket.socket(fileno=os.dup(0))
        self._identity = self._look()
        null = os.open(os.devnull, os.O_RDWR)
        os.dup2(null, 0)
        os.close(null)

    def receive(self) -> tuple[dict[str, Any], list[int]] | None:
        """The next request and the descriptors that came with it; None when the Coordinator hung up."""
        data, descriptors, _, _ = socket.recv_fds(self._socket, _CHUNK, 2)
        pieces = [data]
        while pieces[-1] and not pieces[-1].endswith(b"\n"):
            pieces.append(self._socket.recv(_CHUNK))
        if not pieces[-1]:
            return None
        return json.loads(b"".join(pieces)), descriptors

    def send(self, answer: bytes) -> None:
        """Send one line. A callable may have closed the socket, and its number may be another file's."""
        try:
            if self._look() != self._identity:
                os._exit(CUT_OFF)
            self._socket.sendall(answer + b"\n")
        except OSError:
            os._exit(CUT_OFF)

    def _look(self) -> tuple[int, int]:
        found = os.fstat(self._socket.fileno())
        return found.st_dev, found.st_ino


class Worker:
    """Carries out one request after the other."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._pid = os.getpid()
        self._files = ProjectFiles()
        self._project: str | None = None
        self._is_busy = False
        self._is_calling = False
        self._is_asked_to_stop = False
        self._cancel: Callable[[], object] | None = None
        for stream in (sys.stdout, sys.stderr):
            assert isinstance(stream, TextIOWrapper)
            stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)
        faulthandler.enable()
        signal.signal(signal.SIGTERM, self._on_stop)
        self._tidiness = Tidiness(adopts=adopt_descendants())

    def serve(self) -> None:
        """Work until the Coordinator hangs up, or until this process is not to be used again."""
        self._channel.send(READY)
        again = True
        while again and (received := self._channel.receive()) is not None:
            self._is_busy = True
            request, descriptors = received
            if self._project is None:
                self._project = request["project"]
                sys.path.insert(0, self._project)
            if "look" in request:
                self._channel.send(answer_line(_look(request), None))
            else:
                answer, value = self._attempt(request, descriptors)
                again = answer["again"]
                self._channel.send(answer_line(answer, value))
            self._is_busy = False

    def _attempt(self, request: Mapping[str, Any], descriptors: list[int]) -> tuple[Answer, bytes | None]:
        """The answer, and the value's text if there is one."""
        for target, descriptor in zip((1, 2), descriptors, strict=True):
            os.dup2(descriptor, target)
            os.close(descriptor)
        os.environ.update(request["env"])
        value: bytes | None = None
        try:
            answer, value = self._carry_out(request)
        except Stopped as stop:
            # It came in the moment between the callable's end and the note of it.
            answer = _failure("exception", sentence(stop, request["project"]))
        _flush()
        is_silent = _silence()
        self._files.note(request["project"])
        answer["files"] = self._files.take()
        answer["again"] = is_silent and not self._is_asked_to_stop and self._tidiness.is_kept()
        return answer, value

    def _carry_out(self, request: Mapping[str, Any]) -> tuple[Answer, bytes | None]:
        try:
            os.chdir(request["cwd"])
        except OSError as error:
            text = f"cannot enter the directory `{request['cwd']}`: {str(error.strerror).lower()}"
            return _failure("spawn_failed", text), None
        try:
            with self._stoppable():
                result = self._call(request)
            value = encoded(as_json(result))
        except NotJson as problem:
            violation = {"path": problem.path, "message": problem.message, "rule": "json"}
            return _failure("output_invalid", problem.reason, violation), None
        except Unusable as problem:
            return _failure("invalid_request", str(problem)), None
        except BaseException as error:  # whatever a callable raises is its answer
            if not (self._is_asked_to_stop and is_a_stop(error)):
                _print_traceback(error)
            return _failure("exception", sentence(error, request["project"])), None
        return ({}, value) if len(value) <= request["limit"] else ({"too_large": True}, None)

    def _call(self, request: Mapping[str, Any]) -> Any:
        module, name = request["module"], request["function"]
        function = load(module, name)
        self._files.note(request["project"])
        inputs, briefs = request["inputs"], request["briefs"]
        keywords = keywords_for(function, inputs, briefs, address(module, name), request.get("offered", ()))
        with _environment_kept():
            result = function(**keywords)
            return self._await(result) if is_awaitable(result) else result

    def _await(self, result: Any) -> Any:
        import asyncio  # 0.03 s, for those that need it

        async def main() -> Any:
            task = asyncio.ensure_future(awaited(result))
            loop = asyncio.get_running_loop()
            self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)
            return await task

        try:
            return asyncio.run(main())
        finally:
            self._cancel = None
            put_away(result)

    # ---- being stopped -------------------------------------------------------------------------

    @contextlib.contextmanager
    def _stoppable(self) -> Iterator[None]:
        """While this holds, SIGTERM stops what runs."""
        self._is_calling = True
        status: object = 1
        try:
            if self._is_asked_to_stop:
                raise Stopped(_ASKED)
            yield
            status = 0
        except SystemExit as stop:
            status = 0 if stop.code is None else stop.code
            raise
        finally:
            self._is_calling = False
            if os.getpid() != self._pid:
                # A copy of this process that the callable forked and that came out of it as well.
                _flush()
                os._exit(status if isinstance(status, int) else 1)

    def _on_stop(self, number: int, _: FrameType | None) -> None:
        if os.getpid() != self._pid:
            # A copy does what processes do.
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        if self._is_asked_to_stop:
            return
        self._is_asked_to_stop = True
        if not self._is_busy:
            sys.exit(128 + number)
        if self._cancel is not None:
            # The loop may have ended this moment.
            with contextlib.suppress(RuntimeError):
                self._cancel()
        elif self._is_calling:
            raise Stopped(_ASKED)


def serve() -> None:
    """Serve the Coordinator whose socket is standard input."""
    Worker(Channel()).serve()


@contextlib.contextmanager
def _environment_kept() -> Iterator[None]:
    """Afterwards all variables are as they are now. What a module sets as it is imported stays."""
    before = dict(os.environb)
    try:
        yield
    finally:
        if dict(os.environb) != before:
            os.environb.clear()
            os.environb.update(before)


def _look(request: Mapping[str, Any]) -> Answer:
    sys.dont_write_bytecode = True
    try:
        return look(request["module"], request["function"], request["names"], request["project"])
    except BaseException as error:  # what a module's own objects raise when they are looked at
        return {"kind": "import", "raised": sentence(error, request["project"]), "name": None}


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        with contextlib.suppress(Exception):
            stream.flush()  # type: ignore[union-attr]  # the callable may have put anything there


def _silence() -> bool:
    """Let go of the attempt's output. False when the callable has left no descriptor for that."""
    try:
        null = os.open(os.devnull, os.O_RDWR)
    except OSError:
        os.closerange(0, 3)
        return False
    for target in (0, 1, 2):
        os.dup2(null, target)
    if null > 2:
        os.close(null)
    return True


def _print_traceback(error: BaseException) -> None:
    _flush()
    with contextlib.suppress(BaseException), open(2, "wb", closefd=False) as stderr:
        stderr.write(full_traceback(error).encode("utf-8", "backslashreplace"))


def _failure(reason: str, text: str, *violations: dict[str, Any]) -> Answer:
    return {"failure": reason, "reason": text, "violations": violations}
