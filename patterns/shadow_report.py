"""Whether a shadow may take the place of its primary, from what was compared. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from random import Random
from statistics import fmean
from typing import Any, Final

from .confidence import decide
from .pair_statistics import Pairs, mcnemar, newcombe, ratio_of_means, wilson

ALPHA: Final = 0.05
"""The level of each bound, and so of a wrong `switch`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What a primary and one of its shadows came to, once. Durations and costs are None where they are not
    known."""

    label: str
    primary: bool
    shadow: bool
    primary_ms: int | None = None
    shadow_ms: int | None = None
    primary_cost: float | None = None
    shadow_cost: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """How often it passed, with Wilson's interval."""

    passed: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowReport:
    """What is known of one shadow of one task.

    `tasks` are the labels that were compared, `comparisons` how often that was. `decision` and its bounds
    on the mean difference of passing, shadow less primary, are those of `confidence.decide`, reached
    `after` so many of the tasks; `more` estimates how many more it takes. All else describes the newest
    comparison of each label, and decides nothing. The ratios are the shadow's mean duration, and cost, over
    the primary's, with an interval; None where they are not known.
    """

    task: str
    graph: str
    shadow: str
    margin: float
    alpha: float
    tasks: int
    comparisons: int
    left_out: int
    decision: str
    after: int
    difference: float
    lower: float
    upper: float
    more: int | None
    primary: Arm
    beside: Arm
    mcnemar: float
    newcombe: tuple[float, float]
    pairs: Mapping[str, int]
    duration_ratio: tuple[float, float, float] | None = None
    cost_ratio: tuple[float, float, float] | None = None

    def to_json(self) -> dict[str, Any]:
        """The report as plain JSON; a ratio without end is null."""
        data = asdict(self)
        for name in ("duration_ratio", "cost_ratio"):
            if data[name] is not None:
                data[name] = [None if one == float("inf") else one for one in data[name]]
        return data


def shadow_report(
    task: str,
    graph: str,
    shadow: str,
    comparisons: Sequence[Comparison],
    *,
    margin: float,
    left_out: int = 0,
) -> ShadowReport:
    """The report on comparisons, oldest first. `left_out` counts those in which one of the two came to no
    end of its own."""
    by_label: dict[str, list[Comparison]] = {}
    for one in comparisons:
        by_label.setdefault(one.label, []).append(one)
    differences = [fmean(one.shadow - one.primary for one in repeated) for repeated in by_label.values()]
    decision = decide(differences, margin, ALPHA)
    newest = [repeated[-1] for repeated in by_label.values()]
    pairs = Pairs(
        both=sum(one.shadow and one.primary for one in newest),
        first_only=sum(one.shadow and not one.primary for one in newest),
        second_only=sum(one.primary and not one.shadow for one in newest),
        neither=sum(not one.shadow and not one.primary for one in newest),
    )
    return ShadowReport(
        task=task,
        graph=graph,
        shadow=shadow,
        margin=margin,
        alpha=ALPHA,
        tasks=len(differences),
        comparisons=len(comparisons),
        left_out=left_out,
        decision=decision.kind,
        after=decision.tasks,
        difference=fmean(differences) if differences else 0.0,
        lower=decision.lower,
        upper=decision.upper,
        more=decision.more,
        primary=_arm(pairs.both + pairs.second_only, pairs.n),
        beside=_arm(pairs.both + pairs.first_only, pairs.n),
        mcnemar=mcnemar(pairs),
        newcombe=newcombe(pairs),
        pairs={
            "both": pairs.both,
            "shadow_only": pairs.first_only,
            "primary_only": pairs.second_only,
            "neither": pairs.neither,
        },
        duration_ratio=_ratio([(one.shadow_ms, one.primary_ms) for one in newest]),
        cost_ratio=_ratio([(one.shadow_cost, one.primary_cost) for one in newest]),
    )


def _arm(passed: int, n: int) -> Arm:
    low, high = wilson(passed, n)
    return Arm(passed=passed, share=passed / n if n else 0.0, low=low, high=high)


def _ratio(pairs: Iterable[tuple[float | None, float | None]]) -> tuple[float, float, float] | None:
    known = [(float(one), float(two)) for one, two in pairs if one is not None and two is not None]
    return ratio_of_means([one for one, _ in known], [two for _, two in known], Random(0)) if known else None
