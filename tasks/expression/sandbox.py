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
from .limits import bounded_bits, bounded_list, bounded_text, size_of_joined
from .operations import FILTERS, FUNCTIONS, TESTS, defined, kind_of, to_string


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
    if isinstance(owner, Mapping):
        if not owner:
            return f"{called} has no field `{name}`: it is empty"
        near = did_you_mean(str(name), [key for key in owner if isinstance(key, str)])
        return f"{called} has no field `{name}`; {near or 'it has ' + in_backticks(owner, last='and')}"
    if isinstance(owner, list | tuple):
        if isinstance(name, int):
            return f"there is no item {name}: the list has {len(owner)}"
        each = f'`| map(attribute="{name}")`'
        return f"a list has no field `{name}`; an item is written `[0]`, a field of each {each}"
    return f"{kind_of(owner)} has no field `{name}`"


class _Generator(CodeGenerator):
    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802 - Jinja2's name
        """Join with the environment's own rule; Jinja2's would write lists as Python does."""
        self.write("environment.join_text((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")


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
        return self.binop_table[operator](left, right)

    def join_text(self, parts: Sequence[Any]) -> str:
        """The parts of `a ~ b ~ c` as one text."""
        texts = [to_string(part) for part in parts]
        bounded_text(size_of_joined(texts))
        return "".join(texts)


def _check_operands(operator: str, left: Any, right: Any) -> None:
    kinds = kind_of(left), kind_of(right)
    if kinds == ("a number", "a number"):
        if isinstance(left, int) and isinstance(right, int):
            _check_growth(operator, left, right)
        return
    if operator == "+" and kinds == ("text", "text"):
        bounded_text(len(left) + len(right))
        return
    if operator == "+" and kinds == ("a list", "a list"):
        bounded_list(len(left) + len(right))
        return
    if operator == "*" and set(kinds) == {"text", "a number"}:
        text, count = (left, right) if isinstance(left, str) else (right, left)
        if isinstance(count, int):
            bounded_text(len(text) * count)
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
