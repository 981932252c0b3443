from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest
from jsonschema import Draft202012Validator

from metaensemble.schemas.describe import Entry, describe_key
from metaensemble.schemas.errors import InputError
from metaensemble.schemas.errors.schema_path import UnknownSchemaPath
from metaensemble.schemas.plain_types import as_written
from metaensemble.schemas.shape import known_keys, task_graph_schema


def every_path(entry: Entry) -> Iterator[str]:
    for key in entry.keys:
        yield key.path
        yield from every_path(describe_key(key.path))


@pytest.mark.parametrize(
    "path", ["", "tasks", "tasks.retry", "tasks.output.as", "params", "tasks.cache", "tasks.needs", "budget"]
)
def test_the_text(path: str, golden: Callable[[str, str], None]) -> None:
    golden(f"schema/{path or 'top'}.txt", describe_key(path).text())


def test_the_json_form(golden: Callable[[str, str], None]) -> None:
    text = json.dumps(describe_key("tasks.retry").to_json(), indent=2, ensure_ascii=False)
    golden("schema/tasks.retry.json", text + "\n")


def test_every_key_can_be_asked_for() -> None:
    paths = list(every_path(describe_key()))
    assert len(paths) > 90
    for path in paths:
        entry = describe_key(path)
        assert (entry.path, bool(entry.meaning), bool(entry.type)) == (path, True, True)
        assert json.loads(json.dumps(entry.to_json()))["path"] == path
        assert all(len(line) <= 88 for line in entry.text().splitlines()), path


@pytest.mark.parametrize(
    ("path", "same"),
    [
        ("tasks.build.retry.max", "tasks.retry.max"),
        ("tasks.*.retry", "tasks.retry"),
        ("tasks.<id>.run", "tasks.run"),
        ("deliverables", None),
        ("tasks.deliverables.0.path", "tasks.deliverables.path"),
        ("params.voters.type", "params.type"),
        (" tasks.retry. ", "tasks.retry"),
    ],
)
def test_names_of_ones_own_may_stand_in_a_path(path: str, same: str | None) -> None:
    if same is None:
        with pytest.raises(UnknownSchemaPath):
            describe_key(path)
    else:
        assert describe_key(path) == describe_key(same)


@pytest.mark.parametrize(
    ("path", "hint"),
    [
        ("tasks.rerty", "did you mean `retry`?"),
        ("retry", "did you mean `defaults.retry` or `tasks.retry`?"),
        ("tasks.retry.foo", "its keys are `max`, `backoff` and `on`"),
        ("tasks.timeout.x", "ask for `tasks.timeout` itself"),
        ("blah", "its keys are `version`, `name`"),
    ],
)
def test_an_unknown_path(path: str, hint: str) -> None:
    with pytest.raises(InputError) as caught:
        describe_key(path)
    assert caught.value.code == "ME550"
    assert hint in (caught.value.hint or "")


def test_what_this_version_refuses_is_said() -> None:
    assert "`run` refuses it" in describe_key("tasks.budget").text()
    assert not describe_key("tasks.budget").to_json()["built"]
    assert describe_key("tasks.budget").to_json()["refused"] == "all"
    assert describe_key("tasks.isolation").to_json()["built"]
    assert describe_key("tasks.cache").to_json()["refused"] is None


def test_known_keys_follow_a_place_in_a_document() -> None:
    assert known_keys(("tasks", "build", "retry")) == ("max", "backoff", "on")
    assert known_keys(("tasks", "build", "deliverables", 0)) == ("path", "must_export", "coverage", "schema")
    assert known_keys(("tasks", "build", "needs", "a")) == ("ok",)
    assert "tasks" in known_keys(())
    assert known_keys(("tasks",)) == ()
    assert known_keys(("tasks", "build", "run")) == ()
    assert known_keys(("tasks", "build", "nothing", "below")) == ()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": [1, "b"]}, "{a: [1, b]}"),
        ("2/3", "2/3"),
        ("3.11", '"3.11"'),
        ("${{ x }}", '"${{ x }}"'),
        (True, "true"),
        (None, "null"),
        ("true", '"true"'),
        ("", '""'),
    ],
)
def test_values_are_shown_as_yaml(value: object, text: str) -> None:
    assert as_written(value) == text


def test_the_description_needs_no_pydantic() -> None:
    code = (
        "import sys; from metaensemble.schemas.describe import describe_key; describe_key('tasks');"
        "sys.exit('pydantic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_schema_that_is_shipped_is_a_schema() -> None:
    Draft202012Validator.check_schema(task_graph_schema())
