"""What attempts hand on is inspected alike, whatever carries them out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.runtimes.inspection import Inspection, is_trivial
from metaensemble.schemas.bound import OutputContract, Place
from support.callables import call, result_of, write
from support.fakes import MemoryBlobs, a_request

TEXT = """
from pathlib import Path

def writes():
    Path("report.md").write_text("# Report")

def leaves():
    print("nothing" * 1000)
"""


@pytest.mark.parametrize("where", ["process", "thread", "inline"])
def test_a_file_that_a_callable_left_as_it_was_does_not_count(
    where: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, TEXT)
    promised = ((str(tmp_path / "report.md"), None),)
    first = result_of(call(tmp_path, "writes", where=where, deliverables=promised))
    assert first.deliverable is not None
    again = result_of(call(tmp_path, "writes", where=where, deliverables=promised))
    assert again.outcome == "ok"
    blobs = MemoryBlobs()
    request = call(tmp_path, "leaves", where=where, deliverables=promised)
    stale = result_of(request, blobs)
    assert (stale.outcome, stale.failure_reason) == ("failed", "output_invalid")
    assert stale.reason == (
        "the deliverable `report.md` was there before and was not written by this attempt"
    )
    assert f"{request.run_id}.stdout" in blobs.kept_as, "what it prints outlives a kill"


@pytest.mark.parametrize(
    ("fields", "trivial"),
    [
        ({}, True),
        ({"output": OutputContract(form="json")}, True),
        ({"output": OutputContract(form="json", schema={})}, False),
        ({"output": OutputContract(source="file")}, False),
        ({"deliverables": (("/r.md", None),)}, False),
    ],
)
def test_the_event_loop_is_spared_whatever_is_read_or_checked(fields: dict[str, Any], trivial: bool) -> None:
    assert is_trivial(a_request(**fields)) == trivial


def test_only_what_is_promised_is_noted(tmp_path: Path) -> None:
    for name in ("out", "report", "other"):
        (tmp_path / name).write_text("x")
    inspection = Inspection()
    request = a_request(
        output_path=str(tmp_path / "out"),
        deliverables=((str(tmp_path / "report"), None), (str(tmp_path / "none"), None)),
    )
    inspection.prepare(request)
    assert set(inspection.before) == {str(tmp_path / "out"), str(tmp_path / "report")}
