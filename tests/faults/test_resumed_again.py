"""What a resume does and does not do, in a world that has changed meanwhile."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from metaensemble import api
from metaensemble.engine.runtimes.command import CommandRuntime
from metaensemble.engine.runtimes.protocol import AttemptEvent, AttemptHandle, AttemptRequest
from metaensemble.schemas.errors import InputErrors
from metaensemble.schemas.progress import NodeChanged, Progress
from support.scenarios import LOG, Project
from support.victims import Victims

FAILING = f"""\
name: failing
outputs: {{all: "${{{{ tasks.last.output }}}}"}}
tasks:
  good:
    run: |
      {LOG}
      echo fine
  other:
    run: [./tool.sh]
  bad:
    needs: [good]
    run: |
      {LOG}
      test -e mended
  last:
    needs: [bad, other]
    run: |
      {LOG}
      echo "${{{{ tasks.good.output }}}}"
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path / "project", FAILING)
    tool = found.root / "tool.sh"
    tool.write_text("#!/bin/sh\necho tool\n")
    tool.chmod(0o755)
    return found


def counts(project: Project) -> dict[str, int]:
    return {node: len(ids) for node, ids in project.executions().items()}


def test_a_failed_dag_run_gets_another_try_and_what_was_ok_stays(project: Project) -> None:
    first = api.run(project.graph)
    assert first.state == "failed"
    for tries in (2, 3):
        assert api.resume(first.dag_run_id, cwd=project.root).state == "failed"
        assert counts(project) == {"good": 1, "bad": tries}
    project.mend()
    last = api.resume(first.dag_run_id, cwd=project.root)
    assert last.state == "ok"
    assert last.outputs == {"all": "fine"}
    assert counts(project) == {"good": 1, "bad": 4, "last": 1}
    generations = {node.id: node.generation for node in last.nodes}
    assert generations == {"good": 0, "other": 0, "bad": 3, "last": 3}
    head = project.head()
    assert api.resume(first.dag_run_id, cwd=project.root).state == "ok"
    assert project.head() == head
    project.check_ledger()


def test_a_program_that_is_no_longer_needed_may_be_gone(project: Project) -> None:
    first = api.run(project.graph)
    (project.root / "tool.sh").unlink()
    project.mend()
    assert api.resume(first.dag_run_id, cwd=project.root).state == "ok"
    assert api.resume(first.dag_run_id, cwd=project.root).state == "ok"


def test_a_program_that_is_still_needed_must_be_there(tmp_path: Path) -> None:
    project = Project(tmp_path / "project", "tasks:\n  one: {run: [tool-of-ours]}\n")
    folder = tmp_path / "bin"
    folder.mkdir()
    tool = folder / "tool-of-ours"
    tool.write_text("#!/bin/sh\ntest -e mended\n")
    tool.chmod(0o755)
    environ = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}"}
    first = api.run(project.graph, environ=environ)
    assert first.state == "failed"
    head = project.head()
    with pytest.raises(InputErrors, match="problem"):
        api.resume(first.dag_run_id, cwd=project.root)
    assert project.head() == head
    # Elsewhere on another PATH is fine: it is looked up when the node is run.
    moved = tmp_path / "elsewhere"
    folder.rename(moved)
    project.mend()
    environ = {**os.environ, "PATH": f"{moved}:{os.environ['PATH']}"}
    assert api.resume(first.dag_run_id, cwd=project.root, environ=environ).state == "ok"


def test_the_graph_file_changed_or_went_away(project: Project) -> None:
    first = api.run(project.graph)
    project.graph.write_text("tasks: {other: {run: exit 9}}\n")
    project.mend()
    report = api.resume(first.dag_run_id, cwd=project.root)
    assert report.state == "ok"
    assert report.source_changed
    project.graph.unlink()
    assert api.resume(first.dag_run_id, cwd=project.root).source_changed


