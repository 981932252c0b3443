from __future__ import annotations

from typing import Any

import pytest

from metaensemble.schemas.later import GRAPH, TASK, later_in_graph, later_in_task
from support.graphs import DESIGN, FULL

BUILT = [
    "run",
    "needs",
    "if",
    "tags",
    "with",
    "env",
    "secrets",
    "cwd",
    "output",
    "writes",
    "runtime",
    "timeout",
    "idle_timeout",
    "retry",
    "pool",
    "priority",
    "effects",
    "on_lost",
    "description",
    "deliverables",
]


def keys_of(task: dict[str, Any]) -> list[str]:
    return [key.key for key in later_in_task(("tasks", "a"), task)]


def test_what_is_built_is_not_refused() -> None:
    task = {
        "run": "x",
        "needs": {"b": "done"},
        "deliverables": [{"path": "a", "schema": {}}],
        "isolation": "none",
        **{key: "x" for key in BUILT if key not in ("run", "needs", "deliverables")},
    }
    assert keys_of(task) == []


@pytest.mark.parametrize("key", sorted({entry.path[0] for entry in TASK} - {"deliverables", "isolation"}))
def test_each_later_key_is_refused_at_its_place(key: str) -> None:
    (found,) = later_in_task(("tasks", "a"), {"run": "x", key: "y"})
    assert (found.key, found.where) == (key, ("tasks", "a", key))


def test_only_some_values_are_refused() -> None:
    assert keys_of({"isolation": "worktree"}) == ["isolation"]


def test_inner_keys_are_refused_where_they_stand() -> None:
    task = {
        "deliverables": [{"path": "a"}, {"path": "b", "must_export": ["f"], "coverage": 80}],
    }
    assert [(key.key, key.where[2:]) for key in later_in_task(("tasks", "a"), task)] == [
        ("deliverables.must_export", ("deliverables", 1, "must_export")),
        ("deliverables.coverage", ("deliverables", 1, "coverage")),
    ]


def test_keys_outside_the_tasks() -> None:
    document = {
        "budget": {"usd": 1},
        "patterns": {},
        "defaults": {"timeout": "1m", "cache": "auto", "tier": "opus"},
    }
    assert [(key.key, key.where) for key in later_in_graph(document)] == [
        ("budget", ("budget",)),
        ("defaults.tier", ("defaults", "tier")),
    ]


def test_the_examples() -> None:
    assert [key.key for key in later_in_graph(DESIGN)] == ["budget"]
    assert later_in_task(("tasks", "changed"), DESIGN["tasks"]["changed"]) == ()
    refused = {
        key.key for name, task in FULL["tasks"].items() for key in later_in_task(("tasks", name), task)
    }
    in_defaults = {key.key.removeprefix("defaults.") for key in later_in_graph(FULL)}
    assert {entry.name for entry in TASK} - refused <= in_defaults
    assert {entry.name for entry in GRAPH} - {"defaults.isolation"} == {
        key.key for key in later_in_graph(FULL)
    }
