"""One attempt of an agent, from the first message to the result: turn after turn in the same session."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ...schemas.ids import new_id
from ..agents.prompt import message_text, orchestration_tokens, reask_text, system_text, tokens
from ..agents.quarantine import is_suspect
from ..ledger.files import make_private
from ..masking import Masker
from ..process.identity import boot_id
from .agent_adopt import ended_turns, keep_before, kept_before
from .agent_end import (
    cancelled,
    files_column,
    not_started,
    out_of_turns,
    refused,
    shortened,
    stored_output,
    turned_down,
)
from .agent_patience import Patience
from .agent_told import Told
from .agent_turn import Finished, RunningTurn, turn_folder
from .agent_usage import Meter
from .agent_value import value_of
from .client import Seen, Turn
from .hand_on import from_file, hand_on, held
from .inspection import Inspection
from .output_contract import OutputInvalid
from .protocol import AgentRequest, AttemptRequest, AttemptResult, Spawned
from .shortage import SHORTAGES
from .streams import Emit, Pulse

if TYPE_CHECKING:
    from .agent import AgentRuntime

STOPPED: Final = "it was asked to stop"

_LAST_WORDS: Final = 5.0
"""Seconds that reading what a client said may take once it was told to end, and its grace is over."""

_SLIPS: Final = 3
"""How often a client that failed at its own start is started again, within the attempt."""

_PAUSE: Final = 0.2
"""Seconds before the first of these times; each further one waits that much longer."""


@dataclass(slots=True, kw_only=True)
class _Ask:
    """What the next turn is: its message, and the session that it goes on with."""

    message: str
    session: str | None


class AgentAttempt:
    """What carries one attempt out; see `protocol.AttemptHandle`."""

    def __init__(self, runtime: AgentRuntime, request: AttemptRequest, emit: Emit) -> None:
        assert request.agent is not None, "a runtime of agents carries out tasks with a Role"
        self._runtime = runtime
        self._request = request
        self._agent: AgentRequest = request.agent
        self._emit = emit
        self._told = Told(_masker(request))
        self._meter = Meter(self._agent.session, self._agent.session_totals)
        self._inspection = Inspection(runtime.allowance())
        self._recorded: list[Finished] = []
        self._seen: list[Finished] = []
        self._turn: RunningTurn | None = None
        self._stopped = ""
        self._hard = False
        self._patience = Patience(self._give_up_waiting, longest=runtime.patience)
        self._pulse: Pulse | None = None
        self._work: asyncio.Task[Any] | None = None
        self._began = time.monotonic()
        self._earlier = 0.0
        self._added_tokens = 0
        self._slips = 0
        self._asked_for: list[str] = []
        self._is_counted = False
        self._room: asyncio.Future[None] | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._loop = asyncio.get_running_loop()
        self.done: asyncio.Future[AttemptResult] = self._loop.create_future()

    # ---- the protocol

    async def wait(self) -> AttemptResult:
        """The result."""
        return await self.done

    def cancel(self, *, hard: bool) -> None:
        """Ask the agent to stop; it is killed after the request's grace, or at once when `hard`."""
        if self.done.done():
            return
        self._stopped = self._stopped or STOPPED
        self._hard = self._hard or hard
        grace = self._request.grace
        if hard:
            self._inspection.abandon()
            self._timers.append(self._loop.call_later(_LAST_WORDS, self._read_no_further))
        elif not self._timers:
            # What has ended was paid for: there is some time to find out what it came to.
            self._timers.append(self._loop.call_later(grace, self._inspection.abandon))
            self._timers.append(self._loop.call_later(grace + _LAST_WORDS, self._read_no_further))
        if self._runtime.queue.forget(self._begin_again):
            self._begin_again()
        elif self._turn is not None:
            if hard:
                self._turn.link.kill()
            else:
                self._turn.link.terminate()
        elif self._work is not None:
            self._work.cancel()

    def _read_no_further(self) -> None:
        if self._turn is not None:
            self._turn.abandon()

    # ---- the beginning

    def recall(self) -> bool:
        """Read what an earlier Coordinator left of this attempt; whether its last turn has ended by itself,
        or by the attempt's own limit."""
        found = ended_turns(self._runtime.client, self._request, self._see)
        if found is None:
            return False
        self._recorded = found
        self._earlier = sum(turn.seconds for turn in found)
        self._inspection.before = kept_before(self._request)
        return True

    def begin(self) -> None:
        """Start carrying it out; everything that happens comes back as the result."""
        self._carrier = self._loop.create_task(self._carry_out())
        self._carrier.add_done_callback(self._settle)

    def _settle(self, task: asyncio.Task[AttemptResult]) -> None:
        if self._pulse is not None:
            self._pulse.finish()
        for timer in self._timers:
            timer.cancel()
        if self._is_counted:
            self._is_counted = False
            self._runtime.queue.leave()
        if self.done.done():
            return
        error = None if task.cancelled() else task.exception()
        if task.cancelled():
            self.done.set_result(cancelled(self._stopped or STOPPED))
        elif error is not None:
            self.done.set_exception(error)
        else:
            self.done.set_result(task.result())

    async def _carry_out(self) -> AttemptResult:
        try:
            Masker(self._request.secrets)
            if not self._recorded:
                self._inspection.prepare(self._request)
                keep_before(self._request, self._inspection.before)
        except ValueError as problem:
            return refused(problem)
        except OSError as problem:
            return not_started(self._runtime.client, problem)
        result = await self._talk()
        columns = {
            **self._meter.columns(self._agent.model, self._runtime.price),
            **files_column(self._meter.files, self._request),
            "orchestration_tokens": orchestration_tokens(self._request) + self._added_tokens,
            **result.columns,
        }
        stored = partial(stored_output, self._request, len(self._seen), self._runtime.blobs)
        stdout, stderr = await self._runtime.threads.result_of(stored)
        return replace(result, columns=columns, stdout=stdout, stderr=stderr)

    # ---- turn after turn

    async def _talk(self) -> AttemptResult:
        ask = _Ask(message=self._opening(), session=self._agent.session)
        left = self._agent.reask
        number = 0
        while True:
            if self._is_stopped():
                return cancelled(self._stopped)
            number += 1
            try:
                finished = await self._take_turn(number, ask)
                finished = replace(finished, end=self._told.end(finished.end))
            except OSError as problem:
                if self._is_stopped():
                    return cancelled(self._stopped)
                return not_started(self._runtime.client, problem)
            self._seen.append(finished)
            self._meter.add(finished.end)
            if self._is_stopped() and not finished.by_itself:
                return cancelled(self._stopped, finished)
            anew = await self._anew(finished, ask)
            if anew is not None:
                ask = anew
                continue
            early = turned_down(
                self._runtime.client, finished, self._request, given_up=self._patience.is_spent
            )
            if early is not None:
                return early
            session = finished.end.session or ask.session
            if self._recorded:
                # What was made of this turn is known: it was asked again.
                again = self._recorded[0].turn.prompt
                self._asked_for.append("")
            else:
                result, found = await self._result(finished)
                if self._is_stopped():
                    # What ended before it was stopped has ended, and may have cost money.
                    return result if result.outcome == "ok" else cancelled(self._stopped, finished)
                if found is None or left <= 0:
                    return self._with_history(result)
                if self._left_of_turns() == 0:
                    return out_of_turns(result, self._agent.max_turns)
                self._asked_for.append(result.reason)
                again = found if session is not None else self._told_all(found)
            left -= 1
            self._added_tokens += tokens(again)
            ask = _Ask(message=again, session=session)

    def _with_history(self, result: AttemptResult) -> AttemptResult:
        """The result; a good one says how often it was asked for again, and what was wrong at first."""
        if result.outcome != "ok" or not self._asked_for:
            return result
        count = len(self._asked_for)
        times = "once" if count == 1 else "twice" if count == 2 else f"{count} times"
        first = next(filter(None, self._asked_for), "")
        reason = f"asked again {times}: {shortened(first)}" if first else f"asked again {times}"
        return replace(result, reason=reason)

    async def _anew(self, finished: Finished, ask: _Ask) -> _Ask | None:
        """The turn that takes the place of one in which the agent was never asked; None where it was."""
        if finished.end.session_lost and ask.session is not None:
            return _Ask(message=self._told_all(ask.message), session=None)
        if not finished.end.not_begun or not (self._recorded or self._slips < _SLIPS):
            return None
        self._slips += 1
        if not self._recorded:
            await asyncio.sleep(_PAUSE * self._slips)
        return ask

    def _opening(self) -> str:
        return message_text(self._request)

    def _told_all(self, message: str) -> str:
        """A message to somebody who does not know what was asked before."""
        opening = self._opening()
        return message if message.startswith(opening) else f"{opening}\n\n{message}"

    def _is_stopped(self) -> bool:
        return bool(self._stopped)

    async def _take_turn(self, number: int, ask: _Ask) -> Finished:
        if self._recorded:
            return self._recorded.pop(0)
        turn = self._next(number, ask)
        while self._turn is None:
            try:
                self._turn = self._started(turn)
            except OSError as problem:
                if not await self._has_room_again(problem.errno):
                    raise
        link = self._turn.link
        self._emit(Spawned(pid=link.pid, group=link.pid, started=link.started, boot_id=boot_id()))
        if self._pulse is None:
            self._pulse = Pulse(self._emit)
            self._pulse.begin()
        try:
            return await self._turn.wait()
        finally:
            self._turn = None
            self._patience.rest()

    def _started(self, turn: Turn) -> RunningTurn:
        make_private(Path(turn.folder))
        started = RunningTurn(
            self._runtime.client,
            turn,
            self._request,
            environ=self._runtime.environ,
            wall=self._left_of_wall(),
            orphan=self._runtime.orphan,
            threads=self._runtime.threads,
            see=self._see,
            alive=self._alive,
        )
        if not self._is_counted:
            self._is_counted = True
            self._runtime.queue.enter()
        return started

    async def _has_room_again(self, code: int | None) -> bool:
        """Where the system had no room for one more process: wait until another attempt has ended. False
        when there is none, when it was something else, or when this one is stopped."""
        queue = self._runtime.queue
        if code not in SHORTAGES or not queue.put_off(self._begin_again, entered=self._is_counted):
            return False
        self._is_counted = False
        self._room = self._loop.create_future()
        await self._room
        return not self._is_stopped()

    def _begin_again(self) -> None:
        if self._room is not None and not self._room.done():
            self._room.set_result(None)

    def _next(self, number: int, ask: _Ask) -> Turn:
        request, agent = self._request, self._agent
        told = replace(request, agent=replace(agent, session=ask.session))
        schema = request.output.schema if request.output.form == "json" else None
        return Turn(
            system=system_text(told),
            prompt=ask.message,
            schema=schema if request.output.source == "stdout" else None,
            model=agent.model,
            session=ask.session,
            new_session=new_id() if ask.session is None else "",
            number=number,
            tools=agent.role.tools,
            cwd=request.cwd,
            folder=str(turn_folder(request.scratch, number)),
            max_turns=self._left_of_turns(),
        )

    def _left_of_turns(self) -> int | None:
        cap = self._agent.max_turns
        return None if cap is None else max(cap - self._meter.turns, 0)

    def _left_of_wall(self) -> float | None:
        wall = self._agent.wall
        spent = self._earlier + time.monotonic() - self._began
        return None if wall is None else max(wall - spent, 0.1)

    def _see(self, seen: Seen) -> None:
        seen = self._told.seen(seen)
        self._meter.see(seen)
        self._patience.see(seen)

    def _give_up_waiting(self) -> None:
        if self._turn is not None:
            self._turn.link.terminate()

    def _alive(self, size: int) -> None:
        self._patience.mind()
        if self._pulse is not None:
            self._pulse.beat(size)

    # ---- what came of it

    async def _result(self, finished: Finished) -> tuple[AttemptResult, str | None]:
        """The result of a turn that has an answer; and, if that does not hold, what is said about it."""
        read = partial(self._handed_on, finished)
        result = await self._runtime.threads.result_of(read)
        if result.outcome == "failed":
            text = finished.end.text
            seconds = sum(turn.seconds for turn in self._seen)
            used = self._meter.tools_used
            if is_suspect(tools_used=used, seconds=seconds, text=text, schema_failed=True):
                reason = "it used no tool, answered at once, and said what reads like instructions to others"
                return replace(result, failure_reason="quarantined", reason=reason), None
            violations = result.violations or ({"path": "$", "message": result.reason},)
            return result, reask_text(violations)
        if result.outcome != "ok" or self._runtime.assess is None:
            return result, None
        return await self._assessed(result)

    async def _assessed(self, result: AttemptResult) -> tuple[AttemptResult, str | None]:
        assert self._runtime.assess is not None
        touched = {**result.columns, **files_column(self._meter.files, self._request)}
        looking = self._runtime.assess(self._request, replace(result, columns=touched), beat=self._alive)
        self._work = self._loop.create_task(looking)
        try:
            if self._stopped:
                # Where there is nothing to look at, that is known by now.
                await asyncio.sleep(0)
                self._work.cancel()
            found = await self._work
        except asyncio.CancelledError:
            if not self._stopped:
                raise
            return replace(result, outcome="cancelled", reason=self._stopped), None
        finally:
            self._work = None
        result = replace(result, columns={**result.columns, **found.columns})
        if found.ok:
            return result, None
        failed = replace(result, outcome="failed", failure_reason="quality_gate", reason=found.reason)
        return replace(failed, output=None, deliverable=None), reask_text((), [found.text])

    def _handed_on(self, finished: Finished) -> AttemptResult:
        request = self._request
        masker = Masker(request.secrets)
        output: Callable[[], Any]
        if request.output.source == "file":
            output = partial(from_file, request, masker, self._inspection)
        else:
            output = partial(self._value, finished, masker)
        result = hand_on(
            request,
            output,
            masker,
            self._runtime.blobs,
            self._inspection,
            exit_status=None if finished.envelope is None else finished.envelope.status,
            stdout=None,
            stderr=None,
        )
        said = masker.mask_text(finished.end.text)
        return replace(result, columns={"said": said}) if self._is_said(result, said) else result

    def _value(self, finished: Finished, masker: Masker) -> Any:
        value = value_of(finished.end, self._request.output.form)
        if self._request.output.form == "check" and not _is_check(value):
            reason = "a check answers with an object that has `passed`, true or false"
            raise OutputInvalid(reason, ({"path": "$.passed", "message": reason},))
        return held(value, self._request, masker, self._inspection)

    def _is_said(self, result: AttemptResult, said: str) -> bool:
        """Whether the agent's last words are more than the value: they then are for people to read."""
        is_value = isinstance(result.output, str) or said.lstrip().startswith(("{", "["))
        return bool(said.strip()) and result.outcome == "ok" and not is_value


def _masker(request: AttemptRequest) -> Masker:
    """One for what is told; where secrets cannot be masked, nothing is started that could tell them."""
    try:
        return Masker(request.secrets)
    except ValueError:
        return Masker({})


def _is_check(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("passed"), bool)
