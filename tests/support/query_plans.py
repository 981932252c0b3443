"""How SQLite would answer a question."""

from __future__ import annotations

import re

from metaensemble.engine.ledger import Ledger


def plan_of(ledger: Ledger, sql: str) -> list[str]:
    names = re.findall(r":([a-z_]+)", sql)
    marks = dict.fromkeys(names) if names else [None] * sql.count("?")
    return [row[3] for row in ledger.connection.execute(f"EXPLAIN QUERY PLAN {sql}", marks)]


def assert_goes_by_index(plan: list[str], expected: tuple[str, ...]) -> None:
    for way in expected:
        assert any(way in step for step in plan), f"{way!r} is not in {plan}"
    for step in plan:
        assert not step.startswith("SCAN") or "json_each" in step, f"a table is scanned: {plan}"
        assert "TEMP B-TREE" not in step, f"rows are sorted: {plan}"
