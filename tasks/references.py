"""Checks what the references of expressions lead to, and collects the needs that they imply."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ..schemas.bound import NeedMode
from ..schemas.errors.expression import (
    ExpressionError,
    HyphenatedReference,
    ImpossibleReference,
    MisplacedReference,
    SecretInExpression,
    UndeclaredKey,
    UnknownName,
    UnknownTaskReference,
)
from ..schemas.pattern_ref import pattern_name
from ..schemas.suggest import closest, did_you_mean, in_backticks
from ..schemas.task import Task
from .expression.analysis import RESERVED, Analysis, Problem, Reference, spell
from .places import When
from .producers import why_impossible

ROOTS = ("params", "env", "matrix", "run", "tasks", "repeat")
FIELDS = ("output", "outputs", "status", "deliverable")
_ITEM_FIELDS = ("key", "status", "output")
_HYPHENATED = re.compile(r"[A-Za-z_]\w*(?:-\w+)+")
_CHAIN = re.compile(r"(?:-\w+)+(?:\.\w+|\[[^]]*\])*")
_OTHER_WORDS = {
    "null": "write `none`",
    "inputs": "values of `with` reach a command as `ME_IN_<NAME>`, and expressions not at all",
    "needs": "write `tasks.ID.output`",
    "github": "write `params.X`, `env.X` or `run.id`",
    "steps": "write `tasks.ID.output`",
    "param": "write `params.X`",
    "task": "write `tasks.ID.output`",
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What all expressions of a graph have in common."""

    params: Mapping[str, str]
    """The types of the parameters by name."""
    tasks: Mapping[str, Task]
    item_names: frozenset[str] = frozenset()
    """The names that `as` gives anywhere in the graph."""


