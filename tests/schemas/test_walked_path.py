from __future__ import annotations

import os
from pathlib import Path

import pytest

from metaensemble.schemas.walked_path import leads_out, walked


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "far" / "deep").mkdir(parents=True)
    (tmp_path / "top" / "a" / "b").mkdir(parents=True)
    (tmp_path / "top" / "away").symlink_to(tmp_path / "far" / "deep")
    (tmp_path / "top" / "near").symlink_to("a/b")
    return tmp_path / "top"


@pytest.mark.parametrize(
    ("path", "leads_to"),
    [
        (".", "."),
        ("a//./b/", "a/b"),
        ("a/b/..", "a"),
        ("near/x", "near/x"),
        ("near/../x", "a/x"),
        ("near/../../x", "x"),
        ("a/../near/./../x", "a/x"),
        ("away/../x", "../far/x"),
        ("away/../../top/x", "x"),
        ("none/../x", "x"),
        ("x..y/z", "x..y/z"),
    ],
)
def test_dots_go_where_the_system_goes(root: Path, path: str, leads_to: str) -> None:
    assert walked(f"{root}/{path}") == os.path.normpath(f"{root}/{leads_to}")


def test_nothing_is_above_the_top() -> None:
    assert walked("/../../etc") == "/etc"


@pytest.mark.parametrize(
    ("path", "is_out"),
    [("near/../x", False), ("away/x", True), ("away/../x", True), ("../top/x", False), ("/etc", True)],
)
def test_links_may_not_lead_out(root: Path, path: str, is_out: bool) -> None:
    assert leads_out(path, str(root)) is is_out
