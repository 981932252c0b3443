from __future__ import annotations

from metaensemble.engine.render.collapse import collapse
from metaensemble.engine.render.insides import OUTERMOST, insides
from metaensemble.engine.render.picture import picture
from support.grown_plans import SAMPLE, SAMPLE_NEEDS, Group, grown_plan
from support.pictures import NESTED, make_picture


def test_one_picture_for_each_open_group_outer_ones_first() -> None:
    found = insides(picture(grown_plan(SAMPLE, SAMPLE_NEEDS)))
    assert list(found) == [OUTERMOST, "build", "draft", "check", "build[api]", "build[core]"]
    assert [v.id for v in found["build"].vertices] == ["build[api]", "build[core]"]
    assert [(e.source, e.target) for e in found["draft"].edges] == [("draft#1", "draft#2")]
    assert [v.groups for v in found["build[api]"].vertices] == [()] * 3


def test_a_collapsed_group_has_none() -> None:
    drawn = collapse(picture(grown_plan(SAMPLE, SAMPLE_NEEDS)), 3)
    assert list(insides(drawn)) == [OUTERMOST, "build", "draft"]


def test_groups_that_only_ids_tell_of_open_no_place() -> None:
    drawn = make_picture(NESTED)
    assert insides(drawn) == {OUTERMOST: drawn}


def test_groups_between_a_place_and_its_vertices_stay() -> None:
    votes = Group("each", {"[a].1": None, "[a].2": None})
    found = insides(picture(grown_plan({"review": votes}, {})))
    assert [v.groups for v in found["review"].vertices] == [("review[a]",)] * 2
