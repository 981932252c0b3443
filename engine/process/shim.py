"""The process that stands between a Coordinator and one turn of an agent, and outlives the Coordinator.

Started as a program of its own, in a session of its own:

    python -I -S shim.py < spec

- The first line of standard input is the spec, a JSON object (see `Spec`); what follows are words, one a
  line: `terminate` asks the agent to stop, `kill` ends it. The end of standard input says that the
  Coordinator is gone: the agent goes on, but no longer than its own limit or, without one, than `orphan`
  seconds.
- The agent is started in a session and group of its own, so that it can be signalled as one. On Linux it dies
  with this process, and descendants that left the group come back here when their parent dies.
- Its standard input is a pipe: there are clients that read nothing from a file.
- What it prints passes the mask and goes into files; after each piece one byte goes to standard output, to
  wake whoever reads the files. That nobody reads harms nothing.
- When the agent has ended, what is left of its group and of its descendants is killed, and an envelope is
  written: beside its place, made durable, and then moved there. So there is a whole envelope or none.

Standard library only; must import under `python -I -S`. Nothing of the package but `masking` and `spawner`,
which are the same kind of module, is used.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import select
import signal
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DRAIN = 1.0
"""Seconds that descendants may hold the output open once the agent itself has ended."""

CHUNK = 1 << 16
_STOPPING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_LAST_WORDS = 5.0
STEP_CHDIR, STEP_EXEC = 1, 2


class Spec:
    """What is to be done, as the Coordinator says it.

    `argv`, `env`, `cwd` and the file `stdin` are the agent's. `folder` takes `stdout`, `stderr` and
    `envelope.json`. `attempt`, `key` and `turn` go into the envelope. `secrets` are names of variables in
    `env` whose values are masked. `wall` is the limit of the turn, `orphan` that of a turn without one once
    the Coordinator is gone, `grace` the time between SIGTERM and SIGKILL; seconds all of them.
    """

    def __init__(self, given: dict[str, Any]) -> None:
        self.argv: list[str] = given["argv"]
        self.env: dict[str, str] = given["env"]
        self.cwd: str = given["cwd"]
        self.folder: str = given["folder"]
        self.stdin: str = given["stdin"]
        self.attempt: str = given["attempt"]
        self.key: str = given["key"]
        self.turn: int = given["turn"]
        self.secrets: list[str] = given.get("secrets", [])
        self.wall: float | None = given.get("wall")
        self.orphan: float = given.get("orphan", 1800.0)
        self.grace: float = given.get("grace", 5.0)


class Shim:
    """One agent process, from its start to its envelope."""

    def __init__(self, spec: Spec, rest: bytes) -> None:
        self._spec = spec
        self._words = rest
        self._pid = 0
        self._status: int | None = None
        self._stopped = ""
        self._killed = False
        self._deadlines: dict[str, float] = {}
        self._sizes = {"stdout": 0, "stderr": 0}
        self._files: dict[str, int] = {}
        self._masks: dict[str, Any] = {}
        self._broken = ""
        self._input = b""
        self._feed = -1
        self._wake_in, wake_out = os.pipe()
        for end in (self._wake_in, wake_out):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(wake_out, warn_on_full_buffer=False)
        for number in (*_STOPPING, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        with contextlib.suppress(OSError):
            # A reader that does not read must never hold the agent up.
            os.set_blocking(1, False)

    def run(self) -> None:
        """Carry the turn out, and leave its envelope."""
        began = time.time()
        error = None
        try:
            self._open_files()
            ends = self._start()
        except OSError as problem:
            error = {"step": getattr(problem, "step", STEP_EXEC), "errno": problem.errno or errno.EINVAL}
        else:
            self._watch(ends)
            self._end_all()
        self._write_envelope(began, error)

    # ---- the start

    def _open_files(self) -> None:
        mask = _masker({name: self._spec.env[name] for name in self._spec.secrets if name in self._spec.env})
        for name in self._sizes:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
            self._files[name] = os.open(os.path.join(self._spec.folder, name), flags, 0o600)
            self._masks[name] = None if mask is None else mask.stream()

    def _start(self) -> dict[int, str]:
        """Start the agent; the ends from which its output is read. Raises `OSError` when it cannot be."""
        spec = self._spec
        self._input = _content(spec.stdin)
        stdin, self._feed = os.pipe()
        os.set_blocking(self._feed, False)
        out, out_end = os.pipe()
        err, err_end = os.pipe()
        told, tell = os.pipe()
        parent = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            _become(spec, (stdin, out_end, err_end), tell, parent)
        for descriptor in (stdin, out_end, err_end, tell):
            os.close(descriptor)
        failed = os.read(told, 64)
        os.close(told)
        if failed:
            os.waitpid(self._pid, 0)
            step, number = failed.split()
            problem = OSError(int(number), os.strerror(int(number)))
            problem.step = int(step)  # type: ignore[attr-defined]
            raise problem
        if spec.wall is not None:
            self._deadlines["wall"] = time.monotonic() + spec.wall
        return {out: "stdout", err: "stderr"}

    # ---- while it runs

    def _watch(self, ends: dict[int, str]) -> None:
        poller = select.poll()
        for descriptor in (*ends, self._wake_in, 0):
            poller.register(descriptor, select.POLLIN)
        poller.register(self._feed, select.POLLOUT)
        while ends or self._status is None:
            if self._status is not None and "drain" not in self._deadlines:
                self._deadlines["drain"] = time.monotonic() + DRAIN
            for descriptor, _ in poller.poll(self._patience()):
                if not self._serve(descriptor, ends):
                    poller.unregister(descriptor)
                    if descriptor:
                        ends.pop(descriptor, None)
                        os.close(descriptor)
            self._reap()
            self._on_time()
            if self._status is not None and self._is_over("drain"):
                break
        for name in self._masks:
            self._put(name, b"" if self._masks[name] is None else self._masks[name].finish())

    def _serve(self, descriptor: int, ends: dict[int, str]) -> bool:
        """Do what a descriptor is ready for; False when that was the last of it."""
        if descriptor in ends:
            return self._take(descriptor, ends[descriptor])
        if descriptor == self._feed:
            return self._give()
        if descriptor == 0:
            return self._listen()
        self._on_signal()
        return True

    def _patience(self) -> int | None:
        if not self._deadlines:
            return None
        return max(0, int((min(self._deadlines.values()) - time.monotonic()) * 1000) + 1)

    def _is_over(self, name: str) -> bool:
        return name in self._deadlines and time.monotonic() >= self._deadlines[name]

    def _give(self) -> bool:
        """Hand on what the pipe takes of the standard input; whether there is more to hand on."""
        try:
            self._input = self._input[os.write(self._feed, self._input) :]
        except BlockingIOError:
            return True
        except OSError:
            return False  # it reads no further
        return bool(self._input)

    def _take(self, descriptor: int, name: str) -> bool:
        data = os.read(descriptor, CHUNK)
        if data:
            mask = self._masks[name]
            self._put(name, data if mask is None else mask.feed(data))
        return bool(data)

    def _put(self, name: str, data: bytes) -> None:
        """Append to a file and wake the reader. A full disk ends the agent, whose words would be lost."""
        if not data or self._broken:
            return
        try:
            view = memoryview(data)
            while view:
                view = view[os.write(self._files[name], view) :]
        except OSError as problem:
            self._broken = os.strerror(problem.errno or errno.EIO)
            self._kill("its output could not be stored")
            return
        self._sizes[name] += len(data)
        with contextlib.suppress(OSError):
            os.write(1, b".")

    def _listen(self) -> bool:
        """Take words from the Coordinator; False once it is gone."""
        data = os.read(0, CHUNK)
        if not data:
            if self._spec.wall is None:
                self._deadlines["orphan"] = time.monotonic() + self._spec.orphan
            return False
        *lines, self._words = (self._words + data).split(b"\n")
        for line in lines:
            if line == b"terminate":
                self._terminate("asked")
            elif line == b"kill":
                self._kill("killed")
        return True

    def _on_signal(self) -> None:
        with contextlib.suppress(BlockingIOError):
            numbers = os.read(self._wake_in, 4096)
            if any(number in numbers for number in _STOPPING):
                self._terminate("signal")

    def _on_time(self) -> None:
        for name in ("wall", "orphan"):
            if self._is_over(name):
                del self._deadlines[name]
                self._terminate(name)
        if self._is_over("grace"):
            del self._deadlines["grace"]
            self._kill(self._stopped)

    def _terminate(self, why: str) -> None:
        self._reap()  # what has ended by itself was not stopped
        if self._stopped or self._status is not None:
            return
        self._stopped = why
        self._deadlines["grace"] = time.monotonic() + self._spec.grace
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGTERM)
            os.killpg(self._pid, signal.SIGCONT)

    def _kill(self, why: str) -> None:
        self._stopped = self._stopped or why
        if self._status is None:
            self._killed = True
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)

    # ---- the end

    def _reap(self) -> None:
        with contextlib.suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    return
                if pid == self._pid:
                    self._status = status
                    self._deadlines.pop("grace", None)

    def _end_all(self) -> None:
        """Kill what is left of the group and of all descendants."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGKILL)
        deadline = time.monotonic() + _LAST_WORDS
        with contextlib.suppress(ChildProcessError):
            while time.monotonic() < deadline:
                for pid in _children():
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.kill(pid, signal.SIGKILL)
                pid, _ = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    # The next death wakes this up.
                    select.select([self._wake_in], [], [], 0.05)
                    with contextlib.suppress(BlockingIOError):
                        os.read(self._wake_in, 4096)

    def _write_envelope(self, began: float, error: dict[str, int] | None) -> None:
        status = self._status
        envelope = {
            "v": 1,
            "attempt": self._spec.attempt,
            "key": self._spec.key,
            "turn": self._spec.turn,
            "status": os.WEXITSTATUS(status) if status is not None and os.WIFEXITED(status) else None,
            "signal": os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else None,
            "stopped": self._stopped or None,
            "killed": self._killed,
            "broken": self._broken or None,
            "error": error,
            "started_ms": int(began * 1000),
            "ended_ms": int(time.time() * 1000),
            "sizes": self._sizes,
        }
        for descriptor in self._files.values():
            with contextlib.suppress(OSError):
                os.fsync(descriptor)
        place = os.path.join(self._spec.folder, "envelope.json")
        descriptor = os.open(place + ".part", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, json.dumps(envelope).encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(place + ".part", place)  # noqa: PTH104
        folder = os.open(self._spec.folder, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _become(spec: Spec, standard: tuple[int, int, int], tell: int, parent: int) -> None:
    """Turn this forked process into the agent; never returns."""
    step = STEP_CHDIR
    try:
        os.setsid()
        prctl = _spawner().load_prctl()
        if prctl is not None:
            prctl(_spawner().PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(127)
        for number in (*_STOPPING, signal.SIGCHLD, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        for target, descriptor in enumerate(standard):
            os.dup2(descriptor, target)
        os.chdir(spec.cwd)
        step = STEP_EXEC
        environment = {os.fsencode(name): os.fsencode(value) for name, value in spec.env.items()}
        program = _spawner().find_program(os.fsencode(spec.argv[0]), environment.get(b"PATH", b""))
        os.execve(program, [os.fsencode(word) for word in spec.argv], environment)  # noqa: S606
    except OSError as problem:
        os.write(tell, b"%d %d" % (step, problem.errno or errno.EINVAL))
    finally:
        os._exit(127)


def _content(path: str) -> bytes:
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read()


def _children() -> list[int]:
    """The children of this process; empty where the kernel does not list them."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", "rb") as file:  # noqa: PTH123
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def _masker(secrets: dict[str, str]) -> Any:
    if not secrets:
        return None
    return _sibling("masking", os.path.dirname(_HERE)).Masker(secrets)


def _spawner() -> Any:
    return _sibling("spawner", _HERE)


def _sibling(name: str, folder: str) -> Any:
    """A module of ours that is as free of the package as this one."""
    if name not in sys.modules:
        sys.path.insert(0, folder)
        try:
            __import__(name)
        finally:
            sys.path.remove(folder)
    return sys.modules[name]


_HERE = os.path.dirname(os.path.abspath(__file__))


def main() -> None:
    """Read the spec and carry it out."""
    data = b""
    while b"\n" not in data:
        more = os.read(0, CHUNK)
        if not more:
            return  # the Coordinator was gone before it had said what to do
        data += more
    line, _, rest = data.partition(b"\n")
    spawner = _spawner()
    prctl = spawner.load_prctl()
    if prctl is not None:
        prctl(spawner.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    Shim(Spec(json.loads(line)), rest).run()


if __name__ == "__main__":
    main()
