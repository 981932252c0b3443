"""`me consensus report`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..args import AsJson, EveryDagRun, TaskName, positive

if TYPE_CHECKING:
    from ...patterns.consensus_report import ConsensusReport


def report(
    task: TaskName = None,
    graph: Annotated[
        str | None, typer.Option("--graph", metavar="NAME", help="Only votes of the task graph of this name.")
    ] = None,
    truth: Annotated[
        Path | None,
        typer.Option(
            "--truth",
            metavar="FILE",
            help="The true votes as JSON: by the key of the item, or by the node's id.",
        ),
    ] = None,
    limit: EveryDagRun = None,
    as_json: AsJson = False,
) -> int:
    """Tell how far the votes of each task can be trusted, over all its decisions in the Ledger.

    Of an item that was voted on in several DAG runs the newest decision counts. JSON has every vote.
    """
    from dataclasses import asdict
    from functools import partial

    from ... import api
    from ..speech import give, give_json, say

    positive(limit, "--limit")
    known = api.read_truth(truth) if truth is not None else None
    find = api.consensus_reports if limit is None else partial(api.consensus_reports, limit=limit)
    found = find(task=task, graph=graph, truth=known, note=say)
    if as_json:
        give_json([asdict(one) for one in found])
        return 0
    if not found:
        say("no vote is recorded yet")
    give("\n".join("".join(f"{line}\n" for line in _lines(one)) for one in found))
    return 0


_NAMES = {
    "percent": "percent agreement",
    "fleiss_kappa": "Fleiss' kappa",
    "krippendorff_alpha": "Krippendorff's alpha",
    "gwet_ac1": "Gwet's AC1",
}


def _lines(one: ConsensusReport) -> Iterator[str]:
    from ..plain import plain

    undecided = f", {one.undecided} of them without a result" if one.undecided else ""
    yield f"{plain(one.graph)}: {one.task}"
    yield f"  {_count(one.decisions, 'decision')}{undecided}"
    yield (
        f"  {one.calls:.1f} of {one.asked:.1f} calls on the average, {one.saved_calls} saved;"
        f" {one.stopped_early:.0%} stopped early"
    )
    yield f"  dissent in {one.dissent:.0%}"
    yield f"  panel: {', '.join(map(plain, one.raters))}"
    if one.one_family:
        yield f"  all voters are of one family, {one.families[0]}: what is alike errs alike"
    else:
        yield f"  {len(one.families)} families: {', '.join(one.families)}"
    yield f"  {_effective(one)}"
    if one.judged:
        yield f"  {one.right} of {one.judged} decisions are right"
    yield f"  agreement over {_count(one.counted, 'decision')}{_which(one)}:"
    for key, name in _NAMES.items():
        yield f"    {name:<20}  {_estimate(one.agreement[key])}"  # type: ignore[literal-required]  # its keys


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _which(one: ConsensusReport) -> str:
    """Which decisions the coefficients rest on, and what is wrong with them."""
    if one.biased:
        return (
            " (biased: votes that an early stop left out are not missing at random; `stop: off` or"
            " `audit` takes votes in full)"
        )
    return " taken in full" if one.in_full == one.counted else ""


def _effective(one: ConsensusReport) -> str:
    found = one.effective
    if found.votes is None or found.rho is None:
        return f"how many independent votes {found.n} are worth cannot be told from these decisions"
    of = "errors" if found.of == "errors" else "votes; that of errors is not known"
    return (
        f"{found.n} votes are worth {found.votes:.1f} independent ones (correlation {found.rho:.2f}, of {of})"
    )


def _estimate(found: Any) -> str:
    if "undefined" in found:
        return f"none: {found['undefined']}"
    value = f"{found['value']:.3f}"
    if found["low"] is None:
        return f"{value}, without an interval"
    return f"{value}, 95% interval {found['low']:.3f} to {found['high']:.3f}"
