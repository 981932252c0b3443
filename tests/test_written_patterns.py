"""Patterns written as YAML, from the file to the end of a run."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from metaensemble import api
from metaensemble.cli.main import main
from metaensemble.engine.ledger import Ledger
from metaensemble.schemas.report import Report

CAREFUL = """\
description: Work, criticism, and work once more.
params:
  word: {default: thorough}
  strict: {type: boolean, default: false}
concurrency: {max: 2, pools: {narrow: 1}}
tasks:
  prep: {run: "echo prep ${{ params.word }}"}
  draft:
    pattern: solo
    with: {hint: "${{ tasks.prep.output ~ '/' ~ params.word }}"}
    pool: narrow
  critique: {run: ["echo", "critique of ${{ tasks.draft.output }}"]}
  files: {run: "printf 'a\\\\nb\\\\n'", output: {as: lines}}
  each:
    each: ${{ tasks.files.output }}
    as: file
    key: ${{ file }}
    run: test "${{ file }}" = a && echo "${{ params.word }} ${{ file }}"
  loop:
    repeat: {until: "${{ repeat.last.output == '2' }}", max: 5}
    run: echo ${{ repeat.index }}
  strict: {run: echo strict, if: "${{ params.strict }}"}
  graph: {graph: ../../inner.yaml, with: {text: "${{ tasks.critique.output }}"}}
  final:
    pattern: solo
    needs: {each: {ok: 1/2}}
    with: {critique: "${{ tasks.graph.output.text }}"}
outputs:
  text: ${{ tasks.final.output }}
  loop: ${{ tasks.loop.output }}
  strict: ${{ tasks.strict.status }}
  items: ${{ tasks.each.outputs | map(attribute='status') | list }}
"""

INNER = """\
params: {text: {}}
tasks: {shout: {run: "echo ${{ params.text }}!"}}
outputs: {text: "${{ tasks.shout.output }}"}
"""

GRAPH = """\
tasks:
  before: {run: echo before}
  review:
    pattern: {careful: {word: very}}
    run: echo "${{ tasks.before.output }} [$ME_IN_HINT] [$ME_IN_CRITIQUE]"
  after: {run: "echo after ${{ tasks.review.output.loop }}"}
