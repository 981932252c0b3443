"""The environment in which expressions are compiled: Jinja2's immutable sandbox, narrowed further.

Differences from a plain sandbox: a dot is a field and never an attribute of a Python object; only
the functions, filters and tests of `operations` exist; arithmetic is bounded; `~` joins text as
`as_text` does. Expressions go through `compile_expression` only, never through a template.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import StrictUndefined, nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import missing

from ...schemas.suggest import did_you_mean, in_backticks
from .comparisons import compare
from .kinds import defined, kind_of
from .limits import bounded_bits, bounded_list, bounded_text, spend, spend_on_items, spend_on_text
from .operations import FILTERS, FUNCTIONS, TESTS
from .scalars import to_string

_SHOWN = 60
"""How many characters of a name are shown."""
_LOOKED_THROUGH = 1_000
"""How many fields an object may have for its names to be looked through."""


class Missing(StrictUndefined):
    """A value that does not exist; whatever is done with it says what is there instead."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        name, owner = self._undefined_name, self._undefined_obj
        if owner is missing:
            return f"`{name}` is not defined"
        return absence(owner, name)


def absence(owner: Any, name: Any, called: str = "the object") -> str:
    """The sentence that says that `owner` has no `name`, and what it has."""
    if not isinstance(name, str | int | float):
        return f"{kind_of(name)} is no field: a field has a name, an item a number"
    if isinstance(name, str):
        name = _shown(name)
    if isinstance(owner, Mapping):
        if not owner:
            return f"{called} has no field `{name}`: it is empty"
        return f"{called} has no field `{name}`; {_fields(owner, str(name))}"
    if isinstance(owner, list | tuple):
        if isinstance(name, int):
            return f"there is no item {name}: the list has {len(owner)}"
        each = f'`| map(attribute="{name}")`'
        return f"a list has no field `{name}`; an item is written `[0]`, a field of each {each}"
    return f"{kind_of(owner)} has no field `{name}`"


def _fields(owner: Mapping[Any, Any], name: str) -> str:
    """What an object has, when it has no such field."""
    if len(owner) > _LOOKED_THROUGH:
        return f"it has {len(owner):,} others"
    near = did_you_mean(name, [key for key in owner if isinstance(key, str)])
    return near or "it has " + in_backticks((_shown(str(key)) for key in owner), last="and")


def _shown(name: str) -> str:
    return name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…"


class _Generator(CodeGenerator):
    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802 - Jinja2's name
        """Join with the environment's own rule; Jinja2's would write lists as Python does."""
        self.write("environment.join_text((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")

    def visit_Compare(self, node: nodes.Compare, frame: Frame) -> None:  # noqa: N802
        """Compare by the environment's own rule, which counts the steps."""
        self.write("environment.compare_all((")
        self.visit(node.expr, frame)
        self.write(",), (")
        for operand in node.ops:
            self.write(f"({operand.op!r}, ")
            self.visit(operand.expr, frame)
            self.write("), ")
        self.write("))")

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:  # noqa: N802
        """A stretch of a list or text is made by the environment; Jinja2 would leave it to Python."""
        if not isinstance(node.arg, nodes.Slice):
            super().visit_Getitem(node, frame)
            return
        self.write("environment.stretch(")
        self.visit(node.node, frame)
        for bound in (node.arg.start, node.arg.stop, node.arg.step):
            self.write(", ")
            if bound is None:
                self.write("None")
            else:
                self.visit(bound, frame)
        self.write(")")


class ExpressionEnvironment(ImmutableSandboxedEnvironment):
    """The one environment of all expressions. It holds no state between them."""

    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})
    code_generator_class = _Generator

    def __init__(self) -> None:
        super().__init__(undefined=Missing, autoescape=False, optimized=False, cache_size=0)
        self.globals = dict(FUNCTIONS)
        self.filters = dict(FILTERS)
        self.tests = dict(TESTS)

    def getitem(self, obj: Any, argument: Any) -> Any:
        """A field of an object or an item of a list; never an attribute of the Python object."""
        defined(obj)
        try:
            if isinstance(obj, Mapping):
                return obj[argument]
            if isinstance(obj, list | tuple | str) and isinstance(argument, int):
                return obj[argument]
        except (LookupError, TypeError):
            pass
        return self.undefined(obj=obj, name=argument)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """The same as `getitem`: a dot is a field."""
        return self.getitem(obj, attribute)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Arithmetic on numbers, `+` on texts and lists, `*` on a text; all of it bounded."""
        del context
        for side in (left, right):
            defined(side)
        _check_operands(operator, left, right)
        spend(1)
        return self.binop_table[operator](left, right)

    def join_text(self, parts: Sequence[Any]) -> str:
        """The parts of `a ~ b ~ c` as one text."""
        texts = []
        size = 0
        for part in parts:
            texts.append(to_string(part))
            size += len(texts[-1])
            bounded_text(size)
        spend_on_text(size)
        return "".join(texts)

    def compare_all(self, first: tuple[Any], rest: Sequence[tuple[str, Any]]) -> bool:
        """The comparisons `first OP value OP value …`, each of a value with the one before it."""
        (left,) = first
        for name, right in rest:
            if not compare(name, left, right):
                return False
            left = right
        return True

    def stretch(self, value: Any, start: Any, stop: Any, step: Any) -> Any:
        """The items or characters of `value[start:stop:step]`."""
        if not isinstance(defined(value), list | tuple | str):
            raise TypeError(f"only a list or text can be cut, found {kind_of(value)}")
        found = slice(start, stop, step)
        count = len(range(*found.indices(len(value))))
        if isinstance(value, str):
            spend_on_text(count)
        else:
            spend_on_items(count)
        return value[found]


def _check_operands(operator: str, left: Any, right: Any) -> None:
    kinds = kind_of(left), kind_of(right)
    if kinds == ("a number", "a number"):
        if isinstance(left, int) and isinstance(right, int):
            _check_growth(operator, left, right)
        return
    if operator == "+" and kinds == ("text", "text"):
        bounded_text(len(left) + len(right))
        spend_on_text(len(left) + len(right))
        return
    if operator == "+" and kinds == ("a list", "a list"):
        bounded_list(len(left) + len(right))
        spend_on_items(len(left) + len(right))
        return
    if operator == "*" and set(kinds) == {"text", "a number"}:
        text, count = (left, right) if isinstance(left, str) else (right, left)
        if isinstance(count, int):
            bounded_text(len(text) * count)
            spend_on_text(len(text) * max(count, 0))
            return
    hint = "; `~` joins anything as text" if operator == "+" and "text" in kinds else ""
    raise TypeError(f"`{operator}` does not work on {kinds[0]} and {kinds[1]}{hint}")


def _check_growth(operator: str, left: int, right: int) -> None:
    if operator == "*":
        bounded_bits(left.bit_length() + right.bit_length())
    elif operator == "**" and right > 0:
        # 0, 1 and -1 stay small whatever the exponent, yet Python still walks its digits.
        bounded_bits(left.bit_length() * right if abs(left) > 1 else right.bit_length())
    elif operator == "+":
        bounded_bits(max(left.bit_length(), right.bit_length()))


ENVIRONMENT = ExpressionEnvironment()
