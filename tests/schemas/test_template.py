"""Templates: what they render to, what they hold, and their exact JSON form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.schemas.template import (
    Concat,
    Expr,
    Literal,
    Mapping,
    Sequence,
    Template,
    as_text,
    expressions,
    from_json,
    render,
    to_json,
)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["lit", "expr", "a"]), inner),
    max_leaves=6,
)
TEMPLATES: st.SearchStrategy[Template] = st.recursive(
    st.builds(Literal, JSON) | st.builds(Expr, st.text(max_size=5)),
    lambda inner: (
        st.builds(Concat, st.lists(inner, max_size=3).map(tuple))
        | st.builds(Sequence, st.lists(inner, max_size=3).map(tuple))
        | st.builds(Mapping, st.lists(st.tuples(st.text(max_size=3), inner), max_size=3).map(tuple))
    ),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a ${{ b }}", "a ${{ b }}"),
        (None, ""),
        (True, "true"),
        (3, "3"),
        (1.5, "1.5"),
        ([1, "é", None], '[1,"é",null]'),
        ({"a": {"b": False}}, '{"a":{"b":false}}'),
    ],
)
def test_how_a_value_stands_in_text(value: Any, text: str) -> None:
    assert as_text(value) == text


def test_rendering() -> None:
    values = {"a": [1, 2], "b": "x"}
    joined = Concat((Literal("<"), Expr("a"), Expr("b"), Literal(None)))
    template = Mapping((("k", Sequence((Expr("a"), joined))),))
    assert render(template, values.__getitem__) == {"k": [[1, 2], "<[1,2]x"]}
    assert list(expressions(template)) == ["a", "a", "b"]


def test_a_literal_is_never_evaluated() -> None:
    def evaluate(source: str) -> Any:
        raise AssertionError(source)

    assert render(Literal({"expr": "a", "x": "${{ b }}"}), evaluate) == {"expr": "a", "x": "${{ b }}"}


@given(TEMPLATES)
def test_the_json_form_is_exact(template: Template) -> None:
    text = json.dumps(to_json(template))
    assert from_json(json.loads(text)) == template
    assert json.dumps(to_json(from_json(json.loads(text)))) == text


@pytest.mark.parametrize(
    "data", [None, 1, "x", [], {}, {"lit": 1, "x": 2}.items(), {"expr": 1}, {"cat": "x"}, {"map": 1}]
)
def test_anything_else_is_refused(data: Any) -> None:
    with pytest.raises(ValueError, match="not a template"):
        from_json(data)
