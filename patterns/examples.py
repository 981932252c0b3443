"""One small example of each pattern, for `me patterns show`: as data, as YAML, and bound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..schemas.bound import BoundGraph, BoundTask, CommandSpec, Member, OutputContract, PatternUse
from ..schemas.template import Literal

VERDICT = {
    "type": "object",
    "required": ["verdict"],
    "properties": {"verdict": {"enum": ["ok", "bad"]}, "reason": {"type": "string"}},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A task called `task` that runs `run`, and the settings of its pattern as they stand in a graph file.

    With `verdict` the task's output is typed, and has something to vote on.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    task: str = "review"
    run: tuple[str, ...] = ("./review",)
    verdict: bool = False

    def graph(self, pattern: str) -> BoundGraph:
        """A graph of this one task, to be expanded by the pattern."""
        output = OutputContract(form="json", schema=VERDICT) if self.verdict else OutputContract()
        task = BoundTask(id=self.task, command=_command(self.run), output=output)
        settings = {key: _value(value, task, (key,)) for key, value in self.settings.items()}
        use = PatternUse(name=pattern, settings=settings)
        return BoundGraph(
            name=pattern, source="", source_digest="", project="", tasks=(replace(task, pattern=use),)
        )

    def written(self, pattern: str) -> str:
        """The graph as a graph file has it."""
        lines = ["tasks:", f"  {self.task}:", f"    run: {_flow(self.run)}"]
        if self.verdict:
            lines += ["    output:", "      as: json", f"      schema: {_flow(VERDICT)}"]
        use = {pattern: self.settings} if self.settings else pattern
        return "\n".join([*lines, f"    pattern: {_flow(use)}"]) + "\n"


def _flow(value: Any) -> str:
    """The value on one line of YAML; its texts are such as need no quotes."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _command(argv: Any) -> CommandSpec:
    return CommandSpec(argv=tuple(Literal(word) for word in argv))


def _value(value: Any, task: BoundTask, where: tuple[str | int, ...]) -> Any:
    """The value, with a bound member in place of each map that says what to run."""
    if isinstance(value, list):
        return [_value(item, task, (*where, at)) for at, item in enumerate(value)]
    if not isinstance(value, Mapping):
        return value
    if "run" not in value:
        return {key: _value(item, task, (*where, key)) for key, item in value.items()}
    return Member(
        task=replace(task, command=_command(value["run"])),
        has_work=True,
        keys={key: item for key, item in value.items() if key != "run"},
        given=frozenset({"run"}),
        where=where,
    )
