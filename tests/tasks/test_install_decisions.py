from __future__ import annotations

from pathlib import Path

import pytest

from metaensemble.schemas.errors import InputErrors
from metaensemble.tasks.install_decisions import FILE, memory_files


@pytest.mark.parametrize(
    ("text", "files"),
    [
        (None, None),
        ("report_root: docs/reports\n", None),
        ("memory_files: [AGENTS.md, docs/agents.md]\nother: 1\n", ("AGENTS.md", "docs/agents.md")),
        ("memory_files: []\n", ()),
    ],
)
def test_the_decisions_name_the_memory_files(
    tmp_path: Path, text: str | None, files: tuple[str, ...] | None
) -> None:
    if text is not None:
        (tmp_path / FILE).write_text(text)
    assert memory_files(tmp_path) == files


@pytest.mark.parametrize(
    ("text", "code"), [("memory_files: CLAUDE.md\n", "ME202"), ("a: [\n", "ME110"), ("", "ME106")]
)
def test_what_cannot_be_read_is_told(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(InputErrors) as raised:
        memory_files(tmp_path)
    assert [one.code for one in raised.value.errors] == [code]
