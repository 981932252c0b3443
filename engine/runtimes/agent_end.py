"""How an attempt of an agent ended, where it has no result; and what is kept of all its turns."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from ..masking import Masker
from .agent_turn import Finished, turn_folder
from .capture import BlobSink, Capture, kept_as
from .client import Client
from .last_words import error_text, printable
from .protocol import AttemptRequest, AttemptResult, StoredText

_CHUNK: Final = 1 << 18
_LONGEST: Final = 600
_EXEC: Final = 2
_WAITED_FOR: Final = frozenset({"rate_limited", "window_spent", "spend_limit", "auth"})


def cancelled(reason: str, finished: Finished | None = None) -> AttemptResult:
    """An attempt that was stopped."""
    envelope = None if finished is None else finished.envelope
    if envelope is not None and envelope.killed:
        reason = f"{reason}, and was killed"
    status = None if envelope is None else envelope.status
    return AttemptResult(outcome="cancelled", reason=reason, exit_status=status)


def not_started(client: Client, problem: OSError) -> AttemptResult:
    """An attempt whose files or whose shim could not be made."""
    reason = f"`{client.install.program}` could not be started: {error_text(problem.errno)}"
    return AttemptResult(outcome="failed", failure_reason="spawn_failed", reason=reason)


def refused(problem: ValueError) -> AttemptResult:
    """An attempt that cannot be made as it was asked for."""
    return AttemptResult(outcome="failed", failure_reason="invalid_request", reason=str(problem))


def out_of_turns(result: AttemptResult, cap: int | None) -> AttemptResult:
    """An attempt whose result does not hold, and that may take no further turn to mend it."""
    reason = f"its `max_turns` of {cap} left none to mend it: {result.reason}"
    return replace(result, outcome="budget_exceeded", failure_reason=None, reason=reason)


def turned_down(
    client: Client, finished: Finished, request: AttemptRequest, *, given_up: bool = False
) -> AttemptResult | None:
    """The result of a turn without an answer; None where there is one. `given_up`: it was stopped because its
    service had turned it away, and what it came to is the client's to tell."""
    end, envelope = finished.end, finished.envelope
    mask = Masker(request.secrets).mask_text
    program = client.install.program
    if envelope is None:
        return AttemptResult(
            outcome="interrupted", reason=f"the process that carried `{program}` was killed, and it with it"
        )
    if envelope.error is not None:
        step, number = envelope.error
        what = f"`{program}`" if step == _EXEC else f"the working directory of `{program}`"
        reason = f"{what} could not be started: {error_text(number)}"
        return AttemptResult(outcome="failed", failure_reason="spawn_failed", reason=reason)
    if envelope.stopped == "wall":
        limit = request.agent.wall if request.agent is not None else None
        reason = f"ran longer than its `timeout` of {limit:g} s" if limit is not None else "ran too long"
        if end.failure in _WAITED_FOR:
            # It was turned away all the time: that is why it took so long, and says what to do.
            said = mask(shortened(end.reason))
            return AttemptResult(outcome="failed", failure_reason=end.failure, reason=f"{said}; it {reason}")
        return AttemptResult(outcome="failed", failure_reason="timeout", reason=reason)
    if envelope.broken is not None:
        reason = f"the output of `{program}` could not be stored: {envelope.broken.lower()}"
        return AttemptResult(outcome="failed", failure_reason="other", reason=reason)
    if not envelope.by_itself and not given_up:
        how = f"`{program}` was stopped from outside ({envelope.stopped})"
        return AttemptResult(outcome="interrupted", reason=how)
    if end.outcome == "ok":
        return None
    return AttemptResult(
        outcome=end.outcome,
        failure_reason=None if end.outcome == "budget_exceeded" else end.failure or "other",
        reason=mask(shortened(end.reason) or f"`{program}` ended without saying why"),
        exit_status=envelope.status,
        retry_after=end.retry_after,
    )


def files_column(files: Iterable[str], request: AttemptRequest) -> dict[str, Any]:
    """The files that the agent says it wrote, relative to the project and masked; those outside are left
    out."""
    root = os.path.realpath(request.project)
    mask = Masker(request.secrets).mask_text
    found: dict[str, None] = {}
    for name in files:
        path = os.path.realpath(os.path.join(request.cwd, name))
        if path.startswith(root.rstrip("/") + "/"):
            found[mask(os.path.relpath(path, root))] = None
    return {"files_touched": sorted(found)} if found else {}


def stored_output(
    request: AttemptRequest, turns: int, blobs: BlobSink
) -> tuple[StoredText | None, StoredText | None]:
    """What all turns printed, in their order, in the store of large texts. It is masked already."""
    found = []
    for name in ("stdout", "stderr"):
        capture = Capture(blobs, Masker({}), keep_as=kept_as(request.run_id, name))
        for number in range(1, turns + 1):
            _feed(capture, turn_folder(request.scratch, number) / name)
        found.append(capture.finish())
    return found[0], found[1]


def _feed(capture: Capture, path: Path) -> None:
    try:
        file = path.open("rb", buffering=0)
    except OSError:
        return
    with file:
        while chunk := file.read(_CHUNK):
            capture.feed(chunk)


def shortened(text: str) -> str:
    """A text of somebody else's as the reason of an outcome: without control characters, and not long."""
    text = printable(text.strip())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
