"""Layer 3, part of `api`: what the Ledger tells of votes and of shadows, over many DAG runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ._api_questions import replayed_session
from ._api_read import check_limit, named_dag_run, open_for_reading, open_if_there
from .engine.coordinator.results import Results
from .engine.instances import safe_key
from .engine.ledger import queries
from .engine.ledger.ledger import MAX_PAGE, Ledger
from .engine.node_ids import is_member, parse_node_id
from .patterns.consensus_report import ConsensusReport, VotedOn, consensus_report
from .patterns.pieces import JOINS
from .patterns.reports import shortened_vote
from .patterns.rules import is_audited
from .patterns.shadow_report import Comparison, ShadowReport, shadow_report
from .patterns.votes import vote_in
from .schemas.errors import BadFlagValue, InternalError, LedgerError, UnknownNode
from .schemas.suggest import did_you_mean, in_backticks
from .schemas.template import Literal

if TYPE_CHECKING:
    from .engine.coordinator.session import Session
    from .engine.instances import Instance
    from .engine.ledger.rows import DagRunRow

Truth = Mapping[str, Any]
"""The true vote by the node's id, or by the key of its item."""

Note = Callable[[str], object]
"""Is told what was left out, in a sentence for people."""


def _nobody(_: str) -> None:
    """Hears nothing."""


_OWN_END: Final = ("ok", "failed")
"""The states of a piece that came to an end of its own, and was not stopped or left out."""


def consensus_reports(
    *,
    task: str | None = None,
    graph: str | None = None,
    truth: Truth | None = None,
    limit: int = MAX_PAGE,
    cwd: Path | None = None,
    note: Note = _nobody,
) -> list[ConsensusReport]:
    """One report for each task that voted in the newest `limit` DAG runs, all or the one named; of an item
    that was voted on several times the newest decision counts. Raises `UnknownNode` for another task."""
    decisions: dict[tuple[str, str], dict[str, VotedOn]] = {}
    for found in _joins("vote", task=task, graph=graph, limit=limit, cwd=cwd, note=note):
        one = _voted_on(found, truth or {})
        if one is not None:
            decisions.setdefault((found.graph, found.task), {}).setdefault(one.item, one)
    if task is not None and not decisions:
        _refuse_unknown(task, "vote", graph=graph, limit=limit, cwd=cwd)
    return [
        consensus_report(name, source, list(items.values()))
        for (source, name), items in sorted(decisions.items())
    ]


def shadow_reports(
    *, task: str | None = None, limit: int = MAX_PAGE, cwd: Path | None = None, note: Note = _nobody
) -> list[ShadowReport]:
    """One report for each shadow of each task in the newest `limit` DAG runs, all or the task named.
    Raises `UnknownNode` for another task."""
    shadows: dict[tuple[str, str, str], _Compared] = {}
    for found in _joins("compared", task=task, graph=None, limit=limit, cwd=cwd, note=note):
        if found.state != "ok":
            continue
        output = found.results.output(found.node)
        for shadow in output["shadows"]:
            works = (output["primary"].get("work"), shadow.get("work"))
            key = (found.graph, found.task, shadow["who"])
            known = shadows.setdefault(key, _Compared(output["margin"], works))
            both_ended = {output["primary"]["status"], shadow["status"]} <= set(_OWN_END)
            if both_ended and works == known.works:
                known.newest_first.append(_comparison(found, output["primary"], shadow))
            else:
                known.left_out += 1
    if task is not None and not shadows:
        _refuse_unknown(task, "compared", graph=None, limit=limit, cwd=cwd)
    return [
        shadow_report(
            name, graph, who, known.newest_first[::-1], margin=known.margin, left_out=known.left_out
        )
        for (graph, name, who), known in sorted(shadows.items())
    ]


def said_by_pieces(dag_run_id: str, *, cwd: Path | None = None) -> dict[str, str]:
    """What pieces of patterns said in a DAG run, by node, in a few words: votes and decisions, and whether
    those that were compared passed."""
    said: dict[str, str] = {}
    with open_for_reading(cwd) as ledger:
        row = queries.dag_run_by_id(ledger, named_dag_run(ledger, dag_run_id))
        assert row is not None
        for found in _joins_of(ledger, row, "vote") if _names(ledger, row, "vote") else ():
            said |= _said_in_vote(found)
        for found in _joins_of(ledger, row, "compared") if _names(ledger, row, "compared") else ():
            said |= _said_in_comparison(found)
    return said


