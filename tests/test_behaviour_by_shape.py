"""Every behaviour of a node in every shape of a graph, against a plain oracle for how all nodes end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, Literal

import pytest

from metaensemble.engine.coordinator.session import Session, Surroundings, create
from metaensemble.engine.faults import no_faults
from metaensemble.engine.ledger import Ledger, Record
from metaensemble.engine.runtimes.protocol import AttemptRequest, AttemptResult
from metaensemble.engine.scheduler.machine import Scheduler
from metaensemble.schemas.bound import (
    AskSpec,
    BoundGraph,
    BoundTask,
    Cell,
    EachSpec,
    Need,
    RepeatSpec,
    RetryPolicy,
    SubGraph,
)
from metaensemble.schemas.ids import IdSource
from metaensemble.schemas.template import Expr
from metaensemble.schemas.template import Literal as Known
from metaensemble.tasks.expression.evaluator import evaluate
from metaensemble.tasks.sub_graphs import read_late_parameter
from support.grown import graph_of
from support.stage import HANGS, Stage

Kind = Literal["work", "items", "graph", "rounds"]
BAD = ("failed", "blocked")


@dataclass(frozen=True)
class Part:
    """One node as the oracle knows it: what it needs and what it is a member of."""

    id: str
    needs: tuple[str, ...] = ()
    group: str = ""
    kind: Kind = "work"


@dataclass(frozen=True)
class Shape:
    """A graph, the node in it that behaves, and all its nodes, each behind its needs and members first."""

    tasks: tuple[BoundTask, ...]
    subject: str
    parts: tuple[Part, ...]


# ---- the oracle


def ends(shape: Shape, end: str) -> dict[str, str]:
    """The states of all nodes when the subject ends so and all others do well."""
    found: dict[str, str] = {}
    for part in shape.parts:
        state = from_needs([found[need] for need in part.needs])
        if state is None and part.kind == "work":
            state = end if part.id == shape.subject else "ok"
        members = [one for one in shape.parts if one.group == part.id]
        if state is None:
            state = from_members(part.kind, [found[one.id] for one in members])
        found[part.id] = state
    if end != "ok" and shape.subject.endswith("#1"):
        del found[shape.subject.replace("#1", "#2")]  # no round follows
    return found


def from_needs(states: Sequence[str]) -> str | None:
    """How a node ends because of its needs; None when it may run."""
    if any(state in BAD for state in states):
        return "blocked"
    for state in ("cancelled", "skipped"):
        if state in states:
            return state
    return None


def from_members(kind: Kind, states: Sequence[str]) -> str:
    if kind == "rounds":
        first = states[0]
        return "failed" if first in BAD else first
    if any(state in BAD for state in states):
        return "failed"
    return "cancelled" if "cancelled" in states else "ok"


# ---- the shapes


def task(name: str, *needs: str, **fields: Any) -> BoundTask:
    return BoundTask(id=name, needs=tuple(Need(task=need) for need in needs), runtime="script", **fields)


def parts(*tasks: BoundTask, prefix: str = "", group: str = "") -> Iterator[Part]:
    for one in tasks:
        yield Part(prefix + one.id, tuple(prefix + need.task for need in one.needs), group)


def plain(*tasks: BoundTask) -> Shape:
    return Shape(tasks, "subject", tuple(parts(*tasks)))


def chain(own: BoundTask) -> Shape:
    return plain(task("a"), replace(own, needs=(Need(task="a"),)), task("b", "subject"), task("c", "b"))


def wide(own: BoundTask) -> Shape:
    names = [f"w{number}" for number in range(6)]
    many = [task(name, "a") for name in names]
    own = replace(own, needs=(Need(task="a"),))
    return plain(task("a"), *many[:3], own, *many[3:], task("join", *names, "subject"))


def diamond(own: BoundTask) -> Shape:
    own = replace(own, needs=(Need(task="a"),))
    return plain(task("a"), own, task("c", "a"), task("d", "subject", "c"))


def layered(own: BoundTask) -> Shape:
    first, last = [f"a{n}" for n in range(3)], [f"c{n}" for n in range(3)]
    own = replace(own, needs=tuple(Need(task=name) for name in first))
    middle = [task("b0", *first), own, task("b2", *first)]
    return plain(*map(task, first), *middle, *(task(name, "b0", "subject", "b2") for name in last))


def nested_each(own: BoundTask) -> Shape:
    condition = None if own.condition is None else Expr("not (item == 2 and params.name == 'x')")
    inner = replace(
        own, id="list", each=EachSpec(items=Known([1, 2]), key=Expr("item")), condition=condition,
        condition_at="item",
    )  # fmt: skip
    body = SubGraph(
        graph=graph_of((task("first"), inner, task("end", "list"))),
        given=(("name", Expr("item")),),
        specs={"name": {"type": "string"}},
    )
    outer = task("outer", each=EachSpec(items=Known(["x", "y"]), key=Expr("item")), body=body)
    found: list[Part] = []
    for key in ("outer[x]", "outer[y]"):
        found += [Part(f"{key}/first", group=key)]
        found += [Part(f"{key}/list[{number}]", group=f"{key}/list") for number in (1, 2)]
        found += [Part(f"{key}/list", group=key, kind="items")]
        found += [Part(f"{key}/end", (f"{key}/list",), key), Part(key, group="outer", kind="graph")]
    found += [Part("outer", kind="items"), Part("after", ("outer",))]
    return Shape((outer, task("after", "outer")), "outer[x]/list[2]", tuple(found))


def matrix(own: BoundTask) -> Shape:
    cell = replace(own, id="m", condition=None)
    cells = (
        Cell(key="p=1", values={"p": 1}, task=cell),
        Cell(key="p=2", values={"p": 2}, task=replace(cell, condition=own.condition)),
    )
    found = (
        Part("m[p=1]", group="m"), Part("m[p=2]", group="m"), Part("m", kind="items"), Part("after", ("m",)),
    )  # fmt: skip
    return Shape((task("m", cells=cells), task("after", "m")), "m[p=2]", found)


def sub_graph(own: BoundTask) -> Shape:
    inside = (
        task("one"), replace(own, needs=(Need(task="one"),)), task("three", "subject"), task("side"),
    )  # fmt: skip
    g = task("g", "before", body=SubGraph(graph=graph_of(inside)))
    found = (
        Part("before"), *parts(*inside, prefix="g/", group="g"), Part("g", ("before",), kind="graph"),
        Part("after", ("g",)),
    )  # fmt: skip
    return Shape((task("before"), g, task("after", "g")), "g/subject", found)


def repeat(own: BoundTask) -> Shape:
    condition = None if own.condition is None else Expr("repeat.index != 1")
    r = replace(
        own, id="r", repeat=RepeatSpec(until=Expr("repeat.index >= 2"), maximum=3), condition=condition,
        condition_at="round",
    )  # fmt: skip
    found = (Part("r#1", group="r"), Part("r#2", group="r"), Part("r", kind="rounds"), Part("after", ("r",)))
    return Shape((r, task("after", "r")), "r#1", found)


SHAPES = (chain, wide, diamond, layered, nested_each, matrix, sub_graph, repeat)


# ---- the behaviours


@dataclass(frozen=True)
class Behaviour:
    """What the subject does: the fields of its task, the ends of its attempts, and how it ends."""

    name: str
    end: str
    outcomes: tuple[str, ...]
    fields: tuple[tuple[str, Any], ...] = ()

    def act(self, request: AttemptRequest) -> AttemptResult:
        """The end of an attempt of the subject."""
        fails = self.name == "fail" or (self.name == "retry" and request.attempt_no == 1)
        if self.name in ("timeout", "cancel") or (self.name == "kill" and request.attempt_no == 1):
            return HANGS
        return FAILED if fails else AttemptResult(outcome="ok", output=request.node_id)


FAILED = AttemptResult(outcome="failed", failure_reason="exit_status", reason="exit status 1")
BEHAVIOURS = (
    Behaviour("ok", "ok", ("ok",)),
    Behaviour("fail", "failed", ("failed",)),
    Behaviour("retry", "ok", ("failed", "ok"), (("retry", RetryPolicy(maximum=1)),)),
    Behaviour("skip", "skipped", (), (("condition", Expr("false")),)),
    Behaviour("timeout", "failed", ("failed",), (("timeout", 30.0),)),
    Behaviour("cancel", "cancelled", ("cancelled",)),
    Behaviour("kill", "ok", ("interrupted", "ok")),
    Behaviour("reuse", "ok", (), (("reads", ()),)),
    Behaviour("approve", "ok", (), (("kind", "approve"), ("ask", AskSpec(question=Known("Go on?"))))),
)


class Killed(BaseException):
    """Stands for kill -9."""


class Checked(Scheduler):
    """A scheduler that checks its invariants after every event."""

    def handle(self, event):  # type: ignore[no-untyped-def]
        commands = super().handle(event)
        self.validate()
        return commands


class Run:
    """One DAG run of a shape, in which the subject behaves."""

    def __init__(self, state: Path, shape: Shape, behaviour: Behaviour) -> None:
        self._state = state
        self._shape = shape
        self._behaviour = behaviour
        self._ids = IdSource()
        self.id = self._ids()
        self.graph: BoundGraph = graph_of(shape.tasks, maximum=8)

    def drive(self) -> str:
        """To its end; a process that is killed is followed by another."""
        stage = Stage(self._act, self._cancel if self._behaviour.name == "cancel" else None)
        if self._behaviour.name == "reuse":
            assert self._drive(stage, no_faults) == "ok"
            self.id = self._ids()
            return self._drive(Stage(self._act), no_faults)
        if self._behaviour.name == "approve":
            while (state := self._drive(Stage(self._act), no_faults)) == "paused":
                self._say_yes()
            return state
        if self._behaviour.name != "kill":
            return self._drive(stage, no_faults)
        with contextlib.suppress(Killed):
            self._drive(stage, lambda place: self._kill(place, stage))
        assert stage.newest == self._shape.subject
        return self._drive(Stage(self._act), no_faults)

    def _act(self, request: AttemptRequest) -> AttemptResult:
        if request.node_id == self._shape.subject:
            return self._behaviour.act(request)
        return AttemptResult(outcome="ok", output=request.node_id)

    def _kill(self, place: str, stage: Stage) -> None:
        if place == "attempt.after_start" and stage.newest == self._shape.subject:
            raise Killed

    def _cancel(self) -> None:
        with Ledger.open(self._state) as ledger:
            payload = {"now": False, "by": "ana"}
            ledger.append([Record("dag_run.cancel_requested", self.id, self.id, payload)])

    def _say_yes(self) -> None:
        """To every question that waits, in a process of its own."""
        with Ledger.open(self._state) as ledger:
            for name in [name for name, state in self.states.items() if state == "waiting"]:
                payload = {"generation": 0, "by": "ana", "answer": "yes", "output": True}
                ledger.append([Record("principal.answered", name, self.id, payload)])

    def _drive(self, stage: Stage, faults: Callable[[str], None]) -> str:
        world = Surroundings(
            evaluate=evaluate, runtimes={"script": stage}, environ={}, read_parameter=read_late_parameter,
            clock=stage, ids=self._ids, rng=Random(0), faults=faults, stop_stranded=lambda *_a, **_k: [],
        )  # fmt: skip
        with Ledger.open(self._state, faults=faults) as ledger:
            if not ledger.journal_of(self.id, limit=1):
                create(ledger, self.graph, self.id, world, concurrency=None, version="test")
            session = Session(ledger, self.id, world, state=self._state, scheduler=Checked)
            session.claim()
            state, _ = asyncio.run(session.drive())
            self.states = {name: node.state for name, node in session.scheduler.nodes.items()}
            self.reasons = {name: node.reason for name, node in session.scheduler.nodes.items()}
        return state

    def outcomes(self) -> tuple[str, ...]:
        """The ends of the subject's attempts, as recorded."""
        with Ledger.open(self._state) as ledger:
            rows = ledger.journal_of(self.id, limit=10_000)
            return tuple(
                row.payload["outcome"]
                for row in rows
                if row.kind == "attempt.finished" and row.payload["node_id"] == self._shape.subject
            )


@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda one: one.name)
@pytest.mark.parametrize("shape", SHAPES, ids=lambda one: one.__name__)
def test_behaviour(shape: Callable[[BoundTask], Shape], behaviour: Behaviour, tmp_path: Path) -> None:
    made = shape(task("subject", **dict(behaviour.fields)))
    run = Run(tmp_path / "state", made, behaviour)
    state = run.drive()
    assert run.states == ends(made, behaviour.end)
    assert all(run.reasons.values())
    assert run.outcomes() == behaviour.outcomes
    assert state == verdict([run.states[one.id] for one in made.tasks])
    with Ledger.open(tmp_path / "state") as ledger:
        assert ledger.verify().is_clean


def verdict(states: Sequence[str]) -> str:
    """How the DAG run ends by the states of its outermost nodes; nobody here takes an end knowingly."""
    if "cancelled" in states:
        return "cancelled"
    return "failed" if any(state in BAD for state in states) else "ok"
