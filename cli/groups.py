"""Groups of commands whose files are imported when a command is named, and not before."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, ClassVar, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from .. import __version__
from ..schemas.errors import RepeatedFlag, UnexpectedArgument, UnknownCommand
from ..schemas.suggest import did_you_mean, in_backticks
from .args import Directory

SETTINGS: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Command(TyperCommand):
    """A command that also refuses a flag given twice, where click would take the last one."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:  # click's contract
        if not ctx.resilient_parsing:
            values, rest, order = self.make_parser(ctx).parse_args(args=list(args))
            if not values.get("help"):
                _refuse_repeated(order)
                _refuse_rest(rest, ctx.command_path)
        return super().parse_args(ctx, args)


def _refuse_repeated(order: list[Any]) -> None:
    seen: set[str] = set()
    for param in order:
        if param.param_type_name != "option" or param.multiple or param.count:
            continue
        if param.name in seen:
            flag = max(param.opts, key=len)
            raise RepeatedFlag(f"`{flag}` was given twice", hint="it counts once; keep the one you mean")
        seen.add(param.name)


def _refuse_rest(rest: list[str], command: str) -> None:
    if rest:
        raise UnexpectedArgument(
            f"`{command}` takes no further argument `{rest[0]}`",
            hint=f"`{command} --help` shows what it takes; quote a value that has spaces in it",
        )


class LazyGroup(TyperGroup):
    """A group whose commands are named in `table`: name → `module:function` or `module:Group`."""

    table: ClassVar[Mapping[str, str]] = {}

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  # click's contract
        return list(self.table)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  # click's contract
        if cmd_name not in self.table:
            return None
        if cmd_name not in self.commands:
            found = load(self.table[cmd_name])
            build = build_group if isinstance(found, type) else build_command
            self.commands[cmd_name] = build(found, cmd_name)
        return self.commands[cmd_name]

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # click's contract
        name = args[0]
        if not name.startswith("-") and name not in self.table and not ctx.resilient_parsing:
            hint = (
                did_you_mean(name, self.table)
                or f"there are {in_backticks(self.table, last='and', limit=20)}"
            )
            raise UnknownCommand(f"`{ctx.command_path}` has no command `{name}`", hint=hint)
        return super().resolve_command(ctx, args)


def load(place: str) -> Any:
    """What a group's table names: `module:name`, relative to this package."""
    module, _, name = place.partition(":")
    return getattr(import_module(module, __package__), name)


def build_group(group: type[LazyGroup], name: str | None = None, *, with_completion: bool = False) -> Any:
    """The click command of a group; its docstring is its help. Without a name it is the program.

    `with_completion` adds typer's own flags for the shell's completion.
    """
    app = typer.Typer(
        name=name,
        cls=group,
        help=group.__doc__,
        add_completion=with_completion,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        no_args_is_help=True,
        context_settings=SETTINGS,
    )
    # Without a callback a Typer would take its only command for the whole program.
    app.callback()(_program if name is None else _nothing)
    return typer.main.get_command(app)


def build_command(function: Any, name: str) -> Any:
    """The click command of a function; its docstring is its help, its arguments are the flags.

    Each command takes `-C DIR` besides, so that it can be typed anywhere.
    """
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    app.command(name, cls=Command, context_settings=SETTINGS)(_with_directory(function))
    return typer.main.get_command(app)


def _with_directory(function: Callable[..., int]) -> Callable[..., int]:
    """`function` with `-C DIR` among its flags, which is obeyed while the command line is read."""

    @wraps(function)
    def placed(*, directory: Path | None = None, **given: Any) -> int:
        del directory
        return function(**given)

    hints = {**get_type_hints(function, include_extras=True), "directory": Directory}
    own = inspect.signature(function).parameters.values()
    extra = inspect.Parameter("directory", inspect.Parameter.KEYWORD_ONLY, default=None)
    parameters = [one.replace(annotation=hints[one.name]) for one in (*own, extra)]
    placed.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]  # as inspect documents
    placed.__annotations__ = hints
    return placed


def _nothing() -> None:
    """A group by itself does nothing."""


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"me {__version__}")
        raise typer.Exit


def _program(
    version: Annotated[
        bool,
        typer.Option(
            "--version", "-V", help="Say which version this is.", is_eager=True, callback=_show_version
        ),
    ] = False,
    directory: Directory = None,
) -> None:
    """The program's own flags."""
    del version, directory