def _said_in_vote(found: _Join) -> dict[str, str]:
    prefix = found.instance.frame.prefix
    said = {}
    for name in found.settings["voters"]:
        vote = vote_in(found.piece(name)[1], found.settings["field"])
        if vote is not None:
            said[prefix + name] = f"vote: {shortened_vote(vote)}"
    if found.state == "ok":
        words = f"decision: {shortened_vote(found.results.output(found.node)['decision'])}"
        said[found.node] = words
        # In a debate, say, the join of the votes is what speaks for all; elsewhere something else may be.
        if found.instance.frame.host is not None and found.instance.frame.host.result == found.node:
            said[found.host] = words
    return said


def _said_in_comparison(found: _Join) -> dict[str, str]:
    if found.state != "ok":
        return {}
    output = found.results.output(found.node)
    return {
        found.instance.frame.prefix + one["piece"]: "passed" if one["passed"] else "did not pass"
        for one in (output["primary"], *output["shadows"])
        if one["status"] in _OWN_END
    }


def read_truth(path: Path) -> Truth:
    """The file with the true votes: a map from node ids or item keys to votes. Raises `BadFlagValue`."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise BadFlagValue(f"the file of true votes `{path}` cannot be read: {why}") from error
    except ValueError as error:
        raise BadFlagValue(f"the file of true votes `{path}` is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise BadFlagValue(f"the file of true votes `{path}` holds no object", hint=_TRUTH_HINT)
    for key, vote in found.items():
        if not isinstance(vote, str | bool | int | float):
            raise BadFlagValue(f"the true vote of `{key}` in `{path}` is no vote", hint=_TRUTH_HINT)
    return found


_TRUTH_HINT: Final = 'write {"KEY": VOTE}, KEY being the key of an item or the id of a node'


@dataclass(slots=True)
class _Compared:
    """What was compared with one shadow; the margin, and the work of both, are the newest ones."""

    margin: float
    works: tuple[str | None, str | None]
    newest_first: list[Comparison] = field(default_factory=list)
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class _Join:
    """A join of a DAG run, whose pieces are looked up here."""

    dag_run_id: str
    instance: Instance
    session: Session
    results: Results
    settings: Mapping[str, Any]
    ledger: Ledger
    runs: _Runs

    @property
    def graph(self) -> str:
        return self.session.graph.name

    @property
    def node(self) -> str:
        return self.instance.id

    @property
    def host(self) -> str:
        """The node whose pattern it is."""
        assert self.instance.frame.host is not None
        return self.instance.frame.host.id

    @property
    def task(self) -> str:
        return _task_path(self.host)

    @property
    def state(self) -> str:
        return self.session.scheduler.nodes[self.node].state

    def piece(self, name: str) -> tuple[str, Any]:
        """The state of a piece, and its output if that is ok."""
        node = self.instance.frame.prefix + name
        state = self.session.scheduler.nodes[node].state
        return state, self.results.output(node) if state == "ok" else None

    def was_called(self, name: str) -> bool:
        node = self.session.scheduler.nodes[self.instance.frame.prefix + name]
        return node.state != "skipped" or node.attempts > 0


class _Runs:
    """How long the nodes of one DAG run worked, and what they cost; read once, when it is asked for."""

    def __init__(self, ledger: Ledger, dag_run_id: str) -> None:
        self._ledger = ledger
        self._id = dag_run_id
        self._found: dict[str, tuple[int, float | None]] | None = None

    def of(self, node: str) -> tuple[int | None, float | None]:
        """The node's time in ms and its cost, those of its members included; None where not known."""
        if self._found is None:
            self._found = self._read()
        found = [seen for name, seen in self._found.items() if name == node or is_member(name, node)]
        if not found:
            return None, None
        costs = [cost for _, cost in found if cost is not None]
        return sum(ms for ms, _ in found), sum(costs) if len(costs) == len(found) else None

    def _read(self) -> dict[str, tuple[int, float | None]]:
        found: dict[str, tuple[int, float | None]] = {}
        after = 0
        while page := queries.runs_of_dag_run(self._ledger, self._id, after=after, limit=MAX_PAGE):
            for run in page:
                ms, cost = found.get(run.node_id or "", (0, 0.0))
                total = None if cost is None or run.cost_usd is None else cost + run.cost_usd
                found[run.node_id or ""] = (ms + (run.working_ms or 0), total)
            after = page[-1].seq
        return found


