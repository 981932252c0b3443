"""Layer 3, part of `api`: running, resuming and cancelling."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from . import __version__
from ._api_check import bound, refuse
from ._api_patterns import RULES
from ._api_prices import broken_prices, pricing_of
from ._api_quality import assess_by, rules_of_graph
from ._api_read import CancelAnswer, named_dag_run, project_of, to_resume, who
from ._api_ready import ready
from ._api_report import report_of
from ._api_select import selected
from .engine.coordinator.room import room_to_run
from .engine.coordinator.session import Session, Surroundings, create, stored_graph, stored_quality
from .engine.coordinator.steady import SteadyObserver
from .engine.faults import no_faults
from .engine.growth import MOST_ITEMS, MOST_ITEMS_VARIABLE
from .engine.instances import leaf_tasks
from .engine.ledger import queries
from .engine.ledger.ledger import Ledger
from .engine.ledger.lock import DagRunLock, is_held
from .engine.ledger.records import Record
from .engine.project import MARK, state_dir
from .engine.runtimes.registry import Settings, open_runtimes, preflight
from .engine.worktrees.isolated import Yard, isolated
from .engine.worktrees.preflight import check_worktrees
from .engine.worktrees.worktree import Place
from .schemas.errors import BadFlagValue, BadMostItems, InputErrors, NothingToResume, RunHeld, UnknownNode
from .schemas.ids import new_id
from .schemas.progress import Note, RunEnded
from .tasks.expression.evaluator import evaluate
from .tasks.install_decisions import memory_files
from .tasks.manifest_text import manifest_yaml
from .tasks.sub_graphs import read_late_parameter

if TYPE_CHECKING:
    from .schemas.bound import BoundGraph
    from .schemas.progress import Observer
    from .schemas.report import Report


def run(
    source: Path,
    *,
    params: Mapping[str, object] | None = None,
    concurrency: int | None = None,
    observer: Observer | None = None,
    replay: Path | None = None,
    signals: bool = False,
    force: bool = False,
    select: Sequence[str] = (),
    exclude: Sequence[str] = (),
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
    surroundings: Mapping[str, Any] | None = None,
) -> Report:
    """Run a task graph file to its end and report how it went.

    Nothing is written unless the file, the parameters and every binary are in order; `InputErrors`
    otherwise. With `replay`, a file of recorded attempts, every task is played from it instead of
    being carried out. With `force` no result of an earlier DAG run is taken. `select` and `exclude` say
    which tasks are meant (see `engine.selection`). With `signals`, SIGINT, SIGTERM and SIGHUP stop the DAG
    run gracefully, a second one hard. `surroundings` replaces fields of
    `engine.coordinator.session.Surroundings`, for tests. Raises a `LedgerError` when the Ledger cannot be
    written; what was recorded stays.
    """
    variables = dict(os.environ if environ is None else environ)
    observer = SteadyObserver(observer) if observer is not None else None
    graph, texts = bound(source, params or {}, cwd=cwd, environ=variables)
    graph = selected(graph, select, exclude)
    graph = ready(graph, texts, environ=variables, replay=replay)
    state = state_dir(Path(graph.project))
    _most_items(variables)  # a bound that makes no sense is refused before anything is written
    quality = rules_of_graph(graph, variables)
    dag_run_id = new_id()
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger.open(state, **_ledger_arguments(surroundings)))
        stack.enter_context(DagRunLock(state, dag_run_id))
        world = _world(graph, ledger, variables, observer, signals, surroundings, replay, quality)
        create(ledger, graph, dag_run_id, world, concurrency=concurrency, version=__version__, force=force)
        session = Session(ledger, dag_run_id, world, state=state)
        stack.enter_context(room_to_run(session, observer))
        session.claim()
        return _drive(session, ledger, dag_run_id, observer)


def resume(
    dag_run_id: str | None,
    *,
    cwd: Path | None = None,
    concurrency: int | None = None,
    observer: Observer | None = None,
    lost: Mapping[str, str] | None = None,
    retry: bool = True,
    replay: Path | None = None,
    signals: bool = False,
    environ: Mapping[str, str] | None = None,
    surroundings: Mapping[str, Any] | None = None,
) -> Report:
    """Go on with a DAG run: the one named by the beginning of its id, or else the newest one if it failed,
    or else the newest one that has not ended.

    An interrupted or paused DAG run goes on where it was; one that ended `failed` or `cancelled` gives
    its failed, blocked and cancelled nodes another try; one that ended `ok` is only reported, and
    without `retry` any that has ended. No node that ended ok is run again. `lost` maps nodes that wait
    for a person, because nobody knows what their attempt did, to `rerun` or `fail`. `replay` is for a
    DAG run that was started with it. Raises `RunHeld` while another process drives it, and
    `InputErrors`, with nothing written, when a binary that is still needed is not there.
    """
    answers = _checked(lost or {})
    variables = dict(os.environ if environ is None else environ)
    observer = SteadyObserver(observer) if observer is not None else None
    state = state_dir(project_of(cwd))
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger.open(state, create=False, **_ledger_arguments(surroundings)))
        found, chosen = _to_resume(ledger) if dag_run_id is None else (named_dag_run(ledger, dag_run_id), "")
        stack.enter_context(DagRunLock(state, found))
        graph = stored_graph(ledger, found)
        _check_replay(graph, replay)
        quality = stored_quality(ledger, found)
        world = _world(graph, ledger, variables, observer, signals, surroundings, replay, quality)
        session = Session(ledger, found, world, state=state)
        if concurrency is not None:
            session.with_concurrency(concurrency)
        _check_waiting(session, answers)
        rest = session.unfinished()
        problems = [] if replay is not None else check_worktrees(rest, variables, resumed=True)
        problems += broken_prices(rest, variables)
        refuse([*preflight(rest, environ=variables, replay=replay), *problems])
        stack.enter_context(room_to_run(session, observer))
        if _takes_up(session, answers, retry=retry):
            return _drive(session, ledger, found, observer, chosen)
        return _reported(ledger, found, observer)


def _takes_up(session: Session, answers: Mapping[str, str], *, retry: bool) -> bool:
    """Make a DAG run ready to be driven on, with the answers given; False when nothing is left to do."""
    if retry and session.has_ended and session.found.end != "ok":
        session.reopen()
    if session.has_ended:
        return False
    session.claim()
    for node, answer in answers.items():
        session.answer(node, answer, by=who())
    return True


def _to_resume(ledger: Ledger) -> tuple[str, str]:
    found = to_resume(ledger)
    if found is not None:
        return found
    newest = queries.recent_dag_runs(ledger, limit=1)
    if newest and newest[0].state == "cancelled":
        raise NothingToResume(
            "the newest DAG run was cancelled; such a one is only taken up when it is named",
            hint=f"me dag resume {newest[0].dag_run_id}",
        )
    raise NothingToResume(
        "there is no unfinished DAG run in this project",
        hint="name one by its id: `me dag list` shows them",
    )


def cancel(dag_run_id: str, *, now: bool = False, cwd: Path | None = None) -> CancelAnswer:
    """Ask for the end of a DAG run. A live Coordinator notices within a second.

    Where none lives, the request is recorded and this process carries it out: what the dead one left
    is stopped and, unless `now`, the `done` tasks run. A DAG run that has ended is left as it is.
    """
    state = state_dir(project_of(cwd))
    with Ledger.open(state, create=False) as ledger:
        found = named_dag_run(ledger, dag_run_id)
        ended = report_of(ledger, found).state
        if ended in ("ok", "failed", "cancelled"):
            return CancelAnswer(dag_run_id=found, live=False, already=ended, state=ended)
        payload = {"now": now, "by": who()}
        ledger.append([Record("dag_run.cancel_requested", found, found, payload, None, None)])
        live = is_held(state, found) is not None
    left: str | None = None
    if not live:
        try:
            left = _carry_out_cancel(found, state)
        except RunHeld:
            live = True
    return CancelAnswer(dag_run_id=found, live=live, already=None, state=left)


def _carry_out_cancel(dag_run_id: str, state: Path) -> str:
    # Not `resume`: a DAG run that ended in this very moment must not be given another try, and what is
    # missing here may keep `done` tasks from ending well, but not the DAG run from ending.
    variables = dict(os.environ)
    with ExitStack() as stack:
        ledger = stack.enter_context(Ledger.open(state, create=False))
        stack.enter_context(DagRunLock(state, dag_run_id))
        graph, quality = stored_graph(ledger, dag_run_id), stored_quality(ledger, dag_run_id)
        world = _world(graph, ledger, variables, None, False, None, None, quality)
        session = Session(ledger, dag_run_id, world, state=state)
        if not session.has_ended:
            stack.enter_context(room_to_run(session, None))
            session.claim()
            _drive(session, ledger, dag_run_id, None)
        return report_of(ledger, dag_run_id, held_by_us=True).state


def _drive(
    session: Session, ledger: Ledger, dag_run_id: str, observer: Observer | None, chosen: str = ""
) -> Report:
    asyncio.run(session.drive(chosen=chosen))
    return _reported(ledger, dag_run_id, observer)


def _reported(ledger: Ledger, dag_run_id: str, observer: Observer | None) -> Report:
    report = report_of(ledger, dag_run_id, held_by_us=True)
    if observer is not None:
        observer.notice(RunEnded(report))
    return report


def _checked(answers: Mapping[str, str]) -> Mapping[str, str]:
    for node, answer in answers.items():
        if answer not in {"rerun", "fail"}:
            raise BadFlagValue(
                f"the answer about the attempt of `{node}` is `{answer}`, not `rerun` or `fail`"
            )
    return answers


def _check_replay(graph: BoundGraph, replay: Path | None) -> None:
    if replay is not None and any(task.runtime != "replay" for task in graph.tasks):
        raise BadFlagValue(
            "`--replay` is for a DAG run that was started with it; the tasks of this one are carried out",
            hint="leave the flag out, or replay from the start: `me dag run FILE --replay FILE`",
        )


def _check_waiting(session: Session, answers: Mapping[str, str]) -> None:
    waiting = session.waiting()
    for node in answers:
        if node not in waiting:
            known = ", ".join(f"`{name}`" for name in sorted(waiting)) or "none does"
            found = session.scheduler.nodes.get(node)
            asks = found is not None and found.spec.kind == "ask"
            raise UnknownNode(
                f"node `{node}` does not wait for an answer about its attempt",
                hint="its question is answered by `me dag approve`" if asks else f"nodes that wait: {known}",
            )


def _world(
    graph: BoundGraph,
    ledger: Ledger,
    variables: Mapping[str, str],
    observer: Observer | None,
    signals: bool,
    surroundings: Mapping[str, Any] | None,
    replay: Path | None,
    quality: Mapping[str, Any] | None,
) -> Surroundings:
    names = {task.runtime for _, task in leaf_tasks(graph) if task.ask is None}
    assess = assess_by(quality or {}, ledger, variables)
    price = pricing_of(variables)
    settings = Settings(blobs=ledger.blobs, environ=variables, replay=replay, assess=assess, price=price)
    runtimes = open_runtimes(names, settings)
    if replay is None and any(task.isolation == "worktree" for _, task in leaf_tasks(graph)):
        place = Place(project=graph.project, folder=Path(graph.project) / MARK, environ=variables)
        yard = Yard(place, faults=(surroundings or {}).get("faults", no_faults))
        commands = open_runtimes(["command"], Settings(blobs=ledger.blobs, environ=variables))["command"]
        runtimes = {name: isolated(one, commands, yard, assess=assess) for name, one in runtimes.items()}
    world = Surroundings(
        evaluate=evaluate,
        read_parameter=read_late_parameter,
        most_items=_most_items(variables),
        runtimes=runtimes,
        environ=variables,
        observer=observer,
        signals=signals,
        rng=Random(),
        rules=RULES,
        assess=assess,
        quality=quality,
        manifest_text=manifest_yaml,
        memory=memory_files(Path(graph.project) / MARK),
    )
    for notice in ledger.notices:
        if observer is not None:
            observer.notice(Note(notice))
    return replace(world, **surroundings) if surroundings else world


def _most_items(variables: Mapping[str, str]) -> int:
    """The most items of a fan-out. Raises `InputErrors`."""
    text = variables.get(MOST_ITEMS_VARIABLE, "")
    if not text:
        return MOST_ITEMS
    if text.isascii() and text.isdigit() and len(text) < 20 and int(text):
        return int(text)
    message = f"the environment variable `{MOST_ITEMS_VARIABLE}` must be a whole number from 1, not `{text}`"
    raise InputErrors([BadMostItems(message, hint="unset it, and 100,000 is the most")])


def _ledger_arguments(surroundings: Mapping[str, Any] | None) -> dict[str, Any]:
    return {"faults": surroundings["faults"]} if surroundings and "faults" in surroundings else {}
