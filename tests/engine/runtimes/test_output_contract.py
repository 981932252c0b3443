"""From a text to a value, and from a value to violations."""

from __future__ import annotations

import os
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.engine.runtimes.before import note_files
from metaensemble.engine.runtimes.output_contract import (
    LARGEST_VALUE,
    OutputInvalid,
    check_schema,
    check_value,
    parse,
    parse_json,
    read_file,
)
from metaensemble.schemas.allowance import Allowance
from metaensemble.schemas.bound import OutputContract
from metaensemble.schemas.canonical import canonical_bytes

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"", ""),
        (b"\n", ""),
        (b"a", "a"),
        (b"a\n", "a"),
        (b"a\n\n", "a\n"),
        (b"a\r\n", "a\r"),
        (b" a ", " a "),
        (b"a\xff", "a�"),
    ],
)
def test_text_loses_exactly_one_newline(data: bytes, value: str) -> None:
    assert parse(data, "text") == value


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"", []),
        (b"\n", []),
        (b"a", ["a"]),
        (b"a\nb\n", ["a", "b"]),
        (b"a\n\nb", ["a", "", "b"]),
        (b"a\n\n", ["a", ""]),
        (b"a\x0cb\xe2\x80\xa8c\n", ["a\x0cb\u2028c"]),
    ],
)
def test_lines_are_split_at_newlines_only(data: bytes, value: list[str]) -> None:
    assert parse(data, "lines") == value


@given(json_values)
def test_every_json_value_comes_back(value: Any) -> None:
    assert parse(b" \n" + canonical_bytes(value) + b"\n", "json") == value


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (b"{", "at line 1 column 2"),
        (b"1 2", "extra data at line 1 column 3"),
        (b"log line\n{}", "at line 1 column 1"),
        (b'{"a": 1, "b": {"c": 2, "c": 3}}', "the key `c` stands twice"),
        (b"NaN", "`NaN` is not a JSON value"),
        (b"[-Infinity]", "`-Infinity` is not a JSON value"),
        (b"1e999", "`1e999` is out of range"),
        (b'"\xff"', "byte 2 is not UTF-8"),
        (b"\xef\xbb\xbf1", "BOM"),
        (b"[" * 200_000, "nested too deeply"),
        (b"9" * 5000, "limit"),
    ],
)
def test_what_is_no_json_says_where_or_why(data: bytes, words: str) -> None:
    with pytest.raises(OutputInvalid) as caught:
        parse_json(data)
    assert caught.value.reason.startswith("the output is not JSON")
    assert words in caught.value.reason
    assert len(caught.value.reason) < 300


SCHEMA = {
    "type": "object",
    "required": ["items"],
    "properties": {"items": {"type": "array", "items": {"type": "integer"}}},
}


def violations(value: Any, schema: Any) -> tuple[str, list[str]]:
    with pytest.raises(OutputInvalid) as caught:
        check_schema(value, schema)
    return caught.value.reason, [violation["path"] for violation in caught.value.violations]


def test_a_value_that_holds_is_silent() -> None:
    check_schema({"items": [1, 2]}, SCHEMA)
    check_schema("anything", True)
    check_schema("anything", {})


def test_the_first_five_violations_are_told_by_path() -> None:
    reason, paths = violations({"items": [1, "a", 2, "b", "c", "d", "e", "f"]}, SCHEMA)
    assert paths == ["$.items[1]", "$.items[3]", "$.items[4]", "$.items[5]", "$.items[6]"]
    assert reason == "the output breaks its schema: `$.items[1]`: 'a' is not of type 'integer' (and 4 more)"


def test_a_long_value_does_not_make_a_long_message() -> None:
    reason, _ = violations("x" * 10_000, {"type": "integer"})
    assert len(reason) < 400


def test_false_is_a_schema_that_nothing_meets() -> None:
    assert violations(1, False)[1] == ["$"]


@pytest.mark.parametrize(
    "reference", ["https://example.com/a.json", "file:///etc/passwd", "other.json", "#/no"]
)
def test_nothing_is_fetched(reference: str) -> None:
    with pytest.raises(OutputInvalid, match="refers to what it does not hold"):
        check_schema({}, {"$ref": reference})


