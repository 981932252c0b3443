"""The stored form of a bound graph comes back exactly as it was."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metaensemble.schemas import bound_json
from metaensemble.schemas.bound import (
    AskSpec,
    BoundGraph,
    BoundTask,
    CallableSpec,
    Cell,
    CommandSpec,
    DeliverableSpec,
    EachSpec,
    LaterKey,
    Need,
    OutputContract,
    RepeatSpec,
    RetryPolicy,
    SubGraph,
)
from metaensemble.schemas.template import Concat, Expr, Literal

TEXT = st.text(max_size=4)
JSON = (
    st.none()
    | st.booleans()
    | st.integers()
    | TEXT
    | st.dictionaries(TEXT, st.lists(st.integers(), max_size=2))
)
TEMPLATE = (
    st.builds(Literal, JSON)
    | st.builds(Expr, TEXT)
    | st.builds(lambda a, b: Concat((Literal(a), Expr(b))), TEXT, TEXT)
)
NAMED = st.lists(st.tuples(TEXT, TEMPLATE), max_size=2).map(tuple)
TEXTS = st.lists(TEXT, max_size=2).map(tuple)
TEMPLATES = st.lists(TEMPLATE, max_size=2).map(tuple)
SCHEMA = st.none() | st.booleans() | st.just({"type": "object"})
SECONDS = st.none() | st.floats(0, 1e6)
COUNT = st.none() | st.integers(1, 9)
LATER = st.builds(LaterKey, key=TEXT, where=st.lists(TEXT | st.integers(0, 9), max_size=3).map(tuple))
COMMAND = st.builds(CommandSpec, argv=st.lists(TEMPLATE, max_size=2).map(tuple)) | st.builds(
    CommandSpec, shell=TEXT, bindings=NAMED
)
CALLABLE = st.builds(
    CallableSpec, module=TEXT, function=TEXT, where=st.sampled_from(["process", "thread", "inline"])
)
TASK = st.builds(
    BoundTask,
    id=TEXT,
    kind=st.sampled_from(["run", "python", "role", "graph", "approve"]),
    needs=st.lists(
        st.builds(
            Need,
            task=TEXT,
            mode=st.sampled_from(["ok", "done", "failed"]),
            count=COUNT,
            of=COUNT,
            inferred=st.booleans(),
            whole=st.booleans(),
        ),
        max_size=2,
    ).map(tuple),
    condition=st.none() | TEMPLATE,
    command=st.none() | COMMAND,
    python=st.none() | CALLABLE,
    inputs=NAMED,
    env=NAMED,
    secrets=TEXTS,
    cwd=TEMPLATE,
    output=st.builds(
        OutputContract,
        source=st.sampled_from(["stdout", "file"]),
        path=TEMPLATE,
        form=st.sampled_from(["text", "json", "lines"]),
        schema=SCHEMA,
        schema_file=st.none() | TEXT,
    ),
    deliverables=st.lists(st.builds(DeliverableSpec, path=TEMPLATE, schema=SCHEMA), max_size=2).map(tuple),
    reads=st.none() | TEMPLATES,
    writes=TEMPLATES,
    condition_at=st.sampled_from(["task", "item", "round"]),
    outputs_taken=st.booleans(),
    each=st.none()
    | st.builds(
        EachSpec,
        items=TEMPLATE,
        name=TEXT,
        key=st.none() | TEMPLATE,
        parallel=COUNT,
        rest=st.sampled_from(["stop", "keep"]),
    ),
    repeat=st.none() | st.builds(RepeatSpec, until=TEMPLATE, maximum=st.integers(1, 9)),
    ask=st.none() | st.builds(AskSpec, question=TEMPLATE, schema=SCHEMA, rewind_to=st.none() | TEXT),
    runtime=TEXT,
    pool=st.none() | TEXT,
    priority=st.integers(-3, 3),
    timeout=SECONDS,
    idle_timeout=SECONDS,
    retry=st.builds(
        RetryPolicy,
        maximum=st.integers(0, 3),
        backoff_min=st.floats(0, 9),
        backoff_max=st.floats(9, 99),
        on=st.none() | st.frozensets(st.sampled_from(["timeout", "exit_status"])),
    ),
    effects=st.sampled_from(["none", "local", "external"]),
    on_lost=st.sampled_from([None, "rerun", "ask", "fail"]),
    isolation=st.sampled_from(["none", "worktree"]),
    cache=st.sampled_from(["auto", "off", "refresh"]),
    tags=TEXTS,
    description=st.none() | TEXT,
    later=st.lists(LATER, max_size=2).map(tuple),
)
FLAT_GRAPH = st.builds(
    BoundGraph,
    name=TEXT,
    source=TEXT,
    source_digest=TEXT,
    project=TEXT,
    tasks=st.lists(TASK, max_size=1).map(tuple),
)
CELLS = st.lists(
    st.builds(Cell, key=TEXT, values=st.dictionaries(TEXT, JSON, max_size=2), task=TASK), max_size=2
).map(tuple)
BODY = st.builds(
    SubGraph,
    graph=FLAT_GRAPH,
    given=NAMED,
    specs=st.dictionaries(TEXT, st.just({"type": "json"}), max_size=1),
)
DEEP_TASK = st.builds(
    lambda task, cells, body: replace(task, cells=cells, body=body), TASK, CELLS, st.none() | BODY
)
GRAPH = st.builds(
    BoundGraph,
    name=TEXT,
    source=TEXT,
    source_digest=TEXT,
    project=TEXT,
    tasks=st.lists(DEEP_TASK, max_size=2).map(tuple),
    description=st.none() | TEXT,
    params=st.lists(st.tuples(TEXT, JSON), max_size=2).map(tuple),
    maximum=COUNT,
    pools=st.lists(st.tuples(TEXT, st.integers(1, 9)), max_size=2).map(tuple),
    outputs=NAMED,
    later=st.lists(LATER, max_size=2).map(tuple),
)


@given(GRAPH)
def test_a_graph_comes_back_as_it_was(graph: BoundGraph) -> None:
    text = json.dumps(bound_json.to_json(graph))
    again = bound_json.from_json(json.loads(text))
    assert again == graph
    assert json.dumps(bound_json.to_json(again)) == text


def test_another_format_is_refused() -> None:
    with pytest.raises(ValueError, match="format 5"):
        bound_json.from_json({"format": bound_json.FORMAT + 1})


def test_what_the_first_format_stored_is_still_read() -> None:
    stored = {
        "format": 1,
        "name": "g",
        "source": "/p/g.yaml",
        "source_digest": "0" * 64,
        "project": "/p",
        "tasks": [{"id": "a", "cwd": {"lit": "."}, "writes": ["out/*", "b"], "tags": ["x"]}],
        "params": [],
        "pools": [],
        "outputs": [],
        "later": [],
    }
    (task,) = bound_json.from_json(stored).tasks
    assert task == BoundTask(id="a", writes=(Literal("out/*"), Literal("b")), tags=("x",))
