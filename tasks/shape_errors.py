"""From pydantic's errors to ours: one per mistake, in words of YAML, with its place and what to write."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from ..schemas.errors import InputError
from ..schemas.errors import grammar as g
from ..schemas.errors.contracts import Unfilled
from ..schemas.shape import known_keys
from ..schemas.span import Path
from ..schemas.suggest import closest, in_backticks
from .document import Document
from .other_names import unknown_key_hint
from .quoting import in_quotes

KEY_MARK = "[key]"

_OWN: dict[str, type[InputError]] = {
    **dict.fromkeys(("map_expected", "list_expected", "needs_list", "bad_scalar"), g.WrongType),
    **dict.fromkeys(("tasks_map", "task_map", "param_map", "retry_map", "output_map"), g.WrongType),
    **dict.fromkeys(("concurrency_map", "bad_schema"), g.WrongType),
    **dict.fromkeys(("bad_need",), g.UnknownValue),
    **dict.fromkeys(("empty",), g.ValueOutOfRange),
    **dict.fromkeys(("bad_duration", "bad_backoff"), g.BadDuration),
    **dict.fromkeys(("bad_name", "bad_task_id", "bad_line", "ignored_task"), g.BadName),
    **dict.fromkeys(("key_without", "output_path", "matrix_cells", "param_limit"), g.KeyOutOfPlace),
    **dict.fromkeys(("bad_command", "bad_word"), g.BadCommand),
    **dict.fromkeys(("bad_tokens", "bad_share", "bad_lines", "bad_callable"), g.BadSpelling),
    **dict.fromkeys(("bad_semver", "bad_color", "bad_path"), g.BadSpelling),
    **dict.fromkeys(
        ("bad_axis", "bad_id", "bad_pattern_text", "bad_suffix", "bad_text", "bad_window"), g.BadSpelling
    ),
    "shares": g.ValueOutOfRange,
    "unfilled": Unfilled,
    "no_work": g.NoWork,
    "two_works": g.SeveralWorks,
    "expression_expected": g.ExpressionExpected,
    "bad_version": g.UnknownVersion,
    "repeated_need": g.RepeatedNeed,
    "bad_pattern": g.BadPattern,
}
"""The class for each `me.<slug>` that the models raise."""

_WANTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "`true` or `false`",
    "dict_type": "a map",
    "list_type": "a list",
    "tuple_type": "a list",
    "json_type": "a JSON value",
    "none_required": "nothing",
}

Details = dict[str, Any]
KeyHint = Callable[[Path], str]


def shape_errors(
    document: Document, details: Iterable[Details], key_hint: KeyHint | None = None
) -> list[InputError]:
    """Our errors for the single errors of a `ValidationError` about `document.value`.

    `key_hint` says what to write instead of the unknown key at a place; without it the document is a
    task graph.
    """
    found = list(details)
    hint = key_hint or _unknown_hint
    unknown = {tuple(one["loc"]) for one in found if one["type"] == "extra_forbidden"}
    return [_convert(document, one, hint) for one in found if not _is_misspelled(one, unknown, hint)]


def _is_misspelled(details: Details, unknown: set[Path], hint: KeyHint) -> bool:
    """Whether what is missing is there under an unknown key, whose own error says so."""
    place: Path = tuple(details["loc"])
    if details["type"] == "missing":
        place, wanted = place[:-1], {str(place[-1])}
    elif details["type"] == "me.no_work":
        wanted = _KINDS
    else:
        return False
    beside = [path for path in unknown if path[:-1] == place]
    if beside and wanted == set(known_keys(place)):
        return True
    return any(hint(path) == f"did you mean `{key}`?" for path in beside for key in wanted)


_KINDS = {"run", "role", "python", "graph", "approve"}


def _convert(document: Document, details: Details, hint: KeyHint) -> InputError:
    loc: Path = tuple(details["loc"])
    context: Details = details.get("ctx", {})
    kind: str = details["type"]
    of_key = loc[-1:] == (KEY_MARK,) or context.get("of") == "key"
    place = loc[:-1] if loc[-1:] == (KEY_MARK,) else loc
    if kind.startswith("me."):
        cls = _OWN.get(kind.removeprefix("me."), g.BadSpelling)
        error = cls(_about(place, str(context.get("message") or details["msg"])), hint=context.get("hint"))
    elif kind == "extra_forbidden":
        error = g.UnknownKey(f"unknown key `{place[-1]}`{_inside(place[:-1])}", hint=hint(place))
    else:
        error = _STANDARD.get(kind, _other)(document, place, details)
    if kind == "missing":
        place = place[:-1]
    of_key = of_key or kind in ("missing", "extra_forbidden", "me.no_work")
    error.where = place
    error.span = document.span(place, "key" if of_key else "value")
    error.task = str(place[1]) if place[:1] == ("tasks",) and len(place) > 1 else None
    return error


def _subject(place: Path) -> str:
    """How the value at `place` is spoken of."""
    if not place:
        return "the file"
    last = place[-1]
    if isinstance(last, int):
        return f"item {last + 1} of {_subject(place[:-1])}"
    return f"`{last}`"


def _about(place: Path, message: str) -> str:
    """`message` with its key in it, when it only says what was expected."""
    found = _EXPECTED.fullmatch(message)
    return message if found is None else f"{_subject(place)} must be {found[1]}, not {found[2]}"


_EXPECTED = re.compile(r"expected (.+), found (.+)")


def _found(value: object) -> str:
    words: dict[type, str] = {
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        str: "text",
        list: "a list",
        dict: "a map",
    }
    if value == "" and isinstance(value, str):
        return "empty text"
    return words.get(type(value), "nothing")


def _wrong_type(_: Document, place: Path, details: Details) -> InputError:
    wanted, value = _WANTED[details["type"]], details["input"]
    found = f"`{value}`" if isinstance(value, float) else _found(value)
    message = f"{_subject(place)} must be {wanted}, not {found}"
    return g.WrongType(message, hint=_type_hint(wanted, value, place))


def _type_hint(wanted: str, value: Any, place: Path) -> str | None:
    if value is None:
        return (
            "give it a value, or leave the key out"
            if place and isinstance(place[-1], str)
            else "give it a value"
        )
    if wanted == "text" and isinstance(value, bool | int | float):
        return f"put it in quotes: `{in_quotes(json.dumps(value))}`"
    if wanted == "a list" and not isinstance(value, dict | list):
        return f"write `[{value}]`"
    if wanted == "a whole number" and isinstance(value, float) and value.is_integer():
        return f"write `{int(value)}`"
    if "number" in wanted and isinstance(value, str):
        return f"drop the quotes: `{value}`" if _is_number(value) else "write a number, such as `3`"
    if wanted.startswith("`true`") and isinstance(value, str):
        words = {"yes": "true", "on": "true", "no": "false", "off": "false", "true": "true", "false": "false"}
        meant = words.get(value.casefold())
        return f"write `{meant}`" if meant else None
    if wanted == "a map":
        return "write `key: value` lines below it, or `{key: value}`"
    return None


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _unknown_hint(place: Path) -> str:
    task: Path = ("tasks", "")
    elsewhere: dict[str, Path] = dict.fromkeys(known_keys(task), task) | dict.fromkeys(known_keys(()), ())
    return unknown_key_hint(str(place[-1]), place[:-1], known_keys(place[:-1]), elsewhere)


def _inside(place: Path) -> str:
    match place:
        case ():
            return ""
        case ("tasks", name):
            return f" in the task `{name}`"
        case ("params", name):
            return f" in the parameter `{name}`"
        case _:
            return f" in {_subject(place)}"


def _missing(_: Document, place: Path, __: Details) -> InputError:
    key = place[-1]
    whole = "the file" if len(place) == 1 else _subject(place[:-1])
    hint = "add `tasks: {hello: {run: echo hello}}`" if place == ("tasks",) else f"add `{key}: …`"
    return g.MissingKey(f"{whole} needs the key `{key}`", hint=hint)


def _literal(_: Document, place: Path, details: Details) -> InputError:
    allowed = _literals(details["ctx"]["expected"])
    value = details["input"]
    hint = f"write {in_backticks(allowed, limit=len(allowed))}"
    if isinstance(value, str):
        near = _OTHER_WORDS.get(value.casefold())
        near = near if near in allowed else closest(value, allowed) or _only_start(value, allowed)
        hint = f"did you mean `{near}`?" if near else hint
        return g.UnknownValue(f"{_subject(place)} cannot be `{value}`", hint=hint)
    return g.WrongType(f"{_subject(place)} must be one of a few words, not {_found(value)}", hint=hint)


def _only_start(value: str, allowed: list[str]) -> str | None:
    """The one allowed word that begins with `value`, of three letters or more."""
    found = [word for word in allowed if len(value) >= 3 and word.startswith(value.casefold())]
    return found[0] if len(found) == 1 else None


_OTHER_WORDS = {
    **dict.fromkeys(("int", "long"), "integer"),
    **dict.fromkeys(("str", "text"), "string"),
    **dict.fromkeys(("bool", "flag"), "boolean"),
    **dict.fromkeys(("float", "double", "decimal"), "number"),
    **dict.fromkeys(("file", "dir", "directory", "filename"), "path"),
    **dict.fromkeys(("list", "array", "object", "dict", "map", "any"), "json"),
    "string": "text",
    "line": "lines",
    "readonly": "none",
    "write": "local",
}


def _literals(expected: str) -> list[str]:
    """The words in pydantic's listing `'a', 'b' or 'c'`."""
    return [word.strip("' ") for part in expected.split(" or ") for word in part.split(",")]


