"""From a command line to an exit code, whatever happens on the way."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextvars import copy_context
from pathlib import Path

import typer

from ..schemas.errors import CannotWriteOutput, InputErrors, InternalError, MetaEnsembleError, UnexpectedError
from .app import find, root
from .exit import INPUT, INTERRUPTED, OK, code_of_error
from .place import leave, placed
from .speech import give_json, say
from .streams import SteadyFile, steady_streams
from .terminal import has_colour
from .usage import USAGE, as_input_error, is_help

NAMES = frozenset({"me", "metaensemble"})


def dispatch(args: Sequence[str]) -> int:
    """Carry out the command line; never raises, except for a completion request, which exits."""
    with steady_streams() as out:
        name = Path(sys.argv[0]).name
        name = name if name in NAMES else "me"
        if f"_{name.upper()}_COMPLETE" in os.environ:
            root().main(args=list(args), prog_name=name)
        return copy_context().run(_dispatched, name, args, out)


def _dispatched(name: str, args: Sequence[str], out: SteadyFile | None) -> int:
    try:
        code = _guarded(lambda: _carried_out(name, args), json_wanted=_wants_json(args))
        return _heard(code, out)
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
    return code if isinstance(code, int) else OK


def _guarded(work: Callable[[], int], *, json_wanted: bool) -> int:
    try:
        return work()
    except KeyboardInterrupt:
        return _interrupted()
    except MetaEnsembleError as error:
        failure = error
    except Exception as error:  # the last line of defence: no traceback reaches a user
        if _comes_of_interrupt(error):
            return _interrupted()
        failure = _unexpected(error)
    _tell(failure, json_wanted=json_wanted)
    return code_of_error(failure)


def _interrupted() -> int:
    say("interrupted")
    return INTERRUPTED


def _comes_of_interrupt(error: BaseException) -> bool:
    """Whether the error is what a library made of a Ctrl-C.

    pydantic does so while it builds a model, which is when modules are imported: its `SchemaError` has the
    interrupt's name in its text, and no cause.
    """
    seen: set[int] = set()
    to_do: list[BaseException | None] = [error]
    while to_do:
        at = to_do.pop()
        if at is None or id(at) in seen:
            continue
        seen.add(id(at))
        if isinstance(at, KeyboardInterrupt):
            return True
        if type(at).__name__ == "SchemaError" and KeyboardInterrupt.__name__ in str(at):
            return True
        to_do += [at.__cause__, at.__context__]
    return False


def _heard(code: int, out: SteadyFile | None) -> int:
    """The exit code of a command that ended with `code`, now that its output is on its way.

    Output that was lost makes a command that went well one that did not; any other end stays what it is.
    """
    sys.stdout.flush()
    failure = None if out is None else out.failure
    if failure is None:
        return code
    if isinstance(failure, BrokenPipeError):
        return code or code_of_error(failure)
    why = (failure.strerror or str(failure)).lower()
    error = CannotWriteOutput(f"standard output cannot be written: {why}")
    _tell(error, json_wanted=False)
    return code or code_of_error(error)


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
    from .fault import without_secrets

    text = without_secrets(str(error))
    failure = UnexpectedError(f"{type(error).__name__}: {text}" if text else type(error).__name__)
    failure.__cause__ = error
    return failure


def _wants_json(args: Sequence[str]) -> bool:
    own = list(args)
    return "--json" in (own[: own.index("--")] if "--" in own else own)
