"""What a runtime is given: rendered text, paths inside the project, and a key that tells work apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.coordinator.outputs import Outputs
from metaensemble.engine.coordinator.requests import NeedView, RenderError, RequestBuilder
from metaensemble.engine.runtimes.protocol import AttemptRequest
from metaensemble.schemas.bound import BoundGraph, BoundTask, CommandSpec, Need, OutputContract
from metaensemble.schemas.template import Concat, Expr, Literal


class NoBlobs:
    def put(self, data: bytes) -> str:
        raise AssertionError(f"{len(data)} bytes are small")

    def get(self, name: str) -> bytes:
        raise AssertionError(name)


def look_up(source: str, scope: Mapping[str, Any]) -> Any:
    """An evaluator that only follows dots."""
    value: Any = scope
    for step in source.split("."):
        value = value[step]
    return value


def builder(
    tmp_path: Path, task: BoundTask, outputs: Mapping[str, Any] | None = None, **environ: str
) -> RequestBuilder:
    kept = Outputs(NoBlobs())
    for node, value in (outputs or {}).items():
        kept.keep(node, value)
    needed = tuple(BoundTask(id=need.task) for need in task.needs)
    graph = BoundGraph(
        name="g",
        source=str(tmp_path / "g.yaml"),
        source_digest="0" * 64,
        project=str(tmp_path),
        params=(("who", "you"),),
        tasks=(*needed, task),
    )
    return RequestBuilder(
        graph,
        dag_run_id="the-dag-run",
        evaluate=look_up,
        outputs=kept,
        environ=environ,
        spec_digests={one.id: one.id for one in graph.tasks},
    )


def build(found: RequestBuilder, task: BoundTask, **views: NeedView) -> AttemptRequest:
    return found.build(task, views, run_id="r", generation=0, attempt_no=1, scratch="/scratch/r")


def test_everything_is_rendered(tmp_path: Path) -> None:
    task = BoundTask(
        id="b",
        needs=(Need(task="a"),),
        command=CommandSpec(
            argv=(Literal("tool"), Expr("tasks.a.output"), Concat((Literal("by "), Expr("params.who"))))
        ),
        env=(("WHO", Expr("params.who")),),
        inputs=(("list", Expr("tasks.a.output")),),
        cwd=Literal("sub"),
        secrets=("TOKEN",),
    )
    found = builder(tmp_path, task, {"a": ["x", 1]}, TOKEN="hidden", OTHER="not named")
    request = build(found, task, a=NeedView(status="ok", deliverable="made.txt"))
    assert request.command == {"argv": ["tool", '["x",1]', "by you"]}
    assert request.env == {"WHO": "you"}
    assert request.inputs == {"list": ["x", 1]}
    assert request.cwd == str(tmp_path / "sub")
    assert request.secrets == {"TOKEN": "hidden"}
    assert request.briefs == {"a": {"status": "ok", "output": ["x", 1], "deliverable": "made.txt"}}


def test_an_expression_reads_the_environment_of_its_task(tmp_path: Path) -> None:
    task = BoundTask(
        id="b",
        command=CommandSpec(argv=(Literal("tool"), Expr("env.NAME"))),
        env=(("NAME", Concat((Literal("<"), Expr("params.who"), Literal(">")))),),
    )
    assert build(builder(tmp_path, task), task).command == {"argv": ["tool", "<you>"]}


def test_a_failed_need_has_a_status_and_no_output(tmp_path: Path) -> None:
    task = BoundTask(
        id="b",
        needs=(Need(task="a", mode="done"),),
        command=CommandSpec(argv=(Literal("tool"), Expr("tasks.a.status"))),
    )
    found = builder(tmp_path, task)
    request = build(found, task, a=NeedView(status="failed"))
    assert request.command == {"argv": ["tool", "failed"]}
    assert request.briefs == {"a": {"status": "failed"}}


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        (True, True),
        (False, False),
        (None, False),
        (0, False),
        (0.0, False),
        (2, True),
        ([], False),
        ([0], True),
        ({}, False),
        ("", False),
        (" ", False),
        ("false", False),
        ("False\n", False),
        ("true", True),
        ("no", True),
        ("0", True),
    ],
)
def test_what_a_condition_takes_for_true(tmp_path: Path, value: Any, holds: bool) -> None:
    task = BoundTask(id="b", needs=(Need(task="a"),), condition=Expr("tasks.a.output"))
    assert builder(tmp_path, task, {"a": value}).condition(task, {"a": NeedView(status="ok")}) is holds


def test_without_a_condition_a_task_runs(tmp_path: Path) -> None:
    task = BoundTask(id="b")
    assert builder(tmp_path, task).condition(task, {}) is True


def test_an_expression_that_fails_names_its_key(tmp_path: Path) -> None:
    task = BoundTask(id="b", command=CommandSpec(argv=(Expr("params.whom"),)))
    with pytest.raises(RenderError, match="`run` could not be evaluated: 'whom'"):
        build(builder(tmp_path, task), task)


@pytest.mark.parametrize("path", ["../out", "/etc/passwd", "a/../../out", "link/out"])
def test_an_output_file_stays_in_the_project(tmp_path: Path, path: str) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "link").symlink_to(tmp_path)
    task = BoundTask(id="b", output=OutputContract(source="file", path=Literal(path)))
    with pytest.raises(RenderError, match=r"`output\.path` leads out of the project"):
        build(builder(project, task), task)


def test_an_output_file_is_found_from_the_project_and_not_from_cwd(tmp_path: Path) -> None:
    task = BoundTask(
        id="b", cwd=Literal("sub"), output=OutputContract(source="file", path=Literal("out.json"))
    )
    assert build(builder(tmp_path, task), task).output_path == str(tmp_path / "out.json")


def test_the_key_tells_work_apart(tmp_path: Path) -> None:
    task = BoundTask(
        id="b",
        needs=(Need(task="a"),),
        command=CommandSpec(argv=(Literal("tool"), Expr("params.who"))),
    )
    ok = {"a": NeedView(status="ok")}

    def key(task: BoundTask, output: Any = 1, generation: int = 0) -> str:
        found = builder(tmp_path, task, {"a": output})
        return found.build(task, ok, run_id="r", generation=generation, attempt_no=1, scratch="").key

    plain = key(task)
    assert key(task) == plain
    assert key(replace(task, id="c")) != plain
    assert key(replace(task, env=(("X", Literal("1")),))) != plain
    assert key(replace(task, inputs=(("x", Literal(1)),))) != plain
    assert key(task, output="1") != plain
    assert key(task, generation=1) != plain


def test_every_request_knows_all_secrets_of_the_graph(tmp_path: Path) -> None:
    owner = BoundTask(id="b", needs=(Need(task="a"),), secrets=("TOKEN",))
    found = builder(tmp_path, owner, TOKEN="hidden")
    assert build(found, BoundTask(id="a")).secrets == {"TOKEN": "hidden"}


@pytest.mark.parametrize("path", ["a\0b", "\ud800"])
def test_a_path_that_cannot_exist_is_said(tmp_path: Path, path: str) -> None:
    task = BoundTask(id="b", output=OutputContract(source="file", path=Literal(path)))
    with pytest.raises(RenderError, match="no path that can exist"):
        build(builder(tmp_path, task), task)


def test_whether_somebody_reads_the_output(tmp_path: Path) -> None:
    reader = BoundTask(id="b", needs=(Need(task="a"),), condition=Expr("tasks.a.output"))
    found = builder(tmp_path, reader, {"a": 1})
    assert build(found, BoundTask(id="a")).output_used
    assert not build(found, reader, a=NeedView(status="ok")).output_used
