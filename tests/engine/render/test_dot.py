from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable

import pytest
from hypothesis import given, settings

from metaensemble.engine.render.collapse import collapse
from metaensemble.engine.render.dot import dot
from metaensemble.engine.render.picture import Picture
from support.pictures import NESTED, make_picture, pictures, review

needs_dot = pytest.mark.skipif(shutil.which("dot") is None, reason="the program `dot` is not installed")


def test_groups_states_and_needs(golden: Callable[[str, str], None]) -> None:
    states = {"build/test[py=3.12]": "failed", "build/package": "blocked", "ship": "pending"}
    golden("render/nested.dot", dot(make_picture(NESTED, states, critical=["checkout", "draft#1"])))  # type: ignore[arg-type]


def test_a_collapsed_group(golden: Callable[[str, str], None]) -> None:
    golden("render/collapsed.dot", dot(collapse(review(1_000))))


def test_a_name_is_neither_markup_nor_an_escape() -> None:
    text = dot(make_picture({"<b>bold</b>": [], "a\\N": []}, name="<i>odd</i>"))
    assert 'n0 [label="<b>bold</b>"' in text
    assert 'n1 [label="a\\\\N"' in text
    assert "<B>&lt;i&gt;odd&lt;/i&gt;</B>" in text


def test_a_long_chain_flows_down() -> None:
    assert "rankdir=TB" in dot(make_picture({f"n{n}": [f"n{n - 1}"] if n else [] for n in range(30)}))
    assert "rankdir=LR" in dot(make_picture(NESTED))


def test_pixels_can_be_small() -> None:
    assert "dpi=144" in dot(make_picture(NESTED), dpi=144)
    assert "dpi" not in dot(make_picture(NESTED))


@given(pictures())
def test_any_picture_is_written_the_same_each_time(picture: Picture) -> None:
    text = dot(collapse(picture, 2, 6))
    assert text == dot(collapse(picture, 2, 6))
    assert text.count(" -> ") >= len(collapse(picture, 2, 6).edges)
    assert text.startswith("digraph ")


@needs_dot
@settings(max_examples=15)
@given(pictures(most=8))
def test_any_picture_is_understood_by_dot(picture: Picture) -> None:
    done = subprocess.run(
        ["dot", "-Tdot"], input=dot(picture).encode(), capture_output=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, b"")
