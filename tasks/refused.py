"""Errors about YAML that can be parsed and is refused all the same, each with what to write instead."""

from __future__ import annotations

import re

from ..schemas.errors import (
    DirectiveInYaml,
    DuplicateKey,
    ExplicitKey,
    KeyNotText,
    MergeKey,
    NumberOutOfRange,
    SeveralDocuments,
    TabInYaml,
    TagInYaml,
    TooManyAliases,
    UnknownAlias,
    YamlTooDeep,
)
from ..schemas.suggest import closest
from .document import FOLDED, LITERAL, PLAIN
from .limits import MAXIMUM_ALIASED, MAXIMUM_DEPTH
from .quoting import in_quotes
from .source_text import SourceText

_LINE_EDGE = r"(?<=[\r\n])(?: *)(?P<lead>\t)|(?P<trail>\t)(?= *[\r\n])"
_TABS = {
    PLAIN: re.compile(
        r"\A(?P<first>\t)|(?P<last>\t)\Z|:(?P<colon>\t)|\A(?:- *)+(?P<dash>\t)|(?P<comment>\t)(?=#)|"
        + _LINE_EDGE
    ),
    FOLDED: re.compile(r"(?<=[\r\n])(?: *)(?P<lead>\t)"),
}
_QUOTED_TABS = re.compile(_LINE_EDGE)
_TAG = re.compile(r"![^\s,\[\]{}]*")


def separating_tab(written: str, kind: int) -> int | None:
    """The offset of the first tab in the scalar `written` that is not part of its text."""
    if kind == LITERAL:
        return None
    found = _TABS.get(kind, _QUOTED_TABS).search(written)
    return None if found is None else found.start(str(found.lastgroup))


def tab(source: SourceText, offset: int) -> TabInYaml:
    """For a tab that indents a line, or separates its parts."""
    span = source.span(offset, offset + 1)
    if source.is_indentation(offset):
        return TabInYaml(
            "a tab is used for indentation",
            hint="indent with spaces; most editors can turn all tabs of a file into spaces",
            span=span,
        )
    return TabInYaml("a tab is used between the parts of a line", hint="put a space there", span=span)


def tag(source: SourceText, start: int) -> TagInYaml:
    """For a value that begins with `!`."""
    found = _TAG.match(source.text, start)
    end = found.end() if found else start + 1
    name = source.text[start:end]
    if name.startswith(("!!python", "!python")):
        hint = "a graph file is data: nothing in it is run or built by reading it; write the value itself"
    elif name == "!!str":
        hint = "drop the tag, and put the value in quotes"
    elif name in ("!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq"):
        hint = "drop the tag: the type follows from how the value is written"
    else:
        bounds = source.line_bounds(source.line_number(start))
        rest = re.split(r"\s+#|\s*\Z", source.text[start : bounds[1]], maxsplit=1)[0]
        hint = f"drop it; if the text shall begin with `!`, put it in quotes: `{in_quotes(rest)}`"
    return TagInYaml(f"the tag `{name}` is not accepted", hint=hint, span=source.span(start, end))


def explicit_key(source: SourceText, start: int) -> ExplicitKey:
    """For `? key`."""
    return ExplicitKey(
        "a key is written with `?` before it", hint="write `key: value`", span=source.span(start, start + 1)
    )


def directive(source: SourceText, start: int, end: int) -> DirectiveInYaml:
    """For a line such as `%YAML 1.1` above the document."""
    line = source.text[start:end].split("#")[0].strip()
    hint = "drop the line" if line.startswith("%YAML") else "drop the line, and the tags that it declares"
    return DirectiveInYaml(
        f"the directive `{line}` is not accepted",
        hint=f"{hint}: the file is read as YAML 1.2",
        span=source.span(start, end),
    )


