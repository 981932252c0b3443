"""Runtimes by name, imported on first use."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Final, cast

from ...schemas.bound import BoundGraph, BoundTask
from ...schemas.errors import CapNotKept, InputError, UnknownRuntime
from ...schemas.suggest import did_you_mean, in_backticks
from ..instances import bodies_of, leaf_tasks
from .agent_usage import Price
from .assessing import Assess
from .capture import BlobSink
from .protocol import LooksAhead, Runtime

GROUP: Final = "metaensemble.runtimes"
"""The entry point group in which other packages register theirs: a function `Settings` → `Runtime`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a runtime is made from. `blobs` is None where nothing is going to be started.

    `environ` is the environment of the Coordinator; None: that of the process. `replay` is a file of
    recorded attempts. `price` tells what the use of a model costs, `assess` looks at the work of agents.
    """

    blobs: BlobSink | None = None
    environ: Mapping[str, str] | None = None
    replay: Path | None = None
    price: Price | None = None
    assess: Assess | None = None


Factory = Callable[[Settings], Runtime]


class _NoBlobs:
    """Stands in where nothing is started, so that nothing is stored either."""

    def writer(self, *, keep_as: str = "") -> object:  # noqa: ARG002
        raise RuntimeError("this runtime was opened to check tasks, not to start them")


def _command(settings: Settings) -> Runtime:
    module = import_module(".command", __package__)
    blobs = settings.blobs if settings.blobs is not None else _NoBlobs()
    return cast("Runtime", module.CommandRuntime(blobs, environ=settings.environ))


def _replay(settings: Settings) -> Runtime:
    module = import_module(".replay", __package__)
    recordings = None if settings.replay is None else module.load_recordings(settings.replay)
    return cast("Runtime", module.ReplayRuntime(recordings))


def _python(settings: Settings) -> Runtime:
    module = import_module(".python", __package__)
    blobs = settings.blobs if settings.blobs is not None else _NoBlobs()
    return cast("Runtime", module.PythonRuntime(blobs, environ=settings.environ))


def _agent(name: str) -> Factory:
    """A runtime that carries agents out by the client of that name."""

    def factory(settings: Settings) -> Runtime:
        client = import_module(".clients.table", __package__).client_of(name)
        blobs = settings.blobs if settings.blobs is not None else _NoBlobs()
        runtime = import_module(".agent", __package__).AgentRuntime
        given = {"environ": settings.environ, "price": settings.price, "assess": settings.assess}
        return cast("Runtime", runtime(client, blobs, **given))

    return factory


BUILT_IN: Final[Mapping[str, Factory]] = {
    "command": _command,
    "python": _python,
    "replay": _replay,
    **{name: _agent(name) for name in ("claude", "codex", "gemini", "opencode", "api")},
}


@dataclass(frozen=True, slots=True)
class Registry:
    """The known runtimes: those of this program, then those that other packages register."""

    built_in: Mapping[str, Factory] = field(default_factory=lambda: BUILT_IN)

    def open(self, name: str, settings: Settings) -> Runtime:
        """The runtime `name`, ready to use. Raises `UnknownRuntime`, and `InputError` for bad settings."""
        factory = self.built_in.get(name) or self._registered(name)
        if factory is None:
            raise self._unknown(name)
        return factory(settings)

    def unknown(self, name: str) -> UnknownRuntime | None:
        """The error for a runtime that there is not; nothing is imported or opened."""
        from importlib.metadata import entry_points  # only for unknown names

        is_known = name in self.built_in or bool(entry_points(group=GROUP, name=name))
        return None if is_known else self._unknown(name)

    def names(self) -> list[str]:
        """The names of all runtimes that can be opened, sorted."""
        from importlib.metadata import entry_points  # only for unknown names

        return sorted({*self.built_in, *(point.name for point in entry_points(group=GROUP))})

    def _unknown(self, name: str) -> UnknownRuntime:
        known = self.names()
        near = did_you_mean(name, known)
        return UnknownRuntime(
            f"there is no runtime `{name}`", hint=near or f"there are {in_backticks(known, last='and')}"
        )

    def _registered(self, name: str) -> Factory | None:
        # Reading the metadata of all installed packages takes milliseconds: only for unknown names.
        from importlib.metadata import entry_points  # only for unknown names

        for point in entry_points(group=GROUP, name=name):
            return cast("Factory", point.load())
        return None


def open_runtimes(
    names: Iterable[str], settings: Settings, *, registry: Registry | None = None
) -> dict[str, Runtime]:
    """The runtimes of a DAG run by name, ready to start attempts."""
    chosen = registry or Registry()
    return {name: chosen.open(name, settings) for name in sorted(names)}


def open_to_look(
    graph: BoundGraph, *, environ: Mapping[str, str], registry: Registry | None = None
) -> dict[str, Runtime]:
    """The known runtimes of a graph's tasks by name, for whoever starts nothing."""
    chosen = registry or Registry()
    opened: dict[str, Runtime] = {}
    for _, task in leaf_tasks(graph):
        if task.runtime not in opened and task.ask is None:
            with suppress(InputError):
                opened[task.runtime] = chosen.open(task.runtime, Settings(environ=environ))
    return opened


