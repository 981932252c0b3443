from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from metaensemble.schemas import generate, later
from metaensemble.schemas.shape import task_graph_schema
from metaensemble.schemas.task_graph import TaskGraph
from support.graphs import DESIGN, FULL

SCHEMA = Draft202012Validator(task_graph_schema())
KNOWN_TO_MODELS_ONLY = {
    "me.two_works",
    "me.ignored_task",
    "me.matrix_cells",
    "me.repeated_need",
    "me.output_path",
    "me.param_limit",
    "me.bad_pattern_text",
    "me.empty",
    "me.bad_duration",  # the order of its units
    "me.bad_backoff",  # which of the two is longer
    "me.bad_share",  # N above M
    "me.bad_lines",  # A above B
    "me.bad_line",
    "int_type",  # 1.0 is an integer to JSON Schema
    "me.bad_tokens",
    "me.bad_version",
    "me.bad_scalar",
    "me.bad_need",
}


def is_model(document: object) -> set[str]:
    """The kinds of errors that the models find; empty when they accept `document`."""
    try:
        TaskGraph.model_validate(document)
    except ValidationError as error:
        return {problem["type"] for problem in error.errors()}
    return set()


def test_the_files_are_what_the_models_say() -> None:
    assert generate.stale() == []
    assert generate.main(["--check"]) == 0


def test_a_stale_file_is_named(tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.setattr(generate, "FOLDER", tmp_path / "json")
    assert generate.main(["--check"]) == 1
    assert "task-graph.schema.json is stale" in capsys.readouterr().err
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0
    assert generate.main(["--chekc"]) == 2


@pytest.mark.parametrize("name", generate.SCHEMAS)
def test_each_schema_is_a_schema(name: str) -> None:
    schema = json.loads(generate.schema_text(name))
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"].endswith("2020-12/schema")
    assert schema["description"]


@pytest.mark.parametrize("document", [DESIGN, FULL], ids=["design", "full"])
def test_both_accept_the_examples(document: dict[str, Any]) -> None:
    assert is_model(document) == set()
    assert list(SCHEMA.iter_errors(document)) == []


def test_examples_in_the_schema_are_valid_where_they_stand() -> None:
    def walk(node: Any) -> None:
        if isinstance(node, list):
            for child in node:
                walk(child)
        elif isinstance(node, dict):
            for example in node.get("examples", ()) if isinstance(node.get("examples"), list) else ():
                root = {"$defs": task_graph_schema()["$defs"]}
                errors = list(Draft202012Validator({**root, **node}).iter_errors(example))
                assert not errors, (example, errors)
            for key, child in node.items():
                if key not in ("examples", "default"):
                    walk(child)

    walk(task_graph_schema())


def test_unknown_keys_are_closed_out_at_the_top() -> None:
    assert not SCHEMA.is_valid({**DESIGN, "colour": "red"})
    assert SCHEMA.is_valid({**DESIGN, "x-colour": "red"})


def test_refused_keys_are_marked() -> None:
    task = task_graph_schema()["$defs"]["Task"]["properties"]
    assert task["budget"]["x-later"] is True
    for built in (
        "role",
        "prompt",
        "isolation",
        "checks",
        "timeout",
        "each",
        "matrix",
        "repeat",
        "graph",
        "approve",
        "python",
        "reads",
        "cache",
    ):
        assert "x-later" not in task[built]
    marks = json.dumps(task_graph_schema()).count('"x-later"')
    assert marks == len(later.TASK) + len(later.GRAPH)


VALUES = st.one_of(
    st.sampled_from(
        [None, True, False, 0, 1, -1, 3, 1.5, 1.0, "", " ", "a", "a b", "ok", "done", "${{ x }}"]
    ),
    st.sampled_from(
        ["${{ a }}${{ b }}", "10m", "10", "1m..2s", "2s..1m", "400k", "2/3", "3/2", "5..1", "json"]
    ),
    st.sampled_from(["auto", "file", "m:f", "x-y", "[", "stdout", "external", "a\nb", "30m1h", "0/1"]),
    st.sampled_from([[], ["a"], [1], ["a", "a"], [None], [{}], [{"path": "p"}], [{"a": 1}], [["a"]]]),
    st.sampled_from(
        [{}, {"a": "ok"}, {"a": {"ok": 1}}, {"x-a": 1}, {"max": 1}, {"as": "json"}, {"run": "x"}]
    ),
)


def places(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    return [at, *(place for key, child in children for place in places(child, (*at, key)))]


PLACES = [place for place in places(FULL) if place]
KEYS = sorted({str(place[-1]) for place in PLACES} | {"x-a", "x-ray", "cmd", "", "a b", "0"})


def changed(
    document: dict[str, Any], place: tuple[Any, ...], how: str, key: str, value: Any
) -> dict[str, Any]:
    """`document` with the value at `place` replaced or dropped, or `key` added beside it."""
    found = copy.deepcopy(document)
    parent: Any = found
    for step in place[:-1]:
        try:
            parent = parent[step]
        except (KeyError, IndexError, TypeError):
            return found
    if not isinstance(parent, dict | list):
        return found
    if how == "replace" and (
        isinstance(parent, dict) or (isinstance(place[-1], int) and place[-1] < len(parent))
    ):
        parent[place[-1]] = value
    elif how == "drop" and isinstance(parent, dict):
        parent.pop(place[-1], None)
    elif how == "add" and isinstance(parent, dict):
        parent[key] = value
    return found


CHANGES = st.lists(
    st.tuples(
        st.sampled_from(PLACES),
        st.sampled_from(["replace", "replace", "drop", "add"]),
        st.sampled_from(KEYS),
        VALUES,
    ),
    min_size=1,
    max_size=2,
)


@given(CHANGES)
@settings(max_examples=150)
def test_what_the_schema_rejects_the_models_reject(changes: list[tuple[Any, str, str, Any]]) -> None:
    document = FULL
    for place, how, key, value in changes:
        document = changed(document, place, how, key, value)
    kinds = is_model(document)
    if not kinds:
        errors = [f"{error.json_path}: {error.message}" for error in SCHEMA.iter_errors(document)]
        assert errors == []
    elif not kinds & KNOWN_TO_MODELS_ONLY:
        assert not SCHEMA.is_valid(document), kinds
