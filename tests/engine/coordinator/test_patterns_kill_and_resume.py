"""Every pattern dies at every place that it comes past: resumed, it decides the same, and pays for nothing twice."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from metaensemble.engine.coordinator.session import Session, Surroundings, create
from metaensemble.engine.faults import no_faults
from metaensemble.engine.ledger import rebuild
from metaensemble.engine.ledger.ledger import Ledger
from metaensemble.engine.runtimes.protocol import AttemptRequest, AttemptResult
from metaensemble.engine.runtimes.python import PythonRuntime
from metaensemble.engine.scheduler.machine import Scheduler
from metaensemble.schemas.bound import BoundGraph, BoundTask, Need, RetryPolicy
from metaensemble.schemas.ids import IdSource
from metaensemble.schemas.template import Expr
from metaensemble.tasks.expression.evaluator import evaluate
from support.instant import InstantClock, ScriptRuntime
from support.ledger import content
from support.pattern_play import RULES, command, expanded_graph, member, with_pattern

SAYS: dict[str, Any] = {
    "vote": True,
    "verdict": "approve",
    "preferred": "A",
    "reason": "as it is",
}


@dataclass(frozen=True)
class Case:
    """A task `t` with a pattern; what some pieces say instead of `SAYS`; who fails, and how often.

    `t` ends as `state` says. Where it `races`, more votes may be under way than turn out to be needed:
    which of them come in is chance, what is decided is not.
    """

    task: BoundTask
    says: dict[str, Any] = field(default_factory=dict)
    failures: dict[str, int | None] = field(default_factory=dict)
    state: str = "ok"
    races: bool = False


def vote(**settings: Any) -> BoundTask:
    return with_pattern(command("t", retry=RetryPolicy(maximum=1)), "consensus", vote="vote", **settings)


NO = {"vote": False, "reason": "no"}
REJECT = {"verdict": "reject", "findings": ["a finding"]}

CASES: dict[str, Case] = {
    "solo": Case(with_pattern(command("t"), "solo", of={"solo": {}})),
    "fanout": Case(with_pattern(command("t"), "fanout", n=3), failures={"t.2": None}),
    "fanout-best": Case(
        with_pattern(command("t"), "fanout", n=2, join={"best": "output.vote and 2 or 1"}), {"t.1": NO}
    ),
    "consensus": Case(vote(n=5), {"t.2": NO}, {"t.1": 1}),
    "consensus-in-waves": Case(vote(n=5, waves=[1, 1, 3]), {"t.2": NO, "t.4": NO}, races=True),
    "consensus-of-none": Case(vote(n=3), failures={"t.1": None, "t.2": None}, state="failed", races=True),
    "consensus-with-a-tie": Case(vote(n=4, rule="majority", on_tie={"escalate": member("chief")}),
                                 {"t.1": NO, "t.2": NO, "t.tie": NO}),
    "consensus-that-is-audited": Case(vote(n=4, audit=1.0), {"t.4": NO}),
    "shadow": Case(
        with_pattern(command("t"), "shadow", shadows=[member("other"), member("more")], compare=member("c")),
        failures={"t.shadow-1": None},
    ),
    "peer_review": Case(
        with_pattern(command("t"), "peer_review", reviewers=[member("one"), member("two")], rounds=2),
        {"t.review-1": REJECT, "t.review-2": REJECT, "t.review-1#2": REJECT, "t.review-2#2": REJECT},
    ),
    "peer_review-that-is-blocked": Case(
        with_pattern(command("t"), "peer_review", reviewers=[member("one")]),
        failures={"t.review-1": None},
        state="blocked",
    ),
    "team": Case(
        with_pattern(
            command("t"), "team", members=[member("one"), member("two")],
            join={"synthesise": member("chief")},
        )
    ),
    "cascade": Case(
        with_pattern(command("t"), "cascade", steps=[member("one"), member("two")], check=member("check")),
        {"t.check-1": {"passed": False}},
    ),
    "judge": Case(
        with_pattern(
            command("t"), "judge", candidates=[member("one"), member("two")], judge=member("chief")
        ),
        {"t.judge-2": {"preferred": "B"}},
    ),
    "refine": Case(
        with_pattern(command("t"), "refine", check=member("check")),
        {"t.check": {"passed": False}, "t.check#2": {"passed": False}},
    ),
    "debate": Case(
        with_pattern(command("t"), "debate", n=3, vote="vote"), {"t.1": NO}, {"t.2#2": None}
    ),
    "nested": Case(
        with_pattern(
            command("t"), "peer_review", reviewers=[member("one")],
            of={"consensus": {"n": 3, "vote": "vote"}},
        ),
        {"t.review-1": REJECT, "t.author.1": NO},
    ),
}  # fmt: skip

MOST_PLACES = 14
"""A pattern that comes past more places than this dies at so many of them, drawn by a fixed seed."""


class Killed(BaseException):
    """Stands for kill -9: nothing of ours catches it on purpose."""


class Checked(Scheduler):
    """A scheduler that checks its invariants after every event."""

    def handle(self, event):  # type: ignore[no-untyped-def]
        commands = super().handle(event)
        self.validate()
        return commands


class PieceRuntime(ScriptRuntime):
    """Ends the attempts of pieces as their case says, in an order drawn by chance."""

    name = "command"

    def __init__(self, case: Case, rng: Random, ran: list[str]) -> None:
        super().__init__(case.failures, rng)
        self._says = case.says
        self._ran = ran

    def _result(self, request: AttemptRequest) -> AttemptResult:
        self._ran.append(request.node_id)
        found = super()._result(request)
        if found.outcome == "ok":
            found = replace(found, output=self._says.get(request.node_id, SAYS))
        return found


class PatternRun:
    """One DAG run of a case in a folder of its own, whose processes die as they are told to."""

    def __init__(self, folder: Path, case: Case, seed: int) -> None:
        folder.mkdir()
        after = command(
            "after", needs=(Need(task="t", mode="done"),), inputs=(("t", Expr("tasks.t.status")),)
        )
        self.graph: BoundGraph = replace(expanded_graph(case.task, after), project=str(folder))
        self.ran: list[str] = []
        self._case = case
        self._state = folder / "state"
        self._seed = seed
        self._id = IdSource()()

    def play(self, faults: Callable[[str], None] = no_faults) -> dict[str, Any]:
        """Drive it as far as it goes; nothing that had ended is begun again."""
        before, begun = self.finished(), len(self.ran)
        try:
            return self._session(faults)
        finally:
            again = [node for node in self.ran[begun:] if node in before]
            assert not again, f"had ended, and ran again: {again}"

    def _session(self, faults: Callable[[str], None]) -> dict[str, Any]:
        with Ledger.open(self._state, faults=faults) as ledger:
            world = Surroundings(
                evaluate=evaluate,
                runtimes={
                    "command": PieceRuntime(self._case, Random(self._seed), self.ran),
                    "python": PythonRuntime(ledger.blobs),
                },
                environ={},
                rules=RULES,
                clock=InstantClock(),
                ids=IdSource(),
                rng=Random(self._seed),
                faults=faults,
                stop_stranded=lambda *_args, **_kwargs: [],
            )
            if not ledger.journal_of(self._id, limit=1):
                create(ledger, self.graph, self._id, world, concurrency=2, version="test")
            session = Session(ledger, self._id, world, state=self._state, scheduler=Checked)
            session.scheduler.validate()
            if not session.has_ended:
                session.claim()
                asyncio.run(session.drive())
            nodes = session.scheduler.nodes
            assert all(node.has_ended and node.reason for node in nodes.values())
            result = nodes["t"].spec.result
            while result is not None and nodes[result].spec.result is not None:
                result = nodes[result].spec.result
            ok = result is not None and nodes[result].state == "ok"
            output = session.outputs.get(result) if ok and result is not None else None
            states = {name: node.state for name, node in nodes.items()}
            if self._case.races:
                output = output["decision"] if output is not None else None
                states = {name: states[name] for name in ("t", "after")}
            return {"output": without_reasons(output), "states": states}

    def finished(self) -> set[str]:
        """The nodes with an attempt that came to its end by itself, and is not to be tried again."""
        with Ledger.open(self._state) as ledger:
            return {
                row.payload["node_id"]
                for row in ledger.journal_of(self._id, limit=10_000)
                if row.kind == "attempt.finished" and row.payload["outcome"] == "ok"
            }

    def check_ledger(self) -> None:
        """It is whole, holds every end once, and says the same when it is made anew."""
        with Ledger.open(self._state) as ledger:
            found = ledger.verify()
            assert found.is_clean, found.problems
            rows = ledger.journal_of(self._id, limit=10_000)
            ended = [row.entity_id for row in rows if row.kind == "attempt.finished"]
            assert len(ended) == len(set(ended)), "an attempt has two ends"
            before = content(ledger.connection)
        rebuild(self._state)
        with Ledger.open(self._state) as ledger:
            assert content(ledger.connection) == before


def without_reasons(value: Any) -> Any:
    """The value without the words that tell how many attempts there were."""
    if isinstance(value, dict):
        return {key: without_reasons(item) for key, item in value.items() if key != "reason"}
    return [without_reasons(item) for item in value] if isinstance(value, list) else value


def kill_at(step: int) -> Callable[[str], None]:
    left = step

    def fault(_place: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            raise Killed

    return fault


@pytest.mark.parametrize("name", CASES)
def test_killed_at_every_place(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    places: list[str] = []
    calm = PatternRun(tmp_path / "calm", case, 0)
    expected = calm.play(places.append)
    assert expected["states"]["t"] == case.state
    steps = list(range(1, len(places) + 1))
    if len(steps) > MOST_PLACES:
        steps = sorted(Random(name).sample(steps, MOST_PLACES))
    for step in steps:
        stormy = PatternRun(tmp_path / str(step), case, 0)
        with contextlib.suppress(Killed):
            stormy.play(kill_at(step))
        if step % 3 == 0:
            with contextlib.suppress(Killed):
                stormy.play(kill_at(step // 2))
        where = f"killed at `{places[step - 1]}`, the {step}. place"
        assert stormy.play() == expected, where
        if step % 5 == 0:
            assert stormy.play() == expected, "it had ended, and is only looked at"
            stormy.check_ledger()
