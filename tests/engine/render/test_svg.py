from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings

from metaensemble.engine.render.collapse import collapse
from metaensemble.engine.render.picture import Picture
from metaensemble.engine.render.svg import svg
from metaensemble.schemas.states import NODE_STATES
from support.pictures import NESTED, make_picture, pictures, review

SVG = "{http://www.w3.org/2000/svg}"

PICTURES = {
    "plan": make_picture(NESTED, name="nested"),
    "states": make_picture(
        NESTED,
        {"build/test[py=3.12]": "failed", "build/package": "blocked", "ship": "pending", "undo": "pending"},
        name="nested",
        critical=["checkout", "build/configure", "build/test[py=3.11]"],
    ),
    "collapsed": collapse(review(1_000)),
    "grid": make_picture(
        {"split": [], **{f"item-{n}": ["split"] for n in range(14)}}, {"item-3": "failed"}, name="grid"
    ),
    "filled": make_picture(
        {
            "split": [],
            **{f"each[{n}]": ["split"] for n in range(13)},
            "join": [f"each[{n}]" for n in range(13)],
        },
        name="filled",
    ),
    "down": make_picture({f"n{n}": [f"n{n - 1}:done"] if n else [] for n in range(12)}, name="down"),
    "empty": make_picture({}, name="empty"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_golden(name: str, golden: Callable[[str, str], None]) -> None:
    golden(f"render/{name}.svg", svg(PICTURES[name]))


def texts(document: ET.Element) -> list[str]:
    return [element.text or "" for element in document.iter(f"{SVG}text")]


@settings(max_examples=60)
@given(pictures())
def test_any_picture_is_well_formed_and_nothing_overlaps(picture: Picture) -> None:
    for drawn in (picture, collapse(picture, 2, 6)):
        text = svg(drawn)
        document = ET.fromstring(text)
        assert document.tag == f"{SVG}svg"
        places = [
            rects for group in document.iter(f"{SVG}g") if (rects := group.findall(f"{SVG}rect[@rx='7']"))
        ]
        assert len(places) == len(drawn.vertices)
        corners = []
        for rects in places:
            x, y, width, height = (float(rects[-1].get(key, "")) for key in ("x", "y", "width", "height"))
            corners.append((x, y, x + width, y + height))
        for one, other in combinations(corners, 2):
            apart = one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]
            assert apart
        assert text == svg(drawn)


def test_it_needs_nothing_else() -> None:
    for picture in PICTURES.values():
        text = svg(picture)
        assert "<script" not in text
        assert "<style" not in text
        assert "href" not in text
        assert text.count("http") == 1


def test_what_fills_a_group_is_met_at_its_border() -> None:
    document = ET.fromstring(svg(PICTURES["filled"]))
    frame = next(rect for rect in document.iter(f"{SVG}rect") if rect.get("rx") == "10")
    left = float(frame.get("x", ""))
    right = left + float(frame.get("width", ""))
    lines = [line.get("d", "") for line in document.iter(f"{SVG}path") if line.get("marker-end")]
    assert lines[0].split("L")[-1].split()[0] == f"{left:g}"
    assert lines[1].split("L")[0].split()[0] == f"M{right:g}"


def test_all_names_states_and_times_are_said() -> None:
    document = ET.fromstring(svg(PICTURES["states"]))
    said = texts(document)
    for words in (
        "build",
        "test",
        "[py=3.11]",
        "#2",
        ".verdict",
        "failed, 1.5 s",
        "blocked",
        "critical path",
    ):
        assert words in said
    tooltips = [element.text for element in document.iter(f"{SVG}title")]
    assert "build/test[py=3.12], failed: exit status 1" in tooltips


def test_the_legend_names_what_there_is() -> None:
    all_states = make_picture({state: [] for state in NODE_STATES}, {state: state for state in NODE_STATES})
    assert texts(ET.fromstring(svg(all_states)))[-10:] == list(NODE_STATES)
    assert "critical path" not in texts(ET.fromstring(svg(all_states)))
    said = texts(ET.fromstring(svg(make_picture({"a": [], "b": ["a:done"], "c": ["a:failed"]}))))
    assert said[-2:] == ["needs any end", "needs a failure"]


def test_a_name_is_no_markup() -> None:
    odd = make_picture({'<b>&"\x00': []}, name="<i>&")
    said = texts(ET.fromstring(svg(odd)))
    assert said == ["<i>&", "1 node", '<b>&" ']


def test_a_thousand_nodes_are_few_boxes() -> None:
    document = ET.fromstring(svg(PICTURES["collapsed"]))
    assert len(list(document.iter(f"{SVG}text"))) < 30
    assert float(document.get("width", "")) < 1_000
    assert float(document.get("height", "")) < 500
