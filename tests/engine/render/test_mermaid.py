from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from hypothesis import given

from metaensemble.engine.render.collapse import collapse
from metaensemble.engine.render.mermaid import mermaid
from metaensemble.engine.render.picture import Edge, Picture
from support.pictures import NESTED, make_picture, pictures, review


def test_groups_states_and_needs(golden: Callable[[str, str], None]) -> None:
    states = {"build/test[py=3.12]": "failed", "build/package": "blocked", "ship": "pending"}
    golden("render/nested.mermaid", mermaid(make_picture(NESTED, states, critical=["checkout", "draft#1"])))  # type: ignore[arg-type]


def test_a_collapsed_group(golden: Callable[[str, str], None]) -> None:
    golden("render/collapsed.mermaid", mermaid(collapse(review(1_000))))


def test_a_quorum_is_written_on_its_arrow() -> None:
    picture = make_picture({"a": [], "b": []})
    edges = (Edge(source="a", target="b", quorum="2/3"),)
    asked = replace(picture, edges=edges)
    assert "    n0 -- 2/3 ok --> n1\n" in mermaid(asked)


def test_a_long_chain_flows_down() -> None:
    chain = make_picture({f"n{n}": [f"n{n - 1}"] if n else [] for n in range(30)})
    assert mermaid(chain).startswith("flowchart TD\n")


@given(pictures())
def test_any_picture_keeps_its_lines(picture: Picture) -> None:
    drawn = collapse(picture, 3, 8)
    lines = [line.strip() for line in mermaid(drawn).splitlines()]
    nodes = [line for line in lines if re.match(r'n\d+\["', line)]
    assert len(nodes) == len(drawn.vertices)
    assert sum(re.match(r"n\d+ -", line) is not None for line in lines) == len(drawn.edges)
    assert sum(line.startswith("subgraph ") for line in lines) == lines.count("end")
    # What a name holds cannot end its quotes.
    assert all(line.count('"') == 2 for line in nodes)