@dataclass(slots=True)
class References:
    """The references of one task, or of the graph's own keys when `task` is None.

    `env` grows while the task's `env` is read: a value sees the variables above it. `needs` collects
    the tasks that references wait for. `dynamic_env` are the variables that only the run will tell.
    """

    graph: Surroundings
    task_id: str | None = None
    task: Task | None = None
    broken: frozenset[str] = frozenset()
    """The keys of the task that could not be read: what they would make known may be referred to."""
    env: set[str] = field(default_factory=set)
    dynamic_env: set[str] = field(default_factory=set)
    needs: dict[str, NeedMode] = field(default_factory=dict)
    places: dict[str, set[When]] = field(default_factory=dict)
    """Where the tasks are referred to."""
    takes: set[str] = field(default_factory=set)
    """The tasks whose `outputs`, those of all items, are referred to."""

    def check(self, source: str, analysis: Analysis, when: When) -> list[Problem]:
        """The problems of one expression; its needs are noted."""
        problems: list[Problem] = []
        skip = -1
        for reference in analysis.references:
            if reference.start < skip:
                continue
            hyphenated = self._hyphenated(source, reference)
            if hyphenated is not None:
                problems.append(hyphenated)
                skip = hyphenated.end
                continue
            found = self._reference(reference, when)
            if found is not None:
                error, message, hint = found
                problems.append(Problem(error, message, hint, reference.start, reference.end))
        return problems

    # ---- one reference; each answers with the error, its message and its hint, or None

    def _reference(self, reference: Reference, when: When) -> _Found:
        match reference.root:
            case "params":
                return self._param(reference)
            case "tasks":
                return self._tasks(reference, when)
            case "env":
                return self._env(reference, when)
            case "matrix":
                return self._matrix(reference, when)
            case "run":
                return self._run(reference, when)
            case "repeat":
                return self._repeat(reference, when)
        if self.task is not None and "each" in self.broken and reference.root == self.task.as_:
            return None
        if self.task is not None and self.task.each is not None and reference.root == self.task.as_:
            if when in (When.RUN, When.ROUND, When.ITEM):
                return None
            message = f"`{reference.root}` is not known here: it is the item of the fan-out"
            return MisplacedReference, message, _when_hint(when)
        return self._unknown_name(reference)

    def _unknown_name(self, reference: Reference) -> _Found:
        name = reference.root
        if name in self.graph.item_names:
            message = f"`{name}` exists only inside the task whose `each` makes it"
            own = self.task.as_ if self.task is not None and self.task.each is not None else None
            hint = f"here an item is called `{own}`" if own else "refer to the fan-out by `tasks.ID.outputs`"
            return MisplacedReference, message, hint
        if name == "secrets":
            return _secret(reference.path[0] if reference.path else "NAME")
        near = closest(name, ROOTS)
        if name in self.graph.params:
            hint = f"write `{spell('params', (name, *reference.path))}`"
        elif name in self.graph.tasks:
            hint = f"write `{spell('tasks', (name, *(reference.path or ('output',))))}`"
        elif self.task is not None and name in self.task.matrix:
            hint = f"write `matrix.{name}`"
        elif name in self.env:
            hint = f"write `env.{name}`"
        elif near is not None:
            hint = f"did you mean `{near}`?"
        else:
            hint = (
                _OTHER_WORDS.get(name) or f"a name begins with {in_backticks(f'{root}.' for root in ROOTS)}"
            )
        return UnknownName, f"unknown name `{name}` in an expression", hint

    def _param(self, reference: Reference) -> _Found:
        if not reference.path:
            return None
        name = reference.path[0]
        kind = self.graph.params.get(str(name))
        if kind is None:
            hint = what_there_is(str(name), self.graph.params)
            return UndeclaredKey, f"the graph has no parameter `{name}`", hint
        if len(reference.path) > 1 and kind != "json" and isinstance(reference.path[1], str):
            return ImpossibleReference, f"`params.{name}` is of type `{kind}` and has no fields", None
        return None

    def _env(self, reference: Reference, when: When) -> _Found:
        if self.task is None:
            return (
                MisplacedReference,
                "`env` belongs to a task, and this is outside every task",
                "use `params`",
            )
        if not reference.path:
            return None
        name = str(reference.path[0])
        if name in self.task.secrets:
            return _secret(name)
        if name not in self.env:
            if name in self.task.env:
                return MisplacedReference, f"`env.{name}` is declared below the value that uses it", None
            near = did_you_mean(name, self.env)
            hint = f"declare it under the task's `env`; in shell text the environment's own is `${name}`"
            hint = hint if near is None else f"{near} else {hint}"
            return UndeclaredKey, f"the task declares no variable `{name}` under `env`", hint
        if name in self.dynamic_env and when not in (When.RUN, When.EACH, When.ROUND):
            return MisplacedReference, f"`env.{name}` depends on the results of tasks", _when_hint(when)
        return None

    def _matrix(self, reference: Reference, when: When) -> _Found:
        if "matrix" in self.broken:
            return None
        if self.task is None or not self.task.matrix:
            return MisplacedReference, "`matrix` exists only inside a task with `matrix`", None
        if when is When.MATRIX:
            return MisplacedReference, "`matrix` is not known while it is being made", "use `params` here"
        if not reference.path:
            return None
        name = str(reference.path[0])
        known = {*self.task.matrix, *(key for cell in self.task.include for key in cell)}
        if name not in known:
            hint = what_there_is(name, sorted(known))
            return UndeclaredKey, f"the task's `matrix` has no key `{name}`", hint
        return None

    def _run(self, reference: Reference, when: When) -> _Found:
        if when not in (When.RUN, When.EACH, When.ROUND, When.END):
            return MisplacedReference, "`run.id` is not known before the run", _when_hint(when)
        if reference.path[:1] == ("id",) and len(reference.path) == 1:
            return None
        return UndeclaredKey, f"there is no `{reference}`", "`run` has `run.id`"

    def _repeat(self, reference: Reference, when: When) -> _Found:
        if "repeat" in self.broken:
            return None
        if self.task is None or self.task.repeat is None:
            return MisplacedReference, "`repeat` exists only inside a task with `repeat`", None
        if when not in (When.RUN, When.ROUND):
            return MisplacedReference, "`repeat` is not known here", _when_hint(when)
        if reference.path[:1] == ("index",) and len(reference.path) == 1:
            return None
        if reference.path[:2] == ("last", "output"):
            return self._fields(self.task, "repeat.last.output", reference.path[2:])
        return (
            UndeclaredKey,
            f"there is no `{reference}`",
            "`repeat` has `repeat.index` and `repeat.last.output`",
        )

    # ---- references to tasks

    def _tasks(self, reference: Reference, when: When) -> _Found:
        if when not in (When.RUN, When.EACH, When.ROUND, When.END):
            return MisplacedReference, f"`{reference}` is not known before the run", _when_hint(when)
        name = reference.path[0] if reference.path else None
        if not isinstance(name, str):
            hint = "write `tasks.ID.output`, so that it is clear what this task waits for"
            return UnknownTaskReference, "`tasks` needs the id of a task, written out", hint
        task = self.graph.tasks.get(name)
        if task is None:
            hint = what_there_is(name, [other for other in self.graph.tasks if other != self.task_id])
            return UnknownTaskReference, f"there is no task `{name}`", hint
        if name == self.task_id:
            hint = "a round of a `repeat` sees the one before as `repeat.last.output`"
            return MisplacedReference, f"the task `{name}` cannot refer to itself", hint
        self.places.setdefault(name, set()).add(when)
        return self._task_field(name, task, list(reference.path[1:]))

    def _task_field(self, name: str, task: Task, rest: list[str | int]) -> _Found:
        if not rest or rest[0] not in FIELDS:
            base = spell("tasks", (name,))
            hint = f"write {in_backticks(f'{base}.{known}' for known in FIELDS)}"
            if not rest:
                return ImpossibleReference, f"`{base}` alone is no value", hint
            near = did_you_mean(str(rest[0]), FIELDS)
            if near is None and task.output is not None and task.output.form == "json":
                hint = f"write `{spell('tasks', (name, 'output', *rest))}`"
            return ImpossibleReference, f"a task has no `{rest[0]}`", near or hint
        wanted, below = str(rest[0]), rest[1:]
        mode: NeedMode = "done" if wanted == "status" else "ok"
        if self.needs.get(name) != "ok":
            self.needs[name] = mode
        match wanted:
            case "output":
                return self._output(name, task, below)
            case "outputs":
                self.takes.add(name)
                return self._outputs(name, task, below)
            case "deliverable":
                return self._deliverable(name, task, below)
        if below:
            status = spell("tasks", (name, "status"))
            return ImpossibleReference, f"`{status}` is text and has no fields", None
        return None

    def _output(self, name: str, task: Task, below: list[str | int]) -> _Found:
        if makes_items(task) is True:
            message = f"`{name}` makes many nodes, so it has no `output` of its own"
            return ImpossibleReference, message, f"write `{spell('tasks', (name, 'outputs'))}`, a list"
        if _never_ends_ok(self.task, name):
            message = f"`{name}` has no output here: this task needs it to end `failed`"
            return ImpossibleReference, message, f"`{spell('tasks', (name, 'status'))}` tells how it ended"
        return self._fields(task, spell("tasks", (name, "output")), below) if below else None

    def _outputs(self, name: str, task: Task, below: list[str | int]) -> _Found:
        if makes_items(task) is False:
            message = f"`{name}` is one node, so it has no `outputs`"
            return ImpossibleReference, message, f"write `{spell('tasks', (name, 'output'))}`"
        base = spell("tasks", (name, "outputs"))
        if below and isinstance(below[0], str):
            hint = f'write `{base} | map(attribute="{below[0]}")`'
            return ImpossibleReference, f"`{base}` is a list and has no field `{below[0]}`", hint
        if len(below) > 1 and below[1] not in _ITEM_FIELDS:
            return (
                ImpossibleReference,
                f"an item of `{base}` has {in_backticks(_ITEM_FIELDS, last='and')}",
                None,
            )
        if len(below) > 2 and below[1] == "output":
            return self._fields(task, f"{base}[{below[0]}].output", below[2:])
        return None

    def _deliverable(self, name: str, task: Task, below: list[str | int]) -> _Found:
        base = spell("tasks", (name, "deliverable"))
        if not task.deliverables and task.pattern is None:
            return ImpossibleReference, f"the task `{name}` declares no `deliverables`", "use its `output`"
        if below:
            return ImpossibleReference, f"`{base}` is the path of a file and has no fields", None
        return None

    def _fields(self, task: Task, base: str, below: Iterable[str | int]) -> _Found:
        """Fields of an output, as far as the kind of work and the declared output tell."""
        declared = task.output
        if task.pattern is not None and pattern_name(task.pattern) != "solo":
            return None  # what a pattern hands on, the pattern decides
        if declared is None and task.run is None:
            return None
        form = "text" if declared is None else declared.form
        schema = None if declared is None or isinstance(declared.schema_, str) else declared.schema_
        why = why_impossible(base, form, schema, list(below))
        return None if why is None else (ImpossibleReference, *why)

    def _hyphenated(self, source: str, reference: Reference) -> Problem | None:
        """The error for `tasks.my-task.output`, which reads as a subtraction."""
        known: Mapping[str, object] = {"tasks": self.graph.tasks, "params": self.graph.params}.get(
            reference.root, {}
        )
        if len(reference.path) != 1 or not isinstance(reference.path[0], str) or reference.path[0] in known:
            return None
        if not source.startswith(f".{reference.path[0]}", reference.end - len(reference.path[0]) - 1):
            return None
        chain = _CHAIN.match(source, reference.end)
        name = _HYPHENATED.match(source, reference.end - len(reference.path[0]))
        if chain is None or name is None:
            return None
        tail = source[name.end() : chain.end()]
        message = f"`{reference.root}.{name[0]}` reads as a subtraction: a hyphen is a minus here"
        hint = f'write `{reference.root}["{name[0]}"]{tail}`'
        if name[0] not in known:
            near = closest(name[0], known)
            hint = hint if near is None else f"did you mean `{spell(reference.root, (near,))}{tail}`?"
        return Problem(HyphenatedReference, message, hint, reference.start, chain.end())


