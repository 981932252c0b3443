"""Briefs: what one Executor is told by another, terse and typed, for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...schemas.canonical import canonical_bytes
from ..private_files import write_private

VERSION = 1


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
    budget: Any = None,
    result: Any = None,
) -> dict[str, Any]:
    """A Brief from `sender` to `to` about the task `task_id`. `files` are pairs of a path and a pair of
    lines or None; `out_files` and `schema` say what is expected of the receiver."""
    return {
        "v": VERSION,
        "brief_id": brief_id,
        "from": sender,
        "to": to,
        "task_id": task_id,
        "ctx": {"prior_runs": list(prior_runs), "files": [list(one) for one in files]},
        "out": {"files": list(out_files), "schema": schema},
        "tier": tier,
        "budget": budget,
        "result": result,
    }


def store_brief(folder: Path, brief: Mapping[str, Any]) -> Path:
    """Write the Brief into `folder`, whole or not at all, for the user alone."""
    path = folder / f"{brief['brief_id']}.json"
    write_private(path, canonical_bytes(dict(brief)) + b"\n")
    return path