def test_outputs_that_cannot_be_evaluated_fail_the_dag_run(tmp_path: Path) -> None:
    text = (
        f'outputs: {{third: "${{{{ tasks.one.output[2].name }}}}"}}\n'
        f"tasks:\n  one:\n    output: {{as: json}}\n    run: |\n      {LOG}\n      echo '[1]'\n"
    )
    project = Project(tmp_path / "project", text)
    report = api.run(project.graph)
    assert report.state == "failed"
    assert report.reason.startswith("`outputs.third` could not be evaluated: ")
    head = project.head()
    assert api.resume(report.dag_run_id, cwd=project.root).state == "failed"
    assert project.head() == head
    assert counts(project) == {"one": 1}


class Clumsy:
    """An observer that raises from the second node on."""

    def __init__(self) -> None:
        self.told = 0

    def notice(self, progress: Progress) -> None:
        self.told += isinstance(progress, NodeChanged)
        if self.told > 1:
            raise OSError("the terminal went away")


def test_an_observer_that_raises_harms_nobody(project: Project) -> None:
    project.mend()
    clumsy = Clumsy()
    assert api.run(project.graph, observer=clumsy).state == "ok"
    assert clumsy.told == 2, "and is told nothing more"


class Unwilling(CommandRuntime):
    """A runtime that breaks its contract: it raises."""

    def start(self, request: AttemptRequest, emit: Callable[[AttemptEvent], None]) -> AttemptHandle:  # type: ignore[override]
        if request.node_id == "bad":
            raise ValueError("no such thing")
        return super().start(request, emit)


class Blobs:
    def __getattr__(self, name: str) -> Any:
        raise AssertionError(name)


def test_a_runtime_that_raises_fails_its_node_only(project: Project) -> None:
    runtimes: Mapping[str, Any] = {"command": Unwilling(Blobs())}
    report = api.run(project.graph, surroundings={"runtimes": runtimes})
    assert report.state == "failed"
    nodes = {node.id: node for node in report.nodes}
    assert nodes["bad"].attempts[0].failure_reason == "exception"
    assert "no such thing" in nodes["bad"].attempts[0].reason
    assert (nodes["good"].state, nodes["last"].state) == ("ok", "blocked")


def test_a_working_directory_that_vanished(project: Project, tmp_path: Path, victims: Victims) -> None:
    gone = tmp_path / "gone"
    for words in (["dag", "resume"], ["dag", "status"], ["dag", "run", str(project.graph)]):
        gone.mkdir()
        told = victims.start(words, cwd=gone, vanishing=True).wait()
        assert told.code == 2, told
        assert "Traceback" not in told.said


def test_the_directory_of_a_node_vanished(tmp_path: Path) -> None:
    project = Project(tmp_path / "project", "tasks:\n  one: {run: test -e ../mended, cwd: inner}\n")
    inner = project.root / "inner"
    inner.mkdir()
    first = api.run(project.graph)
    assert first.state == "failed"
    shutil.rmtree(inner)
    head = project.head()
    with pytest.raises(InputErrors):
        api.resume(first.dag_run_id, cwd=project.root)
    assert project.head() == head
    inner.mkdir()
    project.mend()
    assert api.resume(first.dag_run_id, cwd=project.root).state == "ok"


def test_an_output_of_many_megabytes(tmp_path: Path) -> None:
    text = (
        'outputs: {size: "${{ tasks.counted.output }}"}\n'
        "tasks:\n"
        "  huge: {run: head -c 1000000 /dev/zero | tr '\\\\000' 'x'}\n"
        '  counted:\n    with: {text: "${{ tasks.huge.output }}"}\n    run: wc -c < "$ME_IN_TEXT_FILE"\n'
        "  unused: {run: head -c 9000000 /dev/zero}\n"
    )
    project = Project(tmp_path / "project", text)
    report = api.run(project.graph)
    assert report.state == "ok"
    assert report.outputs == {"size": "1000000"}
    assert (project.state / "runs.jsonl").stat().st_size < 50_000
    assert not list((project.state / "scratch").iterdir())
    project.check_ledger()
