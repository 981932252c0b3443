"""The output contract in words: what an agent's result must be, and what it leaves behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any, Final

from ..runtimes.protocol import AttemptRequest
from .bounded_data import bounded_data
from .own_words import own_words

_FORMS: Final = {
    "text": "plain text",
    "lines": "plain text, one item a line",
    "json": "one JSON value",
    "check": "one JSON value",
}


def hand_in(request: AttemptRequest, *, schema_given: bool) -> str:
    """The section of the standing text on what is handed in.

    What the Manifest says already (deliverables, acceptance) is only named. `schema_given`: the client hands
    the schema over by itself.
    """
    parts = [f"## What you hand in\n\n{_result(request, schema_given=schema_given)}"]
    if request.output.schema is not None and not schema_given:
        parts.append(f"```json\n{bounded_data(request.output.schema)}\n```")
    rest = [*_deliverables(request), *_acceptance(request), *_checks(request)]
    if rest:
        parts.append("\n".join(rest))
    return "\n\n".join(parts)


def _result(request: AttemptRequest, *, schema_given: bool) -> str:
    output = request.output
    if output.schema is None:
        form = _FORMS[output.form]
        alone = ", without words around it" if output.form in ("json", "check") else ""
    else:
        which = "the output schema that you are given" if schema_given else "the JSON Schema below"
        form, alone = f"one JSON value that meets {which}", ", without words around it"
    if output.source == "file" and request.output_path is not None:
        path = bounded_data(_shown(request.output_path, request.project))
        return f"Write the result to the file {path}: {form}{alone}. End with one sentence on what you did."
    return f"Your last message is the result: {form}{alone}."


def _deliverables(request: AttemptRequest) -> Iterator[str]:
    if not request.deliverables:
        return
    if _manifest(request, "expected_deliverables"):
        yield "- Write every file that the Manifest expects; it must meet what is said of it there."
        return
    for path, schema in request.deliverables:
        told = f", JSON that meets {bounded_data(schema)}" if schema is not None else ""
        yield f"- Write the file {bounded_data(_shown(path, request.project))}{told}."


def _acceptance(request: AttemptRequest) -> Iterator[str]:
    if not request.acceptance:
        return
    if _manifest(request, "acceptance"):
        yield "- Every statement that the Manifest has under `acceptance` must be true of your work."
        return
    yield "- These statements must be true of your work:"
    yield from (f"  - {own_words(statement)}" for statement in request.acceptance)


def _checks(request: AttemptRequest) -> Iterator[str]:
    if not request.checks:
        return
    yield "- These commands are run on your work, and each must exit with 0:"
    for check in request.checks:
        yield f"  - {bounded_data(check.get('argv') or check.get('shell') or '')}"


def _manifest(request: AttemptRequest, key: str) -> Any:
    return request.agent.manifest.get(key) if request.agent is not None else None


def _shown(path: str, project: str) -> str:
    return os.path.relpath(path, project)
