"""Turns the values of a graph file into templates, with all put in that is known before the run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..schemas import template as t
from ..schemas.errors import InputError
from ..schemas.errors.expression import ExpressionError
from ..schemas.span import Path
from .document import Document
from .expression.analysis import analyse
from .expression.scanner import Hole, Text, has_expression, scan, whole_expression


@dataclass(slots=True)
class Binder:
    """Builds the templates of one task, or of the graph's own keys.

    `scope` has the names that are known already, `dynamic_env` the variables that are not. Problems
    of evaluation are collected with their places; what cannot be evaluated becomes null.
    """

    document: Document
    scope: dict[str, Any]
    dynamic_env: set[str] = field(default_factory=set)
    problems: list[InputError] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)
    """Values of expressions over `params` alone, kept: they are the same for every task."""
    late_params: frozenset[str] = frozenset()
    """Parameters of a sub-graph that only the run will tell."""
    may_wait: bool = False
    """Whether a setting may stay open, because a cell of the matrix is to tell it."""

    def template(self, value: Any, path: Path) -> t.Template:
        """The template for a JSON value that stands at `path`, with expressions anywhere in it."""
        if isinstance(value, str):
            return self._text(value, path) if has_expression(value) else t.Literal(value)
        if isinstance(value, list | tuple):
            items = tuple(self.template(item, (*path, index)) for index, item in enumerate(value))
            if all(type(item) is t.Literal for item in items):
                return t.Literal([item.value for item in items if type(item) is t.Literal])
            return t.Sequence(items)
        if isinstance(value, Mapping):
            pairs = tuple((name, self.template(item, (*path, name))) for name, item in value.items())
            if all(type(item) is t.Literal for _, item in pairs):
                return t.Literal({name: item.value for name, item in pairs if type(item) is t.Literal})
            return t.Mapping(pairs)
        return t.Literal(value)

    def expression(self, source: str, path: Path, offset: int) -> t.Template:
        """The value of one expression if it is known already, else the expression itself.

        `offset` is where its source begins in the text at `path`.
        """
        if not self.is_known(source):
            return t.Expr(source)
        return t.Literal(self._evaluate(source, path, offset))

    def is_known(self, source: str) -> bool:
        """Whether everything that an expression refers to is known before the run."""
        return all(
            reference.root in self.scope
            and not (reference.root == "env" and self._waits_for_run(reference.path[:1]))
            and not (reference.root == "params" and self._comes_late(reference.path[:1]))
            for reference in analyse(source).references
        )

    def _waits_for_run(self, variable: tuple[str | int, ...]) -> bool:
        return not self.dynamic_env.isdisjoint(variable) if variable else bool(self.dynamic_env)

    def _comes_late(self, name: tuple[str | int, ...]) -> bool:
        return not self.late_params.isdisjoint(name) if name else bool(self.late_params)

    def _text(self, text: str, path: Path) -> t.Template:
        pieces = scan(text)
        whole = whole_expression(pieces)
        if whole is not None:
            return self.expression(whole.source, path, whole.offset)
        parts: list[t.Template] = []
        for piece in pieces:
            part = t.Literal(piece.text) if isinstance(piece, Text) else self._hole(piece, path)
            before = parts[-1] if parts else None
            if type(part) is t.Literal and type(before) is t.Literal:
                parts[-1] = t.Literal(before.value + part.value)
            else:
                parts.append(part)
        return parts[0] if len(parts) == 1 and type(parts[0]) is t.Literal else t.Concat(tuple(parts))

    def _hole(self, hole: Hole, path: Path) -> t.Template:
        part = self.expression(hole.source, path, hole.offset)
        # Inside text a value is text; this one is so once and for all.
        return t.Literal(t.as_text(part.value)) if type(part) is t.Literal else part

    def _evaluate(self, source: str, path: Path, offset: int) -> Any:
        # Evaluating needs Jinja2, which graphs whose expressions all wait for the run can do without.
        from .expression.evaluator import evaluate

        if source in self.values:
            return self.values[source]
        try:
            value = evaluate(source, self.scope)
        except ExpressionError as error:
            start = int(str(error.facts.pop("start", 0)))
            end = int(str(error.facts.pop("end", len(source))))
            self.add(error, path, offset + start, offset + end)
            return None
        if all(reference.root == "params" for reference in analyse(source).references):
            self.values[source] = value
        return value

    def add(
        self,
        error: InputError,
        path: Path,
        start: int | None = None,
        end: int | None = None,
        *,
        key: bool = False,
    ) -> None:
        """Note a problem at `path`, or at a stretch of the text there; with `key`, at its name."""
        error.where = path
        if start is None or end is None:
            error.span = self.document.span(path, "key" if key else "value")
        else:
            error.span = self.document.span_within(path, start, end)
        if path[0] == "tasks":
            error.task = str(path[1])
        self.problems.append(error)
