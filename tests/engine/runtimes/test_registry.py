"""Runtimes by name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.runtimes.fake import ScriptedRuntime
from metaensemble.engine.runtimes.protocol import Capabilities
from metaensemble.engine.runtimes.registry import Registry, Settings, open_runtimes, preflight
from metaensemble.schemas.agent import AgentSpec
from metaensemble.schemas.bound import BoundGraph, BoundTask, CommandSpec
from metaensemble.schemas.errors import (
    ClashingInputs,
    InputError,
    MissingProgram,
    RecordingsMissing,
    SecretNotSet,
    UnknownRuntime,
)
from metaensemble.schemas.template import Literal
from support.fakes import MemoryBlobs, run_async


def a_task(name: str, **fields: object) -> BoundTask:
    given: dict[str, object] = {"command": CommandSpec(argv=(Literal("true"),)), "id": name}
    return BoundTask(**(given | fields))  # type: ignore[arg-type]


def a_graph(folder: Path, *tasks: BoundTask) -> BoundGraph:
    return BoundGraph(
        name="g", source=str(folder / "g.yaml"), source_digest="0" * 64, project=str(folder), tasks=tasks
    )


def test_the_built_in_ones_open_by_name() -> None:
    async def scenario() -> None:
        opened = open_runtimes({"replay", "python", "command"}, Settings(blobs=MemoryBlobs()))
        assert {name: runtime.name for name, runtime in opened.items()} == {
            "command": "command",
            "python": "python",
            "replay": "replay",
        }
        for runtime in opened.values():
            await runtime.close()

    run_async(scenario())


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("comand", "did you mean `command`?"),
        ("zzz", "there are `api`, `claude`, `codex`, `command`, `gemini`, `opencode`, `python` and `replay`"),
    ],
)
def test_an_unknown_name_gets_a_hint(name: str, hint: str) -> None:
    with pytest.raises(UnknownRuntime) as caught:
        Registry().open(name, Settings())
    assert caught.value.hint == hint


def test_a_registry_can_be_given_others() -> None:
    fake = ScriptedRuntime()
    opened = open_runtimes(
        ["mine"], Settings(blobs=MemoryBlobs()), registry=Registry({"mine": lambda _: fake})
    )
    assert opened == {"mine": fake}


def test_another_package_registers_a_runtime_by_entry_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "other-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: other\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[metaensemble.runtimes]\nother = other_runtime:make\n")
    (tmp_path / "other_runtime.py").write_text(
        "from metaensemble.engine.runtimes.fake import ScriptedRuntime\n"
        "def make(settings):\n    return ScriptedRuntime(name=f'other {len(settings.environ)}')\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "other" in Registry().names()
    assert Registry().open("other", Settings(environ={"A": "b"})).name == "other 1"


def test_opening_the_registry_imports_no_runtime() -> None:
    text = (
        "import sys, metaensemble.engine.runtimes.registry as r; "
        "print(*[n for n in sys.modules if n.endswith(('.command', '.python', '.replay')) or n == 'jsonschema'])"
    )
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_preflight_reports_every_problem_of_every_task_in_order(tmp_path: Path) -> None:
    graph = a_graph(
        tmp_path,
        a_task("fine"),
        a_task("a", runtime="comand"),
        a_task("b", command=CommandSpec(argv=(Literal("no-such-program"),)), secrets=("NOT_SET",)),
        a_task("c", runtime="comand"),
        a_task("d", runtime="replay"),
        a_task("e", inputs=(("briefs", Literal(1)),)),
    )
    found = preflight(graph, environ={"PATH": "/usr/bin:/bin"})
    assert [(type(problem), problem.task) for problem in found] == [
        (UnknownRuntime, "a"),
        (SecretNotSet, "b"),
        (MissingProgram, "b"),
        (UnknownRuntime, "c"),
        (RecordingsMissing, "d"),
        (ClashingInputs, "e"),
    ]
    assert all(problem.where[:2] == ("tasks", problem.task) for problem in found)


def test_a_file_of_recordings_that_is_bad_is_told_once(tmp_path: Path) -> None:
    graph = a_graph(tmp_path, a_task("a", runtime="replay"), a_task("b", runtime="replay"))
    found = preflight(graph, environ={}, replay=tmp_path / "none.jsonl")
    assert [type(problem) for problem in found] == [RecordingsMissing]


def test_each_runtime_is_opened_once_however_many_tasks_it_has(tmp_path: Path) -> None:
    opened: list[str] = []

    class Willing:
        def preflight(self, task: BoundTask, *, project: str) -> list[InputError]:
            return []

    def opening(name: str) -> Any:
        def factory(_settings: Settings) -> Any:
            opened.append(name)
            return Willing()

        return factory

    registry = Registry(built_in={name: opening(name) for name in ("one", "two")})
    tasks = [a_task(f"t{number}", runtime="one" if number % 2 else "two") for number in range(10)]
    assert preflight(a_graph(tmp_path, *tasks), environ={}, registry=registry) == []
    assert sorted(opened) == ["one", "two"]


@pytest.mark.parametrize(("can", "codes"), [(True, []), (False, ["ME376"])])
def test_a_cap_that_the_runtime_cannot_keep_is_an_error(tmp_path: Path, can: bool, codes: list[str]) -> None:
    runtime = ScriptedRuntime()
    runtime.capabilities = Capabilities(turn_cap=can)
    registry = Registry({"scripted": lambda _: runtime})
    task = a_task("a", command=None, agent=AgentSpec(role="docs", max_turns=3), runtime="scripted")
    found = preflight(a_graph(tmp_path, task), environ={}, registry=registry)
    assert [problem.code for problem in found] == codes
    assert [problem.where for problem in found] == [("tasks", "a", "max_turns")] * len(codes)
