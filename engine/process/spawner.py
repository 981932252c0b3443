"""The small helper process that starts every command of a Coordinator, and ends what is left of them.

Why a helper: whoever starts a process is the one who can wait for it, and signal its group, without
ever hitting a stranger that got its number; and somebody must outlive a Coordinator that was killed
with -9, to end what it had started. This process has no database, lock or thread. It is run as
`python -I -S spawner.py PARENT_PID [OPEN_FILES]` with a Unix stream socket as its standard input;
OPEN_FILES is the limit for it and for the commands, where the Coordinator has raised its own.

What it promises:
- Every command gets a session and process group of its own, default signal handling, and no
  descriptor but 0, 1 and 2.
- A group is signalled only while its leader has not been reaped, so never one that merely has the
  same number. When the leader ends, what remains of its group is killed before it is reaped.
- On Linux this process is a "child subreaper": descendants that left their group come back here
  when their parent dies, are known by `ME_ATTEMPT_ID`, and are killed once their attempt has ended.
- When the socket closes (the Coordinator ended, however) or a signal asks this process to stop, all
  of that is killed, whether it is known by name or not, and this process ends.

Commands start by `posix_spawn`, which does not copy this process: a fork that prepares its child in
Python, to set a parent-death signal in each, was measured to fault in 300 pages more per command and
to take twice the time. That signal would reach the leader only, in the one case left to it (this
process and the Coordinator killed at the same moment); a resume ends such leftovers, see `orphans`.

Wire format, both ways in the byte order of the machine. To here: `REQUEST` header, then `size` bytes
of fields with NUL between them; a START carries the descriptors 0, 1, 2 of the command (SCM_RIGHTS)
with its header. From here: `REPLY` records of fixed size.

Must import under `python -I -S`; it uses nothing of this package.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import select
import signal
import socket
import stat
import struct
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    # `typing` would cost a fifth of this process's start.
    from typing import Any

REQUEST = struct.Struct("=BxxxII")
"""kind, ident, size of what follows."""
REPLY = struct.Struct("=BxxxIqq")
"""kind, ident, and two numbers that depend on the kind."""

ENVIRONMENT, START, TERMINATE, KILL, PING = 1, 2, 3, 4, 5
SPAWNED, EXITED, SIGNALLED, FAILED, HEARD = 1, 2, 3, 4, 5
"""SPAWNED: pid, start time. EXITED: status. SIGNALLED: signal. FAILED: step, errno.

