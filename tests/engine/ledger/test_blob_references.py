"""Every record that holds the name of a blob is known to name it, so that `verify` looks after it."""

from __future__ import annotations

from typing import Any

import pytest

from metaensemble.engine.ledger import records
from metaensemble.engine.ledger.blob_references import blob_names


@pytest.mark.parametrize(
    ("kind", "payload", "names"),
    [
        (records.DAG_RUN_CREATED, {"graph": "a"}, ["a"]),
        (records.DAG_RUN_CREATED, {"graph": None}, []),
        (records.ATTEMPT_STARTED, {"inputs_blob": "a"}, ["a"]),
        (
            records.ATTEMPT_FINISHED,
            {"output_blob": "a", "stdout": {"blob": "b"}, "stderr": {"blob": "c"}},
            ["a", "b", "c"],
        ),
        (records.ATTEMPT_FINISHED, {"output": "a", "stdout": {"blob": None}}, []),
        (records.GRAPH_GREW, {"items_blob": "a"}, ["a"]),
        (records.GRAPH_GREW, {"params_blob": "a"}, ["a"]),
        (records.GROUP_JUDGED, {"output_blob": "a"}, ["a"]),
        (records.NODE_REUSED, {"output_blob": "a"}, ["a"]),
        (records.PRINCIPAL_ANSWERED, {"output_blob": "a"}, ["a"]),
        (records.TIMER_FIRED, {"output_blob": "a"}, []),
    ],
)
def test_the_blobs_that_a_record_names(kind: str, payload: dict[str, Any], names: list[str]) -> None:
    assert list(blob_names(kind, payload)) == names
