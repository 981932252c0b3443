"""DAG runs that really ran, one for each kind of group, in the drawings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from metaensemble import api
from metaensemble.engine.render import FORMATS, render
from metaensemble.schemas.report import Report

PART = """\
params: {part: {}}
tasks:
  one: {run: "echo ${{ params.part }}", reads: []}
  two: {run: "test ${{ params.part }} != bad", needs: [one], reads: []}
  three: {run: echo three, needs: [one], reads: []}
  four: {run: echo four, needs: [two, three], reads: []}
"""

NESTED = """\
params: {py: {}}
tasks:
  list: {run: "printf 'a\\nb\\n'", output: {as: lines}}
  check: {each: "${{ tasks.list.output }}", key: "${{ item }}", run: "echo ${{ item }}"}
"""


class Project:
    """A folder with a graph, and what became of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / ".metaensemble").mkdir()
        (folder / "part.yaml").write_text(PART)
        (folder / "nested.yaml").write_text(NESTED)

    def run(self, tasks: str) -> Report:
        (self.folder / "graph.yaml").write_text(f"tasks:\n{tasks}")
        return api.run(self.folder / "graph.yaml")

    def answer(self, node: str, **answer: bool) -> Report:
        """Answer what the newest DAG run asks, and go on."""
        dag_run = api.status(None, cwd=self.folder).dag_run_id
        api.approve(dag_run, node, cwd=self.folder, **answer)
        return api.resume(dag_run, cwd=self.folder)

    def drawn(self, form: str, **more: Any) -> str:
        report = api.status(None, cwd=self.folder)
        plan = api.plan_of(report.dag_run_id, cwd=self.folder)
        return render(plan, form, report=report, **{"collapse": 12, "times": False, **more})

    def frames(self) -> list[str]:
        """The tooltips of the frames, which begin with the id; every form draws it without a fault."""
        assert all(self.drawn(form) for form in FORMATS)
        document = ET.fromstring(self.drawn("svg"))
        svg = "{http://www.w3.org/2000/svg}"
        groups = [one for one in document.iter(f"{svg}g") if one.find(f"{svg}rect[@rx='10']") is not None]
        return [one.findtext(f"{svg}title", "").partition(",")[0] for one in groups]

    def boxes(self) -> list[str]:
        """The ids of what the JSON form holds, groups that are drawn open left out."""
        nodes = json.loads(self.drawn("json"))["nodes"]
        opened = {node["group"] for node in nodes}
        return [node["id"] for node in nodes if node["id"] not in opened]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def each(items: int, run: str) -> str:
    return (
        f"  list: {{run: seq {items}, output: {{as: lines}}}}\n"
        f'  check: {{each: "${{{{ tasks.list.output }}}}", key: "${{{{ item }}}}", run: "{run}"}}\n'
        "  tell: {needs: {check: done}, run: echo told}\n"
    )


def test_each_over_commands(project: Project) -> None:
    project.run(each(3, "test ${{ item }} != 2"))
    assert project.drawn("ascii") == (
        "✓ list     ok\n"
        "✗ check    each × 3: 2 ok, 1 failed\n"  # noqa: RUF001
        "┊ ╭─✓ [1]  ok\n"
        "┊ ├─✗ [2]  failed  exit status 1\n"
        "┊ ╰─✓ [3]  ok\n"
        "✓ tell     ok  ← check (done)\n"
    )
    assert project.frames() == ["check"]
    assert "    n1 -. done .-> n5\n" in project.drawn("mermaid")


def test_many_items_are_one_box_with_figures(project: Project) -> None:
    project.run(each(40, "test ${{ item }} != 7"))
    assert project.drawn("ascii") == (
        "✓ list   ok\n"
        "✗ check  each × 40: 39 ok, 1 failed  failed: [7]\n"  # noqa: RUF001
        "✓ tell   ok  ← check (done)\n"
    )
    assert (project.frames(), project.boxes()) == ([], ["list", "check", "tell"])
    assert len(json.loads(project.drawn("json", collapse=None))["nodes"]) == 43


def test_each_over_a_sub_graph(project: Project) -> None:
    project.run(
        "  build:\n"
        "    each: \"${{ ['good', 'bad', 'fine'] }}\"\n"
        '    key: "${{ item }}"\n'
        "    graph: part.yaml\n"
        '    with: {part: "${{ item }}"}\n'
        "  tell: {needs: [build], run: echo told}\n"
    )
    assert project.frames() == ["build", "build[good]", "build[bad]", "build[fine]"]
    lines = project.drawn("ascii").splitlines()
    assert lines[:2] == [
        "✗ build          each × 3: 2 ok, 1 failed",  # noqa: RUF001
        "┊ ╭─✓ [good]     sub-graph part.yaml: 4 ok",
    ]
    assert "┊ ├─✗ [bad]      sub-graph part.yaml: 2 ok, 1 failed, 1 blocked" in lines
    assert "┊ │ ┊ ⊘ four     blocked  because `build[bad]/two` failed: exit status 1  ← two, three" in lines
    small = project.drawn("ascii", collapse=2).splitlines()[0]
    assert small == "✗ build  each × 3: 2 ok, 1 failed  failed: [bad]/two"  # noqa: RUF001


