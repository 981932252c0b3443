"""How a command's end is read: exit status, output contract, deliverables."""

from __future__ import annotations

import errno
import json
from functools import partial
from typing import Any, Final

from ...schemas.states import FailureReason
from ..masking import Masker
from ..process.launcher import End, Exited, Killed, Lost, NotStarted
from .capture import BlobSink, Capture
from .hand_on import WHAT, from_file, hand_on, held
from .inspection import Inspection, is_trivial
from .invocation import RequestRefused
from .last_words import error_text, last_words, printable, signal_text
from .output_contract import parse, too_large
from .protocol import AttemptRequest, AttemptResult

_SMALL: Final = 256 << 10
_WORD: Final = 60
_NOT_MADE: Final = (126, 127)
"""The statuses by which a shell says that it could not run a command."""
_MOST_FINDINGS: Final = 16 << 10
_MOST_LINES: Final = 40


def not_made(error: RequestRefused | OSError, masker: Masker) -> AttemptResult:
    """The result of an attempt that never got as far as a process."""
    if isinstance(error, RequestRefused):
        return AttemptResult(
            outcome="failed", failure_reason="invalid_request", reason=masker.mask_text(str(error))
        )
    reason = f"the command could not be started: {error_text(error.errno)}"
    return AttemptResult(outcome="failed", failure_reason="spawn_failed", reason=reason)


def is_small(request: AttemptRequest, stdout: Capture) -> bool:
    """Whether the end is read so fast that the event loop need not be spared it."""
    return is_trivial(request) and stdout.raw_size <= _SMALL


def conclude(
    request: AttemptRequest,
    end: End,
    stdout: Capture,
    stderr: Capture,
    masker: Masker,
    blobs: BlobSink,
    *,
    stopped: str | None,
    inspection: Inspection | None = None,
) -> AttemptResult:
    """The result of an attempt whose process has ended and whose output is complete.

    `stopped` says what a cancellation did, None when there was none. Raises what `blobs` raises.
    """
    out, err = stdout.finish(), stderr.finish()
    if stopped is not None:
        status = end.status if isinstance(end, Exited) else -end.signal if isinstance(end, Killed) else None
        return AttemptResult(outcome="cancelled", reason=stopped, exit_status=status, stdout=out, stderr=err)
    if isinstance(end, Lost):
        how = "gave no answer and was killed" if end.silent else "was killed"
        reason = f"the process that starts commands {how}, and the command with it"
        return AttemptResult(outcome="interrupted", reason=reason, stdout=out, stderr=err)
    if isinstance(end, Exited) and (end.status == 0 or _is_finding(request, end.status)):
        looking = inspection or Inspection()
        output = partial(_output, request, stdout, masker, looking)
        if request.output.form == "check":
            output = partial(_checked, request, end.status, stdout, stderr, masker, looking)
        return hand_on(
            request, output, masker, blobs, looking, exit_status=end.status, stdout=out, stderr=err
        )
    failure, reason, status = _why(request, end, stdout, stderr)
    return AttemptResult(
        outcome="failed",
        failure_reason=failure,
        reason=masker.mask_text(reason),
        exit_status=status,
        stdout=out,
        stderr=err,
    )


def _is_finding(request: AttemptRequest, status: int) -> bool:
    """Whether the exit status is what an outside check says, and not that it could not be made."""
    return request.output.form == "check" and status not in _NOT_MADE


def _checked(
    request: AttemptRequest,
    status: int,
    stdout: Capture,
    stderr: Capture,
    masker: Masker,
    inspection: Inspection,
) -> Any:
    """What an outside check found. It passed when it exits with 0 and does not say itself that it has not."""
    said = said_by_check((b"" if stdout.overflowed else stdout.value()).decode("utf-8", "replace"))
    printed = stdout.value() if stdout.raw_size and not stdout.overflowed else b""
    findings = said.get("findings", said) if said is not None else None
    if findings is None:
        text = printed.decode("utf-8", "replace").strip()
        findings = text or stderr.last_lines(_MOST_LINES, _MOST_FINDINGS)
    passed = status == 0 and (said is None or said["passed"])
    found = {"passed": passed, "exit_status": status, "findings": _bounded(findings)}
    return held(found, request, masker, inspection)


def said_by_check(text: str) -> dict[str, Any] | None:
    """The answer of a check that gives one itself: a JSON object with `passed`, true or false."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and isinstance(value.get("passed"), bool) else None


def _bounded(findings: Any) -> Any:
    if isinstance(findings, str) and len(findings) > _MOST_FINDINGS:
        return findings[:_MOST_FINDINGS] + "…"
    return findings


def _output(request: AttemptRequest, stdout: Capture, masker: Masker, inspection: Inspection) -> Any:
    contract = request.output
    if contract.source == "file":
        return from_file(request, masker, inspection)
    if stdout.overflowed:
        if not request.output_used and contract.schema is None and contract.form != "json":
            return None
        raise too_large(WHAT)
    return held(parse(stdout.value(), contract.form, WHAT), request, masker, inspection)


def _why(
    request: AttemptRequest, end: Exited | Killed | NotStarted, stdout: Capture, stderr: Capture
) -> tuple[FailureReason, str, int | None]:
    """The failure reason, the sentence, and the exit status (minus the signal's number if killed)."""
    match end:
        case Exited(status):
            return "exit_status", f"exit status {status}{last_words(stdout, stderr)}", status
        case Killed(number):
            text = f"killed by {signal_text(number)}{last_words(stdout, stderr)}"
            return "exit_status", text, -number
        case NotStarted("chdir", code):
            folder = printable(request.cwd)
            why = "no permission" if code == errno.EACCES else error_text(code)
            return "spawn_failed", f"cannot enter the directory `{folder}`: {why}", None
        case NotStarted(_, code):
            return "spawn_failed", f"cannot start {_program(request)}: {error_text(code)}", None


def _program(request: AttemptRequest) -> str:
    if "argv" not in request.command:
        return "`sh`"
    word = printable(str(request.command["argv"][0]))
    return f"`{word if len(word) <= _WORD else word[:_WORD] + '…'}`"
