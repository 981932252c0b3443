"""What a task does: exactly one kind of work."""

from __future__ import annotations

from typing import Any, Final

from pydantic import Field
from pydantic_core import InitErrorDetails

from . import mistakes
from .line_errors import line_error
from .model import GrammarModel, key_error, needs_key
from .values import CallableName, Command, FullText, JsonSchema, Label, Maybe, TaskId

KINDS: Final = ("role", "run", "python", "graph", "approve")
"""The keys that say what a task does."""


_ATTEMPT: Final = ("secrets", "cwd", "reads", "deliverables", "checks", "quality")

OF_ROLE: Final = ("prompt", "context", "executor", "reask", "max_turns", "acceptance")
"""Keys that mean something beside `role` alone."""

OF_MODEL: Final = ("tier", "model")
"""Keys that a task without `role` may have for the tasks of its graph, or for members of its pattern."""

_MEANINGLESS: Final = {
    # The tasks of the graph have their own.
    "graph": _ATTEMPT,
    # A question has no attempts.
    "approve": (
        *(*_ATTEMPT, "with", "output", "writes", "runtime", "timeout", "idle_timeout", "retry", "pool"),
        *("cache", "effects", "on_lost", "isolation", "setup"),
    ),
}
"""Keys that another kind of work would silently ignore."""


class Work(GrammarModel):
    """Keys that say what a task does. Exactly one of `role`, `run`, `python`, `graph`, `approve`."""

    role: Maybe[TaskId] = Field(
        default=None,
        description="The Role whose Executor does the work: an agent, told what to do by `prompt`.",
        examples=["code-quality"],
    )
    run: Maybe[Command] = Field(
        default=None,
        description="A command. Text goes to `sh -c`; a list is a program and its arguments, without a"
        " shell. Expressions in it never become shell text.",
        examples=["git diff --name-only", ["pytest", "-q"]],
    )
    python: Maybe[CallableName] = Field(
        default=None,
        description="A Python callable: inputs arrive as keyword arguments, what it returns is the output.",
        examples=["steps.clean:run"],
    )
    graph: Maybe[FullText] = Field(
        default=None,
        description="Another task graph, run as one task: `with` gives its params, its `outputs` are the"
        " output.",
        examples=["release.yaml"],
    )
    approve: Maybe[FullText] = Field(
        default=None,
        description="A question that a person answers; the task waits for it. A no ends it `failed`.",
        examples=["Publish the release?"],
    )
    prompt: Maybe[FullText] = Field(
        default=None,
        description="What the Executor of `role` is asked to do.",
        examples=["Review ${{ file }} for correctness and security."],
    )
    executor: Maybe[Label] = Field(
        default=None,
        description="The alias of one particular Executor of `role`, which goes on from where it was.",
        examples=["arch-7b3"],
        json_schema_extra={"x-default": "one that is idle, or a new one"},
    )
    input: Maybe[JsonSchema] = Field(
        default=None,
        description="What the answer to `approve` must look like, when more than yes or no is asked for: the"
        " path of a JSON Schema file, or the schema itself.",
        examples=[{"type": "object", "required": ["version"]}],
        json_schema_extra={"x-default": "yes or no"},
    )
    rewind_to: Maybe[TaskId] = Field(
        default=None,
        description="With `approve`: after a no, this task and everything behind it are done anew.",
        examples=["draft"],
    )


def work_rules(data: dict[Any, Any]) -> list[InitErrorDetails]:
    """What is wrong with the kinds of work of the task `data`: none, several, or keys of another kind."""
    found = [key for key in data if key in KINDS]
    problems: list[InitErrorDetails] = []
    if not found and "pattern" not in data:
        problem = mistakes.mistake(
            "no_work", "the task does nothing", "give it one of `run`, `role`, `python`, `graph`, `approve`"
        )
        problems.append(line_error(problem, data))
    for extra in found[1:]:
        problem = mistakes.mistake(
            "two_works",
            f"a task does one thing, and this one has both `{found[0]}` and `{extra}`",
            "make two tasks of it, and join them with `needs`",
            of="key",
            keys=found,
        )
        problems.append(key_error(problem, data, extra))
    if len(found) == 1:
        for kind, keys in (
            ("role", OF_ROLE),
            ("approve", ("input", "rewind_to")),
            ("python", ("in",)),
        ):
            for key in keys:
                problems += needs_key(data, key, kind, f"it means nothing beside `{found[0]}`")
        if found[0] != "graph" and "pattern" not in data:
            for key in OF_MODEL:
                problems += needs_key(data, key, "role", f"it means nothing beside `{found[0]}`")
        for key in _MEANINGLESS.get(found[0], ()):
            problems += needs_key(data, key, "run", f"it means nothing beside `{found[0]}`")
    return problems
