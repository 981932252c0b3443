"""Putting patterns into a bound graph, against making as many tasks as they become: time and memory."""

from __future__ import annotations

import argparse
import statistics
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from metaensemble.patterns.expansion import expanded
from metaensemble.patterns.registry import find
from metaensemble.schemas.bound import (
    BoundGraph,
    BoundTask,
    CommandSpec,
    Member,
    OutputContract,
    PatternUse,
)
from metaensemble.schemas.template import Literal

VOTE = {"type": "object", "required": ["verdict"], "properties": {"verdict": {"enum": ["ship", "mend"]}}}
WORK = BoundTask(
    id="review",
    command=CommandSpec(argv=(Literal("./review"), Literal("a.py"))),
    output=OutputContract(form="json", schema=VOTE),
)
CHECK = Member(
    task=replace(WORK, command=CommandSpec(argv=(Literal("./check"),)), output=OutputContract()),
    has_work=True,
    where=("check",),
)
USES: dict[str, dict[str, Any]] = {
    "consensus of 5": {"name": "consensus", "settings": {"n": 5, "vote": "verdict"}},
    "refine, 2 rounds": {"name": "refine", "settings": {"check": CHECK, "rounds": 2}},
}


def graph_of(count: int, use: PatternUse) -> BoundGraph:
    """So many tasks that use the pattern, none of which needs another."""
    tasks = tuple(replace(WORK, id=f"review{at}", pattern=use) for at in range(count))
    return BoundGraph(
        name="many", source="/project/many.yaml", source_digest="0" * 64, project="/project", tasks=tasks
    )


def put_in(graph: BoundGraph) -> BoundGraph:
    """The graph with its patterns in place."""
    found, errors = expanded(graph, find)
    if errors:
        raise SystemExit(errors[0].message)
    return found


def written_out(count: int) -> list[BoundTask]:
    """So many tasks, as if somebody had written them."""
    return [replace(WORK, id=f"{at}") for at in range(count)]


def pieces_of(graph: BoundGraph) -> int:
    """How many pieces the patterns became."""
    return sum(len(task.body.graph.tasks) for task in graph.tasks if task.body is not None)


def seconds(work: Callable[[], object], repeat: int) -> float:
    """Seconds of a processor that it takes: the median."""
    taken = []
    for _ in range(repeat):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def memory(work: Callable[[], object]) -> tuple[float, float]:
    """MiB that the result keeps, and at most while it is made."""
    tracemalloc.start()
    kept = work()
    now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return now / 2**20, peak / 2**20


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=10_000)
    parser.add_argument("--repeat", type=int, default=3)
    given = parser.parse_args()
    print(
        "| pattern | tasks | pieces | s | ms/piece | floor, ms/piece | ratio | MiB kept | MiB at most |\n"
        "|---|---|---|---|---|---|---|---|---|"
    )
    for title, use in USES.items():
        graph = graph_of(given.tasks, PatternUse(**use))
        count = pieces_of(put_in(graph))
        taken = seconds(partial(put_in, graph), given.repeat)
        bare = seconds(partial(written_out, count), given.repeat)
        kept, most = memory(partial(put_in, graph))
        print(
            f"| {title} | {given.tasks:,} | {count:,} | {taken:.2f} | {taken / count * 1000:.3f} "
            f"| {bare / count * 1000:.3f} | {taken / bare:.1f}x | {kept:.0f} | {most:.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
