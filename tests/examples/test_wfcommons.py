"""examples/wfcommons: recorded workflows compile to graphs of the same shape, and run."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from metaensemble import api
from support.examples import EXAMPLES, copy_of, environment, me
from support.tree import ROOT

FOLDER = EXAMPLES / "wfcommons"
SAMPLE = FOLDER / "sample.json"
RECORDED = ROOT.parent / "shared" / "data" / "wfinstances"
"""Recordings that are too large, and under another licence, to lie in this repository."""

INSTANCES = [SAMPLE, *sorted(RECORDED.rglob("*.json"))]


@pytest.fixture(scope="module")
def converter() -> ModuleType:
    """The example's script as a module."""
    spec = importlib.util.spec_from_file_location("wfcommons_convert", FOLDER / "convert.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def longest_path(instance: Any) -> int:
    """The number of tasks on the longest path, from the file alone: round after round, no recursion."""
    tasks = instance["workflow"]["specification"]["tasks"]
    waiting = {task["id"]: set(task["parents"]) for task in tasks}
    rounds = 0
    while waiting:
        free = {name for name, parents in waiting.items() if not parents}
        waiting = {name: parents - free for name, parents in waiting.items() if name not in free}
        rounds += 1
    return rounds


@pytest.mark.parametrize("path", INSTANCES, ids=lambda path: path.stem)
def test_an_instance_compiles_to_a_graph_of_the_same_shape(
    path: Path, converter: ModuleType, tmp_path: Path
) -> None:
    instance = json.loads(path.read_bytes())
    graph = tmp_path / "graph.yaml"
    graph.write_text(
        converter.convert(instance, work=str(FOLDER / "work.py"), schema="schema.json"), encoding="utf-8"
    )
    plan = api.plan(graph)
    tasks = instance["workflow"]["specification"]["tasks"]
    assert len(plan.nodes) == len(tasks)
    assert sum(len(node.needs) for node in plan.nodes) == sum(len(task["parents"]) for task in tasks)
    assert plan.levels == longest_path(instance)
    assert len(plan.critical_path) == longest_path(instance)


def test_the_sample_runs_and_its_tasks_read_what_others_wrote(tmp_path: Path) -> None:
    example = copy_of("wfcommons", tmp_path)
    converted = subprocess.run(
        [sys.executable, "convert.py", "sample.json", "-o", "graph.yaml"],
        cwd=example,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert converted.stderr == ""
    done = me("dag", "run", "graph.yaml", "--param", "bytes=0.001", cwd=example)
    assert done.returncode == 0, done.stderr
    report = json.loads(me("dag", "status", "--outputs", "--json", cwd=example).stdout)
    outputs = {node["id"]: node["output"] for node in report["nodes"]}
    assert outputs["split"]["read"] == 90_000
    assert outputs["merge"]["read"] == 3 * 6_000
    sizes = sorted(path.stat().st_size for path in (example / "data").iterdir())
    assert sizes == sorted([30_000] * 3 + [6_000] * 7 + [200] * 2)


def instance_of(*tasks: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A small instance of these tasks."""
    return {
        "schemaVersion": "1.5",
        "name": "x",
        "workflow": {"specification": {"tasks": list(tasks)}},
        **changes,
    }


def test_ids_become_valid_and_stay_different(converter: ModuleType, tmp_path: Path) -> None:
    names = ("a.b", "a-b", "a_b", "2nd", "ü", "${{ x }}")
    graph = tmp_path / "graph.yaml"
    tasks = [{"id": name, "parents": [], "children": []} for name in names]
    graph.write_text(converter.convert(instance_of(*tasks), work="work.py", schema="s"), encoding="utf-8")
    assert [node.id for node in api.plan(graph).nodes] == ["a_b", "a_b_2", "a_b_3", "_2nd", "_", "_x_"]


@pytest.mark.parametrize(
    ("instance", "words"),
    [
        ([], "not an instance of WfFormat"),
        ({}, "not an instance of WfFormat"),
        (instance_of(), "has no tasks"),
        (instance_of({"id": "a"}, schemaVersion="1.3"), "this is WfFormat 1.3"),
        (instance_of({"id": "a"}, {"id": "a"}), "the same id"),
        (instance_of({"id": "a", "parents": ["b"]}), "a parent that does not exist: `b`"),
        (instance_of({"id": "a", "children": ["b"]}), "a child that does not exist: `b`"),
    ],
)
def test_what_is_no_instance_is_refused_with_one_line(instance: Any, words: str, tmp_path: Path) -> None:
    path = tmp_path / "instance.json"
    path.write_text(json.dumps(instance))
    done = subprocess.run(
        [sys.executable, str(FOLDER / "convert.py"), str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert words in done.stderr
    assert done.stderr.count("\n") == 1
