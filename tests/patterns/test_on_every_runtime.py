"""Every pattern end to end from YAML: on commands, on Python callables, and replayed from what was recorded."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from metaensemble import api
from metaensemble.patterns import registry
from metaensemble.schemas.report import Report
from support.pattern_works import Kind, put_works, remove_works, written

VERDICT = (
    "output: {schema: {type: object, required: [verdict],"
    " properties: {verdict: {enum: [ship, mend]}, reason: {type: string}}}}"
)


@dataclass(frozen=True)
class Case:
    """A task `t` with a pattern, what it hands on, how its nodes end, and what its report says."""

    task: str
    output: Any
    nodes: dict[str, str]
    says: tuple[str, ...] = ()
    report: str = ""
    computed: frozenset[str] = field(default_factory=frozenset)
    """Pieces that were made by the compiler: they compute in a replay, too."""


CASES = {
    "solo": Case(
        "{@say(hello), output: {as: json}, pattern: solo}",
        {"text": "hello", "angle": None},
        {"t": "ok"},
    ),
    "fanout": Case(
        "{@say(x), output: {as: json}, pattern: {fanout: {briefs: [up, down], join: {best: \"output.angle == 'down'"
        ' and 2 or 1"}}}}',
        {"text": "x", "angle": "down"},
        {"t.1": "ok", "t.2": "ok", "t.join": "ok"},
        ("Taken: `2`",),
        "t.join",
        frozenset({"t.join"}),
    ),
    "consensus": Case(
        "{" + VERDICT + ", pattern: {consensus: {vote: verdict, members: ["
        "{name: a, @vote(mend/it leaks)}, {name: b, @vote(ship/fine)}, {name: c, @vote(mend/slow)}, {name: d, @vote(mend/old)},"
        " {name: e, @vote(ship/-)}]}}}",
        {
            "decision": "mend",
            "decided_by": "votes",
            "counts": {"mend": 3, "ship": 1},
            "asked": 5,
            "margin": 2,
            "stopped_early": True,
            "saved_calls": 1,
            "dissent": [{"who": "b", "piece": "2", "vote": "ship", "reason": "fine"}],
        },
        {"t.1": "ok", "t.2": "ok", "t.3": "ok", "t.4": "ok", "t.5": "skipped", "t.verdict": "ok"},
        (
            "The decision is **mend** (decided 3:1 of 5).",
            "- `a` votes mend: it leaks",
            "- `b` votes ship: fine",
        ),
        "t.verdict",
        frozenset({"t.verdict"}),
    ),
    "shadow": Case(
        "{@vote(ship/sure), "
        + VERDICT
        + ", pattern: {shadow: {shadows: [{name: other, @recount(mend/unsure)}],"
        " compare: \"output.verdict == 'ship'\"}}}",
        {"verdict": "ship", "reason": "sure"},
        {"t.primary": "ok", "t.shadow-1": "ok", "t.compare": "ok"},
        computed=frozenset({"t.compare"}),
    ),
    "peer_review": Case(
        "{@write(draft), output: {as: json}, pattern: {peer_review: {dissent: block, reviewers: ["
        "{name: length, @review(8)}, {name: spelling, @spell(en)}]}}}",
        {
            "approved": True,
            "rounds": 2,
            "output": {"text": "draftdraft", "told": True},
            "approving": ["length", "spelling"],
            "dissent": [],
        },
        {
            "t.author": "ok",
            "t.review-1": "ok",
            "t.review-2": "ok",
            "t.author#2": "ok",
            "t.review-1#2": "ok",
            "t.review-2#2": "ok",
            "t.verdict": "ok",
        },
        ("Approved after 2 rounds.", "## Round 1: `length` says reject", "- 8 are needed"),
        "t.verdict",
        frozenset({"t.verdict"}),
    ),
    "team": Case(
        "{output: {as: json}, pattern: {team: {members: [{name: a, purpose: one, @say(left)}, {name: b, @say(right)}],"
        " join: {synthesise: {@together(+)}}}}}",
        {"all": "left+right"},
        {"t.1": "ok", "t.2": "ok", "t.gathered": "ok", "t.synthesis": "ok"},
        ("2 of 2 ended ok.", '"angle": "one"'),
        "t.gathered",
        frozenset({"t.gathered"}),
    ),
    "cascade": Case(
        "{output: {as: json}, pattern: {cascade: {steps: [{name: cheap, @say(abc)}, {name: dear, @say(abcdefgh)},"
        " {name: dearest, @say(abcdefghijkl)}], check: {@long_enough(5)}}}}",
        {"text": "abcdefgh", "angle": None},
        {
            "t.step-1": "ok",
            "t.check-1": "ok",
            "t.step-2": "ok",
            "t.check-2": "ok",
            "t.step-3": "skipped",
            "t.check-3": "skipped",
            "t.result": "ok",
        },
        ("`dear` passed its check.", "## `cheap` did not pass", "3 of 5"),
        "t.result",
        frozenset({"t.result"}),
    ),
    "judge": Case(
        "{output: {as: json}, pattern: {judge: {candidates: [{name: short, @say(ab)}, {name: long, @say(abcd)}],"
        " judge: {@longest(longer)}}}}",
        {"preferred": "long", "tie": False, "output": {"text": "abcd", "angle": None}},
        {
            "t.1": "ok",
            "t.2": "ok",
            "t.lineup": "ok",
            "t.judge-1": "ok",
            "t.judge-2": "ok",
            "t.decision": "ok",
        },
        ("`long` is preferred.", "- for `long`: the longer one"),
        "t.decision",
        frozenset({"t.lineup", "t.decision"}),
    ),
    "refine": Case(
        "{@write(abc), output: {as: json}, pattern: {refine: {check: {@long_enough(5)}, rounds: 2}}}",
        {"text": "abcabc", "told": True},
        {
            "t.draft": "ok",
            "t.check": "ok",
            "t.draft#2": "ok",
            "t.check#2": "ok",
            "t.draft#3": "skipped",
            "t.check#3": "skipped",
            "t.result": "ok",
        },
        ("`draft#2` passed its check.", "## `draft` did not pass"),
        "t.result",
        frozenset({"t.result"}),
    ),
    "debate": Case(
        "{" + VERDICT + ", pattern: {debate: {vote: verdict, members: ["
        "{name: a, @vote(ship/x)}, {name: b, @vote(mend/y)}, {name: c, @recount(mend/z)}]}}}",
        {"decision": "mend", "counts": {"mend": 3}, "asked": 3, "dissent": []},
        {
            **{f"t.{n}": "ok" for n in ("1", "2", "3", "1#2", "2#2", "3#2")},
            **{f"t.control-1-{n}": "ok" for n in (1, 2, 3)},
            "t.verdict": "ok",
            "t.compare": "ok",
        },
        ("The debate (6 calls) decided **mend**; a plain vote of 6 decides **mend**.",),
        "t.compare",
        frozenset({"t.verdict", "t.compare"}),
    ),
}


def run(project: Path, case: Case, kind: Kind, **arguments: Any) -> Report:
    (project / ".metaensemble").mkdir(exist_ok=True)
    graph = project / "graph.yaml"
    graph.write_text(
        written(f"tasks:\n  t: {case.task}\noutputs: {{t: '${{{{ tasks.t.output }}}}'}}\n", kind)
    )
    report = api.run(graph, cwd=project, **arguments)
    return api.status(report.dag_run_id, cwd=project, outputs=True)


def hold(report: Report, case: Case, project: Path) -> None:
    """Hold a DAG run to what the case says."""
    nodes = {node.id: node for node in report.nodes}
    assert report.state == "ok", [(node.id, node.reason) for node in report.nodes]
    assert {name: nodes[name].state for name in case.nodes} == case.nodes
    assert set(nodes) == {"t", *case.nodes}
    output = report.outputs["t"]
    assert output == case.output or {key: output[key] for key in case.output} == case.output
    if case.report:
        deliverable = nodes[case.report].deliverable
        assert deliverable is not None
        text = (project / deliverable).read_text("utf-8")
        assert [words for words in case.says if words not in text] == []


def test_there_is_a_case_for_every_pattern() -> None:
    assert set(CASES) == set(registry.BUILT_IN)


@pytest.mark.parametrize("kind", ["command", "python"])
@pytest.mark.parametrize("name", CASES)
def test_a_pattern_runs_and_can_be_replayed(name: str, kind: Kind, tmp_path: Path) -> None:
    case = CASES[name]
    put_works(tmp_path)
    ran = run(tmp_path, case, kind)
    hold(ran, case, tmp_path)
    recordings = tmp_path / "recorded.jsonl"
    recordings.write_text(
        "".join(
            json.dumps({"node": node.id, "outcome": "ok", "output": node.output}) + "\n"
            for node in ran.nodes
            if node.attempts and node.id not in case.computed
        )
    )
    remove_works(tmp_path)
    replayed = run(tmp_path, case, kind, replay=recordings)
    hold(replayed, case, tmp_path)
    assert [(node.id, node.state, node.output) for node in replayed.nodes] == [
        (node.id, node.state, node.output) for node in ran.nodes
    ]
    played = {node.id for node in replayed.nodes if node.runtime == "replay" and node.attempts}
    assert played == {node.id for node in ran.nodes if node.attempts} - case.computed


def test_a_recorded_vote_that_is_lost_is_an_abstention(tmp_path: Path) -> None:
    put_works(tmp_path)
    recordings = tmp_path / "recorded.jsonl"
    lines = [
        {"node": f"t.{name}", "outcome": "ok", "output": {"verdict": "mend", "reason": "recorded"}}
        for name in (1, 3, 4, 5)
    ]
    recordings.write_text("".join(json.dumps(line) + "\n" for line in lines))
    report = run(tmp_path, CASES["consensus"], "command", replay=recordings)
    nodes = {node.id: node for node in report.nodes}
    assert nodes["t.2"].state == "failed"
    assert report.outputs["t"]["decision"] == "mend"
    assert [one["who"] for one in report.outputs["t"]["abstained"]] == ["b"]


@pytest.mark.parametrize("kind", ["command", "python"])
def test_each_item_has_a_panel_of_its_own(kind: Kind, tmp_path: Path) -> None:
    case = Case(
        "{each: '${{ [1, 2] }}', key: '${{ item }}', " + VERDICT + ", pattern: {consensus: {vote: verdict,"
        " members: [{name: a, @vote(ship/x)}, {name: b, @recount(ship/y)}]}}}",
        None,
        {},
    )
    put_works(tmp_path)
    (tmp_path / ".metaensemble").mkdir()
    graph = tmp_path / "graph.yaml"
    graph.write_text(written(f"tasks:\n  t: {case.task}\n", kind))
    report = api.run(graph, cwd=tmp_path)
    assert {node.id: node.state for node in report.nodes} == {
        "t": "ok",
        **{f"t[{key}]": "ok" for key in (1, 2)},
        **{f"t[{key}].{piece}": "ok" for key in (1, 2) for piece in ("1", "2", "verdict")},
    }
