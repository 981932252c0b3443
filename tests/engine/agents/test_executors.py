from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from metaensemble.engine.agents.executors import Choice, Executors, NoExecutor
from metaensemble.engine.ledger import Ledger, Record, people_queries
from metaensemble.engine.ledger.records import EXECUTOR_CREATED, EXECUTOR_RETIRED, ROLE_NOTED
from metaensemble.schemas.agent import AgentSpec, Role
from metaensemble.schemas.errors import ConflictingRecord
from support.ledger import DAG_RUN, dag_run_created, finished, started

ARCHITECT = Role(name="architect", version="1.2.0", alias_prefix="arch", digest="ab" * 32)
SPEC = AgentSpec(role="architect", identity=ARCHITECT)
ALONE = replace(SPEC, independent=True)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path) as opened:
        opened.append([dag_run_created("abc")])
        yield opened


def executors(ledger: Ledger, known: dict[str, str] | None = None) -> Executors:
    numbers = count(1)
    taken = len(people_queries.executors_by_time(ledger))
    return Executors(ledger, DAG_RUN, ids=lambda: f"id-{taken}-{next(numbers)}", known=known)  # type: ignore[arg-type]


def begin(ledger: Ledger, choice: Choice, run_id: str, node: str) -> None:
    ledger.append([*choice.records, started(run_id, node, executor_id=choice.executor_id)])


def end(ledger: Ledger, choice: Choice, run_id: str, node: str, **more: object) -> None:
    ledger.append([finished(run_id, node, executor_id=choice.executor_id, **more)])


def kinds(choice: Choice) -> list[str]:
    return [record.kind for record in choice.records]


def test_the_first_task_of_a_role_makes_an_executor_and_notes_the_role(ledger: Ledger) -> None:
    choice = executors(ledger).choose(SPEC, "a", runtime="claude")
    assert kinds(choice) == [ROLE_NOTED, EXECUTOR_CREATED]
    assert choice.first
    assert choice.alias.startswith("arch-")
    begin(ledger, choice, "r1", "a")
    row = people_queries.executor_by_alias(ledger, choice.alias)
    assert row is not None
    assert (row.role_id, row.role_version, row.status) == ("architect", "1.2.0", "active")


def test_an_idle_executor_is_reused_and_is_not_new_any_more(ledger: Ledger) -> None:
    first = executors(ledger).choose(SPEC, "a", runtime="claude")
    begin(ledger, first, "r1", "a")
    end(ledger, first, "r1", "a", session_id="s1", runtime="claude")
    again = executors(ledger).choose(SPEC, "b", runtime="claude")
    assert again.executor_id == first.executor_id
    assert not again.first
    assert kinds(again) == [ROLE_NOTED]
    assert again.session is None, "the identity is used again, what it talked about is not"


def test_two_nodes_at_once_never_share_an_executor(ledger: Ledger) -> None:
    chooser = executors(ledger)
    one, two = (chooser.choose(SPEC, node, runtime="claude") for node in "ab")
    assert one.executor_id != two.executor_id
    assert one.alias != two.alias
    assert kinds(two) == [EXECUTOR_CREATED], "the Role is noted once"


def test_a_pattern_that_asks_for_independence_gets_new_ones(ledger: Ledger) -> None:
    first = executors(ledger).choose(SPEC, "a", runtime="claude")
    begin(ledger, first, "r1", "a")
    end(ledger, first, "r1", "a")
    assert executors(ledger).choose(ALONE, "b", runtime="claude").executor_id != first.executor_id


def test_a_node_is_tried_again_by_whoever_tried_it(ledger: Ledger) -> None:
    first = executors(ledger).choose(ALONE, "a", runtime="claude")
    begin(ledger, first, "r1", "a")
    end(ledger, first, "r1", "a", outcome="failed", failure_reason="timeout")
    chooser = executors(ledger, {"a": first.executor_id})
    assert chooser.of_node("a") == first.executor_id
    assert chooser.choose(ALONE, "a", runtime="claude").executor_id == first.executor_id


def test_a_named_executor_goes_on_in_its_session_where_the_runtime_is_the_same(ledger: Ledger) -> None:
    first = executors(ledger).choose(SPEC, "a", runtime="claude")
    begin(ledger, first, "r1", "a")
    end(ledger, first, "r1", "a", session_id="s1", runtime="claude", session_totals={"tokens_in": 3})
    named = replace(SPEC, executor=first.alias)
    same = executors(ledger).choose(named, "b", runtime="claude")
    assert (same.executor_id, same.session, same.totals) == (first.executor_id, "s1", {"tokens_in": 3})
    assert same.continues
    other = executors(ledger).choose(named, "b", runtime="codex")
    assert (other.executor_id, other.session, other.totals) == (first.executor_id, None, None)
    assert other.continues


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        (replace(SPEC, executor="arch-zzz"), "no Executor `arch-zzz`"),
        (replace(SPEC, executor="docs-3cc"), "has the Role `docs`, not `architect`"),
        (replace(SPEC, executor="arch-0ff"), "`arch-0ff` is retired"),
        (AgentSpec(role="architect"), "was not looked up"),
    ],
)
def test_an_executor_that_cannot_do_it_is_refused(ledger: Ledger, spec: AgentSpec, words: str) -> None:
    for executor_id, alias, role in (("e1", "docs-3cc", "docs"), ("e2", "arch-0ff", "architect")):
        payload = {"alias": alias, "role_id": role, "role_version": "1.0.0"}
        ledger.append([Record(EXECUTOR_CREATED, executor_id, None, payload)])
    ledger.append([Record(EXECUTOR_RETIRED, "e2", None, {})])
    with pytest.raises(NoExecutor, match=words):
        executors(ledger).choose(spec, "a", runtime="claude")


def test_a_choice_that_lost_the_race_is_taken_back_and_another_one_is_made(ledger: Ledger) -> None:
    first = executors(ledger).choose(SPEC, "a", runtime="claude")
    begin(ledger, first, "r1", "a")
    end(ledger, first, "r1", "a")
    mine, theirs = executors(ledger), executors(ledger)
    slow = mine.choose(SPEC, "b", runtime="claude")
    begin(ledger, theirs.choose(SPEC, "c", runtime="claude"), "r2", "c")
    with pytest.raises(ConflictingRecord, match="not idle"):
        begin(ledger, slow, "r3", "b")
    mine.withdraw({"b": slow})
    other = mine.choose(SPEC, "b", runtime="claude")
    assert other.executor_id != slow.executor_id
    assert kinds(other) == [ROLE_NOTED, EXECUTOR_CREATED]
    begin(ledger, other, "r3", "b")


def test_a_released_executor_may_be_chosen_again(ledger: Ledger) -> None:
    chooser = executors(ledger)
    first = chooser.choose(SPEC, "a", runtime="claude")
    begin(ledger, first, "r1", "a")
    end(ledger, first, "r1", "a")
    assert chooser.choose(SPEC, "b", runtime="claude").executor_id != first.executor_id
    chooser.release(first.executor_id)
    assert chooser.choose(SPEC, "c", runtime="claude").executor_id == first.executor_id
