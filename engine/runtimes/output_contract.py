"""The output contract: how a text becomes the JSON value that consumers see."""

from __future__ import annotations

import json
import math
import os
import re
import stat
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from ...schemas.bound import OutputForm

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

LARGEST_VALUE: Final = 8 << 20
"""An output of more bytes is no value that can be handed on; it belongs into a file."""

SHOWN_VIOLATIONS: Final = 5
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
    if form == "json":
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


def check_schema(value: Any, schema: Any, what: str = "the output") -> None:
    """Hold `value` to a JSON Schema (2020-12 unless it names another). Raises `OutputInvalid`.

    A `$ref` reaches into the schema itself and the published meta-schemas; nothing is fetched.
    """
    from jsonschema.exceptions import SchemaError  # 0.1 s, for tasks with a schema only

    try:
        violations = tuple(_violations(_validator(schema), value))
    except SchemaError as error:
        raise OutputInvalid(f"the schema of {what} is not a JSON Schema: {_short(error.message)}") from None
    except RecursionError:
        raise OutputInvalid(f"{what} is nested too deeply to be checked") from None
    except Exception as error:
        if not _is_unresolvable(error):
            raise
        raise OutputInvalid(f"the schema of {what} refers to what it does not hold: {error}") from None
    if violations:
        first = violations[0]
        more = f" (and {len(violations) - 1} more)" if len(violations) > 1 else ""
        raise OutputInvalid(
            f"{what} breaks its schema: `{first['path']}`: {first['message']}{more}", violations
        )


def read_file(path: str, project: str, what: str) -> bytes:
    """The content of a file that a task promised. Raises `OutputInvalid`.

    It must lie inside the project, links followed, be an ordinary file, and not be too large.
    """
    with os.fdopen(open_file(path, project, what), "rb") as file:
        data = file.read(LARGEST_VALUE + 1)
    if len(data) > LARGEST_VALUE:
        raise too_large(what)
    return data


def open_file(path: str, project: str, what: str) -> int:
    """A descriptor of an ordinary file inside the project. Raises `OutputInvalid`."""
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
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OutputInvalid(f"{what} `{shown}` is not an ordinary file")
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


# ---- JSON Schema ------------------------------------------------------------------------------------

_COMPILED: dict[int, tuple[Any, Validator]] = {}
_MOST_COMPILED: Final = 1024


def _validator(schema: Any) -> Validator:
    """The compiled schema: once per schema object, which the cache keeps alive, so its id is its own."""
    known = _COMPILED.get(id(schema))
    if known is not None:
        return known[1]
    # These take 0.1 s to import, and only tasks with a schema need them.
    from jsonschema.validators import Draft202012Validator, validator_for
    from jsonschema_specifications import REGISTRY

    kind = validator_for(schema, default=Draft202012Validator)
    kind.check_schema(schema)
    # A registry of our own: the default one would fetch remote references.
    validator = kind(schema, registry=REGISTRY)
    if len(_COMPILED) >= _MOST_COMPILED:
        _COMPILED.clear()
    _COMPILED[id(schema)] = (schema, validator)
    return validator


def _violations(validator: Validator, value: Any) -> Iterator[dict[str, Any]]:
    for error in islice(validator.iter_errors(value), SHOWN_VIOLATIONS):
        yield {"path": error.json_path, "message": _short(error.message), "rule": str(error.validator)}


def _is_unresolvable(error: Exception) -> bool:
    from referencing.exceptions import Unresolvable  # as above

    return isinstance(error, Unresolvable)


def _short(text: str) -> str:
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= _MESSAGE else f"{text[: _MESSAGE - 1]}…"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
