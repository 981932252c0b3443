"""Which names a Python file defines for others, told from its text alone. Pure."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_BLOCKS: Final = ("body", "orelse", "finalbody")
_TYPE_ALIAS: Final = getattr(ast, "TypeAlias", None)


class NotPython(Exception):
    """A text is no Python that can be read; the message is a few words for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """Why a name is not exported, or, in `may_come_from`, how it may come about all the same."""

    why: str = ""
    may_come_from: str = ""


@dataclass(slots=True)
class Exports:
    """The names that a module, or the body of a class, defines, each with the classes' own.

    `listed` are the names of a literal `__all__`, None without one. `open` says how names may come in that
    the text does not show.
    """

    names: dict[str, Exports | None] = field(default_factory=dict)
    listed: list[str] | None = None
    open: str = ""

    def lacks(self, name: str) -> Lacking | None:
        """What is missing for `name` (with dots: within a class) to be exported; None when it is."""
        first, *rest = name.split(".")
        if first not in self.names:
            return self._absent("it is not defined at the top level")
        if self.listed is not None and first not in self.listed:
            return Lacking(why=f"`__all__` leaves `{first}` out")
        inside: Exports | None = self
        way = first
        for step in [first, *rest][:-1]:
            inside = inside.names.get(step) if inside is not None else None
            if inside is None:
                return Lacking(may_come_from=f"`{way}` is not a class that is written out there")
            way = rest[0]
            if way not in inside.names:
                return inside._absent(f"the class `{step}` has no `{way}`")
            rest = rest[1:]
        return None

    def _absent(self, why: str) -> Lacking:
        return Lacking(may_come_from=self.open) if self.open else Lacking(why=why)


