"""Ctrl-C, SIGTERM, a terminal that is closed, and `me dag cancel`."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import signal
from pathlib import Path

import pytest

from metaensemble import api
from support.gates import Gate
from support.scenarios import LOG, Project
from support.victims import PATIENCE, Told, Victim, Victims

GRAPH = f"""\
name: stoppable
concurrency: {{max: 2}}
tasks:
  first:
    run: |
      {LOG}
  work:
    needs: [first]
    run: |
      {LOG}
      echo begun
      cat gate
  more:
    needs: [work]
    run: |
      {LOG}
  clean:
    needs: {{work: done}}
    run: |
      {LOG}
"""

OUTSIDE = GRAPH.replace("  work:\n", "  work:\n    effects: external\n")

DEAF = GRAPH.replace("      echo begun\n", "      trap '' TERM INT HUP\n      echo begun\n")


def begin(
    text: str, tmp_path: Path, victims: Victims, *, terminal: int | None = None, term: str = "dumb"
) -> tuple[Project, Gate, Victim]:
    """A DAG run that is in the middle of `work`."""
    project = Project(tmp_path / "project", text)
    gate = Gate(project.root / "gate")
    environ = {**os.environ, "TERM": term}
    victim = victims.start(["dag", "run", "graph.yaml"], cwd=project.root, terminal=terminal, environ=environ)
    victim.wait_until(lambda: "work" in project.executions(), "`work` ran")
    return project, gate, victim


def goes_on(project: Project, gate: Gate, victims: Victims) -> None:
    """The DAG run was interrupted, says how to go on, and that works."""
    gate.open()
    told = victims.start(["dag", "resume", str(project.dag_run())], cwd=project.root).wait()
    assert told.code == 0, told
    counts = {node: len(ids) for node, ids in project.executions().items()}
    assert counts == {"first": 1, "work": 2, "more": 1, "clean": 1}
    project.check_processes()
    project.check_ledger()


def read_all(master: int) -> str:
    """What was written to the terminal, until nobody has it open any more."""
    text = b""
    while select.select([master], [], [], PATIENCE)[0]:
        try:
            chunk = os.read(master, 1 << 16)
        except OSError:
            break
        if not chunk:
            break
        text += chunk
    return text.decode()


@pytest.mark.parametrize("term", ["dumb", "xterm"])
def test_ctrl_c_on_a_terminal(term: str, tmp_path: Path, victims: Victims) -> None:
    master, terminal = pty.openpty()
    project, gate, victim = begin(GRAPH, tmp_path, victims, terminal=terminal, term=term)
    os.close(terminal)
    os.write(master, b"\x03")
    said = read_all(master)
    os.close(master)
    assert victim.wait().code == 130, said
    assert f"go on with: me dag resume {project.dag_run()}" in said
    assert "Traceback" not in said
    assert "clean" not in project.executions(), "nothing new starts, `done` tasks included"
    project.check_processes()
    goes_on(project, gate, victims)


def test_ctrl_c_twice_kills_what_does_not_listen(tmp_path: Path, victims: Victims) -> None:
    master, terminal = pty.openpty()
    project, gate, victim = begin(DEAF, tmp_path, victims, terminal=terminal)
    os.close(terminal)
    os.write(master, b"\x03")
    said = ""
    while "stopping" not in said:
        said += os.read(master, 1 << 16).decode()
    os.write(master, b"\x03")
    said += read_all(master)
    os.close(master)
    assert victim.wait().code == 130, said
    assert "killing" in said
    assert "Traceback" not in said
    report = api.status(None, cwd=project.root)
    work = next(node for node in report.nodes if node.id == "work")
    assert work.attempts[-1].reason == "it was killed", "and not after the grace of a first Ctrl-C"
    goes_on(project, gate, victims)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_stops_it_gracefully(number: int, tmp_path: Path, victims: Victims) -> None:
    project, gate, victim = begin(GRAPH, tmp_path, victims)
    victim.signal(number)
    told = victim.wait()
    assert told.code == 130, told
    assert f"go on with: me dag resume {project.dag_run()}" in told.err
    goes_on(project, gate, victims)


def test_the_terminal_is_closed(tmp_path: Path, victims: Victims) -> None:
    master, terminal = pty.openpty()
    project, gate, victim = begin(GRAPH, tmp_path, victims, terminal=terminal, term="xterm")
    os.close(terminal)
    os.close(master)
    assert victim.wait().code == 130
    goes_on(project, gate, victims)


def states(project: Project) -> dict[str, str]:
    return {node: state for node, (state, _) in project.outcome().nodes.items()}


def stop(project: Project, gate: Gate, victim: Victim) -> Told:
    """Ctrl-C; what is started from now on ends by itself."""
    victim.signal(signal.SIGINT)
    told = victim.wait()
    assert told.code == 130, told
    gate.open()
    assert project.outcome().state == "interrupted"
    project.check_processes()
    return told


def printed_answers(told: Told) -> dict[str, list[str]]:
    """The commands that were printed for whoever is waited for, by what they answer."""
    lines = [line.strip() for line in told.said.splitlines() if "--lost" in line]
    return {words[-1]: words[1:] for words in map(shlex.split, lines)}


@pytest.mark.parametrize("times", [1, 2])
def test_a_stop_leaves_what_may_have_changed_the_world_to_a_person(
    times: int, tmp_path: Path, victims: Victims
) -> None:
    text = OUTSIDE if times == 1 else OUTSIDE.replace("echo begun", "trap '' TERM; echo begun")
    project, gate, victim = begin(text, tmp_path, victims)
    if times == 2:
        victim.signal(signal.SIGINT)
        victim.wait_until_it_said("stopping")
    told = stop(project, gate, victim)
    assert states(project) == {"first": "ok", "work": "waiting", "more": "pending", "clean": "pending"}
    work = api.status(None, cwd=project.root).nodes[1]
    assert work.reason == "it was stopped before its end, and `on_lost` is `ask`"
    assert set(printed_answers(told)) == {"work=rerun", "work=fail"}, "right where it was stopped"
    told = victims.start(["dag", "resume"], cwd=project.root).wait()
    assert told.code == 4, told
    assert "it was stopped before its end, and it may have changed the world: run it again?" in told.err
    assert len(project.executions()["work"]) == 1, "it did not run again unasked"
    told = victims.start(printed_answers(told)["work=rerun"], cwd=project.root).wait()
    assert told.code == 0, told
    counts = {node: len(ids) for node, ids in project.executions().items()}
    assert counts == {"first": 1, "work": 2, "more": 1, "clean": 1}
    project.check_ledger()


def test_a_person_lets_what_was_stopped_fail(tmp_path: Path, victims: Victims) -> None:
    project, gate, victim = begin(OUTSIDE, tmp_path, victims)
    told = stop(project, gate, victim)
    told = victims.start(printed_answers(told)["work=fail"], cwd=project.root).wait()
    assert told.code == 1, told
    assert states(project) == {"first": "ok", "work": "failed", "more": "blocked", "clean": "ok"}
    work = api.status(None, cwd=project.root).nodes[1]
    assert re.fullmatch("it was stopped before its end, and .* let it fail", work.reason)
    assert len(project.executions()["work"]) == 1
    project.check_ledger()


def test_what_was_stopped_and_must_fail_has_failed_at_once(tmp_path: Path, victims: Victims) -> None:
    project, gate, victim = begin(OUTSIDE.replace("external", "local\n    on_lost: fail"), tmp_path, victims)
    stop(project, gate, victim)
    assert states(project) == {"first": "ok", "work": "failed", "more": "blocked", "clean": "pending"}
    assert "clean" not in project.executions(), "nothing new starts, `done` tasks included"
    assert victims.start(["dag", "resume"], cwd=project.root).wait().code == 1
    assert states(project) == {"first": "ok", "work": "failed", "more": "blocked", "clean": "ok"}
    assert len(project.executions()["work"]) == 1
    project.check_ledger()


def test_what_waits_after_a_stop_can_be_cancelled(tmp_path: Path, victims: Victims) -> None:
    project, gate, victim = begin(OUTSIDE, tmp_path, victims)
    stop(project, gate, victim)
    assert "is cancelled; no Coordinator was at work on it" in cancel(project, victims).err
    assert states(project) == {"first": "ok", "work": "cancelled", "more": "cancelled", "clean": "ok"}
    assert len(project.executions()["work"]) == 1
    project.check_ledger()


def cancel(project: Project, victims: Victims, *flags: str) -> Told:
    told = victims.start(["dag", "cancel", str(project.dag_run()), *flags], cwd=project.root).wait()
    assert told.code == 0, told
    return told


@pytest.mark.parametrize("flags", [(), ("--now",)])
@pytest.mark.parametrize("life", ["live", "dead"])
def test_cancel(life: str, flags: tuple[str, ...], tmp_path: Path, victims: Victims) -> None:
    project, gate, victim = begin(GRAPH, tmp_path, victims)
    if life == "dead":
        victim.kill()
    told = cancel(project, victims, *flags)
    assert ("was asked to stop" in told.err) == (life == "live")
    if life == "live":
        ended = victim.wait()
        assert ended.code == 1, ended
    states = {node: state for node, (state, _) in project.outcome().nodes.items()}
    cleaned = "cancelled" if flags else "ok"
    assert states == {"first": "ok", "work": "cancelled", "more": "cancelled", "clean": cleaned}
    assert project.outcome().state == "cancelled"
    assert "needs no cancelling: it is cancelled" in cancel(project, victims).err
    project.check_processes()
    # It may be taken up again: what was cancelled gets another try, what ended ok stays.
    gate.open()
    told = victims.start(["dag", "resume", str(project.dag_run())], cwd=project.root).wait()
    assert told.code == 0, told
    counts = {node: len(ids) for node, ids in project.executions().items()}
    assert counts == {"first": 1, "work": 2, "more": 1, "clean": 1}
    project.check_ledger()


def test_a_dead_one_is_cancelled_where_its_programs_are_gone(tmp_path: Path, victims: Victims) -> None:
    text = GRAPH.replace("  first:\n", "  odd:\n    needs: [work]\n    run: [./odd.sh]\n  first:\n")
    root = tmp_path / "project"
    project = Project(root, text)
    Gate(root / "gate")
    program = root / "odd.sh"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    victim = victims.start(["dag", "run", "graph.yaml"], cwd=root)
    victim.wait_until(lambda: "work" in project.executions(), "`work` ran")
    victim.kill()
    program.unlink()
    cancel(project, victims)
    assert project.outcome().state == "cancelled"


def test_a_cancel_does_not_give_a_failed_one_another_try(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", f"tasks:\n  bad:\n    run: |\n      {LOG}\n      exit 1\n")
    assert victims.start(["dag", "run", "graph.yaml"], cwd=project.root).wait().code == 1
    assert "it is failed" in cancel(project, victims).err
    assert len(project.executions()["bad"]) == 1
