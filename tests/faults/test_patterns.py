"""kill -9 in every phase of every pattern, with real commands: the same decision, and no vote paid twice."""

from __future__ import annotations

import signal
from pathlib import Path
from random import Random
from typing import Any

import pytest

from metaensemble import api
from support.pattern_projects import VOTE, PatternProject
from support.scenarios import Project
from support.victims import Victims

YES = """'{"vote": true, "reason": "yes"}'"""
APPROVE = """'{"verdict": "approve"}'"""
TYPED = f"run: [./do.sh, {YES}], output: {{as: json, schema: {VOTE}}}"
NO = {"vote": False, "reason": "no"}
REJECT = {"verdict": "reject", "reason": "not like this", "findings": ["a finding"]}

GRAPHS: dict[str, tuple[str, dict[str, Any]]] = {
    "fanout": ("{run: [./do.sh, x], pattern: {fanout: {n: 3}}}", {"t.2": "FAIL"}),
    "consensus": (f"{{{TYPED}, pattern: {{consensus: {{n: 5, vote: vote}}}}}}", {"t.2": NO}),
    "tie": (
        (f"{{{TYPED}, pattern: {{consensus: {{n: 2, vote: vote,"
        " on_tie: {escalate: {run: [./judge.sh, '{\"vote\": true}']}}}}}"),
        {"t.1": NO},
    ),
    "shadow": ("{run: [./do.sh, x], pattern: {shadow: {shadows: [{run: [./other.sh, y]}]}}}", {}),
    "peer_review": (
        f"{{run: [./do.sh, draft], pattern: {{peer_review: {{reviewers: [{{run: [./other.sh, {APPROVE}]}}]}}}}}}",
        {"t.review-1": REJECT},
    ),
    "team": (
        ("{pattern: {team: {members: [{run: [./do.sh, a]}, {run: [./other.sh, b]}],"
        " join: {synthesise: {run: [./third.sh, both]}}}}}"),
        {},
    ),
    "cascade": (
        "{pattern: {cascade: {steps: [{run: [./do.sh, a]}, {run: [./other.sh, b]}], check: {run: [./check.sh, c]}}}}",
        {"t.check-1": "FAIL"},
    ),
    "judge": (
        ("{pattern: {judge: {candidates: [{run: [./do.sh, a]}, {run: [./other.sh, b]}],"
        " judge: {run: [./judge.sh, '{\"preferred\": \"A\"}']}}}}"),
        {"t.judge-2": {"preferred": "B"}},
    ),
    "refine": ("{run: [./do.sh, a], pattern: {refine: {check: {run: [./check.sh, c]}}}}", {"t.check": "FAIL"}),
    "debate": (f"{{{TYPED}, pattern: {{debate: {{n: 3, vote: vote}}}}}}", {"t.1": NO}),
}  # fmt: skip

DEATHS = 3
"""So often each graph's process dies, at places that are drawn by a fixed seed from all that it passes."""


class Scene(Project):
    """A project of patterns, with what `Project` knows to ask about executions and the Ledger."""

    def __init__(self, root: Path, name: str) -> None:
        task, says = GRAPHS[name]
        self.inner = PatternProject(root)
        for node, value in says.items():
            self.inner.says(node, value)
        self.root = root
        self.state = root / ".metaensemble" / "state"
        self.graph = root / "graph.yaml"
        self.graph.write_text(
            f"concurrency: {{max: 2}}\ntasks:\n  t: {task}\n  after: {{needs: [t], run: [./other.sh, done]}}\n"
        )

    def decided(self) -> dict[str, Any]:
        """What must not depend on how often it was disturbed."""
        report = api.status(None, cwd=self.root, outputs=True)
        states = {node.id: node.state for node in report.nodes}
        return {"state": report.state, "states": states, "output": without_reasons(self.inner.output("t"))}


def without_reasons(value: Any) -> Any:
    """The value without the words that tell how many attempts there were."""
    if isinstance(value, dict):
        return {key: without_reasons(item) for key, item in value.items() if key != "reason"}
    return [without_reasons(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", GRAPHS)
def test_killed_in_the_middle(name: str, tmp_path: Path, victims: Victims) -> None:
    calm = Scene(tmp_path / "calm", name)
    places: list[str] = []
    api.run(calm.graph, cwd=calm.root, surroundings={"faults": places.append})
    expected = calm.decided()
    assert expected["state"] == "ok"
    chance = Random(name)
    stormy = Scene(tmp_path / "stormy", name)
    died = 0
    for _ in range(DEATHS):
        place = chance.choice(places)
        nth = chance.randint(1, max(places.count(place) // 2, 1))
        frozen = stormy.frozen()
        told = victims.start(stormy.words(), cwd=stormy.root, place=place, nth=nth).wait()
        assert told.code in (-signal.SIGKILL, 0), told
        stormy.check_executions(frozen)
        died += told.code == -signal.SIGKILL
    assert died, "it never died"
    frozen = stormy.frozen()
    words = stormy.words()
    report = (
        api.run(stormy.graph, cwd=stormy.root) if words[0] == "run" else api.resume(words[1], cwd=stormy.root)
    )
    assert report.state == "ok"
    assert stormy.decided() == expected
    stormy.check_executions(frozen)
    stormy.check_processes()
    stormy.check_ledger()