def _joins(
    function: str, *, task: str | None, graph: str | None, limit: int, cwd: Path | None, note: Note = _nobody
) -> Iterator[_Join]:
    """The joins of that function in the newest DAG runs, the newest first.

    A DAG run whose records cannot be followed by the settle rules that there are now is passed over, and
    `note` is told.
    """
    check_limit(limit)
    ledger = open_if_there(cwd)
    if ledger is None:
        return
    with ledger:
        for row in queries.recent_dag_runs(ledger, limit=limit):
            if graph not in (None, row.name) or not _names(ledger, row, function):
                continue
            try:
                found = list(_joins_of(ledger, row, function))
            except InternalError:
                note(f"DAG run {row.dag_run_id} is passed over: it went by other rules than there are now")
                continue
            yield from (one for one in found if task in (None, one.task, one.host))


def _refuse_unknown(task: str, function: str, *, graph: str | None, limit: int, cwd: Path | None) -> None:
    """Raise `UnknownNode` unless a join of the task is there, though it has not ended."""
    found = _joins(function, task=None, graph=graph, limit=limit, cwd=cwd)
    known = sorted({name for one in found for name in (one.task, one.host)})
    if task not in known:
        what = "voted on" if function == "vote" else "compared with a shadow"
        tasks = [name for name in known if "[" not in name]
        there = f"there are {in_backticks(tasks, last='and', limit=10)}" if tasks else "there is none yet"
        raise UnknownNode(f"no task `{task}` was {what}", hint=did_you_mean(task, known) or there)


def _names(ledger: Ledger, row: DagRunRow, function: str) -> bool:
    """Whether the graph of a DAG run can have such a join; a replay costs far more than this look."""
    if row.graph is None:
        return False
    try:
        stored = ledger.blobs.get(row.graph)
    except LedgerError:
        return False
    return JOINS.encode() in stored and f'"{function}"'.encode() in stored


def _joins_of(ledger: Ledger, row: DagRunRow, function: str) -> Iterator[_Join]:
    session = replayed_session(ledger, row.dag_run_id)
    results = Results(session.scheduler, session.instances, session.outputs, session.found.deliverables)
    runs = _Runs(ledger, row.dag_run_id)
    for one in session.grown():
        work = one.task.python
        if not one.task.made or work is None or (work.module, work.function) != (JOINS, function):
            continue
        given = dict(one.task.inputs).get("settings")
        if one.frame.host is not None and isinstance(given, Literal):
            yield _Join(row.dag_run_id, one, session, results, given.value, ledger, runs)


def _voted_on(found: _Join, truth: Truth) -> VotedOn | None:
    """The decision of a vote; None where it has not ended, or was not held."""
    if found.state not in (*_OWN_END, "blocked"):
        return None
    settings = found.settings
    names: Sequence[str] = settings["voters"]
    who = settings["who"]
    votes = {}
    for name in names:
        state, output = found.piece(name)
        vote = vote_in(output, settings["field"]) if state == "ok" else None
        if vote is not None:
            votes[who[name]] = vote
    called = [name for name in names if found.was_called(name)]
    meant_in_full = settings["stop"] == "off" or is_audited(found.node, settings["audit"])
    decision = found.results.output(found.node)["decision"] if found.state == "ok" else None
    return VotedOn(
        item=found.host,
        voters=tuple(who[name] for name in names),
        votes=votes,
        calls=len(called),
        in_full=meant_in_full and len(called) == len(names),
        decision=decision,
        families=tuple(settings["families"]),
        classes=settings["classes"],
        true=_true(found.host, truth),
        dag_run_id=found.dag_run_id,
    )


def _true(node: str, truth: Truth) -> Any:
    """The true vote of a node, by its id, else by the key of the innermost item that has one."""
    if node in truth:
        return truth[node]
    by_key = {safe_key(key): vote for key, vote in truth.items()}
    keys = [part[1:-1] for part in parse_node_id(node) if part.startswith("[")]
    return next((by_key[key] for key in reversed(keys) if key in by_key), None)


def _comparison(found: _Join, primary: Mapping[str, Any], shadow: Mapping[str, Any]) -> Comparison:
    prefix = found.instance.frame.prefix
    primary_ms, primary_cost = found.runs.of(prefix + primary["piece"])
    shadow_ms, shadow_cost = found.runs.of(prefix + shadow["piece"])
    return Comparison(
        label=f"{found.session.graph.source}:{found.host}",
        primary=primary["passed"],
        shadow=shadow["passed"],
        primary_ms=primary_ms,
        shadow_ms=shadow_ms,
        primary_cost=primary_cost,
        shadow_cost=shadow_cost,
    )


def _task_path(node: str) -> str:
    """The node's id without the keys of items and the numbers of rounds."""
    return "".join(part for part in parse_node_id(node) if part[0] not in "[#")
