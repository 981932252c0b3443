"""Commands that lost their point before they were carried out leave no trace."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random

from metaensemble.engine.coordinator.session import Session, Surroundings, create
from metaensemble.engine.ledger import Ledger
from metaensemble.engine.ledger.records import GRAPH_GREW, GROWTH_FAILED
from metaensemble.engine.runtimes.protocol import AttemptResult
from metaensemble.schemas.bound import BoundTask, Cell, EachSpec, Need
from metaensemble.schemas.ids import IdSource
from metaensemble.schemas.template import Expr, Literal
from metaensemble.tasks.expression.evaluator import evaluate
from support.grown import graph_of
from support.stage import Stage


def test_a_group_that_is_not_needed_any_more_does_not_grow(tmp_path: Path) -> None:
    # All cells are to grow at once; the first has no items, so it is ok, and nobody needs the others.
    cells = tuple(
        Cell(
            key=f"n={n}",
            values={"n": n},
            task=BoundTask(id="m", runtime="script", each=EachSpec(items=items)),
        )
        for n, items in enumerate([Literal([]), Literal([1, 2]), Literal("no list")])
    )
    ship = BoundTask(id="ship", runtime="script", needs=(Need(task="m", count=1),), condition=Expr("true"))
    graph = graph_of((BoundTask(id="m", runtime="script", cells=cells), ship))
    stage = Stage(lambda request: AttemptResult(outcome="ok", output=request.node_id))
    world = Surroundings(
        evaluate=evaluate, runtimes={"script": stage}, environ={}, clock=stage, ids=IdSource(), rng=Random(0)
    )
    dag_run_id = IdSource()()
    with Ledger.open(tmp_path / "state") as ledger:
        create(ledger, graph, dag_run_id, world, concurrency=None, version="test")
        session = Session(ledger, dag_run_id, world, state=tmp_path / "state")
        session.claim()
        assert asyncio.run(session.drive())[0] == "ok"
        states = {name: node.state for name, node in session.scheduler.nodes.items()}
        rows = dict(ledger.connection.execute("SELECT node_id, state FROM nodes"))
        kinds = [(row.kind, row.entity_id) for row in ledger.journal_of(dag_run_id)]
    assert states == {"m": "ok", "ship": "ok", "m[n=0]": "ok", "m[n=1]": "skipped", "m[n=2]": "skipped"}
    assert rows == states
    assert [entity for kind, entity in kinds if kind in (GRAPH_GREW, GROWTH_FAILED)] == [
        "m",
        "m[n=0]",
    ]
