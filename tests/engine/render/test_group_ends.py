from __future__ import annotations

from metaensemble.engine.render.group_ends import Ends, ends_of_groups
from metaensemble.engine.render.picture import picture
from support.grown_plans import PACKAGE, SAMPLE, SAMPLE_NEEDS, Group, grown_plan
from support.pictures import NESTED, make_picture


def test_what_needs_nothing_and_what_nothing_needs() -> None:
    ends = ends_of_groups(picture(grown_plan(SAMPLE, SAMPLE_NEEDS)))
    assert ends["build[api]"] == Ends("build[api]/test", "build[api]/pack")
    assert ends["draft"] == Ends("draft#1", "draft#2")
    assert "late" not in ends


def test_of_a_group_of_groups_a_box_inside() -> None:
    ends = ends_of_groups(picture(grown_plan({"a": Group("each", {"[x]": PACKAGE, "[y]": PACKAGE})}, {})))
    assert ends["a"] == ends["a[y]"] == Ends("a[y]/test", "a[y]/test")


def test_groups_that_only_ids_tell_of_are_no_ends() -> None:
    assert ends_of_groups(make_picture(NESTED)) == {}
