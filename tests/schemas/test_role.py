"""The model of a Role's frontmatter and its JSON Schema agree on what is right."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from metaensemble.schemas import generate
from metaensemble.schemas.role import RoleFrontmatter

SCHEMA = Draft202012Validator(json.loads(generate.schema_text("role")))
LEAST: dict[str, Any] = {
    "name": "scout",
    "version": "1.0.0",
    "description": "Looks at things.",
    "model_tier": "opus",
}


def is_right(document: object) -> bool:
    try:
        RoleFrontmatter.model_validate(document)
    except ValidationError:
        return False
    return True


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"alias_prefix": "sco", "color": "#3366cc", "allowed_tools": [], "output_styles": ["concise"]},
        {"version": "1.0.0-rc.1+build.5"},
        {"onboarding": {}},
        {"onboarding": {"read_first": ["docs/a b.md"], "coordinate_with": ["a-b"], "mentor_role": "x"}},
        {"x-note": {"any": 1}},
    ],
)
def test_both_accept(more: dict[str, Any]) -> None:
    assert is_right(LEAST | more)
    assert SCHEMA.is_valid(LEAST | more)


@pytest.mark.parametrize(
    "more",
    [
        {"name": "Scout"},
        {"name": "scout-"},
        {"name": None},
        {"version": "1.0"},
        {"version": 1.0},
        {"model_tier": "large"},
        {"description": ""},
        {"description": "two\nlines"},
        {"allowed_tools": "Read"},
        {"allowed_tools": None},
        {"alias_prefix": "a_b"},
        {"color": "Dark Blue"},
        {"onboarding": {"read_firts": []}},
        {"onboarding": {"mentor_role": ["x"]}},
        {"tools": []},
    ],
)
def test_both_refuse(more: dict[str, Any]) -> None:
    assert not is_right(LEAST | more)
    assert not SCHEMA.is_valid(LEAST | more)


@pytest.mark.parametrize("key", sorted(LEAST))
def test_the_four_keys_must_be_there(key: str) -> None:
    document = {name: value for name, value in LEAST.items() if name != key}
    assert not is_right(document)
    assert not SCHEMA.is_valid(document)


@pytest.mark.parametrize("path", ["/etc/passwd", "../x", "a/../../x", "~/x"])
def test_only_the_model_knows_that_a_path_leads_out(path: str) -> None:
    assert not is_right(LEAST | {"onboarding": {"read_first": [path]}})


def test_only_the_model_knows_that_a_name_is_too_long() -> None:
    assert is_right(LEAST | {"name": "x" * 64})
    assert not is_right(LEAST | {"name": "x" * 65})
