from __future__ import annotations

from dataclasses import replace

from metaensemble.engine.render.collapse import collapse
from metaensemble.engine.render.labels import Label, edge_label, label, plain, summary, tooltip
from metaensemble.engine.render.picture import Edge, Vertex
from support.pictures import make_picture, review


def vertex(**fields: object) -> Vertex:
    whole = {"id": "draft", "kind": "run", "runtime": "command", "level": 0, "critical": False, **fields}
    return Vertex(**whole)  # type: ignore[arg-type]


def test_a_node_of_a_plan() -> None:
    assert label(vertex()) == Label("draft")
    assert label(vertex(kind="role", runtime="claude")) == Label("draft", ("claude",))
    assert label(vertex(condition="params.x", later=("budget",))) == Label(
        "draft", ("if params.x", "not built yet: budget")
    )


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
