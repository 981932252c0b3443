"""Click's complaints about the command line, as errors of our own."""

from __future__ import annotations

from typing import Any

import typer

from ..schemas.errors import BadFlagValue, InputError, MissingArgument, UnknownFlag
from ..schemas.suggest import did_you_mean

USAGE: type[Exception] = typer.BadParameter.__mro__[1]
"""Click's `UsageError`. Typer brings its own copy of click since 0.20 and exports only this subclass."""

_NO_NUMBER = ("integer", "a unicode string")
"""What typer says where a whole number was wanted; the second of a text that is no UTF-8."""


def is_help(error: Exception) -> bool:
    """Whether the "error" only carries the help text, because nothing but the group was named."""
    return type(error).__name__ == "NoArgsIsHelpError"


def as_input_error(error: Any, command: str) -> InputError:
    """The error of our tree for click's `UsageError`, met while `command` looked at its arguments."""
    name = type(error).__name__
    ctx = getattr(error, "ctx", None)
    see = f"`{command} --help` shows what it takes"
    param = getattr(error, "param", None)
    if name == "NoSuchOption":
        known = [flag for p in ctx.command.get_params(ctx) for flag in p.opts] if ctx is not None else []
        hint = did_you_mean(error.option_name, known) or see
        return UnknownFlag(f"`{command}` has no flag `{error.option_name}`", hint=hint)
    if name == "BadOptionUsage":
        return MissingArgument(f"`{error.option_name}` needs a value", hint=see)
    if name == "MissingParameter" and param is not None:
        return MissingArgument(f"`{command}` needs `{_shown(param)}`", hint=see)
    if isinstance(error, typer.BadParameter) and param is not None:
        return BadFlagValue(f"`{_shown(param)}`: {_complaint(error.message)}", hint=see)
    text = _sentence(error.format_message())
    return MissingArgument(f"`{command}`: {text}", hint=see)


def _shown(param: Any) -> str:
    """The long form of a flag, or the word that stands for an argument in the usage line."""
    if param.param_type_name == "option":
        return str(max(param.opts, key=len))
    return str(param.metavar or param.name.upper())


def _complaint(text: str) -> str:
    """What is wrong with a value; that of a number is said in our words, the rest in typer's."""
    if any(words in text for words in _NO_NUMBER):
        return "it must be a whole number"
    return _sentence(text.removeprefix("Value error, ").removeprefix("value error, "))


def _sentence(text: str) -> str:
    """Click's sentence in the house's style: lower case at the start, no full stop, `x` for 'x'."""
    plain = text.strip().rstrip(".").replace("'", "`")
    return plain[:1].lower() + plain[1:]
