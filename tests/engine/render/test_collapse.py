from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from metaensemble.engine.render.collapse import BOUND, COLLAPSE_ABOVE, collapse
from metaensemble.engine.render.contract import contract
from metaensemble.engine.render.levels import longest_paths
from metaensemble.engine.render.picture import Picture
from support.pictures import NESTED, REWOUND, make_picture, pictures, review


def ids(picture: Picture) -> list[str]:
    return [vertex.id for vertex in picture.vertices]


def ways(picture: Picture) -> list[tuple[str, str, str]]:
    return [(edge.source, edge.target, edge.mode) for edge in picture.edges]


def test_a_thousand_items_are_one_vertex_with_counts() -> None:
    drawn = collapse(review(1_000))
    assert ids(drawn) == ["changed", "review", "verdict"]
    assert ways(drawn) == [("changed", "review", "ok"), ("review", "verdict", "ok")]
    vertex = drawn.vertices[1]
    assert vertex.members is not None
    assert (vertex.members.size, vertex.state, vertex.level) == (1_000, "failed", 1)
    assert vertex.members.counts == (("running", 3), ("ok", 987), ("failed", 10))
    assert vertex.members.failed == tuple(f"review[item-0{n}07]" for n in range(5))
    assert vertex.duration_ms == 1_500_000
    assert (vertex.critical, drawn.edges[0].critical, drawn.edges[1].critical) == (True, True, True)


def test_small_groups_stay_open() -> None:
    picture = make_picture({"a": [], **{f"each[{n}]": ["a"] for n in range(COLLAPSE_ABOVE)}})
    assert collapse(picture) == picture
    assert ids(collapse(picture, COLLAPSE_ABOVE - 1)) == ["a", "each"]


def test_an_outer_group_counts_what_its_groups_leave() -> None:
    needs = {f"build/test[{n}]": [] for n in range(20)}
    drawn = collapse(make_picture({**needs, "build/package": list(needs)}))
    assert ids(drawn) == ["build/test", "build/package"]
    assert [vertex.groups for vertex in drawn.vertices] == [("build",), ("build",)]


def test_the_outermost_large_group_wins() -> None:
    needs = {f"review[{n}].{vote}": [] for n in range(20) for vote in range(15)}
    drawn = collapse(make_picture(needs))
    assert ids(drawn) == ["review"]
    assert drawn.vertices[0].members is not None
    assert drawn.vertices[0].members.size == 300


def test_while_the_whole_is_too_large_the_deepest_groups_go_first() -> None:
    needs = {f"g{n}/each[{k}]": [] for n in range(40) for k in range(3)}
    needs |= {f"g{n}/last": [f"g{n}/each[0]"] for n in range(40)}
    picture = make_picture(needs)
    assert collapse(picture, bound=160) == picture
    inner = collapse(picture, bound=100)
    assert (len(inner.vertices), ids(inner)[:2]) == (80, ["g0/each", "g1/each"])
    assert ids(collapse(picture, bound=50)) == [f"g{n}" for n in range(40)]


def test_without_groups_what_is_alike_goes_together() -> None:
    wide = {"a": [], **{f"w{n:03}": ["a"] for n in range(BOUND)}, "z": [f"w{n:03}" for n in range(BOUND)]}
    assert ids(collapse(make_picture(wide))) == ["a", "w000 .. w149", "z"]
    narrow = {key: value for key, value in wide.items() if key not in {"w000", "w001", "z"}}
    assert len(collapse(make_picture(narrow)).vertices) == BOUND - 1


def test_two_groups_that_need_each_other_stay_open() -> None:
    picture = make_picture(REWOUND)
    assert ids(collapse(picture, 1)) == ids(picture)
    assert ids(collapse(make_picture({**REWOUND, "each[1]": ["check#2"], "each[2]": ["check#2"]}), 1)) == [
        *REWOUND,
        "each",
    ]


def test_needs_of_different_modes_are_one_that_any_end_meets() -> None:
    picture = make_picture({"each[1]": [], "each[2]": [], "next": ["each[1]:failed", "each[2]"]})
    assert ways(collapse(picture, 1)) == [("each", "next", "done")]


def test_collapsing_twice_adds_up() -> None:
    picture = make_picture({f"g[{n}].{k}": [] for n in range(3) for k in range(4)}, {"g[1].2": "failed"})
    inner = contract(picture, {vertex.id: vertex.groups[-1] for vertex in picture.vertices})
    outer = contract(inner, dict.fromkeys(ids(inner), "g"))
    assert outer == contract(picture, dict.fromkeys(ids(picture), "g"))


def test_the_worst_state_is_the_state() -> None:
    for states, worst in [
        (("ok", "ok"), "ok"),
        (("ok", "skipped"), "ok"),
        (("skipped", "skipped"), "skipped"),
        (("pending", "ok"), "pending"),
        (("running", "pending"), "running"),
        (("blocked", "failed"), "failed"),
        (("waiting", "running"), "waiting"),
    ]:
        picture = make_picture({"e[0]": [], "e[1]": []}, {"e[0]": states[0], "e[1]": states[1]})  # type: ignore[dict-item]
        assert collapse(picture, 1).vertices[0].state == worst


def test_nested_groups_one_by_one() -> None:
    assert ids(collapse(make_picture(NESTED), 1)) == ["checkout", "build", "draft", "review", "ship", "undo"]
    assert ids(collapse(make_picture(NESTED), 100)) == list(NESTED)


@given(pictures(), st.integers(1, 6), st.integers(1, 8))
def test_no_node_is_lost_and_no_cycle_is_made(picture: Picture, most: int, bound: int) -> None:
    drawn = collapse(picture, most, bound)
    assert len(set(ids(drawn))) == len(drawn.vertices)
    assert sum(v.members.size if v.members else 1 for v in drawn.vertices) == len(picture.vertices)
    levels = longest_paths(ids(drawn), [(edge.source, edge.target) for edge in drawn.edges])
    assert levels == {vertex.id: vertex.level for vertex in drawn.vertices}
    assert len({(edge.source, edge.target) for edge in drawn.edges}) == len(drawn.edges)
    for vertex in drawn.vertices:
        assert vertex.members is None or sum(n for _, n in vertex.members.counts) in {0, vertex.members.size}
