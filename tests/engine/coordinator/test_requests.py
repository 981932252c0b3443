"""What a runtime is given: rendered text, paths inside the project, and a key that tells work apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.compile import node_specs
from metaensemble.engine.coordinator.growing import Instances
from metaensemble.engine.coordinator.outputs import Outputs
from metaensemble.engine.coordinator.requests import RenderError, RequestBuilder
from metaensemble.engine.coordinator.results import Results
from metaensemble.engine.runtimes.protocol import Assertion, AttemptRequest
from metaensemble.engine.scheduler.graph import Limits
from metaensemble.schemas.bound import (
    BoundGraph,
    BoundTask,
    CommandSpec,
    DeliverableSpec,
    Need,
    OutputContract,
)
from metaensemble.schemas.template import Concat, Expr, Literal
from support.play import FAIL, OK, Player


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


class Builder:
    """A request builder over a small graph: the task, and whatever it needs, which has ended.

    Needs that have an output in `outputs`, or a deliverable, ended ok; the others failed.
    """

    def __init__(
        self,
        project: Path,
        task: BoundTask,
        outputs: Mapping[str, Any] | None = None,
        deliverables: Mapping[str, str] | None = None,
        **environ: str,
    ) -> None:
        needed = tuple(BoundTask(id=need.task) for need in task.needs)
        graph = BoundGraph(
            name="g",
            source=str(project / "g.yaml"),
            source_digest="0" * 64,
            project=str(project),
            params=(("who", "you"),),
            tasks=(*needed, task),
        )
        kept = Outputs(NoBlobs())
        player = Player(node_specs(graph), Limits(maximum=9, pools={})).open()
        for one in needed:
            is_ok = one.id in (outputs or {})
            player.finish(one.id, OK if is_ok else FAIL)
            if is_ok:
                kept.keep(one.id, (outputs or {})[one.id])
        self.instances = Instances(graph)
        self.requests = RequestBuilder(
            graph,
            dag_run_id="the-dag-run",
            evaluate=look_up,
            results=Results(player.scheduler, self.instances, kept, deliverables or {}),
            environ=environ,
            spec_digests={one.id: one.id for one in graph.tasks},
        )

    def build(
        self, task: str = "b", *, generation: int = 0, rewinds: int = 0, **names: Any
    ) -> AttemptRequest:
        instance = replace(self.instances[task], names=names)
        return self.requests.build(
            instance,
            run_id="r",
            generation=generation,
            attempt_no=1,
            rewinds=rewinds,
            scratch="/scratch/r",
        )

    def condition(self, task: str = "b") -> bool:
        return self.requests.condition(self.instances[task])


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
    found = Builder(tmp_path, task, {"a": ["x", 1]}, {"a": "made.txt"}, TOKEN="hidden", OTHER="not named")
    request = found.build()
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
    assert Builder(tmp_path, task).build().command == {"argv": ["tool", "<you>"]}


def test_a_failed_need_has_a_status_and_no_output(tmp_path: Path) -> None:
    task = BoundTask(
        id="b",
        needs=(Need(task="a", mode="done"),),
        command=CommandSpec(argv=(Literal("tool"), Expr("tasks.a.status"))),
    )
    request = Builder(tmp_path, task).build()
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
    assert Builder(tmp_path, task, {"a": value}).condition() is holds


def test_without_a_condition_a_task_runs(tmp_path: Path) -> None:
    task = BoundTask(id="b")
    assert Builder(tmp_path, task).condition() is True


def test_an_expression_that_fails_names_its_key(tmp_path: Path) -> None:
    task = BoundTask(id="b", command=CommandSpec(argv=(Expr("params.whom"),)))
    with pytest.raises(RenderError, match="`run` could not be evaluated: 'whom'"):
        Builder(tmp_path, task).build()


@pytest.mark.parametrize("path", ["../out", "/etc/passwd", "a/../../out", "link/out", "link/../out"])
def test_an_output_file_stays_in_the_project(tmp_path: Path, path: str) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "link").symlink_to(tmp_path)
    task = BoundTask(id="b", output=OutputContract(source="file", path=Literal(path)))
    with pytest.raises(RenderError, match=r"`output\.path` leads out of the project"):
        Builder(project, task).build()


def test_an_output_file_is_found_from_the_project_and_not_from_cwd(tmp_path: Path) -> None:
    task = BoundTask(
        id="b", cwd=Literal("sub"), output=OutputContract(source="file", path=Literal("out.json"))
    )
    assert Builder(tmp_path, task).build().output_path == str(tmp_path / "out.json")


def test_the_key_tells_work_apart(tmp_path: Path) -> None:
    task = BoundTask(
        id="b",
        needs=(Need(task="a"),),
        command=CommandSpec(argv=(Literal("tool"), Expr("params.who"))),
    )

    def key(task: BoundTask, output: Any = 1, **more: Any) -> str:
        return Builder(tmp_path, task, {"a": output}).build(task.id, **more).key

    plain = key(task)
    assert key(task) == plain
    assert key(replace(task, id="c")) != plain
    assert key(replace(task, env=(("X", Literal("1")),))) != plain
    assert key(replace(task, inputs=(("x", Literal(1)),))) != plain
    assert key(task, output="1") != plain
    assert key(task, rewinds=1) != plain


def test_another_try_of_the_same_work_has_the_same_key(tmp_path: Path) -> None:
    found = Builder(tmp_path, BoundTask(id="b"))
    assert found.build(generation=1).key == found.build(generation=0).key


def test_each_round_is_work_of_its_own(tmp_path: Path) -> None:
    found = Builder(tmp_path, BoundTask(id="b"))
    assert len({found.build().key, found.build(round=1).key, found.build(round=2).key}) == 3


def test_every_request_knows_all_secrets_of_the_graph(tmp_path: Path) -> None:
    owner = BoundTask(id="b", needs=(Need(task="a"),), secrets=("TOKEN",))
    assert Builder(tmp_path, owner, TOKEN="hidden").build("a").secrets == {"TOKEN": "hidden"}


@pytest.mark.parametrize("path", ["a\0b", "\ud800"])
def test_a_path_that_cannot_exist_is_said(tmp_path: Path, path: str) -> None:
    task = BoundTask(id="b", output=OutputContract(source="file", path=Literal(path)))
    with pytest.raises(RenderError, match="no path that can exist"):
        Builder(tmp_path, task).build()


def test_whether_somebody_reads_the_output(tmp_path: Path) -> None:
    reader = BoundTask(id="b", needs=(Need(task="a"),), condition=Expr("tasks.a.output"))
    found = Builder(tmp_path, reader, {"a": 1})
    assert found.build("a").output_used
    assert not found.build("b").output_used


def test_what_the_work_is_held_to_is_rendered(tmp_path: Path) -> None:
    task = BoundTask(
        id="b",
        needs=(Need(task="a"),),
        command=CommandSpec(shell="make"),
        checks=(
            CommandSpec(shell='test "${ME_X_1}"', bindings=(("ME_X_1", Expr("tasks.a.output")),)),
            CommandSpec(argv=(Literal("test"), Expr("params.who"))),
        ),
        acceptance=(Concat((Literal("says "), Expr("tasks.a.output"))),),
        quality="reask",
        deliverables=(
            DeliverableSpec(path=Literal("a.py"), must_export=("f",)),
            DeliverableSpec(path=Literal("b.py")),
        ),
    )
    request = Builder(tmp_path, task, {"a": 7}).build()
    assert request.checks == (
        {"shell": 'test "${ME_X_1}"', "env": {"ME_X_1": "7"}},
        {"argv": ["test", "you"]},
    )
    assert (request.acceptance, request.quality) == (("says 7",), "reask")
    assert request.assertions == (Assertion(path=str(tmp_path / "a.py"), must_export=("f",)),)


def test_what_a_check_says_is_part_of_the_key(tmp_path: Path) -> None:
    def key(text: str) -> str:
        check = CommandSpec(shell='test "${ME_X_1}"', bindings=(("ME_X_1", Expr("item")),))
        task = BoundTask(id="b", command=CommandSpec(shell="make"), checks=(check,))
        return Builder(tmp_path, task).build(item=text).key

    assert key("1") == key("1") != key("2")
