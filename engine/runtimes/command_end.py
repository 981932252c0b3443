"""How a command's end is read: exit status, output contract, deliverables."""

from __future__ import annotations

import errno
import os
import signal
from typing import Any, Final

from ...schemas.states import FailureReason
from ..masking import Masker
from ..process.launcher import End, Exited, Killed, Lost, NotStarted
from .capture import BlobSink, Capture
from .deliverables import collect
from .invocation import RequestRefused
from .output_contract import OutputInvalid, check_schema, parse, read_file, too_large
from .protocol import AttemptRequest, AttemptResult, StoredText

_SMALL: Final = 256 << 10
_WORD: Final = 60


def not_made(error: RequestRefused | OSError, masker: Masker) -> AttemptResult:
    """The result of an attempt that never got as far as a process."""
    if isinstance(error, RequestRefused):
        return AttemptResult(
            outcome="failed", failure_reason="invalid_request", reason=masker.mask_text(str(error))
        )
    reason = f"the command could not be started: {_text_of(error.errno)}"
    return AttemptResult(outcome="failed", failure_reason="spawn_failed", reason=reason)


def is_small(request: AttemptRequest, stdout: Capture) -> bool:
    """Whether the end is read so fast that the event loop need not be spared it."""
    return not request.deliverables and request.output.source == "stdout" and stdout.raw_size <= _SMALL


def conclude(
    request: AttemptRequest,
    end: End,
    stdout: Capture,
    stderr: Capture,
    masker: Masker,
    blobs: BlobSink,
    *,
    stopped: str | None,
) -> AttemptResult:
    """The result of an attempt whose process has ended and whose output is complete.

    `stopped` says what a cancellation did, None when there was none. Raises what `blobs` raises.
    """
    out, err = stdout.finish(), stderr.finish()
    if stopped is not None:
        status = end.status if isinstance(end, Exited) else -end.signal if isinstance(end, Killed) else None
        return AttemptResult(outcome="cancelled", reason=stopped, exit_status=status, stdout=out, stderr=err)
    if isinstance(end, Lost):
        reason = "the process that starts commands was killed, and the command with it"
        return AttemptResult(outcome="interrupted", reason=reason, stdout=out, stderr=err)
    if isinstance(end, Exited) and end.status == 0:
        return _read_outputs(request, stdout, masker, blobs, out, err)
    failure, reason, status = _why(request, end, stdout, stderr)
    return AttemptResult(
        outcome="failed",
        failure_reason=failure,
        reason=masker.mask_text(reason),
        exit_status=status,
        stdout=out,
        stderr=err,
    )


def _read_outputs(
    request: AttemptRequest,
    stdout: Capture,
    masker: Masker,
    blobs: BlobSink,
    out: StoredText | None,
    err: StoredText | None,
) -> AttemptResult:
    value: Any = None
    deliverable = None
    try:
        value = _output(request, stdout, masker)
        if request.deliverables:
            deliverable = collect(request.deliverables, project=request.project, masker=masker, blobs=blobs)
    except OutputInvalid as problem:
        return AttemptResult(
            outcome="failed",
            failure_reason="output_invalid",
            reason=masker.mask_text(problem.reason),
            exit_status=0,
            stdout=out,
            stderr=err,
            violations=masker.mask_value(problem.violations),
        )
    return AttemptResult(
        outcome="ok", output=value, exit_status=0, stdout=out, stderr=err, deliverable=deliverable
    )


def _output(request: AttemptRequest, stdout: Capture, masker: Masker) -> Any:
    contract = request.output
    what = "the output"
    if contract.source == "file":
        what = "the output file"
        data = masker.mask_bytes(read_file(request.output_path or "", request.project, what))
    elif stdout.overflowed:
        if not request.output_used and contract.schema is None and contract.form != "json":
            return None
        raise too_large(what)
    else:
        data = stdout.value()
    # Escapes can spell a secret in ways that no mask knows; what they stand for is masked as well.
    value = parse(data, contract.form, what)
    try:
        value = masker.mask_value(value)
    except RecursionError:
        raise OutputInvalid(f"{what} is nested too deeply to be masked") from None
    if contract.schema is not None:
        check_schema(value, contract.schema, what)
    return value


def _why(
    request: AttemptRequest, end: Exited | Killed | NotStarted, stdout: Capture, stderr: Capture
) -> tuple[FailureReason, str, int | None]:
    """The failure reason, the sentence, and the exit status (minus the signal's number if killed)."""
    match end:
        case Exited(status):
            return "exit_status", f"exit status {status}{_last_words(stdout, stderr)}", status
        case Killed(number):
            text = f"killed by signal {number}{_signal_name(number)}{_last_words(stdout, stderr)}"
            return "exit_status", text, -number
        case NotStarted("chdir", code):
            folder = _printable(request.cwd)
            why = "no permission" if code == errno.EACCES else _text_of(code)
            return "spawn_failed", f"cannot enter the directory `{folder}`: {why}", None
        case NotStarted(_, code):
            return "spawn_failed", f"cannot start {_program(request)}: {_text_of(code)}", None


def _last_words(stdout: Capture, stderr: Capture) -> str:
    for name, stream in (("stderr", stderr), ("stdout", stdout)):
        lines = stream.last_lines()
        if lines:
            return f"; {name} ends: {_printable(lines)}"
    return ""


def _program(request: AttemptRequest) -> str:
    if "argv" not in request.command:
        return "`sh`"
    word = _printable(str(request.command["argv"][0]))
    return f"`{word if len(word) <= _WORD else word[:_WORD] + '…'}`"


def _printable(text: str) -> str:
    """What a terminal would obey is not for a sentence; bytes of names that are no UTF-8 are harmless."""
    return "".join(c if c.isprintable() or "\udc80" <= c <= "\udcff" else " " for c in text)


def _signal_name(number: int) -> str:
    try:
        return f" ({signal.Signals(number).name})"
    except ValueError:
        return ""


_TEXTS: Final = {
    errno.ENOENT: "there is no such file",
    errno.EACCES: "it may not be executed (no permission)",
    errno.ENOEXEC: "it is no program; a script needs a first line such as `#!/bin/sh`",
    errno.EMFILE: "this process has as many files open as it may (`ulimit -n`)",
    errno.ENFILE: "the system has as many files open as it can",
    errno.EAGAIN: "no further process is allowed here (`ulimit -u`, or the limit of a container)",
    errno.ENOMEM: "there is not enough memory for another process",
    errno.E2BIG: "its arguments and variables are too long together; hand large values on by `with`",
}


def _text_of(code: int | None) -> str:
    if code in _TEXTS:
        return _TEXTS[code]
    text = os.strerror(code or 0)
    return text[:1].lower() + text[1:]
