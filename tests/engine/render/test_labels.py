from __future__ import annotations

from dataclasses import replace

from metaensemble.engine.render.collapse import collapse
from metaensemble.engine.render.labels import Label, edge_label, frame_label, label, plain, summary, tooltip
from metaensemble.engine.render.picture import Edge, Vertex
from metaensemble.engine.render.tally import Members
from support.pictures import make_picture, review


def vertex(**fields: object) -> Vertex:
    whole = {"id": "draft", "kind": "run", "runtime": "command", "level": 0, "critical": False, **fields}
    return Vertex(**whole)  # type: ignore[arg-type]


def test_a_node_of_a_plan() -> None:
    assert label(vertex()) == Label("draft")
    assert label(vertex(kind="approve", runtime="approve")) == Label("draft", ("asks a person",))
    assert label(vertex(kind="role", runtime="claude")) == Label("draft", ("claude",))
    assert label(vertex(condition="params.x", later=("budget",))) == Label(
        "draft", ("if params.x", "not built yet: budget")
    )


def test_who_does_it_is_said() -> None:
    assert label(vertex(kind="role", runtime="agent", role="docs")) == Label("draft", ("docs",))
    planned = vertex(kind="role", runtime="claude", role="docs", held=True)
    assert label(planned) == Label("draft", ("docs on claude", "held back"))
    assert label(replace(planned, held=False, state="ok")).notes == ("docs on claude", "ok")


def test_a_node_of_a_dag_run() -> None:
    assert label(vertex(state="ok", duration_ms=1500)) == Label("draft", ("ok, 1.5 s",))
    assert label(vertex(state="pending")) == Label("draft", ("pending",))


def test_inside_a_group_the_rest_is_said() -> None:
    assert label(vertex(id="review[a.py]"), "review").name == "[a.py]"


def test_long_words_are_cut() -> None:
    said = label(vertex(id="a" * 30 + "b" * 30, condition="c" * 99))
    assert (len(said.name), said.name[0], said.name[-1]) == (36, "a", "b")
    assert (len(said.notes[0]), said.notes[0][-1]) == (44, "…")


def test_a_collapsed_group_counts_and_names_what_failed() -> None:
    big = collapse(review(1_000)).vertices[1]
    assert label(big) == Label(
        "review × 1,000",  # noqa: RUF001  # a multiplication sign is what is meant
        (
            "3 running, 987 ok, 10 failed",
            "25m 00s of work",
            "failed: [item-0007]",
            "failed: [item-0107]",
            "failed: [item-0207]",
            "failed: [item-0307]",
            "failed: [item-0407]",
            "and 5 more failed",
        ),
    )


def test_a_collapsed_group_of_a_plan_has_only_its_size() -> None:
    drawn = collapse(make_picture({f"each[{n}]": [] for n in range(20)}))
    assert label(drawn.vertices[0]) == Label("each × 20")  # noqa: RUF001


def test_only_a_quorum_is_written_beside_an_edge() -> None:
    assert edge_label(Edge(source="a", target="b", quorum="2/3")) == "2/3 ok"
    assert edge_label(Edge(source="a", target="b", mode="done")) == ""


def test_tooltips_are_whole() -> None:
    whole = vertex(id="x" * 90, state="failed", reason="exit\nstatus 1", condition="a", tags=("slow",))
    assert tooltip(whole) == f"{'x' * 90}, failed: exit status 1, if a, #slow"


def test_summary() -> None:
    picture = make_picture({"a": []})
    assert summary(picture) == "1 node"
    assert summary(collapse(review(1_000))) == "1,002 nodes"
    assert summary(replace(picture, outcome="ok in 1.0 s")) == "ok in 1.0 s"


def test_plain_text_has_no_control_characters() -> None:
    assert plain("a\nb\x00c\ud800d\u202ee é") == "a b c d e é"


def test_a_group_says_how_it_went_as_a_frame_and_as_a_box() -> None:
    counts = Members(size=3, counts=(("ok", 2), ("failed", 1)), failed=("g[a]/t",), reused=2)
    fields = {"id": "g", "kind": "each", "is_group": True, "state": "failed", "duration_ms": 1_500}
    group = vertex(**fields, members=counts)
    told = "failed in 1.5 s: 2 ok, 1 failed"
    assert frame_label(group) == Label("g", (told,), "each × 3")  # noqa: RUF001
    assert label(group) == Label("g", ("each × 3", told, "2 reused", "failed: [a]/t"))  # noqa: RUF001
    assert label(vertex(**{**fields, "state": "pending", "duration_ms": None})).notes == ("each", "pending")
    assert frame_label(vertex(id="a[x]", kind="matrix", is_group=True), "a") == Label("[x]", (), "matrix")
    assert tooltip(group).endswith("each × 3, failed, 1.5 s from its start to its end")  # noqa: RUF001


def test_a_group_that_failed_by_itself_says_why() -> None:
    counts = Members(size=2, counts=(("ok", 2),))
    used_up = vertex(kind="repeat", is_group=True, state="failed", reason="used up", members=counts)
    assert frame_label(used_up) == Label("draft", ("failed: 2 ok", "used up"), "repeat, 2 rounds")
    blocked = vertex(kind="each", is_group=True, state="blocked", reason="blocked because `a` failed")
    assert label(blocked).notes == ("each", "blocked", "because `a` failed")


def test_what_was_reused_or_stands_for_others() -> None:
    assert label(vertex(state="ok", reused=True)).notes == ("ok, reused",)
    assert label(vertex(id="a[*]", stands_for="item")).notes == ("one per item",)