_Found = tuple[type[ExpressionError], str, str | None] | None


def _secret(name: object) -> _Found:
    message = "a secret cannot be used in an expression, whose values are recorded"
    return (
        SecretInExpression,
        message,
        f"a command finds it in its environment: write `${name}` in shell text",
    )


def makes_items(task: Task) -> bool:
    """Whether a task becomes several nodes with outputs of their own. A pattern has one: its join's."""
    return task.each is not None or bool(task.matrix)


def item_name_problem(task: Task) -> str | None:
    """Why the name that `as` gives cannot be used, else None."""
    taken = {*ROOTS, *RESERVED, "range", "true", "false", "none"}
    if task.pattern is not None or task.effects == "external":
        taken.add("pieces")  # what patterns hand from piece to piece
    if task.each is None or task.as_ not in taken:
        return None
    return f"`{task.as_}` already has a meaning in expressions"


def _never_ends_ok(task: Task | None, name: str) -> bool:
    return task is not None and isinstance(task.needs, dict) and task.needs.get(name) == "failed"


def what_there_is(wanted: str, names: Collection[str]) -> str:
    """The hint for a name that does not exist: the nearest one, and all of them."""
    listed = in_backticks(names, last="and")
    there = f"there {'is' if len(names) == 1 else 'are'} {listed or 'none'}"
    near = did_you_mean(wanted, names)
    if near is None or len(names) == 1:
        return near or there
    return f"{near} {there}"


def _when_hint(when: When) -> str:
    if when in (When.GRAPH, When.MATRIX):
        return "this is fixed before anything runs: use `params`"
    if when is When.EACH:
        return "`each` itself is evaluated before there are items"
    if when is When.END:
        return "an output of the graph can use `tasks`, `params` and `run.id`"
    return "this is fixed before anything runs: use `params`, `matrix` or `env`"


def schema_references(analysis: Analysis) -> Iterator[tuple[str, Reference, list[str | int]]]:
    """The references of an expression into outputs of tasks: the task, and the fields behind its output."""
    for reference in analysis.references:
        match reference.path:
            case (str(name), "output", _, *_) if reference.root == "tasks":
                yield name, reference, list(reference.path[2:])
            case (str(name), "outputs", int(), "output", _, *_) if reference.root == "tasks":
                yield name, reference, list(reference.path[4:])
