"""The door between the runtime that carries agents and the command-line client of one kind.

A client is an adapter of pure functions: how one turn is started, what a line of its output means, and how
a turn ended. Processes, files, time limits and the repeated asking are `agent.py`'s.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol, runtime_checkable

from ...schemas.states import FailureReason
from .protocol import Capabilities


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message to an agent, and the answer to it, as one process of its client.

    `system` is the standing text (the Role and the output contract), `prompt` the message. `schema` is what
    the answer must meet, None for text. `session` is gone on with; without one a new session is begun, which
    the client may name `new_session`, a UUID. `number` counts the turns of an attempt from 1. `tools` limits
    the tools by the names that the Role gives, None for no limit. `folder` is a private, existing directory
    for files that the client is to be given; `cwd` is where it works. `max_turns` is the client's own cap on
    its steps, `budget_usd` on money.
    """

    system: str
    prompt: str
    schema: Any = None
    model: str | None = None
    session: str | None = None
    new_session: str = ""
    number: int = 1
    tools: tuple[str, ...] | None = None
    cwd: str = "."
    folder: str = "."
    max_turns: int | None = None
    budget_usd: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A process to start: `argv`, variables to add to the environment (and to take out of it), the bytes of
    its standard input, and private files to write first, by absolute path."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    stdin: bytes = b""
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens by kind, each counted once: `tokens_in` leaves out what was read from a cache or written to
    one. None: the client did not say. `cost_usd` is the client's own figure."""

    tokens_in: int | None = None
    tokens_out: int | None = None
    cache_read_tokens: int | None = None
    cache_create_tokens: int | None = None
    cost_usd: float | None = None

    def __add__(self, other: Usage) -> Usage:
        """The sum; what neither side knows stays unknown."""
        return Usage(**{name: _sum(getattr(self, name), getattr(other, name)) for name in USAGE_FIELDS})

    def since(self, earlier: Usage) -> Usage:
        """What was used after `earlier` was read from the same counter; never less than nothing."""
        return Usage(**{name: _rest(getattr(self, name), getattr(earlier, name)) for name in USAGE_FIELDS})


MOST: Final = 1 << 53
"""No model counts further, and no bill either: sums of some such figures still fit every column."""

USAGE_FIELDS: Final = ("tokens_in", "tokens_out", "cache_read_tokens", "cache_create_tokens", "cost_usd")


def _sum(one: Any, other: Any) -> Any:
    return one if other is None else other if one is None else one + other


def _rest(now: Any, before: Any) -> Any:
    if now is None or before is None:
        return now
    return max(now - before, 0) if isinstance(now, int) else max(round(now - before, 12), 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a line of output tells while the turn goes on; all optional.

    `tool` was used; `refused` names one that was asked for in vain, because the client does not let the agent
    use it. `usage` is what came on top of what was seen before: no more than an early word on the figures at
    the end. `waits`: the service turned the client away, which waits so many seconds before it asks again; 0
    when it does not say how many.
    """

    tool: str | None = None
    refused: str | None = None
    file: str | None = None
    usage: Usage | None = None
    session: str | None = None
    waits: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnEnd:
    """How a turn ended, by the client's own account.

    `ok`: there is an answer, in `value` when `is_value` (a JSON value that the client vouches for), else in
    `text`. Otherwise `failure` and `reason` say why not, `outcome` is `budget_exceeded` where a cap was met,
    and `retry_after` is in seconds. `session_lost`: the session to go on with is not there, and nothing was
    spent. `not_begun`: the client failed at its own start, nothing was spent, and the next time may go well.
    `usage` is of this turn, or with `of_session` of the whole session so far. `usage_by_model` splits
    it, in the same scope, where the client does. `model` is what answered, None when the client does not
    say. `billed` is False where a subscription pays, None when not known. `usage_source` names the place of
    the figures, such as `claude:result.modelUsage`.
    """

    outcome: Literal["ok", "failed", "budget_exceeded"] = "ok"
    failure: FailureReason | None = None
    reason: str = ""
    retry_after: float | None = None
    text: str = ""
    value: Any = None
    is_value: bool = False
    session: str | None = None
    session_lost: bool = False
    not_begun: bool = False
    usage: Usage = Usage()
    of_session: bool = False
    usage_by_model: Mapping[str, Usage] = field(default_factory=dict)
    usage_source: str | None = None
    model: str | None = None
    billed: bool | None = None
    steps: int | None = None


class Reader(Protocol):
    """Reads the output of one turn, line by line, and says at the end what it came to."""

    def feed(self, line: bytes) -> Sequence[Seen]:
        """What a whole line, without its end, tells. Never raises: what it does not know it passes over.
        Lines in which no JSON object can begin never come here."""

    def end(self, *, status: int | None, signal: int | None, stderr: str) -> TurnEnd:
        """The end, once the process is gone; `stderr` is the tail of what it printed there."""


@runtime_checkable
class Hears(Protocol):
    """A reader whose client tells on its error stream what it does not tell on its output."""

    def hear(self, line: bytes) -> Sequence[Seen]:
        """As `Reader.feed`, for a line of the error stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Install:
    """How a client gets onto a machine: the line to type. It is a `program` on PATH, of at least the version
    `minimum`; or with `module` a part of this program, which needs that Python module."""

    program: str
    line: str
    minimum: str
    version_args: tuple[str, ...] = ("--version",)
    module: str | None = None


class Client(Protocol):
    """One kind of client. Its methods have no side effects."""

    @property
    def name(self) -> str: ...

    @property
    def capabilities(self) -> Capabilities: ...

    @property
    def install(self) -> Install: ...

    @property
    def models(self) -> Mapping[str, str]:
        """What each tier is called there, for the tiers of which that is known; the rest is the user's."""

    def launch(self, turn: Turn, environ: Mapping[str, str]) -> Launch: ...

    def reader(self, turn: Turn) -> Reader: ...
