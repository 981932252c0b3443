"""One process is told from another that has its number."""

from __future__ import annotations

import os
import subprocess

from metaensemble.engine.process.identity import boot_id, is_same_process, process_start
from metaensemble.engine.process.spawner import start_ticks


def test_this_process_is_itself_and_no_other() -> None:
    started = process_start(os.getpid())
    assert started is not None
    assert is_same_process(os.getpid(), started, boot_id())
    assert not is_same_process(os.getpid(), started + 1000, boot_id())
    assert not is_same_process(os.getpid(), started, "another boot")
    assert not is_same_process(os.getpid(), started, "")


def test_the_boot_has_one_name() -> None:
    assert boot_id()
    assert boot_id() == boot_id()


def test_an_ended_process_is_none_reaped_or_not() -> None:
    child = subprocess.Popen(["true"])
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert process_start(child.pid) is None
    child.wait()
    assert process_start(child.pid) is None


def test_the_spawner_and_the_coordinator_read_the_same_start() -> None:
    with subprocess.Popen(["/bin/sh", "-c", "read line"], stdin=subprocess.PIPE) as child:
        started = process_start(child.pid)
        assert started is not None
        assert abs(start_ticks(child.pid) - started) <= 2
        assert is_same_process(child.pid, start_ticks(child.pid), boot_id())
        child.communicate(b"\n")
