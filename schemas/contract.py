"""What an Executor is given, and what its work is held to."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from .model import GrammarModel
from .values import Command, CountOr, FullText, Label, Lines, Maybe, PositiveCountOr, Several


class FilePointer(GrammarModel):
    """A file that an Executor is pointed to."""

    shorthand: ClassVar[str] = "{path: src/parser.py, role: source}"

    path: FullText = Field(description="The file, relative to the project.", examples=["src/parser.py"])
    lines: Maybe[Lines] = Field(
        default=None,
        description="The first and last line that matter.",
        examples=["10..40"],
        json_schema_extra={"x-default": "the whole file"},
    )
    role: Maybe[Label] = Field(
        default=None, description="What the file is in this task.", examples=["source", "test", "memory"]
    )


class Context(GrammarModel):
    """What an Executor is pointed to before it begins."""

    shorthand: ClassVar[str] = "context: {files: [{path: src/parser.py}]}"

    files: Several[FilePointer] = Field(
        default=(),
        description="Files to read, or parts of them. They are pointed to, never pasted.",
        examples=[[{"path": "src/parser.py", "lines": "10..40", "role": "source"}]],
    )
    prior_runs: Several[Label] = Field(
        default=(), description="Ids of earlier Runs whose results matter here."
    )


class Contract(GrammarModel):
    """Keys of a task about what it is given and what it is held to."""

    context: Maybe[Context] = Field(
        default=None,
        description="What the Executor of `role` is pointed to: files, and earlier Runs.",
        examples=[{"files": [{"path": "src/parser.py"}]}],
    )
    acceptance: Several[FullText] = Field(
        default=(),
        description="Statements that must be true of the result: the Executor of `role` is told them. What a"
        " program can find out belongs under `checks`.",
        examples=[["every finding names a file and a line"]],
    )
    checks: Several[Command] = Field(
        default=(),
        description="Commands that must exit with 0 after the work is done, where and as it was done. When"
        " one does not, the attempt fails with `quality_gate`; an Executor is told, and may mend its work"
        " first.",
        examples=[["pytest -q"]],
    )
    quality: Literal["off", "note", "reask"] = Field(
        default="note",
        description="What the quality gate does with files that the task declares under `deliverables`: it"
        " looks at them and notes what it finds; with `reask` what it would block fails the attempt with"
        " `quality_gate`, and an Executor is told the findings and may mend its work first; `off`: nothing.",
    )
    reask: CountOr = Field(
        default=2,
        description="How often the Executor is asked again when its result breaks the output schema, or what"
        " else it is held to.",
        examples=[2],
    )
    max_turns: Maybe[PositiveCountOr] = Field(
        default=None,
        description="How many turns the Executor may take in an attempt: answers of the model, each of which"
        " may use tools. The attempt ends `budget_exceeded` when that is not enough. Only runtimes that hold"
        " their agents to it, `claude` and `api`, take it.",
        examples=[20],
    )
