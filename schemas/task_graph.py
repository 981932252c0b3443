"""The task graph file as a whole."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, JsonValue
from pydantic_core import InitErrorDetails, PydanticCustomError

from . import mistakes
from .annotations import Choice, Names
from .budget import Budget
from .concurrency import Concurrency
from .line_errors import line_error
from .model import GrammarModel
from .param import Param
from .pattern_ref import PatternEntry
from .task import Defaults, Task
from .values import Label, Line, Maybe, Name, TaskId, Text
from .work import KINDS


def _version_shape(value: Any) -> str:
    if type(value) is int and value == 1:
        return "version"
    meant = value in ("1", 1, "1.0", "v1")
    hint = "write `version: 1`" if meant else "this program reads version 1 of the format"
    raise mistakes.mistake("bad_version", f"{mistakes.shown(value)} is not a version of the format", hint)


def _no_task_map(value: object) -> PydanticCustomError:
    hint = "write a map from id to task, such as `tasks: {hello: {run: echo hello}}`"
    if isinstance(value, list):
        hint = "write a map from id to task: the id comes first, then a colon, then the task's keys"
    return mistakes.mistake("tasks_map", f"`tasks` is a map, found {mistakes.kind_of(value)}", hint)


class TaskGraph(GrammarModel):
    """Tasks and their dependencies, as a person writes them in one YAML file."""

    shorthand: ClassVar[str] = "tasks: {hello: {run: echo hello}}"

    version: Annotated[Literal[1], Choice(_version_shape, {"version": Literal[1]})] = Field(
        default=1, description="The version of the file's format. There is one so far."
    )
    name: Maybe[Line] = Field(
        default=None,
        description="The name of the graph, for lists and reports.",
        examples=["release-review"],
        json_schema_extra={"x-default": "the file's name without its ending"},
    )
    description: Maybe[Text] = Field(default=None, description="What the graph is for, in a sentence or two.")
    params: Annotated[dict[str, Param], Names(Name, Param)] = Field(
        default_factory=dict,
        description="Values that whoever starts the graph may give. In expressions: `params.NAME`.",
        examples=[{"voters": {"type": "integer", "default": 3, "minimum": 1}}],
    )
    outputs: Annotated[dict[str, JsonValue], Names(Name, JsonValue)] = Field(
        default_factory=dict,
        description="What the graph hands on: shown in its report, and all that a parent graph may see.",
        examples=[{"report": "${{ tasks.report.output }}"}],
    )
    defaults: Maybe[Defaults] = Field(
        default=None,
        description="Values for every task that does not give its own: the execution and the money keys.",
        examples=[{"timeout": "10m", "retry": {"max": 2, "backoff": "2s..1m"}}],
    )
    budget: Maybe[Budget] = Field(
        default=None,
        description="The most that the whole DAG run may spend, in tokens, money and time.",
        examples=[{"tokens": "400k", "usd": 3.0, "wall": "45m"}],
        json_schema_extra={"x-default": "no limit"},
    )
    concurrency: Maybe[Concurrency] = Field(
        default=None,
        description="How many nodes may run at the same time: in all, and by pool.",
        examples=[{"max": 8, "pools": {"claude": 3}}],
    )
    patterns: Annotated[dict[str, Any], Names(Label, PatternEntry)] = Field(
        default_factory=dict,
        description="Patterns under names of your own, for tasks to use as `pattern`: with their settings, or"
        " `graph` and the file of a pattern that is written as a task graph, relative to this one.",
        examples=[
            {"three-votes": {"consensus": {"n": 3, "vote": "verdict"}}, "careful": {"graph": "careful.yaml"}}
        ],
    )
    tasks: Annotated[dict[str, Task], Names(TaskId, Task, explain=_no_task_map, least=1)] = Field(
        description="The tasks by their ids. The order in the file decides between equals.",
        examples=[{"hello": {"run": "echo hello"}}],
    )

    @classmethod
    def broken_rules(cls, data: dict[Any, Any]) -> list[InitErrorDetails]:
        """No task is lost because its id begins with `x-`, as keys do that are ignored."""
        tasks = data.get("tasks")
        if not isinstance(tasks, dict):
            return []
        problems = []
        for key, task in tasks.items():
            if not (isinstance(key, str) and key.startswith("x-") and isinstance(task, dict)):
                continue
            if not task.keys().isdisjoint(KINDS):
                problem = mistakes.mistake(
                    "ignored_task",
                    f"`{key}` would be ignored, as every key that begins with `x-`",
                    f"call the task `x_{key[2:]}`; or move what is no task out of `tasks`",
                    of="key",
                )
                problems.append(line_error(problem, task, ("tasks", key)))
        return problems
