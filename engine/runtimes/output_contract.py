"""The output contract: how a text becomes the JSON value that consumers see."""

from __future__ import annotations

import json
import math
import os
import re
import stat
from collections.abc import Mapping
from typing import Any, Final

from ...schemas.allowance import Allowance, CheckTooSlow
from ...schemas.bound import OutputContract, OutputForm
from ...schemas.pattern_search import PatternTooSlow
from .before import NOTHING, Identity, identity_of

LARGEST_VALUE: Final = 8 << 20
"""An output of more bytes is no value that can be handed on; it belongs into a file."""

SHOWN_VIOLATIONS: Final = 5
STOPPED_IN_CHECK: Final = "it was asked to stop while its output was checked"
"""Why an attempt was cancelled whose work was done and whose output was not known to be good."""

_MESSAGE: Final = 200
_SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")


class OutputInvalid(Exception):
    """An output is not what its contract asks for. `reason` is one sentence for people."""

    def __init__(self, reason: str, violations: tuple[dict[str, Any], ...] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.violations = violations


def too_large(what: str) -> OutputInvalid:
    """The refusal of a value of more than `LARGEST_VALUE` bytes."""
    limit = LARGEST_VALUE >> 20
    return OutputInvalid(
        f"{what} is larger than {limit} MiB, the most that can be handed on; "
        "write it to a file and hand on the file's path"
    )


def parse(data: bytes, form: OutputForm, what: str = "the output") -> Any:
    """The value of `data` as text, lines or JSON. Raises `OutputInvalid`.

    Text loses exactly one newline at its end. Bytes that are not UTF-8 are replaced in text and
    refused in JSON.
    """
    if form in ("json", "check"):
        return parse_json(data, what)
    text = data.decode("utf-8", "replace").removesuffix("\n")
    if form == "text":
        return text
    return text.split("\n") if text else []


def parse_json(data: bytes, what: str = "the output") -> Any:
    """The JSON value that `data` is as a whole (RFC 8259). Raises `OutputInvalid`.

    Two equal keys in one object, NaN, infinities, numbers beyond a double, and halves of surrogate
    pairs, which no UTF-8 can hold, are refused.
    """
    try:
        text = data.decode()
        value = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_refuse_constant, parse_float=_finite
        )
        if _SURROGATE.search(text):
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise OutputInvalid(f"{what} is not JSON: half of a surrogate pair is no character") from None
    except UnicodeDecodeError as error:
        raise OutputInvalid(f"{what} is not JSON: byte {error.start + 1} is not UTF-8") from None
    except json.JSONDecodeError as error:
        if not data.strip():
            raise OutputInvalid(f"{what} is not JSON: it is empty") from None
        place = f"line {error.lineno} column {error.colno}"
        raise OutputInvalid(f"{what} is not JSON: {_lower(error.msg)} at {place}") from None
    except ValueError as error:
        raise OutputInvalid(f"{what} is not JSON: {_lower(str(error))}") from None
    except RecursionError:
        raise OutputInvalid(f"{what} is not JSON that can be read: it is nested too deeply") from None
    return value


def check_schema(
    value: Any, schema: Any, what: str = "the output", allowance: Allowance | None = None
) -> None:
    """Hold `value` to a JSON Schema (2020-12 unless it names another). Raises `OutputInvalid`.

    A `$ref` reaches into the schema itself and the published meta-schemas; nothing is fetched. It
    ends within `allowance`, and raises `CheckAbandoned` when that was asked for.
    """
    from jsonschema.exceptions import SchemaError  # 0.1 s, for tasks with a schema only
    from referencing.exceptions import Unresolvable

    from ...schemas.bounded_check import violations

    try:
        errors = violations(value, schema, allowance or Allowance(), most=SHOWN_VIOLATIONS)
    except SchemaError as error:
        raise OutputInvalid(f"the schema of {what} is not a JSON Schema: {_short(error.message)}") from None
    except RecursionError:
        raise OutputInvalid(f"{what} is nested too deeply to be checked") from None
    except (CheckTooSlow, PatternTooSlow) as slow:
        raise OutputInvalid(f"{what} could not be checked against its schema: {_short(str(slow))}") from None
    except Unresolvable as error:
        raise OutputInvalid(f"the schema of {what} refers to what it does not hold: {error}") from None
    if errors:
        found = tuple(
            {"path": error.json_path, "message": _short(error.message), "rule": str(error.validator)}
            for error in errors
        )
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        first = found[0]
        raise OutputInvalid(f"{what} breaks its schema: `{first['path']}`: {first['message']}{more}", found)


def check_value(
    value: Any, contract: OutputContract, what: str = "the output", allowance: Allowance | None = None
) -> None:
    """Hold a value that no text was parsed into to a contract. Raises as `check_schema` does.

    No value at all breaks no form: a text that is too large is not handed on either.
    """
    if contract.schema is not None:
        check_schema(value, contract.schema, what, allowance)
    elif value is None or contract.form in ("json", "check"):
        return
    elif contract.form == "text":
        if not isinstance(value, str):
            raise OutputInvalid(f"{what} is not text")
    elif not isinstance(value, list) or not all(isinstance(line, str) for line in value):
        raise OutputInvalid(f"{what} is not a list of lines")


def read_file(path: str, project: str, what: str, before: Mapping[str, Identity] = NOTHING) -> bytes:
    """The content of a file that a task promised. Raises `OutputInvalid`.

    It must be one that `open_file` opens, and not be too large.
    """
    with os.fdopen(open_file(path, project, what, before), "rb") as file:
        data = file.read(LARGEST_VALUE + 1)
    if len(data) > LARGEST_VALUE:
        raise too_large(what)
    return data


def open_file(path: str, project: str, what: str, before: Mapping[str, Identity] = NOTHING) -> int:
    """A descriptor of an ordinary file inside the project, links followed. Raises `OutputInvalid`.

    `before` is what `note_files` found before the attempt; a file that is still the same was not
    written by it.
    """
    shown = relative(path, project)
    try:
        root = os.path.realpath(project)
        if os.path.commonpath((root, os.path.realpath(path))) != root:
            raise OutputInvalid(f"{what} `{shown}` leads out of the project")
        # Without O_NONBLOCK the opening of a named pipe would wait for a writer.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise OutputInvalid(f"{what} `{shown}` was not written") from None
    except (OSError, ValueError) as error:
        text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise OutputInvalid(f"{what} `{shown}` cannot be read: {_lower(text)}") from None
    status = os.fstat(descriptor)
    problem = None
    if not stat.S_ISREG(status.st_mode):
        problem = "is not an ordinary file"
    elif before.get(path) == identity_of(status):
        problem = "was there before and was not written by this attempt"
    if problem is not None:
        os.close(descriptor)
        raise OutputInvalid(f"{what} `{shown}` {problem}")
    return descriptor


def relative(path: str, project: str) -> str:
    """`path` as people see it: relative to the project."""
    return os.path.relpath(path, project)


# ---- JSON -------------------------------------------------------------------------------------------


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"the key `{_short(key)}` stands twice in one object")
            seen.add(key)
    return found


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"`{name}` is not a JSON value")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"the number `{_short(text)}` is out of range")
    return number


def _short(text: str) -> str:
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= _MESSAGE else f"{text[: _MESSAGE - 1]}…"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
