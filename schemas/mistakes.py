"""Errors for the likely mistakes in a graph file: each with the line that was probably meant.

A function here takes the value that was found and gives the error to raise. Its `ctx` carries
`hint`, and `of: key` where the key and not the value is to be underlined.
"""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic_core import PydanticCustomError


def mistake(slug: str, message: str, hint: str | None = None, **context: Any) -> PydanticCustomError:
    """The error `me.<slug>`; `message` is in lower case without a full stop, names in backticks."""
    details: dict[str, Any] = {"hint": hint, **context}
    # A custom error formats its message with its context: braces in the text are protected by not
    # being part of the template.
    return PydanticCustomError(f"me.{slug}", "{message}", {"message": message, **details})


def kind_of(value: object) -> str:
    """What a YAML value is, in plain words with its article."""
    words: dict[type, str] = {
        bool: "true or false",
        int: "a whole number",
        float: "a number",
        str: "text",
        list: "a list",
        dict: "a map",
    }
    return "nothing" if value is None else words.get(type(value), "a value")


def shown(value: object, limit: int = 40) -> str:
    """`value` as it might stand in the file, cut to `limit` characters, in backticks."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return f"`{text if len(text) <= limit else text[: limit - 1] + '…'}`"


def bad_duration(value: object) -> PydanticCustomError:
    """For a value that is not a duration, above all a number without a unit."""
    hint = "write a number and a unit (ms, s, m, h, d), such as `90s`, `10m` or `1h30m`"
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return mistake("bad_duration", f"expected a duration, found {kind_of(value)}", hint)
    text = str(value).strip()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        fixed = f"write `{text}s` for seconds or `{text}m` for minutes"
        return mistake("bad_duration", f"the duration {shown(value)} has no unit", fixed)
    squeezed = _squeeze_units(text)
    if squeezed and squeezed != text:
        hint = f"write `{squeezed}`"
    return mistake("bad_duration", f"{shown(value)} is not a duration", hint)


def _squeeze_units(text: str) -> str | None:
    """`10 min` as `10m`, `2 hours` as `2h`; None when that gives no duration either."""
    short = re.sub(r"\s+|,|and", "", text.lower())
    for word, unit in (
        (r"(milliseconds?|msecs?)", "ms"),
        (r"(seconds?|secs?)", "s"),
        (r"(minutes?|mins?)", "m"),
        (r"(hours?|hrs?)", "h"),
        (r"days?", "d"),
    ):
        short = re.sub(rf"(?<=\d){word}", unit, short)
    return short if re.fullmatch(r"(\d+(\.\d+)?(ms|s|m|h|d))+", short) else None


def bad_backoff(value: object) -> PydanticCustomError:
    """For a wait between retries that is no duration and no span of two."""
    hint = "write the first and the longest wait, such as `2s..1m`, or one duration for a fixed wait"
    if not isinstance(value, str):
        unit = f"the wait {shown(value)} has no unit" if type(value) in (int, float) else None
        return mistake("bad_backoff", unit or f"expected a span of durations, found {kind_of(value)}", hint)
    first, dots, last = value.replace("…", "..").replace("...", "..").partition("..")
    if not dots and (pair := re.fullmatch(r"\s*(\S+)\s*(?:-|to|,)\s*(\S+)\s*", value)):
        first, last = pair.groups()
    pieces = [_squeeze_units(piece) for piece in (first, last) if piece.strip()]
    fixed = "..".join(piece for piece in pieces if piece)
    if pieces and all(pieces) and fixed != value:
        hint = f"write `{fixed}`"
    elif len(pieces) == 2 and all(pieces):
        hint = f"write the shorter wait first: `{last}..{first}`"
        return mistake("bad_backoff", f"the first wait of {shown(value)} is longer than the last", hint)
    return mistake("bad_backoff", f"{shown(value)} is not a span of durations", hint)


def bad_tokens(value: object) -> PydanticCustomError:
    """For a value that is not a number of tokens."""
    hint = "write a whole number, or one with `k` (thousands) or `M` (millions), such as `400k` or `1.5M`"
    if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?\s*[kKmM]", value.strip()):
        text = value.strip()
        hint = f"write `{text[:-1].strip()}{'k' if text[-1] in 'kK' else 'M'}`"
    return mistake("bad_tokens", f"{shown(value)} is not a number of tokens", hint)


def bad_task_id(value: object) -> PydanticCustomError:
    """For a task id that expressions and node ids could not name."""
    rule = "an id has letters, digits, `_`, and single `-` inside, and does not begin with a digit"
    if not isinstance(value, str):
        return mistake("bad_task_id", f"expected the id of a task, found {kind_of(value)}", rule)
    fixed = re.sub(r"-{2,}", "-", re.sub(r"[^A-Za-z0-9_-]+", "-", value)).strip("-")
    if fixed and fixed[0].isdigit():
        fixed = f"_{fixed}"
    hint = f"{rule}: `{fixed}`" if fixed else rule
    return mistake("bad_task_id", f"{shown(value)} cannot be the id of a task", hint)


def bad_name(value: object) -> PydanticCustomError:
    """For the name of a parameter, an input or the like that expressions could not spell."""
    rule = "a name has letters, digits and `_`, and does not begin with a digit"
    if not isinstance(value, str):
        return mistake("bad_name", f"expected a name, found {kind_of(value)}", rule)
    fixed = re.sub(r"\W+", "_", value, flags=re.ASCII).strip("_")
    if fixed and fixed[0].isdigit():
        fixed = f"_{fixed}"
    hint = f"{rule}: `{fixed}`" if fixed else rule
    return mistake("bad_name", f"{shown(value)} cannot be a name", hint)


def bad_label(value: object) -> PydanticCustomError:
    """For a name that is empty, has white space around it, or is no text."""
    if isinstance(value, str):
        fixed = "-".join(value.split())
        hint = f"write `{fixed}`" if fixed else "give it a name, or drop the key"
        return mistake("bad_name", "a name is empty or has white space in it", hint)
    if value is None:
        return mistake("bad_name", "expected a name, found nothing", "give it a name, or drop the key")
    return mistake("bad_name", f"expected a name, found {kind_of(value)}", f'quote it: `"{value}"`')


def bad_line(value: object) -> PydanticCustomError:
    """For a text that is empty, has several lines, or is no text."""
    if isinstance(value, str):
        fixed = " ".join(value.split())
        hint = f"write `{fixed}`" if fixed else "write something, or drop the key"
        return mistake("bad_line", "expected one line of text without white space around it", hint)
    hint = "write something, or drop the key" if value is None else f'quote it: `"{value}"`'
    return mistake("bad_line", f"expected one line of text, found {kind_of(value)}", hint)


def no_list(value: object) -> PydanticCustomError:
    """For a value alone where a list is expected."""
    if isinstance(value, dict):
        hint = "put `- ` before its first key, to make it the first of a list"
    elif value is None or value == "":
        hint = "write `[]` for an empty list, or drop the key"
    else:
        hint = f"write a list: `[{shown(value).strip('`')}]`"
    return mistake("list_expected", f"expected a list, found {kind_of(value)}", hint)


def bad_share(value: object) -> PydanticCustomError:
    """For a count of items that is neither a number nor a share of them."""
    hint = "write a count such as `2`, or a share of the items such as `2/3`"
    return mistake("bad_share", f"{shown(value)} does not say how many items", hint)


def bad_lines(value: object) -> PydanticCustomError:
    """For a range of lines that is not spelled `A..B`."""
    hint = "write the first and the last line, counted from 1, such as `10..40`"
    if isinstance(value, int) and not isinstance(value, bool) and value > 0:
        hint = f'write `"{value}"` for that one line, or a range such as `{value}..{value + 9}`'
    return mistake("bad_lines", f"{shown(value)} is not a range of lines", hint)


def bad_callable(value: object) -> PydanticCustomError:
    """For a Python callable that is not spelled `module:function`."""
    hint = "write `module:function`, such as `steps.clean:run`"
    if isinstance(value, str) and re.fullmatch(r"\w+(\.\w+)+", value):
        module, _, function = value.rpartition(".")
        hint = f"put a colon before the function: `{module}:{function}`"
    return mistake("bad_callable", f"{shown(value)} does not name a callable", hint)


def no_braces(value: object) -> PydanticCustomError:
    """For a value that must be one whole expression and is not."""
    if isinstance(value, bool):
        written = "true" if value else "false"
        return mistake(
            "expression_expected",
            f"expected an expression, found `{written}`",
            f"write `${{{{ {written} }}}}`",
        )
    if not isinstance(value, str):
        hint = "write one expression in `${{ … }}`"
        if isinstance(value, list):
            hint += "; for a fixed list use `matrix`"
        return mistake("expression_expected", f"expected an expression, found {kind_of(value)}", hint)
    text = value.strip()
    bare = text
    for opening, closing in (("${{", "}}"), ("{{", "}}"), ("${", "}"), ("$(", ")")):
        if text.startswith(opening) and text.endswith(closing):
            bare = text[len(opening) : -len(closing)].strip()
            break
    if not bare:
        return mistake(
            "expression_expected", "expected an expression, found empty text", "write one in `${{ … }}`"
        )
    if "${{" in text:
        hint = "put all of it inside one pair of braces: `${{ a and b }}`"
        return mistake("expression_expected", f"{shown(value)} is not one whole expression", hint)
    bare = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(bare.casefold(), bare)
    return mistake("expression_expected", f"{shown(value)} is not in braces", f"write `${{{{ {bare} }}}}`")
