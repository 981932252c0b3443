"""What an attempt hands on is inspected: only what it wrote itself counts, and it takes a bounded time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ...schemas.allowance import Allowance
from .before import NOTHING, Identity, note_files
from .protocol import AttemptRequest


class Inspection:
    """That of one attempt. `before` is what lay at the promised paths, `allowance` the time for checks."""

    __slots__ = ("allowance", "before")

    def __init__(self, allowance: Allowance | None = None) -> None:
        self.allowance = allowance or Allowance()
        self.before: Mapping[str, Identity] = NOTHING

    def prepare(self, request: AttemptRequest) -> None:
        """Note what is there; to be called just before the attempt begins its work."""
        self.before = note_files(_promised(request))

    def abandon(self) -> None:
        """Leave unchecked what is not checked yet: the attempt was cancelled. From any thread."""
        self.allowance.abandon()


def is_trivial(request: AttemptRequest) -> bool:
    """Whether nothing is to be read from files or checked, however small: a schema can make work of that."""
    contract = request.output
    return contract.source == "stdout" and contract.schema is None and not request.deliverables


def _promised(request: AttemptRequest) -> Iterator[str]:
    """The paths of the files that the attempt must write."""
    if request.output_path is not None:
        yield request.output_path
    for path, _ in request.deliverables:
        yield path
