"""Names that are no UTF-8: of the project, of the graph, of parameters, of directories."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from support.program import path_with_me, run_me

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")

PROJECT = os.fsdecode(b"pro\xffj\xe9ct")
GRAPH = os.fsdecode(b"gr\xffaph.yaml")
FOLDER = os.fsdecode(b"sub\xfe")

SAMPLE = """\
params:
  who: {type: string, default: world}
  where: {type: path, default: .}
tasks:
  hello: {run: 'echo "hello ${{ params.who }} ${{ params.where }}"; pwd; echo "to the side" >&2'}
  words: {run: [printf, "%s", "${{ params.who }}"], cwd: "${{ params.where }}"}
  report: {run: 'echo "# ${{ params.who }}" > "$ME_IN_TO"', with: {to: "${{ params.who }}.md"},
           deliverables: [{path: "${{ params.who }}.md"}]}
  gate: {run: "test -e open || { echo 'no \\\\377' >&2; exit 3; }", needs: [words]}
outputs: {who: "${{ params.who }}"}
"""

Me = Callable[..., CompletedProcess[bytes]]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / PROJECT
    (folder / ".metaensemble").mkdir(parents=True)
    (folder / FOLDER).mkdir()
    (folder / GRAPH).write_text(SAMPLE)
    return folder


@pytest.fixture
def me(project: Path, tmp_path: Path) -> Me:
    path = path_with_me(tmp_path / "bin")

    def run(*words: str | bytes, code: int = 0, **more: Any) -> CompletedProcess[bytes]:
        done = run_me(*words, path=path, cwd=more.pop("cwd", project), **more)
        assert done.returncode == code, (words, done.stderr)
        assert b"ME900" not in done.stderr
        return done

    return run


def records_in(mirror: Path) -> list[dict[str, Any]]:
    """The records of the mirror, which must be UTF-8 and JSON line by line."""
    return [json.loads(line.decode("utf-8")) for line in mirror.read_bytes().splitlines()]


def test_a_dag_run_from_its_start_to_a_resume(project: Path, me: Me) -> None:
    ran = me("dag", "run", GRAPH, "-p", b"who=w\xff", "-p", b"where=sub\xfe", "--json", code=1)
    report = json.loads(ran.stdout)
    assert report["project"] == str(project)
    assert report["source"] == str(project / GRAPH)
    assert report["name"] == os.fsdecode(b"gr\xffaph")
    assert report["params"] == {"who": os.fsdecode(b"w\xff"), "where": str(project / FOLDER)}
    assert report["source_changed"] is False
    assert report["counts"] == {"ok": 3, "failed": 1}
    assert (project / os.fsdecode(b"w\xff.md")).read_bytes() == b"# w\xff\n"

    run_id = report["dag_run_id"]
    shown = json.loads(me("dag", "status", run_id, "--json").stdout)
    assert {key: shown[key] for key in ("project", "source", "name", "params")} == {
        key: report[key] for key in ("project", "source", "name", "params")
    }
    deliverables = {node["id"]: node["deliverable"] for node in shown["nodes"]}
    assert deliverables["report"] == os.fsdecode(b"w\xff.md")
    assert me("dag", "status").stdout.startswith(rb"gr\xffaph: failed, 4 nodes in ")
    assert rb"  gr\xffaph  failed  3/4  " in me("dag", "list").stdout
    assert json.loads(me("dag", "list", "--json").stdout)[0]["source"] == report["source"]
    told = me("dag", "logs", run_id, "hello").stdout
    inside = os.fsencode(project)
    assert told == b"hello w\xff " + inside + b"/sub\xfe\n" + inside + b"\nto the side\n"
    assert me("dag", "logs", run_id, "words").stdout == b"w\xff"
    assert b"gate" in me("dag", "render", run_id).stdout

    (project / "open").touch()
    resumed = json.loads(me("dag", "resume", run_id, "--json").stdout)
    assert resumed["state"] == "ok"
    assert resumed["outputs"] == {"who": os.fsdecode(b"w\xff")}


def test_the_ledger_keeps_such_names_in_both_stores(project: Path, me: Me) -> None:
    (project / "open").touch()
    me("dag", "run", GRAPH, "-p", b"who=w\xff", "-p", b"where=sub\xfe")
    state = project / ".metaensemble" / "state"
    created = next(
        record for record in records_in(state / "runs.jsonl") if record["kind"] == "dag_run.created"
    )
    assert created["payload"]["source"] == str(project / GRAPH)
    assert rb"gr\udcffaph.yaml" in (state / "runs.jsonl").read_bytes()

    before = me("ledger", "export", "-t", "dag_runs").stdout
    assert json.loads(before)["project"] == str(project)
    assert me("ledger", "verify").stdout.startswith(b"clean: ")
    (state / "department.db").unlink()
    me("ledger", "rebuild")
    assert me("ledger", "verify").stdout.startswith(b"clean: ")
    assert me("ledger", "export", "-t", "dag_runs").stdout == before
    assert rb"gr\udcffaph.yaml" in me("ledger", "export", "-t", "dag_runs", "-f", "csv").stdout

    # Other programs read UTF-8 wherever a column says that it is text.
    with sqlite3.connect(state / "department.db") as db:
        kinds = db.execute(
            "SELECT typeof(source), typeof(name), CAST(source AS TEXT) FROM dag_runs"
        ).fetchone()
        db.execute("SELECT * FROM runs").fetchall()
    db.close()
    assert kinds == ("blob", "blob", json.dumps(str(project / GRAPH)))


@pytest.mark.parametrize(
    "what", [GRAPH, os.path.join("..", PROJECT, GRAPH), os.path.join(FOLDER, "..", GRAPH)]
)
@pytest.mark.parametrize(
    "words",
    [
        ["dag", "validate", "FILE", "--json"],
        ["dag", "validate", "FILE"],
        ["dag", "plan", "FILE", "--json"],
        ["dag", "plan", "FILE"],
        ["dag", "render", "FILE"],
        ["dag", "render", "FILE", "--format", "json"],
        ["dag", "render", "FILE", "--format", "dot"],
        ["dag", "render", "FILE", "--format", "mermaid"],
        ["dag", "render", "FILE", "--format", "json", "-o", os.fsdecode(b"dr\xffawn")],
    ],
    ids=" ".join,
)
def test_a_file_is_named_in_any_way(what: str, words: list[str], project: Path, me: Me) -> None:
    done = me(*(what if word == "FILE" else word for word in words))
    text = done.stdout or done.stderr or (project / os.fsdecode(b"dr\xffawn")).read_bytes()
    text.decode("utf-8")
    if "--json" in words or words[-1] == "json":
        json.loads(text)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["dag", "run", GRAPH, "-p", b"wh\xff=x"], "ME510"),
        (["dag", "run", GRAPH, "-p", b"\xff"], "ME536"),
        (["dag", "run", GRAPH, "-c", b"\xff"], "ME533"),
        (["dag", "run", b"no\xff.yaml"], "ME101"),
        (["dag", "run", GRAPH, "--replay", b"no\xff"], "ME526"),
        (["dag", "status", b"\xff"], "ME537"),
        (["dag", "resume", b"\xff"], "ME537"),
        (["dag", "cancel", b"\xff"], "ME537"),
        (["dag", "logs", b"\xff", "a"], "ME537"),
        (["dag", "resume", "--lost", b"\xff=rerun"], "ME539"),
        (["dag", "render", GRAPH, "-o", b"no\xff/x"], "ME544"),
        (["dag", "schema", b"\xff"], "ME550"),
        (["ledger", "run", b"\xff"], "ME542"),
        (["ledger", "verify", "--head", b"\xff"], "ME533"),
        (["explain", b"\xff"], "ME541"),
        ([b"\xff"], "ME531"),
        (["dag", b"--\xff"], "ME530"),
    ],
    ids=str,
)
def test_what_does_not_exist_is_said_in_words(
    words: list[str | bytes], code: str, project: Path, me: Me
) -> None:
    (project / "open").touch()
    me("dag", "run", GRAPH, "-q")
    done = me(*words, code=2)
    assert done.stderr.startswith(f"error[{code}]: ".encode())
    done.stderr.decode("utf-8")


def test_no_node_has_such_a_name(me: Me) -> None:
    run_id = json.loads(me("dag", "run", GRAPH, "--json", code=1).stdout)["dag_run_id"]
    assert me("dag", "logs", run_id, b"\xff", code=2).stderr.startswith(b"error[ME540]: ")


def run_one(project: Path, me: Me, task: str, value: bytes, kind: str = "string", code: int = 0) -> bytes:
    """What the one task `a` of a graph with the parameter `p` prints."""
    (project / "one.yaml").write_text(f"params: {{p: {{type: {kind}}}}}\ntasks:\n  a: {task}\n")
    done = me("dag", "run", "one.yaml", "-p", b"p=" + value, "--json", code=code)
    report = json.loads(done.stdout)
    return me("dag", "logs", report["dag_run_id"], "a").stdout


def test_a_working_directory(project: Path, me: Me) -> None:
    inside = os.fsencode(project / FOLDER) + b"\n"
    for kind in ("string", "path"):
        assert run_one(project, me, '{run: pwd, cwd: "${{ params.p }}"}', b"sub\xfe", kind) == inside


def test_a_working_directory_that_is_not_there(project: Path, me: Me) -> None:
    (project / "one.yaml").write_text("params: {p: {}}\ntasks: {a: {run: pwd, cwd: '${{ params.p }}'}}\n")
    assert b"error[ME522]: " in me("dag", "run", "one.yaml", "-p", b"p=no\xfe", code=2).stderr


def test_a_command_gets_the_bytes_that_were_typed(project: Path, me: Me) -> None:
    many = b"\xff" * 40_000
    assert run_one(project, me, '{run: [printf, "%s", "${{ params.p }}"]}', b"\xff") == b"\xff"
    assert run_one(project, me, "{run: 'printf %s \"${{ params.p }}\"'}", b"\xff") == b"\xff"
    with_it = 'with: {x: "${{ params.p }}"}'
    assert run_one(project, me, f"{{run: 'printf %s \"$ME_IN_X\"', {with_it}}}", b"\xff") == b"\xff"
    assert run_one(project, me, f"{{run: 'cat \"$ME_IN_X_FILE\"', {with_it}}}", many) == many
    given = json.loads(run_one(project, me, f"{{run: cat, {with_it}}}", b"\xff"))
    assert given["x"] == os.fsdecode(b"\xff")


FAN_OUT = """\
params: {items: {type: json}}
tasks:
  one: {run: [printf, "%s", "${{ item }}"], each: "${{ params.items }}", key: "${{ item }}"}
  all: {run: [printf, "%s", "${{ tasks.one.outputs | map(attribute='key') | join(',') }}"]}
  ask: {approve: "Really ${{ params.items }}?", needs: {all: ok}}
