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
- What it prints passes the mask and goes into files. Standard output tells a line with the agent's pid and
  its start time first, and one byte after each piece, to wake whoever reads the files. That nobody reads
  harms nothing.
- When the agent has ended, what is left of its group is killed, then all descendants that had left it, and
  an envelope is written: beside its place, made durable, and then moved there. So there is a whole envelope
  or none.

Standard library only; must import under `python -I -S`. Nothing of the package is used but modules of the
same kind.
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

LARGEST = 256 << 20
"""Bytes that an agent may print on a stream in one turn; one that says more is ended."""

DRAIN = 1.0
"""Seconds that descendants may hold the output open once the agent itself has ended."""

CHUNK = 1 << 16
_STOPPING = frozenset((signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
_LAST_WORDS = 5.0
STEP_CHDIR, STEP_EXEC = 1, 2


class Spec:
    """What is to be done, as the Coordinator says it.

    `argv`, `env`, `cwd` and the file `stdin` are the agent's. `folder` takes `stdout`, `stderr` and
    `envelope.json`. `attempt`, `key` and `turn` go into the envelope. `secrets` are names of variables in
    `env` whose values are masked. `wall` is the limit of the turn, `orphan` that of a turn without one once
    the Coordinator is gone, `grace` the time between SIGTERM and SIGKILL; seconds all of them. `open_files`
    is how many files the agent may have open, None for as many as this process; `largest` how many bytes it
    may print on a stream.
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
        self.open_files: int | None = given.get("open_files")
        self.largest: int = given.get("largest", LARGEST)


class Shim:
    """One agent process, from its start to its envelope."""

    def __init__(self, spec: Spec, rest: bytes) -> None:
        self._spec = spec
        self._words = rest
        self._pid = 0
        self._end: tuple[int, int] | None = None
        self._stopped = ""
        self._killed = False
        self._deadlines: dict[str, float] = {}
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
        self._files = _sibling("turn_files", _HERE).TurnFiles(
            self._spec.folder, _mask(self._spec), self._spec.largest
        )
        try:
            ends = self._start()
        except OSError as problem:
            error = {"step": getattr(problem, "step", STEP_EXEC), "errno": problem.errno or errno.EINVAL}
        else:
            self._watch(ends)
            self._end_all()
        self._files.finish()
        self._files.seal(self._envelope(began, error))

    # ---- the start

    def _start(self) -> dict[int, str]:
        """Start the agent; the ends from which its output is read. Raises `OSError` when it cannot be."""
        spec = self._spec
        with open(spec.stdin, "rb") as file:  # noqa: PTH123  # pathlib would double this process's start
            self._input = file.read()
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
        self._tell(b"%d %d\n" % (self._pid, _spawner().start_ticks(self._pid)))
        return {out: "stdout", err: "stderr"}

    # ---- while it runs

    def _watch(self, ends: dict[int, str]) -> None:
        poller = select.poll()
        for descriptor in (*ends, self._wake_in, 0):
            poller.register(descriptor, select.POLLIN)
        poller.register(self._feed, select.POLLOUT)
        self._obey(b"")  # what came together with the task
        while ends or self._end is None:
            if self._end is not None and "drain" not in self._deadlines:
                self._deadlines["drain"] = time.monotonic() + DRAIN
            for descriptor, _ in poller.poll(self._patience()):
                if not self._serve(descriptor, ends):
                    poller.unregister(descriptor)
                    if descriptor:
                        ends.pop(descriptor, None)
                        os.close(descriptor)
            self._reap()
            self._on_time()
            if self._end is not None and self._is_over("drain"):
                break

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
        """Store what came, and wake the reader. A full disk ends the agent, whose words would be lost."""
        data = os.read(descriptor, CHUNK)
        if data and self._files.put(name, data):
            self._tell(b".")
        if self._files.broken:
            self._kill("broken")
        return bool(data)

    def _tell(self, words: bytes) -> None:
        with contextlib.suppress(OSError):
            os.write(1, words)

    def _listen(self) -> bool:
        """Take words from the Coordinator; False once it is gone."""
        data = os.read(0, CHUNK)
        if not data:
            if self._spec.wall is None:
                self._deadlines["orphan"] = time.monotonic() + self._spec.orphan
            return False
        self._obey(data)
        return True

    def _obey(self, data: bytes) -> None:
        *lines, self._words = (self._words + data).split(b"\n")
        for line in lines:
            if line == b"terminate":
                self._terminate("asked")
            elif line == b"kill":
                self._kill("killed")

    def _on_signal(self) -> None:
        with contextlib.suppress(BlockingIOError):
            numbers = os.read(self._wake_in, 4096)
            if not _STOPPING.isdisjoint(numbers):
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
        if self._stopped or self._end is not None:
            return
        self._stopped = why
        self._deadlines["grace"] = time.monotonic() + self._spec.grace
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._pid, signal.SIGTERM)
            os.killpg(self._pid, signal.SIGCONT)

    def _kill(self, why: str) -> None:
        self._reap()
        if self._end is None:
            self._stopped = self._stopped or why
            self._killed = True
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._pid, signal.SIGKILL)

    # ---- the end

    def _reap(self) -> None:
        """Note the ends of children. What the agent's group still holds is killed before the agent is reaped:
        after that its number may be a stranger's."""
        with contextlib.suppress(ChildProcessError):
            while (found := _spawner().next_ended()) is not None:
                pid, kind, value = found
                if pid == self._pid:
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.killpg(pid, signal.SIGKILL)
                    self._end = kind, value
                    self._deadlines.pop("grace", None)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)

    def _end_all(self) -> None:
        """Kill all descendants that had left the group; they came here when their parents died."""
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

    def _envelope(self, began: float, error: dict[str, int] | None) -> dict[str, Any]:
        kind, value = self._end or (0, 0)
        return {
            "v": 1,
            "attempt": self._spec.attempt,
            "key": self._spec.key,
            "turn": self._spec.turn,
            "status": value if kind == _spawner().EXITED else None,
            "signal": value if kind == _spawner().SIGNALLED else None,
            "stopped": self._stopped or None,
            "killed": self._killed,
            "error": error,
            "started_ms": int(began * 1000),
            "ended_ms": int(time.time() * 1000),
        }


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
        for number in _spawner().DEFAULTED:
            signal.signal(number, signal.SIG_DFL)
        _spawner().limit_files(spec.open_files)
        for target, descriptor in enumerate(standard):
            os.dup2(descriptor, target)
        os.chdir(spec.cwd)
        step = STEP_EXEC
        environment = {os.fsencode(name): os.fsencode(value) for name, value in spec.env.items()}
        path = environment.get(b"PATH", os.defpath.encode())
        program = _spawner().find_program(os.fsencode(spec.argv[0]), path)
        os.execve(program, [os.fsencode(word) for word in spec.argv], environment)  # noqa: S606
    except OSError as problem:
        os.write(tell, b"%d %d" % (step, problem.errno or errno.EINVAL))
    except ValueError:
        os.write(tell, b"%d %d" % (step, errno.EINVAL))  # what no system call can carry, such as a NUL
    finally:
        os._exit(127)


def _children() -> list[int]:
    """The children of this process; empty where the kernel does not list them."""
    try:
        with open(f"/proc/self/task/{os.getpid()}/children", "rb") as file:  # noqa: PTH123
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def _mask(spec: Spec) -> Any:
    secrets = {name: spec.env[name] for name in spec.secrets if name in spec.env}
    return _sibling("masking", os.path.dirname(_HERE)).Masker(secrets) if secrets else None


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
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
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
