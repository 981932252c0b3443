from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.ledger import Ledger, Record, people_queries
from metaensemble.engine.ledger.records import (
    EXECUTOR_CREATED,
    EXECUTOR_RESTORED,
    EXECUTOR_RETIRED,
    EXECUTOR_REVIEWED,
    ROLE_ARCHIVED,
    ROLE_NOTED,
    ROLE_RESTORED,
)
from metaensemble.schemas.errors import ConflictingRecord
from support.ledger import dag_run_created, finished, started
from support.query_plans import assert_goes_by_index, plan_of


def created(number: int, alias: str, role: str = "architect", version: str = "1.2.0") -> Record:
    payload = {"alias": alias, "role_id": role, "role_version": version, "parent_id": None}
    return Record(EXECUTOR_CREATED, f"e{number}", None, payload, ts_ms=1000 + number)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path) as opened:
        opened.append([dag_run_created("abc"), created(1, "arch-1aa"), created(2, "arch-2bb")])
        opened.append([created(3, "docs-3cc", "docs")])
        yield opened


def aliases(rows: list[Any]) -> list[str]:
    return [row.alias for row in rows]


@pytest.mark.parametrize("name", sorted(people_queries.QUERIES))
def test_every_statement_goes_by_the_index_that_it_names(ledger: Ledger, name: str) -> None:
    query = people_queries.QUERIES[name]
    assert_goes_by_index(plan_of(ledger, query.sql), query.plan)


@pytest.mark.parametrize("name", people_queries.__all__)
def test_every_function_states_its_cost_and_its_index(name: str) -> None:
    function: Callable[..., Any] = getattr(people_queries, name)
    assert function.__doc__ is not None
    assert re.search(r"O\(log n.*\), by the \w+", function.__doc__, re.DOTALL), name


def test_every_statement_belongs_to_a_public_function() -> None:
    assert sorted(people_queries.QUERIES) == people_queries.__all__


def test_the_idle_executors_of_a_role_come_by_when_they_were_seen_last(ledger: Ledger) -> None:
    assert aliases(people_queries.idle_executors(ledger, "architect")) == ["arch-2bb", "arch-1aa"]
    ledger.append([started("r1", executor_id="e2")])
    assert aliases(people_queries.idle_executors(ledger, "architect")) == ["arch-1aa"]
    ledger.append([finished("r1", executor_id="e2", ended_ts=5)])
    assert aliases(people_queries.idle_executors(ledger, "architect")) == ["arch-2bb", "arch-1aa"]
    assert aliases(people_queries.executors_by_time(ledger, limit=1)) == ["arch-2bb"]


def test_an_executor_is_engaged_once(ledger: Ledger) -> None:
    ledger.append([started("r1", executor_id="e1")])
    found = people_queries.executor_by_alias(ledger, "arch-1aa")
    assert found is not None
    assert (found.status, found.run_id, found.runs) == ("active", "r1", 0)
    with pytest.raises(ConflictingRecord, match=r"`arch-[0-9a-z]*` is not idle"):
        ledger.append([started("r2", "b", executor_id="e1")])
    assert ledger.append([started("r1", executor_id="e1")])  # the same again is no other


def test_a_retired_executor_is_not_engaged(ledger: Ledger) -> None:
    ledger.append([Record(EXECUTOR_RETIRED, "e1", None, {"reason": "its Role was archived"})])
    with pytest.raises(ConflictingRecord, match=r"`arch-[0-9a-z]*` is not idle"):
        ledger.append([started("r1", executor_id="e1")])


