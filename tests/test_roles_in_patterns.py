"""Roles in every pattern, on recorded attempts and on agents that answer as a script says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from metaensemble import api
from metaensemble.engine.ledger.blobs import BlobStore
from metaensemble.engine.runtimes.protocol import AttemptRequest, AttemptResult
from metaensemble.engine.runtimes.registry import Settings, open_runtimes
from metaensemble.schemas.report import Report
from support.agents import AgentScript

VERDICT = "output: {schema: {type: object, required: [verdict], properties: {verdict: {type: string}, reason: {type: string}}}}"


class Project:
    """A project in which agents answer what `says` has for their node; without one, the node's own id."""

    def __init__(self, folder: Path) -> None:
        self.root = folder
        (folder / ".metaensemble").mkdir()
        (folder / "none.jsonl").write_text("")
        self.says: dict[str, Any] = {}
        self.script = AgentScript(self._answer)

    def _answer(self, request: AttemptRequest) -> AttemptResult:
        return AttemptResult(outcome="ok", output=self.says.get(request.node_id, f"by {request.node_id}"))

    def run(self, tasks: str) -> Report:
        graph = self.root / "g.yaml"
        graph.write_text(f"version: 1\nname: g\n{dedent(tasks).lstrip(chr(10))}")
        runtimes = {
            "replay": self.script,
            **open_runtimes({"python"}, Settings(environ={}, blobs=BlobStore(self.root / "blobs"))),
        }
        environ = {"HOME": str(self.root / "home")}
        return api.run(
            graph, cwd=self.root, environ=environ, replay=self.root / "none.jsonl",
            surroundings={"runtimes": runtimes},
        )  # fmt: skip

    @property
    def asked(self) -> dict[str, AttemptRequest]:
        return {request.node_id: request for request in self.script.asked}

    def prompt(self, node: str) -> str:
        agent = self.asked[node].agent
        assert agent is not None
        return agent.prompt

    def alias(self, node: str) -> str:
        agent = self.asked[node].agent
        assert agent is not None
        return agent.alias

    def handed_over(self, node: str) -> Any:
        agent = self.asked[node].agent
        assert agent is not None
        return agent.brief.get("result")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def output(report: Report, node: str = "t") -> Any:
    found = api.status(report.dag_run_id, cwd=Path(report.project), outputs=True)
    return next(one.output for one in found.nodes if one.id == node)


def test_voters_are_asked_the_same_by_executors_of_their_own(project: Project) -> None:
    for name, verdict in (("1", "good"), ("2", "bad"), ("3", "good")):
        project.says[f"t.{name}"] = {"verdict": verdict, "reason": f"because of {name}"}
    report = project.run(
        f"tasks: {{t: {{role: docs, prompt: Is it good?, {VERDICT}, pattern: {{consensus: {{n: 3, vote: verdict}}}}}}}}"
    )
    assert report.state == "ok", [node.reason for node in report.nodes]
    assert output(report)["decision"] == "good"
    assert {project.prompt(f"t.{n}") for n in "123"} == {"Is it good?"}
    assert len({project.alias(f"t.{n}") for n in "123"}) == 3
    assert project.handed_over("t.1") is None


def test_a_tie_is_broken_by_a_role_that_sees_the_votes(project: Project) -> None:
    project.says |= {"t.1": {"verdict": "good", "reason": "x"}, "t.2": {"verdict": "bad", "reason": "y"}}
    project.says["t.tie"] = {"verdict": "bad", "reason": "y weighs more"}
    report = project.run(f"""
        tasks:
          t:
            role: docs
            prompt: Is it good?
            {VERDICT}
            pattern: {{consensus: {{n: 2, vote: verdict, rule: plurality, on_tie: {{escalate: architect}}}}}}
    """)
    assert output(report)["decision"] == "bad"
    asked = project.asked["t.tie"].agent
    assert asked is not None
    assert asked.role.name == "architect"
    assert "Is it good?" in asked.prompt
    votes = project.handed_over("t.tie")["with"]["votes"]
    assert {name: vote["output"]["reason"] for name, vote in votes.items()} == {"1": "x", "2": "y"}
    assert "tasks" not in project.handed_over("t.tie")


