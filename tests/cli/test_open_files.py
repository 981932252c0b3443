"""More nodes at once than the limit of open files has room for."""

from __future__ import annotations

import json
import os
import re
import resource
import select
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from support.gates import Gate
from support.program import path_with_me, run_me

NODES = 60


def graph(run: str) -> str:
    tasks = "".join(f"  t{number}: {{run: {json.dumps(run)}}}\n" for number in range(NODES))
    return f"concurrency: {{max: 500}}\ntasks:\n{tasks}"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / ".metaensemble").mkdir()
    return tmp_path


@pytest.fixture
def path(tmp_path: Path) -> str:
    return path_with_me(tmp_path / "bin", whole=True)


def limits(soft: int, hard: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_soft_limit_is_raised_for_the_coordinator_and_not_for_its_commands(
    project: Path, path: str
) -> None:
    # All must have begun before one may end, so all of them run at once.
    (project / "graph.yaml").write_text(graph("echo begun > begun; cat gate; ulimit -Sn; ulimit -Hn"))
    os.mkfifo(project / "begun")
    gate = Gate(project / "gate")
    begun = os.open(project / "begun", os.O_RDWR)
    program = Path(path.split(os.pathsep, maxsplit=1)[0], "me")
    with subprocess.Popen(
        [program, "dag", "run", "graph.yaml", "--json"],
        cwd=project,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limits(64, 2048),  # noqa: PLW1509  # one system call
    ) as me:
        told = b""
        while told.count(b"\n") < NODES:
            assert select.select([begun], [], [], 240)[0], (
                f"{told.count(b'begun')} nodes run at once, no more"
            )
            told += os.read(begun, 1 << 16)
        gate.open()
        said, words = me.communicate(timeout=240)
    os.close(begun)
    assert me.returncode == 0, words
    assert "at most" not in words
    report = json.loads(said)
    assert report["counts"] == {"ok": NODES}
    for node in ("t0", f"t{NODES - 1}"):
        logs = run_me("dag", "logs", report["dag_run_id"], node, path=path, cwd=project)
        assert logs.stdout == b"64\n2048\n"


@pytest.mark.parametrize(("limit", "at_once"), [(64, r"\d nodes? runs?"), (200, r"[23]\d nodes run")])
def test_a_hard_limit_lets_fewer_nodes_run_at_once(
    limit: int, at_once: str, project: Path, path: str
) -> None:
    (project / "graph.yaml").write_text(graph("echo fine"))
    done = run_me("dag", "run", "graph.yaml", "--json", path=path, cwd=project, before=limits(limit, limit))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"] == {"ok": NODES}
    first = done.stderr.decode().splitlines()[0]
    wanted = (
        rf"at most {at_once} at once, not {NODES}: only {limit} files may be open here \(see `ulimit -Hn`\)"
    )
    assert re.fullmatch(wanted, first)
    assert done.stderr.count(b"at most") == 1


def test_large_outputs_fit_as_well(project: Path, path: str) -> None:
    run = "head -c 20000 /dev/zero | tee /dev/stderr | tr '\\0' x; echo > $ME_NODE_ID.md"
    tasks = "".join(
        f"  t{number}: {{run: {json.dumps(run)}, deliverables: [{{path: t{number}.md}}]}}\n"
        for number in range(NODES)
    )
    (project / "graph.yaml").write_text(f"concurrency: {{max: 500}}\ntasks:\n{tasks}")
    done = run_me("dag", "run", "graph.yaml", "-q", path=path, cwd=project, before=limits(100, 100))
    assert (done.returncode, done.stdout) == (0, b""), done.stderr


def test_a_resume_gives_its_failed_nodes_another_try_within_the_limit(project: Path, path: str) -> None:
    (project / "graph.yaml").write_text(graph("test -e fine"))
    assert run_me("dag", "run", "graph.yaml", "-q", path=path, cwd=project).returncode == 1
    (project / "fine").touch()
    done = run_me("dag", "resume", "--json", path=path, cwd=project, before=limits(100, 100))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"] == {"ok": NODES}
    assert done.stderr.startswith(b"at most ")


def test_items_of_a_fan_out_count_though_nobody_knows_yet_how_many_there_are(
    project: Path, path: str
) -> None:
    task = '{run: "sleep 0; echo ${{ item }}", each: "${{ params.items }}"}'
    (project / "graph.yaml").write_text(
        f"concurrency: {{max: 500}}\nparams: {{items: {{type: json}}}}\ntasks:\n  all: {task}\n"
    )
    items = f"items={json.dumps(list(range(NODES)))}"
    words = ["dag", "run", "graph.yaml", "-p", items, "--json"]
    done = run_me(*words, path=path, cwd=project, before=limits(100, 100))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["counts"] == {"ok": NODES}
    assert re.match(rb"at most \d+ nodes run at once, not 500: ", done.stderr)
    assert run_me(*words, path=path, cwd=project, before=limits(64, 4096)).stderr.startswith(
        b"running graph: "
    )


def test_few_nodes_and_recorded_ones_need_no_room(project: Path, path: str) -> None:
    (project / "few.yaml").write_text("concurrency: {max: 500}\ntasks: {a: {run: 'true'}}\n")
    done = run_me("dag", "run", "few.yaml", path=path, cwd=project, before=limits(100, 100))
    assert done.returncode == 0
    assert b"at most" not in done.stderr
    (project / "graph.yaml").write_text(graph("true"))
    lines = "".join(f'{{"node": "t{number}", "outcome": "ok"}}\n' for number in range(NODES))
    (project / "recorded.jsonl").write_text(lines)
    words = ["dag", "run", "graph.yaml", "--replay", "recorded.jsonl"]
    done = run_me(*words, path=path, cwd=project, before=limits(64, 64))
    assert done.returncode == 0
    assert b"at most" not in done.stderr