def test_the_end_of_a_run_leaves_the_session_to_go_on_with(ledger: Ledger) -> None:
    totals = {"tokens_in": 12, "cost_usd": 0.25}
    ledger.append([started("r1", executor_id="e1")])
    ledger.append([
        finished("r1", executor_id="e1", runtime="claude", session_id="s1", session_totals=totals)
    ])  # fmt: skip
    found = people_queries.executor_by_id(ledger, "e1")
    assert found is not None
    assert (found.status, found.runs, found.session_id) == ("idle", 1, "s1")
    assert (found.session_runtime, found.session_totals) == ("claude", totals)
    ledger.append([started("r2", "b", executor_id="e1")])
    ledger.append([finished("r2", "b", executor_id="e1", outcome="interrupted")])
    found = people_queries.executor_by_id(ledger, "e1")
    assert found is not None
    assert (found.runs, found.session_id, found.session_runtime) == (2, "s1", "claude")
    runs = people_queries.runs_of_executor(ledger, "e1")
    assert [run.run_id for run in runs] == ["r2", "r1"]
    latest = people_queries.latest_run_of_executor(ledger, "e1")
    assert latest is not None
    assert latest.run_id == "r2"


def test_two_executors_never_have_one_alias(ledger: Ledger) -> None:
    with pytest.raises(ConflictingRecord, match="arch-1aa"):
        ledger.append([created(9, "arch-1aa")])
    assert people_queries.executor_by_id(ledger, "e9") is None


def test_a_new_major_version_of_a_role_has_its_executors_looked_at(ledger: Ledger) -> None:
    ledger.append([Record(ROLE_NOTED, "architect", None, {"version": "1.9.0"})])
    assert [row.review for row in people_queries.idle_executors(ledger, "architect")] == [None, None]
    ledger.append([Record(ROLE_NOTED, "architect", None, {"version": "2.0.0"})])
    reviews = [row.review for row in people_queries.idle_executors(ledger, "architect")]
    assert all(review is not None and "2.0.0" in review for review in reviews)
    ledger.append([Record(EXECUTOR_REVIEWED, "e1", None, {"version": "2.0.0"})])
    found = people_queries.executor_by_id(ledger, "e1")
    assert found is not None
    assert (found.review, found.role_version) == (None, "2.0.0")
    other = people_queries.executor_by_alias(ledger, "docs-3cc")
    assert other is not None
    assert other.review is None


def archived(role: str = "architect", ts: int = 5000, **more: Any) -> Record:
    return Record(ROLE_ARCHIVED, role, None, {"version": "1.2.0", **more}, ts_ms=ts)


def restored(role: str = "architect", ts: int = 6000) -> Record:
    return Record(ROLE_RESTORED, role, None, {"version": "1.2.0"}, ts_ms=ts)


def statuses(ledger: Ledger) -> dict[str, str]:
    return {row.alias: row.status for row in people_queries.executors_by_time(ledger)}


def test_the_executors_of_an_archived_role_retire_and_come_back(ledger: Ledger) -> None:
    ledger.append([archived()])
    assert statuses(ledger) == {"arch-1aa": "retired", "arch-2bb": "retired", "docs-3cc": "idle"}
    ledger.append([restored()])
    assert statuses(ledger) == {"arch-1aa": "idle", "arch-2bb": "idle", "docs-3cc": "idle"}


def test_an_executor_that_was_retired_for_itself_stays_retired(ledger: Ledger) -> None:
    ledger.append([Record(EXECUTOR_RETIRED, "e1", None, {}), archived()])
    ledger.append([Record(EXECUTOR_RETIRED, "e2", None, {}), restored()])
    assert statuses(ledger) == {"arch-1aa": "retired", "arch-2bb": "retired", "docs-3cc": "idle"}


def test_a_role_that_is_archived_twice_keeps_whom_it_retired(ledger: Ledger) -> None:
    ledger.append([archived(), archived(), restored(), restored()])
    assert statuses(ledger)["arch-1aa"] == "idle"
    ledger.append([Record(EXECUTOR_RETIRED, "e1", None, {}), restored()])
    assert statuses(ledger)["arch-1aa"] == "retired"