def _range(_: Document, place: Path, details: Details) -> InputError:
    context = details["ctx"]
    name, words = next((name, words) for name, words in _LIMITS.items() if name in context)
    limit = context[name]
    shown = int(limit) if isinstance(limit, float) and limit.is_integer() else limit
    message = f"{_subject(place)} must be {words} {shown}, and is {details['input']}"
    return g.ValueOutOfRange(message)


_LIMITS = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}


def _short(_: Document, place: Path, details: Details) -> InputError:
    what = "empty text" if isinstance(details["input"], str) else f"an empty {_found(details['input'])[2:]}"
    return g.ValueOutOfRange(f"{_subject(place)} is {what}", hint="give it a value, or leave the key out")


def _other(_: Document, place: Path, details: Details) -> InputError:
    words = str(details["msg"]).removeprefix("Input ").rstrip(".")
    return g.BadSpelling(f"{_subject(place)} is not accepted: {words[:1].lower()}{words[1:]}")


_STANDARD: dict[str, Callable[[Document, Path, Details], InputError]] = {
    **dict.fromkeys(_WANTED, _wrong_type),
    "missing": _missing,
    "literal_error": _literal,
    **dict.fromkeys(("greater_than_equal", "greater_than", "less_than_equal", "less_than"), _range),
    **dict.fromkeys(("too_short", "string_too_short"), _short),
}
