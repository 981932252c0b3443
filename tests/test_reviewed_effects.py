"""Work with external effects is reviewed before it is done, wherever reviewers are named."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from metaensemble import api
from metaensemble.schemas.errors import InputErrors
from metaensemble.schemas.report import Report
from support.graph_texts import underlined

NAMED = "peer_review: {peer_review: {reviewers: [{run: ./look.sh}]}}"
ACT = "run: echo done >> acts, effects: external"

LOOK = """\
#!/bin/sh
cat > proposal.$$ && mv proposal.$$ proposal
cat verdict
"""


class Project:
    """A project whose reviewer says what `verdict` says."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / ".metaensemble" / "patterns").mkdir(parents=True)
        self.file("look.sh", LOOK)
        (root / "look.sh").chmod(0o755)
        self.says("approve")

    def file(self, name: str, text: str) -> None:
        (self.root / name).write_text(dedent(text))

    def says(self, verdict: str) -> None:
        self.file("verdict", json.dumps({"verdict": verdict, "reason": "as it is"}))

    def run(self, text: str) -> Report:
        self.file("graph.yaml", text)
        return api.run(self.root / "graph.yaml", cwd=self.root)

    def errors(self, text: str) -> list[tuple[str, str, str]]:
        self.file("graph.yaml", text)
        with pytest.raises(InputErrors) as caught:
            api.plan(self.root / "graph.yaml", cwd=self.root)
        found = []
        for error in caught.value.errors:
            assert error.span is not None
            found.append((error.code, Path(error.span.file).name, underlined(error)))
        return found

    @property
    def acts(self) -> int:
        file = self.root / "acts"
        return len(file.read_text().split()) if file.exists() else 0


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def states(report: Report) -> dict[str, str]:
    return {node.id: node.state for node in report.nodes}


IN_GRAPH = f"patterns: {{{NAMED}}}\ntasks: {{publish: {{{ACT}}}, local: {{run: echo}}}}\n"
IN_PROJECT = f"tasks: {{publish: {{{ACT}}}, local: {{run: echo}}}}\n"
BY_DEFAULT = f"patterns: {{{NAMED}}}\ndefaults: {{effects: external}}\ntasks: {{publish: {{run: echo done >> acts}}}}\n"


@pytest.fixture(params=["graph", "project", "defaults"])
def graph(request: pytest.FixtureRequest, project: Project) -> str:
    if request.param == "project":
        project.file(".metaensemble/patterns/peer_review.yaml", NAMED.removeprefix("peer_review: ")[1:-1])
        return IN_PROJECT
    return IN_GRAPH if request.param == "graph" else BY_DEFAULT


def test_what_is_approved_is_done_once(project: Project, graph: str) -> None:
    report = project.run(graph)
    assert (report.state, project.acts) == ("ok", 1)
    found = states(report)
    assert found["publish.act"] == "ok"
    assert list(found)[:4] == ["publish", "publish.review-1", "publish.verdict", "publish.act"]
    proposal: dict[str, Any] = json.loads((project.root / "proposal").read_text())["proposal"]
    assert (proposal["task"], proposal["shell"]) == ("publish", "echo done >> acts")


def test_what_is_rejected_is_never_done(project: Project, graph: str) -> None:
    project.says("reject")
    report = project.run(graph)
    assert (report.state, project.acts) == ("failed", 0)
    nodes = {node.id: node for node in report.nodes}
    assert nodes["publish.verdict"].state == "failed"
    assert nodes["publish.verdict"].attempts[0].failure_reason == "rejected"
    assert nodes["publish.act"].state == "blocked"
    assert nodes["publish"].state == "blocked"
    assert "rejected by `look.sh` in round 1: as it is" in (nodes["publish"].reason or "")


def test_without_a_review_it_is_blocked(project: Project, graph: str) -> None:
    project.says("perhaps")
    report = project.run(graph)
    assert project.acts == 0
    found = states(report)
    assert (found["publish.review-1"], found["publish.verdict"]) == ("failed", "blocked")
    assert (found["publish.act"], found["publish"]) == ("blocked", "blocked")


