"""The server: loopback, a thread per connection, everything that it was asked and answered on record."""

from __future__ import annotations

import threading
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Self

from .asked import Asked
from .connection import Connection
from .holding import Holds
from .record import Record
from .reply import ZERO, Figures
from .script import Script


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64
    owner: ModelServer

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away is no news."""


class ModelServer:
    """Serves `script` from its making until `close`; a context manager. Safe to use from any thread."""

    def __init__(self, script: Script | None = None) -> None:
        self.script = script or Script()
        self.records: list[Record] = []
        self.other: list[str] = []
        self.holds = Holds()
        self._changed = threading.Condition()
        self._http = _Http(("127.0.0.1", 0), Connection)
        self._http.owner = self
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    @property
    def url(self) -> str:
        """The base URL; clients of Anthropic and Gemini models add the rest."""
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    @property
    def v1(self) -> str:
        """The base URL for clients of the OpenAI dialects."""
        return f"{self.url}/v1"

    def use(self, script: Script) -> None:
        """Answer from another script from now on."""
        self.script = script

    def release(self, name: str) -> None:
        """Let the replies held under this name go on, now and in future."""
        self.holds.release(name)

    def of(self, rule: str) -> list[Record]:
        """What the rule with this marker answered."""
        return [record for record in self.records if record.rule == rule]

    def paid(self, rule: str | None = None) -> Figures:
        """The sum of what the completed answers claimed, asides included unless a rule is named."""
        chosen = self.records if rule is None else self.of(rule)
        return sum((record.usage for record in chosen), ZERO)

    def wait_until(self, holds: Callable[[list[Record]], bool], *, timeout: float = 30.0) -> None:
        """Wait until something is true of the records.

        Raises:
            TimeoutError: it did not become true in time.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: holds(self.records), timeout):
                raise TimeoutError(f"after {timeout} s the records are {self.summary()}")

    def wait_for(self, rule: str, count: int = 1, *, timeout: float = 30.0) -> None:
        """Wait until the rule was asked for `count` answers."""
        self.wait_until(lambda _: len(self.of(rule)) >= count, timeout=timeout)

    def summary(self) -> list[tuple[str | None, int | str | None, bool]]:
        """The records in short: rule, fault, whether completed."""
        return [
            (
                record.rule,
                record.reply.fault and (record.reply.fault.status or record.reply.fault.way),
                record.completed,
            )
            for record in self.records
        ]

    def close(self) -> None:
        """End: every held reply is let go, and no further connection is taken."""
        self.holds.close()
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- for connections ---

    def begin(self, asked: Asked) -> Record:
        """Choose the reply to a request and put both on record."""
        rule, reply, aside = self.script.reply_to(asked)
        record = Record(asked=asked, rule=rule, reply=reply, aside=aside)
        with self._changed:
            self.records.append(record)
            self._changed.notify_all()
        return record

    def note(self, record: Record, **what: bool) -> None:
        """Put on record how an answer comes along."""
        with self._changed:
            for name, value in what.items():
                setattr(record, name, value)
            self._changed.notify_all()
