"""Which tasks a selection means."""

from __future__ import annotations

import pytest

from metaensemble.engine.selection import select
from metaensemble.schemas.bound import BoundGraph, BoundTask, Need
from metaensemble.schemas.errors import BadSelector, NothingSelected, UnknownSelection


def graph() -> BoundGraph:
    tasks = {
        "fetch": ([], ("net",)),
        "parse": (["fetch"], ()),
        "lint": ([], ("fast", "check")),
        "test-unit": (["parse"], ("check",)),
        "test-all": (["parse", "lint"], ("check", "slow")),
        "report": (["test-unit", "test-all"], ()),
    }
    return BoundGraph(
        name="g",
        source="/g.yaml",
        source_digest="",
        project="/",
        tasks=tuple(
            BoundTask(id=name, needs=tuple(Need(task=need) for need in needs), tags=tags)
            for name, (needs, tags) in tasks.items()
        ),
    )


STATES = {"fetch": "ok", "parse": "failed", "lint": "ok", "test-unit": "blocked", "test-all": "blocked"}

MEANT = [
    (["parse"], [], "parse"),
    (["+parse"], [], "fetch parse"),
    (["parse+"], [], "parse test-unit test-all report"),
    (["+parse+"], [], "fetch parse test-unit test-all report"),
    (["1+report"], [], "test-unit test-all report"),
    (["fetch+1"], [], "fetch parse"),
    (["2+report"], [], "parse lint test-unit test-all report"),
    (["test-*"], [], "test-unit test-all"),
    (["tag:check"], [], "lint test-unit test-all"),
    (["tag:check,tag:slow"], [], "test-all"),
    (["tag:check,parse+"], [], "test-unit test-all"),
    (["lint fetch"], [], "fetch lint"),
    (["lint", "fetch"], [], "fetch lint"),
    (["result:failed"], [], "parse"),
    (["result:failed+"], [], "parse test-unit test-all report"),
    (["result:blocked", "lint"], [], "lint test-unit test-all"),
    ([], ["tag:slow"], "fetch parse lint test-unit report"),
    ([], ["parse+"], "fetch lint"),
    (["+report"], ["tag:net"], "parse lint test-unit test-all report"),
]


@pytest.mark.parametrize(("chosen", "excluded", "meant"), MEANT)
def test_what_is_meant(chosen: list[str], excluded: list[str], meant: str) -> None:
    assert select(graph(), chosen, excluded, STATES) == meant.split()


@pytest.mark.parametrize(
    ("text", "error", "hint"),
    [
        ("prase", UnknownSelection, "did you mean `parse`?"),
        ("+nowhere", UnknownSelection, "there are `fetch`"),
        ("tag:chekc", UnknownSelection, "did you mean `check`?"),
        ("tags:check", BadSelector, "did you mean `tag`?"),
        ("result:fialed", BadSelector, "did you mean `failed`?"),
        ("++parse", BadSelector, "write a task's id"),
        ("parse+x", BadSelector, "write a task's id"),
        ("+", BadSelector, "write a task's id"),
    ],
)
def test_what_is_wrong_is_told(text: str, error: type[Exception], hint: str) -> None:
    with pytest.raises(error) as found:
        select(graph(), [text], [], STATES)
    assert hint in str(found.value.hint)  # type: ignore[attr-defined]


@pytest.mark.parametrize("chosen", [["parse"], ["result:cancelled"]])
def test_a_selection_of_nothing_is_refused(chosen: list[str]) -> None:
    with pytest.raises(NothingSelected):
        select(graph(), chosen, ["parse"], STATES)
