"""A Manifest as YAML text, in the part of YAML that every reader takes alike."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

_PLAIN: Final = re.compile(r"[A-Za-z][\w./-]*(?: [\w./-]+)*", re.ASCII)
_WORDS: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})


def manifest_yaml(manifest: Mapping[str, Any]) -> str:
    """The YAML of a Manifest, or of any other map of JSON values, keys in their order.

    Reading it gives the same values. Texts stand in double quotes unless they are words that no version of
    YAML takes for something else, so they can hold anything and act as nothing.
    """
    return "\n".join(_map(manifest, "")) + "\n"


def _map(value: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, item in value.items():
        yield from _entry(f"{indent}{_text(str(key))}:", item, indent + "  ")


def _list(value: list[Any] | tuple[Any, ...], indent: str) -> Iterator[str]:
    for item in value:
        if isinstance(item, Mapping | list | tuple) and item:
            # The first line of what is inside stands behind the dash.
            first, *rest = _block(item, indent + "  ")
            yield f"{indent}- {first.lstrip(' ')}"
            yield from rest
        else:
            yield f"{indent}- {_scalar(item)}"


def _entry(start: str, item: Any, indent: str) -> Iterator[str]:
    if isinstance(item, Mapping | list | tuple) and item:
        yield start
        yield from _block(item, indent)
    else:
        yield f"{start} {_scalar(item)}"


def _block(value: Any, indent: str) -> Iterator[str]:
    return _map(value, indent) if isinstance(value, Mapping) else _list(value, indent)


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return "{}"
    if isinstance(value, list | tuple):
        return "[]"
    return json.dumps(value, allow_nan=False)


def _text(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.casefold() not in _WORDS:
        return text
    shown = json.dumps(text, ensure_ascii=False)
    return shown if shown.isprintable() else "".join(map(_visible, shown))


def _visible(char: str) -> str:
    if char.isprintable():
        return char
    number = ord(char)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
