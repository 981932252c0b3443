"""The Deliverable of an agent's Run, where the task declares none: Markdown for people."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ..private_files import write_private

ROOT: Final = ".metaensemble/reports"
"""Where Deliverables lie, relative to the project."""

_LONG: Final = 72
_MARKUP: Final = re.compile(r"([\\`*_{}\[\]<>#|])")


def report_text(*, node: str, alias: str, role: str, output: Any, said: str = "") -> str:
    """What a person reads of an agent's result: who did it, what it said, and the result in words.

    What an agent wrote as a text of its own stands as it is; of a typed result every text is shown as
    text, so that nothing of it acts as markup.
    """
    lines = [f"# {_plain(node)}", "", f"By `{alias}` ({_plain(role)}).", ""]
    if isinstance(output, str):
        lines += [output.strip(), ""]
    else:
        if said.strip():
            lines += [said.strip(), ""]
        lines += [*_lines(output, 0), ""]
    return "\n".join(lines)


def write_report(project: Path, place: str, text: str) -> None:
    """Write a Deliverable at `place`, relative to the project: whole or not at all, for the user alone."""
    write_private(project / place, text.encode("utf-8", "replace"))


def _lines(value: Any, depth: int) -> list[str]:
    indent = "  " * depth
    if isinstance(value, Mapping):
        found: list[str] = []
        for key, item in value.items():
            found += _entry(f"{indent}- **{_plain(str(key))}**:", item, depth)
        return found or [f"{indent}- (nothing)"]
    if isinstance(value, list):
        found = []
        for item in value:
            found += _entry(f"{indent}-", item, depth)
        return found or [f"{indent}- (nothing)"]
    return [f"{indent}{_scalar(value)}"]


def _entry(start: str, item: Any, depth: int) -> list[str]:
    if isinstance(item, Mapping | list) and item:
        return [start, *_lines(item, depth + 1)]
    if isinstance(item, str) and ("\n" in item or len(item) > _LONG):
        indent = "  " * (depth + 1)
        return [start, "", *(f"{indent}> {_plain(line)}" for line in item.splitlines()), ""]
    return [f"{start} {_scalar(item)}"]


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return _plain(value) or "(empty)"
    return json.dumps(value, ensure_ascii=False)


def _plain(text: str) -> str:
    shown = "".join(char if char.isprintable() else " " for char in text)
    return _MARKUP.sub(r"\\\1", shown)
