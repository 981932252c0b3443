"""How an attempt's work is looked at once there is a result; `engine.quality` does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from .protocol import AttemptRequest, AttemptResult


class Assessed(Protocol):
    """What a look at the work came to. `reason` says why it is not `ok`, `text` what whoever did it is told,
    `columns` are columns of its Run."""

    @property
    def ok(self) -> bool: ...

    @property
    def reason(self) -> str: ...

    @property
    def text(self) -> str: ...

    @property
    def columns(self) -> Mapping[str, Any]: ...


class Assess(Protocol):
    """Looks at the work of an attempt that went well so far; `beat` is told of signs of life."""

    async def __call__(
        self, request: AttemptRequest, result: AttemptResult, *, beat: Callable[[int], None] = ...
    ) -> Assessed: ...
