from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.agents.briefs import build_brief, store_brief
from metaensemble.engine.agents.contracts import broken
from metaensemble.schemas.brief import Brief
from metaensemble.schemas.errors import ContractBroken

ID = "01900000-0000-7000-8000-0000000000d1"


def built(**more: Any) -> dict[str, Any]:
    return build_brief(ID, sender="arch-7b3", to="coordinator", task_id="review", **more)


FULL = built(
    prior_runs=[ID],
    files=[["src/a.py", (1, 9)], ["src/b.py", None], ("src/c.py", "4")],
    out_files=["notes.json"],
    schema={"type": "object"},
    tier="opus",
    budget={"tokens": 9},
    result={"verdict": "approve"},
)


def test_nothing_said_is_nothing_written() -> None:
    assert built() == {
        "v": 1, "brief_id": ID, "from": "arch-7b3", "to": "coordinator", "task_id": "review",
    }  # fmt: skip


def test_a_full_one_is_valid_by_the_model_and_by_the_published_schema() -> None:
    Brief.model_validate(FULL)
    assert broken("brief", FULL) == []
    assert FULL["ctx"]["files"] == [["src/a.py", "1..9"], ["src/b.py", None], ["src/c.py", "4"]]


@pytest.mark.parametrize("result", [False, 0, "", [], {}])
def test_a_result_that_is_empty_is_still_one(result: Any) -> None:
    assert built(result=result)["result"] == result


def test_what_a_brief_cannot_hold_is_left_out() -> None:
    brief = built(schema=True, files=[["", None], ["a.py", None]])
    assert brief["ctx"]["files"] == [["a.py", None]]
    assert "out" not in brief
    assert broken("brief", brief) == []


def test_it_is_stored_for_the_user_alone(tmp_path: Path) -> None:
    path = store_brief(tmp_path / "briefs", FULL)
    assert path == tmp_path / "briefs" / f"{ID}.json"
    assert json.loads(path.read_bytes()) == FULL
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.glob("[!.]*")] == [path.name]


@pytest.mark.parametrize(
    "change", [{"v": 2}, {"v": None}, {"more": 1}, {"brief_id": "../x"}, {"tier": "big"}]
)
def test_what_is_not_valid_is_not_stored(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(ContractBroken):
        store_brief(tmp_path, {**FULL, **change})
    assert list(tmp_path.iterdir()) == []


def test_a_deep_result_ends_with_a_word() -> None:
    deep: Any = 1
    for _ in range(100_000):
        deep = [deep]
    assert broken("brief", built(result=deep)) == []