"""


def test_the_key_of_an_item(project: Path, me: Me) -> None:
    (project / "each.yaml").write_text(FAN_OUT)
    done = me("dag", "run", "each.yaml", "-p", b'items=["a\xff", "a%FF", "\xc3\xbc"]', "--json", code=4)
    report = json.loads(done.stdout)
    run_id = report["dag_run_id"]
    assert {node["id"] for node in report["nodes"]} == {
        "one",
        "one[a%FF]",
        "one[a%25FF]",
        "one[ü]",
        "all",
        "ask",
    }
    assert me("dag", "logs", run_id, "one[a%FF]").stdout == b"a\xff"
    assert me("dag", "logs", run_id, "all").stdout == b"a\xff,a%FF,\xc3\xbc"
    assert b"Really" in me("dag", "status", run_id).stdout
    assert me("ledger", "verify").stdout.startswith(b"clean: ")
    records_in(project / ".metaensemble" / "state" / "runs.jsonl")


def test_results_over_files_of_such_names_are_taken_over_and_the_files_put_back(
    project: Path, me: Me
) -> None:
    (project / os.fsdecode(b"in\xff.txt")).write_text("read")
    out = project / os.fsdecode(b"out\xff.txt")
    (project / "reuse.yaml").write_text(
        "tasks:\n  a: {run: 'cat in*.txt > \"$(printf \"out\\377.txt\")\"', reads: ['in*'], writes: ['out*']}\n"
    )
    me("dag", "run", "reuse.yaml", "-q")
    out.unlink()
    again = json.loads(me("dag", "run", "reuse.yaml", "--json").stdout)
    assert again["nodes"][0]["reused_from"] is not None
    assert out.read_text() == "read"
    (project / os.fsdecode(b"in\xfe.txt")).touch()
    changed = json.loads(me("dag", "run", "reuse.yaml", "--json").stdout)
    assert changed["nodes"][0]["reused_from"] is None
    assert me("ledger", "verify").stdout.startswith(b"clean: ")


def test_a_file_that_is_read_by_such_a_name(project: Path, me: Me) -> None:
    task = """{run: 'echo from the file > "$ME_IN_TO"', with: {to: "${{ params.p }}"},
      output: {from: file, path: "${{ params.p }}"}}"""
    (project / "one.yaml").write_text(
        f"params: {{p: {{}}}}\ntasks:\n  a: {task}\noutputs: {{o: '${{{{ tasks.a.output }}}}'}}\n"
    )
    report = json.loads(me("dag", "run", "one.yaml", "-p", b"p=in\xff", "--json").stdout)
    assert report["outputs"] == {"o": "from the file"}


@pytest.mark.parametrize("kind", ["integer", "number", "boolean", "json"])
def test_a_value_of_another_type(kind: str, project: Path, me: Me) -> None:
    (project / "one.yaml").write_text(f"params: {{p: {{type: {kind}}}}}\ntasks: {{a: {{run: 'true'}}}}\n")
    assert b"error[ME512]: " in me("dag", "run", "one.yaml", "-p", b"p=\xff", code=2).stderr


def test_typed_in_a_directory_of_such_a_name(project: Path, me: Me) -> None:
    (project / "open").touch()
    me("dag", "run", os.path.join("..", GRAPH), cwd=project / FOLDER)
    listed = json.loads(me("dag", "list", "--json", cwd=project / FOLDER).stdout)
    assert [entry["source"] for entry in listed] == [str(project / GRAPH)]


def test_variables_of_the_shell(project: Path, tmp_path: Path) -> None:
    environ: dict[str | bytes, str | bytes | None] = {
        b"OD\xffD": b"x\xff",
        "TERM": b"\xff",
        "COLUMNS": b"\xff",
        "USER": b"\xff",
    }
    (project / "one.yaml").write_text("tasks: {a: {run: [env]}}\n")
    path = path_with_me(tmp_path / "whole", whole=True)
    done = run_me("dag", "run", "one.yaml", "--json", path=path, cwd=project, environ=environ)
    assert done.returncode == 0, done.stderr
    run_id = json.loads(done.stdout)["dag_run_id"]
    told = run_me("dag", "logs", run_id, "a", path=path, cwd=project, environ=environ).stdout
    assert b"OD\xffD=x\xff" in told.splitlines()