def test_a_fanout_asks_from_different_sides_and_one_role_brings_it_together(project: Project) -> None:
    report = project.run(
        "tasks: {t: {role: docs, prompt: Look., pattern: {fanout: {briefs: [Left., Right.], join: {synthesise: architect}}}}}"
    )
    assert report.state == "ok", [node.reason for node in report.nodes]
    assert project.prompt("t.1").startswith("Look.\n\n")
    assert "Left." in project.prompt("t.1")
    assert "Right." not in project.prompt("t.1")
    assert project.alias("t.1") != project.alias("t.2")
    assert project.handed_over("t.1") is None
    got = project.handed_over("t.synthesis")
    assert {one["output"] for one in got["with"]["candidates"].values()} == {"by t.1", "by t.2"}
    assert "disagree" in project.prompt("t.synthesis")
    assert output(report) == "by t.synthesis"


def test_a_command_still_finds_its_brief_among_its_inputs(project: Project) -> None:
    tasks = "tasks: {t: {run: x, pattern: {fanout: {members: [{run: y, brief: Left.}, {role: docs, brief: Right.}]}}}}"
    project.run(tasks)
    assert project.asked["t.1"].inputs["brief"] == "Left."
    assert project.asked["t.2"].inputs == {}
    assert "Right." in project.prompt("t.2")


REVIEWED = """
    tasks:
      t:
        role: backend
        prompt: Write it.
        acceptance: [it is short]
        pattern:
          peer_review:
            min_reviewers: 2
            reviewers: [{role: code-quality}, {role: docs, prompt: Look at the words only.}]
"""


def test_a_review_goes_back_to_its_author_with_the_findings(project: Project) -> None:
    no = {"verdict": "reject", "findings": ["too long"], "reason": "long"}
    yes = {"verdict": "approve", "findings": [], "reason": "fine"}
    project.says |= {"t.review-1": no, "t.review-2": no, "t.review-1#2": yes, "t.review-2#2": yes}
    report = project.run(REVIEWED)
    assert report.state == "ok", [node.reason for node in report.nodes]
    assert output(report)["output"] == "by t.author#2"
    first, second = project.prompt("t.review-1"), project.prompt("t.review-2")
    for prompt in (first, second):
        assert "Write it." in prompt
        assert "it is short" in prompt
    assert "Look at the words only." in second
    assert "Look at the words only." not in first
    assert project.handed_over("t.review-1") == {"with": {"draft": "by t.author", "deliverable": REPORT}}
    assert project.asked["t.review-1"].output.schema["properties"]["verdict"] == {
        "enum": ["approve", "reject"]
    }
    assert project.asked["t.review-1"].acceptance == ()
    assert project.prompt("t.author") == "Write it."
    assert "revision" in project.prompt("t.author#2")
    got = project.handed_over("t.author#2")["with"]
    assert got["draft"] == "by t.author"
    assert got["reviews"]["review-1"]["output"] == no
    assert project.alias("t.author") == project.alias("t.author#2")
    assert project.alias("t.author") not in {project.alias("t.review-1"), project.alias("t.review-2")}


