"""The use of a pattern: its name and its settings."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Final

from pydantic import Field, JsonValue

from . import mistakes
from .annotations import Choice
from .model import GrammarModel
from .values import FullText, Label, Maybe

BUILT_IN: Final = (
    *("solo", "fanout", "consensus", "shadow", "peer_review"),
    *("team", "cascade", "judge", "refine", "debate"),
)
"""The patterns of this program. Their names always mean them: a preset of that name may only give other
defaults."""


def _pattern_shape(value: Any) -> str:
    if isinstance(value, str):
        return "name"
    if not isinstance(value, dict):
        raise mistakes.mistake(
            "bad_pattern",
            f"expected a pattern, found {mistakes.kind_of(value)}",
            "write its name, such as `pattern: solo`, or `pattern: {consensus: {n: 3, vote: verdict}}`",
        )
    if len(value) != 1:
        raise mistakes.mistake(
            "bad_pattern",
            f"a pattern is one name with its settings, found {len(value)} keys",
            _inside(value) or "write `pattern: {NAME: {…}}`, with the settings one level deeper",
        )
    (settings,) = value.values()
    if not isinstance(settings, dict):
        (name,) = value
        raise mistakes.mistake(
            "bad_pattern",
            f"the settings of a pattern are a map, found {mistakes.kind_of(settings)}",
            f"write `pattern: {{{name}: {{…}}}}`, or `pattern: {name}` for its defaults",
        )
    return "settings"


def _inside(value: dict[Any, Any]) -> str | None:
    """How one pattern is put into another, where several are named side by side."""
    names = [name for name in value if name in BUILT_IN]
    if len(names) < 2:
        return None
    outer, inner = names[:2]
    return (
        f"`of` puts one pattern inside another: write `pattern: {{{outer}: {{of: {{{inner}: {{…}}}}, …}}}}`"
    )


_Settings = Annotated[dict[str, JsonValue], Field(strict=True)]
_WithSettings = Annotated[
    dict[Label, _Settings],
    Field(strict=True, min_length=1, max_length=1, title="a pattern with its settings"),
]
PatternRef = Annotated[
    str | dict[str, dict[str, JsonValue]], Choice(_pattern_shape, {"name": Label, "settings": _WithSettings})
]
"""A pattern's name, or a map from that one name to settings."""


class GraphFile(GrammarModel):
    """A pattern that is written as a task graph, in a file of its own."""

    shorthand: ClassVar[str] = "{graph: careful.yaml}"

    graph: FullText = Field(
        description="The file, relative to the graph file that names it.", examples=["patterns/careful.yaml"]
    )


def _entry_shape(value: Any) -> str:
    return "graph" if is_graph_file(value) else "pattern"


def is_graph_file(value: object) -> bool:
    """Whether an entry under `patterns` names the file of a pattern that is written as a graph."""
    return isinstance(value, dict) and isinstance(value.get("graph"), str)


PatternEntry = Annotated[Any, Choice(_entry_shape, {"graph": GraphFile, "pattern": PatternRef})]
"""What a name under `patterns` stands for: a pattern with its settings, or `graph` and a file."""


def pattern_name(pattern: str | dict[str, dict[str, Any]]) -> str:
    """The name of the pattern that is used."""
    return pattern if isinstance(pattern, str) else next(iter(pattern))


def pattern_settings(pattern: str | dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The settings that are written for the pattern, as they stand in the file."""
    return {} if isinstance(pattern, str) else next(iter(pattern.values()))


class PatternUse(GrammarModel):
    """The key of a task that turns it into a group of nodes."""

    pattern: Maybe[PatternRef] = Field(
        default=None,
        description="A graph template that the task is expanded into, such as `fanout` or `consensus`;"
        " other tasks still see one task. With or without settings.",
        examples=["peer_review", {"consensus": {"n": 3, "vote": "verdict"}}],
        json_schema_extra={"x-default": "solo: one node"},
    )
