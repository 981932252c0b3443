"""The values of a graph's parameters: defaults, and what was given on the command line or in code."""

from __future__ import annotations

import json
import math
import os.path
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..schemas.errors import InputError
from ..schemas.errors.invocation import (
    MissingParameter,
    ParameterNotAllowed,
    UnknownParameter,
    WrongParameterType,
)
from ..schemas.param import Param
from ..schemas.pattern_search import PatternTooSlow, matches
from ..schemas.suggest import did_you_mean, in_backticks

_INTEGER = re.compile(r"[+-]?[0-9]{1,4000}")
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_MEANT = {"yes": "true", "on": "true", "1": "true", "no": "false", "off": "false", "0": "false"}
_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "`true` or `false`",
    "path": "a path",
    "json": "JSON",
}


class Refused(Exception):
    """A value does not fit a parameter; the message goes on from "`name` …"."""

    def __init__(self, error: type[InputError], message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.error = error
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True, kw_only=True)
class Directories:
    """What paths are relative to: `graph` for defaults, `shell` for what was typed; `home` is `~`."""

    graph: str
    shell: str
    home: str | None = None


def resolve_params(
    declared: Mapping[str, Param], given: Mapping[str, object], directories: Directories
) -> tuple[dict[str, Any], list[InputError]]:
    """The value of every declared parameter, in the order of the file, and everything that is wrong.

    Text that is given is read by the parameter's type, as on the command line; other values must be
    of it. A path becomes absolute.
    """
    values: dict[str, Any] = {}
    problems: list[InputError] = []
    for name in given:
        if name not in declared:
            there = (
                f"the graph has {in_backticks(declared, last='and')}" if declared else "the graph has none"
            )
            hint = did_you_mean(name, declared) or there
            problems.append(UnknownParameter(f"unknown parameter `{name}`", hint=hint))
    for name, param in declared.items():
        try:
            if name in given:
                values[name] = value_of(param, given[name], directories)
            elif param.is_required:
                hint = f"give it with `--param {name}=…`{_described(param)}"
                problems.append(
                    MissingParameter(f"the parameter `{name}` has no default and was not given", hint=hint)
                )
            else:
                values[name] = default_of(param, directories)
        except Refused as refused:
            problems.append(refused.error(f"the parameter `{name}` {refused.message}", hint=refused.hint))
    return values, problems


def value_of(param: Param, given: object, directories: Directories) -> Any:
    """The value of a parameter for what was given. Raises `Refused`."""
    value = _parsed(param.type, given) if isinstance(given, str) else _typed(param.type, given)
    _check_limits(param, value)
    if param.type != "path":
        return value
    if _is_below_home(value) and not directories.home:
        raise Refused(
            WrongParameterType,
            f"is `{value}`, and `~` stands for nothing: HOME is not set",
            "write the path in full; a directory that is called `~` is `./~`",
        )
    return _absolute(value, directories.shell, directories.home)


def default_of(param: Param, directories: Directories) -> Any:
    """The value of a parameter that was not given. Raises `Refused` when its default does not fit."""
    if param.default is None:
        return None
    value = _typed(param.type, param.default)
    _check_limits(param, value)
    return _absolute(value, directories.graph, None) if param.type == "path" else value


def default_problem(param: Param) -> Refused | None:
    """Why the default of a parameter does not fit it, by the file alone."""
    if param.is_required:
        return None
    try:
        default_of(param, Directories(graph="/", shell="/"))
    except Refused as refused:
        return refused
    return None


def _parsed(kind: str, text: str) -> Any:
    match kind:
        case "integer":
            if _INTEGER.fullmatch(text):
                return int(text)
            whole = text.rstrip("0").removesuffix(".") if "." in text else ""
            raise _wrong(kind, text, f"write `{int(whole)}`" if _INTEGER.fullmatch(whole) else None)
        case "number":
            if _INTEGER.fullmatch(text):
                return int(text)
            if _NUMBER.fullmatch(text) and math.isfinite(float(text)):
                return float(text)
            raise _wrong(kind, text, None)
        case "boolean":
            if text in ("true", "false"):
                return text == "true"
            meant = _MEANT.get(text.casefold(), text.casefold())
            raise _wrong(kind, text, f"write `{meant}`" if meant in ("true", "false") else None)
        case "json":
            return _json(text)
    return _typed(kind, text)


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise _wrong("json", text, "it nests too deeply") from None
    except ValueError:
        hint = f'text is JSON in quotes: `"{text}"`' if re.fullmatch(r"[\w./-]+", text) else None
        raise _wrong("json", text, hint) from None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


def _typed(kind: str, value: object) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    fits = {
        "string": isinstance(value, str),
        "path": isinstance(value, str) and bool(value) and "\0" not in value,
        "integer": is_number and isinstance(value, int),
        "number": is_number and math.isfinite(value),  # type: ignore[arg-type]
        "boolean": isinstance(value, bool),
        "json": True,
    }
    if not fits[kind]:
        hint = "put it in quotes" if kind in ("string", "path") and isinstance(value, int | float) else None
        raise _wrong(kind, value, hint)
    return value


def _wrong(kind: str, value: object, hint: str | None) -> Refused:
    return Refused(WrongParameterType, f"must be {_WORDS[kind]}, not {_shown(value)}", hint)


def _check_limits(param: Param, value: Any) -> None:
    if param.choices is not None and value not in param.choices:
        allowed = [choice if isinstance(choice, str) else json.dumps(choice) for choice in param.choices]
        near = did_you_mean(value, allowed) if isinstance(value, str) else None
        hint = near or f"write {in_backticks(allowed)}"
        raise Refused(ParameterNotAllowed, f"cannot be {_shown(value)}", hint)
    if param.minimum is not None and value < param.minimum:
        raise Refused(ParameterNotAllowed, f"must be at least {param.minimum}, and is {_shown(value)}")
    if param.maximum is not None and value > param.maximum:
        raise Refused(ParameterNotAllowed, f"must be at most {param.maximum}, and is {_shown(value)}")
    if param.pattern is not None and not _matches(param.pattern, value):
        raise Refused(ParameterNotAllowed, f"must match `{param.pattern}`, and is {_shown(value)}")


def _matches(pattern: str, value: str) -> bool:
    try:
        return matches(pattern, value)
    except PatternTooSlow as slow:
        hint = "write the pattern so that a text can match it in one way only"
        raise Refused(ParameterNotAllowed, f"could not be checked: {slow}", hint) from None


def _absolute(path: str, base: str, home: str | None) -> str:
    if home and _is_below_home(path):
        path = home + path[1:]
    return os.path.abspath(os.path.join(base, path))


def _is_below_home(path: str) -> bool:
    return path == "~" or path.startswith("~/")


def _described(param: Param) -> str:
    return f" ({param.description})" if param.description else f", {_WORDS[param.type]}"


def _shown(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if not text:
        return "empty text"
    return f"`{text if len(text) <= 60 else text[:59] + '…'}`"
