"""What an attempt that went well hands on: its output, held to its contract, and its deliverables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...schemas.allowance import CheckAbandoned
from ..masking import Masker
from .capture import BlobSink
from .deliverables import collect
from .inspection import Inspection
from .output_contract import STOPPED_IN_CHECK, OutputInvalid, check_schema, parse, read_file
from .protocol import AttemptRequest, AttemptResult, StoredText

WHAT = "the output"


def hand_on(
    request: AttemptRequest,
    output: Callable[[], Any],
    masker: Masker,
    blobs: BlobSink,
    inspection: Inspection,
    *,
    exit_status: int | None,
    stdout: StoredText | None,
    stderr: StoredText | None,
) -> AttemptResult:
    """The result of an attempt that did its work: `ok`, or failed for what it left behind.

    `output` gives the value, held to its contract, or raises `OutputInvalid`. When the inspection is
    abandoned, the attempt was cancelled. Raises what `blobs` raises.
    """
    value: Any = None
    deliverable = None
    try:
        value = output()
        if request.deliverables:
            deliverable = collect(
                request.deliverables,
                project=request.project,
                masker=masker,
                blobs=blobs,
                before=inspection.before,
                allowance=inspection.allowance,
            )
    except OutputInvalid as problem:
        return AttemptResult(
            outcome="failed",
            failure_reason="output_invalid",
            reason=masker.mask_text(problem.reason),
            exit_status=exit_status,
            stdout=stdout,
            stderr=stderr,
            violations=masker.mask_value(problem.violations),
        )
    except CheckAbandoned:
        return AttemptResult(
            outcome="cancelled",
            reason=STOPPED_IN_CHECK,
            exit_status=exit_status,
            stdout=stdout,
            stderr=stderr,
        )
    return AttemptResult(
        outcome="ok",
        output=value,
        exit_status=exit_status,
        stdout=stdout,
        stderr=stderr,
        deliverable=deliverable,
    )


def from_file(request: AttemptRequest, masker: Masker, inspection: Inspection) -> Any:
    """The value of the file that is the task's output. Raises as `held` does."""
    what = "the output file"
    data = masker.mask_bytes(read_file(request.output_path or "", request.project, what, inspection.before))
    return held(parse(data, request.output.form, what), request, masker, inspection, what)


def held(
    value: Any, request: AttemptRequest, masker: Masker, inspection: Inspection, what: str = WHAT
) -> Any:
    """The masked value, held to the schema. Raises `OutputInvalid`, and `CheckAbandoned`."""
    # Escapes can spell a secret in ways that no mask knows; what they stand for is masked as well.
    try:
        value = masker.mask_value(value)
    except RecursionError:
        raise OutputInvalid(f"{what} is nested too deeply to be masked") from None
    if request.output.schema is not None:
        check_schema(value, request.output.schema, what, inspection.allowance)
    return value
