"""Graphs as patterns: their tasks, with the work of the task that uses them, as pieces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from metaensemble.patterns.protocol import Expansion, PatternProblem
from metaensemble.patterns.rules import all_in_order
from metaensemble.patterns.written import written_expansion
from metaensemble.schemas.bound import (
    BoundGraph,
    BoundTask,
    CommandSpec,
    Member,
    Need,
    OutputContract,
    PatternUse,
    SubGraph,
)
from metaensemble.schemas.settling import Ended, Standing
from metaensemble.schemas.template import Expr, Literal, Template

SOLO = PatternUse(name="solo")


def command(text: str) -> CommandSpec:
    return CommandSpec(shell=text)


def use(*tasks: BoundTask, outputs: Sequence[tuple[str, Template]] = (), **given: Any) -> PatternUse:
    """A pattern of these tasks; those without work do that of the user, and give the keys `given`."""
    graph = BoundGraph(
        name="p", source="p.yaml", source_digest="", project="", tasks=tasks, outputs=tuple(outputs)
    )
    keys = {one.id: frozenset(given.get(one.id, ())) for one in tasks if one.pattern and not one.command}
    return PatternUse(name="p", template=SubGraph(graph=graph), given=keys)


def expand(task: BoundTask, pattern: PatternUse) -> Expansion:
    return written_expansion(task, pattern)


USER = BoundTask(
    id="user",
    command=command("work"),
    inputs=(("mine", Literal(1)),),
    env=(("A", Literal("a")),),
    timeout=5.0,
    output=OutputContract(form="json"),
)


def test_a_task_without_work_does_that_of_the_user_with_what_it_says_itself() -> None:
    first = BoundTask(id="first", command=command("prepare"))
    own = BoundTask(
        id="own",
        pattern=SOLO,
        needs=(Need(task="first"),),
        condition=Expr("yes"),
        inputs=(("more", Expr("x")),),
        env=(("B", Literal("b")),),
        timeout=9.0,
        priority=3,
        output=OutputContract(form="lines"),
    )
    found = expand(USER, use(first, own, own=["with", "env", "timeout"]))
    assert (found.pieces[0], found.result) == (first, "own")
    piece = found.pieces[1]
    assert (piece.command, piece.pattern, piece.hosted) == (USER.command, None, True)
    assert (piece.needs, piece.condition) == (own.needs, own.condition)
    assert dict(piece.inputs) == {"mine": Literal(1), "more": Expr("x")}
    assert piece.offered == ("more",)
    assert dict(piece.env) == {"A": Literal("a"), "B": Literal("b")}
    # What it did not give itself is the user's: `priority` and `output` came from defaults.
    assert (piece.timeout, piece.priority, piece.output) == (9.0, 0, USER.output)


def test_members_without_work_have_the_users_at_any_depth() -> None:
    inner = Member(task=BoundTask(id="own"), given=frozenset(), has_work=False)
    nested = Member(
        task=BoundTask(id="own", pattern=PatternUse(name="fanout", settings={"members": [inner]})),
        has_work=True,
        given=frozenset({"pattern"}),
    )
    timed = Member(task=BoundTask(id="own", timeout=2.0), given=frozenset({"timeout"}))
    other = Member(task=BoundTask(id="own", command=command("other")), has_work=True)
    settings = {"members": [timed, other, nested], "judge": other, "n": 3}
    own = BoundTask(id="own", pattern=PatternUse(name="judge", settings=settings))
    (piece,) = expand(USER, use(own)).pieces
    assert piece.pattern is not None
    found = piece.pattern.settings
    one, two, three = found["members"]
    assert (one.task.command, one.task.timeout, one.task.inputs) == (USER.command, 2.0, USER.inputs)
    assert (two, found["judge"], found["n"]) == (other, other, 3)
    assert three.task.pattern.settings["members"][0].task.command == USER.command


def test_the_only_last_task_speaks_for_all() -> None:
    tasks = [BoundTask(id=name, command=command(name)) for name in "ab"]
    with pytest.raises(PatternProblem, match="ends in several tasks, `a`, `b`, and so has no result"):
        expand(BoundTask(id="u"), use(*tasks))
    waiting = BoundTask(id="c", command=command("c"), needs=(Need(task="a"), Need(task="b", mode="failed")))
    assert expand(BoundTask(id="u"), use(*tasks, waiting)).result == "c"


def test_work_that_would_never_be_done_is_refused() -> None:
    other = BoundTask(id="a", command=command("a"))
    with pytest.raises(PatternProblem, match="never does the work of the task `user`"):
        expand(USER, use(other))
    assert expand(BoundTask(id="u"), use(other)).result == "a"


def test_external_work_is_done_once_at_most() -> None:
    twice = use(BoundTask(id="a", pattern=SOLO), BoundTask(id="b", pattern=SOLO, needs=(Need(task="a"),)))
    expand(USER, twice)
    with pytest.raises(PatternProblem, match="would do it 2 times"):
        expand(BoundTask(id="u", command=command("x"), effects="external"), twice)


def test_outputs_are_handed_on_by_a_piece_whose_name_is_free() -> None:
    tasks = [BoundTask(id=name, command=command(name)) for name in ("result", "result-2")]
    found = expand(BoundTask(id="u"), use(*tasks, outputs=[("x", Expr("tasks.result.output"))]))
    last = found.pieces[-1]
    assert (found.result, last.id, last.made) == ("result-3", "result-3", True)
    assert last.needs == (Need(task="result", mode="done"), Need(task="result-2", mode="done"))


def _handed_on(*needs: Need, ends: dict[str, Any]) -> str | None:
    """Why nothing is handed on of `a`, and of `b` that waits for it."""
    a = BoundTask(id="a", command=command("a"))
    b = BoundTask(id="b", command=command("b"), needs=needs)
    last = expand(BoundTask(id="u"), use(a, b, outputs=[("x", Literal(1))])).pieces[-1]
    assert last.settles is not None
    ended = tuple(Ended(f"u.{name}", state) for name, state in ends.items())
    open_ = tuple(f"u.{name}" for name in "ab" if name not in ends)
    settings = last.settles.settings
    found = all_in_order(Standing(ended=ended, open=open_, held=(), join="u.result", settings=settings))
    assert not found.settled
    return found.blocked or None


@pytest.mark.parametrize(
    ("needs", "ends", "why"),
    [
        ([Need(task="a")], {"a": "ok", "b": "ok"}, None),
        ([Need(task="a")], {"a": "failed"}, None),
        ([Need(task="a")], {"a": "failed", "b": "blocked"}, "blocked because `u.a` failed"),
        ([Need(task="a")], {"a": "skipped", "b": "skipped"}, None),
        ([Need(task="a", mode="done")], {"a": "failed", "b": "ok"}, None),
        ([Need(task="a", mode="failed")], {"a": "failed", "b": "ok"}, None),
        ([Need(task="a", count=1)], {"a": "failed", "b": "ok"}, None),
        ([Need(task="a", mode="done")], {"a": "failed", "b": "failed"}, "blocked because `u.b` failed"),
        ([], {"a": "failed", "b": "ok"}, "blocked because `u.a` failed"),
        ([], {"a": "cancelled", "b": "ok"}, "blocked because `u.a` was cancelled"),
    ],
)
def test_outputs_are_made_as_those_of_a_graph_that_is_run(
    needs: list[Need], ends: dict[str, Any], why: str | None
) -> None:
    assert _handed_on(*needs, ends=ends) == why
