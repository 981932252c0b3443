"""What is found wrong with Python tasks before anything starts."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from metaensemble.engine.process.identity import process_start
from metaensemble.engine.runtimes.python import PythonRuntime
from metaensemble.engine.runtimes.python_looker import Looker, Question
from metaensemble.engine.runtimes.registry import preflight
from metaensemble.schemas.bound import BoundGraph, BoundTask, Place
from metaensemble.schemas.errors import (
    ClashingInputs,
    FunctionMissing,
    ImportFailed,
    InputError,
    MissingDirectory,
    ModuleMissing,
    NeedsProcess,
    SecretNotSet,
    SecretTooShort,
    UnfitInputs,
    UnusableCallable,
    WrongRuntime,
)
from metaensemble.schemas.template import Expr, Literal
from support.callables import a_python_task, write
from support.fakes import MemoryBlobs

CLEAN = """
    import collections, os
    from dataclasses import dataclass
    from pathlib import Path

    number = 3

    def run(path, limit=10):
        return path

    def free(**anything):
        return anything

    def asks(briefs):
        return briefs

    def by_position(a, /):
        return a

    def items():
        yield 1

    async def stream():
        yield 1

    class Cleaner:
        def go(self):
            return 1

        @classmethod
        def make(cls, path):
            return path

        @staticmethod
        def pure(path):
            return path

    @dataclass
    class Row:
        name: str

    cleaner = Cleaner()
    native = collections.OrderedDict.fromkeys
