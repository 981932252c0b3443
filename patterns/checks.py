"""Outside checks: what is one, and what it says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..schemas.bound import BoundTask, Member
from ..schemas.errors.patterns import NoOutsideCheck
from .families import doer
from .protocol import problem


def check_is_outside(check: Member, authors: Sequence[BoundTask], name: str) -> None:
    """Refuse a check that is the author's own opinion. Raises `PatternProblem`."""
    if check.task.pattern is not None:
        return  # that is refused where its piece is made
    if not check.has_work:
        raise problem(
            NoOutsideCheck,
            f"the check of `{name}` does nothing of its own",
            "give it `run`, `python` or another `role`: an author cannot check itself (arXiv 2310.01798)",
            check.where,
        )
    own = doer(check.task)
    if any(doer(author) == own for author in authors):
        raise problem(
            NoOutsideCheck,
            f"the check of `{name}` is the same work as what it checks",
            "let something else look at the result: an author cannot check itself (arXiv 2310.01798)",
            check.where,
        )


def passed(state: str, output: Any) -> bool:
    """Whether a check that ended so has passed: it was made, and did not say no.

    A callable says no by `false`, or by an object whose `passed` is false.
    """
    if state != "ok":
        return False
    if isinstance(output, Mapping):
        return output.get("passed", True) is not False
    return output is not False and output is not None


def findings_of(brief: Mapping[str, Any]) -> Any:
    """What a check found, for people and for the next try; why it could not be made, if it was not."""
    if brief.get("status") != "ok":
        return brief.get("reason") or brief.get("status")
    output = brief.get("output")
    return output.get("findings", output) if isinstance(output, Mapping) else output
