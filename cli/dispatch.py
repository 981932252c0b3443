"""From a command line to an exit code, whatever happens on the way."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextvars import copy_context
from pathlib import Path

import typer

from ..schemas.errors import InputErrors, InternalError, MetaEnsembleError, UnexpectedError
from .app import find, root
from .exit import INPUT, OK, code_of_error
from .place import leave, placed
from .speech import give_json, hush, say
from .terminal import has_colour, prepare_streams
from .usage import USAGE, as_input_error, is_help

NAMES = frozenset({"me", "metaensemble"})


def dispatch(args: Sequence[str]) -> int:
    """Carry out the command line; never raises, except for a completion request, which exits."""
    prepare_streams()
    name = Path(sys.argv[0]).name
    name = name if name in NAMES else "me"
    if f"_{name.upper()}_COMPLETE" in os.environ:
        root().main(args=list(args), prog_name=name)
    return copy_context().run(_dispatched, name, args)


def _dispatched(name: str, args: Sequence[str]) -> int:
    try:
        return _guarded(lambda: _carried_out(name, args), json_wanted=_wants_json(args))
    finally:
        leave()


def _carried_out(name: str, args: Sequence[str]) -> int:
    command, words, rest = find(args)
    path = " ".join([name, *words])
    try:
        with command.make_context(path, rest) as ctx:
            code = command.invoke(ctx)
    except typer.Exit as end:
        code = end.exit_code
    except USAGE as error:
        if is_help(error):
            say(str(error))
            return INPUT
        raise as_input_error(error, path) from error
    # What is still in the buffer can meet a closed pipe too.
    sys.stdout.flush()
    return code if isinstance(code, int) else OK


def _guarded(work: Callable[[], int], *, json_wanted: bool) -> int:
    try:
        return work()
    except BrokenPipeError as error:
        hush(sys.stdout)
        return code_of_error(error)
    except KeyboardInterrupt as error:
        _safely(lambda: say("interrupted"))
        return code_of_error(error)
    except MetaEnsembleError as error:
        failure = error
    except Exception as error:  # the last line of defence: no traceback reaches a user
        failure = _unexpected(error)
    _safely(lambda: _tell(failure, json_wanted=json_wanted))
    return code_of_error(failure)


def _tell(error: MetaEnsembleError, *, json_wanted: bool) -> None:
    from .draw import draw

    sys.stdout.flush()
    _place_hints(error)
    if json_wanted:
        give_json(error.to_json() if isinstance(error, InputErrors) else {"errors": [error.to_json()]})
        sys.stdout.flush()
    say(draw(error, colour=has_colour(sys.stderr)).rstrip("\n"))
    if isinstance(error, InternalError):
        from .fault import report_fault

        report_fault(error)


def _place_hints(error: MetaEnsembleError) -> None:
    for one in error.errors if isinstance(error, InputErrors) else (error,):
        one.hint = placed(one.hint) if one.hint else one.hint


def _unexpected(error: Exception) -> UnexpectedError:
    text = str(error)
    failure = UnexpectedError(f"{type(error).__name__}: {text}" if text else type(error).__name__)
    failure.__cause__ = error
    return failure


def _safely(work: Callable[[], None]) -> None:
    """Say it if anybody listens; a closed stderr must not turn one error into another."""
    try:
        work()
        sys.stderr.flush()
    except BrokenPipeError:
        hush(sys.stdout)
        hush(sys.stderr)


def _wants_json(args: Sequence[str]) -> bool:
    own = list(args)
    return "--json" in (own[: own.index("--")] if "--" in own else own)
