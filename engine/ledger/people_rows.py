"""Rows about Executors and their Roles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class ExecutorRow:
    """One Executor. `status` is `idle`, `active` or `retired`; `run_id` is the Run that it is at work on or
    ended last, `runs` how many it has ended. `session_id` is a session of `session_runtime`, which had used
    `session_totals` when it was left. `review` says why someone should look at it, where that is so."""

    executor_id: str
    seq: int
    alias: str
    role_id: str | None
    role_version: str | None
    parent_id: str | None
    status: str
    session_id: str | None
    created_ts: int
    last_seen_ts: int | None
    session_runtime: str | None
    session_totals: Any
    run_id: str | None
    runs: int
    review: str | None


@dataclass(frozen=True, slots=True)
class RoleRow:
    """One version of a Role that was worked with. `status` is `active` or `archived`, the same for all
    versions; `noted_ts` is when the version was seen first, `used_ts` when it was used last, `digest` that
    of what it said then."""

    role_id: str
    role_version: str
    seq: int
    name: str | None
    model_tier: str | None
    alias_prefix: str | None
    origin: str | None
    digest: str | None
    status: str | None
    noted_ts: int | None
    used_ts: int | None
