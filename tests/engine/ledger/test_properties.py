"""Random histories: what the journal gives is what the tables hold, whatever failed on the way."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from metaensemble.engine.ledger import Ledger, Record, rebuild
from metaensemble.schemas.errors import ConflictingRecord
from support.ledger import Interrupted, content, content_of, dag_run_created, finished, note, started

DAG_RUNS = ("d1", "d2")
NODES = ("a", "b", "c")
dag_runs = st.sampled_from(DAG_RUNS)
nodes = st.sampled_from(NODES)
run_ids = st.sampled_from([f"r{number}" for number in range(6)])
generations = st.integers(0, 2)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


def about(kind: str, **payload: st.SearchStrategy[object]) -> st.SearchStrategy[Record]:
    return st.builds(
        lambda dag_run, given: Record(f"dag_run.{kind}", dag_run, dag_run, given),
        dag_runs,
        st.fixed_dictionaries(payload),
    )


def of_node(kind: str, **payload: st.SearchStrategy[object]) -> st.SearchStrategy[Record]:
    return st.builds(
        lambda node, dag_run, given: Record(kind, node, dag_run, given),
        nodes,
        dag_runs,
        st.fixed_dictionaries({"generation": generations, **payload}),
    )


ends = st.sampled_from(["skipped", "blocked"])
node_ends = st.sampled_from(["ok", "failed", "waiting", "cancelled"])
records = st.one_of(
    st.builds(lambda d: dag_run_created(NODES, d), dag_runs),
    st.builds(lambda r, n, d, g: started(r, n, d, generation=g), run_ids, nodes, dag_runs, generations),
    st.builds(
        lambda r, n, d, g, end, out: finished(
            r, n, d, generation=g, node_state=end, outcome="ok" if end == "ok" else "failed", output=out
        ),
        run_ids, nodes, dag_runs, generations, node_ends, json_values,
    ),
    st.builds(
        lambda r, d: Record("attempt.spawned", r, d, {"pid": 1, "group": 1, "started": 2, "boot_id": "b"}),
        run_ids, dag_runs,
    ),
    about("claimed", pid=st.integers(1, 99), host=st.text(max_size=3), resumed=st.booleans()),
    about("paused", reason=st.text(), waiting_for=st.lists(st.text(), max_size=2)),
    about("cancel_requested", now=st.booleans()),
    about("ended", state=st.sampled_from(["ok", "failed", "cancelled"]), outputs=json_values),
    about("reopened", nodes=st.lists(st.tuples(nodes, generations), max_size=3)),
    of_node("timer.fired"),
    of_node("principal.answered", answer=json_values, by=st.text(max_size=3)),
    of_node(
        "principal.answered",
        answer=st.sampled_from(["yes", "no", "rerun"]),
        answer_id=st.sampled_from("xyz"),
        by=st.text(max_size=3),
    ),
    st.builds(
        lambda d, nodes, dropped: Record("nodes.renewed", d, d, {"nodes": nodes, "dropped": dropped}),
        dag_runs,
        st.lists(st.tuples(nodes, generations), max_size=2),
        st.lists(st.tuples(nodes, generations), max_size=2),
    ),
    st.builds(
        lambda d, ends: Record("nodes.ended", d, d, {"nodes": ends}),
        dag_runs,
        st.lists(st.tuples(nodes, generations, ends, st.text()), max_size=3),
    ),
    st.builds(lambda value: note(value=value), json_values),
)  # fmt: skip


def failing(passes: int) -> Callable[[str], None]:
    """Faults that raise each time that `passes` points were passed; never for 0."""
    count = 0

    def fault(_point: str) -> None:
        nonlocal count
        count += 1
        if passes and count % passes == 0:
            raise Interrupted

    return fault


@settings(max_examples=40)
@given(batches=st.lists(st.lists(records, min_size=1, max_size=4), max_size=12), passes=st.integers(0, 9))
def test_tables_made_anew_from_the_journal_equal_the_live_ones(
    batches: list[list[Record]], passes: int
) -> None:
    state = Path(tempfile.mkdtemp())
    try:
        acknowledged: list[int] = []
        ledger = Ledger.open(state)
        ledger._faults = ledger.mirror._faults = failing(passes)
        for batch in batches:
            try:
                acknowledged += ledger.append(batch)
                ledger.mirror.catch_up()
            except (Interrupted, ConflictingRecord):
                pass
        ledger._faults = ledger.mirror._faults = failing(0)
        ledger.close()

        with Ledger.open(state) as ledger:
            found = ledger.verify()
            assert (found.problems, found.mirror_lag) == ((), 0)
            assert found.records >= max(acknowledged, default=0)
            live = content(ledger.connection)
        rebuild(state)
        assert content_of(state) == live
        for path in state.glob("department.db*"):
            path.unlink()
        with Ledger.open(state) as ledger:
            assert content(ledger.connection) == live
    finally:
        shutil.rmtree(state)


@given(json_values)
def test_any_json_value_comes_back_as_it_went_in(value: object) -> None:
    state = Path(tempfile.mkdtemp())
    try:
        with Ledger.open(state) as ledger:
            ledger.append([Record("note", "n", "d", {"value": value})])
            back = ledger.journal_of("d")[0].payload["value"]
            assert back == value
            assert repr(back) == repr(value) or isinstance(value, dict | list | float)
    finally:
        shutil.rmtree(state)
