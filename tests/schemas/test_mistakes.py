"""Likely mistakes: one error each, at its place, with the line that was meant."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from metaensemble.schemas.task_graph import TaskGraph


def problems(document: object) -> list[dict[str, Any]]:
    with pytest.raises(ValidationError) as caught:
        TaskGraph.model_validate(document)
    return [dict(error) for error in caught.value.errors(include_url=False)]


IN_A_TASK: list[tuple[dict[str, Any], str, tuple[str | int, ...], str]] = [
    ({"run": "x", "python": "a:b"}, "two_works", ("python",), "make two tasks"),
    ({}, "no_work", (), "give it one of `run`"),
    ({"run": "x", "timeout": 600}, "bad_duration", ("timeout",), "write `600s` for seconds or `600m`"),
    ({"run": "x", "timeout": "10"}, "bad_duration", ("timeout",), "write `10s`"),
    ({"run": "x", "timeout": "10 min"}, "bad_duration", ("timeout",), "write `10m`"),
    ({"run": "x", "timeout": "2 hours"}, "bad_duration", ("timeout",), "write `2h`"),
    ({"run": "x", "timeout": "30m1h"}, "bad_duration", ("timeout",), "such as `90s`"),
    ({"run": "x", "timeout": None}, "bad_duration", ("timeout",), "such as `90s`"),
    ({"run": "x", "timeout": "${{ a }}m"}, "expression_expected", ("timeout",), "one pair of braces"),
    ({"run": "x", "retry": 3}, "retry_map", ("retry",), "write `retry: {max: 3}`"),
    ({"run": "x", "retry": {"backoff": "1m..2s"}}, "bad_backoff", ("retry", "backoff"), "`2s..1m`"),
    ({"run": "x", "retry": {"backoff": "2s-1m"}}, "bad_backoff", ("retry", "backoff"), "write `2s..1m`"),
    ({"run": "x", "retry": {"backoff": 2}}, "bad_backoff", ("retry", "backoff"), "such as `2s..1m`"),
    ({"run": "x", "retry": {"on": "timeout"}}, "list_expected", ("retry", "on"), "write a list: `[timeout]`"),
    ({"run": "x", "needs": "b"}, "needs_list", ("needs",), "write a list: `[b]`"),
    ({"run": "x", "needs": "b, c"}, "needs_list", ("needs",), "write a list: `[b, c]`"),
    ({"run": "x", "needs": {"b": "OK"}}, "bad_need", ("needs", "b"), "did you mean `ok`?"),
    ({"run": "x", "needs": {"b": True}}, "bad_need", ("needs", "b"), "`{ok: 2/3}`"),
    ({"run": "x", "needs": {"b": {"ok": "3/2"}}}, "bad_share", ("needs", "b", "ok"), "such as `2/3`"),
    ({"run": "x", "needs": {"b": {"ok": 0.5}}}, "bad_share", ("needs", "b", "ok"), "such as `2/3`"),
    ({"run": "x", "needs": ["b", "b"]}, "repeated_need", ("needs", 1), "drop one"),
    ({"run": "x", "needs": ["b c"]}, "bad_task_id", ("needs", 0), "`b-c`"),
    ({"run": "x", "if": "params.x > 1"}, "expression_expected", ("if",), "write `${{ params.x > 1 }}`"),
    ({"run": "x", "if": "{{ params.x }}"}, "expression_expected", ("if",), "write `${{ params.x }}`"),
    ({"run": "x", "if": "${ params.x }"}, "expression_expected", ("if",), "write `${{ params.x }}`"),
    ({"run": "x", "if": True}, "expression_expected", ("if",), "write `${{ true }}`"),
    ({"run": "x", "if": "${{ a }} and ${{ b }}"}, "expression_expected", ("if",), "one pair of braces"),
    ({"run": "x", "each": ["a"]}, "expression_expected", ("each",), "use `matrix`"),
    ({"run": "x", "output": "json"}, "output_map", ("output",), "write `output: {as: json}`"),
    ({"run": "x", "output": "out.txt"}, "output_map", ("output",), "{from: file, path: out.txt}"),
    ({"run": "x", "output": {"path": "a"}}, "output_path", ("output", "path"), "add `from: file`"),
    ({"run": "x", "output": {"from": "file"}}, "output_path", ("output", "from"), "name the file"),
    ({"run": "x", "output": {"schema": 3}}, "bad_schema", ("output", "schema"), "name a file"),
    ({"run": ["sleep", 1]}, "bad_word", ("run", 1), 'quote it: `"1"`'),
    ({"run": ["sleep", True]}, "bad_word", ("run", 1), 'quote it: `"true"`'),
    ({"run": ["sleep", None]}, "bad_word", ("run", 1), "in quotes"),
    ({"run": {"x": 1}}, "bad_command", ("run",), "text for `sh -c`"),
    ({"run": None}, "bad_command", ("run",), "text for `sh -c`"),
    ({"run": "x", "prompt": "hi"}, "key_without", ("prompt",), "nothing beside `run`"),
    ({"run": "x", "in": "thread"}, "key_without", ("in",), "nothing beside `run`"),
    ({"run": "x", "as": "file"}, "key_without", ("as",), "dynamic fan-out"),
    ({"run": "x", "include": [{"a": 1}]}, "key_without", ("include",), "matrix"),
    ({"python": "steps.run"}, "bad_callable", ("python",), "`steps:run`"),
    ({"run": "x", "pattern": {}}, "bad_pattern", ("pattern",), "one level deeper"),
    ({"run": "x", "pattern": {"a": {}, "b": {}}}, "bad_pattern", ("pattern",), "one level deeper"),
    ({"run": "x", "pattern": {"consensus": 3}}, "bad_pattern", ("pattern",), "`pattern: consensus`"),
    ({"run": "x", "matrix": {"include": [{"a": 1}]}}, "matrix_cells", ("matrix", "include"), "one level up"),
    ({"run": "x", "matrix": {"py": 3}}, "bad_axis", ("matrix", "py"), "write `[3]`"),
    ({"run": "x", "secrets": "TOKEN"}, "list_expected", ("secrets",), "write a list: `[TOKEN]`"),
    ({"run": "x", "tags": [3]}, "bad_name", ("tags", 0), 'quote it: `"3"`'),
    ({"run": "x", "runtime": "my runtime"}, "bad_name", ("runtime",), "write `my-runtime`"),
    ({"run": "x", "env": {"A": [1]}}, "bad_scalar", ("env", "A"), "`with`"),
    ({"run": "x", "env": {"A-B": "1"}}, "bad_name", ("env", "A-B", "[key]"), "`A_B`"),
    ({"run": "x", "budget": {}}, "empty", ("budget",), "write `budget: {"),
    ({"run": "x", "budget": {"tokens": "400K"}}, "bad_tokens", ("budget", "tokens"), "write `400k`"),
    ({"run": "x", "budget": {"tokens": -1}}, "bad_tokens", ("budget", "tokens"), "such as `400k`"),
    ({"run": "x", "budget": 3}, "map_expected", ("budget",), "write `budget: {"),
]


@pytest.mark.parametrize(("task", "slug", "place", "hint"), IN_A_TASK)
def test_a_mistake_in_a_task(
    task: dict[str, Any], slug: str, place: tuple[str | int, ...], hint: str
) -> None:
    (found,) = problems({"tasks": {"a": task}})
    assert (found["type"], found["loc"]) == (f"me.{slug}", ("tasks", "a", *place))
    assert hint in found["ctx"]["hint"]
    assert found["msg"] == found["ctx"]["message"]
    assert found["msg"][0] not in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    assert not found["msg"].endswith(".")


GOOD = {"a": {"run": "true"}}
AT_THE_TOP: list[tuple[object, str, tuple[str | int, ...], str]] = [
    ({"tasks": {"1a": {"run": "x"}}}, "bad_task_id", ("tasks", "1a", "[key]"), "`_1a`"),
    ({"tasks": {"a b": {"run": "x"}}}, "bad_task_id", ("tasks", "a b", "[key]"), "`a-b`"),
    ({"tasks": {"a": "echo hi"}}, "task_map", ("tasks", "a"), "write `{run: echo hi}`"),
    ({"tasks": {"a": ["echo", "hi"]}}, "task_map", ("tasks", "a"), "write `{run: [echo, hi]}`"),
    ({"tasks": {"a": None}}, "map_expected", ("tasks", "a"), "write `{run: echo hello}`"),
    ({"tasks": [{"id": "a"}]}, "tasks_map", ("tasks",), "the id comes first"),
    ({"tasks": None}, "tasks_map", ("tasks",), "write a map"),
    ({"tasks": {}}, "empty", ("tasks",), "at least one"),
    ({"tasks": {"x-a": 1}}, "empty", ("tasks",), "at least one"),
    ([1], "map_expected", (), "write `tasks: {"),
    ("hello", "map_expected", (), "write `tasks: {"),
    (None, "map_expected", (), "write `tasks: {"),
    ({"version": 2, "tasks": GOOD}, "bad_version", ("version",), "reads version 1"),
    ({"version": "1", "tasks": GOOD}, "bad_version", ("version",), "write `version: 1`"),
    ({"version": True, "tasks": GOOD}, "bad_version", ("version",), "write `version: 1`"),
    ({"params": {"n": 3}, "tasks": GOOD}, "param_map", ("params", "n"), "{type: integer, default: 3}"),
    ({"params": {"n": "string"}, "tasks": GOOD}, "param_map", ("params", "n"), "write `{type: string}`"),
    ({"params": {"a-b": {}}, "tasks": GOOD}, "bad_name", ("params", "a-b", "[key]"), "`a_b`"),
    (
        {"params": {"n": {"type": "path", "minimum": 1}}, "tasks": GOOD},
        "param_limit",
        ("params", "n", "minimum"),
        "`type: integer`",
    ),
    (
        {"params": {"n": {"type": "integer", "minimum": 3, "maximum": 1}}, "tasks": GOOD},
        "param_limit",
        ("params", "n", "minimum"),
        "no value",
    ),
    ({"params": {"n": {"pattern": "["}}, "tasks": GOOD}, "bad_pattern_text", ("params", "n", "pattern"), ""),
    ({"concurrency": 3, "tasks": GOOD}, "concurrency_map", ("concurrency",), "{max: 3}"),
    ({"name": " a\nb", "tasks": GOOD}, "bad_line", ("name",), "write `a b`"),
    ({"name": 3, "tasks": GOOD}, "bad_line", ("name",), 'quote it: `"3"`'),
]


@pytest.mark.parametrize(("document", "slug", "place", "hint"), AT_THE_TOP)
def test_a_mistake_at_the_top(document: object, slug: str, place: tuple[str | int, ...], hint: str) -> None:
    (found,) = problems(document)
    assert (found["type"], found["loc"]) == (f"me.{slug}", place)
    assert hint in (found["ctx"]["hint"] or "")


def test_all_mistakes_are_told_at_once() -> None:
    document = {
        "concurrency": 3,
        "tasks": {
            "a": {"run": "x", "python": "a:b", "timeout": 5, "colour": "red"},
            "b": {"if": "x"},
            "c d": {},
        },
    }
    found = {(error["type"], error["loc"]) for error in problems(document)}
    assert found == {
        ("me.concurrency_map", ("concurrency",)),
        ("me.two_works", ("tasks", "a", "python")),
        ("me.bad_duration", ("tasks", "a", "timeout")),
        ("extra_forbidden", ("tasks", "a", "colour")),
        ("me.no_work", ("tasks", "b")),
        ("me.expression_expected", ("tasks", "b", "if")),
        ("me.bad_task_id", ("tasks", "c d", "[key]")),
        ("me.no_work", ("tasks", "c d")),
    }
