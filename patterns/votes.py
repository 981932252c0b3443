"""How a vote is read out of settings and outputs, for rules, joins and plans alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..schemas.bound import BoundTask
from ..schemas.errors.patterns import BadSetting, NoVoteField
from ..schemas.suggest import did_you_mean, in_backticks
from .protocol import At, problem
from .voting import Panel, Vote, VoteRule

RULES = ("plurality", "majority", "unanimous")


def read_rule(given: Any, n: int) -> VoteRule:
    """The rule of the setting `rule`. Raises `PatternProblem`."""
    if isinstance(given, str):
        if given not in RULES:
            there = f"there are {in_backticks((*RULES, '{quorum: K}'), last='and')}"
            hint = "write `rule: {quorum: 2}`" if given == "quorum" else did_you_mean(given, RULES) or there
            raise problem(BadSetting, f"there is no rule `{given}`", hint, ("rule",))
        return VoteRule(given)  # type: ignore[arg-type]  # one of RULES
    k = given.get("quorum") if isinstance(given, dict) and len(given) == 1 else None
    if isinstance(k, bool) or not isinstance(k, int) or not 1 <= k <= n:
        raise problem(
            BadSetting, f"a quorum is a number from 1 to {n}", "write `rule: {quorum: 2}`", ("rule",)
        )
    return VoteRule("quorum", k)


def check_vote_field(task: BoundTask, field: str, at: At) -> None:
    """Refuse an output schema that has no field of that name, as far as it is known."""
    contract = task.output
    schema = contract.schema
    if schema is None and task.body is not None:
        schema = {"properties": {name: {} for name, _ in task.body.graph.outputs}}
    if schema is None:
        if contract.schema_file is not None:
            return
        raise problem(
            NoVoteField,
            f"the output of `{task.id}` has no schema, and so no field `{field}` that could be counted",
            f"give it `output: {{schema: {{type: object, properties: {{{field}: …}}}}}}`",
            at,
        )
    if not isinstance(schema, dict) or not _OPEN.isdisjoint(schema):
        return  # what stands elsewhere, or depends on the output, may have the field
    if "object" not in _types(schema):
        raise problem(NoVoteField, f"the output of `{task.id}` is no object, and so has no fields", at=at)
    known = schema.get("properties", {})
    if field not in known and field not in schema.get("required", ()):
        there = f"it has {in_backticks(known, last='and')}" if known else "it has none"
        raise problem(
            NoVoteField,
            f"the output schema of `{task.id}` has no field `{field}`",
            did_you_mean(field, known) or there,
            at,
        )
    inner = known.get(field)
    if isinstance(inner, dict) and _OPEN.isdisjoint(inner) and _types(inner) <= {"array", "object", "null"}:
        message = f"the field `{field}` of the output of `{task.id}` is never text, a number or a boolean"
        raise problem(NoVoteField, message, "only such values can be counted", at)


_OPEN = frozenset(
    ("$ref", "$dynamicRef", "allOf", "anyOf", "oneOf", "if", "dependentSchemas", "patternProperties")
)
_TYPES = frozenset(("array", "boolean", "integer", "null", "number", "object", "string"))


def _types(schema: Mapping[str, Any]) -> frozenset[str]:
    """The types that a value may have by the keyword `type` of its schema."""
    given = schema.get("type", _TYPES)
    return frozenset((given,)) if isinstance(given, str) else frozenset(given)


def classes_of(task: BoundTask, field: str) -> int | None:
    """How many values the vote can take, where the schema lists them."""
    schema = task.output.schema
    known = schema.get("properties") if isinstance(schema, dict) else None
    found = known.get(field) if isinstance(known, dict) else None
    if not isinstance(found, dict):
        return None
    if found.get("type") == "boolean":
        return 2
    return len(found["enum"]) if isinstance(found.get("enum"), list) else None


def vote_in(output: Any, field: str) -> Vote | None:
    """The vote that an output casts; None when it casts none that could be counted."""
    value = output.get(field) if isinstance(output, Mapping) else None
    return value if isinstance(value, str | bool | int | float) else None


def panel_of(outcomes: Sequence[tuple[str, Any]], field: str, *, asked: int) -> Panel:
    """The panel from the ends so far: pairs of state and output, in the order of declaration.

    Who ended without a valid vote abstained, whatever the reason.
    """
    votes = [
        vote for state, output in outcomes if state == "ok" and (vote := vote_in(output, field)) is not None
    ]
    return Panel(asked, tuple(votes), len(outcomes) - len(votes))


def as_rule(settings: Mapping[str, Any]) -> VoteRule:
    """The rule as a join's settings have it."""
    kind, k = settings["rule"]
    return VoteRule(kind, k)
