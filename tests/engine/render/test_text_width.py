from __future__ import annotations

from metaensemble.engine.render.text_width import text_width


def test_wide_letters_are_wider() -> None:
    assert text_width("iiii", 10) < text_width("aaaa", 10) < text_width("WWWW", 10)


def test_it_grows_with_the_size() -> None:
    assert text_width("draft", 20) == 2 * text_width("draft", 10)


def test_other_scripts() -> None:
    assert text_width("漢", 10) > 10
    assert text_width("e\u0301", 10) == text_width("e", 10)
    assert text_width("", 10) == 0