class _Report:
    """The path of a report of this DAG run, whatever it is called."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and other.startswith(".metaensemble/reports/")

    def __hash__(self) -> int:
        return 0


REPORT = _Report()


def test_a_judge_does_not_learn_whose_the_candidates_are(project: Project) -> None:
    best = {"preferred": "A", "reason": "clearer"}
    project.says |= {"t.1": "one", "t.2": "two", "t.judge-1": best, "t.judge-2": {**best, "preferred": "B"}}
    report = project.run(
        "tasks: {t: {role: docs, prompt: Write., pattern: {judge: {n: 2, judge: architect}}}}"
    )
    assert report.state == "ok", [node.reason for node in report.nodes]
    assert output(report)["output"] == "one"
    assert project.handed_over("t.judge-1") == {
        "with": {"candidates": [{"label": "A", "output": "one"}, {"label": "B", "output": "two"}]}
    }
    assert project.handed_over("t.judge-2") == {
        "with": {"candidates": [{"label": "A", "output": "two"}, {"label": "B", "output": "one"}]}
    }
    assert "Write." in project.prompt("t.judge-1")


def test_members_of_a_team_know_their_purpose(project: Project) -> None:
    report = project.run("""
        tasks:
          t:
            role: architect
            prompt: Plan the release.
            pattern:
              team:
                delegates_to: [{role: docs, purpose: to write notes}, {role: devops, purpose: to build}]
                join: {synthesise: architect}
    """)
    assert report.state == "ok", [node.reason for node in report.nodes]
    assert project.prompt("t.1").startswith("Plan the release.")
    assert "to write notes" in project.prompt("t.1")
    assert [request.agent.role.name for request in project.script.asked if request.agent] == [
        "docs", "devops", "architect",
    ]  # fmt: skip


def test_a_cascade_climbs_from_tier_to_tier(project: Project) -> None:
    project.says["t.check-1"] = {"passed": False, "findings": ["thin"]}
    project.says["t.check-2"] = {"passed": True, "findings": []}
    report = project.run(
        "tasks: {t: {role: docs, prompt: Write., pattern: {cascade: {tiers: [haiku, opus], check: {role: code-quality}}}}}"
    )
    assert report.state == "ok", [node.reason for node in report.nodes]
    tiers = {name: request.agent.tier for name, request in project.asked.items() if request.agent}
    assert (tiers["t.step-1"], tiers["t.step-2"]) == ("haiku", "opus")
    assert project.handed_over("t.check-1")["with"]["candidate"] == "by t.step-1"
    assert project.asked["t.check-1"].output.form == "check"
    assert output(report) == "by t.step-2"


def test_a_draft_is_refined_by_what_a_check_of_another_role_found(project: Project) -> None:
    project.says["t.check"] = {"passed": False, "findings": ["no example"]}
    project.says["t.check#2"] = {"passed": True, "findings": []}
    report = project.run(
        "tasks: {t: {role: docs, prompt: Write., pattern: {refine: {check: {role: code-quality}}}}}"
    )
    assert report.state == "ok", [node.reason for node in report.nodes]
    assert project.handed_over("t.draft#2")["with"] == {"draft": "by t.draft", "findings": ["no example"]}


def test_a_shadow_is_another_model_at_the_same_work(project: Project) -> None:
    report = project.run(
        "tasks: {t: {role: docs, prompt: Write., tier: opus, pattern: {shadow: {shadows: [{tier: haiku}, {model: gpt-5}]}}}}"
    )
    assert report.state == "ok", [node.reason for node in report.nodes]
    assert output(report) == "by t.primary"
    asked = {name: request.agent for name, request in project.asked.items()}
    assert asked["t.shadow-1"].tier == "haiku"
    assert len({project.alias(name) for name in ("t.primary", "t.shadow-1", "t.shadow-2")}) == 3
    assert {project.prompt(name) for name in asked} == {"Write."}


def test_debaters_see_what_the_others_said(project: Project) -> None:
    for name in ("1", "2", "1#2", "2#2"):
        project.says[f"t.{name}"] = {"verdict": "good", "reason": name}
    report = project.run(
        f"tasks: {{t: {{role: docs, prompt: Good?, {VERDICT}, pattern: {{debate: {{n: 2, vote: verdict, control: false}}}}}}}}"
    )
    assert report.state == "ok", [node.reason for node in report.nodes]
    got = project.handed_over("t.1#2")["with"]
    assert got["own"]["reason"] == "1"
    assert [one["output"]["reason"] for one in got["others"].values()] == ["2"]
    assert "convinces" in project.prompt("t.1#2")


ACT = "t: {role: devops, prompt: Deploy., effects: external}"


def test_what_an_agent_does_outside_is_reviewed_whoever_asks(project: Project) -> None:
    project.says["t.review-1"] = {"verdict": "approve", "findings": [], "reason": "fine"}
    report = project.run(f"tasks: {{{ACT}}}")
    assert report.state == "ok", [node.reason for node in report.nodes]
    reviewer = project.asked["t.review-1"].agent
    assert reviewer is not None
    assert reviewer.role.name == "code-quality"
    proposal = project.handed_over("t.review-1")["with"]["proposal"]
    assert (proposal["role"], proposal["prompt"]) == ("devops", "Deploy.")
    assert project.asked["t.act"].agent is not None


def test_what_is_not_approved_is_not_done(project: Project) -> None:
    project.says["t.review-1"] = {"verdict": "reject", "findings": ["on a Friday"], "reason": "no"}
    report = project.run(f"tasks: {{{ACT}}}")
    assert report.state == "failed"
    assert "t.act" not in project.asked


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (ACT.replace("external}", "external, pattern: solo}"), "so it cannot be `solo`"),
        (
            "t: {run: x, pattern: {fanout: {members: [{run: y}, {role: docs, effects: external}]}}}",
            "a member of `t` has external effects, and an agent does it",
        ),
    ],
)
def test_no_agents_act_escapes_its_review(project: Project, task: str, message: str) -> None:
    graph = project.root / "g.yaml"
    graph.write_text(f"version: 1\nname: g\ntasks: {{{task}}}\n")
    assert any(message in error.message for error in api.check(graph))


def test_the_author_is_not_reviewed_by_its_own_role(project: Project) -> None:
    project.says["t.review-1"] = {"verdict": "approve", "findings": [], "reason": "fine"}
    project.run("tasks: {t: {role: code-quality, prompt: Publish., effects: external}}")
    reviewer = project.asked["t.review-1"].agent
    assert reviewer is not None
    assert reviewer.role.name == "architect"


def test_recorded_attempts_play_a_graph_of_roles(
    project: Project, write_recordings: Callable[..., Path]
) -> None:
    path = write_recordings(
        {"t.author": "draft"},
        {"t.review-1": {"verdict": "approve", "findings": [], "reason": "fine"}},
        {"t.review-2": {"verdict": "approve", "findings": [], "reason": "fine"}},
    )
    (project.root / "g.yaml").write_text(f"version: 1\nname: g\n{dedent(REVIEWED)}")
    report = api.run(project.root / "g.yaml", cwd=project.root, environ={}, replay=path)
    assert (report.state, output(report)["output"]) == ("ok", "draft")


@pytest.fixture
def write_recordings(tmp_path: Path) -> Callable[..., Path]:
    def written(*outputs: dict[str, Any]) -> Path:
        lines = [
            json.dumps({"node": node, "outcome": "ok", "output": output})
            for one in outputs
            for node, output in one.items()
        ]
        (tmp_path / "rec.jsonl").write_text("\n".join(lines) + "\n")
        return tmp_path / "rec.jsonl"

    return written


@pytest.mark.parametrize(
    "judge",
    [
        "architect",
        "{role: architect}",
        "{role: docs, model: gpt-5}",
        "{role: docs, runtime: codex}",
        "{run: ./judge}",
    ],
)
def test_a_judge_of_another_role_or_of_other_makers(project: Project, judge: str) -> None:
    graph = project.root / "g.yaml"
    pattern = f"{{judge: {{n: 2, judge: {judge}}}}}"
    graph.write_text(
        f"version: 1\nname: g\ntasks: {{t: {{role: docs, prompt: x, runtime: claude, pattern: {pattern}}}}}\n"
    )
    assert api.check(graph) == []
