from __future__ import annotations

from typing import Any

import pytest

from metaensemble.engine.render.group_words import group_kind, own_reason
from metaensemble.engine.render.picture import Vertex
from metaensemble.engine.render.tally import Members


def group(kind: str, size: int = 0, **fields: Any) -> Vertex:
    members = Members(size=size, counts=(("ok", size),)) if size else None
    whole = {"id": "g", "runtime": kind, "level": 0, "critical": False, "members": members, **fields}
    return Vertex(kind=kind, is_group=True, **whole)


@pytest.mark.parametrize(
    ("vertex", "words"),
    [
        (group("each", 1, source="tasks.list.output"), "each of tasks.list.output"),
        (group("each", 1_200, state="ok"), "each × 1,200"),  # noqa: RUF001
        (group("each", state="ok"), "each × 0"),  # noqa: RUF001
        (group("each", state="pending"), "each"),
        (group("matrix", 6), "matrix × 6"),  # noqa: RUF001
        (group("repeat", 1, source="5"), "repeat, at most 5 rounds"),
        (group("repeat", 1, state="ok"), "repeat, 1 round"),
        (group("repeat", 3, state="ok"), "repeat, 3 rounds"),
        (group("repeat", state="blocked"), "repeat"),
        (group("graph", 4, source="release.yaml"), "sub-graph release.yaml"),
        (group("graph", 4), "sub-graph"),
        (group("graph", 4, source="a.yaml", stands_for="item"), "one per item, sub-graph a.yaml"),
    ],
)
def test_kinds(vertex: Vertex, words: str) -> None:
    assert group_kind(vertex) == words


def test_the_size_can_be_left_out_and_the_sign_be_another() -> None:
    assert group_kind(group("each", 3, state="ok"), sized=False) == "each"
    assert group_kind(group("repeat", 3, state="ok"), sized=False) == "repeat"
    assert group_kind(group("matrix", 3), times="x") == "matrix x 3"


def test_a_reason_is_given_where_the_members_do_not_tell_it() -> None:
    assert own_reason(group("repeat", 3, state="failed", reason="used up")) == "used up"
    assert own_reason(group("each", state="blocked", reason="`a` failed")) == "`a` failed"
    assert own_reason(group("each", 3, state="ok", reason="3 items ended ok")) == ""
    failed = Members(size=1, counts=(("failed", 1),))
    assert own_reason(group("each", members=failed, state="failed", reason="1 of 1 failed")) == ""
