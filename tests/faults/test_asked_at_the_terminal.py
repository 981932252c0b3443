"""A paused DAG run asks the person at the terminal, and goes on in the same process."""

from __future__ import annotations

import os
import pty
from pathlib import Path

import pytest

from metaensemble import api
from metaensemble.engine.ledger.lock import DagRunLock
from metaensemble.schemas.report import Report
from support.dialog import CTRL_C, END_OF_INPUT, Dialog
from support.scenarios import LOG, Project
from support.victims import Victims

INVITED = "Enter to leave it for later: "

GRAPH = f"""\
name: release
outputs:
  said: ${{{{ tasks.publish.output }}}}
tasks:
  notes:
    run: |
      {LOG}
      printf 'first line\\nsecond line\\n'
  go:
    approve: |
      Publish this?
      ${{{{ tasks.notes.output }}}}
  version:
    needs: [go]
    approve: Which version?
    input: {{type: string, pattern: '^[0-9.]+$'}}
  where:
    needs: [version]
    approve: Where to?
    input: {{oneOf: [{{const: staging}}, {{const: production}}]}}
  publish:
    run: |
      {LOG}
      echo "${{{{ tasks.version.output }}}} to ${{{{ tasks.where.output }}}}"
"""


def report_of(project: Project) -> Report:
    return api.status(None, cwd=project.root, outputs=True)


def states(project: Project) -> dict[str, str]:
    return {node.id: node.state for node in report_of(project).nodes}


