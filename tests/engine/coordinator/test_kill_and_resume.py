"""Random graphs, random outcomes, random kill points: what is promised holds after any resume."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from metaensemble.engine.coordinator.session import Session, Surroundings, create
from metaensemble.engine.faults import no_faults
from metaensemble.engine.ledger.ledger import Ledger
from metaensemble.engine.scheduler.machine import Scheduler
from metaensemble.schemas.bound import BoundGraph, BoundTask, Need, RetryPolicy
from metaensemble.schemas.ids import IdSource
from metaensemble.schemas.template import Expr
from support.instant import InstantClock, ScriptRuntime

PHASES = (Phase.explicit, Phase.generate)  # a failing example is small already, and shrinking is slow here
MODES = ("ok", "ok", "ok", "done", "failed")


class Killed(BaseException):
    """Stands for kill -9: nothing of ours catches it on purpose."""


class Checked(Scheduler):
    """A scheduler that checks its invariants after every event."""

    def handle(self, event):  # type: ignore[no-untyped-def]
        commands = super().handle(event)
        self.validate()
        return commands


@st.composite
def graphs(draw: st.DrawFn) -> tuple[BoundGraph, dict[str, int | None]]:
    count = draw(st.integers(1, 9))
    tasks = []
    failures: dict[str, int | None] = {}
    for index in range(count):
        name = f"n{index}"
        earlier = draw(st.lists(st.integers(0, index - 1), unique=True, max_size=3)) if index else []
        needs = tuple(Need(task=f"n{i}", mode=draw(st.sampled_from(MODES))) for i in earlier)
        retries = draw(st.integers(0, 2))
        failures[name] = draw(st.sampled_from([0, 0, 0, retries, None]))
        tasks.append(
            BoundTask(
                id=name,
                needs=needs,
                runtime="script",
                condition=Expr("yes" if draw(st.booleans()) else "no")
                if draw(st.integers(0, 4)) == 0
                else None,
                retry=RetryPolicy(maximum=retries, backoff_min=0.01, backoff_max=0.1),
            )
        )
    graph = BoundGraph(
        name="random",
        source="/nowhere/graph.yaml",
        source_digest="0" * 64,
        project="/nowhere",
        tasks=tuple(tasks),
        maximum=draw(st.integers(1, 4)),
    )
    return graph, failures


def world(runtime: ScriptRuntime, faults: Callable[[str], None], seed: int) -> Surroundings:
    return Surroundings(
        evaluate=lambda source, _scope: source == "yes",
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


def play(state: Path, dag_run_id: str, around: Surroundings, graph: BoundGraph | None) -> dict[str, object]:
    with Ledger.open(state, faults=around.faults) as ledger:
        if graph is not None:
            create(ledger, graph, dag_run_id, around, concurrency=None, version="test")
        session = Session(ledger, dag_run_id, around, state=state, scheduler=Checked)
        session.scheduler.validate()
        if not session.has_ended:
            session.claim()
            asyncio.run(session.drive())
        return final(session)


def final(session: Session) -> dict[str, object]:
    nodes = session.scheduler.nodes
    return {
        name: (node.state, session.outputs[name] if node.state == "ok" else None)
        for name, node in nodes.items()
    }


def ok_nodes(state: Path, dag_run_id: str) -> set[str]:
    with Ledger.open(state) as ledger:
        rows = ledger.journal_of(dag_run_id)
        return {
            row.payload["node_id"]
            for row in rows
            if row.kind == "attempt.finished" and row.payload["outcome"] == "ok"
        }


@settings(max_examples=60, phases=PHASES)
@given(made=graphs(), kills=st.lists(st.integers(1, 60), max_size=4), seed=st.integers(0, 2**16))
def test_resuming_gives_what_an_undisturbed_run_gives(
    made: tuple[BoundGraph, dict[str, int | None]], kills: list[int], seed: int
) -> None:
    graph, failures = made
    identifier = IdSource()
    with tempfile.TemporaryDirectory() as folder:
        calm = Path(folder) / "calm"
        expected = play(calm, identifier(), world(ScriptRuntime(failures, Random(0)), no_faults, 0), graph)
        state = Path(folder) / "stormy"
        dag_run_id = identifier()
        created = False
        for round_number, step in enumerate(kills):
            runtime = ScriptRuntime(failures, Random(seed + round_number))
            before = ok_nodes(state, dag_run_id) if created else set()
            with contextlib.suppress(Killed):
                play(state, dag_run_id, world(runtime, kill_at(step), seed), None if created else graph)
            assert not before & set(runtime.started), "a node that had ended ok was run again"
            with Ledger.open(state) as ledger:
                created = bool(ledger.journal_of(dag_run_id, limit=1))
        runtime = ScriptRuntime(failures, Random(seed))
        before = ok_nodes(state, dag_run_id) if created else set()
        got = play(state, dag_run_id, world(runtime, no_faults, seed), None if created else graph)
        assert got == expected
        assert not before & set(runtime.started)
        with Ledger.open(state) as ledger:
            assert ledger.verify().is_clean
            head = ledger.head()
        again = ScriptRuntime(failures, Random(seed))
        assert play(state, dag_run_id, world(again, no_faults, seed), None) == expected
        assert not again.started
        with Ledger.open(state) as ledger:
            assert ledger.head() == head, "resuming an ended DAG run wrote something"
