"""What went wrong where a YAML parser gave up, said for the person who made the mistake."""

from __future__ import annotations

import re
from collections.abc import Callable

from ..schemas.errors import InputError
from . import refused
from .quoting import in_quotes
from .source_text import SourceText
from .syntax_lines import KEY_AND_VALUE, line_of, syntax_error, width_of
from .syntax_quotes import after_quote, bad_start, half_character, open_quote, star_or_anchor
from .yaml_events import BrokenYaml

_TAB = re.compile(r"^[ ]*(?P<indent>\t)|[:,\[{-](?P<after>\t)|(?P<comment>\t)(?=#)|(?P<end>\t)$")
_EXPLICIT_KEY = re.compile(r"^[ ]*(?:- +)*(?P<mark>\?)(?: |$)")


def explain(source: SourceText, broken: BrokenYaml) -> InputError:
    """The error for the place where the parser stopped."""
    for rule in _RULES:
        error = rule(source, broken)
        if error is not None:
            return error
    at = min(broken.at, len(source.text))
    return syntax_error(source, "this is not YAML", f"the parser says: {broken.problem}", at, at + 1)


def tag_near(source: SourceText, at: int) -> int | None:
    """The offset of a tag on the line of `at` or the one before it, which the parser took for text."""
    number = source.line_number(min(at, len(source.text)))
    for line in (number, number - 1):
        if line >= 0:
            start, _ = source.line_bounds(line)
            found = re.match(r"(?:.*?(?:: |- |[\[{,] ?))?[ ]*(!\S*)", source.line(line))
            if found and source.line(line)[: found.start(1)].count('"') % 2 == 0:
                return start + found.start(1)
    return None


def _tab(source: SourceText, broken: BrokenYaml) -> InputError | None:
    at = _tab_near(source, broken)
    return None if at is None else refused.tab(source, at)


def separator_tabs(source: SourceText, broken: BrokenYaml) -> tuple[int, int] | None:
    """The tabs that the parser stopped at, from the first to behind the last, unless they indent a line."""
    start = _tab_near(source, broken)
    if start is None or source.is_indentation(start):
        return None
    end = start
    while source.text[end : end + 1] == "\t":
        end += 1
    return start, end


def _tab_near(source: SourceText, broken: BrokenYaml) -> int | None:
    """The offset of a tab where the parser stopped, on that line or the one before it."""
    if source.text[broken.at : broken.at + 1] == "\t":
        return broken.at
    number = source.line_number(min(broken.at, len(source.text)))
    for line in (number - 1, number):
        found = _TAB.search(source.line(line)) if line >= 0 else None
        if found:
            return source.line_bounds(line)[0] + found.start(str(found.lastgroup))
    return None


def _explicit_key(source: SourceText, broken: BrokenYaml) -> InputError | None:
    number = source.line_number(min(broken.at, len(source.text)))
    for line in (number, number - 1):
        found = _EXPLICIT_KEY.match(source.line(line)) if line >= 0 else None
        if found:
            return refused.explicit_key(source, source.line_bounds(line)[0] + found.start("mark"))
    return None


def _second_colon(source: SourceText, broken: BrokenYaml) -> InputError | None:
    if "mapping values are not allowed" not in broken.problem:
        return None
    number, start, line = line_of(source, broken.at)
    before = line[: broken.at - start]
    found = KEY_AND_VALUE.match(line)
    if found and ": " in before:
        fixed = f"{found['key']}{in_quotes(found['value'])}".strip()
        at = start + found.start("value")
        return syntax_error(
            source,
            "a value with `: ` in it needs quotes",
            f"put the whole value in quotes:\n    {fixed}",
            at,
            at + len(found["value"]),
        )
    end = start + len(line.rstrip())
    at = start + len(line) - len(line.lstrip())
    above = _line_above(source, number)
    if above is not None:
        key = source.line(above).strip().partition(":")[0]
        hint = f"line {above + 1} gives `{key}` a value already; indent this line like it, or drop that value"
        return syntax_error(source, "this line is indented deeper than the one above it", hint, at, end)
    return syntax_error(
        source,
        "a colon is not expected here",
        "text with a colon in it needs quotes",
        broken.at,
        broken.at + 1,
    )


def _line_above(source: SourceText, number: int) -> int | None:
    """The nearest line above `number` with something on it, if it is indented less."""
    width = width_of(source.line(number))
    for above in range(number - 1, max(number - 50, -1), -1):
        text = source.line(above)
        if text.strip() and not text.lstrip().startswith("#"):
            return above if width_of(text) < width else None
    return None


def _glued_list(source: SourceText, broken: BrokenYaml) -> InputError | None:
    if "sequence entries are not allowed" not in broken.problem:
        return None
    _, start, line = line_of(source, broken.at)
    item = line[broken.at - start :].removeprefix("-").strip()
    hint = f"begin the list on a line of its own, or write `[{item}]`"
    return syntax_error(
        source, "a list cannot begin on the line of its key", hint, broken.at, start + len(line.rstrip())
    )


def _block_header(source: SourceText, broken: BrokenYaml) -> InputError | None:
    if broken.context != "while scanning a block scalar" or broken.since is None:
        return None
    start = broken.since
    number, first, line = line_of(source, broken.at)
    if source.line_number(start) != number:
        return syntax_error(
            source,
            "a block of text is indented unevenly",
            "indent its first line like the others",
            broken.at,
            broken.at + 1,
        )
    sign = source.text[start]
    rest = line[start - first :].rstrip()
    hint = f"write the text on the lines below; if it begins with `{sign}`, quote it: `{in_quotes(rest)}`"
    return syntax_error(source, f"nothing may follow `{sign}` on its line", hint, start, start + len(rest))