def test_references_within_the_schema_and_to_the_published_ones_work() -> None:
    check_schema([1], {"$defs": {"n": {"type": "integer"}}, "items": {"$ref": "#/$defs/n"}})
    check_schema({"type": "string"}, {"$ref": "https://json-schema.org/draft/2020-12/schema"})


def test_a_broken_schema_is_told_as_such() -> None:
    with pytest.raises(OutputInvalid, match="is not a JSON Schema"):
        check_schema(1, {"type": "no such type"})


def test_the_schema_may_name_an_older_draft() -> None:
    old = {"$schema": "http://json-schema.org/draft-07/schema#", "items": [{"type": "integer"}]}
    assert violations(["a"], old)[1] == ["$[0]"]


def test_a_pattern_that_takes_too_long_is_named() -> None:
    with pytest.raises(OutputInvalid) as caught:
        check_schema("a" * 200 + "!", {"pattern": "(a|aa)+$"}, allowance=Allowance(pattern_seconds=0.01))
    assert caught.value.reason == (
        "the output could not be checked against its schema: "
        "the pattern `(a|aa)+$` took too long: it was given up after 0.01 s"
    )
    assert caught.value.violations == ()


def test_a_check_that_takes_too_long_is_told() -> None:
    with pytest.raises(OutputInvalid) as caught:
        check_schema(
            [1] * 100, {"items": {"type": "integer"}}, "it", Allowance(seconds=0, clock=count().__next__)
        )
    assert caught.value.reason == (
        "it could not be checked against its schema: that took more than 0 s of a processor's time"
    )


@pytest.mark.parametrize(
    ("value", "contract", "reason"),
    [
        ("a", OutputContract(), None),
        (None, OutputContract(), None),
        (1, OutputContract(), "the output is not text"),
        (["a", ""], OutputContract(form="lines"), None),
        ([], OutputContract(form="lines"), None),
        (None, OutputContract(form="lines"), None),
        (["a", 1], OutputContract(form="lines"), "the output is not a list of lines"),
        ("a", OutputContract(form="lines"), "the output is not a list of lines"),
        ({"a": [1]}, OutputContract(form="json"), None),
        (None, OutputContract(form="json"), None),
        ({"items": []}, OutputContract(form="json", schema=SCHEMA), None),
        (None, OutputContract(form="json", schema=SCHEMA), "the output breaks its schema: `$`: None is not"),
    ],
)
def test_a_value_is_held_to_its_form(value: Any, contract: OutputContract, reason: str | None) -> None:
    if reason is None:
        check_value(value, contract)
        return
    with pytest.raises(OutputInvalid) as caught:
        check_value(value, contract)
    assert caught.value.reason.startswith(reason)


def test_a_file_that_is_the_same_as_before_was_not_written(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("abc")
    before = note_files([str(path)])
    with pytest.raises(OutputInvalid) as caught:
        read_file(str(path), str(tmp_path), "the file", before)
    assert caught.value.reason == "the file `out` was there before and was not written by this attempt"
    path.write_text("abc")
    assert read_file(str(path), str(tmp_path), "the file", before) == b"abc"


def test_an_output_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"abc")
    (tmp_path / "link").symlink_to("out")
    assert read_file(str(tmp_path / "out"), str(tmp_path), "the file") == b"abc"
    assert read_file(str(tmp_path / "link"), str(tmp_path), "the file") == b"abc"


def test_an_output_file_must_be_an_ordinary_one_inside_the_project(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (tmp_path / "outside").write_text("secret")
    (project / "link").symlink_to(tmp_path / "outside")
    (project / "folder").mkdir()
    os.mkfifo(project / "pipe")
    with (project / "large").open("wb") as large:
        large.truncate(LARGEST_VALUE + 1)
    expected = {
        "missing": "the file `missing` was not written",
        "link": "the file `link` leads out of the project",
        "../outside": "the file `../outside` leads out of the project",
        "folder": "the file `folder` is not an ordinary file",
        "pipe": "the file `pipe` is not an ordinary file",
        "large": "the file is larger than 8 MiB",
        "x\0y": "the file `x\0y` cannot be read",
    }
    for name, words in expected.items():
        with pytest.raises(OutputInvalid) as caught:
            read_file(str(project / name), str(project), "the file")
        assert caught.value.reason.startswith(words), name
