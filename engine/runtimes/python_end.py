"""How the end of a call is read: what the worker answered, or how its process ended without."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ...schemas.states import FailureReason
from ..masking import Masker
from ..process.launcher import End, Exited, Killed, Lost, NotStarted
from .capture import BlobSink, Capture
from .hand_on import WHAT, from_file, hand_on, held
from .inspection import Inspection, is_trivial
from .invocation import RequestRefused
from .last_words import error_text, last_words, signal_text
from .output_contract import relative, too_large
from .protocol import AttemptRequest, AttemptResult, StoredText
from .python_files import is_in_project
from .python_wire import CUT_OFF

_SMALL: Final = 256 << 10
_MOST_LINES: Final = 200
_MOST_CHARACTERS: Final = 4096
_FRAME: Final = re.compile(r'File "([^"]+)", line (\d+) in ')


@dataclass(slots=True)
class Ending:
    """What is known of a call that is over.

    `facts` and `value` are the worker's answer: nothing but its value for a call that went well, else
    `failure` and `reason`, or `too_large`. `end` is how its process ended, if it has; `cut_off` why no
    answer could come, and `was_killed` whether the worker was killed for it. `stopped` says what a
    cancellation did, None when there was none.
    """

    facts: Mapping[str, Any] | None = None
    value: bytes | None = None
    end: End | None = None
    was_ready: bool = False
    was_killed: bool = False
    cut_off: str | None = None
    stopped: str | None = None


def not_made(error: RequestRefused | OSError, masker: Masker) -> AttemptResult:
    """The result of an attempt that never got as far as a worker."""
    if isinstance(error, RequestRefused):
        return AttemptResult(
            outcome="failed", failure_reason="invalid_request", reason=masker.mask_text(str(error))
        )
    reason = f"no worker could be started: {error_text(error.errno)}"
    return AttemptResult(outcome="failed", failure_reason="spawn_failed", reason=reason)


def is_small(request: AttemptRequest, ending: Ending) -> bool:
    """Whether the end is read so fast that the event loop need not be spared it."""
    return is_trivial(request) and len(ending.value or b"") <= _SMALL


def conclude(
    request: AttemptRequest,
    ending: Ending,
    stdout: Capture,
    stderr: Capture,
    masker: Masker,
    blobs: BlobSink,
    inspection: Inspection,
) -> AttemptResult:
    """The result of a call that is over and whose output is complete. Raises what `blobs` raises."""
    out, err = stdout.finish(), stderr.finish()
    if ending.stopped is not None:
        return AttemptResult(
            outcome="cancelled",
            reason=ending.stopped,
            exit_status=_status(ending.end),
            stdout=out,
            stderr=err,
        )
    if ending.facts is not None:
        return told(request, ending.facts, ending.value, masker, blobs, inspection, stdout=out, stderr=err)
    if isinstance(ending.end, Lost):
        how = "gave no answer and was killed" if ending.end.silent else "was killed"
        reason = f"the process that starts workers {how}, and the callable's with it"
        return AttemptResult(outcome="interrupted", reason=reason, stdout=out, stderr=err)
    failure, reason = _why(request, ending, _words(request, stdout, stderr))
    return AttemptResult(
        outcome="failed",
        failure_reason=failure,
        reason=masker.mask_text(reason),
        exit_status=_status(ending.end),
        stdout=out,
        stderr=err,
    )


def told(
    request: AttemptRequest,
    facts: Mapping[str, Any],
    value: bytes | None,
    masker: Masker,
    blobs: BlobSink,
    inspection: Inspection,
    *,
    stdout: StoredText | None,
    stderr: StoredText | None,
) -> AttemptResult:
    """The result of a call that came to its end, well or not."""
    if "failure" in facts:
        return AttemptResult(
            outcome="failed",
            failure_reason=facts["failure"],
            reason=masker.mask_text(facts["reason"]),
            stdout=stdout,
            stderr=stderr,
            violations=tuple(masker.mask_value(list(facts["violations"]))),
        )
    output = partial(_output, request, value, masker, inspection)
    return hand_on(request, output, masker, blobs, inspection, exit_status=None, stdout=stdout, stderr=stderr)


def _output(request: AttemptRequest, value: bytes | None, masker: Masker, inspection: Inspection) -> Any:
    contract = request.output
    if contract.source == "file":
        return from_file(request, masker, inspection)
    if value is None:
        if not request.output_used and contract.schema is None:
            return None
        raise too_large(WHAT)
    return held(json.loads(value), request, masker, inspection)


def _why(request: AttemptRequest, ending: Ending, words: str) -> tuple[FailureReason, str]:
    """The failure reason and the sentence for a call without an answer."""
    end = ending.end
    if isinstance(end, NotStarted):
        if end.step == "chdir":
            where = request.project
            return "spawn_failed", f"cannot enter the directory `{where}`: {error_text(end.errno)}"
        return "spawn_failed", f"no worker could be started: {error_text(end.errno)}"
    how = f"exit status {end.status}" if isinstance(end, Exited) else ""
    if isinstance(end, Killed):
        how = f"killed by {signal_text(end.signal)}"
    if not ending.was_ready:
        return "spawn_failed", f"the worker ended before it was ready: {how}{words}"
    if ending.was_killed and ending.cut_off and end == Killed(signal.SIGKILL):
        return "no_result", f"the result was lost: {ending.cut_off}{words}"
    if end == Exited(CUT_OFF):
        return (
            "no_result",
            f"the result was lost: the callable closed descriptors that are not its own{words}",
        )
    if end == Exited(0):
        return "no_result", f"the callable ended its process (exit status 0) and returned nothing{words}"
    return "exit_status", f"the process ended before the callable returned: {how}{words}"


def _words(request: AttemptRequest, stdout: Capture, stderr: Capture) -> str:
    """What is said at the end of the reason: where it crashed, or what was printed last."""
    lines = stderr.last_lines(_MOST_LINES, _MOST_CHARACTERS)
    # As `faulthandler` prints a crash: the innermost frame comes first.
    if "Fatal Python error" in lines:
        for path, number in _FRAME.findall(lines):
            if is_in_project(path, request.project):
                return f" ({relative(path, request.project)}:{number})"
    return last_words(stdout, stderr)


def _status(end: End | None) -> int | None:
    """The exit status, minus the signal's number if killed."""
    if isinstance(end, Exited):
        return end.status
    return -end.signal if isinstance(end, Killed) else None
