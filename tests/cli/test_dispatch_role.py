"""`me dispatch`: the graph that it makes, its plan, and its run."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from metaensemble.tasks import load_problems
from support.client_programs import put_client
from support.command_line import Shell


@pytest.fixture(autouse=True)
def nobody_else(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A home of one's own and no client on PATH."""
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Recorded attempts for every node that a dispatch can have here."""
    nodes: dict[str, Any] = {
        "docs": "written",
        **{f"docs.{n}": {"verdict": "yes", "reason": f"by {n}"} for n in (1, 2, 3)},
        "docs.synthesis": "both",
        "docs.primary": "one",
        **{f"docs.shadow-{n}": "other" for n in (1, 2)},
        "docs.author": "draft",
        **{f"docs.review-{n}": {"verdict": "approve", "findings": [], "reason": "fine"} for n in (1, 2)},
    }
    lines = [json.dumps({"node": node, "outcome": "ok", "output": value}) for node, value in nodes.items()]
    (tmp_path / "rec.jsonl").write_text("\n".join(lines))
    return tmp_path / "rec.jsonl"


def graph(folder: Path) -> tuple[Path, dict[str, Any]]:
    """The one graph that was made, and its only task."""
    (path,) = (folder / ".metaensemble" / "state" / "dispatched").iterdir()
    loaded, problems = load_problems(path)
    assert loaded is not None
    assert problems == []
    (task,) = loaded.document.value["tasks"].values()
    return path, task


def test_an_instruction_is_carried_out(me: Shell, tmp_path: Path, recorded: Path) -> None:
    answer = me("dispatch", "docs", "Write it.", "--replay", str(recorded))
    assert answer.code == 0
    assert "docs  " in answer.err
    assert "recorded attempts are played" in answer.err
    assert "dispatch-docs: ok" in answer.err
    assert answer.out == "written\n", "the answer itself"
    assert "outputs:" not in answer.err
    path, task = graph(tmp_path)
    assert task == {"role": "docs", "prompt": "Write it."}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [one["name"] for one in me("dag", "list", "--json").json] == ["dispatch-docs"]


@pytest.mark.parametrize(
    "text", ["say ${{ params.x }}", "${{", "a \"b\" 'c'\n\n  $x `y` \\", "on", "0o14", "é\u2028\x85"]
)
def test_the_instruction_means_what_it_says(me: Shell, tmp_path: Path, recorded: Path, text: str) -> None:
    assert me("dispatch", "docs", text, "--replay", str(recorded), "--quiet").code == 0
    from metaensemble.tasks.binding import bind

    path, _ = graph(tmp_path)
    loaded, _ = load_problems(path)
    assert loaded is not None
    (task,) = bind(loaded, {}, project=tmp_path, cwd=tmp_path, environ={}).tasks
    assert task.agent is not None
    from metaensemble.schemas.template import Literal

    assert task.agent.prompt == Literal(text)


@pytest.mark.parametrize(
    ("flags", "pattern"),
    [
        (["--fanout", "2"], {"fanout": {"n": 2, "join": {"synthesise": "code-quality"}}}),
        (["--consensus", "3"], {"consensus": {"n": 3, "vote": "verdict"}}),
        (["--shadow", "haiku,codex,gpt-5"], {"shadow": {"shadows": [{"tier": "haiku"}, {"runtime": "codex"}, {"model": "gpt-5"}]}}),
        (
            ["--peer-review", "code-quality,architect"],
            {"peer_review": {"reviewers": [{"role": "code-quality"}, {"role": "architect"}]}},
        ),
    ],
)  # fmt: skip
def test_patterns_by_flags(
    me: Shell, tmp_path: Path, recorded: Path, flags: list[str], pattern: dict[str, Any]
) -> None:
    me("dispatch", "docs", "Write it.", *flags, "--replay", str(recorded))
    assert graph(tmp_path)[1]["pattern"] == pattern


def test_a_vote_on_a_field_of_ones_own(me: Shell, tmp_path: Path, recorded: Path) -> None:
    schema = {"type": "object", "properties": {"level": {"enum": ["high", "low"]}}, "required": ["level"]}
    (tmp_path / "s.json").write_text(json.dumps(schema))
    flags = ["--consensus", "3", "--vote", "level", "--schema", "s.json"]
    me("dispatch", "docs", "How bad?", *flags, "--replay", str(recorded))
    task = graph(tmp_path)[1]
    assert task["output"] == {"schema": schema}
    assert task["pattern"] == {"consensus": {"n": 3, "vote": "level"}}


def test_what_it_is_pointed_to(
    me: Shell, tmp_path: Path, recorded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("a\nb\n")
    monkeypatch.chdir(tmp_path / "src")
    flags = ["--file", "a.py:1..2", "--file", "../rec.jsonl", "--tier", "opus", "--runtime", "codex"]
    assert me("dispatch", "docs", "Look.", *flags, "--replay", str(recorded)).code == 0
    assert graph(tmp_path)[1] == {
        "role": "docs",
        "prompt": "Look.",
        "runtime": "codex",
        "tier": "opus",
        "context": {"files": [{"path": "src/a.py", "lines": "1..2"}, {"path": "rec.jsonl"}]},
    }


MANIFEST = """\
version: 1
id: hm-01900000-0000-7000-8000-000000000001
from: principal
to: docs
task: write
context: {files: [{path: rec.jsonl, role: source}]}
constraints: {model_tier: haiku}
acceptance: [it is short]
"""


def test_a_manifest_says_what_the_work_is_held_to(me: Shell, tmp_path: Path, recorded: Path) -> None:
    (tmp_path / "m.yaml").write_text(MANIFEST)
    assert me("dispatch", "docs", "Write.", "--manifest", "m.yaml", "--replay", str(recorded)).code == 0
    assert graph(tmp_path)[1] == {
        "role": "docs",
        "prompt": "Write.",
        "tier": "haiku",
        "context": {"files": [{"path": "rec.jsonl", "role": "source"}]},
        "acceptance": ["it is short"],
    }


def test_a_manifest_brings_in_the_review_that_it_demands(me: Shell, tmp_path: Path, recorded: Path) -> None:
    demand = "peer_review: {mandatory_for_reversibility: true, min_reviewers: 2, dissent_handling: block}\n"
    (tmp_path / "m.yaml").write_text(MANIFEST + demand)
    assert me("dispatch", "docs", "Write.", "--manifest", "m.yaml", "--replay", str(recorded)).code == 0
    assert graph(tmp_path)[1]["pattern"] == {
        "peer_review": {
            "reviewers": [{"role": "code-quality"}, {"role": "architect"}],
            "min_reviewers": 2,
            "dissent": "block",
        }
    }


@pytest.mark.parametrize(
    ("args", "code", "said"),
    [
        (["dosc", "Write."], "ME360", "did you mean `docs`?"),
        (["docs", " "], "ME533", "the instruction is empty"),
        (["docs", "x", "--fanout", "2", "--consensus", "2"], "ME533", "exclude each other"),
        (["docs", "x", "--vote", "a"], "ME533", "--consensus N"),
        (["docs", "x", "--consensus", "3", "--vote", "level"], "ME533", "--schema FILE"),
        (["docs", "x", "--peer-review", "a,,b"], "ME533", "no list of names"),
        (["docs", "x", "--schema", "none.json"], "ME533", "none.json"),
        (["docs", "x", "--file", "/etc/passwd"], "ME384", "leads out of the project"),
        (["docs", "x", "--manifest", "none.yaml"], "ME101", "none.yaml"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_written(
    me: Shell, tmp_path: Path, args: list[str], code: str, said: str
) -> None:
    answer = me("dispatch", *args)
    assert answer.code == 2
    assert f"error[{code}]" in answer.err
    assert said in answer.err
    assert list((tmp_path / ".metaensemble").iterdir()) == []


@pytest.mark.parametrize(
    ("flag", "value", "code", "said"),
    [
        ("--file", "rec.json", "ME381", "did you mean `rec.jsonl`?"),
        ("--file", "rec.jsonl:1..999", "ME383", "and lines 1 to 999 are pointed to"),
        ("--file", "sub", "ME382", "is a directory"),
        ("--file", "../x.md", "ME384", "leads out of the project"),
        ("--file", "rec.jsonl:9..2", "ME216", "is not a range of lines"),
        ("--tier", "mini", "ME204", "write `opus`, `sonnet` or `haiku`"),
        ("--consensus", "1", "ME334", "at least 2 voters"),
        ("--fanout", "1", "ME334", "leave `--fanout` out"),
        ("--peer-review", "docs", "ME336", "nobody reviews their own work"),
        ("--peer-review", "dosc", "ME360", "did you mean `docs`?"),
        ("--executor", "nope-123", "ME396", "there is no Executor"),
        ("--runtime", "claud", "ME520", "did you mean `claude`?"),
        ("--runtime", "command", "ME371", "cannot do the work"),
        ("--schema", "s.json", "ME309", "the schema is not valid"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("quiet", [True, False])
def test_the_flag_that_is_wrong_is_named_before_anything_is_shown_or_written(
    me: Shell,
    tmp_path: Path,
    recorded: Path,
    monkeypatch: pytest.MonkeyPatch,
    flag: str,
    value: str,
    code: str,
    said: str,
    quiet: bool,
) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "s.json").write_text('{"type": "nope"}')
    put_client(tmp_path / "bin", "claude")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    answer = me("dispatch", "docs", "Write.", flag, value, *(["--quiet"] if quiet else []))
    assert answer.code == 2
    assert answer.err.startswith(f"error[{code}]: ")
    assert f"\n --> {flag} {value}\n" in answer.err
    assert said in answer.err
    assert "order" not in answer.err
    assert "dispatched" not in answer.err
    assert list((tmp_path / ".metaensemble").iterdir()) == []


def test_what_a_manifest_points_to_is_told_at_its_line(me: Shell, tmp_path: Path, recorded: Path) -> None:
    (tmp_path / "m.yaml").write_text(MANIFEST.replace("rec.jsonl", "none.md"))
    flags = ["--manifest", "m.yaml", "--file", "nor.md", "--replay", str(recorded)]
    answer = me("dispatch", "docs", "Write.", *flags)
    assert answer.code == 2
    assert "m.yaml:6:" in answer.err
    assert " --> --file nor.md" in answer.err
    assert list((tmp_path / ".metaensemble").iterdir()) == []


def test_a_wrong_budgets_yaml_is_told_at_its_own_line(me: Shell, tmp_path: Path, recorded: Path) -> None:
    (tmp_path / ".metaensemble" / "budgets.yaml").write_text("runtime: nope\n")
    answer = me("dispatch", "docs", "Write.", "--replay", str(recorded))
    assert answer.code == 2
    assert ".metaensemble/budgets.yaml:1:10" in answer.err


def test_without_a_client_it_says_what_to_install(me: Shell) -> None:
    answer = me("dispatch", "docs", "Write it.")
    assert answer.code == 2
    assert "npm install" in answer.err


def test_an_executor_goes_on(me: Shell, tmp_path: Path, recorded: Path) -> None:
    me("dispatch", "docs", "Write it.", "--replay", str(recorded), "--quiet")
    (alias,) = [one["alias"] for one in me("executors", "--json").json]
    answer = me("dispatch", "docs", "Go on.", "--executor", alias, "--replay", str(recorded), "--quiet")
    assert answer.code == 0
    (one,) = me("executors", "--json").json
    assert one["runs"] == 2


def test_relaunched_with_something_to_do_it_goes_on(
    me: Shell, recorded: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    me("dispatch", "docs", "Write it.", "--replay", str(recorded), "--quiet")
    (alias,) = [one["alias"] for one in me("executors", "--json").json]
    result = (
        '{"type":"result","subtype":"success","is_error":false,"num_turns":1,"session_id":"s","result":"more",'
        '"usage":{"input_tokens":1,"output_tokens":1}}'
    )
    put_client(tmp_path / "bin", "claude", does=f"cat > /dev/null; echo '{result}'; exit 0")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    answer = me("relaunch", alias, "--run", "Go on.", "--yes")
    assert answer.code == 0, answer.err
    assert "claude does the work of docs: its client is on PATH" in answer.err
    (one,) = me("executors", "--json").json
    assert (one["alias"], one["runs"]) == (alias, 2)
