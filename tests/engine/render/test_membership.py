from __future__ import annotations

from metaensemble.engine.render.membership import groups_around
from metaensemble.schemas.plan import PlanNode
from support.grown_plans import Group, grown_plan
from support.plans import make_plan


def test_the_plan_says_which_groups_a_node_is_in() -> None:
    inner = Group("each", {"[a/b#2]": Group("graph", {"/one": None})})
    nodes = grown_plan({"build": Group("graph", {"/test": inner})}, {}).nodes
    assert groups_around(nodes) == {
        "build": (),
        "build/test": ("build",),
        "build/test[a/b#2]": ("build", "build/test"),
        "build/test[a/b#2]/one": ("build", "build/test", "build/test[a/b#2]"),
    }


def test_below_the_innermost_group_the_id_tells() -> None:
    nodes = grown_plan({"review": Group("each", {"[a].1": None, "[a].verdict": None})}, {}).nodes
    assert groups_around(nodes)["review[a].1"] == ("review", "review[a]")


def test_without_group_nodes_the_ids_tell_all() -> None:
    nodes = make_plan({"review.1": [], "review": ["review.1"], "a/b[c]": []}).nodes
    assert groups_around(nodes) == {"review.1": ("review",), "review": ("review",), "a/b[c]": ("a", "a/b")}


def test_a_group_that_is_not_there_or_is_its_own_says_nothing() -> None:
    def node(id_: str, group: str) -> PlanNode:
        return make_plan({id_: []}).nodes[0].model_copy(update={"group": group})

    assert groups_around([node("a", "gone")]) == {"a": ()}
    assert groups_around([node("a", "b"), node("b", "a")])["a"] == ("a", "b")
