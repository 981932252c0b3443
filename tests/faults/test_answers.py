"""Answers while everything goes wrong: several at once, kill -9 while somebody is asked, resumed twice."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from metaensemble import api
from metaensemble.engine.ledger import Ledger, queries
from support.gates import Gate
from support.scenarios import LOG, Project
from support.victims import Told, Victims

GRAPH = f"""\
name: answers
concurrency: {{max: 1}}
outputs:
  said: ${{{{ tasks.after.output }}}}
tasks:
  before:
    run: |
      {LOG}
      echo before
  ask:
    approve: Go on from ${{{{ tasks.before.output }}}}?
    input: {{type: integer}}
  beside:
    needs: [before]
    run: |
      {LOG}
      cat gate
  after:
    run: |
      {LOG}
      echo "number ${{{{ tasks.ask.output }}}}"
"""


def me(victims: Victims, project: Project, *words: str) -> Told:
    told = victims.start(list(words), cwd=project.root).wait()
    assert "Traceback" not in told.said
    return told


def states(project: Project) -> dict[str, str]:
    return {node: state for node, (state, _) in project.outcome().nodes.items()}


def is_asked(project: Project) -> bool:
    dag_run = project.dag_run()
    return dag_run is not None and bool(api.status(dag_run, cwd=project.root).questions)


def paused(tmp_path: Path, victims: Victims, text: str = GRAPH) -> Project:
    """A DAG run that waits for nothing but an answer."""
    project = Project(tmp_path / "project", text)
    (project.root / "gate").touch()
    assert me(victims, project, "dag", "run", "graph.yaml").code == 4
    return project


# Several at once


@pytest.mark.parametrize("round_no", range(3))
def test_of_many_answers_at_the_same_moment_one_wins(round_no: int, tmp_path: Path, victims: Victims) -> None:
    project = paused(tmp_path, victims)
    words = ["dag", "approve", str(project.dag_run()), "ask"]
    answers = [["--answer", str(number)] for number in range(4)] + [["--no"]] * 2
    started = [victims.start([*words, *answer], cwd=project.root) for answer in answers]
    told = [victim.wait() for victim in started]
    assert sorted(one.code for one in told) == [0, 2, 2, 2, 2, 2], told
    winner = next(at for at, one in enumerate(told) if one.code == 0)
    said = "no" if answers[winner] == ["--no"] else f"yes: {answers[winner][1]}"
    for at, one in enumerate(told):
        if at != winner:
            assert "error[ME571]" in one.err
            assert re.search(rf"node `ask` was answered by `\w+` at [-0-9]+ [:0-9]+: {said}\n", one.err), (
                one.err
            )
    with Ledger.open(project.state, readonly=True) as ledger:
        kinds = [row.kind for row in ledger.journal_of(str(project.dag_run()))]
        assert kinds.count("principal.answered") == 1
    assert me(victims, project, "dag", "resume").code == (1 if said == "no" else 0)
    project.check_ledger()


def test_two_that_answer_all_of_a_fan_out(tmp_path: Path, victims: Victims) -> None:
    text = (
        "tasks:\n  n: {run: 'seq 20', output: {as: lines}}\n"
        "  ask: {each: '${{ tasks.n.output }}', as: it, key: '${{ it }}', approve: '${{ it }}?'}\n"
    )
    project = paused(tmp_path, victims, text)
    words = ["dag", "approve", str(project.dag_run()), "ask[*]"]
    both = [victims.start([*words, flag], cwd=project.root) for flag in ("--yes", "--yes")]
    told = [victim.wait() for victim in both]
    assert 0 in {one.code for one in told}
    taken = [set(re.findall(r"^(ask\[\d+\]): yes$", one.err, re.MULTILINE)) for one in told]
    assert len(taken[0] | taken[1]) == 20, "each was answered"
    assert not taken[0] & taken[1], "and each once"
    assert me(victims, project, "dag", "resume").code == 0
    project.check_ledger()


# While a Coordinator lives


def test_a_live_coordinator_goes_on_by_itself(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", GRAPH)
    gate = Gate(project.root / "gate")
    victim = victims.start(["dag", "run", "graph.yaml"], cwd=project.root)
    victim.wait_until(lambda: "beside" in project.executions(), "the waiting node left its slot to another")
    victim.wait_until(lambda: is_asked(project), "it asked")
    report = api.status(None, cwd=project.root)
    assert report.state == "running"
    assert report.questions[0].question == "Go on from before?"
    assert report.waiting_for == report.questions[0].commands
    told = me(victims, project, "dag", "approve", report.dag_run_id, "ask", "--answer", "7")
    assert told.code == 0, told
    assert told.err == f"ask: yes, 7\nDAG run {report.dag_run_id} goes on by itself\n"
    assert states(project)["ask"] == "ok", "that was said when it had been taken up"
    gate.open()
    assert victim.wait().code == 0
    assert project.outcome().outputs == {"said": "number 7"}
    project.check_ledger()


def test_cancelled_while_it_waits(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", GRAPH)
    Gate(project.root / "gate")
    victim = victims.start(["dag", "run", "graph.yaml"], cwd=project.root)
    victim.wait_until(lambda: "beside" in project.executions(), "something else ran")
    victim.wait_until(lambda: is_asked(project), "it asked")
    assert me(victims, project, "dag", "cancel", str(project.dag_run())).code == 0
    assert victim.wait().code == 1
    assert states(project) == {
        "before": "ok",
        "ask": "cancelled",
        "beside": "cancelled",
        "after": "cancelled",
    }
    told = me(victims, project, "dag", "approve", str(project.dag_run()), "ask", "--no")
    assert told.code == 2
    assert "error[ME570]" in told.err
    project.check_processes()
    project.check_ledger()


# kill -9


def test_killed_while_it_waits(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", GRAPH)
    gate = Gate(project.root / "gate")
    victim = victims.start(["dag", "run", "graph.yaml"], cwd=project.root)
    victim.wait_until(lambda: "beside" in project.executions(), "something else ran")
    victim.wait_until(lambda: is_asked(project), "it asked")
    victim.kill()
    gate.open()
    report = api.status(None, cwd=project.root)
    assert (report.state, [one.node for one in report.questions]) == ("interrupted", ["ask"])
    frozen = project.frozen()
    assert me(victims, project, "dag", "resume").code == 4
    assert me(victims, project, "dag", "resume").code == 4, "the question is not put a second time"
    with Ledger.open(project.state, readonly=True) as ledger:
        kinds = [row.kind for row in ledger.journal_of(report.dag_run_id)]
        assert kinds.count("principal.asked") == 1
    assert me(victims, project, "dag", "approve", report.dag_run_id, "ask", "--answer", "5").code == 0
    for _ in range(2):
        assert me(victims, project, "dag", "resume", report.dag_run_id).code == 0
    assert project.outcome().outputs == {"said": "number 5"}
    assert {node: len(ids) for node, ids in project.executions().items()} == {
        "before": 1, "beside": 2, "after": 1
    }  # fmt: skip
    project.check_executions(frozen)
    project.check_ledger()


def test_answered_between_the_kill_and_the_resume(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", GRAPH)
    gate = Gate(project.root / "gate")
    victim = victims.start(["dag", "run", "graph.yaml"], cwd=project.root)
    victim.wait_until(lambda: is_asked(project), "it asked")
    victim.kill()
    gate.open()
    told = me(victims, project, "dag", "approve", str(project.dag_run()), "ask", "--answer", "5")
    assert told.err.endswith(f"go on with: me dag resume {project.dag_run()}\n")
    assert me(victims, project, "dag", "resume").code == 0
    assert project.outcome().outputs == {"said": "number 5"}
    project.check_ledger()


def test_killed_before_the_question_was_told(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", GRAPH)
    (project.root / "gate").touch()
    victims.start(["run", "graph.yaml"], cwd=project.root, place="asked.after_commit").wait()
    assert me(victims, project, "dag", "resume").code == 4
    assert me(victims, project, "dag", "approve", str(project.dag_run()), "ask", "--answer", "1").code == 0
    assert me(victims, project, "dag", "resume").code == 0
    project.check_ledger()


LOOP = f"""\
name: loop
tasks:
  draft:
    run: |
      {LOG}
      wc -l < ran/draft
  polish:
    run: |
      {LOG}
      echo "polished ${{{{ tasks.draft.output | trim }}}}"
  ask:
    approve: Is ${{{{ tasks.polish.output }}}} good?
    rewind_to: draft
  use:
    needs: [ask]
    run: |
      {LOG}
      echo "${{{{ tasks.polish.output }}}}"