def test_a_matrix(project: Project) -> None:
    project.run(
        '  test: {matrix: {py: ["3.11", "3.12", "3.13"], os: [linux, macos]}, run: "echo ${{ matrix.os }}"}\n'
        "  tell: {needs: [test], run: echo told}\n"
    )
    assert project.frames() == ["test"]
    assert project.drawn("ascii").splitlines()[0] == "✓ test                    matrix: 6 ok"
    assert "6 ok" in project.drawn("svg")


def test_a_repeat(project: Project) -> None:
    report = project.run(
        '  draft: {run: "echo ${{ repeat.index }}", output: {as: json},'
        ' repeat: {until: "${{ repeat.last.output >= 3 }}", max: 5}}\n'
    )
    assert report.state == "ok"
    assert project.drawn("ascii") == "✓ draft  repeat: 3 ok\n┊ ✓ #1   ok\n┊ ✓ #2   ok\n┊ ✓ #3   ok\n"
    edges = json.loads(project.drawn("json"))["edges"]
    assert [(edge["from"], edge["to"]) for edge in edges] == [("draft#1", "draft#2"), ("draft#2", "draft#3")]
    assert project.frames() == ["draft"]


def test_rounds_that_were_used_up_are_told(project: Project) -> None:
    project.run('  draft: {run: echo no, repeat: {until: "${{ false }}", max: 2}}\n')
    first = project.drawn("ascii").splitlines()[0]
    assert first.startswith("✗ draft  repeat failed: 2 ok  repeat_exhausted: ")


def test_an_each_in_a_sub_graph_in_a_matrix(project: Project) -> None:
    project.run(
        '  test: {matrix: {py: ["3.11", "3.12"]}, graph: nested.yaml, with: {py: "${{ matrix.py }}"}}\n'
    )
    cells = ["test[py=3.11]", "test[py=3.12]"]
    assert project.frames() == ["test", *cells, *(f"{cell}/check" for cell in cells)]
    nodes = {node["id"]: node for node in json.loads(project.drawn("json"))["nodes"]}
    assert nodes["test[py=3.11]/check[a]"]["group"] == "test[py=3.11]/check"
    assert nodes["test[py=3.11]/check[a]"]["groups"] == ["test", "test[py=3.11]", "test[py=3.11]/check"]
    assert "┊ │ ┊ ┊ ╭─✓ [a]" in project.drawn("ascii")


REWOUND = """\
  list: {run: "test -e again && echo b || { touch again; printf 'a\\nb\\n'; }", output: {as: lines}}
  check: {each: "${{ tasks.list.output }}", key: "${{ item }}", run: "echo ${{ item }}"}
  side: {run: echo side}
  ask: {approve: "Good?", rewind_to: list, needs: [check, side]}
  ship: {needs: [ask], run: echo shipped}
"""


def test_after_a_rewind_the_newest_generation_is_drawn(project: Project) -> None:
    assert project.run(REWOUND).state == "paused"
    assert project.boxes() == ["list", "check[a]", "check[b]", "side", "ask", "ship"]
    assert "? ask" in project.drawn("ascii")
    assert project.answer("ask", no=True).state == "paused"
    # In the order of the file, though `list` and what is behind it are newer than `side`.
    assert project.boxes() == ["list", "check[b]", "side", "ask", "ship"]
    assert project.answer("ask", yes=True).state == "ok"
    assert project.frames() == ["check"]
    assert "┊ ✓ [b]" in project.drawn("ascii")


def test_what_was_taken_over_is_marked(project: Project) -> None:
    tasks = '  build: {graph: part.yaml, with: {part: good}}\n  tell: {needs: [build], run: echo "told"}\n'
    project.run(tasks)
    assert "reused" not in project.drawn("ascii")
    project.run(tasks)
    assert "┊ ✓ one      ok  reused" in project.drawn("ascii").splitlines()
    assert project.drawn("svg").count("ok, reused") == 4
    assert project.drawn("ascii", collapse=1).splitlines()[0] == (
        "✓ build  sub-graph part.yaml: 4 ok  4 reused"
    )


def test_a_group_that_did_not_grow_is_a_box(project: Project) -> None:
    project.run(
        "  list: {run: exit 1, output: {as: lines}}\n"
        '  check: {each: "${{ tasks.list.output }}", run: echo checked}\n'
    )
    assert (project.frames(), project.boxes()) == ([], ["list", "check"])
    assert project.drawn("ascii").splitlines()[1] == (
        "⊘ check  each: blocked  because `list` failed: exit status 1"
    )


def test_no_items_are_a_box(project: Project) -> None:
    project.run('  check: {each: "${{ [] }}", run: echo checked}\n')
    assert project.drawn("ascii") == "✓ check  each × 0: ok\n"  # noqa: RUF001
    assert project.frames() == []


def test_two_dag_runs_that_ended_alike_are_drawn_alike(project: Project) -> None:
    def all_forms() -> list[str]:
        return [project.drawn(form) for form in FORMATS]

    project.run(each(3, "test ${{ item }} != 2"))
    first = all_forms()
    project.run(each(3, "test ${{ item }} != 2"))
    assert all_forms() == first
    assert project.drawn("svg", times=True) != first[FORMATS.index("svg")]
