"""ms per no-op node (runtime `replay`, the whole Ledger on) against two bare SQLite commits per node."""

from __future__ import annotations

import argparse
import asyncio
import graphlib
import os
import sqlite3
import statistics
import tempfile
import time
from pathlib import Path

from shapes import needs_of

from metaensemble.engine.coordinator.session import Session, Surroundings, create
from metaensemble.engine.ledger.ledger import Ledger
from metaensemble.engine.runtimes.protocol import AttemptResult
from metaensemble.engine.runtimes.replay import Recordings, ReplayRuntime
from metaensemble.schemas.bound import BoundGraph, BoundTask, Need
from metaensemble.schemas.ids import new_id

SHAPES = ("chain", "wide", "layered")


def floor(needs: list[list[int]], folder: Path) -> float:
    """Seconds to walk the graph with one committed row when a node starts and one when it ends."""
    start = time.perf_counter()
    db = sqlite3.connect(folder / "floor.db", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=NORMAL")
    db.execute("CREATE TABLE attempts (node INTEGER PRIMARY KEY, started REAL, ended REAL)")
    order = graphlib.TopologicalSorter(dict(enumerate(needs)))
    order.prepare()
    while order.is_active():
        for node in order.get_ready():
            db.execute("INSERT INTO attempts VALUES (?, ?, NULL)", (node, time.time()))
            db.execute("UPDATE attempts SET ended = ? WHERE node = ?", (time.time(), node))
            order.done(node)
    db.close()
    return time.perf_counter() - start


def graph_of(shape: str, needs: list[list[int]], folder: Path) -> BoundGraph:
    """The shape as a bound graph on the runtime `replay`."""
    tasks = tuple(
        BoundTask(id=f"n{i}", runtime="replay", needs=tuple(Need(task=f"n{need}") for need in wanted))
        for i, wanted in enumerate(needs)
    )
    return BoundGraph(
        name=shape,
        source=str(folder / "graph.yaml"),
        source_digest="0" * 64,
        project=str(folder),
        tasks=tasks,
    )


def ours(shape: str, needs: list[list[int]], folder: Path) -> tuple[float, float]:
    """Seconds for a DAG run from the bound graph to its end, and for a resume with nothing to do."""
    graph = graph_of(shape, needs, folder)
    recordings = Recordings()
    for task in graph.tasks:
        recordings.add(task.id, 1, AttemptResult(outcome="ok", output="done"))
    state = folder / "state"
    dag_run_id = new_id()
    with Ledger.open(state) as ledger:
        world = Surroundings(
            evaluate=_nothing, runtimes={"replay": ReplayRuntime(recordings)}, environ=os.environ
        )
        start = time.perf_counter()
        create(ledger, graph, dag_run_id, world, concurrency=None, version="benchmark")
        session = Session(ledger, dag_run_id, world, state=state)
        session.claim()
        end, reason = asyncio.run(session.drive())
        seconds = time.perf_counter() - start
        if end != "ok":
            raise SystemExit(f"the run ended {end}: {reason}")
        start = time.perf_counter()
        again = Session(ledger, dag_run_id, world, state=state)
        if not again.has_ended:
            raise SystemExit("the end is not on record")
        return seconds, time.perf_counter() - start


def _nothing(source: str, _scope: object) -> object:
    raise AssertionError(f"nothing here has expressions: {source}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1000,10000")
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    print("| graph | ms/node | floor, ms/node | ratio | nothing to do, ms/node |\n|---|---|---|---|---|")
    for size in (int(word) for word in given.sizes.split(",")):
        for shape in SHAPES:
            needs = needs_of(shape, size)
            rows = []
            for _ in range(given.repeat):
                # Taken in turns, so that a change of the machine's pace meets both.
                with tempfile.TemporaryDirectory() as folder:
                    rows.append((*ours(shape, needs, Path(folder)), floor(needs, Path(folder))))
            mine, again, bare = (
                statistics.median(column) / size * 1000 for column in zip(*rows, strict=True)
            )
            print(
                f"| {shape}-{size} | {mine:.3f} | {bare:.3f} | {mine / bare:.1f}x | {again:.3f} |", flush=True
            )


if __name__ == "__main__":
    main()