def test_where_nothing_is_said_of_reviews_nothing_is_reviewed(project: Project) -> None:
    report = project.run(f"tasks: {{a: {{{ACT}}}}}")
    assert (list(states(report)), project.acts) == (["a"], 1)


def test_defaults_of_a_review_that_name_nobody_are_refused(project: Project) -> None:
    with pytest.raises(InputErrors) as caught:
        project.run(f"patterns: {{peer_review: {{peer_review: {{rounds: 2}}}}}}\ntasks: {{a: {{{ACT}}}}}")
    assert [error.code for error in caught.value.errors] == ["ME350"]
    assert project.acts == 0


def test_the_tasks_own_settings_come_before_the_preset(project: Project) -> None:
    report = project.run(f"""\
        patterns:
          peer_review:
            peer_review:
              reviewers: [{{run: ./look.sh}}, {{run: [echo, '{{"verdict": "approve"}}']}}]
              min_reviewers: 2
          mine: {{peer_review: {{min_reviewers: 1}}}}
        tasks:
          one: {{{ACT}, pattern: {{peer_review: {{dissent: block}}}}}}
          two: {{{ACT}, pattern: mine, needs: {{one: done}}}}
    """)
    assert (report.state, project.acts) == ("ok", 2)
    assert [name for name in states(report) if "review-" in name] == [
        *("one.review-1", "one.review-2"),
        *("two.review-1", "two.review-2"),
    ]


def test_every_item_cell_and_graph_is_reviewed_for_itself(project: Project) -> None:
    project.file("inner.yaml", f"tasks: {{act: {{{ACT}}}}}")
    project.file("plain.yaml", "tasks: {act: {run: echo done >> acts}, more: {run: echo}}")
    report = project.run(f"""\
        patterns: {{{NAMED}}}
        tasks:
          items: {{{ACT}, each: "${{{{ [1, 2] }}}}", key: "${{{{ item }}}}"}}
          cells: {{{ACT}, matrix: {{x: [1, 2]}}, needs: [items]}}
          inside: {{graph: inner.yaml, needs: [cells]}}
          whole: {{graph: plain.yaml, effects: external, needs: [inside]}}
    """)
    assert (report.state, project.acts) == ("ok", 6)
    verdicts = [name.removesuffix(".verdict") for name in states(report) if name.endswith(".verdict")]
    # The graph that is external as a whole is reviewed once, and the graph's reviewers are those of graphs in it.
    assert verdicts == ["items[1]", "items[2]", "cells[x=1]", "cells[x=2]", "inside/act", "whole"]


@pytest.mark.parametrize(
    ("task", "error"),
    [
        (f"{{{ACT}, pattern: solo}}", ("ME350", "graph.yaml", "solo")),
        (
            f"{{{ACT}, pattern: {{consensus: {{n: 3, vote: v}}}}}}",
            ("ME350", "graph.yaml", "{consensus: {n: 3, vote: v}}"),
        ),
        (f"{{{ACT}, pattern: other}}", ("ME350", "graph.yaml", "other")),
        (
            f"{{pattern: {{fanout: {{members: [{{run: echo}}, {{{ACT}}}]}}}}}}",
            ("ME350", "graph.yaml", f"{{{ACT}}}"),
        ),
        ("{run: ./look.sh, effects: external}", ("ME336", "graph.yaml", "{run: ./look.sh}")),
    ],
)
def test_there_is_no_way_around_it(project: Project, task: str, error: tuple[str, str, str]) -> None:
    project.file("other.yaml", "tasks: {t: {pattern: solo}}")
    found = project.errors(f"patterns: {{{NAMED}, other: {{graph: other.yaml}}}}\ntasks: {{a: {task}}}\n")
    assert error in [(code, file, shown) for code, file, shown in found]


def test_an_error_stands_in_the_file_of_the_preset(project: Project) -> None:
    text = "peer_review: {reviewers: [{run: ./look.sh}], min_reviewers: 2}\n"
    project.file(".metaensemble/patterns/peer_review.yaml", text)
    assert project.errors(IN_PROJECT) == [("ME333", "peer_review.yaml", "2")]
    project.file("graph.yaml", IN_PROJECT)
    (told,) = api.check(project.root / "graph.yaml")
    assert told.code == "ME333"
