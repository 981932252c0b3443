"""The lines between the Coordinator and a worker. Standard library only: both sides use it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

_VALUE: Final = b',"value":'
"""Between the facts of an answer and its value; inside a JSON string its quotes would be escaped."""

READY: Final = b'{"ready":true}'
"""What a worker says first."""

CUT_OFF: Final = 197
"""The exit status of a worker whose channel a callable has closed."""

HUNG_UP: Final = "the callable closed the descriptor over which it is told"


def request_line(fields: Mapping[str, Any]) -> bytes:
    """A request; every character outside ASCII is escaped, halves of surrogate pairs too."""
    return json.dumps(fields, separators=(",", ":")).encode() + b"\n"


def answer_line(facts: Mapping[str, Any], value: bytes | None) -> bytes:
    """An answer: one JSON object, whose `value` is the JSON text `value` as it is, if there is one."""
    text = json.dumps(facts).encode()
    return text if value is None else text[:-1] + _VALUE + value + b"}"


def read_answer(line: bytes) -> tuple[dict[str, Any], bytes | None]:
    """The facts, at least one, and the text of the value, which is not parsed.

    Raises `ValueError` for a line that no worker of ours has written.
    """
    head, found, value = line.partition(_VALUE)
    if found and not value.endswith(b"}"):
        raise ValueError("an answer without an end")
    facts = json.loads(head + b"}" if found else head)
    if not isinstance(facts, dict):
        raise ValueError("an answer that is no object")  # one error for all bad lines
    return facts, value[:-1] if found else None
