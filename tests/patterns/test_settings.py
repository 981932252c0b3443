"""Settings: whatever stands there gives a graph or errors about the file, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metaensemble import api
from metaensemble.patterns import registry
from metaensemble.patterns.protocol import PatternProblem
from metaensemble.patterns.settings import Settings, validated, waits
from metaensemble.schemas.bound import BoundTask, CommandSpec, Member
from metaensemble.schemas.errors import InputErrors
from metaensemble.schemas.template import Expr, Literal

NAMES = tuple(registry.BUILT_IN)
VERDICT = {"schema": {"type": "object", "properties": {"verdict": {"enum": ["good", "bad"]}}}}

WORDS = st.sampled_from(
    (
        *("", "x", "verdict", "majority", "plurality", "unanimous", "none", "first", "exact", "off", "both"),
        *("one", "collect", "first_ok", "schema", "output.score", "output +", "revise", "block", "./look.sh"),
        *("${{ params.n }}", "${{ 1 + 1 }}", "${{ tasks.t.output }}", "${{ item }}", "${{ nothing", "solo"),
    )
)
NUMBERS = st.one_of(st.integers(-2, 6), st.sampled_from((0.1, 0.5, 1.5, 101, 10**6, 10**18, -(10**18))))
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, WORDS)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4) | WORDS, inner, max_size=3)
    ),
    max_leaves=6,
)
WORK = st.sampled_from(
    (
        *({"run": "./look.sh"}, {"run": "./listen.sh"}, {"run": ["./smell.sh"]}, {"python": "m:f"}, {}),
        *({"run": "echo ${{ params.n }}"}, {"name": "other"}, {"brief": "Look"}, {"x-note": 1}),
    )
)
ODD = st.sampled_from(
    (
        *({"timeout": "10x"}, {"share": 0.4}, {"share": 0.7}, {"effects": "external"}, {"output": VERDICT}),
        *({"writes": ["out.txt"]}, {"with": {"draft": 1}}, {"pattern": "solo"}, {"pattern": "refine"}),
        *({"graph": "nowhere.yaml"}, {"python": "m"}, {"rum": "./look.sh"}, {"name": 3}, {"tier": "small"}),
    )
)
MEMBERS = st.one_of(*[WORK] * 7, st.builds(lambda work, odd: {**work, **odd}, WORK, ODD))
LISTS = st.lists(MEMBERS, min_size=1, max_size=4, unique_by=json.dumps)
MAPS = st.one_of(
    st.fixed_dictionaries({"quorum": NUMBERS}),
    st.fixed_dictionaries({"posterior": NUMBERS}),
    st.fixed_dictionaries({"escalate": MEMBERS | WORDS}),
    st.fixed_dictionaries({"synthesise": MEMBERS | WORDS}),
    st.fixed_dictionaries({"best": WORDS}),
)
ANY = st.one_of(JSON, MEMBERS, LISTS, MAPS)
LIKELY: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("n", "candidates", "rounds", "min_votes"), st.integers(1, 5)),
    **dict.fromkeys(("members", "steps", "shadows", "reviewers"), LISTS),
    **dict.fromkeys(("check", "judge", "author"), MEMBERS),
    **dict.fromkeys(("margin", "share", "audit"), st.floats(0, 1)),
    **dict.fromkeys(("waves", "briefs", "tiers"), st.lists(st.integers(1, 2) | WORDS, max_size=3)),
    "rule": st.sampled_from(("plurality", "majority", "unanimous", {"quorum": 2})) | MAPS,
    "on_tie": st.sampled_from(("none", "first", "somebody")) | st.fixed_dictionaries({"escalate": MEMBERS}),
    "stop": st.sampled_from(("exact", "off", {"posterior": 0.9})) | MAPS,
    "join": st.sampled_from(("collect", "first_ok", {"best": "output.score"}, {"synthesise": "x"})) | MAPS,
    "compare": st.sampled_from(("schema", "output.score", "output.score >")) | MEMBERS,
    "vote": st.just("verdict"),
    "control": st.booleans(),
}
NEEDED = {
    "consensus": ("vote", "n"),
    "debate": ("vote", "n"),
    "shadow": ("shadows",),
    "peer_review": ("reviewers",),
    "team": ("members",),
    "cascade": ("steps", "check"),
    "judge": ("judge", "n"),
    "refine": ("check",),
    "fanout": ("n",),
    "solo": (),
}


def uses(depth: int = 2) -> st.SearchStrategy[dict[str, Any]]:
    """Uses of the patterns: mostly with what they need, and now and then with anything at all."""
    return st.sampled_from(NAMES).flatmap(
        lambda name: st.fixed_dictionaries({name: settings_of(name, depth)})
    )


@st.composite
def settings_of(draw: st.DrawFn, name: str, depth: int) -> dict[str, Any]:
    known = [key for key in registry.find(name).settings.model_fields if key != "of"]
    chosen = [*NEEDED[name], *draw(st.lists(st.sampled_from(known), max_size=2) if known else st.just([]))]
    found = {key: draw(LIKELY.get(key, ANY)) for key in chosen if draw(st.integers(0, 30))}
    if draw(st.integers(0, 19)) == 0:
        found[draw(st.sampled_from([*known, "x-note"]))] = draw(ANY)
    if depth and draw(st.integers(0, 3)) == 0:
        found["of"] = draw(uses(depth - 1) | WORDS)
    return found


PATTERNS = st.one_of(*[uses()] * 9, JSON)
TASKS = st.builds(
    lambda pattern, more: {"pattern": pattern, **{key: value for one in more for key, value in one.items()}},
    PATTERNS,
    st.lists(
        st.sampled_from(
            (
                *[{"run": "./write.sh", "output": VERDICT}] * 9,
                *({"run": "./write.sh"}, {"output": VERDICT}),
                *({"effects": "external"}, {"writes": ["out.txt"]}, {"each": "${{ [1, 2] }}"}),
                *({"matrix": {"k": [1, 2]}}, {"with": {"draft": 1}}),
            )
        ),
        min_size=1,
        max_size=2,
    ),
)
PRESETS = st.one_of(*[st.none()] * 5, PATTERNS, st.just({"graph": "nowhere.yaml"}))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = tmp_path_factory.mktemp("project")
    (project / ".metaensemble").mkdir()
    return project


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(task=TASKS, preset=PRESETS)
def test_any_use_of_a_pattern_gives_a_graph_or_errors(
    task: dict[str, Any], preset: Any, folder: Path
) -> None:
    document: dict[str, Any] = {
        "params": {"n": {"type": "integer", "default": 3}},
        "tasks": {"t": task, "other": {"run": "./other.sh", "pattern": "mine" if preset else "solo"}},
    }
    if preset is not None:
        document["patterns"] = {"mine": preset}
    file = folder / "graph.yaml"
    file.write_text(json.dumps(document))
    found = api.check(file)
    refused: InputErrors | None = None
    try:
        api.plan(file, cwd=folder)
    except InputErrors as caught:
        refused = caught
    assert refused is not None or not found
    errors = [*found, *(refused.errors if refused else ())]
    assert [error.message for error in errors if error.span is None] == []


def settings_with(**given: Any) -> Settings:
    return validated("fanout", registry.find("fanout").settings, given)


def wrong(name: str, **given: Any) -> list[tuple[str, tuple[str | int, ...]]]:
    with pytest.raises(PatternProblem) as refused:
        validated(name, registry.find(name).settings, given)
    return [(error.message, at) for error, at in refused.value.errors]


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_is_described(name: str) -> None:
    fields = registry.find(name).settings.model_fields
    assert {key for key, field in fields.items() if not field.description} == set()


@pytest.mark.parametrize("value", ["3", 2.0, True, None, [3]])
def test_a_number_is_no_text_and_no_boolean(value: Any) -> None:
    if value is None:
        assert settings_with(n=None) == settings_with()
        return
    assert wrong("fanout", n=value) == [("the setting `n` of `fanout`: expected a whole number", ("n",))]


def test_everything_that_is_wrong_is_told() -> None:
    assert wrong("consensus", n="x", audit=True, waves=[1, "x"], other=1) == [
        ("the pattern `consensus` needs the setting `vote`", ()),
        ("the setting `n` of `consensus`: expected a whole number", ("n",)),
        ("the setting `audit` of `consensus`: expected a number", ("audit",)),
        ("item 2 of the setting `waves` of `consensus`: expected a whole number", ("waves", 1)),
        ("unknown setting `other` of `consensus`", ("other",)),
    ]


def test_what_is_missing_is_not_told_when_it_is_misspelled() -> None:
    assert wrong("consensus", n=3, vot="x") == [("unknown setting `vot` of `consensus`", ("vot",))]


def test_nothing_is_said_of_what_is_not_known_yet() -> None:
    with pytest.raises(PatternProblem) as refused:
        validated("fanout", registry.find("fanout").settings, {"n": Expr("params.n")})
    assert refused.value.errors == ()


def test_alternatives_are_told_together() -> None:
    assert wrong("fanout", n=2, of=[]) == [("the setting `of` of `fanout`: expected text or a map", ("of",))]
    assert wrong("judge", n=2, judge=3) == [
        (
            "the setting `judge` of `judge`: expected text or a member: a map with `role`, `run`, `python` or `graph`",
            ("judge",),
        )
    ]


def test_a_map_that_is_nearly_a_member() -> None:
    assert wrong("refine", check={"rnu": "x"}) == [("unknown key `rnu` of a member", ("check", "rnu"))]


def test_members_of_an_inner_pattern_know_their_places_in_it() -> None:
    member = Member(task=BoundTask(id="t"), where=("of", "refine", "check"))
    outer = settings_with(n=2, of={"refine": {"check": member}})
    work = outer.work(BoundTask(id="t", command=CommandSpec(shell="true")))
    assert work.pattern is not None
    assert work.pattern.where == ("of", "refine")
    assert work.pattern.settings["check"].where == ("check",)


def test_what_waits() -> None:
    member = Member(task=BoundTask(id="t", env=(("A", Expr("x")),)), keys={"name": "a"})
    assert not waits({"n": 3, "members": [member], "rule": {"quorum": 2}, "join": None})
    assert waits({"rule": {"quorum": Expr("params.k")}})
    assert waits([1, Literal("known, but not put in")])
    assert waits({"members": [Member(task=BoundTask(id="t"), keys={"share": Expr("params.share")})]})