@pytest.mark.parametrize("term", ["dumb", "xterm"])
def test_all_is_answered_and_the_run_goes_on(term: str, tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", GRAPH)
    dialog = Dialog(victims, ["dag", "run", "graph.yaml"], cwd=project.root, term=term)
    seen = dialog.wait_for(INVITED)
    assert "? go: Publish this?\n  first line\n  second line\n  y for yes, n for no, " in seen
    dialog.type("perhaps\n")
    assert "`perhaps` is neither yes nor no" in dialog.wait_for(INVITED)
    dialog.type("y\n")
    seen = dialog.wait_for(INVITED)
    assert '? version: Which version?\n  asked for: {"pattern": "^[0-9.]+$", "type": "string"}' in seen
    dialog.type("one\n")
    assert "'one' does not match" in dialog.wait_for(INVITED)
    dialog.type("1.2.0\n")
    seen = dialog.wait_for(INVITED)
    assert "? where: Where to?\n    1: staging\n    2: production\n  a number, n for no, " in seen
    dialog.type("staging\n")
    assert "`staging` is not the number of an option" in dialog.wait_for(INVITED)
    dialog.type("3\n")
    assert "has no option 3" in dialog.wait_for(INVITED)
    dialog.type("2\n")
    assert dialog.end() == 0, dialog.said
    report = report_of(project)
    assert (report.state, report.outputs) == ("ok", {"said": "1.2.0 to production"})
    assert {node: len(ids) for node, ids in project.executions().items()} == {"notes": 1, "publish": 1}
    assert "Traceback" not in dialog.said
    project.check_ledger()


def test_a_no_ends_it(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", GRAPH)
    dialog = Dialog(victims, ["dag", "run", "graph.yaml"], cwd=project.root)
    dialog.wait_for(INVITED)
    dialog.type("n\n")
    assert dialog.end() == 1
    assert "failed go: rejected: " in dialog.said
    assert states(project) == {
        "notes": "ok", "go": "failed", "version": "blocked", "where": "blocked", "publish": "blocked"
    }  # fmt: skip


@pytest.mark.parametrize("typed", ["\n", END_OF_INPUT])
def test_what_is_left_for_later_stays_paused(typed: str, tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", GRAPH)
    dialog = Dialog(victims, ["dag", "run", "graph.yaml"], cwd=project.root)
    dialog.wait_for(INVITED)
    dialog.type(typed)
    assert dialog.end() == 4
    assert f"me dag approve {project.dag_run()} go --yes" in dialog.said
    assert states(project)["go"] == "waiting"
    dialog = Dialog(victims, ["dag", "resume"], cwd=project.root)
    assert "? go: Publish this?" in dialog.wait_for(INVITED)
    dialog.type("y\n")
    dialog.wait_for(INVITED)
    dialog.type(typed)
    assert dialog.end() == 4
    assert states(project)["version"] == "waiting"


def test_ctrl_c_at_the_question_interrupts(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", GRAPH)
    dialog = Dialog(victims, ["dag", "run", "graph.yaml"], cwd=project.root)
    dialog.wait_for(INVITED)
    dialog.type(CTRL_C)
    assert dialog.end() == 130
    assert "Traceback" not in dialog.said
    assert (report_of(project).state, states(project)["go"]) == ("paused", "waiting")
    project.check_ledger()


TWO = """\
tasks:
  one: {approve: The first?}
  two: {approve: The second?}
  after: {run: echo after, needs: [one]}
"""


def test_one_of_two_is_left(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", TWO)
    dialog = Dialog(victims, ["dag", "run", "graph.yaml"], cwd=project.root)
    dialog.wait_for(INVITED)
    dialog.type("y\n")
    dialog.wait_for("? two: The second?")
    dialog.wait_for(INVITED)
    dialog.type("\n")
    assert dialog.end() == 4, "it went on with the first answer, and did not ask the second question again"
    assert states(project) == {"one": "ok", "two": "waiting", "after": "ok"}


def test_at_the_end_of_input_no_further_question_is_put(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", TWO)
    dialog = Dialog(victims, ["dag", "run", "graph.yaml"], cwd=project.root)
    dialog.wait_for(INVITED)
    dialog.type(END_OF_INPUT)
    assert dialog.end() == 4
    assert "? two" not in dialog.said


def test_somebody_else_answers_first(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", GRAPH)
    dialog = Dialog(victims, ["dag", "run", "graph.yaml"], cwd=project.root)
    dialog.wait_for(INVITED)
    told = victims.start(["dag", "approve", str(project.dag_run()), "go", "--no"], cwd=project.root).wait()
    assert told.code == 0, told
    dialog.type("y\n")
    assert dialog.end() == 1, "the other one's no counts"
    assert "node `go` was answered by" in dialog.said
    assert "rejected: " in dialog.said


def test_somebody_else_has_carried_it_to_its_end(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", GRAPH)
    dialog = Dialog(victims, ["dag", "run", "graph.yaml"], cwd=project.root)
    dialog.wait_for(INVITED)
    dag_run = str(project.dag_run())
    for words, code in ((["approve", dag_run, "go", "--no"], 0), (["resume", dag_run], 1)):
        assert victims.start(["dag", *words], cwd=project.root).wait().code == code
    dialog.type("y\n")
    assert dialog.end() == 1, "it ended failed, and what failed is not tried again unasked"
    assert (report_of(project).state, states(project)["go"]) == ("failed", "failed")
    assert [node.generation for node in report_of(project).nodes] == [0] * 5


def test_somebody_else_drives_it_on(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", GRAPH)
    dialog = Dialog(victims, ["dag", "run", "graph.yaml"], cwd=project.root)
    dialog.wait_for(INVITED)
    with DagRunLock(project.state, str(project.dag_run())):
        dialog.type("y\n")
        assert dialog.end() == 3
    assert "error[ME702]" in dialog.said
    assert states(project)["go"] == "waiting"
    assert report_of(project).questions == (), "the answer is on record all the same"


ODD = r"""
tasks:
  text: {run: "printf 'calm \\033[2J\\033]0;title\\007 \\342\\200\\256 text'"}
  ask: {approve: "${{ tasks.text.output }}?"}
"""


def test_a_question_cannot_move_the_cursor(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", ODD)
    master, terminal = pty.openpty()
    environ = {**os.environ, "TERM": "dumb"}
    victim = victims.start(["dag", "run", "graph.yaml"], cwd=project.root, terminal=terminal, environ=environ)
    os.close(terminal)
    said = b""
    while INVITED.encode() not in said:
        said += os.read(master, 1 << 16)
    os.write(master, b"\n")
    assert victim.wait().code == 4
    os.close(master)
    assert b"calm" in said
    for sign in (b"\x1b", b"\x07", "\u202e".encode()):
        assert sign not in said


@pytest.mark.parametrize("flag", ["--json", "--quiet"])
def test_nobody_is_asked_who_wants_no_words(flag: str, tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", GRAPH)
    dialog = Dialog(victims, ["dag", "run", "graph.yaml", flag], cwd=project.root)
    assert dialog.end() == 4
    assert INVITED not in dialog.said


def test_nobody_is_asked_without_a_terminal(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", GRAPH)
    told = victims.start(["dag", "run", "graph.yaml"], cwd=project.root).wait()
    assert told.code == 4, told
    assert INVITED not in told.said
    assert f"me dag approve {project.dag_run()} go --yes" in told.err
