"""How an error looks on the screen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.cli.draw import draw
from metaensemble.schemas.errors import InputErrors, MetaEnsembleError, UnexpectedError, YamlSyntax
from metaensemble.schemas.span import Span


def _error(text: str, column: int, length: int = 1, *, line: int = 14, hint: str | None = None) -> YamlSyntax:
    span = Span(file="release.yaml", line=line, column=column, length=length, text=text)
    return YamlSyntax("something is wrong", hint=hint, span=span)


def _rows(error: MetaEnsembleError, **options: int) -> tuple[str, str]:
    lines = draw(error, **options).splitlines()  # type: ignore[arg-type]
    return lines[3], lines[4]


def test_the_whole_picture() -> None:
    error = _error("    needs: [review]", 13, 6, hint="drop one of these `needs`, or use `repeat` for a loop")
    assert draw(error) == (
        "error[ME110]: something is wrong\n"
        "  --> release.yaml:14:13\n"
        "   |\n"
        "14 |     needs: [review]\n"
        "   |             ^^^^^^\n"
        "\n"
        "hint: drop one of these `needs`, or use `repeat` for a loop\n"
    )


def test_without_a_place_there_is_no_excerpt() -> None:
    assert draw(YamlSyntax("it is so", hint="do this")) == "error[ME110]: it is so\n\nhint: do this\n"
    assert draw(UnexpectedError("oh")) == "error[ME900]: oh\n"


def test_several_errors_are_drawn_one_by_one_and_counted() -> None:
    drawn = draw(InputErrors([_error("a", 1), YamlSyntax("and this"), YamlSyntax("and that")]))
    assert drawn.count("error[ME110]") == 3
    assert drawn.endswith("\nerror[ME110]: and that\n\n3 problems found\n")


def test_one_of_several_is_drawn_like_one() -> None:
    assert draw(InputErrors([_error("a", 1)])) == draw(_error("a", 1))


def test_tabs_are_four_cells_wide() -> None:
    assert _rows(_error("\ta:\tb", 5)) == ("14 |     a:    b", "   |           ^")


def test_wide_characters_take_two_cells_and_combining_ones_none() -> None:
    assert _rows(_error("名: e\u0301 x", 4, 2)) == ("14 | 名: e\u0301 x", "   |     ^")
    assert _rows(_error("a: 名前", 4, 2)) == ("14 | a: 名前", "   |    ^^^^")


def test_characters_that_move_the_cursor_are_not_written() -> None:
    drawn = draw(_error("a: \x1b[31mred\u202e", 4))
    assert "\x1b" not in drawn
    assert "\u202e" not in drawn
    assert "\x1b" not in draw(YamlSyntax("unknown key `\x1b[2J`"))


@pytest.mark.parametrize("column", [1, 50, 300, 599, 600])
def test_of_a_long_line_the_part_around_the_place_is_shown(column: int) -> None:
    text = "".join(chr(ord("a") + i % 26) for i in range(600))
    row, under = _rows(_error(text, column, 3), width=60)
    shown = row.removeprefix("14 | ")
    assert len(shown) <= 60
    at = under.index("^") - len("   | ")
    assert shown[at] == text[column - 1]
    assert shown.startswith("...") == (column > 21)
    assert shown.endswith("...") == (column < 560)


def test_a_place_behind_the_end_of_the_line_is_shown_there() -> None:
    assert _rows(_error("a: b", 5)) == ("14 | a: b", "   |     ^")


def test_an_empty_line_is_not_drawn() -> None:
    assert draw(_error("  ", 1)) == "error[ME110]: something is wrong\n  --> release.yaml:14:1\n"


def test_colour_is_off_unless_asked_for_and_changes_no_text() -> None:
    plain, coloured = draw(_error("a: b", 4, hint="so")), draw(_error("a: b", 4, hint="so"), colour=True)
    assert "\x1b" not in plain
    assert "\x1b[" in coloured
    while "\x1b" in coloured:
        start = coloured.index("\x1b")
        coloured = coloured[:start] + coloured[coloured.index("m", start) + 1 :]
    assert coloured == plain


@given(st.text(max_size=300), st.integers(1, 400), st.integers(1, 400), st.integers(20, 120))
def test_any_line_and_place_can_be_drawn(text: str, column: int, length: int, width: int) -> None:
    lines = draw(_error(text, column, length), width=width).split("\n")
    if text.strip():
        assert "^" in lines[4]
        assert lines[4].strip(" |^") == ""
