"""Click's complaints about the command line, as errors of our own."""

from __future__ import annotations

from typing import Any

import typer

from ..schemas.errors import BadFlagValue, InputError, MissingArgument, UnexpectedArgument, UnknownFlag
from ..schemas.suggest import did_you_mean

USAGE: type[Exception] = typer.BadParameter.__mro__[1]
"""Click's `UsageError`. Typer brings its own copy of click since 0.20 and exports only this subclass."""


def is_help(error: Exception) -> bool:
    """Whether the "error" only carries the help text, because nothing but the group was named."""
    return type(error).__name__ == "NoArgsIsHelpError"


def as_input_error(error: Any) -> InputError:
    """The error of our tree for click's `UsageError`."""
    name = type(error).__name__
    ctx = getattr(error, "ctx", None)
    command = ctx.command_path if ctx is not None else "me"
    see = f"`{command} --help` shows what it takes"
    param = getattr(error, "param", None)
    if name == "NoSuchOption":
        known = [flag for p in ctx.command.get_params(ctx) for flag in p.opts] if ctx is not None else []
        return UnknownFlag(
            f"`{command}` has no flag `{error.option_name}`",
            hint=did_you_mean(error.option_name, known) or see,
        )
    if name == "MissingParameter" and param is not None:
        what = param.opts[-1] if param.param_type_name == "option" else param.make_metavar(ctx)
        return MissingArgument(f"`{command}` needs {what}", hint=see)
    if isinstance(error, typer.BadParameter):
        what = f"`{_shown(param)}`: " if param is not None else ""
        return BadFlagValue(f"{what}{_sentence(error.message)}", hint=see)
    if name == "BadOptionUsage":
        return MissingArgument(f"`{error.option_name}` needs a value", hint=see)
    text = _sentence(error.format_message())
    if "extra argument" in text:
        return UnexpectedArgument(text, hint=see)
    return MissingArgument(f"`{command}`: {text}", hint=see)


def _shown(param: Any) -> str:
    return str(param.opts[-1] if param.param_type_name == "option" else param.human_readable_name)


def _sentence(text: str) -> str:
    """Click's sentence in the house's style: lower case at the start, no full stop, `x` for 'x'."""
    plain = text.strip().rstrip(".").replace("'", "`")
    return plain[:1].lower() + plain[1:]
