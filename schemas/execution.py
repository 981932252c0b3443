"""How a task is carried out."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from .model import GrammarModel
from .retry import Retry
from .values import Command, DurationOr, FullText, Label, Maybe, WholeOr


class Execution(GrammarModel):
    """Keys of a task about how it is carried out. All of them may stand in `defaults` as well."""

    runtime: Maybe[Label] = Field(
        default=None,
        description="The adapter that carries out the attempts: `replay`, or for a `role` its client, such as"
        " `claude` or `codex`. In `defaults`, one that carries out agents is for tasks with a `role` alone.",
        examples=["codex"],
        json_schema_extra={"x-default": "by the kind of work; for a `role` see `me doctor`"},
    )
    tier: Maybe[Literal["opus", "sonnet", "haiku"]] = Field(
        default=None,
        description="The class of model that is asked for, by default that of the Role; `budgets.yaml` or the"
        " runtime itself says which model that is.",
    )
    model: Maybe[FullText] = Field(
        default=None, description="One particular model, by the name that the runtime has for it."
    )
    in_: Literal["process", "thread", "inline"] = Field(
        default="process",
        alias="in",
        description="Where a `python` callable runs: in a process that can be killed, in a thread, or in the"
        " coordinator itself.",
    )
    isolation: Literal["none", "worktree"] = Field(
        default="none",
        description="`worktree`: the attempt works on a checkout of its own, and your files stay as they"
        " are until you apply the result.",
    )
    setup: Maybe[Command] = Field(
        default=None,
        description="A command that prepares the worktree before the attempt.",
        examples=["pip install -e ."],
    )
    timeout: Maybe[DurationOr] = Field(
        default=None,
        description="How long one attempt may take; then it is stopped and fails with `timeout`.",
        examples=["10m"],
        json_schema_extra={"x-default": "no limit"},
    )
    idle_timeout: Maybe[DurationOr] = Field(
        default=None,
        description="How long an attempt may print nothing; then it is stopped and fails with `timeout`.",
        examples=["2m"],
        json_schema_extra={"x-default": "no limit"},
    )
    retry: Maybe[Retry] = Field(
        default=None,
        description="When a failed attempt is made again, and after how long.",
        examples=[{"max": 2, "backoff": "2s..1m"}],
        json_schema_extra={"x-default": "never"},
    )
    pool: Maybe[Label] = Field(
        default=None,
        description="The pool that the task counts against; its size is in `concurrency.pools`.",
        examples=["database"],
        json_schema_extra={"x-default": "that of its runtime"},
    )
    priority: WholeOr = Field(
        default=0,
        description="Which of several ready tasks starts first: the higher number. Among equals, the one"
        " with the longest path still ahead.",
        examples=[10],
    )
    cache: Literal["auto", "off", "refresh"] = Field(
        default="auto",
        description="Whether the result of an earlier DAG run is taken when nothing has changed. `auto`: yes,"
        " for tasks that declare `reads`; `refresh`: do it anew and keep the new result.",
    )
    effects: Literal["none", "local", "external"] = Field(
        default="local",
        description="What the task changes outside its output: nothing, files on this machine, or the world"
        " beyond it.",
    )
    on_lost: Maybe[Literal["rerun", "ask", "fail"]] = Field(
        default=None,
        description="What becomes of a node when nobody knows what its attempt did: its end was never seen,"
        " after a crash or a kill, or it was stopped midway, by Ctrl-C.",
        json_schema_extra={
            "x-default": "rerun; ask when `effects` is external, or an agent may change the project's files"
        },
    )