def preflight(
    graph: BoundGraph,
    *,
    environ: Mapping[str, str],
    replay: Path | None = None,
    registry: Registry | None = None,
) -> list[InputError]:
    """Everything that would make attempts of the graph's tasks fail, in the order of the tasks.

    Starts no attempt and writes nothing. Modules of Python callables are imported, elsewhere.
    """
    settings = Settings(environ=environ, replay=replay)
    chosen = registry or Registry()
    asked = [(owner, task) for owner, task in leaf_tasks(graph) if task.ask is None and not task.made]
    names = dict.fromkeys(task.runtime for _, task in asked)
    opened = {name: _opened(chosen, name, settings) for name in names}
    for name, runtime in opened.items():
        if isinstance(runtime, LooksAhead):
            runtime.look_ahead([task for _, task in asked if task.runtime == name], project=graph.project)
    # What a pattern made stands nowhere but in the line that asks for it.
    wheres = {id(body.graph): (body.asked_in, body.where) for body in bodies_of(graph) if body.where}
    problems: list[InputError] = []
    told: set[tuple[str, str, str]] = set()
    for owner, task in asked:
        for problem in _problems(task, opened[task.runtime], owner):
            # Cells of a matrix and graphs that are run twice would say the same again.
            what = (owner.source, problem.code, f"{problem.where}{problem.message}")
            if what not in told:
                told.add(what)
                problem.source, problem.where = wheres.get(id(owner), (owner.source, problem.where))
                problems.append(problem)
    return problems


def _problems(task: BoundTask, runtime: Runtime | InputError, owner: BoundGraph) -> list[InputError]:
    if isinstance(runtime, UnknownRuntime):
        where = ("tasks", task.id, "runtime")
        return [UnknownRuntime(runtime.message, hint=runtime.hint, task=task.id, where=where)]
    if isinstance(runtime, InputError):
        return [runtime]
    return [*_beyond(task, runtime), *runtime.preflight(task, project=owner.project)]


def _beyond(task: BoundTask, runtime: Runtime) -> list[InputError]:
    """What the task asks for and the runtime cannot do."""
    if task.agent is None or task.agent.max_turns is None or runtime.capabilities.turn_cap:
        return []
    return [
        CapNotKept(
            f"the runtime `{runtime.name}` cannot hold an agent to `max_turns`",
            hint="limit the attempt with `timeout` instead; or name a runtime that can: `claude` or `api`",
            task=task.id,
            where=("tasks", task.id, "max_turns"),
        )
    ]


def _opened(registry: Registry, name: str, settings: Settings) -> Runtime | InputError:
    try:
        return registry.open(name, settings)
    except InputError as error:
        return error
