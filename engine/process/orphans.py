"""Ending what a dead Coordinator, or a dead spawner, left behind.

A process is ours when it has the recorded pid AND the recorded start time in the recorded boot, or
when it carries our id in its environment. A number alone proves nothing. Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from .identity import IS_LINUX, boot_id, is_same_process, process_start

_MARKERS = (b"ME_ATTEMPT_ID", b"ME_DAG_RUN_ID")
_PATIENCE = 2.0
_STEP = 0.01
_LOOKS = 100

Leader = tuple[int, int, str]
"""pid, start time, boot id: the facts of a `Spawned` event."""


def stop_stranded(
    leaders: Iterable[Leader] = (),
    *,
    run_ids: Collection[str] = (),
    dag_run_id: str | None = None,
    grace: float = 2.0,
    sleep: Callable[[float], None] = time.sleep,
) -> list[int]:
    """Stop the processes of attempts whose Coordinator is gone; the pids that were signalled.

    `leaders` are recorded group leaders. On Linux every process that was started with one of
    `run_ids` as its `ME_ATTEMPT_ID`, or with `dag_run_id` as its `ME_DAG_RUN_ID`, is found as well;
    elsewhere the environment of others cannot be read, and the groups are all. SIGTERM first, and
    SIGKILL after `grace` seconds (at once when it is 0). Never signals this process or its parents.
    """
    boot = boot_id()
    recorded = [leader for leader in leaders if leader[2] == boot]
    wanted = _wanted(run_ids, dag_run_id)
    found = _find(recorded, wanted)
    signalled = set(found)
    if grace > 0 and found:
        _signal(found, recorded, signal.SIGTERM)
        deadline = time.monotonic() + grace
        while found and time.monotonic() < deadline:
            sleep(_STEP)
            found = {pid: started for pid, started in found.items() if process_start(pid) == started}
    signalled |= _kill(recorded, wanted, sleep)
    return sorted(signalled)


def kill_remains(leaders: Iterable[Leader], run_ids: Collection[str]) -> list[int]:
    """SIGKILL at once to what is left of these attempts; waits for nothing.

    Looks again as long as there is something new, which was forked while the rest was looked for.
    """
    recorded = [leader for leader in leaders if leader[0] > 0]
    wanted = _wanted(run_ids, None)
    killed: dict[int, int] = {}
    for _ in range(_LOOKS):
        fresh = {pid: at for pid, at in _find(recorded, wanted).items() if killed.get(pid) != at}
        if not fresh:
            break
        _signal(fresh, recorded, signal.SIGKILL)
        killed |= fresh
    return sorted(killed)


def carrying(markers: frozenset[bytes]) -> Iterator[int]:
    """Pids of living processes that have one of `markers` (`NAME=value`) in their first environment.

    Linux only; nothing elsewhere. A process that rewrote its environment's memory is not found, nor
    is one of another user. Costs a walk over /proc.
    """
    if not IS_LINUX or not markers:
        return
    for folder in os.scandir("/proc"):
        if not folder.name.isdigit():
            continue
        try:
            text = Path(folder.path, "environ").read_bytes()
        except OSError:
            continue
        if not markers.isdisjoint(text.split(b"\0")):
            yield int(folder.name)


def _wanted(run_ids: Collection[str], dag_run_id: str | None) -> frozenset[bytes]:
    attempt, dag_run = _MARKERS
    wanted = {attempt + b"=" + run_id.encode() for run_id in run_ids}
    if dag_run_id:
        wanted.add(dag_run + b"=" + dag_run_id.encode())
    return frozenset(wanted)


def _find(leaders: Iterable[Leader], wanted: frozenset[bytes]) -> dict[int, int]:
    """Living processes of ours: pid → start time, as proof for the moment of the signal."""
    found = {pid: started for pid, started, boot in leaders if is_same_process(pid, started, boot)}
    own = _own_line()
    for pid in carrying(wanted):
        started = process_start(pid)
        if started is not None and pid not in own:
            found.setdefault(pid, started)
    return found


def _signal(found: dict[int, int], leaders: Iterable[Leader], number: signal.Signals) -> None:
    """Signal each process of `found`, a recorded leader with its whole group."""
    groups = {pid for pid, _, _ in leaders}
    for pid, started in found.items():
        if process_start(pid) is None or not is_same_process(pid, started, boot_id()):
            continue
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if pid in groups:
                os.killpg(pid, number)
            else:
                os.kill(pid, number)


def _kill(leaders: list[Leader], wanted: frozenset[bytes], sleep: Callable[[float], None]) -> set[int]:
    """SIGKILL until nothing is found any more: a process may fork while it is being looked for."""
    seen: set[int] = set()
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        found = _find(leaders, wanted)
        if not found:
            break
        _signal(found, leaders, signal.SIGKILL)
        seen |= set(found)
        sleep(_STEP)
    return seen


def _own_line() -> frozenset[int]:
    """This process and all above it: who resumes from a shell of an attempt must not lose the shell."""
    line = {os.getpid()}
    pid = os.getppid()
    while pid > 1 and pid not in line:
        line.add(pid)
        pid = _parent(pid)
    return frozenset(line)


def _parent(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return 0
    return int(text[text.rindex(b")") + 2 :].split()[1])
