from __future__ import annotations

from typing import Any

import pytest

from metaensemble.schemas.later import GRAPH, TASK, later_in_graph, later_in_task
from metaensemble.schemas.task import Task
from support.graphs import DESIGN, FULL


def keys_of(task: dict[str, Any]) -> list[str]:
    return [key.key for key in later_in_task(("tasks", "a"), task)]


def test_what_is_built_is_not_refused() -> None:
    known = {field.alias or name for name, field in Task.model_fields.items()}
    refused = {entry.path[0] for entry in TASK}
    assert refused == {"budget", "estimate", "assume_price", "overshoot", "on_window_reset"}
    assert keys_of(dict.fromkeys(known - refused, "x")) == []


@pytest.mark.parametrize("key", sorted({entry.path[0] for entry in TASK}))
def test_each_later_key_is_refused_at_its_place(key: str) -> None:
    (found,) = later_in_task(("tasks", "a"), {"run": "x", key: "y"})
    assert (found.key, found.where) == (key, ("tasks", "a", key))


def test_keys_outside_the_tasks() -> None:
    document = {
        "budget": {"usd": 1},
        "patterns": {},
        "defaults": {"timeout": "1m", "cache": "auto", "tier": "opus", "budget": {"usd": 1}},
    }
    assert [(key.key, key.where) for key in later_in_graph(document)] == [
        ("budget", ("budget",)),
        ("defaults.budget", ("defaults", "budget")),
    ]


def test_the_examples() -> None:
    assert [key.key for key in later_in_graph(DESIGN)] == ["budget"]
    assert later_in_task(("tasks", "changed"), DESIGN["tasks"]["changed"]) == ()
    refused = {
        key.key for name, task in FULL["tasks"].items() for key in later_in_task(("tasks", name), task)
    }
    in_defaults = {key.key.removeprefix("defaults.") for key in later_in_graph(FULL)}
    assert {entry.name for entry in TASK} - refused <= in_defaults
    assert {entry.name for entry in GRAPH} == {key.key for key in later_in_graph(FULL)}
