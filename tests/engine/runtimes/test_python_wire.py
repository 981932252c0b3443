"""The lines between the Coordinator and a worker."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.engine.runtimes.python_value import as_json, encoded
from metaensemble.engine.runtimes.python_wire import answer_line, read_answer, request_line

TEXT = st.text(st.characters(exclude_categories=["Cs"])) | st.sampled_from(
    [',"value":', '"value":', '","value":"', "}", "\n"]
)
VALUE = st.none() | st.integers() | TEXT | st.lists(TEXT) | st.dictionaries(TEXT, TEXT)
FACTS = st.fixed_dictionaries({"again": st.booleans(), "reason": TEXT, "files": st.lists(st.tuples(TEXT))})


@given(FACTS, st.none() | VALUE.map(lambda value: encoded(as_json(value))))
def test_an_answer_comes_back_as_it_was(facts: dict[str, Any], value: bytes | None) -> None:
    line = answer_line(facts, value)
    assert b"\n" not in line
    assert read_answer(line) == (json.loads(json.dumps(facts)), value)
    whole = json.loads(line)
    assert whole.get("value") == (None if value is None else json.loads(value))


@given(st.dictionaries(st.text(), st.text()))
def test_a_request_is_one_line_of_ascii(fields: dict[str, str]) -> None:
    line = request_line(fields)
    assert line.count(b"\n") == 1
    assert line.isascii()
    assert json.loads(line) == fields


@pytest.mark.parametrize("line", [b"", b"no answer", b"[]", b"{", b'{"again":true,"value":1', b"\xff"])
def test_another_line_is_refused(line: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # of whatever kind
        read_answer(line)
