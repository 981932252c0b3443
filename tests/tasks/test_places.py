"""Places of expressions: when what stands there is evaluated."""

from __future__ import annotations

from typing import Any

import pytest

from metaensemble.tasks.places import When, argvs_in_task, places_in_graph, places_in_task

HOLE = "${{ x }}"


def whens(task: dict[str, Any]) -> dict[str, When]:
    return {".".join(map(str, place.path[2:])): place.when for place in places_in_task("a", task)}


@pytest.mark.parametrize(
    ("key", "when"),
    [
        ("run", When.RUN),
        ("with", When.RUN),
        ("reads", When.ITEM),
        ("writes", When.ITEM),
        ("timeout", When.BIND),
        ("needs", When.BIND),
        ("each", When.EACH),
        ("matrix", When.MATRIX),
        ("description", When.IGNORED),
        ("tags", When.NEVER),
    ],
)
def test_keys_of_tasks(key: str, when: When) -> None:
    assert whens({key: HOLE}) == {key: when}


def test_settings_are_fixed_before_the_run_and_members_are_like_tasks() -> None:
    members = [
        {"run": HOLE, "timeout": HOLE, "with": {"a": [HOLE]}, "brief": HOLE, "x-note": HOLE},
        {"writes": [HOLE], "pattern": {"refine": {"rounds": HOLE, "check": {"run": HOLE}}}},
    ]
    pattern = {"fanout": {"n": HOLE, "briefs": [HOLE], "members": members, "x-note": HOLE}}
    found = whens({"pattern": pattern})
    below = "pattern.fanout.members"
    assert found == {
        "pattern.fanout.n": When.BIND,
        "pattern.fanout.briefs.0": When.BIND,
        f"{below}.0.run": When.RUN,
        f"{below}.0.timeout": When.BIND,
        f"{below}.0.with.a.0": When.RUN,
        f"{below}.0.brief": When.BIND,
        f"{below}.1.writes.0": When.ITEM,
        f"{below}.1.pattern.refine.rounds": When.BIND,
        f"{below}.1.pattern.refine.check.run": When.RUN,
    }


def test_presets_know_parameters_only() -> None:
    written = {"patterns": {"mine": {"refine": {"rounds": HOLE, "check": {"run": HOLE, "timeout": HOLE}}}}}
    found = {place.path[3:]: (place.when, place.is_shell) for place in places_in_graph(written)}
    assert found == {
        ("rounds",): (When.GRAPH, False),
        ("check", "run"): (When.GRAPH, True),
        ("check", "timeout"): (When.GRAPH, False),
    }


def test_the_shell_text_of_members_is_told_apart() -> None:
    pattern = {"fanout": {"members": [{"run": HOLE, "env": {"A": HOLE}}, {"run": ["echo", HOLE]}]}}
    shell = {place.path[-2:]: place.is_shell for place in places_in_task("a", {"pattern": pattern})}
    assert shell == {(0, "run"): True, ("env", "A"): False, ("run", 1): False}


def test_argvs_of_members_and_their_members() -> None:
    inner = {"refine": {"check": {"run": ["test"]}}}
    task = {
        "run": ["own"],
        "pattern": {"fanout": {"members": [{"run": ["one"], "pattern": inner}, {"run": "text"}]}},
    }
    found = {argv[0]: path for path, argv in argvs_in_task(task)}
    assert found == {
        "own": ("run",),
        "one": ("pattern", "fanout", "members", 0, "run"),
        "test": ("pattern", "fanout", "members", 0, "pattern", "refine", "check", "run"),
    }
