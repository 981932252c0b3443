"""`solo`: one node, the default."""

from __future__ import annotations

from typing import ClassVar

from ..schemas.bound import BoundTask
from . import pieces
from .examples import Example
from .protocol import Expansion
from .settings import Settings


class Solo:
    """The task itself."""

    name: ClassVar[str] = "solo"
    summary: ClassVar[str] = "one node: the task itself, as without a pattern"
    settings: ClassVar[type[Settings]] = Settings
    example: ClassVar[Example] = Example()

    def expand(self, task: BoundTask, settings: Settings) -> Expansion:
        """One piece; a task without settings is left as it is by `expansion`."""
        return Expansion(pieces=(pieces.work(settings.work(task), "1"),), result="1")
