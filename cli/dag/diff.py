"""`me dag diff`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..args import AsJson

if TYPE_CHECKING:
    from ...schemas.diff import Change, Diff

_SHOWN = 60
_SIGNS = {"added": ("+", "32"), "removed": ("-", "31"), "changed": ("~", "33")}


def diff(
    before: Annotated[str, typer.Argument(metavar="A", help="A graph file, or a DAG run by its id.")],
    after: Annotated[str, typer.Argument(metavar="B", help="Another of the same.")],
    as_json: AsJson = False,
) -> int:
    """Show what differs between two graph files, or between two DAG runs.

    Of files, every key that differs; of DAG runs, the nodes whose end, attempts or output differ. The
    exit code is 0, whether anything differs or not.
    """
    from ... import api
    from ..speech import give, give_json, say_dim

    found = api.diff(before, after)
    if as_json:
        give_json(found.model_dump(mode="json"))
        return 0
    give("".join(f"{line}\n" for line in _lines(found)))
    say_dim(_count(found))
    return 0


def _lines(found: Diff) -> Iterator[str]:
    import sys

    from ..terminal import has_colour, paint

    colour = has_colour(sys.stdout)
    yield from (_change(change) for change in found.whole)
    for entry in found.entries:
        sign, style = _SIGNS[entry.kind]
        yield paint(f"{sign} {entry.id}", style, colour=colour)
        yield from (f"    {_change(change)}" for change in entry.changes)


def _change(change: Change) -> str:
    return f"{change.path}: {_shown(change.before)} -> {_shown(change.after)}"


def _shown(value: Any) -> str:
    if value is None:
        return "(none)"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _count(found: Diff) -> str:
    if found.is_empty:
        return f"the two {found.of} do not differ"
    what = "tasks" if found.of == "graphs" else "nodes"
    counts = ", ".join(
        f"{number} {kind}"
        for kind in _SIGNS
        if (number := sum(entry.kind == kind for entry in found.entries))
    )
    return f"{what}: {counts}" if counts else f"no {what} differ"
