"""The project root."""

from __future__ import annotations

from pathlib import Path

import pytest

from metaensemble.engine.project import find_project, state_dir


def test_the_nearest_mark_wins_and_ours_comes_before_git(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    assert find_project(deep) == deep
    (tmp_path / ".git").mkdir()
    assert find_project(deep) == tmp_path
    (tmp_path / "a" / ".git").write_text("gitdir: elsewhere", encoding="utf-8")
    assert find_project(deep) == tmp_path / "a"
    (tmp_path / ".metaensemble").mkdir()
    assert find_project(deep) == tmp_path
    assert state_dir(tmp_path) == tmp_path / ".metaensemble" / "state"


def test_the_users_own_settings_are_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".metaensemble").mkdir()
    inside = tmp_path / "work"
    inside.mkdir()
    assert find_project(inside) == inside
    assert find_project(tmp_path) == tmp_path


def test_a_link_is_followed(tmp_path: Path) -> None:
    real = tmp_path / "real"
    (real / ".metaensemble").mkdir(parents=True)
    (tmp_path / "link").symlink_to(real)
    assert find_project(tmp_path / "link") == real
