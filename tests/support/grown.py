"""Random task graphs that grow, and a runtime whose attempts end by the node's own name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from hypothesis import strategies as st

from metaensemble.engine.runtimes.protocol import AttemptRequest, AttemptResult
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
from metaensemble.schemas.canonical import digest
from metaensemble.schemas.template import Expr, Literal
from support.instant import ScriptRuntime

MODES = ("ok", "ok", "ok", "done", "failed")
UNTIL = (*(f"repeat.index >= {number}" for number in (1, 2, 2, 3)), "false", "repeat.nothing.at_all")
BAD_ITEMS = (Literal("no list"), Literal([1, 1]), Expr("nothing.at_all"))
DEEPEST = 2


def graph_of(tasks: tuple[BoundTask, ...], **fields: Any) -> BoundGraph:
    """A graph of these tasks that stands nowhere."""
    given: dict[str, Any] = {
        "source": "/nowhere/graph.yaml",
        "source_digest": "0" * 64,
        "project": "/nowhere",
    }
    return BoundGraph(**{"name": "grown", "tasks": tasks, **given, **fields})


@st.composite
def grown_graphs(draw: st.DrawFn, *, rest: str = "keep", asks: bool = False) -> BoundGraph:
    """A graph of tasks with random items, cells, rounds and graphs of their own, one inside another.

    With `rest: keep` how it ends does not depend on which of its nodes ends first. With `asks` some of
    the tasks are questions, most of which send work back after a no.
    """
    graph = graph_of(_tasks(draw, 0, rest), maximum=draw(st.integers(1, 4)))
    return _with_questions(draw, graph) if asks else graph


def _with_questions(draw: st.DrawFn, graph: BoundGraph) -> BoundGraph:
    """The graph, and every graph in it, with questions in place of some of its tasks."""
    tasks: list[BoundTask] = []
    before: dict[str, set[str]] = {}
    for task in graph.tasks:
        needs = [need.task for need in task.needs]
        before[task.id] = {*needs, *(name for need in needs for name in before[need])}
        one = task
        if task.body is not None:
            one = replace(task, body=replace(task.body, graph=_with_questions(draw, task.body.graph)))
        elif needs and not task.cells and draw(st.booleans()):
            target = draw(st.sampled_from([None, *sorted(before[task.id])]))
            ask = AskSpec(question=Literal("Fine?"), rewind_to=target)
            one = replace(task, kind="approve", runtime="approve", ask=ask, inputs=(), repeat=None)
        tasks.append(one)
    return replace(graph, tasks=tuple(tasks))


def _tasks(draw: st.DrawFn, depth: int, rest: str) -> tuple[BoundTask, ...]:
    tasks: list[BoundTask] = []
    for index in range(draw(st.integers(1, 5 if depth == 0 else 3))):
        earlier = (
            draw(st.lists(st.sampled_from(tasks), unique_by=lambda t: t.id, max_size=2)) if tasks else []
        )
        needs = tuple(_need(draw, task, rest) for task in earlier)
        retries = draw(st.sampled_from([0, 0, 2]))
        task = BoundTask(
            id=f"{'abc'[depth]}{index}",
            needs=needs,
            runtime="script",
            condition=draw(st.sampled_from([None, None, None, None, Expr("true"), Expr("false")])),
            inputs=(("retries", Literal(retries)), *_inputs(needs)),
            retry=RetryPolicy(maximum=retries, backoff_min=0.01, backoff_max=0.1),
        )
        tasks.append(_shaped(draw, task, needs, depth, rest))
    taken = {need.task for task in tasks for need in task.needs if need.whole}
    return tuple(replace(task, outputs_taken=task.id in taken) for task in tasks)


def _need(draw: st.DrawFn, task: BoundTask, rest: str) -> Need:
    if (task.each is not None or task.cells) and draw(st.booleans()):
        count = draw(st.integers(1, 3))
        of = draw(st.sampled_from([None, 3]))
        # A matrix has no `rest`: whoever takes all outputs keeps its cells from being stopped.
        whole = draw(st.booleans()) or (bool(task.cells) and rest == "keep")
        return Need(task=task.id, count=count, of=of, whole=whole)
    return Need(task=task.id, mode=draw(st.sampled_from(MODES)))


def _inputs(needs: tuple[Need, ...]) -> tuple[tuple[str, Any], ...]:
    return tuple((need.task, Expr(f"tasks.{need.task}.outputs")) for need in needs if need.whole)


def _shaped(draw: st.DrawFn, task: BoundTask, needs: tuple[Need, ...], depth: int, rest: str) -> BoundTask:
    shape = draw(st.sets(st.sampled_from(["each", "repeat", "body"]), max_size=3))
    if draw(st.booleans()):
        shape = set()  # half of the tasks are plain
    if "each" in shape:
        task = _with_items(draw, task, needs, rest)
    if "repeat" in shape:
        until = draw(st.sampled_from(UNTIL))
        task = replace(task, repeat=RepeatSpec(until=Expr(until), maximum=draw(st.integers(1, 3))))
    if "body" in shape and depth < DEEPEST:
        inner = _tasks(draw, depth + 1, rest)
        first = inner[0].id
        reads = draw(
            st.sampled_from(
                [f"tasks.{first}.status", f"tasks.{first}.output", f"tasks.{first}.status", "params.given"]
            )
        )
        graph = graph_of(
            inner,
            maximum=draw(st.sampled_from([None, None, 1])),
            outputs=(("result", Expr(reads)),),
            params=(("given", 7),),
        )
        task = replace(task, body=SubGraph(graph=graph), inputs=())
    if draw(st.integers(0, 5)) == 0:
        cells = tuple(
            Cell(key=f"n={n}", values={"n": n}, task=replace(task, needs=()))
            for n in range(1, draw(st.integers(2, 3)))
        )
        task = replace(
            task, cells=tuple(replace(c, task=replace(c.task, needs=task.needs, condition=None)) for c in cells),
            each=None, repeat=None, body=None,
        )  # fmt: skip
    return task


def _with_items(draw: st.DrawFn, task: BoundTask, needs: tuple[Need, ...], rest: str) -> BoundTask:
    is_bad = draw(st.integers(0, 9)) == 0
    lists = st.lists(st.integers(0, 4), unique=True, max_size=4).map(Literal)
    items = draw(st.sampled_from(BAD_ITEMS) if is_bad else lists)
    producers = [need.task for need in needs if need.mode == "ok" and need.count is None]
    if producers and draw(st.booleans()):
        items = Expr(f"tasks.{producers[0]}.output.items")
    each = EachSpec(
        items=items,
        key=draw(st.sampled_from([None, Expr("item"), Expr("'k/' ~ item")])),
        parallel=draw(st.sampled_from([None, 1, 2])),
        rest=rest,  # type: ignore[arg-type]
    )
    condition = task.condition
    if draw(st.integers(0, 3)) == 0:
        return replace(task, each=each, condition=Expr("item != 1"), condition_at="item")
    return replace(task, each=each, condition=condition)


@dataclass(frozen=True)
class Fate:
    """How attempts end, by the name of their node alone: the same in every process.

    `mended` lets all of them end ok.
    """

    seed: int
    mended: bool = False

    def of(self, request: AttemptRequest) -> AttemptResult:
        """The end of one attempt, with an output that tells everything that the attempt was given."""
        retries = request.inputs.get("retries", 0)
        drawn = Random(f"{self.seed} {request.node_id}").random()
        fails = request.attempt_no <= retries if drawn < 0.3 else drawn > 0.85
        if fails and not self.mended:
            return AttemptResult(outcome="failed", failure_reason="exit_status", reason="as fated")
        seen = {name: brief.get("output") for name, brief in sorted(request.briefs.items())}
        items = list(range(int(drawn * 1000) % 4))
        return AttemptResult(
            outcome="ok",
            output={"is": digest([request.node_id, seen, request.inputs])[:12], "items": items},
        )


class GrownRuntime(ScriptRuntime):
    """Ends attempts in a random order as a `Fate` says."""

    def __init__(self, fate: Fate, rng: Random) -> None:
        super().__init__({}, rng)
        self._fate = fate
        self.generations: set[tuple[str, int]] = set()
        """The nodes that were started, each with its generation."""

    def _result(self, request: AttemptRequest) -> AttemptResult:
        self.generations.add((request.node_id, request.generation))
        return self._fate.of(request)


Faults = Callable[[str], None]
States = Mapping[str, tuple[str, Any]]