def exports_of(source: bytes, *, is_stub: bool = False) -> Exports:
    """The names that the module `source` exports. Raises `NotPython`.

    Counted are definitions, classes, assignments (annotated ones with a value, in a stub without one too)
    and imports at the top level, also within `if`, `try`, `with`, `for`, `while` and `match`. Not counted is
    what only a type checker sees, what stands under `if __name__ == "__main__"`, and what is deleted again.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes and the like, which are none of ours
            tree = ast.parse(source)
    except SyntaxError as error:
        place = f" in line {error.lineno}" if error.lineno else ""
        raise NotPython(f"it is not Python: {error.msg}{place}") from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise NotPython(f"it is not Python that can be read: {error}") from None
    found = Exports()
    try:
        _Collector(found, is_stub=is_stub).block(tree.body)
    except RecursionError:
        raise NotPython("it is nested too deeply to be looked into") from None
    if "__getattr__" in found.names:
        found.open = "it has a `__getattr__`"
    return found


class _Collector:
    def __init__(self, found: Exports, *, is_stub: bool) -> None:
        self._found = found
        self._is_stub = is_stub

    def block(self, statements: list[ast.stmt]) -> None:
        for statement in statements:
            self._statement(statement)

    def _statement(self, node: ast.stmt) -> None:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                self._define(node.name)
            case ast.ClassDef():
                self._found.names[node.name] = _class(node, is_stub=self._is_stub)
            case ast.Import() | ast.ImportFrom():
                self._import(node)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                self._assign(node)
            case ast.Delete():
                for target in node.targets:
                    for name in _names(target):
                        self._found.names.pop(name, None)
            case ast.Expr():
                self._expression(node.value)
            case _:
                self._compound(node)

    def _compound(self, node: ast.stmt) -> None:
        if _TYPE_ALIAS is not None and isinstance(node, _TYPE_ALIAS):
            self._targets(node.name)
            return
        if isinstance(node, ast.For | ast.AsyncFor):
            self._targets(node.target)
        if isinstance(node, ast.With | ast.AsyncWith):
            for item in node.items:
                if item.optional_vars is not None:
                    self._targets(item.optional_vars)
        if isinstance(node, ast.If) and _is_for_others(node.test):
            self.block(node.orelse)
            return
        for part in _BLOCKS:
            self.block(getattr(node, part, None) or [])
        for handler in getattr(node, "handlers", None) or ():
            self.block(handler.body)
        for case in getattr(node, "cases", None) or ():
            self._pattern(case.pattern)
            self.block(case.body)

    def _pattern(self, pattern: ast.pattern) -> None:
        for part in ast.walk(pattern):
            name = getattr(part, "name", None) or getattr(part, "rest", None)
            if isinstance(name, str):
                self._define(name)

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        for one in node.names:
            if one.name == "*" and isinstance(node, ast.ImportFrom):
                self._found.open = f"it has `from {'.' * node.level}{node.module or ''} import *`"
            elif isinstance(node, ast.Import):
                self._define(one.asname or one.name.partition(".")[0])
            else:
                self._define(one.asname or one.name)

    def _assign(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        if isinstance(node, ast.AnnAssign) and node.value is None and not self._is_stub:
            return  # a name that is only annotated does not exist
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            self._targets(target)
            self._list(target, node.value, more=isinstance(node, ast.AugAssign))

    def _targets(self, target: ast.expr) -> None:
        for name in _names(target):
            self._define(name)

    def _expression(self, value: ast.expr) -> None:
        match value:
            case ast.Call(func=ast.Attribute(value=ast.Name(id="__all__"), attr="append" | "extend")):
                assert isinstance(value.func, ast.Attribute)
                argument = value.args[0] if value.args else None
                if value.func.attr == "append" and argument is not None:
                    argument = ast.List(elts=[argument], ctx=ast.Load())
                self._list(ast.Name(id="__all__"), argument, more=True)
            case ast.NamedExpr():
                self._targets(value.target)

    def _list(self, target: ast.expr, value: ast.expr | None, *, more: bool) -> None:
        """Take note of what is said of `__all__`; what is not literal is as good as nothing said."""
        if not (isinstance(target, ast.Name) and target.id == "__all__"):
            return
        names = _literal(value)
        if names is None or (more and self._found.listed is None):
            self._found.listed = None
            return
        self._found.listed = [*(self._found.listed or ()), *names] if more else names

    def _define(self, name: str) -> None:
        self._found.names[name] = None


def _class(node: ast.ClassDef, *, is_stub: bool) -> Exports:
    found = Exports()
    _Collector(found, is_stub=is_stub).block(node.body)
    if not is_stub:
        # An attribute that is only annotated belongs to every instance of a data class and the like.
        for statement in node.body:
            if isinstance(statement, ast.AnnAssign):
                found.names.update(dict.fromkeys(_names(statement.target)))
    found.listed = None
    bases = [base for base in node.bases if not (isinstance(base, ast.Name) and base.id == "object")]
    if bases or node.keywords or node.decorator_list:
        found.open = f"the class `{node.name}` gets more from elsewhere"
    return found


def _names(target: ast.expr) -> Iterator[str]:
    match target:
        case ast.Name():
            yield target.id
        case ast.Tuple() | ast.List():
            for item in target.elts:
                yield from _names(item)
        case ast.Starred():
            yield from _names(target.value)


def _literal(value: ast.expr | None) -> list[str] | None:
    """The texts of a list or tuple that is written out, or of a sum of such; None for anything else."""
    match value:
        case ast.List() | ast.Tuple():
            found = [
                item.value
                for item in value.elts
                if isinstance(item, ast.Constant) and isinstance(item.value, str)
            ]
            return found if len(found) == len(value.elts) else None
        case ast.BinOp(op=ast.Add()):
            left, right = _literal(value.left), _literal(value.right)
            return None if left is None or right is None else left + right
        case _:
            return None


def _is_for_others(test: ast.expr) -> bool:
    """Whether a condition only holds where nobody imports the module: for type checkers, or as a program."""
    match test:
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return True
        case ast.Compare(
            left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant("__main__")]
        ):
            return True
        case _:
            return False
