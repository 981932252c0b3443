from __future__ import annotations

import json
from pathlib import Path

from support.command_line import Shell

BRIEF = {
    "v": 1,
    "brief_id": "01900000-0000-7000-8000-0000000000d1",
    "from": "arch-7b3",
    "to": "coordinator",
    "task_id": "plan",
    "ctx": {"files": [["src/parser.py", "1..2"], ["README.md", None]]},
    "result": {"parts": ["reader", "writer"]},
}


def test_validate(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text(json.dumps(BRIEF, indent=1))
    (tmp_path / "bad.json").write_text(json.dumps({**BRIEF, "v": 2, "task": "x"}, indent=1))
    (tmp_path / "torn.json").write_text('{"v": 1')
    answer = me("brief", "validate", "good.json", "bad.json", "torn.json", "--json")
    assert answer.code == 2
    assert "ok: good.json" in answer.err
    assert "--> bad.json:2:7" in answer.err
    assert "hint: this program reads version 1 of Briefs" in answer.err
    assert "did you mean `task_id`?" in answer.err or "unknown key `task`" in answer.err
    codes = {one["file"]: [error["code"] for error in one["errors"]] for one in answer.json}
    assert codes == {"good.json": [], "bad.json": ["ME212", "ME201"], "torn.json": ["ME385"]}


def test_a_good_one_alone_is_zero(me: Shell, tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text(json.dumps(BRIEF))
    answer = me("brief", "validate", "good.json")
    assert (answer.code, answer.out) == (0, "")
