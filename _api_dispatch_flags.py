"""Layer 3, part of `api`: which flag of `me dispatch` a place in the graph that it makes goes back to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ._api_dispatch import Dispatch
    from .schemas.errors import InputError
    from .schemas.span import Path
    from .tasks.document import Document

_MINE: Final = ("tier", "runtime", "model", "executor")
_OF_MANIFEST: Final = {"acceptance": "acceptance", "deliverables": "expected_deliverables"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Origins:
    """Where the parts of a dispatched graph come from. The first `pointed` files of its context are those of
    the Manifest, whose document is `manifest`."""

    asked: Dispatch
    manifest: Document | None = None
    pointed: int = 0

    def told(self, errors: Iterable[InputError], graph: str) -> list[InputError]:
        """The errors at the flag or at the line of the Manifest that is wrong, each once; those that stand in
        another file than `graph`, such as that of a Role, as they are."""
        found: dict[tuple[str, str, str], InputError] = {}
        for error in errors:
            if error.span is not None and error.span.file != graph:
                found[error.code, error.message, str(error.span)] = error
                continue
            where = error.where[2:] if error.where[:2] == ("tasks", self.asked.role) else ()
            error.span, error.where = None, ()
            place = self._in_manifest(where)
            if place is not None and self.manifest is not None:
                error.span = self.manifest.span(place)
            else:
                error.flag = self._flag(where)
            if error.flag is not None and error.hint is not None:
                error.hint = error.hint.replace("`pattern`", f"`{error.flag.split()[0]}`")
            found.setdefault((error.code, error.message, str(error.flag)), error)
        return list(found.values())

    def _in_manifest(self, where: Path) -> Path | None:
        if self.manifest is None:
            return None
        match where:
            case ("context", "files", int(at), *_) if at >= self.pointed:
                return None
            case ("context", *_):
                return where
            case (str(key), *rest) if key in _OF_MANIFEST:
                return (_OF_MANIFEST[key], *rest)
            case ("executor", *_) if self.asked.executor is None:
                return ("to",)
            case ("tier", *_) if self.asked.tier is None:
                return ("constraints", "model_tier")
            case ("pattern", "team", *_):
                return ("delegates_to",)
            case ("pattern", "peer_review", *_) if not self.asked.reviewers:
                return ("peer_review",)
        return None

    def _flag(self, where: Path) -> str | None:
        asked = self.asked
        match where:
            case (str(key), *_) if key in _MINE and getattr(asked, key) is not None:
                return f"--{key} {getattr(asked, key)}"
            case ("context", "files", int(at), *_) if at - self.pointed < len(asked.files):
                return f"--file {asked.files[at - self.pointed]}"
            case ("output", *_) if asked.schema is not None:
                return f"--schema {asked.schema}"
            case ("pattern", *inner):
                return self._of_pattern(inner)
        return None

    def _of_pattern(self, where: Sequence[str | int]) -> str | None:
        asked = self.asked
        if asked.fanout is not None:
            return f"--fanout {asked.fanout}"
        if asked.consensus is not None:
            is_vote = "vote" in where and asked.vote is not None
            return f"--vote {asked.vote}" if is_vote else f"--consensus {asked.consensus}"
        names = asked.shadows or asked.reviewers
        flag = "--shadow" if asked.shadows else "--peer-review"
        at = next((step for step in where if isinstance(step, int) and step < len(names)), None)
        if not names:
            return None
        return f"{flag} {','.join(names) if at is None else names[at]}"
