"""Results of earlier DAG runs: taken over exactly where nothing has changed."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metaensemble import api
from metaensemble.engine.ledger import Ledger, rebuild
from metaensemble.schemas.report import Report

GRAPH = """\
name: reuse
params: {word: {default: hello}}
tasks:
  list: {run: ls data, output: {as: lines}, reads: [data]}
  size:
    each: ${{ tasks.list.output }}
    as: file
    key: ${{ file }}
    run: 'mkdir -p out; wc -c < "data/${{ file }}" | tee "out/${{ file }}"'
    reads: ["data/${{ file }}"]
    writes: ["out/${{ file }}"]
  greet:
    run: echo "${{ params.word }}"
    reads: []
  join:
    run: echo "${{ tasks.greet.output }} ${{ tasks.size.outputs | map(attribute='output') | join('+') }}"
    reads: []
outputs: {said: "${{ tasks.join.output }}"}
"""


class Project:
    """A project whose graph counts the commands that it really runs."""

    def __init__(self, folder: Path, text: str = GRAPH) -> None:
        self.folder = folder
        (folder / ".metaensemble").mkdir(parents=True)
        (folder / "data").mkdir()
        self.write("data/a", "1")
        self.write("data/b", "22")
        self.graph(text)

    def graph(self, text: str) -> None:
        self.write("graph.yaml", text)

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def run(self, **more: Any) -> Report:
        return api.run(self.folder / "graph.yaml", cwd=self.folder, **more)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path / "project")


def ran(report: Report) -> list[str]:
    """The nodes that had an attempt."""
    return [node.id for node in report.nodes if node.attempts]


def reused(report: Report) -> list[str]:
    return [node.id for node in report.nodes if node.reused_from]


def test_when_nothing_has_changed_nothing_is_run(project: Project) -> None:
    first = project.run()
    assert ran(first) == ["list", "size[a]", "size[b]", "greet", "join"]
    second = project.run()
    assert ran(second) == []
    assert reused(second) == ["list", "size[a]", "size[b]", "greet", "join"]
    assert second.outputs == first.outputs == {"said": "hello 1+2"}
    assert second.state == "ok"
    assert all(node.reason for node in second.nodes)


CHANGES = [
    ("a file", lambda p: p.write("data/b", "333"), ["list", "size[b]", "join"], "hello 1+3"),
    ("a new file", lambda p: p.write("data/c", "4444"), ["list", "size[c]", "join"], "hello 1+2+4"),
    ("a file that is gone", lambda p: (p.folder / "data/a").unlink(), ["list", "join"], "hello 2"),
    (
        "a command",
        lambda p: p.graph(GRAPH.replace('echo "${{ params', 'echo " ${{ params')),
        ["greet", "join"],
        " hello 1+2",
    ),
    (
        "an output that is the same",
        lambda p: p.graph(GRAPH.replace("ls data", "ls  data")),
        ["list"],
        "hello 1+2",
    ),
    (
        "what only says when and how often",
        lambda p: p.graph(
            GRAPH.replace("as: file", "as: file\n    priority: 3\n    timeout: 1h\n    retry: {max: 2}")
        ),
        [],
        "hello 1+2",
    ),
    ("the time of a file", lambda p: os.utime(p.folder / "data/a"), [], "hello 1+2"),
]


@pytest.mark.parametrize(("change", "redone", "said"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES])
def test_what_a_change_makes_run_again(project: Project, change: Any, redone: list[str], said: str) -> None:
    project.run()
    change(project)
    report = project.run()
    assert ran(report) == redone
    assert report.outputs == {"said": said}


def test_a_parameter(project: Project) -> None:
    project.run()
    report = project.run(params={"word": "bye"})
    assert ran(report) == ["greet", "join"]
    assert report.outputs == {"said": "bye 1+2"}
    # Both results are on record.
    assert ran(project.run()) == []
    assert ran(project.run(params={"word": "bye"})) == []


def test_written_files_are_put_back(project: Project) -> None:
    project.run()
    shutil.rmtree(project.folder / "out")
    project.folder.joinpath("out").mkdir()
    project.write("out/b", "spoiled")
    report = project.run()
    assert ran(report) == []
    assert project.folder.joinpath("out/a").read_text().strip() == "1"
    assert project.folder.joinpath("out/b").read_text().strip() == "2"


def test_a_named_pipe_in_the_place_of_a_written_file_is_replaced(project: Project) -> None:
    project.run()
    (project.folder / "out" / "a").unlink()
    os.mkfifo(project.folder / "out" / "a")
    assert "size[a]" in reused(project.run())
    assert (project.folder / "out" / "a").read_text().split()[0] == "1"


def test_without_a_copy_the_work_is_done_again(project: Project) -> None:
    project.run()
    shutil.rmtree(project.folder / "out")
    blobs = project.folder / ".metaensemble" / "state" / "blobs"
    for file in blobs.iterdir():
        if file.is_file() and file.read_bytes().strip() == b"1":
            file.unlink()
    report = project.run()
    assert ran(report) == ["size[a]"]
    assert project.folder.joinpath("out/a").read_text().strip() == "1"


@pytest.mark.parametrize(
    "settings_of_greet",
    [
        "run: echo x",
        "run: echo x\n    reads: []\n    cache: off",
        "run: echo x\n    reads: []\n    effects: external",
    ],
)
def test_tasks_that_are_never_reused(tmp_path: Path, settings_of_greet: str) -> None:
    project = Project(tmp_path / "p", f"tasks:\n  greet:\n    {settings_of_greet}\n")
    assert ran(project.run()) == ["greet"]
    assert ran(project.run()) == ["greet"]


def test_refresh_does_the_work_and_keeps_the_result(project: Project) -> None:
    project.run()
    project.graph(
        GRAPH.replace('echo "${{ params.word }}"\n', 'echo "${{ params.word }}"\n    cache: refresh\n')
    )
    assert ran(project.run()) == ["greet"]
    project.graph(GRAPH)
    assert ran(project.run()) == []


def test_force_does_everything_anew(project: Project) -> None:
    project.run()
    assert ran(project.run(force=True)) == ["list", "size[a]", "size[b]", "greet", "join"]


def test_two_nodes_of_one_dag_run_never_share(tmp_path: Path) -> None:
    text = "tasks:\n  one: {run: echo same, reads: []}\n  two: {run: echo same, reads: [], needs: [one]}\n"
    project = Project(tmp_path / "p", text)
    assert ran(project.run()) == ["one", "two"]
    assert ran(project.run()) == []


def test_failures_are_not_kept(tmp_path: Path) -> None:
    project = Project(tmp_path / "p", "tasks: {a: {run: test -e mended, reads: []}}\n")
    assert project.run().state == "failed"
    project.write("mended", "")
    assert ran(project.run()) == ["a"]


def test_a_task_that_changes_what_it_reads_is_not_kept_until_it_leaves_it_alone(tmp_path: Path) -> None:
    text = "tasks: {sort: {run: sort -o data/b data/b, reads: [data/b]}}\n"
    project = Project(tmp_path / "p", text)
    project.write("data/b", "2\n1\n")
    assert ran(project.run()) == ["sort"]
    assert ran(project.run()) == ["sort"]
    assert ran(project.run()) == []


def test_a_result_is_taken_by_another_graph_file(project: Project) -> None:
    project.run()
    (project.folder / "copy.yaml").write_text(GRAPH.replace("greet:", "other:").replace("greet.", "other."))
    report = api.run(project.folder / "copy.yaml", cwd=project.folder)
    assert ran(report) == ["join"]


def test_deliverables_and_output_files_come_back(tmp_path: Path) -> None:
    text = """\
