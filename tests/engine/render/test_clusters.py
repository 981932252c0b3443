from __future__ import annotations

from hypothesis import given

from metaensemble.engine.render.clusters import Cluster, clusters, paths
from metaensemble.engine.render.picture import Picture, picture
from support.grown_plans import Group, grown_plan
from support.pictures import NESTED, make_picture, pictures


def shape(cluster: Cluster) -> dict[str, object]:
    """Titles of clusters, with what they hold."""
    held: dict[str, object] = {vertex.id: None for vertex in cluster.vertices}
    return held | {inner.title: shape(inner) for inner in cluster.clusters}


def test_groups_lie_in_one_another() -> None:
    assert shape(clusters(make_picture(NESTED))) == {
        "checkout": None,
        "ship": None,
        "undo": None,
        "build": {
            "build/configure": None,
            "build/package": None,
            "test": {"build/test[py=3.11]": None, "build/test[py=3.12]": None},
        },
        "draft": {"draft#1": None, "draft#2": None},
        "review": {"review.1": None, "review.2": None, "review.verdict": None},
    }


def test_a_group_of_one_gets_no_box() -> None:
    assert shape(clusters(make_picture({"a": [], "build/compile": ["a"], "each[x].1": []}))) == {
        "a": None,
        "build/compile": None,
        "each[x].1": None,
    }


def test_a_group_around_nothing_but_a_group_gets_no_box() -> None:
    root = clusters(make_picture({"a": [], "build/test[1]": [], "build/test[2]": []}))
    assert shape(root) == {"a": None, "build/test": {"build/test[1]": None, "build/test[2]": None}}
    assert paths(root) == {
        "a": (),
        "build/test[1]": ("build/test",),
        "build/test[2]": ("build/test",),
    }


@given(pictures())
def test_every_vertex_is_in_one_place(picture: Picture) -> None:
    root = clusters(picture)
    held = [vertex.id for cluster in [root, *root.below()] for vertex in cluster.vertices]
    assert sorted(held) == sorted(vertex.id for vertex in picture.vertices)
    found = paths(root)
    for vertex in picture.vertices:
        # The boxes around it are some of its groups, in their order.
        assert [group for group in vertex.groups if group in found[vertex.id]] == list(found[vertex.id])
    assert all(len(cluster.clusters) + len(cluster.vertices) > 1 for cluster in root.below())


def test_a_group_node_is_a_frame_however_little_it_holds() -> None:
    plan = grown_plan({"list": None, "each": Group("each", {"[a]": None}), "late": Group("each")}, {})
    root = clusters(picture(plan))
    assert shape(root) == {"list": None, "late": None, "each": {"each[a]": None}}
    assert [cluster.node.id for cluster in root.below() if cluster.node is not None] == ["each"]
