"""What an attempt leaves that outlives the rewind of its node: nothing that anybody sees."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from metaensemble import api
from metaensemble._api_questions import replayed_session
from metaensemble.engine.ledger import Ledger
from metaensemble.engine.runtimes.protocol import AttemptEvent, AttemptRequest, AttemptResult, Capabilities
from metaensemble.schemas.bound import BoundTask
from metaensemble.schemas.errors import InputError
from metaensemble.schemas.progress import NodeChanged, Progress, RunStarted
from support.fakes import PATIENCE

GRAPH = """\
tasks:
  hold: {run: hold}
  draft: {run: draft}
  slow: {run: slow, needs: [draft]}
  ask: {approve: Good?, needs: [draft], rewind_to: draft}
  join: {run: join, needs: [ask], with: {slow: "${{ tasks.slow.output }}"}}
"""


class Stubborn:
    """Ends attempts when it likes to: the first `slow` after the second, and `hold` last of all."""

    name = "command"
    capabilities = Capabilities()

    def __init__(self) -> None:
        self.started: Counter[str] = Counter()
        self.inputs: list[Any] = []
        self.release = asyncio.Event()
        self.last = asyncio.Event()

    def preflight(self, task: BoundTask, *, project: str) -> list[InputError]:
        return []

    def start(self, request: AttemptRequest, emit: Callable[[AttemptEvent], None]) -> _Handle:
        node = request.node_id
        self.started[node] += 1
        if node == "join":
            self.inputs.append(dict(request.inputs))
            self.last.set()
        until = self.last if node == "hold" else None
        if node == "slow" and self.started[node] == 1:
            until = self.release
        return _Handle(f"{node} {self.started[node]}", until)

    async def close(self) -> None:
        return


class _Handle:
    def __init__(self, output: str, until: asyncio.Event | None) -> None:
        self._output = output
        self._until = until

    async def wait(self) -> AttemptResult:
        if self._until is not None:
            await asyncio.wait_for(self._until.wait(), PATIENCE)
        return AttemptResult(outcome="ok", output=self._output)

    def cancel(self, *, hard: bool) -> None:
        """It does not listen."""


class Person:
    """Says no, waits until the first `slow` has ended behind the second, and then says yes."""

    def __init__(self, project: Path, runtime: Stubborn, pool: ThreadPoolExecutor) -> None:
        self._project = project
        self._runtime = runtime
        self._pool = pool
        self._dag_run = ""
        self._outcomes = 0
        self._seen: Counter[tuple[str, str]] = Counter()
        self.answers: list[Future[api.ApproveAnswer]] = []

    def notice(self, progress: Progress) -> None:
        if isinstance(progress, RunStarted):
            self._dag_run = progress.dag_run_id
        if not isinstance(progress, NodeChanged):
            return
        seen = (progress.node_id, progress.state)
        self._seen[seen] += 1
        if seen == ("ask", "waiting") and self._seen[seen] == 1:
            self._answer(no=True)
        if seen == ("slow", "ok"):
            self._runtime.release.set()

    def passed(self, place: str) -> None:
        """The fault points: the fourth outcome, behind two of `draft` and one of `slow`, is the late one."""
        if place == "outcome.after_commit":
            self._outcomes += 1
            if self._outcomes == 4:
                self._answer(yes=True)

    def _answer(self, **how: bool) -> None:
        self.answers.append(
            self._pool.submit(api.approve, self._dag_run, "ask", cwd=self._project, **how)  # type: ignore[arg-type]
        )


def test_what_ends_behind_its_successor_is_forgotten(tmp_path: Path) -> None:
    (tmp_path / ".metaensemble").mkdir()
    (tmp_path / "graph.yaml").write_text(GRAPH)
    runtime = Stubborn()
    with ThreadPoolExecutor(2) as pool:
        person = Person(tmp_path, runtime, pool)
        report = api.run(
            tmp_path / "graph.yaml",
            observer=person,
            surroundings={"runtimes": {"command": runtime}, "faults": person.passed},
        )
        assert [one.result().live for one in person.answers] == [True, True]
    assert (report.state, runtime.started["slow"]) == ("ok", 2), report.reason
    assert runtime.inputs == [{"slow": "slow 2"}]
    with Ledger.open(tmp_path / ".metaensemble" / "state", readonly=True) as ledger:
        ends = [row for row in ledger.journal_of(report.dag_run_id) if row.kind == "attempt.finished"]
        order = [row.payload["generation"] for row in ends if row.payload["node_id"] == "slow"]
        assert order == [1, 0], "the first one did end behind the second"
        assert replayed_session(ledger, report.dag_run_id).outputs["slow"] == "slow 2"
