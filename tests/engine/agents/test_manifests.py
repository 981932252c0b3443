from __future__ import annotations

import hashlib
import json
import stat
from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.agents.contracts import broken
from metaensemble.engine.agents.manifests import (
    build_manifest,
    check_manifest,
    read_twin,
    store_manifest,
)
from metaensemble.schemas.errors import ContractBroken, TwinStale
from metaensemble.schemas.manifest import Manifest
from metaensemble.tasks.manifest_text import manifest_yaml
from metaensemble.tasks.reader import read

ID = "hm-01900000-0000-7000-8000-0000000000d1"


def built(**more: Any) -> dict[str, Any]:
    return build_manifest(ID, sender="coordinator", to="arch-7b3", task="review", **more)


FULL = built(
    files=[
        {"path": "src/a.py", "lines": (10, 40), "role": "source"},
        {"path": "src/b.py", "lines": [3, 3]},
        {"path": "src/c.py", "lines": "1..2", "role": None},
        {"path": "CLAUDE.md", "role": "memory"},
        {"path": "CLAUDE.md", "role": "again"},
    ],
    prior_runs=["r-1", "r-2", "r-1"],
    deliverables=[{"path": "out.md", "must_export": ["x"], "coverage": 80.0, "schema": {"type": "object"}}],
    tier="haiku",
    window_budget="10%",
    acceptance=["it is short"],
    peer_review={"mandatory_for_reversibility": True},
    delegates_to=[{"role": "docs", "purpose": "write it down"}],
    extras={"ticket": 12},
)


def test_nothing_said_is_nothing_written() -> None:
    assert built() == {"version": 1, "id": ID, "from": "coordinator", "to": "arch-7b3", "task": "review"}


def test_a_full_one_is_valid_by_the_model_and_by_the_published_schema() -> None:
    Manifest.model_validate(FULL)
    assert broken("manifest", FULL) == []


def test_pointers_are_written_one_way_and_once() -> None:
    assert FULL["context"] == {
        "files": [
            {"path": "src/a.py", "lines": "10..40", "role": "source"},
            {"path": "src/b.py", "lines": "3"},
            {"path": "src/c.py", "lines": "1..2"},
            {"path": "CLAUDE.md", "role": "memory"},
        ],
        "prior_runs": ["r-1", "r-2"],
    }


def test_the_shape_is_checked_before_the_pointers(tmp_path: Path) -> None:
    assert check_manifest(built(), tmp_path) == []
    (gone,) = check_manifest(built(files=[{"path": "gone.py"}]), tmp_path)
    assert gone.code == "ME381"
    (empty,) = check_manifest(built(files=[{"path": ""}]), tmp_path)
    assert empty.code == "ME386"
    assert empty.message.startswith("the Manifest is not valid at `$.context.files[0].path`: ")
    assert empty.where == ("context", "files", 0, "path")


def test_it_is_stored_with_a_twin_that_names_the_text(tmp_path: Path) -> None:
    text = manifest_yaml(FULL)
    path = store_manifest(tmp_path / "state" / "manifests", FULL, text)
    assert path.name == f"{ID}.yaml"
    assert read(path.read_bytes()).value == FULL
    twin = json.loads(path.with_suffix(".json").read_bytes())
    assert twin == {"yaml_sha256": hashlib.sha256(text.encode()).hexdigest(), "manifest": FULL}
    assert read_twin(path) == FULL
    for file in path.parent.glob("[!.]*"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert sorted(file.suffix for file in path.parent.glob("[!.]*")) == [".json", ".yaml"]


@pytest.mark.parametrize("change", [{"version": 2}, {"x": 1}, {"id": "../../etc/x"}, {"task": ""}])
def test_what_is_not_valid_is_not_stored(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(ContractBroken):
        store_manifest(tmp_path, {**FULL, **change}, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("twin", [b"{", b"[]", b"{}", b'{"yaml_sha256": "0", "manifest": {}}', b"1"])
def test_a_twin_of_another_text_is_not_read(tmp_path: Path, twin: bytes) -> None:
    path = store_manifest(tmp_path, FULL, "a")
    path.with_suffix(".json").write_bytes(twin)
    with pytest.raises(TwinStale, match="is not the twin of"):
        read_twin(path)


def test_a_changed_text_has_no_twin(tmp_path: Path) -> None:
    path = store_manifest(tmp_path, FULL, manifest_yaml(FULL))
    path.write_text(path.read_text() + "# a note\n")
    with pytest.raises(TwinStale):
        read_twin(path)
