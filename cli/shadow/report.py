"""`me shadow report`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..args import AsJson, EveryDagRun, TaskName, positive

if TYPE_CHECKING:
    from ...patterns.shadow_report import Arm, ShadowReport


def report(task: TaskName = None, limit: EveryDagRun = None, as_json: AsJson = False) -> int:
    """Tell whether each shadow may take the place of its primary, over all comparisons in the Ledger.

    The decision holds however often it is looked at; what stands below it only describes.
    """
    from functools import partial

    from ... import api
    from ..speech import give, give_json, say

    positive(limit, "--limit")
    chosen = partial(api.shadow_reports, task=task, note=say)
    found = chosen() if limit is None else chosen(limit=limit)
    if as_json:
        give_json([one.to_json() for one in found])
        return 0
    if not found:
        say("no comparison with a shadow is recorded yet")
    give("\n".join("".join(f"{line}\n" for line in _lines(one)) for one in found))
    return 0


def _lines(one: ShadowReport) -> Iterator[str]:
    from ..plain import plain

    yield f"{plain(one.graph)}: {one.task}, shadow {plain(one.shadow)}"
    yield f"  {_advice(one)}"
    yield (
        f"  difference in passing {one.difference:+.3f}: at least {one.lower:+.3f} and at most"
        f" {one.upper:+.3f}, each at {1 - one.alpha:.0%} however often one looks; margin {one.margin:g}"
    )
    left_out = f", {one.left_out} left out: no end of its own, or other work than now" if one.left_out else ""
    repeated = f" in {one.comparisons} comparisons" if one.comparisons != one.tasks else ""
    yield f"  {one.tasks} task{'' if one.tasks == 1 else 's'}{repeated}{left_out}"
    if not one.tasks:
        return
    yield "  as a description, for one look only:"
    yield f"    primary passed    {_arm(one.primary, one.tasks)}"
    yield f"    shadow passed     {_arm(one.beside, one.tasks)}"
    low, high = one.newcombe
    yield f"    difference        {low:+.3f} to {high:+.3f} (Newcombe)"
    only = one.pairs
    yield (
        f"    exact McNemar     p = {one.mcnemar:.3f}: {only['shadow_only']} passed by the shadow alone,"
        f" {only['primary_only']} by the primary alone"
    )
    yield f"    duration          {_ratio(one.duration_ratio)}"
    yield f"    cost              {_ratio(one.cost_ratio)}"


def _advice(one: ShadowReport) -> str:
    """What to do, in plain words."""
    points = f"{one.margin * 100:g} percentage points"
    after = f"after {one.after} task{'' if one.after == 1 else 's'}"
    match one.decision:
        case "switch":
            return f"switch: the shadow is not worse by as much as {points} (decided {after})"
        case "keep":
            return f"keep the primary: the shadow is worse by more than {points} (decided {after})"
    if one.more is None:
        return "not decided: how many more tasks it takes cannot be told yet; go on comparing"
    tasks = "task" if one.more == 1 else "tasks"
    return (
        f"not decided: about {one.more:,} more {tasks} needed if they are like those so far; go on comparing"
    )


def _arm(arm: Arm, n: int) -> str:
    return f"{arm.passed} of {n}, {arm.share:.1%} ({arm.low:.1%} to {arm.high:.1%}, Wilson)"


def _ratio(found: tuple[float, float, float] | None) -> str:
    if found is None:
        return "not known"
    ratio, low, high = found
    return f"{ratio:.2f} of the primary's ({low:.2f} to {high:.2f}, bootstrap)"
