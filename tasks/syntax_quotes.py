"""Syntax errors about quotes: those that are missing, not closed, in the middle, or hold wrong escapes."""

from __future__ import annotations

import re

from ..schemas.errors import InputError
from .quoting import in_quotes
from .source_text import SourceText
from .syntax_lines import KEY_AND_VALUE, line_of, syntax_error, width_of
from .yaml_events import BrokenYaml

_CONDITION = re.compile(r"""["']\$\{\{ *(?P<first>[^}]*?) *\}\}["'] *(?P<rest>(==|!=|<|>|and |or ).*)""")
_BAD_ESCAPE = re.compile(
    r"\\(?!["
    r"0abtnvfreN_LP \"/\\\t\r\n]|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U00(?:0[0-9a-fA-F]|10)[0-9a-fA-F]{4})"
)
_HALF = re.compile(
    r"(?<!\\)(?:\\\\)*(?:"
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F])"
)
_GOOD_ESCAPE = re.compile(r"\\[\s\S]")


def open_quote(source: SourceText, broken: BrokenYaml) -> InputError | None:
    """A quote that is never closed, or an escape inside quotes that is none."""
    if "quoted scalar" not in broken.context or broken.since is None:
        return None
    start = broken.since
    quote = source.text[start : start + 1]
    if "found unexpected" in broken.problem:
        return syntax_error(
            source, f"the quote {quote} is never closed", f"close it with another {quote}", start, start + 1
        )
    return _bad_escape(source, start)


def half_character(source: SourceText, broken: BrokenYaml) -> InputError | None:
    """An escape for half a surrogate pair without its other half."""
    if broken.problem != "found half a character":
        return None
    found = _HALF.search(source.text, broken.at)
    at = found.start() if found else broken.at
    hint = "write the character itself, or `\\U` and the eight digits of its number"
    return syntax_error(source, f"`{source.text[at : at + 6]}` is only half of a character", hint, at, at + 6)


def _bad_escape(source: SourceText, start: int) -> InputError | None:
    at = start + 1
    while (at := source.text.find("\\", at)) >= 0:
        if _BAD_ESCAPE.match(source.text, at):
            written = source.text[at : at + 2]
            hint = f"use single quotes, in which a backslash is nothing special, or write `\\{written}`"
            return syntax_error(source, f"`{written}` is no escape inside double quotes", hint, at, at + 2)
        found = _GOOD_ESCAPE.match(source.text, at)
        at = found.end() if found else at + 1
    return None


def star_or_anchor(source: SourceText, broken: BrokenYaml) -> InputError | None:
    """Text that begins with `*`, such as a glob, or with `&`."""
    if broken.context not in ("while scanning an alias", "while scanning an anchor") or broken.since is None:
        return None
    start = broken.since
    sign = source.text[start]
    text = _plain_text(source, start)
    what = "an alias" if sign == "*" else "an anchor"
    hint = f"put the text in quotes: `{in_quotes(text)}`"
    return syntax_error(
        source, f"`{sign}` begins {what} here, and no name follows", hint, start, start + len(text)
    )


def _plain_text(source: SourceText, start: int) -> str:
    """The text from `start` to the end of what was meant as one value."""
    _, end = source.line_bounds(source.line_number(start))
    text = source.text[start:end]
    before = source.text[max(0, start - 200) : start].rpartition("\n")[2]
    if before.count("[") > before.count("]") or before.count("{") > before.count("}"):
        return re.split(r"[,\]}]", text, maxsplit=1)[0].strip() or text[:1]
    return re.split(r"\s+#", text, maxsplit=1)[0].strip()


def bad_start(source: SourceText, broken: BrokenYaml) -> InputError | None:
    """Text that begins with a sign that YAML keeps for itself."""
    if "cannot start any token" not in broken.problem:
        return None
    at = broken.at
    sign = source.text[at : at + 1]
    text = _plain_text(source, at)
    hint = f"put the value in quotes: `{in_quotes(text)}`"
    named = "a backtick" if sign == "`" else f"`{sign}`"
    return syntax_error(source, f"a value cannot begin with {named} without quotes", hint, at, at + len(text))


def after_quote(source: SourceText, broken: BrokenYaml) -> InputError | None:
    """Text behind a quoted value, such as `"${{ a }}" == 1`."""
    _, start, line = line_of(source, broken.at)
    before = line[: broken.at - start].rstrip()
    if not before.endswith(('"', "'")) or "expected" not in broken.problem:
        return None
    found = KEY_AND_VALUE.match(line)
    if not found or found["value"][0] not in "\"'" or width_of(line) == len(before):
        return None
    if re.match(r"[\[{]", found["value"]) or line[broken.at - start : broken.at - start + 1] in (
        "]",
        "}",
        ",",
    ):
        return None
    whole = found["value"]
    condition = _CONDITION.match(whole)
    if condition:
        hint = "put the whole condition inside one pair of braces"
        whole = f"${{{{ {condition['first']} {condition['rest']} }}}}"
    else:
        hint = "quotes go around the whole value, or around none of it"
        whole = in_quotes(whole)
    hint += f":\n    {(found['key'] + whole).strip()}"
    end = start + len(line.rstrip())
    return syntax_error(source, "nothing may follow the closing quote of a value", hint, broken.at, end)