outputs: {review: "${{ tasks.review.output }}", after: "${{ tasks.after.output }}"}
"""

FINAL = "before [] [critique of before [prep very/very] []!]"


class Project:
    def __init__(self, root: Path) -> None:
        self.root = root
        (root / ".metaensemble" / "patterns").mkdir(parents=True)

    def file(self, name: str, text: str) -> None:
        (self.root / name).write_text(dedent(text))

    def pattern(self, name: str, text: str) -> None:
        self.file(f".metaensemble/patterns/{name}.yaml", text)

    def run(self, text: str | None = None, **params: Any) -> Report:
        if text is not None:
            self.file("graph.yaml", text)
        return api.run(self.root / "graph.yaml", params=params, cwd=self.root)


def states(report: Report) -> dict[str, str]:
    return {node.id: node.state for node in report.nodes}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path)
    found.pattern("careful", CAREFUL)
    found.file("inner.yaml", INNER)
    return found


def test_everything_that_a_graph_can_do_a_pattern_can(project: Project) -> None:
    report = project.run(GRAPH)
    # An item that failed was taken knowingly, by the quorum of `final`.
    assert report.outputs == {
        "after": "after 2",
        "review": {"text": FINAL, "loop": "2", "strict": "skipped", "items": ["ok", "failed"]},
    }
    found = states(report)
    assert report.state == "ok"
    assert found["review.each[b]"] == "failed"
    assert {found[name] for name in ("review.graph/shout", "review.loop#2", "review.result")} == {"ok"}


@pytest.mark.parametrize("form", ["ascii", "mermaid", "svg", "dot", "json"])
def test_it_is_drawn(project: Project, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    project.file("graph.yaml", GRAPH)
    assert main(["-C", str(project.root), "dag", "render", "graph.yaml", "--format", form]) == 0
    drawn = capsys.readouterr().out
    assert all(name in drawn for name in ("critique", "loop", "strict", "final"))


def test_it_is_planned_looked_up_and_verified(project: Project) -> None:
    project.file("graph.yaml", GRAPH)
    file = project.root / "graph.yaml"
    ids = [node.id for node in api.plan(file, cwd=project.root).nodes]
    assert ids[:3] == ["before", "review", "review.prep"]
    report = project.run()
    status = api.status(report.dag_run_id, cwd=project.root)
    assert states(report) == {node.id: node.state for node in status.nodes}
    with Ledger.open(project.root / ".metaensemble" / "state", readonly=True) as ledger:
        assert ledger.verify().is_clean
    planned = [node.id for node in api.plan_of(report.dag_run_id, cwd=project.root).nodes]
    assert set(states(report)) <= set(planned)


VERDICT = "output: {schema: {type: object, required: [verdict], properties: {verdict: {type: string}}}}"


def test_a_vote_in_a_pattern_votes_with_the_work_and_with_its_own(project: Project) -> None:
    """Members of a pattern inside see the pattern's own tasks, at any depth, and never the user's."""
    project.pattern(
        "panel",
        f"""\
        params: {{strictness: {{default: low}}}}
        tasks:
          rules: {{run: "echo ${{{{ params.strictness }}}}"}}
          votes:
            pattern:
              consensus:
                vote: verdict
                rule: plurality
                on_tie: first
                members:
                  - {{}}
                  - {{with: {{rules: "${{{{ tasks.rules.output }}}}"}}}}
                  - run: [echo, '{{"verdict": "${{{{ tasks.rules.output }}}} by ${{{{ params.strictness }}}}"}}']
                    {VERDICT}
        """,
    )
    report = project.run(f"""\
        params: {{strictness: {{default: of the user}}}}
        tasks:
          rules: {{run: echo of the user}}
          say:
            each: ${{{{ ["x"] }}}}
            needs: [rules]
            pattern: {{panel: {{strictness: high}}}}
            run: 'printf "{{\\"verdict\\": \\"%s\\"}}" "${{ME_IN_RULES:-none}} ${{{{ item }}}}"'
            {VERDICT}
        outputs: {{said: "${{{{ tasks.say.outputs[0].output.counts }}}}"}}
    """)
    assert report.outputs == {"said": {"none x": 1, "high x": 1, "high by high": 1}}


def test_patterns_of_patterns_keep_their_names_apart(project: Project) -> None:
    """Both graphs have a task `a` and a parameter `p`, and the user has them too."""
    project.pattern(
        "outer",
        """\
        params: {p: {default: outer}}
        tasks:
          a: {run: "echo a-${{ params.p }}"}
          b: {pattern: {inner: {p: "of ${{ params.p }}"}}, with: {one: "${{ tasks.a.output }} ${{ params.p }}"}}
        """,
    )
    project.pattern(
        "inner",
        """\
        params: {p: {default: inner}}
        tasks:
          a: {run: "echo a-${{ params.p }}"}
          b: {pattern: solo, with: {two: "${{ tasks.a.output }} ${{ params.p }}"}}
        """,
    )
    report = project.run("""\
        params: {p: {default: user}}
        tasks:
          a: {run: "echo a-${{ params.p }}"}
          b:
            pattern: outer
            with: {own: "${{ tasks.a.output }}"}
            run: echo "${{ params.p }}|$ME_IN_OWN|$ME_IN_ONE|$ME_IN_TWO"
        outputs: {b: "${{ tasks.b.output }}"}
    """)
    assert report.outputs == {"b": "user|a-user|a-outer outer|a-of outer of outer"}


def test_each_round_of_the_user_is_a_whole_pattern(project: Project) -> None:
    project.pattern(
        "twice",
        """\
        tasks:
          first: {pattern: solo}
          second: {pattern: solo, with: {before: "${{ tasks.first.output }}"}}
        """,
    )
    report = project.run("""\
        tasks:
          count:
            repeat: {until: "${{ repeat.index == 2 }}", max: 3}
            pattern: twice
            run: echo "${{ repeat.index }} ${{ repeat.last.output or 'nothing' }} [$ME_IN_BEFORE]"
        outputs: {count: "${{ tasks.count.output }}"}
    """)
    first = "1 nothing [1 nothing []]"
    assert report.outputs == {"count": f"2 {first} [2 {first} []]"}


def test_a_failed_task_of_a_pattern_fails_its_user_with_its_reason(project: Project) -> None:
    project.pattern("checked", "tasks: {look: {run: exit 3}, work: {pattern: solo, needs: [look]}}")
    report = project.run("tasks: {a: {run: echo a, pattern: checked}}")
    found = {node.id: (node.state, node.reason) for node in report.nodes}
    assert report.state == "failed"
    assert found["a.look"][0] == "failed"
    assert found["a"][0] == "blocked"
    assert "a.look" in found["a"][1]


def test_a_person_is_asked_inside_a_pattern(project: Project) -> None:
    project.pattern("asked", "tasks: {ask: {approve: Go on?}, work: {pattern: solo, needs: [ask]}}")
    report = project.run(
        "tasks: {a: {run: echo done, pattern: asked}}\noutputs: {a: '${{ tasks.a.output }}'}"
    )
    assert report.state == "paused"
    api.approve(report.dag_run_id, "a.ask", yes=True, cwd=project.root)
    report = api.resume(report.dag_run_id, cwd=project.root)
    assert (report.state, report.outputs) == ("ok", {"a": "done"})


def test_the_pools_of_a_pattern_hold_for_its_tasks(project: Project) -> None:
    """Each says whether it was alone; with the pool they all are, and with its limit too."""
    alone = "mkdir lock && { ls > /dev/null; rmdir lock; }"
    for limit in ("{pools: {one: 1}}", "{max: 1}"):
        pool = "pool: one, " if "pools" in limit else ""
        tasks = ", ".join(f"t{number}: {{{pool}run: '{alone}'}}" for number in range(6))
        project.pattern("row", f"concurrency: {limit}\ntasks: {{{tasks}}}\noutputs: {{n: 1}}")
        assert project.run("concurrency: {max: 8}\ntasks: {a: {pattern: row}}").state == "ok"
