"""A task: one unit of work, as a person writes it, and the defaults for all of them."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import Field, GetJsonSchemaHandler, JsonValue
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError

from . import mistakes
from .agent import CLIENTS, OF_OTHERS
from .annotations import JsonObject, Names
from .budget import Money
from .contract import Contract
from .execution import Execution
from .fan_out import FanOut, fan_out_rules
from .model import GrammarModel
from .needs import Needs, repeated_needs
from .output import Outputs
from .pattern_ref import PatternUse
from .retry import Retry
from .values import Expression, FullText, Label, Maybe, Name, ScalarValue, Several, Text
from .work import KINDS, OF_ROLE, Work, work_rules


class Order(GrammarModel):
    """Keys of a task about when it runs, and whether."""

    description: Maybe[Text] = Field(
        default=None, description="What the task is for, in a sentence; shown in the plan."
    )
    needs: Needs = Field(
        default=(),
        description="The tasks that must have ended before this one starts: a list of ids, or a map from id"
        " to the end that is asked for. `ok` (the default), `done` (any end), `failed`, or `{ok: 2/3}` for"
        " a share of a fan-out's items. A reference to a task's output adds that need by itself.",
        examples=[["build", "lint"], {"review": {"ok": "2/3"}, "tests": "done"}],
    )
    if_: Maybe[Expression] = Field(
        default=None,
        alias="if",
        description="A condition, looked at after the needs are met; when it is false the task is skipped.",
        examples=["${{ params.voters > 1 }}"],
    )
    tags: Several[Label] = Field(
        default=(), description="Labels, for choosing tasks and for reading the plan.", examples=[["slow"]]
    )


class Inputs(GrammarModel):
    """Keys of a task about what goes into it."""

    with_: Annotated[dict[str, JsonValue], Names(Name, JsonValue)] = Field(
        default_factory=dict,
        alias="with",
        description="Named inputs. A command finds each in the environment as `ME_IN_<NAME>`, and all of them"
        " as one JSON object on stdin.",
        examples=[{"files": "${{ tasks.changed.output }}"}],
    )
    env: Annotated[dict[str, str | int | float | bool], Names(Name, ScalarValue)] = Field(
        default_factory=dict,
        description="Environment variables for the attempt.",
        examples=[{"PYTHONHASHSEED": "0"}],
    )
    secrets: Several[Name] = Field(
        default=(),
        description="Names of environment variables whose values are secret: handed on to the attempt, and"
        " masked wherever they would be written.",
        examples=[["API_TOKEN"]],
    )
    cwd: Maybe[FullText] = Field(
        default=None,
        description="The directory that the work starts in, relative to the project.",
        examples=["${{ params.project }}"],
        json_schema_extra={"x-default": "the project's root"},
    )
    reads: Maybe[Several[Text]] = Field(
        default=None,
        description="Globs of the files that the result depends on. Only a task that declares them, even as"
        " an empty list, is reused when nothing has changed.",
        examples=[["**/*.py", "pyproject.toml"]],
        json_schema_extra={"x-default": "not declared: never reused"},
    )


class Defaults(Execution, Money):
    """Values for every task that does not give its own: the execution and the money keys."""

    shorthand: ClassVar[str] = "defaults: {timeout: 10m, retry: {max: 2}}"


class Task(Money, Execution, PatternUse, Contract, Outputs, Inputs, FanOut, Order, Work):
    """One unit of work. It does exactly one thing: `run`, `role`, `python`, `graph` or `approve`."""

    shorthand: ClassVar[str] = "{run: echo hello}"

    @property
    def kind(self) -> str:
        """Which of the five kinds of work the task does; `run` where only its pattern does any."""
        return next((kind for kind in KINDS if kind in self.model_fields_set), "run")

    @classmethod
    def not_a_map(cls, value: object) -> PydanticCustomError:
        """Text or a list alone is taken to mean `run`."""
        if value and isinstance(value, str | list):
            text = value if isinstance(value, str) else f"[{', '.join(map(str, value))}]"
            return mistakes.mistake(
                "task_map", f"a task is a map, found {mistakes.kind_of(value)}", f"write `{{run: {text}}}`"
            )
        return super().not_a_map(value)

    @classmethod
    def broken_rules(cls, data: dict[Any, Any]) -> list[InitErrorDetails]:
        """One kind of work, keys that fit it, and no need twice."""
        return work_rules(data) + fan_out_rules(data) + repeated_needs(data)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonObject:
        found = super().__get_pydantic_json_schema__(schema, handler)
        target = handler.resolve_ref_schema(found)
        none = {"not": {"anyOf": [{"required": [kind]} for kind in KINDS]}, "required": ["pattern"]}
        target["oneOf"] = [*({"required": [kind]} for kind in KINDS), none]
        target["dependentRequired"] = {
            **{key: ["role"] for key in OF_ROLE},
            **{key: ["approve"] for key in ("input", "rewind_to")},
            "in": ["python"],
            **{key: ["each"] for key in ("as", "key", "parallel", "rest")},
            **{key: ["matrix"] for key in ("include", "exclude")},
        }
        return found


def with_defaults(task: Task, defaults: Defaults | None) -> Task:
    """`task` with the values of `defaults` for the keys that it does not give itself.

    Inside `retry` this holds key by key, so that a task may change `max` alone. `in` goes to
    `python` tasks only, and a runtime that carries out agents alone goes to those.
    """
    if defaults is None:
        return task
    given = task.model_fields_set
    update = {
        name: getattr(defaults, name)
        for name in defaults.model_fields_set
        if name not in given and _is_meant(name, task, defaults)
    }
    if task.retry is not None and defaults.retry is not None:
        update["retry"] = _merged(task.retry, defaults.retry)
    return task.model_copy(update=update) if update else task


def _is_meant(name: str, task: Task, defaults: Defaults) -> bool:
    """Whether the value of `defaults` for this key is for tasks of this kind."""
    if name == "in_":
        return task.python is not None
    return name != "runtime" or runtime_fits(defaults.runtime, task)


def runtime_fits(runtime: str | None, task: Task) -> bool:
    """Whether a runtime that is said of many tasks is meant for this one."""
    if task.role is not None:
        return runtime not in OF_OTHERS
    return runtime not in CLIENTS or task.graph is not None


def _merged(own: Retry, common: Retry) -> Retry:
    missing = common.model_fields_set - own.model_fields_set
    return own.model_copy(update={name: getattr(common, name) for name in missing})
