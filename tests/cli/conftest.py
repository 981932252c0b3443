from __future__ import annotations

from pathlib import Path

import pytest

from support.command_line import Shell


@pytest.fixture
def me(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """The program, in an empty project of its own."""
    (tmp_path / ".metaensemble").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["me"])
    return Shell(capsys)
