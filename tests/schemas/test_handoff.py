"""Manifest and Brief: what the models accept, the published JSON Schemas accept, and nothing else passes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, ValidationError

from metaensemble.schemas.brief import Brief
from metaensemble.schemas.generate import schema_file
from metaensemble.schemas.handoff import TO_FILL, unfilled
from metaensemble.schemas.ids import new_id
from metaensemble.schemas.manifest import Manifest

ID = "01900000-0000-7000-8000-0000000000d1"
MANIFEST = {
    "version": 1,
    "id": f"hm-{ID}",
    "from": "coordinator",
    "to": "arch-7b3",
    "task": "review",
    "context": {
        "files": [
            {"path": "src/parser.py", "lines": "10..40", "role": "source"},
            {"path": "CLAUDE.md", "role": "memory"},
        ],
        "prior_runs": [ID],
    },
    "expected_deliverables": [
        {"path": "src/parser.py", "must_export": ["parse"], "coverage": 80, "schema": {"type": "object"}},
        {"path": "notes.json", "schema": "schemas/notes.json", "coverage": 62.5},
    ],
    "constraints": {"model_tier": "sonnet", "window_budget": "20%"},
    "acceptance": ["every finding names a file and a line"],
    "peer_review": {
        "mandatory_for_reversibility": True,
        "reviewer_role_must_differ": True,
        "min_reviewers": 2,
        "dissent_handling": "surface_minority",
    },
    "delegates_to": [
        {"role": "test-engineer", "purpose": "write the tests", "budget_pct_of_head": 30},
        {"role": "docs", "purpose": "say so in the docs"},
    ],
    "extras": {"ticket": 12, "any": [{"thing": None}]},
}
BRIEF = {
    "v": 1,
    "brief_id": ID,
    "from": "arch-7b3",
    "to": "coordinator",
    "task_id": "review",
    "ctx": {"prior_runs": [ID], "files": [["src/parser.py", "10..40"], ["README.md", None]]},
    "out": {"files": ["notes.json"], "schema": {"type": "object"}},
    "tier": "sonnet",
    "budget": {"tokens": 20000, "usd": 0.5},
    "result": {"verdict": "approve", "findings": []},
}
WHOLE = {"manifest": (Manifest, MANIFEST), "brief": (Brief, BRIEF)}


def published(kind: str) -> Draft202012Validator:
    return Draft202012Validator(json.loads(schema_file(kind).read_text(encoding="utf-8")))


def changed(document: dict[str, Any], place: tuple[Any, ...], value: Any) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(document))
    node: Any = copy
    for step in place[:-1]:
        node = node[step]
    if value is ...:
        del node[place[-1]]
    else:
        node[place[-1]] = value
    return copy


def errors(model: type[BaseModel], value: Any) -> list[tuple[str, tuple[Any, ...]]]:
    try:
        model.model_validate(value)
    except ValidationError as error:
        return [(one["type"], one["loc"]) for one in error.errors(include_url=False)]
    return []


@pytest.mark.parametrize("kind", WHOLE)
def test_a_whole_document_is_valid_for_both(kind: str) -> None:
    model, document = WHOLE[kind]
    assert errors(model, document) == []
    published(kind).validate(document)


def test_the_least_is_enough() -> None:
    least = {key: MANIFEST[key] for key in ("version", "id", "from", "to", "task")}
    assert errors(Manifest, least) == []
    assert errors(Brief, {key: BRIEF[key] for key in ("v", "brief_id", "from", "to", "task_id")}) == []


BAD_MANIFESTS = [
    (("version",), 2, "me.bad_version"),
    (("version",), "1", "me.bad_version"),
    (("version",), True, "me.bad_version"),
    (("version",), ..., "missing"),
    (("id",), ID, "me.bad_id"),
    (("id",), f"hm-{ID[:14]}4{ID[15:]}", "me.bad_id"),
    (("id",), 3, "me.bad_id"),
    (("from",), "two words", "me.bad_name"),
    (("from",), ..., "missing"),
    (("to",), "", "me.bad_name"),
    (("task",), "two\nlines", "me.bad_line"),
    (("task",), ..., "missing"),
    (("taks",), "x", "extra_forbidden"),
    (("x-note",), "x", "extra_forbidden"),
    (("context", "files", 0, "x-note"), "x", "extra_forbidden"),
    (("context", "file"), [], "extra_forbidden"),
    (("context", "files", 0, "path"), ..., "missing"),
    (("context", "files", 0, "path"), "", "me.bad_text"),
    (("context", "files", 0, "lines"), [10, 40], "me.bad_lines"),
    (("context", "files", 0, "lines"), None, "me.bad_lines"),
    (("context", "files"), {}, "me.list_expected"),
    (("expected_deliverables", 0, "coverage"), 101, "less_than_equal"),
    (("expected_deliverables", 0, "coverage"), True, "float_type"),
    (("expected_deliverables", 0, "schema"), 3, "me.bad_schema"),
    (("constraints", "model_tier"), "gpt", "literal_error"),
    (("constraints", "window_budget"), "101%", "me.bad_window"),
    (("constraints", "window_budget"), "much", "me.bad_window"),
    (("constraints", "window_budget"), -1, "greater_than_equal"),
    (("acceptance",), "true", "me.list_expected"),
    (("acceptance", 0), 3, "me.bad_text"),
    (("acceptance", 0), f"{TO_FILL} a statement", "me.unfilled"),
    (("peer_review", "min_reviewers"), 0, "greater_than_equal"),
    (("peer_review", "dissent_handling"), "vote", "literal_error"),
    (("peer_review", "mandatory_for_reversibility"), "yes", "bool_type"),
    (("delegates_to", 0, "role"), "Not a role!", "me.bad_task_id"),
    (("delegates_to", 0, "purpose"), ..., "missing"),
    (("delegates_to", 1, "budget_pct_of_head"), 80, "me.shares"),
    (("extras",), [], "dict_type"),
]
BAD_BRIEFS = [
    (("v",), 2, "me.bad_version"),
    (("v",), ..., "missing"),
    (("brief_id",), f"hm-{ID}", "me.bad_id"),
    (("from",), ..., "missing"),
    (("task",), "x", "extra_forbidden"),
    (("ctx", "files", 0), ["a"], "missing"),
    (("ctx", "files", 0), ["a", "1..2", "b"], "too_long"),
    (("ctx", "files", 0), "a", "me.list_expected"),
    (("ctx", "files", 0), ["a", "2..1"], "me.bad_lines"),
    (("out", "schema"), 1, "me.bad_schema"),
    (("tier",), "big", "literal_error"),
    (("budget",), 20000, "me.map_expected"),
    (("budget", "usd"), -1, "greater_than_equal"),
    (("out", "files", 0), f"{TO_FILL} it", "me.unfilled"),
]
ONLY_THE_MODELS_KNOW = ("me.shares", "2..1")


@pytest.mark.parametrize(("place", "value", "kind"), BAD_MANIFESTS)
def test_what_is_wrong_with_a_manifest_is_one_error_at_its_place(
    place: tuple[Any, ...], value: Any, kind: str
) -> None:
    one_is_wrong("manifest", place, value, kind)


@pytest.mark.parametrize(("place", "value", "kind"), BAD_BRIEFS)
def test_what_is_wrong_with_a_brief_is_one_error_at_its_place(
    place: tuple[Any, ...], value: Any, kind: str
) -> None:
    one_is_wrong("brief", place, value, kind)


def one_is_wrong(which: str, place: tuple[Any, ...], value: Any, kind: str) -> None:
    model, document = WHOLE[which]
    broken = changed(document, place, value)
    ((found, where),) = errors(model, broken)
    assert found == kind
    assert where[: len(place)] == place or place[: len(where)] == where
    known = kind in ONLY_THE_MODELS_KNOW or "2..1" in json.dumps(broken)
    assert published(which).is_valid(broken) is known


def test_every_text_to_be_written_is_told() -> None:
    mark = f"{TO_FILL} it"
    document = {
        "version": 1, "id": MANIFEST["id"], "from": "principal", "to": mark, "task": mark,
        "context": {"files": [{"path": mark}]}, "acceptance": [mark, f"not {mark}"], "extras": {"a": mark},
    }  # fmt: skip
    found = errors(Manifest, document)
    places = [("to",), ("task",), ("context", "files", 0, "path"), ("acceptance", 0)]
    assert found == [("me.unfilled", place) for place in places]
    assert not published("manifest").is_valid(document)
    assert [place for place, _ in unfilled(document)] == [*places, ("extras", "a")]


def test_a_result_may_say_anything() -> None:
    assert errors(Brief, changed(BRIEF, ("result",), f"{TO_FILL} this>")) == []
    assert errors(Brief, changed(BRIEF, ("result",), None)) == []


LABELS = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
TEXTS = st.text(min_size=1, max_size=20)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
LINES = st.sampled_from(["1", "10..40", "2..2"])
POINTERS = st.fixed_dictionaries({"path": TEXTS}, optional={"lines": LINES, "role": LABELS})
MANIFESTS = st.fixed_dictionaries(
    {"version": st.just(1), "id": st.just(f"hm-{ID}"), "from": LABELS, "to": LABELS, "task": LABELS},
    optional={
        "context": st.fixed_dictionaries(
            {}, optional={"files": st.lists(POINTERS, max_size=2), "prior_runs": st.lists(LABELS, max_size=2)}
        ),
        "expected_deliverables": st.lists(
            st.fixed_dictionaries(
                {"path": TEXTS},
                optional={
                    "must_export": st.lists(TEXTS, max_size=2),
                    "coverage": st.integers(0, 100) | st.floats(0, 100),
                    "schema": TEXTS | st.dictionaries(TEXTS, JSON, max_size=2),
                },
            ),
            max_size=2,
        ),
        "constraints": st.fixed_dictionaries(
            {},
            optional={
                "model_tier": st.sampled_from(["opus", "sonnet", "haiku"]),
                "window_budget": st.sampled_from(["20k", "1.5M", "300", "100%", "0%", "99.9%"])
                | st.integers(0, 10**9),
            },
        ),
        "acceptance": st.lists(TEXTS, max_size=2),
        "delegates_to": st.lists(
            st.fixed_dictionaries(
                {"role": LABELS.map(lambda text: text.replace("-", "_")), "purpose": TEXTS},
                optional={"budget_pct_of_head": st.integers(0, 50)},
            ),
            max_size=2,
        ),
        "extras": st.dictionaries(st.text(max_size=5), JSON, max_size=2),
    },
)


@given(MANIFESTS)
def test_what_the_model_accepts_the_published_schema_accepts(document: dict[str, Any]) -> None:
    assert errors(Manifest, document) == []
    published("manifest").validate(document)


def test_every_id_that_is_made_is_one() -> None:
    for _ in range(50):
        assert errors(Manifest, {**MANIFEST, "id": f"hm-{new_id()}"}) == []
        assert errors(Brief, {**BRIEF, "brief_id": new_id()}) == []
