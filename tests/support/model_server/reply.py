"""What the model says, what it claims to have used, and what goes wrong on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

NOTHING: Any = object()
"""The value of a reply that has none."""


@dataclass(frozen=True, kw_only=True)
class Figures:
    """Tokens by kind, each counted once, whatever the dialect makes of it: `tokens_in` leaves out what was
    read from a cache or written to one, `reasoning` is a part of `tokens_out`."""

    tokens_in: int = 1000
    tokens_out: int = 50
    cache_read: int = 0
    cache_create: int = 0
    reasoning: int = 0

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            tokens_in=self.tokens_in + other.tokens_in,
            tokens_out=self.tokens_out + other.tokens_out,
            cache_read=self.cache_read + other.cache_read,
            cache_create=self.cache_create + other.cache_create,
            reasoning=self.reasoning + other.reasoning,
        )


ZERO = Figures(tokens_in=0, tokens_out=0)


@dataclass(frozen=True)
class Call:
    """A tool that the model wants to be called."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    namespace: str | None = None


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong.

    With `status` the answer is that HTTP status, `headers`, and an error body in the dialect's shape with
    `message` (`kind` in place of the dialect's own word for the status), or `body` as it is. Else the reply
    begins, and after `after` pieces of it (None, or no stream: half of it): `drop`, the connection is reset;
    `truncate`, the stream ends in good order without its last part; `hold`, nothing comes until the test
    releases the name, and then the rest; `error`, an error comes as a piece of the stream. `pause` is the
    time between pieces in seconds.
    """

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    message: str = "scripted failure"
    kind: str | None = None
    body: bytes | None = None
    way: Literal["drop", "truncate", "hold", "error"] | None = None
    name: str = ""
    after: int | None = None
    pause: float = 0.0


@dataclass(frozen=True)
class Reply:
    """One answer of the model.

    `value` is a structured answer: a call of the tool that the client offers for it, else JSON as text.
    `model` is the name that is claimed, None for the one that was asked for. `stop` is why the model
    stopped; tool calls have their own reason.
    """

    text: str = ""
    calls: tuple[Call, ...] = ()
    value: Any = NOTHING
    usage: Figures = Figures()
    model: str | None = None
    stop: Literal["end", "length", "refusal"] = "end"
    fault: Fault | None = None


def status(code: int, message: str = "scripted failure", **headers: str) -> Reply:
    """An HTTP status; the names of `headers` are written with `_` for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(fault=Fault(status=code, message=message, headers=named))


def throttled(seconds: int | None = None) -> Reply:
    """429, with the time to wait when there is one."""
    return status(429, "too many requests", **({} if seconds is None else {"retry_after": str(seconds)}))


def drop(text: str, *, after: int | None = None, usage: Figures = Figures()) -> Reply:
    """A text whose connection is reset in the middle."""
    return Reply(text, usage=usage, fault=Fault(way="drop", after=after))


def cut(text: str, *, after: int | None = None, usage: Figures = Figures()) -> Reply:
    """A text whose stream ends before it is whole."""
    return Reply(text, usage=usage, fault=Fault(way="truncate", after=after))


def held(name: str, text: str, *, after: int = 0, **more: Any) -> Reply:
    """A text of which, after some pieces, nothing comes until `server.release(name)`."""
    return Reply(text, fault=Fault(way="hold", name=name, after=after), **more)


def refusal(text: str = "") -> Reply:
    """The model will not."""
    return Reply(text, stop="refusal")
