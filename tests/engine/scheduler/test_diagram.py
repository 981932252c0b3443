"""The diagram in the docs is the one that the table gives."""

from __future__ import annotations

from pathlib import Path

from metaensemble.engine.scheduler.diagram import state_diagram

DOC = Path(__file__).parents[3] / "docs" / "architecture.md"


def test_the_diagram_in_the_docs_is_current() -> None:
    text = DOC.read_text(encoding="utf-8")
    assert f"```mermaid\n{state_diagram()}```" in text, (
        "docs/architecture.md is stale: put in what `python -m metaensemble.engine.scheduler.diagram` prints"
    )
