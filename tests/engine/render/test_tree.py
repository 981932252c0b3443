from __future__ import annotations

import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.engine.render import render
from metaensemble.schemas.plan import Plan
from support import plans

SHAPES = {
    "chain": plans.CHAIN,
    "diamond": plans.DIAMOND,
    "wide": plans.WIDE,
    "layered": plans.LAYERED,
    "dense": plans.DENSE,
    "review": plans.REVIEW,
    "nested": plans.NESTED,
    "one": {"alone": []},
    "apart": {"a": [], "b": ["a"], "x": [], "y": ["x"], "z": ["x"], "one": []},
    "side-group": {
        "start": [],
        "x": ["start"],
        "y": ["x"],
        "b0": ["start"],
        "b1": ["start"],
        "b2": ["start"],
        "v": ["b0", "b1", "b2"],
        "w": ["start"],
    },
}


@pytest.mark.parametrize("shape", SHAPES)
def test_shapes(shape: str, golden: Callable[[str, str], None]) -> None:
    plan = plans.make_plan(SHAPES[shape], name=shape)
    golden(f"render/{shape}.tree", render(plan, "ascii"))
    golden(f"render/{shape}.ascii.tree", render(plan, "ascii", boxes=False, width=72))


def dressed() -> Plan:
    return plans.make_plan(
        plans.NESTED,
        e2e={"condition": "params.full", "details": {"tags": ["slow", "net"]}},
        docs={"later": ("pattern", "budget")},
    )


def test_conditions_tags_and_later_keys(golden: Callable[[str, str], None]) -> None:
    golden("render/dressed.tree", render(dressed(), "ascii"))


def test_states_and_reasons(golden: Callable[[str, str], None]) -> None:
    report = plans.make_report(
        dressed(),
        {
            "e2e": "failed",
            "package": "blocked",
            "release": "blocked",
            "announce": "blocked",
            "docs": "skipped",
            "notify": "running",
        },
    )
    golden("render/states.tree", render(dressed(), "ascii", report=report))
    golden("render/states.colour.tree", render(dressed(), "ascii", report=report, colour=True))


def test_states_of_a_wide_graph(golden: Callable[[str, str], None]) -> None:
    plan = plans.make_plan(plans.WIDE)
    report = plans.make_report(plan, {"item-07": "failed", "join": "blocked", "item-33": "running"})
    golden("render/wide-states.tree", render(plan, "ascii", report=report, width=70))


def test_large_groups_are_counted(golden: Callable[[str, str], None]) -> None:
    cells = [f"test[n={n}]" for n in range(1_000)]
    plan = plans.make_plan(
        {"build": [], **{cell: ["build"] for cell in cells}, "pack": cells, "docs": ["build"]}
    )
    report = plans.make_report(plan, {**dict.fromkeys(cells[3:9], "failed"), "pack": "blocked"})
    golden("render/collapsed.tree", render(plan, "ascii", collapse=12))
    golden("render/collapsed-states.tree", render(plan, "ascii", report=report, collapse=12))
    plain = render(plan, "ascii", report=report, collapse=12, boxes=False, width=60)
    assert plain.isascii()
    assert "x test x 1,000" in plain


def test_random_graph(golden: Callable[[str, str], None]) -> None:
    chance = random.Random(5)
    needs: dict[str, list[str]] = {}
    for number in range(26):
        before = list(needs)[-8:]
        needs[f"task-{number}"] = chance.sample(before, k=min(len(before), chance.choice([0, 1, 1, 1, 2])))
    golden("render/random.tree", render(plans.make_plan(needs), "ascii"))


def test_the_empty_plan_draws_nothing() -> None:
    assert render(plans.make_plan({}), "ascii") == ""


def test_a_deep_chain_needs_no_deep_stack() -> None:
    plan = plans.make_plan({"n0": [], **{f"n{n}": [f"n{n - 1}"] for n in range(1, 2_000)}})
    drawn = render(plan, "ascii")
    assert len(drawn.splitlines()) == 2_000
    assert drawn.splitlines()[1_999] == "◆ n1999"


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, list[str]]:
    size = draw(st.integers(1, 14))
    needs: dict[str, list[str]] = {}
    for number in range(size):
        above = draw(st.lists(st.sampled_from(list(needs)), unique=True, max_size=4)) if needs else []
        needs[f"t{number}"] = above
    return needs


@given(graphs(), st.integers(30, 90), st.booleans())
def test_each_node_is_drawn_once_below_what_it_needs(
    needs: dict[str, list[str]], width: int, boxes: bool
) -> None:
    drawn = render(plans.make_plan(needs), "ascii", width=width, boxes=boxes)
    assert all(len(line) <= width for line in drawn.splitlines())
    order = [
        name
        for line in drawn.splitlines()
        if "critical path" not in line
        for name in re.findall(r"[◆○*o] (t\d+)", re.split("←|<-", line)[0])
    ]
    assert sorted(order) == sorted(needs)
    place = {name: at for at, name in enumerate(order)}
    assert all(place[need] < place[node] for node, above in needs.items() for need in above)
    assert boxes or drawn.isascii()
