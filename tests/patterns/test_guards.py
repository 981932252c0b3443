"""What patterns refuse, and what they must not refuse; the texts of the errors are in the corpus."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from metaensemble.patterns.cascade import Cascade
from metaensemble.patterns.expansion import expanded
from metaensemble.patterns.families import work_key
from metaensemble.patterns.protocol import PatternProblem, check_all, problem
from metaensemble.patterns.registry import find
from metaensemble.patterns.votes import check_vote_field
from metaensemble.schemas.bound import (
    BoundGraph,
    BoundTask,
    CallableSpec,
    CommandSpec,
    Member,
    OutputContract,
    PatternUse,
)
from metaensemble.schemas.errors import BadSetting, InputError, InputTaken, PatternTooLarge, TooFewMembers
from metaensemble.schemas.template import Literal


def task(**more: Any) -> BoundTask:
    return BoundTask(id="t", **{"command": CommandSpec(shell="./look.sh"), **more})


def expansion(one: BoundTask) -> tuple[BoundTask, list[InputError]]:
    graph = BoundGraph(name="g", source="/g.yaml", source_digest="", project="/", tasks=(one,))
    made, errors = expanded(graph, find)
    return made.tasks[0], errors


def using(name: str, **settings: Any) -> PatternUse:
    return PatternUse(name=name, settings=settings, where=("tasks", "t", "pattern", name))


def fanouts(*numbers: int) -> dict[str, Any]:
    n, *rest = numbers
    return {"fanout": {"n": n, **({"of": fanouts(*rest)} if rest else {})}}


def pieces_of(one: BoundTask) -> tuple[BoundTask, ...]:
    assert one.body is not None
    return one.body.graph.tasks


def test_a_fanout_in_a_fanout_has_both_briefs() -> None:
    made, errors = expansion(task(pattern=using("fanout", n=2, of=fanouts(2))))
    assert errors == []
    inner = [dict(piece.inputs)["brief"] for one in pieces_of(made)[:2] for piece in pieces_of(one)[:2]]
    briefs = [item.value for item in inner if isinstance(item, Literal)]
    assert len(set(briefs)) == 4
    assert [text.count("\n") for text in briefs] == [1, 1, 1, 1]


def test_an_input_of_the_task_is_never_hidden() -> None:
    _, errors = expansion(task(inputs=(("brief", Literal("mine")),), pattern=using("fanout", n=2)))
    assert [type(error) for error in errors] == [InputTaken]


@pytest.mark.parametrize("n", [100_001, 10**18])
def test_a_huge_number_makes_nothing(n: int) -> None:
    made, errors = expansion(task(pattern=using("fanout", n=n)))
    assert [type(error) for error in errors] == [PatternTooLarge]
    assert made.body is None


def test_numbers_that_multiply_are_told_once() -> None:
    _, errors = expansion(task(pattern=using("fanout", n=2, of=fanouts(400, 400))))
    assert [type(error) for error in errors] == [PatternTooLarge]


def test_copies_with_the_same_mistake_are_told_once() -> None:
    _, errors = expansion(task(pattern=using("fanout", n=3, of=fanouts(1))))
    assert [(type(error), error.where[-3:], error.task) for error in errors] == [
        (TooFewMembers, ("of", "fanout", "n"), "t")
    ]


def test_a_callable_is_the_same_wherever_it_runs() -> None:
    one = BoundTask(id="a", kind="python", python=CallableSpec(module="m", function="f"))
    two = BoundTask(id="b", kind="python", python=CallableSpec(module="m", function="f", where="thread"))
    other = BoundTask(id="a", kind="python", python=CallableSpec(module="m", function="g"))
    assert work_key(one) == work_key(two) != work_key(other)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"v": {"enum": [1, 2]}}},
        {"properties": {"v": True}},
        {"type": ["object", "null"], "properties": {"v": {}}},
        {"$ref": "#/$defs/a", "$defs": {"a": {}}},
        {"type": "object", "allOf": [{"properties": {"v": {}}}]},
        {"type": "object", "required": ["v"]},
        {"properties": {"v": {"type": ["array", "string"]}}},
        {"properties": {"v": {"$ref": "#/$defs/v"}}},
        True,
    ],
)
def test_a_schema_that_may_have_the_field_will_do(schema: Any) -> None:
    check_vote_field(task(output=OutputContract(form="json", schema=schema)), "v", ("vote",))


def refusal(check: Callable[[], object]) -> PatternProblem:
    with pytest.raises(PatternProblem) as refused:
        check()
    return refused.value


@pytest.mark.parametrize(
    "schema",
    [
        None,
        {"type": "object"},
        {"type": "object", "properties": {"w": {}}},
        {"type": "string"},
        {"properties": {"v": {"type": "array"}}},
        {"properties": {"v": {"type": ["object", "null"]}}},
    ],
)
def test_a_schema_without_a_field_that_can_be_counted(schema: Any) -> None:
    one = task(output=OutputContract(form="json", schema=schema))
    assert refusal(lambda: check_vote_field(one, "v", ("vote",))).errors[0][1] == ("vote",)


def test_a_schema_in_a_file_that_was_not_read_may_have_it() -> None:
    check_vote_field(task(output=OutputContract(form="json", schema_file="s.json")), "v", ())


def test_steps_of_a_cascade_come_after_earlier_waves() -> None:
    steps = [Member(task=task(command=CommandSpec(shell=f"./{n}.sh")), has_work=True) for n in range(5)]
    check = Member(task=task(command=CommandSpec(shell="./check.sh")), has_work=True)
    model: Any = Cascade.settings
    made = Cascade().expand(task(), model(steps=steps, check=check, waves=[1, 2])).pieces
    after = {one.id: [(need.task, need.mode) for need in one.needs] for one in made}
    first = [("step-1", "done"), ("check-1", "done")]
    second = [("step-2", "done"), ("check-2", "done"), ("step-3", "done"), ("check-3", "done")]
    assert after["step-1"] == []
    assert after["step-2"] == after["step-3"] == first
    assert after["step-4"] == [*first, *second]
    assert after["step-5"] == [*first, *second, ("step-4", "done"), ("check-4", "done")]
    assert [one.id for one in made if not one.held] == ["step-1", "check-1", "result"]


def test_all_checks_are_made() -> None:
    def wrong(name: str) -> Callable[[], object]:
        def check() -> None:
            raise problem(BadSetting, name, at=(name,))

        return check

    found = refusal(lambda: check_all(wrong("a"), lambda: None, wrong("b")))
    assert [(error.message, at) for error, at in found.errors] == [("a", ("a",)), ("b", ("b",))]
    check_all(lambda: None)
