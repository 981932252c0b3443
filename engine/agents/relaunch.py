"""What an Executor is told of its own past, in few words or in all of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from ..ledger import people_queries
from ..ledger.ledger import Ledger
from ..ledger.people_rows import ExecutorRow
from ..ledger.rows import RunRow
from .data_text import as_data, tokens

MOST_TOKENS: Final = 500
"""The context that is given by default has fewer tokens than this, by the estimate of `prompt.tokens`."""

_RELATED: Final = 5
_RUNS: Final = 20
_LARGEST: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The past of an Executor: its words, and how many tokens they are by our estimate."""

    text: str
    tokens: int


def context_of(ledger: Ledger, row: ExecutorRow, folder: Path, *, full: bool = False) -> Context:
    """What `row`'s Executor is told of its past. `folder` is the project's `.metaensemble`.

    By default: its Role, its last Brief, the summary of its last Deliverable, and the Executors around it,
    below `MOST_TOKENS`; what is too long is cut, and says so. With `full`, every Run with its Brief and its
    Deliverable, the newest first, up to 20 of them.
    """
    head = _head(row)
    runs = people_queries.runs_of_executor(ledger, row.executor_id, limit=_RUNS if full else 1)
    related = _related(ledger, row)
    if full:
        parts = [head, *(_run(run, folder, whole=True) for run in runs), related]
        text = "\n\n".join(part for part in parts if part)
        return Context(text=text, tokens=tokens(text))
    last = _run(runs[0], folder, whole=False) if runs else "It has ended no Run yet."
    text = "\n\n".join(part for part in (head, last, related) if part)
    if tokens(text) >= MOST_TOKENS:
        room = MOST_TOKENS - 1 - tokens(f"{head}\n\n\n\n{related}\n[cut]")
        text = "\n\n".join(part for part in (head, _cut(last, room), related) if part)
    return Context(text=text, tokens=tokens(text))


def _head(row: ExecutorRow) -> str:
    version = f" {row.role_version}" if row.role_version else ""
    text = f"You are `{row.alias}`, an Executor of the Role `{row.role_id}`{version}; you have worked before."
    return f"{text}\nTo be looked at: {row.review}." if row.review else text


def _run(run: RunRow, folder: Path, *, whole: bool) -> str:
    lines = [f"Run {run.run_id} of {_moment(run.ended_ts)}: task `{run.task_id}`, {run.outcome}."]
    if run.reason:
        lines.append(f"Why: {as_data(run.reason)}")
    brief = _brief(folder, run.brief_out)
    if brief is not None:
        lines.append(f"Its Brief: {as_data(brief if whole else brief.get('result'))}")
    deliverable = run.deliverable_ref if isinstance(run.deliverable_ref, dict) else {}
    if deliverable.get("path"):
        lines.append(
            f"Its Deliverable: {as_data(deliverable['path'])}: {as_data(deliverable.get('summary') or '')}"
        )
        if whole:
            text = _text(folder.parent / deliverable["path"])
            lines += [f"It says: {as_data(text)}"] if text is not None else []
    return "\n".join(lines)


def _related(ledger: Ledger, row: ExecutorRow) -> str:
    found = list(_around(ledger, row))
    return f"Around it: {', '.join(found)}." if found else ""


def _around(ledger: Ledger, row: ExecutorRow) -> Iterator[str]:
    parent = people_queries.executor_by_id(ledger, row.parent_id) if row.parent_id else None
    if parent is not None:
        yield f"`{parent.alias}` ({parent.role_id}), on whose work it was made"
    for child in people_queries.executors_made_from(ledger, row.executor_id, limit=_RELATED):
        yield f"`{child.alias}` ({child.role_id}), made on its work"


def _brief(folder: Path, brief_id: str | None) -> dict[str, Any] | None:
    text = None if brief_id is None else _text(folder / "briefs" / f"{brief_id}.json")
    try:
        found = json.loads(text) if text is not None else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _text(path: Path) -> str | None:
    """A text of ours, as far as it is there and not larger than it should be."""
    try:
        with path.open("rb") as file:
            return file.read(_LARGEST).decode("utf-8", "replace")
    except OSError:
        return None


def _cut(text: str, room: int) -> str:
    data = text.encode()[: max(room, 0) * 4].decode("utf-8", "ignore")
    return f"{data}\n[cut]"


def _moment(ms: int | None) -> str:
    return (
        "an unknown time" if ms is None else datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%d %H:%M")
    )
