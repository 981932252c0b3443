"""Expressions keep their meaning wherever they are evaluated."""

from __future__ import annotations

from dataclasses import replace

import pytest

from metaensemble.schemas.bound import BoundGraph, BoundTask, Member, PatternUse, SubGraph
from metaensemble.schemas.template import Concat, Expr, Given, Literal, Mapping, Sequence
from metaensemble.tasks.enclosing import enclosed, enclosed_source


@pytest.mark.parametrize(
    ("source", "there"),
    [
        ("tasks.a.output", "g.tasks.a.output"),
        ("tasks['a'].output ~ params.x", "g.tasks['a'].output ~ g.params.x"),
        ("params", "g.params"),
        ("'tasks.a' ~ tasks.a.output[params.n]", "'tasks.a' ~ g.tasks.a.output[g.params.n]"),
        (
            "tasks.a.outputs | map(attribute='tasks') | list",
            "g.tasks.a.outputs | map(attribute='tasks') | list",
        ),
        ("run.id ~ env.tasks ~ {'params': 1}", "run.id ~ env.tasks ~ {'params': 1}"),
        ("tasks.params.output.tasks", "g.tasks.params.output.tasks"),
    ],
)
def test_names_of_the_graph_get_its_name_in_front(source: str, there: str) -> None:
    assert enclosed_source(source, "g") == there


def test_every_template_of_a_task_is_reached_and_nothing_else() -> None:
    one, other = Expr("tasks.a.output"), Expr("g.tasks.a.output")
    nested = Concat((Literal("tasks.a.output"), Sequence((one, Mapping((("k", one),))))))
    there = Concat((Literal("tasks.a.output"), Sequence((other, Mapping((("k", other),))))))
    inner = BoundGraph(
        name="i", source="i", source_digest="", project="", tasks=(BoundTask(id="x", cwd=one),)
    )
    task = BoundTask(
        id="t",
        condition=one,
        inputs=(("x", nested),),
        body=SubGraph(graph=inner, given=(("p", one),)),
        pattern=PatternUse(
            name="p",
            settings={"members": [Member(task=BoundTask(id="t", cwd=one))], "of": {"n": one}},
            template=SubGraph(graph=inner),
        ),
        env=(("e", Given("output.tasks", (("output", one),))),),
        description="tasks.a.output",
    )
    found = enclosed(task, "g")
    assert found == replace(
        task,
        condition=other,
        inputs=(("x", there),),
        body=SubGraph(graph=inner, given=(("p", other),)),
        pattern=PatternUse(
            name="p",
            settings={"members": [Member(task=BoundTask(id="t", cwd=other))], "of": {"n": other}},
            template=SubGraph(graph=inner),
        ),
        env=(("e", Given("output.tasks", (("output", other),))),),
    )
    plain = BoundTask(id="t", cwd=Literal("tasks.a.output"))
    assert enclosed(plain, "g") is plain
