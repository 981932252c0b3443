"""What a task hands on, and the files that it leaves behind."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field
from pydantic_core import InitErrorDetails, PydanticCustomError

from . import mistakes
from .model import GrammarModel, key_error
from .values import FullText, JsonSchema, Maybe, Several


class Output(GrammarModel):
    """Where the output of a task is read from, how, and what must hold for it."""

    shorthand: ClassVar[str] = "output: {as: json}"

    from_: Literal["stdout", "file"] = Field(
        default="stdout",
        alias="from",
        description="Where the output comes from: what the command prints, or the file named by `path`.",
    )
    path: Maybe[FullText] = Field(
        default=None,
        description="The file that holds the output, relative to the project. Needs `from: file`.",
        examples=["report.json"],
    )
    as_: Maybe[Literal["text", "json", "lines"]] = Field(
        default=None,
        alias="as",
        description="How the output is read: `text` as it is, without its last newline; `json` as one JSON"
        " value; `lines` as a list of lines.",
        json_schema_extra={"x-default": "text; json when a schema is given"},
    )
    schema_: Maybe[JsonSchema] = Field(
        default=None,
        alias="schema",
        description="What the output must look like: the path of a JSON Schema file, or the schema itself."
        " If it does not hold, the attempt fails with `output_invalid`.",
        examples=["schemas/verdict.json", {"type": "object", "required": ["verdict"]}],
    )

    @property
    def form(self) -> Literal["text", "json", "lines"]:
        """How the output is read, with the default put in."""
        return self.as_ or ("text" if self.schema_ is None else "json")

    @classmethod
    def not_a_map(cls, value: object) -> PydanticCustomError:
        """A form alone is taken to mean `as`, a path alone to mean `from: file`."""
        if value in ("text", "json", "lines"):
            hint = f"write `output: {{as: {value}}}`"
        elif isinstance(value, str) and value != "stdout":
            hint = f"write `output: {{from: file, path: {value}}}`"
        else:
            return super().not_a_map(value)
        return mistakes.mistake("output_map", "`output` is a map, found text", hint)

    @classmethod
    def broken_rules(cls, data: dict[Any, Any]) -> list[InitErrorDetails]:
        """`path` and `from: file` come together."""
        source = data.get("from", "stdout")
        if "path" in data and source == "stdout":
            problem = mistakes.mistake(
                "output_path", "`path` needs `from: file`", "add `from: file`, or drop `path`", of="key"
            )
            return [key_error(problem, data, "path")]
        if source == "file" and "path" not in data:
            problem = mistakes.mistake(
                "output_path", "`from: file` needs `path`", "name the file, such as `path: report.json`"
            )
            return [key_error(problem, data, "from")]
        return []


class Deliverable(GrammarModel):
    """A file that the task must leave behind."""

    shorthand: ClassVar[str] = "deliverables: [{path: report.md}]"

    path: FullText = Field(
        description="The file, relative to the project. It must exist when the attempt ends.",
        examples=["reports/review.md"],
    )
    must_export: Several[FullText] = Field(
        default=(),
        description="Names that the file must define for others to use.",
        examples=[["parse", "ParseError"]],
    )
    coverage: Maybe[Annotated[float, Field(strict=True, ge=0, le=100, allow_inf_nan=False)]] = Field(
        default=None, description="The least test coverage of the file, in percent.", examples=[80]
    )
    schema_: Maybe[JsonSchema] = Field(
        default=None,
        alias="schema",
        description="What the file's JSON content must look like: the path of a JSON Schema file, or the"
        " schema itself.",
    )


class Outputs(GrammarModel):
    """Keys of a task about what comes out of it."""

    output: Maybe[Output] = Field(
        default=None,
        description="Where the output of the task is read from, how, and what must hold for it.",
        examples=[{"as": "lines"}],
        json_schema_extra={"x-default": "what the command prints, as text"},
    )
    deliverables: Several[Deliverable] = Field(
        default=(),
        description="Files that the task must leave behind. One that the attempt did not write, or that"
        " breaks its schema, fails the attempt with `output_invalid`.",
        examples=[[{"path": "reports/review.md"}]],
    )
    writes: Several[FullText] = Field(
        default=(),
        description="Globs of the files that the task may write. Two tasks that may run at the same time and"
        " write the same file are an error.",
        examples=[["build/**"]],
    )
