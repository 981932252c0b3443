"""`me doctor`: clients, Roles, and the place of the Ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from metaensemble import _api_doctor
from support.client_programs import put_client
from support.command_line import Shell


@pytest.fixture
def programs(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The only folder on PATH beside those of the system."""
    folder = tmp_path_factory.mktemp("bin")
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def test_a_client_that_is_there_serves(me: Shell, programs: Path) -> None:
    put_client(programs, "codex")
    answer = me("doctor")
    assert answer.code == 0
    rows = [line.split() for line in answer.out.splitlines()]
    assert ["codex", "ready", "999.1.0", f"{programs}/codex"] in rows
    assert ["claude", "missing"] in rows
    assert "to get claude: npm install -g @anthropic-ai/claude-code" in answer.out
    assert "to get codex" not in answer.out
    assert "its client is on PATH, as claude is not" in answer.out
    assert "journal mode" in answer.out


def test_none_is_there(me: Shell, programs: Path) -> None:
    answer = me("doctor", "--json")
    assert answer.code == 1
    found = answer.json
    assert not found["can_serve"]
    assert {one["state"] for one in found["clients"] if one["runtime"] != "api"} == {"missing"}
    assert {role["runtime"] for role in found["roles"]} == {None}
    assert found["storage"]["folder"].endswith(".metaensemble/state")
    assert found["storage"]["sqlite_version"]


def test_one_that_is_too_old_does_not_serve(me: Shell, programs: Path) -> None:
    put_client(programs, "claude", "1.0.0")
    answer = me("doctor")
    assert answer.code == 1
    assert "too old (at least 2." in answer.out
    assert "for a newer claude: npm install" in answer.out


def test_it_is_asked_only_when_that_is_wanted(me: Shell, programs: Path, tmp_path: Path) -> None:
    result = '{"type":"result","subtype":"success","is_error":false,"num_turns":1,"result":"ready","session_id":"s","usage":{}}'
    put_client(
        programs, "claude", does=f"echo \"$*\" >> {tmp_path}/asked; cat > /dev/null; echo '{result}'; exit 0"
    )
    assert me("doctor").code == 0
    assert not (tmp_path / "asked").exists()
    answer = me("doctor", "--ask")
    assert answer.code == 0
    assert "claude says: ready" in answer.out
    asked = (tmp_path / "asked").read_text()
    assert "--model haiku" in asked, "the smallest"


def test_one_that_does_not_answer_does_not_serve(me: Shell, programs: Path) -> None:
    put_client(programs, "claude", does="echo broken >&2")
    answer = me("doctor", "--ask")
    assert answer.code == 1
    assert "claude does not answer: " in answer.out
    assert next(line for line in answer.out.splitlines() if line.startswith("claude ")).split()[1:4] == [
        "does", "not", "answer"
    ]  # fmt: skip


def test_settings_with_mistakes_are_told(me: Shell, programs: Path, tmp_path: Path) -> None:
    put_client(programs, "claude")
    (tmp_path / ".metaensemble" / "budgets.yaml").write_text("runtme: codex\n")
    answer = me("doctor")
    assert answer.code == 0
    assert "error[ME201]" in answer.err
    assert "did you mean `runtime`?" in answer.err


def test_a_runtime_that_there_is_not_is_told_at_its_line(me: Shell, programs: Path, tmp_path: Path) -> None:
    put_client(programs, "claude")
    (tmp_path / ".metaensemble" / "budgets.yaml").write_text("models: {}\nruntime: claud\n")
    answer = me("doctor")
    assert "error[ME520]: there is no runtime `claud`" in answer.err
    assert ".metaensemble/budgets.yaml:2:10" in answer.err
    assert "did you mean `claude`?" in answer.err
    assert "claud " not in answer.out


def test_it_says_which_role_uses_which_and_why(me: Shell, programs: Path, tmp_path: Path) -> None:
    text = "runtime: codex\nroles: {docs: {runtime: opencode, tier: haiku}}\n"
    (tmp_path / ".metaensemble" / "budgets.yaml").write_text(text)
    roles = {one["role"]: one for one in me("doctor", "--json").json["roles"]}
    assert roles["architect"]["runtime"] == "codex"
    assert roles["architect"]["why"] == "the project's budgets.yaml says so"
    assert "nothing says which model" in roles["docs"]["problem"]


def test_the_api_serves_once_a_model_is_named(
    me: Shell, programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def api() -> dict[str, object]:
        found = me("doctor", "--json").json
        return {
            "state": next(one["state"] for one in found["clients"] if one["runtime"] == "api"),
            "serves": found["can_serve"],
        }

    monkeypatch.setattr(_api_doctor, "has_module", lambda _: False)
    assert api() == {"state": "missing", "serves": False}
    monkeypatch.setattr(_api_doctor, "has_module", lambda _: True)
    assert api() == {"state": "no model", "serves": False}
    assert "to use api: name its models" in me("doctor").out
    (tmp_path / ".metaensemble" / "budgets.yaml").write_text("models: {api: {sonnet: openai:some}}\n")
    assert api() == {"state": "ready", "serves": True}
    assert "docs           api" in me("doctor").out
