"""Members of patterns: which maps are some, and which of their keys are a task's."""

from __future__ import annotations

from typing import Any

import pytest

from metaensemble.schemas.task import Task
from metaensemble.tasks.members import MEMBER_KEYS, WORK, member_task, members_in

AT = ("tasks", "a", "pattern")


def places(pattern: Any) -> list[tuple[str | int, ...]]:
    return [path[len(AT) :] for path, _ in members_in(pattern, AT)]


def test_maps_in_a_list_are_members_whatever_they_say() -> None:
    assert places({"fanout": {"members": [{"run": "a"}, {}, {"rum": "b"}]}}) == [
        ("fanout", "members", 0),
        ("fanout", "members", 1),
        ("fanout", "members", 2),
    ]


@pytest.mark.parametrize("key", sorted(WORK | {"pattern"}))
def test_a_map_with_work_is_a_member_wherever_it_stands(key: str) -> None:
    assert places({"refine": {"check": {key: "x"}}}) == [("refine", "check")]
    assert places({"consensus": {"on_tie": {"escalate": {key: "x"}}}}) == [
        ("consensus", "on_tie", "escalate")
    ]


def test_what_is_no_member() -> None:
    assert places("solo") == []
    assert places({"fanout": {"n": 3, "briefs": ["a"], "waves": [1, 2]}}) == []
    assert places({"consensus": {"rule": {"quorum": 2}, "on_tie": {"escalate": {"rnu": "x"}}}}) == []
    assert places({"fanout": {"run": "a setting of that name, and no member"}}) == []
    assert places({"fanout": None}) == []
    assert places({"fanout": {}, "solo": {"check": {"run": "x"}}}) == []


def test_members_of_an_inner_pattern_are_found_and_members_of_members_are_not() -> None:
    inner = {"refine": {"check": {"run": "x"}}}
    assert places({"fanout": {"n": 2, "of": inner}}) == [("fanout", "of", "refine", "check")]
    assert places({"fanout": {"members": [{"pattern": inner}]}}) == [("fanout", "members", 0)]


def test_the_keys_of_members_are_keys_of_tasks() -> None:
    known = {field.alias or name for name, field in Task.model_fields.items()}
    assert known >= MEMBER_KEYS
    assert MEMBER_KEYS.isdisjoint({"needs", "if", "each", "matrix", "repeat", "approve", "tags"})


def test_a_member_with_work() -> None:
    task, wrong = member_task({"run": "x", "name": "one", "brief": "Look", "timeout": "10s"})
    assert wrong == []
    assert task is not None
    assert (task.run, task.timeout) == ("x", "10s")


def test_a_member_without_work_says_nothing_of_it() -> None:
    task, wrong = member_task({"timeout": "10s"})
    assert wrong == []
    assert task is not None
    assert task.run is None
    assert task.model_fields_set == {"timeout"}


def test_what_is_wrong_with_its_shape_is_told_with_its_place() -> None:
    task, wrong = member_task({"run": "x", "timeout": "10x", "retry": "often"})
    assert task is None
    assert {one["loc"][0] for one in wrong} == {"timeout", "retry"}
    task, wrong = member_task({"run": "x", "python": "m:f"})
    assert task is None
    assert len(wrong) == 1
