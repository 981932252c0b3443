"""Finding `${{ … }}` in text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.schemas.errors import UnterminatedExpression
from metaensemble.tasks.expression.scanner import Hole, Text, has_expression, scan, whole_expression


def sources(text: str) -> list[str]:
    return [piece.source for piece in scan(text) if isinstance(piece, Hole)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("plain", []),
        ("", []),
        ("${{ a }}", ["a"]),
        ("${{a}}", ["a"]),
        ("x ${{ a }} y ${{ b }} z", ["a", "b"]),
        ("${{ a }}${{ b }}", ["a", "b"]),
        ('${{ "}}" }}', ['"}}"']),
        ("${{ '}}' ~ \"}}\" }}", ["'}}' ~ \"}}\""]),
        (r'${{ "\"}}" }}', [r'"\"}}"']),
        ('${{ {"a": {"b": 1}} }}', ['{"a": {"b": 1}}']),
        ('${{ {"a": {"b": 1}}}}', ['{"a": {"b": 1}}']),
        ('${{ "${{" }}', ['"${{"']),
        ("${{ a[0] }} }}", ["a[0]"]),
        ("${{ foo(1 }}", ["foo(1"]),
        ("${{ a ) }}", ["a )"]),
        ("${{ }}", [""]),
        ("a\n${{\n b\n}}\n", ["b"]),
    ],
)
def test_expressions_are_found(text: str, found: list[str]) -> None:
    assert sources(text) == found


@pytest.mark.parametrize(
    "text",
    ["{{ a }}", "${ a }", "$(a)", "{% if %}", "{# c #}", "$ {{ a }}", "${a}", "}}", "{{", "$$", "${", "#{a}"],
)
def test_anything_else_in_braces_is_left_alone(text: str) -> None:
    assert not has_expression(text)
    assert scan(text) == [Text(text, 0, len(text))]


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("x ${{ a", 2, 5),
        ("${{ a }", 0, 3),
        ("${{ 'a }}", 4, 5),
        ("ok ${{ a }} ${{ b", 12, 15),
        ('${{ {"a": 1 }}', 0, 3),
    ],
)
def test_an_open_expression_is_an_error_at_its_place(text: str, start: int, end: int) -> None:
    with pytest.raises(UnterminatedExpression) as caught:
        scan(text)
    assert (caught.value.facts["start"], caught.value.facts["end"]) == (start, end)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("${{ a }}", "a"),
        ("${{ a }}\n", "a"),
        ("${{ a }} ", None),
        ("x${{ a }}", None),
        ("${{ a }}${{ b }}", None),
    ],
)
def test_only_a_whole_expression_keeps_its_type(text: str, whole: str | None) -> None:
    hole = whole_expression(scan(text))
    assert (hole.source if hole else None) == whole


@given(
    st.lists(
        st.sampled_from(["${{", "}}", "{", "}", "'", '"', "a", " ", "\\", "(", "]", "\n", "é"]), max_size=12
    )
)
def test_pieces_cover_the_text_or_it_is_refused(parts: list[str]) -> None:
    text = "".join(parts)
    try:
        pieces = scan(text)
    except UnterminatedExpression:
        return
    position = 0
    for piece in pieces:
        assert piece.start == position
        assert piece.end > piece.start
        if isinstance(piece, Hole):
            assert text[piece.start :].startswith("${{")
            assert text[: piece.end].endswith("}}")
            assert text[piece.offset : piece.offset + len(piece.source)] == piece.source
        else:
            assert piece.text == text[piece.start : piece.end]
        position = piece.end
    assert position == len(text)