tasks:
  write:
    run: "echo '# Title' > report.md; echo 7 > n"
    reads: []
    output: {from: file, path: n, as: json}
    deliverables: [{path: report.md}]
  read: {run: "cat ${{ tasks.write.deliverable }}; echo ${{ tasks.write.output + 1 }}"}
outputs: {said: "${{ tasks.read.output }}"}
"""
    project = Project(tmp_path / "p", text)
    first = project.run()
    (project.folder / "report.md").unlink()
    second = project.run()
    assert ran(second) == ["read"]
    assert second.outputs == first.outputs == {"said": "# Title\n8"}
    assert second.nodes[0].deliverable == "report.md"


def test_the_ledger_stays_whole(project: Project) -> None:
    project.run()
    project.write("data/b", "333")
    project.run()
    state = project.folder / ".metaensemble" / "state"
    with Ledger.open(state) as ledger:
        assert ledger.verify().is_clean
    rebuild(state)
    assert ran(project.run()) == []


def test_the_plan_says_what_is_reused_and_what_has_changed(project: Project) -> None:
    def told() -> dict[str, tuple[str, str]]:
        found = api.plan(project.folder / "graph.yaml", cwd=project.folder)
        return {node.id: (node.action, node.why) for node in found.nodes}

    assert told()["greet"] == ("run", "needs nothing; no earlier result")
    before = sorted(path.name for path in project.folder.iterdir())
    project.run()
    assert all(action == "reuse" for action, _ in told().values())
    project.write("data/b", "333")
    after = told()
    assert after["greet"][0] == "reuse"
    assert after["list"] == ("run", "needs nothing; files of `data` changed")
    project.graph(GRAPH.replace("ls data", "ls  data"))
    project.write("data/b", "22")
    assert told()["list"] == ("run", "needs nothing; the command changed")
    assert before != sorted(path.name for path in project.folder.iterdir())


def test_an_item_that_runs_is_named_in_the_plan(tmp_path: Path) -> None:
    text = """\
