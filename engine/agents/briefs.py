"""Briefs: what one Executor tells the next, terse and typed, for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from ...schemas.canonical import canonical_bytes
from ..ledger.files import make_unshared
from ..private_files import write_private
from .contracts import refuse_broken
from .line_ranges import as_lines

VERSION: Final = 1


def build_brief(
    brief_id: str,
    *,
    sender: str,
    to: str,
    task_id: str,
    prior_runs: Sequence[str] = (),
    files: Sequence[Sequence[Any]] = (),
    out_files: Sequence[str] = (),
    schema: Any = None,
    tier: str | None = None,
    budget: Mapping[str, Any] | None = None,
    result: Any = None,
) -> dict[str, Any]:
    """A Brief from `sender` to `to` about the task `task_id`; what nothing is said about is left out.

    `prior_runs` and `files` are what the sender worked from: each file a path and its lines (`A..B`, a pair
    of numbers, or None for all). `out_files` are what it was asked for and wrote, `schema` is what `result`
    meets. Nothing of the Manifest belongs here: its receiver has that.
    """
    context: dict[str, Any] = {}
    if prior_runs:
        context["prior_runs"] = list(prior_runs)
    if files:
        context["files"] = [[path, as_lines(lines)] for path, lines in files if path]
    out: dict[str, Any] = {}
    if out_files:
        out["files"] = list(out_files)
    if isinstance(schema, str | Mapping):  # of the schemas `true` and `false` there is nothing to tell
        out["schema"] = schema
    parts = {"ctx": context, "out": out, "tier": tier, "budget": dict(budget or {})}
    return {
        "v": VERSION,
        "brief_id": brief_id,
        "from": sender,
        "to": to,
        "task_id": task_id,
        **{key: value for key, value in parts.items() if value},
        **({"result": result} if result is not None else {}),
    }


def store_brief(folder: Path, brief: Mapping[str, Any]) -> Path:
    """Write the Brief into `folder`, whole or not at all, for the user alone.

    Raises `ContractBroken` for one that does not meet the JSON Schema.
    """
    refuse_broken("brief", brief)
    make_unshared(folder)
    path = folder / f"{brief['brief_id']}.json"
    write_private(path, canonical_bytes(brief) + b"\n")
    return path