outputs:
  last: ${{{{ tasks.use.output }}}}
"""


@pytest.mark.parametrize(
    "place",
    ["dag_run.after_claim", "renewal.before_commit", "renewal.after_commit", "ends.before_commit",
     "ends.after_commit", "intent.before_commit", "intent.after_commit", "asked.after_commit"],
)  # fmt: skip
def test_killed_while_work_is_sent_back(place: str, tmp_path: Path, victims: Victims) -> None:
    project = paused(tmp_path, victims, LOOP)
    dag_run = str(project.dag_run())
    assert me(victims, project, "dag", "approve", dag_run, "ask", "--no").code == 0
    victims.start(["resume", dag_run], cwd=project.root, place=place).wait()
    assert me(victims, project, "dag", "resume").code == 4
    assert me(victims, project, "dag", "resume").code == 4
    report = api.status(dag_run, cwd=project.root)
    assert {node.id: (node.state, node.generation) for node in report.nodes} == {
        "draft": ("ok", 1), "polish": ("ok", 1), "ask": ("waiting", 1), "use": ("pending", 1)
    }  # fmt: skip
    assert [(node.id, node.state) for node in report.earlier if node.id == "ask"] == [("ask", "failed")]
    assert report.questions[0].question.startswith("Is polished ")
    assert me(victims, project, "dag", "approve", dag_run, "ask", "--yes").code == 0
    assert me(victims, project, "dag", "resume").code == 0
    assert project.outcome().outputs == {"last": "polished 2"}
    project.check_ledger()


BRANCHES = f"""\
name: branches
tasks:
  draft:
    run: |
      {LOG}
      wc -l < ran/draft
  slow:
    run: |
      {LOG}
      echo "slow ${{{{ tasks.draft.output | trim }}}}"
      test "${{{{ tasks.draft.output | trim }}}}" != 1 || cat gate
  ask:
    approve: Is ${{{{ tasks.draft.output | trim }}}} good?
    rewind_to: draft
  join:
    needs: [ask]
    run: |
      {LOG}
      echo "${{{{ tasks.slow.output }}}}"
