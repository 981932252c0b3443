"""Where the parts of a document stand."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.schemas.span import Path, Span
from metaensemble.tasks import read

TEXT = """\
# a graph
name: release
params:
  voters: {type: integer, default: 3}   # odd
tasks:
  review:
    needs: [tests, "lint"]
    run: |
      echo one
      echo ${{ two }}
    if: 'it''s ${{ here }}'
    env:
    with: {a: "x\\ty \\u00e9 ${{ z }}", b: [1, [2, 3]]}
  ünï: &anchored   # why not
    run: >
      folded
      text
  again: *anchored
"""


def _shown(span: Span) -> str:
    return span.text[span.column - 1 : span.column - 1 + span.length]


def _at(span: Span) -> tuple[int, int, str]:
    return span.line, span.column, _shown(span)


@pytest.mark.parametrize("in_python", [False, True], ids=["c", "python"])
@pytest.mark.parametrize(
    ("path", "key", "value"),
    [
        (("name",), (2, 1, "name"), (2, 7, "release")),
        (("params", "voters"), (4, 3, "voters"), (4, 11, "{type: integer, default: 3}")),
        (("params", "voters", "default"), (4, 27, "default"), (4, 36, "3")),
        (("tasks",), (5, 1, "tasks"), (6, 3, "review:")),
        (("tasks", "review", "needs"), (7, 5, "needs"), (7, 12, '[tests, "lint"]')),
        (("tasks", "review", "needs", 1), (7, 20, '"lint"'), (7, 20, '"lint"')),
        (("tasks", "review", "run"), (8, 5, "run"), (8, 10, "|")),
        (("tasks", "review", "env"), (12, 5, "env"), (12, 5, "env")),
        (("tasks", "review", "with", "b", 1, 0), (13, 47, "2"), (13, 47, "2")),
        (("tasks", "ünï"), (14, 3, "ünï"), (15, 5, "run: >")),
        (("tasks", "again"), (18, 3, "again"), (18, 10, "*anchored")),
        (("tasks", "again", "run"), (15, 5, "run"), (15, 10, ">")),
        ((), (2, 1, "name: release"), (2, 1, "name: release")),
    ],
)
def test_spans(path: Path, key: tuple[int, int, str], value: tuple[int, int, str], in_python: bool) -> None:
    document = read(TEXT, "f.yaml", in_python=in_python)
    assert _at(document.span(path, "key")) == key
    assert _at(document.span(path)) == value


def test_a_path_that_is_not_there_gives_the_nearest_above() -> None:
    document = read(TEXT)
    assert document.span(("tasks", "review", "run", "deeper")) == document.span(("tasks", "review", "run"))
    assert document.span(("nothing", "at", "all")) == document.span(())
    assert document.span(("tasks", "review", "needs", 7)) == document.span(("tasks", "review", "needs"))
    assert not document.has(("tasks", "nope"))
    assert document.has(("tasks", "again", "run"))


def test_styles() -> None:
    document = read(TEXT)
    review: Path = ("tasks", "review")
    assert document.style(("name",)) == "plain"
    assert document.style((*review, "needs", 1)) == "double"
    assert document.style((*review, "if")) == "single"
    assert document.style((*review, "run")) == "block"
    assert document.style(("tasks", "again", "run")) == "block"
    assert document.style(review) is None
    assert document.style(("nope",)) is None


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (("tasks", "review", "run"), (10, 12)),
        (("tasks", "review", "if"), (11, 16)),
        (("tasks", "review", "with", "a"), (13, 28)),
    ],
)
def test_a_part_of_a_text_is_found_in_the_file(path: Path, wanted: tuple[int, int]) -> None:
    document = read(TEXT)
    text = document.value
    for step in path:
        text = text[step]
    start = text.index("${{")
    span = document.span_within(path, start, text.index("}}") + 2)
    assert (span.line, span.column) == wanted
    assert _shown(span) == text[start : text.index("}}") + 2]


@pytest.mark.parametrize(
    "written",
    [
        "a: one two\n",
        "a: one\n  two\n\n  three # four\n",
        "a: 'one''s\n  two'\n",
        'a: "one \\"two\\" \\x41\\\n   three\n\n   four\\n"\n',
        "a: |\n  one\n\n    two\n  three\n\n",
        "a: |+\n  one\n\n",
        "a: |2-\n    one\n  two\n",
        "a: >\n  one\n  two\n\n  three\n    more\n    less\n  four\n",
        "a: >-\n\n  one\n\n\n  two\n",
        "a: &x one\n",
        "a: &x\n  one two\n",
        'a: "b\\\r\n  c"\r\n',
    ],
)
def test_every_character_leads_back_to_itself(written: str) -> None:
    document = read(written)
    value = document.value["a"]
    for index, character in enumerate(value):
        span = document.span_within(("a",), index, index + 1)
        source = _shown(span)
        folded = character in " \n" and (source in ("", " ") or span.column > len(span.text))
        assert source == character or source == "\\" or folded, (index, character, span)


def test_a_stretch_over_two_lines_ends_with_the_first() -> None:
    document = read("a: |\n  one\n  two\n")
    assert _at(document.span_within(("a",), 1, 6)) == (2, 4, "ne")


def test_offsets_that_are_not_in_the_text_give_the_whole_scalar() -> None:
    document = read("a: one\nb: 12\n")
    assert document.span_within(("a",), 9, 12) == document.span(("a",))
    assert document.span_within(("b",), 0, 1) == document.span(("b",))
    assert document.span_within(("c",), 0, 1) == document.span(())


@given(st.text(st.characters(blacklist_categories=("Cs",)), min_size=1, max_size=60))
def test_escaped_text_leads_back_to_itself(text: str) -> None:
    document = read(f"a: {json.dumps(text)}\n")
    assert document.value == {"a": text} or max(text) >= "\ud800"
    columns = [
        document.span_within(("a",), index, index + 1).column for index in range(len(document.value["a"]))
    ]
    assert columns == sorted(set(columns))


def test_duplicates_do_not_shift_what_follows() -> None:
    from metaensemble.tasks import read_problems

    document, problems = read_problems("a: 1\nb: 2\na: {x: 3}\nc: 4\n")
    assert len(problems) == 1
    assert document is not None
    assert _at(document.span(("c",))) == (4, 4, "4")
    assert _at(document.span(("a",))) == (1, 4, "1")