def _open_bracket(source: SourceText, broken: BrokenYaml) -> InputError | None:
    if "while parsing a flow" not in broken.context or broken.since is None:
        return None
    opening = source.text[broken.since : broken.since + 1]
    closing = _CLOSING.get(opening)
    if closing is None:
        return None
    found = source.text[broken.at : broken.at + 1]
    line = source.line_number(min(broken.at, len(source.text)))
    if not found.strip() or line != source.line_number(broken.since):
        hint = f"close it with `{closing}`"
        return syntax_error(
            source, f"the bracket `{opening}` is never closed", hint, broken.since, broken.since + 1
        )
    if found in "]}":
        hint = f"`{opening}` is closed by `{closing}`"
        return syntax_error(
            source, f"`{found}` closes a bracket that is not open", hint, broken.at, broken.at + 1
        )
    hint = (
        f"put a comma between two values, quotes around text with brackets in it, and `{closing}` at the end"
    )
    return syntax_error(source, f"expected `,` or `{closing}` here", hint, broken.at, broken.at + 1)


def _glued_colon(source: SourceText, broken: BrokenYaml) -> InputError | None:
    if "found unexpected ':'" not in broken.problem:
        return None
    at = broken.at
    if source.text[at : at + 1] != ":":
        at = source.text.find(":", at)
    return syntax_error(source, "a colon needs a space after it", "write `key: value`", at, at + 1)


def _no_colon(source: SourceText, broken: BrokenYaml) -> InputError | None:
    if "could not find expected ':'" not in broken.problem:
        return None
    at = broken.at if broken.since is None else broken.since
    _, start, line = line_of(source, at)
    first = start + width_of(line)
    text = line.strip()
    hint = "every line of a map is `key: value`; text over several lines goes under `|`"
    if ":" in text:
        hint = f"put a space after the colon: `{text.replace(':', ': ', 1)}`"
    return syntax_error(source, f"`{_short(text)}` is not `key: value`", hint, first, first + len(text))


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


def _wrong_indent(source: SourceText, broken: BrokenYaml) -> InputError | None:
    if broken.context not in ("while parsing a block mapping", "while parsing a block collection"):
        return None
    number, start, line = line_of(source, broken.at)
    first = start + width_of(line)
    since = broken.since if broken.since is not None else broken.at
    own, wanted = width_of(line), since - source.line_bounds(source.line_number(since))[0]
    if broken.at != first or number == source.line_number(since):
        text = line[broken.at - start :].rstrip()
        return syntax_error(
            source,
            f"`{_short(text)}` is not expected here",
            "is a quote, a comma or a line end missing before it?",
            broken.at,
            broken.at + len(text),
        )
    if line.lstrip().startswith(":"):
        return syntax_error(
            source, "there is no key before the colon", "write a name before it", first, first + 1
        )
    above = source.line_number(since) + 1
    hint = f"the lines that it belongs with are indented by {_spaces(wanted)}, from line {above} on"
    if line.lstrip().startswith("- ") and broken.context.endswith("mapping") and own == wanted:
        hint = "this map has keys already; a list needs a key of its own, `key:`, on the line above"
        return syntax_error(
            source, "a list item stands among the keys of a map", hint, first, first + len(line.strip())
        )
    return syntax_error(
        source,
        f"this line is indented by {_spaces(own)}, which fits nothing above it",
        hint,
        first,
        first + len(line.strip()),
    )


def _spaces(count: int) -> str:
    return "1 space" if count == 1 else f"{count or 'no'} spaces"


_CLOSING = {"[": "]", "{": "}"}


def _last_open(text: str, at: int) -> int | None:
    """The offset of the innermost bracket that is open at `at`; only what is near is looked at."""
    opened: list[int] = []
    for offset in range(max(at - 2_000, 0), at):
        if text[offset] in "[{":
            opened.append(offset)
        elif text[offset] in "]}" and opened:
            opened.pop()
    return opened[-1] if opened else None


def _stray(source: SourceText, broken: BrokenYaml) -> InputError | None:
    """Something where a value, or the end of the file, was expected."""
    at = min(broken.at, len(source.text))
    found = source.text[at : at + 1]
    opened = _last_open(source.text, at)
    if not source.text[at:].strip() and opened is not None:
        sign = source.text[opened]
        closing = _CLOSING[sign]
        return syntax_error(
            source, f"the bracket `{sign}` is never closed", f"close it with `{closing}`", opened, opened + 1
        )
    if found == "," and opened is not None:
        return syntax_error(
            source, "there is no value before the comma", "write one, or drop the comma", at, at + 1
        )
    if found and found in "]},":
        hint = "drop it, or put quotes around text that holds it"
        return syntax_error(source, f"`{found}` is not expected here", hint, at, at + 1)
    if "<document start>" in broken.problem:
        _, start, line = line_of(source, at)
        hint = "the whole file is one map of `key: value` lines; is the line indented like the others?"
        return syntax_error(
            source, "the text should have ended above this line", hint, at, start + len(line.rstrip())
        )
    return None


_RULES: tuple[Callable[[SourceText, BrokenYaml], InputError | None], ...] = (
    _tab,
    _explicit_key,
    half_character,
    open_quote,
    star_or_anchor,
    bad_start,
    _glued_colon,
    _second_colon,
    _glued_list,
    _block_header,
    after_quote,
    _open_bracket,
    _no_colon,
    _wrong_indent,
    _stray,
)