outputs:
  last: ${{{{ tasks.join.output }}}}
"""


@pytest.mark.parametrize("deaf", [False, True])
def test_sent_back_while_a_branch_behind_it_runs(deaf: bool, tmp_path: Path, victims: Victims) -> None:
    text = BRANCHES.replace("      test ", "      trap '' TERM\n      test ") if deaf else BRANCHES
    project = Project(tmp_path / "project", text)
    gate = Gate(project.root / "gate")
    victim = victims.start(["dag", "run", "graph.yaml"], cwd=project.root)
    victim.wait_until(lambda: "slow" in project.executions(), "the other branch ran")
    victim.wait_until(lambda: is_asked(project), "it asked")
    dag_run = str(project.dag_run())
    told = me(victims, project, "dag", "approve", dag_run, "ask", "--no")
    assert told.err == f"ask: no\nDAG run {dag_run} goes on by itself\n"
    victim.wait_until(lambda: len(project.executions()["slow"]) == 2, "the branch ran anew")
    # The deaf one of before ends ok by itself now, behind the newer one perhaps: nobody looks at that.
    gate.open()
    assert victim.wait().code == 4
    assert me(victims, project, "dag", "approve", dag_run, "ask", "--yes").code == 0
    assert me(victims, project, "dag", "resume").code == 0
    assert project.outcome().outputs == {"last": "slow 2"}
    project.check_processes()
    project.check_ledger()


def test_killed_after_the_rewind_of_a_running_branch(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", BRANCHES)
    gate = Gate(project.root / "gate")
    victim = victims.start(["dag", "run", "graph.yaml"], cwd=project.root)
    victim.wait_until(lambda: "slow" in project.executions(), "the other branch ran")
    victim.wait_until(lambda: is_asked(project), "it asked")
    victim.kill()
    dag_run = str(project.dag_run())
    assert me(victims, project, "dag", "approve", dag_run, "ask", "--no").code == 0
    gate.open()
    assert me(victims, project, "dag", "resume").code == 4
    assert me(victims, project, "dag", "approve", dag_run, "ask", "--yes").code == 0
    assert me(victims, project, "dag", "resume").code == 0
    assert project.outcome().outputs == {"last": "slow 2"}
    project.check_processes()
    project.check_ledger()


# On the disk


def test_an_answer_is_on_the_disk_when_it_is_acknowledged(
    tmp_path: Path, victims: Victims, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = paused(tmp_path, victims)
    modes: list[int] = []
    insert = Ledger._insert

    def watched(ledger: Ledger, prepared: list[tuple[object, ...]]) -> list[int]:
        modes.append(ledger.connection.execute("PRAGMA synchronous").fetchone()[0])
        return insert(ledger, prepared)  # type: ignore[arg-type]

    monkeypatch.setattr(Ledger, "_insert", watched)
    api.approve(str(project.dag_run()), "ask", answer="3", cwd=project.root)
    assert modes == [2], "one transaction, with `synchronous` FULL"
    with Ledger.open(project.state, readonly=True) as ledger:
        (row,) = queries.answers_of_dag_run(ledger, str(project.dag_run()))
        assert row.answer == "yes"


def test_the_printed_commands_answer(tmp_path: Path, victims: Victims) -> None:
    project = Project(tmp_path / "project", LOOP)
    told = me(victims, project, "dag", "run", "graph.yaml")
    assert told.code == 4
    yes, no = (shlex.split(line) for line in re.findall(r"me dag approve .*", told.err))
    assert (yes[-1], no[-1]) == ("--yes", "--no")
    assert me(victims, project, *no[1:]).code == 0
    assert me(victims, project, "dag", "resume").code == 4
    assert me(victims, project, *yes[1:]).code == 0
    assert me(victims, project, "dag", "resume").code == 0
