from __future__ import annotations

from metaensemble.cli.table import table


def test_columns_are_aligned() -> None:
    text = table(["node", "took"], [["a", "1.0 s"], ["longer", "12.5 s"]], right=("took",))
    assert text == "node      took\na        1.0 s\nlonger  12.5 s\n"


def test_the_widest_column_gives_way_first() -> None:
    text = table(["id", "why"], [["ab", "x" * 50], ["cd", "short"]], width=20)
    assert [len(line) <= 20 for line in text.splitlines()] == [True, True, True]
    assert "ab" in text
    assert "…" in text or "~" in text


def test_line_breaks_and_escapes_cannot_break_a_row() -> None:
    assert table(["a"], [["one\ntwo\x1b[31m"]]).splitlines()[1] == "one two [31m"


def test_wide_characters_take_two_cells() -> None:
    rows = table(["a", "b"], [["日本", "x"], ["abcd", "y"]]).splitlines()
    assert rows[1].endswith("日本  x")
    assert rows[2] == "abcd  y"


def test_no_rows_leave_the_heads() -> None:
    assert table(["a", "b"], []) == "a  b\n"


def test_ids_are_never_cut() -> None:
    text = table(["id", "why"], [["x" * 30, "y" * 30]], whole=("id",), width=40)
    assert text.splitlines()[1].startswith("x" * 30 + "  ")
    assert len(text.splitlines()[1]) == 40