def not_json(reason: str, source: SourceText, start: int, end: int) -> NumberOutOfRange:
    """For a number that JSON cannot hold; `reason` is the whole message."""
    written = source.text[start:end]
    hint = (
        f"leave it out, or write it as text: `{in_quotes(written)}`"
        if len(written) <= 20
        else "write it as text in quotes"
    )
    return NumberOutOfRange(reason, hint=hint, span=source.span(start, end))


def too_deep(source: SourceText, start: int) -> YamlTooDeep:
    """For a map or list below `MAXIMUM_DEPTH` others."""
    return YamlTooDeep(
        f"maps and lists are nested more than {MAXIMUM_DEPTH} levels deep here",
        hint="pass data of that kind as a JSON file that a task reads",
        span=source.span(start, start + 1),
    )


def too_many_aliases(source: SourceText, start: int, end: int) -> TooManyAliases:
    """For the alias with which the document would grow beyond `MAXIMUM_ALIASED` repeated values."""
    return TooManyAliases(
        f"the aliases up to here stand for more than {MAXIMUM_ALIASED:,} values",
        hint="anchors that hold aliases of other anchors multiply; write the values once, and refer to them",
        span=source.span(start, end),
    )


def alias(source: SourceText, start: int, end: int, anchors: list[str], *, recursive: bool) -> UnknownAlias:
    """For an alias without an anchor before it, or inside its own."""
    name = source.text[start + 1 : end]
    span = source.span(start, end)
    if recursive:
        return UnknownAlias(
            f"the alias `*{name}` stands inside its own anchor",
            hint="a value cannot contain itself",
            span=span,
        )
    text = source.text
    while end < len(text) and text[end] not in " \r\n,[]{}":
        end += 1
    written = text[start:end]
    near = closest(name, anchors)
    hint = f"did you mean `*{near}`? " if near else ""
    hint += f"text that begins with `*` needs quotes: `{in_quotes(written)}`"
    return UnknownAlias(f"no anchor `&{name}` stands before this alias", hint=hint, span=span)


def merge_key(source: SourceText, start: int, end: int) -> MergeKey:
    """For `<<`."""
    return MergeKey(
        "the merge key `<<` is not part of YAML 1.2",
        hint="write the keys out, or put values that all tasks share into `defaults`",
        span=source.span(start, end),
    )


def duplicate_key(source: SourceText, key: str, start: int, end: int, first: int) -> DuplicateKey:
    """For a key that stands twice in its map; `first` is the offset of the first one."""
    line = source.line_number(first) + 1
    return DuplicateKey(
        f"the key `{key}` stands twice in this map",
        hint=f"it stands first in line {line}; drop or rename one of them",
        span=source.span(start, end),
        first_line=line,
    )


def is_double_brace(source: SourceText, start: int) -> bool:
    """Whether the key at `start` is a map that begins with the second of two braces."""
    return source.text.startswith("{{", start - 1) if start else False


def key_not_text(source: SourceText, value: object, start: int, end: int) -> KeyNotText:
    """For a key that is a number, true or false, null, a list or a map."""
    span = source.span(start, end)
    written = source.text[start:end]
    if is_double_brace(source, start):
        return KeyNotText(
            "this is read as a map whose key is a map",
            hint='an expression is written `"${{ … }}"`, with a dollar sign before the braces, and in quotes',
            span=span,
        )
    if isinstance(value, dict | list):
        kind = "a map" if isinstance(value, dict) else "a list"
        return KeyNotText(
            f"a key is text, and this one is {kind}", hint="write a name before the colon", span=span
        )
    if not written:
        return KeyNotText("there is no key before the colon", hint="write a name before it", span=span)
    kind = "a number" if type(value) in (int, float) else "not"
    return KeyNotText(
        f"a key is text, and `{written}` is {kind}",
        hint=f"put it in quotes: `{in_quotes(written)}`",
        span=span,
    )


def second_document(source: SourceText, start: int) -> SeveralDocuments:
    """For a second document that begins at `start`."""
    return SeveralDocuments(
        "a second document begins here",
        hint="a graph is one document: put the second one in a file of its own, or drop the `---`",
        span=source.span(start, start + 3),
    )
