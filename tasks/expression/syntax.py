"""Reads an expression with Jinja2's parser and looks at every part of it.

The tree may hold only what expressions are meant to have, and only operations that exist. Jinja2
gives line numbers; its tokens are renumbered by character here, so that errors point at the place.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from typing import Any

from jinja2 import TemplateSyntaxError, nodes
from jinja2.lexer import TokenStream
from jinja2.parser import Parser

from ...schemas.errors.expression import ExpressionError, ExpressionSyntax, UnknownFunction
from ...schemas.suggest import did_you_mean
from .analysis import Analysis, Problem, Reference, reference_at
from .limits import NESTING, SOURCE_CHARACTERS, TREE_DEPTH
from .operations import FILTERS, FUNCTIONS, TESTS
from .sandbox import ExpressionEnvironment

_ALLOWED = (
    nodes.Name,
    nodes.Const,
    nodes.TemplateData,
    nodes.List,
    nodes.Tuple,
    nodes.Dict,
    nodes.Pair,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Slice,
    nodes.Call,
    nodes.Keyword,
    nodes.Filter,
    nodes.Test,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.Concat,
    nodes.BinExpr,
    nodes.UnaryExpr,
)

_HINTS = (
    ("&&", "write `and` for `&&`"),
    ("||", "write `or` for `||`"),
    ("?", "write `A if C else B` for `C ? A : B`"),
    ("!", "write `not` for `!`"),
    ("=", "compare with `==`"),
    ("$", "write one `${{ … }}` around the whole expression"),
)


class _ByCharacter(ExpressionEnvironment):
    """Parses only; the line numbers of what it gives are character positions, counted from 1."""

    def _tokenize(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> TokenStream:
        raw = _numbered(self.lexer.tokeniter(source, name, filename, state))
        return TokenStream(self.lexer.wrap(raw, name, filename), name, filename)


def _numbered(tokens: Iterator[tuple[int, str, str]]) -> Iterator[tuple[int, str, str]]:
    position = 1
    try:
        for _, kind, text in tokens:
            yield position, kind, text
            position += len(text)
    except TemplateSyntaxError as error:
        error.lineno = position
        raise


_PARSING = _ByCharacter()


def examine(source: str) -> Analysis:
    """Parse `source` and list its references and problems."""
    parsed = _too_much(source) or _parsed(source)
    if isinstance(parsed, Problem):
        return Analysis(problems=(parsed,))
    reader = _Reader(source)
    reader.visit(parsed, 0)
    reader.references.sort(key=lambda reference: reference.start)
    return Analysis(references=tuple(reader.references), problems=tuple(reader.problems))


def _parsed(source: str) -> nodes.Expr | Problem:
    try:
        return _parse(source)
    except TemplateSyntaxError as error:
        return _syntax_problem(source, error)
    except (RecursionError, MemoryError):
        return _whole(source, "the expression nests too deeply", None)
    except ValueError:
        return _whole(source, "a number in the expression has too many digits", None)


def _parse(source: str) -> nodes.Expr:
    parser = Parser(_PARSING, source, state="variable")
    tree = parser.parse_expression()
    if not parser.stream.eos:
        left = parser.stream.current
        raise TemplateSyntaxError("the expression goes on after its end", left.lineno)
    return tree


def _too_much(source: str) -> Problem | None:
    if not source:
        return Problem(
            ExpressionSyntax, "the expression is empty", "write a reference such as `params.x`", 0, 1
        )
    if len(source) > SOURCE_CHARACTERS:
        return _whole(source, f"the expression has more than {SOURCE_CHARACTERS:,} characters", None)
    depth = 0
    for char in re.sub(r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'", "", source, flags=re.DOTALL):
        depth += (char in "([{") - (char in ")]}")
        if depth > NESTING:
            return _whole(source, f"brackets nest deeper than {NESTING} in the expression", None)
    return None


def _whole(source: str, message: str, hint: str | None) -> Problem:
    return Problem(ExpressionSyntax, message, hint, 0, len(source))


def _syntax_problem(source: str, error: TemplateSyntaxError) -> Problem:
    start = min(max(error.lineno - 1, 0), len(source))
    rest = source[start:]
    start += len(rest) - len(rest.lstrip())
    if source[max(0, start - 1) : start + 1] == "||":
        start -= 1
    word = re.match(r"\w+|[^\w\s]+", source[start:])
    at_end = word is None or "end of template" in str(error.message)
    near = word[0] if word else ""
    end = start + len(near)
    hint = next((hint for sign, hint in _HINTS if near.startswith(sign)), None)
    if at_end:
        message = "the expression ends too early"
        start = max(0, len(source) - 1)
        end = len(source)
    elif "goes on" in str(error.message) or "expected token" in str(error.message):
        message = f"`{near}` does not fit at this place of the expression"
    else:
        message = f"`{near}` cannot be read as part of an expression"
    return Problem(ExpressionSyntax, message, hint, start, end)


class _Reader:
    """Walks the tree of one expression."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.references: list[Reference] = []
        self.problems: list[Problem] = []

    def visit(self, node: nodes.Node, depth: int) -> None:
        if depth > TREE_DEPTH:
            if not any("nests too deeply" in problem.message for problem in self.problems):
                self.problems.append(_whole(self.source, "the expression nests too deeply", None))
            return
        match node:
            case nodes.Getattr() | nodes.Getitem():
                self._chain(node, depth)
            case nodes.Name():
                self._name(node)
            case nodes.Call():
                self._call(node, depth)
            case nodes.Filter():
                self._operation(node, "filter", FILTERS, depth)
            case nodes.Test():
                self._operation(node, "test", TESTS, depth)
            case nodes.CondExpr(expr2=None):
                self._complain(node, ExpressionSyntax, "`if` in an expression needs an `else`", None, "if")
                self._children(node, depth)
            case _ if isinstance(node, _ALLOWED):
                self._children(node, depth)
            case _:
                self._complain(node, ExpressionSyntax, "this has no place in an expression", None)

    def _children(self, node: nodes.Node, depth: int) -> None:
        for child in node.iter_child_nodes():
            self.visit(child, depth + 1)

    def _chain(self, node: nodes.Node, depth: int) -> None:
        # From the outermost field down to the name: computed fields are expressions of their own.
        while isinstance(node, nodes.Getattr | nodes.Getitem):
            if isinstance(node, nodes.Getitem) and not isinstance(node.arg, nodes.Const):
                self.visit(node.arg, depth + 1)
            node = node.node
            depth += 1
            if depth > TREE_DEPTH:
                break
        self.visit(node, depth)

    def _name(self, node: nodes.Name) -> None:
        reference = reference_at(self.source, node.lineno - 1)
        if reference is None:
            reference = Reference(node.name, (), node.lineno - 1, node.lineno - 1 + len(node.name))
        self.references.append(reference)

    def _call(self, node: nodes.Call, depth: int) -> None:
        called = node.node
        if isinstance(called, nodes.Getattr):
            near = f"write `… | {called.attr}`" if called.attr in FILTERS else _test_hint(called.attr)
            message = f"values have no methods such as `{called.attr}()`"
            self._complain(called, UnknownFunction, message, near or "see `me dag functions`", called.attr)
            self.visit(called.node, depth + 1)
        elif not isinstance(called, nodes.Name):
            self._complain(node, UnknownFunction, "only a function can be called", "see `me dag functions`")
        elif called.name not in FUNCTIONS:
            hint = (
                f"write `… | {called.name}`"
                if called.name in FILTERS
                else did_you_mean(called.name, FUNCTIONS)
            )
            message = f"there is no function `{called.name}`"
            self._complain(called, UnknownFunction, message, hint or "see `me dag functions`", called.name)
        self._arguments(node, depth)

    def _operation(
        self, node: nodes.Filter | nodes.Test, kind: str, known: dict[str, Callable[..., Any]], depth: int
    ) -> None:
        if node.node is not None:
            self.visit(node.node, depth + 1)
        self._arguments(node, depth)
        other, verb = (TESTS, "is") if kind == "filter" else (FILTERS, "|")
        if node.name not in known:
            near = did_you_mean(node.name, known)
            if near is None and node.name in other:
                near = f"write `… {verb} {node.name}`"
            message = f"there is no {kind} `{node.name}`"
            self._complain(node, UnknownFunction, message, near or "see `me dag functions`", node.name)
            return
        self._count_arguments(node, kind, known[node.name])
        named = node.args[0] if node.args else None
        if isinstance(named, nodes.Const) and isinstance(named.value, str):
            if node.name == "map" and named.value not in FILTERS:
                self._unknown_inner(node, "filter", named.value)
            if node.name in ("select", "reject") and named.value not in TESTS:
                self._unknown_inner(node, "test", named.value)

    def _unknown_inner(self, node: nodes.Node, kind: str, name: str) -> None:
        near = did_you_mean(name, FILTERS if kind == "filter" else TESTS) or "see `me dag functions`"
        self._complain(node, UnknownFunction, f"there is no {kind} `{name}`", near, name)

    def _count_arguments(
        self, node: nodes.Filter | nodes.Test, kind: str, function: Callable[..., Any]
    ) -> None:
        given: list[Any] = [None] * (1 + len(node.args))
        if getattr(function, "jinja_pass_arg", None) is not None:
            given.insert(0, None)
        try:
            inspect.signature(function).bind(*given, **{str(keyword.key): None for keyword in node.kwargs})
        except TypeError:
            message = f"the {kind} `{node.name}` does not take these arguments"
            self._complain(node, UnknownFunction, message, "see `me dag functions`", node.name)

    def _arguments(self, node: nodes.Call | nodes.Filter | nodes.Test, depth: int) -> None:
        for argument in (*node.args, *(keyword.value for keyword in node.kwargs)):
            self.visit(argument, depth + 1)
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            self._complain(node, ExpressionSyntax, "`*` and `**` cannot hand over arguments here", None)

    def _complain(
        self, node: nodes.Node, error: type[ExpressionError], message: str, hint: str | None, word: str = ""
    ) -> None:
        start = min(max(node.lineno - 1, 0), max(0, len(self.source) - 1))
        if word and (found := re.compile(rf"\b{re.escape(word)}\b").search(self.source, start)):
            start, end = found.span()
        else:
            end = start + 1
        self.problems.append(Problem(error, message, hint, start, end))


def _test_hint(name: str) -> str | None:
    return f"write `… is {name}(…)`" if name in TESTS else did_you_mean(name, FILTERS)
