"""What every part of the driver stands on: events in, commands out, records, and errors that end it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from random import Random
from typing import Any, ClassVar, NamedTuple

from ...schemas.errors import InvariantBroken
from ...schemas.ids import IdSource
from ...schemas.progress import NodeChanged, Observer
from ..faults import Faults
from ..ledger.ledger import Ledger
from ..ledger.records import (
    Record,
)
from ..runtimes.assessing import Assess
from ..runtimes.protocol import Runtime
from ..scheduler.commands import (
    Command,
)
from ..scheduler.events import (
    Event,
)
from ..scheduler.machine import Scheduler
from .agent_desk import AgentDesk
from .attempt import LiveAttempt
from .clock import Clock, Timer
from .growing import Growing, Instances
from .outputs import Outputs
from .requests import RequestBuilder
from .reuse import Reuse


class PutOff(NamedTuple):
    """A generation of a node that waits for the Executor `alias` to be idle."""

    generation: int
    alias: str


class Ground:
    """The state of a drive, and the plain ways to write down, to tell, and to fail.

    Parts that build on it name in `carried_out` what carries out which kind of command.
    """

    carried_out: ClassVar[Mapping[type[Any], Callable[[Any, Any], None]]] = {}

    def __init__(
        self,
        instances: Instances,
        *,
        dag_run_id: str,
        ledger: Ledger,
        scheduler: Scheduler,
        requests: RequestBuilder,
        growing: Growing,
        reuse: Reuse | None = None,
        desk: AgentDesk | None = None,
        assess: Assess | None = None,
        outputs: Outputs,
        deliverables: dict[str, str],
        commits: dict[str, str] | None = None,
        runtimes: Mapping[str, Runtime],
        clock: Clock,
        ids: IdSource,
        rng: Random,
        faults: Faults,
        observer: Observer | None = None,
        known_ends: set[tuple[str, int]] | None = None,
        known_asks: dict[tuple[str, int], str] | None = None,
        known_renewals: set[tuple[str, int]] | None = None,
        last_seq: int = 0,
        scratch: str = "",
    ) -> None:
        self._instances = instances
        self._dag_run_id = dag_run_id
        self._ledger = ledger
        self._scheduler = scheduler
        self._requests = requests
        self._growing = growing
        self._reuse = reuse
        self._desk = desk
        self._assess = assess
        self._considering: set[str] = set()
        self._outputs = outputs
        self._deliverables = deliverables
        self._commits = {} if commits is None else commits
        self._runtimes = runtimes
        self._clock = clock
        self._ids = ids
        self._rng = rng
        self._faults = faults
        self._observer = observer
        self._known_ends = known_ends or set()
        self._known_asks = known_asks or {}
        self._known_renewals = known_renewals or set()
        self._outside_seq = last_seq
        self._own_seq = last_seq
        self._scratch = scratch
        self._commands: deque[Command] = deque()
        self._live: dict[str, LiveAttempt] = {}
        self._carriers: set[asyncio.Task[None]] = set()
        self._timers: dict[str, Timer] = {}
        self._put_off: dict[str, PutOff] = {}
        self._housekeeping: Timer | None = None
        self._deadline: Timer | None = None
        self._data_version = -1
        self._pumping = False
        self._ended: asyncio.Future[None] | None = None

    # Events in, commands out

    def _feed(self, event: Event) -> None:
        self._commands.extend(self._scheduler.handle(event))
        if self._pumping:
            return
        self._pumping = True
        try:
            while self._commands:
                command = self._commands.popleft()
                self.carried_out[type(command)](self, command)
        finally:
            self._pumping = False
        self._check_ended()

    def _check_ended(self) -> None:
        future = self._ended
        if self._live or self._considering or future is None or future.done():
            return
        scheduler = self._scheduler
        if scheduler.is_done or scheduler.is_stopping:
            future.set_result(None)
        elif not self._timers and not self._waiting_for_executors():
            if not scheduler.waits_for_person():
                raise InvariantBroken(f"nothing is left to do, and yet the nodes are {scheduler.counts}")
            future.set_result(None)

    def _waiting_for_executors(self) -> Mapping[str, PutOff]:
        """The nodes that were put off and still wait; others have ended, or were made anew."""
        for name, wait in list(self._put_off.items()):
            node = self._scheduler.nodes.get(name)
            if node is None or node.generation != wait.generation or node.state != "waiting":
                del self._put_off[name]
        return self._put_off

    # Records and notices

    def _note(self, record: Record) -> None:
        self._append(record)

    def _append(self, record: Record) -> int:
        return self._journal([record])[0]

    def _journal(self, records: list[Record], *, durable: bool = False) -> list[int]:
        seqs = self._ledger.append(records, durable=durable)
        self._own_seq = seqs[-1]
        return seqs

    def _tell(
        self, node: str, state: Any, reason: str, attempt_no: int, duration_ms: int | None = None
    ) -> None:
        if self._observer is not None:
            now = self._clock.now_ms()
            is_group = self._instances[node].layer is not None
            self._observer.notice(NodeChanged(node, state, reason, attempt_no, now, duration_ms, is_group))

    # Failing

    def _guard(self, call: Callable[[], None]) -> Callable[[], None]:
        """`call`, such that an error of it ends the drive instead of being lost in a callback."""

        def guarded() -> None:
            if self._ended is not None and self._ended.done():
                return
            try:
                call()
            except BaseException as error:
                self._fail(error)

        return guarded

    def _fail(self, error: BaseException) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.set_exception(error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        async def guarded() -> None:
            try:
                await work
            except BaseException as error:
                self._fail(error)

        carrier = asyncio.get_running_loop().create_task(guarded())
        self._carriers.add(carrier)
        carrier.add_done_callback(self._carriers.discard)
