"""Random graphs that grow, random outcomes, random kill points: what is promised holds after any resume."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from metaensemble.engine.coordinator.session import Session, Surroundings, create
from metaensemble.engine.faults import no_faults
from metaensemble.engine.ledger import rebuild
from metaensemble.engine.ledger.ledger import Ledger
from metaensemble.engine.ledger.records import Record
from metaensemble.engine.scheduler.graph import topological_order
from metaensemble.engine.scheduler.machine import Scheduler
from metaensemble.schemas.bound import BoundGraph
from metaensemble.schemas.ids import IdSource
from metaensemble.tasks.expression.evaluator import evaluate
from support.grown import Fate, GrownRuntime, grown_graphs
from support.instant import InstantClock
from support.ledger import content

PHASES = (Phase.explicit, Phase.generate)  # a failing example is small already, and shrinking is slow here
KILLS = st.lists(st.integers(1, 90), max_size=4)
SEEDS = st.integers(0, 2**16)


class Killed(BaseException):
    """Stands for kill -9: nothing of ours catches it on purpose."""


class Checked(Scheduler):
    """A scheduler that checks its invariants after every event."""

    def handle(self, event):  # type: ignore[no-untyped-def]
        commands = super().handle(event)
        self.validate()
        return commands


class DagRun:
    """One DAG run in a folder of its own, whose processes die as often as they are told to."""

    def __init__(self, state: Path, graph: BoundGraph, seed: int) -> None:
        self._state = state
        self._graph = graph
        self._seed = seed
        self._id = IdSource()()
        self.started: set[tuple[str, int]] = set()

    def undisturbed(self, fate: Fate, *, reopen: bool = False) -> dict[str, Any]:
        """Drive it as far as it goes."""
        return self._play(GrownRuntime(fate, Random(self._seed)), no_faults, reopen=reopen)

    def killed(self, fate: Fate, step: int, *, reopen: bool = False) -> None:
        """Drive it until it comes past `step` places."""
        with contextlib.suppress(Killed):
            self._play(GrownRuntime(fate, Random(self._seed + step)), kill_at(step), reopen=reopen)

    def answered(self, fate: Fate, kills: list[int]) -> dict[str, Any]:
        """Drive it to its end: each question that waits gets a no at first, and then a yes."""
        for step in kills:
            self.killed(fate, step)
            self._answer()
        while True:
            found = self.undisturbed(fate)
            if not self._answer():
                return found

    def _answer(self) -> bool:
        """Answer everything that is asked while nothing else can go on; whether there was any."""
        with Ledger.open(self._state) as ledger:
            rows = ledger.journal_of(self._id, limit=100_000)
            if not rows or rows[-1].kind != "dag_run.paused":
                return False
            asked = [row for row in rows if row.kind == "principal.asked"]
            for node in rows[-1].payload["waiting_for"]:
                newest = max(row.payload["generation"] for row in asked if row.entity_id == node)
                answer = {"answer": "yes", "output": True} if newest % 2 else {"answer": "no"}
                payload = {"generation": newest, "by": "ana", **answer}
                ledger.append([Record("principal.answered", node, self._id, payload)])
        return True

    def _play(self, runtime: GrownRuntime, faults: Callable[[str], None], *, reopen: bool) -> dict[str, Any]:
        before = self.finished()
        try:
            return self._session(runtime, faults, reopen=reopen)
        finally:
            self.started = runtime.generations
            assert not before & self.started, "a node that had ended ok was run again"

    def _session(
        self, runtime: GrownRuntime, faults: Callable[[str], None], *, reopen: bool
    ) -> dict[str, Any]:
        around = world(runtime, faults, self._seed)
        with Ledger.open(self._state, faults=faults) as ledger:
            if not ledger.journal_of(self._id, limit=1):
                create(ledger, self._graph, self._id, around, concurrency=None, version="test")
            session = Session(ledger, self._id, around, state=self._state, scheduler=Checked)
            session.scheduler.validate()
            if session.has_ended and reopen:
                session.reopen()
            if not session.has_ended:
                session.claim()
                asyncio.run(session.drive())
            check_shape(session.scheduler)
            self._check_rows(ledger, session.scheduler)
            return final(session)

    def _check_rows(self, ledger: Ledger, scheduler: Scheduler) -> None:
        """The tables know the nodes that the scheduler knows, and say the same of those that ended."""
        rows = ledger.connection.execute(
            "SELECT node_id, generation, state, reason FROM nodes WHERE dag_run_id = ? AND superseded = 0",
            (self._id,),
        )
        newest: dict[str, tuple[int, str, str]] = {}
        for name, *told in rows:
            newest[name] = max(newest.get(name, (-1, "", "")), tuple(told))
        nodes = scheduler.nodes
        assert {name: told[0] for name, told in newest.items()} == {
            name: node.generation for name, node in nodes.items()
        }
        for name, node in nodes.items():
            if node.has_ended:
                assert newest[name] == (node.generation, node.state, node.reason)

    def finished(self) -> set[tuple[str, int]]:
        """The nodes, each with its generation, with an attempt that ended ok."""
        with Ledger.open(self._state) as ledger:
            return {
                (row.payload["node_id"], row.payload["generation"])
                for row in ledger.journal_of(self._id, limit=100_000)
                if row.kind == "attempt.finished" and row.payload["outcome"] == "ok"
            }

    def check_ledger(self) -> None:
        """It is whole, holds every completion once, and says the same when it is made anew."""
        with Ledger.open(self._state) as ledger:
            found = ledger.verify()
            assert found.is_clean, found.problems
            rows = ledger.journal_of(self._id, limit=100_000)
            ended = [row.entity_id for row in rows if row.kind == "attempt.finished"]
            assert len(ended) == len(set(ended)), "an attempt has two ends"
            before = content(ledger.connection)
        rebuild(self._state)
        with Ledger.open(self._state) as ledger:
            assert content(ledger.connection) == before

    def head(self) -> tuple[int, str]:
        """The end of the Ledger's chain."""
        with Ledger.open(self._state) as ledger:
            return ledger.head()


