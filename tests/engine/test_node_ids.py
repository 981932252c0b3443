from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.engine.node_ids import groups_of, is_piece, parse_node_id, within


@pytest.mark.parametrize(
    ("node_id", "segments"),
    [
        ("draft", ("draft",)),
        ("my-task_2", ("my-task_2",)),
        ("review[KEY]", ("review", "[KEY]")),
        ("test[py=3.12,os=linux]", ("test", "[py=3.12,os=linux]")),
        ("draft#2", ("draft", "#2")),
        ("build/compile", ("build", "/compile")),
        ("draft.verdict", ("draft", ".verdict")),
        ("build/test[py=3.12]#2", ("build", "/test", "[py=3.12]", "#2")),
        ("review[a.py].1", ("review", "[a.py]", ".1")),
        ("build[x]/draft.1#10", ("build", "[x]", "/draft", ".1", "#10")),
        ("review[]", ("review", "[]")),
    ],
)
def test_the_grammar(node_id: str, segments: tuple[str, ...]) -> None:
    assert parse_node_id(node_id) == segments


@pytest.mark.parametrize(
    ("node_id", "segments"),
    [
        ("review[a[0]]", ("review", "[a[0]]")),
        ("review[src/a.py]", ("review", "[src/a.py]")),
        ("review[a]b]", ("review", "[a]b]")),
        ("review[a#1]#2", ("review", "[a#1]", "#2")),
        ("review[a[b]", ("review", "[a[b]")),
        ("review[open", ("review[open",)),
        ("draft#", ("draft#",)),
        ("draft#two", ("draft#two",)),
        ("draft#2b", ("draft#2b",)),
        ("draft.", ("draft.",)),
        ("a//b", ("a/", "/b")),
        ("a/", ("a/",)),
        ("/a", ("/a",)),
        ("", ("",)),
    ],
)
def test_what_the_engine_would_not_write(node_id: str, segments: tuple[str, ...]) -> None:
    assert parse_node_id(node_id) == segments


@given(st.text(alphabet="ab/[]#.12=é\n", max_size=14) | st.text(max_size=20))
def test_the_segments_are_the_id_and_the_groups_its_beginnings(node_id: str) -> None:
    segments = parse_node_id(node_id)
    assert "".join(segments) == node_id
    assert all(segments) or node_id == ""
    assert groups_of(node_id) == tuple("".join(segments[:n]) for n in range(1, len(segments)))


@given(
    st.lists(
        st.from_regex(r"\A[A-Za-z_][A-Za-z0-9_]{0,5}\Z").map(lambda name: f"/{name}")
        | st.text(alphabet=st.characters(exclude_characters="[]/#"), max_size=5).map(lambda key: f"[{key}]")
        | st.integers(1, 99).map(lambda number: f"#{number}")
        | st.sampled_from([".1", ".verdict"]),
        max_size=5,
    )
)
def test_what_the_engine_writes_is_read_as_it_was_meant(segments: list[str]) -> None:
    assert parse_node_id("task" + "".join(segments)) == ("task", *segments)


@pytest.mark.parametrize(
    ("node_id", "groups"),
    [
        ("draft", ()),
        ("build/compile", ("build",)),
        ("review[KEY]", ("review",)),
        ("build/test[py=3.12]#2", ("build", "build/test", "build/test[py=3.12]")),
    ],
)
def test_groups(node_id: str, groups: tuple[str, ...]) -> None:
    assert groups_of(node_id) == groups


@pytest.mark.parametrize(
    ("node_id", "group", "said"),
    [
        ("review[a.py]", "review", "[a.py]"),
        ("build/compile", "build", "compile"),
        ("build/test[x]", "build", "test[x]"),
        ("draft.verdict", "draft", ".verdict"),
        ("draft", "draft", "draft"),
        ("drafted", "draft", "drafted"),
        ("draft", "", "draft"),
        ("other", "draft", "other"),
    ],
)
def test_within(node_id: str, group: str, said: str) -> None:
    assert within(node_id, group) == said


@pytest.mark.parametrize("node", ["review.1", "review[a.b].verdict", "change.author#2", "a/b.check-1"])
def test_pieces_of_patterns(node: str) -> None:
    assert is_piece(node)


@pytest.mark.parametrize(
    "node", ["review", "review[a.b]", "fix#2", "build/test", "review.1[a]", "review.1/x", "#2"]
)
def test_what_is_no_piece_itself(node: str) -> None:
    assert not is_piece(node)
