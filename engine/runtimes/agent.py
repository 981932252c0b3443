"""The runtimes that carry agents: one class for every client, each turn a process under a shim."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, Protocol

from ...schemas.allowance import Allowance
from ...schemas.bound import BoundTask
from ...schemas.errors import InputError
from ..process.orphans import Leader, stop_stranded
from .agent_attempt import AgentAttempt
from .agent_patience import LONGEST
from .agent_usage import Price
from .assessing import Assess
from .capture import BlobSink
from .client import Client
from .client_check import check_client
from .protocol import AttemptRequest, Capabilities
from .shortage import Queue, Threads
from .streams import Emit

_OPEN_FILES: Final = 6
"""Of one attempt: two pipes to its shim, its output, and what is written meanwhile."""

ORPHAN: Final = 1800.0
"""Seconds that an agent without a limit of its own may go on once its Coordinator is gone."""


class StopStranded(Protocol):
    """Ends what a dead Coordinator left; see `process.orphans.stop_stranded`."""

    def __call__(
        self, leaders: tuple[Leader, ...] = (), *, run_ids: tuple[str, ...] = (), grace: float = 2.0
    ) -> object: ...


class AgentRuntime:
    """Carries attempts out by the client's program.

    `price` tells what a usage costs where the client does not. `assess` looks at the work once there is a
    result, so that the agent can mend it in the same session. `orphan` is how long an agent without a limit
    of its own may go on without a Coordinator.
    """

    def __init__(
        self,
        client: Client,
        blobs: BlobSink,
        *,
        environ: Mapping[str, str] | None = None,
        price: Price | None = None,
        assess: Assess | None = None,
        allowance: Callable[[], Allowance] = Allowance,
        orphan: float = ORPHAN,
        patience: float = LONGEST,
        stop_stranded: StopStranded = stop_stranded,
    ) -> None:
        self.client = client
        self.blobs = blobs
        self.environ = dict(os.environ if environ is None else environ)
        self.price = price
        self.assess = assess
        self.allowance = allowance
        self.orphan = orphan
        self.patience = patience
        self.threads = Threads()
        self.queue = Queue()
        self._stop_stranded = stop_stranded
        self._attempts: set[AgentAttempt] = set()

    @property
    def name(self) -> str:
        """That of the client."""
        return self.client.name

    @property
    def capabilities(self) -> Capabilities:
        """Those of the client, and that the work is assessed within the attempt."""
        return replace(self.client.capabilities, assesses=True, open_files=_OPEN_FILES)

    def preflight(self, task: BoundTask, *, project: str) -> list[InputError]:
        """What would make every attempt of the task fail: no client, one that is too old, no secret."""
        return check_client(self.client, task, project=project, environ=self.environ)

    def start(self, request: AttemptRequest, emit: Emit) -> AgentAttempt:
        """Start an attempt."""
        return self._begin(AgentAttempt(self, request, emit))

    def adopt(self, request: AttemptRequest, emit: Emit) -> AgentAttempt | None:
        """Take over an attempt whose last turn has ended by itself; stop one that has not."""
        attempt = AgentAttempt(self, request, emit)
        if attempt.recall():
            return self._begin(attempt)
        self._stop_stranded((), run_ids=(request.run_id,))
        return None

    async def close(self) -> None:
        """End everything that still runs, and wait until it is gone."""
        for attempt in list(self._attempts):
            attempt.cancel(hard=True)
        if self._attempts:
            await asyncio.wait([attempt.done for attempt in self._attempts])
        self.threads.close()

    def _begin(self, attempt: AgentAttempt) -> AgentAttempt:
        self._attempts.add(attempt)
        attempt.begin()
        attempt.done.add_done_callback(lambda _: self._attempts.discard(attempt))
        return attempt