def world(runtime: GrownRuntime, faults: Callable[[str], None], seed: int) -> Surroundings:
    return Surroundings(
        evaluate=evaluate,
        runtimes={"script": runtime},
        environ={},
        clock=InstantClock(),
        ids=IdSource(),
        rng=Random(seed),
        faults=faults,
        stop_stranded=lambda *_args, **_kwargs: [],
    )


def kill_at(step: int) -> Callable[[str], None]:
    left = step

    def fault(_place: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed

    return fault


def check_shape(scheduler: Scheduler) -> None:
    """Ids are unique, members belong to one group, and nothing waits for itself."""
    nodes = scheduler.nodes
    members = [member for node in nodes.values() if node.members is not None for member in node.members.ids]
    assert len(members) == len(set(members))
    assert set(members) == {name for name, node in nodes.items() if node.spec.group is not None}
    assert len(topological_order([node.spec for node in nodes.values()])) == len(nodes)


def final(session: Session) -> dict[str, Any]:
    """State, reason and output of every node."""
    return {
        name: (node.state, session.outputs.get(name) if node.state == "ok" else None)
        for name, node in session.scheduler.nodes.items()
    }


@settings(max_examples=40, phases=PHASES)
@given(graph=grown_graphs(), kills=KILLS, seed=SEEDS)
def test_resuming_gives_what_an_undisturbed_run_gives(graph: BoundGraph, kills: list[int], seed: int) -> None:
    fate = Fate(seed)
    with tempfile.TemporaryDirectory() as folder:
        expected = DagRun(Path(folder, "calm"), graph, 0).undisturbed(fate)
        stormy = DagRun(Path(folder, "stormy"), graph, seed)
        for step in kills:
            stormy.killed(fate, step)
        assert stormy.undisturbed(fate) == expected
        stormy.check_ledger()
        head = stormy.head()
        assert stormy.undisturbed(fate) == expected
        assert not stormy.started
        assert stormy.head() == head, "resuming an ended DAG run wrote something"


@settings(max_examples=40, phases=PHASES)
@given(graph=grown_graphs(rest="stop"), kills=KILLS, seed=SEEDS)
def test_whichever_items_a_quorum_stops_nothing_is_lost_or_done_twice(
    graph: BoundGraph, kills: list[int], seed: int
) -> None:
    fate = Fate(seed)
    with tempfile.TemporaryDirectory() as folder:
        stormy = DagRun(Path(folder, "stormy"), graph, seed)
        for step in kills:
            stormy.killed(fate, step)
        ended = stormy.undisturbed(fate)
        assert {state for state, _ in ended.values()} <= {"ok", "failed", "blocked", "skipped"}
        stormy.check_ledger()
        assert stormy.undisturbed(fate) == ended
        assert not stormy.started


@settings(max_examples=40, phases=PHASES)
@given(graph=grown_graphs(asks=True), kills=KILLS, seed=SEEDS)
def test_work_that_is_sent_back_is_done_anew_and_once(graph: BoundGraph, kills: list[int], seed: int) -> None:
    fate = Fate(seed)
    with tempfile.TemporaryDirectory() as folder:
        expected = DagRun(Path(folder, "calm"), graph, 0).answered(fate, [])
        stormy = DagRun(Path(folder, "stormy"), graph, seed)
        assert stormy.answered(fate, kills) == expected
        stormy.check_ledger()
        head = stormy.head()
        assert stormy.undisturbed(fate) == expected
        assert stormy.head() == head


@settings(max_examples=40, phases=PHASES)
@given(graph=grown_graphs(rest="keep"), kills=KILLS, seed=SEEDS)
def test_a_retry_goes_on_from_what_ended_well(graph: BoundGraph, kills: list[int], seed: int) -> None:
    fate, mended = Fate(seed), Fate(seed, mended=True)
    with tempfile.TemporaryDirectory() as folder:
        dag_run = DagRun(Path(folder, "state"), graph, seed)
        first = dag_run.undisturbed(fate)
        for step in kills:
            dag_run.killed(mended, step, reopen=True)
        second = dag_run.undisturbed(mended, reopen=True)
        for name, (state, output) in first.items():
            if state == "ok":
                assert second[name] == (state, output)
        dag_run.check_ledger()