"""


def found_in(project: Path, *tasks: BoundTask, environ: dict[str, str] | None = None) -> list[InputError]:
    graph = BoundGraph(
        name="g", source=str(project / "g.yaml"), source_digest="0" * 64, project=str(project), tasks=tasks
    )
    return preflight(graph, environ=dict(os.environ) if environ is None else environ)


def inputs(*names: str) -> tuple[tuple[str, Any], ...]:
    return tuple((name, Literal(1)) for name in names)


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("steps.clean:run", ["path"]),
        ("steps.clean:run", ["path", "limit"]),
        ("steps.clean:free", ["whatever"]),
        ("steps.clean:asks", []),
        ("steps.clean:Cleaner.make", ["path"]),
        ("steps.clean:Cleaner.pure", ["path"]),
        ("steps.clean:cleaner.go", []),
        ("steps.clean:Row", ["name"]),
        ("steps.clean:native", ["iterable"]),
        ("json:loads", ["s"]),
        ("metaensemble.schemas.canonical:digest", ["value"]),
    ],
)
@pytest.mark.parametrize("where", ["process", "inline"])
def test_nothing_is_wrong_with_what_can_be_called(
    name: str, names: list[str], where: Place, tmp_path: Path
) -> None:
    write(tmp_path, CLEAN, "steps.clean")
    assert found_in(tmp_path, a_python_task(name, where=where, inputs=inputs(*names))) == []


@pytest.mark.parametrize(
    ("name", "names", "kind", "message", "hint"),
    [
        ("steps.claen:run", [], ModuleMissing, "there is no module `steps.claen`", "did you mean `steps.clean`?"),
        ("stesp.clean:run", [], ModuleMissing, "there is no module `stesp`", "did you mean `steps.clean`?"),
        ("steps.clean.more:run", [], ModuleMissing, "there is no module `steps.clean.more`", "modules are looked for in the project's root, then where `me` is installed"),
        ("nowhere:run", [], ModuleMissing, "there is no module `nowhere`", "modules are looked for in the project's root, then where `me` is installed"),
        ("steps.clean:rnu", [], FunctionMissing, "`steps.clean` has no `rnu`", "did you mean `run`?"),
        ("steps.clean:Cleaner.mkae", [], FunctionMissing, "`steps.clean` has no `Cleaner.mkae`", "did you mean `Cleaner.make`?"),
        ("steps.clean:other", [], FunctionMissing, "`steps.clean` has no `other`", "it has `Cleaner`, `Row`, `asks`, `by_position`, `free`, `items`, `run` and `stream`"),
        ("steps.empty:run", [], FunctionMissing, "`steps.empty` has no `run`", None),
        ("steps.clean:number", [], UnusableCallable, "`steps.clean:number` cannot be called: it is `int`", None),
        ("steps.clean:items", [], UnusableCallable, "`steps.clean:items` is a generator; return a list instead", None),
        ("steps.clean:stream", [], UnusableCallable, "`steps.clean:stream` is a generator; return a list instead", None),
        ("steps.clean:Cleaner.go", [], UnusableCallable, "`steps.clean:Cleaner.go` is a method, which needs a `Cleaner` to be called on; write a function around it", None),
        ("steps.clean:run", [], UnfitInputs, "`steps.clean:run` needs the argument `path`, and `with` does not give it", "add `path` to `with`, or give it a default"),
        ("steps.clean:run", ["path", "limt"], UnfitInputs, "`steps.clean:run` takes no argument `limt`", "did you mean `limit`?"),
        ("steps.clean:run", ["path", "other"], UnfitInputs, "`steps.clean:run` takes no argument `other`", "it takes `path` and `limit`"),
        ("steps.clean:asks", ["other"], UnfitInputs, "`steps.clean:asks` takes no argument `other`", "it takes none: leave `with` out"),
        ("steps.clean:by_position", [], UnfitInputs, "`steps.clean:by_position` takes `a` by position only, and inputs come by name", "let it be given by name: in the signature, put `a` behind the `/`"),
        ("steps.clean:Row", [], UnfitInputs, "`steps.clean:Row` needs the argument `name`, and `with` does not give it", "add `name` to `with`, or give it a default"),
        ("steps.raises:run", [], ImportFailed, "importing `steps.raises` failed: ValueError: too early (steps/raises.py:1)", "modules are imported before anything starts: what may fail belongs into the function"),
        ("steps.syntax:run", [], ImportFailed, "importing `steps.syntax` failed: SyntaxError: invalid syntax (steps/syntax.py:2)", "modules are imported before anything starts: what may fail belongs into the function"),
        ("steps.needs:run", [], ImportFailed, "importing `steps.needs` failed: ModuleNotFoundError: No module named 'no_such' (steps/needs.py:1)", "install `no_such` where `me` is installed, or correct the name"),
        ("steps.leaves:run", [], ImportFailed, "importing `steps.leaves` failed: SystemExit: 3 (steps/leaves.py:2)", "modules are imported before anything starts: what may fail belongs into the function"),
        ("steps.ends:run", [], ImportFailed, "importing `steps.ends` ended the process (exit status 4)", "modules are imported before anything starts: what may fail belongs into the function"),
        ("steps.dies:run", [], ImportFailed, f"importing `steps.dies` ended the process (signal {signal.SIGKILL} (SIGKILL))", "modules are imported before anything starts: what may fail belongs into the function"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(
    name: str, names: list[str], kind: type[InputError], message: str, hint: str | None, tmp_path: Path
) -> None:
    write(tmp_path, CLEAN, "steps.clean")
    for module, text in {
        "empty": "",
        "raises": "raise ValueError('too early')",
        "syntax": "\nrun = = 1",
        "needs": "import no_such.inner",
        "leaves": "import sys\nsys.exit(3)",
        "ends": "import os\nprint('noise')\nos._exit(4)",
        "dies": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
    }.items():
        write(tmp_path, text, f"steps.{module}")
    (problem,) = found_in(tmp_path, a_python_task(name, inputs=inputs(*names)))
    assert type(problem) is kind
    assert problem.message == message
    assert problem.hint == hint
    assert problem.task == "a"
    place = ("with", names[-1]) if "takes no argument" in message else ("python",)
    assert problem.where == ("tasks", "a", *place)


def test_all_problems_of_all_tasks_come_in_their_order(tmp_path: Path) -> None:
    write(tmp_path, CLEAN, "steps.clean")
    write(tmp_path, "import os\nos._exit(1)", "dies")
    found = found_in(
        tmp_path,
        a_python_task("dies:run", id="a"),
        a_python_task("steps.clean:run", id="b", inputs=inputs("x", "y")),
        BoundTask(id="c", runtime="python"),
        a_python_task("dies:run", id="d", inputs=inputs("briefs")),
        a_python_task("none:run", id="e", cwd=Literal("nowhere"), secrets=("NOT_SET",)),
    )
    assert [(type(problem), problem.task) for problem in found] == [
        (ImportFailed, "a"),
        (UnfitInputs, "b"),
        (UnfitInputs, "b"),
        (UnfitInputs, "b"),
        (WrongRuntime, "c"),
        (ClashingInputs, "d"),
        (ImportFailed, "d"),
        (SecretNotSet, "e"),
        (MissingDirectory, "e"),
        (ModuleMissing, "e"),
    ]


@pytest.mark.parametrize("where", ["thread", "inline"])
def test_what_needs_a_process_is_refused_elsewhere(where: Place, tmp_path: Path) -> None:
    write(tmp_path, "def run(): return 1")
    (tmp_path / "data").mkdir()
    environ = dict(os.environ) | {"TOKEN": "correct-horse"}
    fields: dict[str, Any] = {
        "env": (("A", Literal("b")),),
        "secrets": ("TOKEN",),
        "cwd": Literal("data"),
    }
    for key, value in fields.items():
        (problem,) = found_in(tmp_path, a_python_task("run", where=where, **{key: value}), environ=environ)
        assert type(problem) is NeedsProcess
        assert problem.message == f"`{key}` needs a process of its own, and the callable runs `in: {where}`"
        assert problem.where == ("tasks", "a", key)
    assert found_in(tmp_path, a_python_task("run", **fields), environ=environ) == []
    for cwd in (Literal("."), Literal("./"), Literal(str(tmp_path)), Literal("data/..")):
        assert found_in(tmp_path, a_python_task("run", where=where, cwd=cwd)) == []
    (problem,) = found_in(tmp_path, a_python_task("run", where=where, cwd=Expr("tasks.b.output")))
    assert type(problem) is NeedsProcess


def test_the_module_is_imported_with_what_the_attempt_will_have(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    write(
        tmp_path,
        """
        import os
        from pathlib import Path
        MINE, TOKEN = os.environ["MINE"], os.environ["TOKEN"]
        assert Path.cwd().name == "data"
        def run(): return 1
        """,
    )
    task = a_python_task("run", env=(("MINE", Literal(1)),), secrets=("TOKEN",), cwd=Literal("data"))
    environ = dict(os.environ) | {"TOKEN": "correct-horse"}
    assert found_in(tmp_path, task, environ=environ) == []
    (problem,) = found_in(tmp_path, a_python_task("run", secrets=("TOKEN",)), environ=environ)
    assert problem.message == "importing `steps` failed: KeyError: 'MINE' (steps.py:4)"


def test_an_import_that_may_want_a_variable_of_another_task_is_not_judged(tmp_path: Path) -> None:
    write(tmp_path, "import os\nMINE = os.environ['MINE']\ndef run(): return 1")
    assert found_in(tmp_path, a_python_task("run", env=(("MINE", Expr("tasks.b.output")),))) == []


def test_a_secret_is_not_told(tmp_path: Path) -> None:
    write(tmp_path, "import os\nraise ValueError(os.environ['TOKEN'])")
    environ = dict(os.environ) | {"TOKEN": "correct-horse", "PIN": "1234"}
    task = a_python_task("run", secrets=("TOKEN", "PIN"))
    short, problem = found_in(tmp_path, task, environ=environ)
    assert type(short) is SecretTooShort
    assert problem.message == "importing `steps` failed: ValueError: ***TOKEN*** (steps.py:2)"


def test_looking_writes_nothing_and_imports_each_module_once(tmp_path: Path) -> None:
    log = tmp_path.parent / "log"
    write(tmp_path, f"open({str(log)!r}, 'a').write('imported\\n')\ndef a(): ...\ndef b(): ...")
    before = sorted(tmp_path.rglob("*"))
    tasks = [a_python_task(name, id=f"t{number}") for number, name in enumerate("abab")]
    assert found_in(tmp_path, *tasks) == []
    assert log.read_text() == "imported\n"
    assert sorted(tmp_path.rglob("*")) == before
    assert "steps" not in sys.modules


def test_without_look_ahead_each_task_is_looked_at_by_itself(tmp_path: Path) -> None:
    write(tmp_path, "def run(): return 1")
    runtime = PythonRuntime(MemoryBlobs())
    assert runtime.preflight(a_python_task("run"), project=str(tmp_path)) == []
    (problem,) = runtime.preflight(a_python_task("rum"), project=str(tmp_path))
    assert type(problem) is FunctionMissing


def test_an_import_without_end_is_given_up_and_leaves_no_process(tmp_path: Path) -> None:
    write(
        tmp_path,
        """
        import os, subprocess, time
        child = subprocess.Popen(["sleep", "1000"])
        open("pids", "w").write(f"{os.getpid()} {child.pid}")
        time.sleep(1000)
        """,
        "endless",
    )
    write(tmp_path, "def run(): return 1")

    def question(module: str) -> Question:
        return Question(str(tmp_path), module, "run", (), str(tmp_path), tuple(os.environ.items()))

    looker = Looker(2.0)
    found = looker.ask([question("endless"), question("steps"), question("endless")])
    assert found == [{"kind": "slow", "seconds": 2.0}, {}, {"kind": "slow", "seconds": 2.0}]
    pids = [int(word) for word in (tmp_path / "pids").read_text().split()]
    assert len(pids) == 2
    assert [process_start(pid) for pid in pids] == [None, None]


def test_a_slow_import_is_told(tmp_path: Path) -> None:
    write(tmp_path, "import time\ntime.sleep(1000)")
    runtime = PythonRuntime(MemoryBlobs(), looking=0.5)
    (problem,) = runtime.preflight(a_python_task("run"), project=str(tmp_path))
    assert problem.message == "importing `steps` took more than 0.5 s"


def test_a_module_that_closes_descriptors_ends_the_look_only(tmp_path: Path) -> None:
    write(tmp_path, "import os\nos.closerange(0, 100)\ndef run(): ...")
    (problem,) = found_in(tmp_path, a_python_task("run"))
    assert type(problem) is ImportFailed
    assert problem.message == "importing `steps` ended the process (exit status 197)"
