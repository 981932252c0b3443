"""Complexity: the highest cyclomatic complexity (McCabe 1976) of a function, as radon counts it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from .findings import finding
from .measured import Measured

TOOL: Final = "radon"
OK: Final = (0,)


def command(files: Sequence[str]) -> list[str]:
    """The words behind the tool's name."""
    return ["cc", "--json", *files]


def parse(out: bytes, name_of: Callable[[str], str], *, above: float | None) -> Measured:
    """What radon's JSON says; the value is that of the most complex function, 0 without functions.

    Functions whose complexity is `above` or more are findings.
    """
    scores: list[tuple[int, str, dict[str, Any]]] = []
    unread = []
    for file, blocks in json.loads(out).items():
        name = name_of(file)
        if isinstance(blocks, dict):
            unread.append(finding(name, None, "not-read", str(blocks.get("error", "it could not be read"))))
            continue
        scores += [(block["complexity"], name, block) for block in _functions(blocks)]
    scores.sort(key=lambda score: (-score[0], score[1], score[2]["lineno"]))
    findings = [
        finding(name, block["lineno"], f"rank-{block['rank']}", f"`{_title(block)}` has complexity {value}")
        for value, name, block in scores
        if above is not None and value >= above
    ]
    said = (
        f"the most complex function is `{_title(scores[0][2])}`: {scores[0][0]}" if scores else "no functions"
    )
    return Measured(
        value=scores[0][0] if scores else 0, said=said, findings=[*findings, *unread], unread=len(unread)
    )


def _functions(blocks: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Functions and methods: those of a class stand beside it as well, those within others only there."""
    for block in blocks:
        if block["type"] != "class":
            yield block
        yield from _functions(block.get("closures", ()))


def _title(block: dict[str, Any]) -> str:
    owner = block.get("classname")
    return f"{owner}.{block['name']}" if owner else str(block["name"])