A START is answered by SPAWNED or FAILED, a TERMINATE, KILL or PING by HEARD, an ENVIRONMENT by nothing.
"""

STEP_CHDIR, STEP_EXEC = 1, 2

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
_STOPPING = frozenset((signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
DEFAULTED = (*_STOPPING, signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGQUIT)
"""Signals that a command gets with their default handling, whatever its starter does with them."""
_LAST_WORDS = 5.0


def load_prctl() -> Any:
    """`prctl` of the C library on Linux, to be called with five numbers; None elsewhere."""
    if sys.platform != "linux":
        return None
    import ctypes  # only where it is used

    function = ctypes.CDLL(None, use_errno=True).prctl
    function.argtypes = (ctypes.c_int, *[ctypes.c_ulong] * 4)
    return function


def start_ticks(pid: int) -> int:
    """When `pid` started: clock ticks since boot on Linux, elsewhere the present second.

    For a process that was forked this moment. 0 when it cannot be told.
    """
    if sys.platform != "linux":
        return int(time.time())
    try:
        descriptor = os.open(f"/proc/{pid}/stat", os.O_RDONLY)
    except OSError:
        return 0
    try:
        text = os.read(descriptor, 2048)
    finally:
        os.close(descriptor)
    # The second field, the name, may hold blanks and brackets; 20 fields on from its end (proc(5)).
    return int(text[text.rindex(b")") + 2 :].split()[19])


class Server:
    """The helper's whole state: the leaders that live, by pid and by the Coordinator's number."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._pid = os.getpid()
        self._environment: dict[bytes, bytes] = {}
        self._pids: dict[int, int] = {}
        self._idents: dict[int, int] = {}
        self._markers: dict[int, bytes] = {}
        self._replies: list[bytes] = []
        self._children_file = f"/proc/self/task/{self._pid}/children"
        self._wake_in, wake_out = os.pipe()
        os.set_blocking(self._wake_in, False)
        os.set_blocking(wake_out, False)
        signal.set_wakeup_fd(wake_out, warn_on_full_buffer=False)
        for number in (*_STOPPING, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)

    def serve(self) -> None:
        """Work until the Coordinator is gone or a signal says stop; then kill what is left."""
        poller = select.poll()
        poller.register(self._link, select.POLLIN)
        poller.register(self._wake_in, select.POLLIN)
        link = self._link.fileno()
        try:
            alive = True
            while alive:
                ready = {descriptor for descriptor, _ in poller.poll()}
                if self._wake_in in ready:
                    alive = _STOPPING.isdisjoint(os.read(self._wake_in, 4096))
                    self._reap()
                if alive and link in ready:
                    alive = self._take_request()
                if self._replies:
                    self._link.sendall(b"".join(self._replies))
                    self._replies.clear()
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            self._end_all()

    # ---- requests ------------------------------------------------------------------------------

    def _take_request(self) -> bool:
        """Carry out one request; False when the Coordinator has hung up."""
        header, descriptors = self._receive_header()
        if len(header) < REQUEST.size:
            return False
        kind, ident, size = REQUEST.unpack(header)
        body = self._receive(size) if size else b""
        if body is None:
            return False
        if kind == START:
            try:
                self._start(ident, body.split(b"\0"), descriptors)
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)
        elif kind == ENVIRONMENT:
            self._environment = _pairs(body.split(b"\0") if body else [])
        else:
            if kind != PING and ident in self._pids:
                self._signal(self._pids[ident], hard=kind == KILL)
            self._reply(HEARD, ident, 0, 0)
        return True

    def _receive_header(self) -> tuple[bytes, list[int]]:
        # MSG_CMSG_CLOEXEC is missing from Python's constants on some systems; this is one thread, so
        # that setting the flag a moment later is as good.
        header, descriptors, _, _ = socket.recv_fds(self._link, REQUEST.size, 3)
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        while header and len(header) < REQUEST.size:
            more = self._link.recv(REQUEST.size - len(header))
            if not more:
                break
            header += more
        return header, descriptors

    def _receive(self, size: int) -> bytes | None:
        body = bytearray()
        while len(body) < size:
            chunk = self._link.recv(min(size - len(body), 1 << 20))
            if not chunk:
                return None
            body += chunk
        return bytes(body)

    def _start(self, ident: int, fields: list[bytes], descriptors: list[int]) -> None:
        """Start a command. Fields: marker, working directory, count of arguments, these, variables."""
        marker, cwd, count = fields[0], fields[1], int(fields[2])
        argv = fields[3 : 3 + count]
        environment = self._environment | _pairs(fields[3 + count :])
        step = STEP_CHDIR
        try:
            os.chdir(cwd)
            step = STEP_EXEC
            if len(descriptors) < 3:
                # The system drops what this process has no room for, without an error.
                raise OSError(errno.EMFILE, "descriptors were lost")
            pid = os.posix_spawn(
                find_program(argv[0], environment.get(b"PATH", os.defpath.encode())),
                argv,
                environment,
                file_actions=[
                    (os.POSIX_SPAWN_DUP2, descriptor, target) for target, descriptor in enumerate(descriptors)
                ],
                setsid=True,
                setsigmask=(),
                setsigdef=DEFAULTED,
            )
        except OSError as error:
            self._reply(FAILED, ident, step, error.errno or errno.EINVAL)
            return
        finally:
            os.chdir("/")
        self._pids[ident] = pid
        self._idents[pid] = ident
        self._markers[ident] = marker
        self._reply(SPAWNED, ident, pid, start_ticks(pid))

    def _signal(self, leader: int, *, hard: bool) -> None:
        """Signal a group whose leader is not reaped yet."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if hard:
                os.killpg(leader, signal.SIGKILL)
            else:
                os.killpg(leader, signal.SIGTERM)
                os.killpg(leader, signal.SIGCONT)

    # ---- ends ----------------------------------------------------------------------------------

    def _reap(self) -> None:
        """Report every command that ended, kill the rest of its group, and only then reap it."""
        ended = False
        with contextlib.suppress(ChildProcessError):
            while (found := next_ended()) is not None:
                ended = True
                pid, kind, value = found
                ident = self._idents.pop(pid, None)
                if ident is not None:
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.killpg(pid, signal.SIGKILL)
                    del self._pids[ident], self._markers[ident]
                    self._reply(kind, ident, value, 0)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)
        if ended:
            self._kill_strays()

    def _kill_strays(self) -> None:
        """Kill descendants that left their group and whose attempt is over (Linux)."""
        strays = [pid for pid in self._children() if pid not in self._idents]
        if not strays:
            return
        live = set(self._markers.values())
        for pid in strays:
            marker = marker_of(pid)
            if marker and marker not in live:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, signal.SIGKILL)

    def _children(self) -> list[int]:
        """The children of this process; empty where the kernel does not list them."""
        try:
            descriptor = os.open(self._children_file, os.O_RDONLY)
        except OSError:
            return []
        try:
            text = b""
            while chunk := os.read(descriptor, 1 << 16):
                text += chunk
        finally:
            os.close(descriptor)
        return [int(word) for word in text.split()]

    def _end_all(self) -> None:
        """Kill every group and every descendant; wait for them, but not for ever."""
        deadline = time.monotonic() + _LAST_WORDS
        with contextlib.suppress(ChildProcessError):
            while time.monotonic() < deadline:
                for pid in self._idents:
                    self._signal(pid, hard=True)
                for pid in self._children():
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.kill(pid, signal.SIGKILL)
                while (found := next_ended()) is not None:
                    self._idents.pop(found[0], None)
                    os.waitpid(found[0], 0)
                # The next death wakes this up; what the dead leave behind comes here and is killed.
                select.select([self._wake_in], [], [], 0.05)
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake_in, 4096)

    def _reply(self, kind: int, ident: int, first: int, second: int) -> None:
        self._replies.append(REPLY.pack(kind, ident, first, second))


def next_ended() -> tuple[int, int, int] | None:
    """A child that ended, as (pid, EXITED or SIGNALLED, value); None when all live.

    It is left unreaped where the system has `waitid`, so that its group keeps its number; elsewhere
    it is reaped. Raises `ChildProcessError` when there are no children at all.
    """
    if hasattr(os, "waitid"):
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        if found is None:
            return None
        kind = EXITED if found.si_code == os.CLD_EXITED else SIGNALLED
        return found.si_pid, kind, found.si_status
    pid, status = os.waitpid(-1, os.WNOHANG)
    if pid == 0:
        return None
    if os.WIFSIGNALED(status):
        return pid, SIGNALLED, os.WTERMSIG(status)
    return pid, EXITED, os.WEXITSTATUS(status)


def marker_of(pid: int) -> bytes:
    """The value of `ME_ATTEMPT_ID` that `pid` was started with; empty when that cannot be read."""
    try:
        descriptor = os.open(f"/proc/{pid}/environ", os.O_RDONLY)
    except OSError:
        return b""
    try:
        text = b"\0"
        while chunk := os.read(descriptor, 1 << 16):
            text += chunk
    except OSError:
        return b""
    finally:
        os.close(descriptor)
    return text.partition(b"\0ME_ATTEMPT_ID=")[2].partition(b"\0")[0]


def _pairs(fields: list[bytes]) -> dict[bytes, bytes]:
    return {name: value for name, _, value in (field.partition(b"=") for field in fields)}


def find_program(name: bytes, path: bytes) -> bytes:
    """The file that `name` stands for, as execvp(3) finds it.

    A file that exists and may not be run counts only when there is no other; the error is then that
    of the attempt to run it. Raises `FileNotFoundError` when there is none.
    """
    if b"/" in name:
        return name
    closed = b""
    for folder in path.split(b":"):
        candidate = (folder or b".") + b"/" + name
        try:
            mode = os.stat(candidate).st_mode  # noqa: PTH116  # pathlib would double this process's start
        except OSError:
            continue
        if not stat.S_ISREG(mode):
            continue
        if os.access(candidate, os.X_OK):
            return candidate
        closed = closed or candidate
    if closed:
        return closed
    raise FileNotFoundError(errno.ENOENT, "no such program", name)


def limit_files(open_files: int | None) -> None:
    """Let this process and what it starts have so many files open, not more; None changes nothing."""
    if open_files is not None:
        import resource  # only where it is used

        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (open_files, hard))


def main(parent: int, open_files: int | None = None) -> None:
    """Serve the Coordinator `parent`, whose socket is this process's standard input.

    With `open_files` this process and what it starts may have so many files open, not more.
    """
    gc.disable()
    limit_files(open_files)
    prctl = load_prctl()
    if prctl is not None:
        prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        return
    server = Server(socket.socket(fileno=0))
    # What exists by now is never collected, so that a fork does not copy it page by page.
    gc.freeze()
    server.serve()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