def test_an_executor_that_was_brought_back_by_itself_is_retired_again(ledger: Ledger) -> None:
    ledger.append([archived(), Record(EXECUTOR_RESTORED, "e1", None, {})])
    assert statuses(ledger)["arch-1aa"] == "idle"
    ledger.append([Record(EXECUTOR_RETIRED, "e1", None, {}), restored()])
    assert statuses(ledger) == {"arch-1aa": "retired", "arch-2bb": "idle", "docs-3cc": "idle"}


def test_an_executor_at_work_is_at_work_again_or_idle_once_its_run_has_ended(ledger: Ledger) -> None:
    ledger.append([started("r1", executor_id="e1"), started("r2", "b", executor_id="e2"), archived()])
    ledger.append([finished("r2", "b", executor_id="e2")])
    assert statuses(ledger)["arch-2bb"] == "retired", "the end of a Run brings nobody back"
    ledger.append([restored()])
    assert statuses(ledger) == {"arch-1aa": "active", "arch-2bb": "idle", "docs-3cc": "idle"}
    ledger.append([finished("r1", executor_id="e1")])
    assert statuses(ledger)["arch-1aa"] == "idle"


def test_archiving_forgets_nothing_that_was_noted(ledger: Ledger) -> None:
    noted = {"version": "1.2.0", "tier": "opus", "digest": "d1", "origin": "core", "alias_prefix": "arch"}
    ledger.append([Record(ROLE_NOTED, "architect", None, noted, ts_ms=4000)])
    (before,) = people_queries.roles_by_name(ledger)
    ledger.append([archived()])
    (row,) = people_queries.roles_by_name(ledger)
    assert (row.status, row.digest, row.model_tier, row.used_ts) == ("archived", "d1", "opus", 4000)
    ledger.append([restored()])
    (row,) = people_queries.roles_by_name(ledger)
    assert (row.status, row.digest, row.noted_ts, row.used_ts) == ("active", "d1", before.noted_ts, 6000)


def test_archiving_is_the_first_that_is_heard_of_some_roles(ledger: Ledger) -> None:
    ledger.append([archived("docs", tier="haiku", digest="d9", origin="core")])
    (row,) = people_queries.roles_by_name(ledger)
    assert (row.role_id, row.role_version, row.status, row.digest) == ("docs", "1.2.0", "archived", "d9")


def test_roles_come_by_name_and_version_in_pages(ledger: Ledger) -> None:
    for role, version in (("docs", "1.0.0"), ("architect", "2.0.0"), ("architect", "1.0.0")):
        ledger.append([Record(ROLE_NOTED, role, None, {"version": version})])
    first = people_queries.roles_by_name(ledger, limit=2)
    rest = people_queries.roles_by_name(ledger, after=(first[-1].role_id, first[-1].role_version))
    assert [(row.role_id, row.role_version) for row in [*first, *rest]] == [
        ("architect", "1.0.0"),
        ("architect", "2.0.0"),
        ("docs", "1.0.0"),
    ]


def test_the_last_use_of_a_role(ledger: Ledger) -> None:
    assert people_queries.last_use_of_role(ledger, "architect") == 1002, "its youngest Executor was made"
    assert people_queries.last_use_of_role(ledger, "nobody") is None
    ledger.append([Record(ROLE_NOTED, "architect", None, {"version": "1.0.0"}, ts_ms=2000)])
    ledger.append([Record(ROLE_NOTED, "architect", None, {"version": "0.9.0"}, ts_ms=1500)])
    assert people_queries.last_use_of_role(ledger, "architect") == 2000
    begin, end = started("r1", executor_id="e1"), finished("r1", executor_id="e1", ended_ts=8000)
    ledger.append([replace(begin, ts_ms=7000)])
    assert people_queries.last_use_of_role(ledger, "architect") == 7000
    ledger.append([replace(end, ts_ms=8000), archived(ts=9000)])
    assert people_queries.last_use_of_role(ledger, "architect") == 8000, "being put away is no use"