tasks:
  size:
    each: "${{ ['a', 'b'] }}"
    key: ${{ item }}
    run: wc -c < "data/${{ item }}"
    reads: ["data/${{ item }}"]
"""
    project = Project(tmp_path / "p", text)
    project.run()
    project.write("data/b", "333")
    found = api.plan(project.folder / "graph.yaml", cwd=project.folder)
    why = next(node.why for node in found.nodes if node.id == "size[*]")
    assert why.endswith("1 of 2 reused; `size[b]` runs: files of `data/b` changed")


EDITS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from("abc"), st.sampled_from(["", "1", "22", "333"])),
        st.tuples(st.just("remove"), st.sampled_from("abc"), st.just("")),
        st.tuples(st.just("word"), st.just(""), st.sampled_from(["hello", "bye", "hello\n"])),
        st.tuples(st.just("command"), st.just(""), st.sampled_from(["wc -c", "cat", "wc -c ", "head -c 1"])),
        st.tuples(st.just("spoil"), st.sampled_from("abc"), st.just("x")),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rounds=st.lists(EDITS, min_size=1, max_size=3))
def test_reuse_never_gives_what_a_fresh_run_would_not(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[list[tuple[str, str, str]]]
) -> None:
    project = Project(tmp_path_factory.mktemp("reuse") / "p")
    word, text = "hello", GRAPH
    project.run()
    for edits in rounds:
        for kind, name, value in edits:
            file = project.folder / "data" / name if name else project.folder
            if kind == "write":
                file.write_text(value)
            elif kind == "remove":
                file.unlink(missing_ok=True)
            elif kind == "word":
                word = value
            elif kind == "command":
                text = GRAPH.replace("wc -c <", f"{value} <")
            elif kind == "spoil" and (project.folder / "out").exists():
                (project.folder / "out" / name).write_text(value)
        project.graph(text)
        report = project.run(params={"word": word})
        written = {path.name: path.read_text() for path in (project.folder / "out").glob("*")}
        fresh = Project(project.folder.with_name(f"fresh-{len(list(project.folder.parent.iterdir()))}"), text)
        shutil.rmtree(fresh.folder / "data")
        shutil.copytree(project.folder / "data", fresh.folder / "data")
        expected = fresh.run(params={"word": word})
        assert (report.state, report.outputs) == (expected.state, expected.outputs)
        for path in (fresh.folder / "out").glob("*"):
            assert written[path.name] == path.read_text()
