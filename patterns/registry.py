"""Patterns and settle rules by name, imported on first use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import Final, cast

from ..schemas.errors.patterns import UnknownPattern
from ..schemas.settling import Rule
from ..schemas.suggest import did_you_mean, in_backticks
from .foreign import Foreign
from .protocol import Pattern, problem

GROUP: Final = "metaensemble.patterns"
"""The entry point group in which other packages register theirs: an object that is a `Pattern`."""

RULE_GROUP: Final = "metaensemble.settle_rules"
"""The entry point group of settle rules that patterns of other packages name."""

BUILT_IN: Final[Mapping[str, tuple[str, str]]] = {
    "solo": (".solo", "Solo"),
    "fanout": (".fanout", "Fanout"),
    "consensus": (".consensus", "Consensus"),
    "shadow": (".shadow", "Shadow"),
    "peer_review": (".peer_review", "PeerReview"),
    "team": (".team", "Team"),
    "cascade": (".cascade", "Cascade"),
    "judge": (".judge", "Judge"),
    "refine": (".refine", "Refine"),
    "debate": (".debate", "Debate"),
}

_RULES: Final = ("everything", "all_in_order", "first_ok", "judged", "reviewed", "until_passed", "vote")


def find(name: str, others: Sequence[str] = ()) -> Pattern:
    """The pattern `name`. Raises `PatternProblem`; `others` are names that could have been meant."""
    if name in BUILT_IN:
        module, kind = BUILT_IN[name]
        return cast("Pattern", getattr(import_module(module, __package__), kind)())
    from importlib.metadata import entry_points  # reading all installed metadata takes milliseconds

    for point in entry_points(group=GROUP, name=name):
        package = point.dist.name if point.dist is not None else point.module
        return Foreign(name, package, point.load, Rules())
    known = [*dict.fromkeys((*others, *names()))]
    hint = did_you_mean(name, known) or f"there are {in_backticks(known, last='and')}"
    raise problem(UnknownPattern, f"there is no pattern `{name}`", hint)


def names() -> list[str]:
    """The names of all patterns of this program, then those that other packages register."""
    from importlib.metadata import entry_points  # as above

    return [*BUILT_IN, *sorted({point.name for point in entry_points(group=GROUP)} - set(BUILT_IN))]


class Rules(Mapping[str, Rule]):
    """Settle rules by name."""

    def __init__(self) -> None:
        self._found: dict[str, Rule] = {}

    def __getitem__(self, name: str) -> Rule:
        found = self._found.get(name)
        if found is None:
            found = self._found[name] = self._load(name)
        return found

    def __contains__(self, name: object) -> bool:
        try:
            return isinstance(name, str) and bool(self[name])
        except KeyError:
            return False

    def __iter__(self) -> Iterator[str]:
        return iter(_RULES)

    def __len__(self) -> int:
        return len(_RULES)

    def _load(self, name: str) -> Rule:
        if name in _RULES:
            return cast("Rule", getattr(import_module(".rules", __package__), name))
        from importlib.metadata import entry_points  # as above

        for point in entry_points(group=RULE_GROUP, name=name):
            return cast("Rule", point.load())
        raise KeyError(name)
