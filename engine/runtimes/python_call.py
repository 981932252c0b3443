"""A callable by its address: found, held to its signature, and what it raised in a sentence.

Standard library only: it also runs in the workers.
"""

from __future__ import annotations

import importlib
import inspect
import os.path
import sys
import traceback
from collections.abc import Callable, Collection, Iterable, Mapping
from types import CoroutineType, TracebackType
from typing import Any, Final, Literal

from .python_files import is_in_project

BRIEFS: Final = "briefs"
"""The parameter by which a callable asks for what the tasks before it handed on."""

_MESSAGE: Final = 300
_FOLDER: Final = os.path.dirname(__file__)
_OURS: Final = frozenset(
    os.path.join(_FOLDER, f"python_{name}.py") for name in ("call", "here", "look", "serve", "worker")
)
_PLUMBING: Final = (f"{os.sep}asyncio{os.sep}", "<frozen importlib", f"{os.sep}importlib{os.sep}")

MisfitKind = Literal["missing", "unknown", "positional"]
Misfit = tuple[MisfitKind, str]
"""A parameter that gets no value, a name that is no parameter, one that no keyword can reach."""


class Unusable(Exception):
    """A callable that cannot be called as it was asked for; the text is one sentence for people."""


def address(module: str, function: str) -> str:
    """The callable as the user wrote it."""
    return f"{module}:{function}"


def load(module: str, function: str) -> Callable[..., Any]:
    """The callable `function` of `module`, which is imported when it was not.

    Raises `Unusable`, and whatever the import raises.
    """
    # A module may have been written a moment ago, by a task before.
    if module not in sys.modules:
        importlib.invalidate_caches()
    found: Any = importlib.import_module(module)
    for name in function.split("."):
        if not hasattr(found, name):
            raise Unusable(f"`{module}` has no `{function}`")
        found = getattr(found, name)
    if not callable(found):
        raise Unusable(f"`{address(module, function)}` cannot be called: it is `{type(found).__name__}`")
    return found  # type: ignore[no-any-return]  # `callable` has been asked


def signature_of(function: Callable[..., Any]) -> inspect.Signature | None:
    """The signature, or None for a callable that does not tell it, as some that are written in C."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def takes_briefs(signature: inspect.Signature | None) -> bool:
    """Whether a parameter is called `briefs`."""
    parameter = signature.parameters.get(BRIEFS) if signature is not None else None
    return parameter is not None and parameter.kind in (
        inspect.Parameter.POSITIONAL_OR_KEYWORD,
        inspect.Parameter.KEYWORD_ONLY,
    )


def misfits(signature: inspect.Signature | None, names: Collection[str]) -> list[Misfit]:
    """What is wrong with a call by keywords of these names, `briefs` among them if it is given."""
    if signature is None:
        return []
    found: list[Misfit] = []
    known: set[str] = set()
    takes_any = False
    for name, parameter in signature.parameters.items():
        if parameter.kind is parameter.VAR_KEYWORD:
            takes_any = True
        elif parameter.kind is parameter.VAR_POSITIONAL:
            continue
        elif parameter.kind is parameter.POSITIONAL_ONLY:
            if parameter.default is parameter.empty:
                found.append(("positional", name))
        else:
            known.add(name)
            if parameter.default is parameter.empty and name not in names:
                found.append(("missing", name))
    if not takes_any:
        found += [("unknown", name) for name in names if name not in known]
    return found


def keywords_for(
    function: Callable[..., Any],
    inputs: Mapping[str, Any],
    briefs: Mapping[str, Any],
    name: str,
    offered: Collection[str] = (),
) -> dict[str, Any]:
    """The keyword arguments of a call: the inputs, and the Briefs if it asks for them. Raises `Unusable`.

    Of the inputs that are only `offered` it gets those that it takes.
    """
    signature = signature_of(function)
    keywords = dict(inputs)
    if offered:
        unknown = {one for kind, one in misfits(signature, keywords) if kind == "unknown"}
        keywords = {key: value for key, value in keywords.items() if key not in unknown or key not in offered}
    if takes_briefs(signature):
        keywords[BRIEFS] = briefs
    problems = misfits(signature, keywords)
    if problems:
        raise Unusable(f"`{name}` {problem_of(problems[0])}")
    return keywords


def problem_of(misfit: Misfit) -> str:
    """A misfit, as what its callable does wrong."""
    kind, name = misfit
    if kind == "missing":
        return f"needs the argument `{name}`, and `with` does not give it"
    if kind == "unknown":
        return f"takes no argument `{name}`"
    return f"takes `{name}` by position only, and inputs come by name"


async def awaited(result: Any) -> Any:
    """What an awaitable comes to, for those who need a coroutine."""
    return await result


def put_away(result: Any) -> None:
    """End a coroutine that was cancelled before it began: Python would warn that nobody awaited it."""
    if isinstance(result, CoroutineType):
        result.close()


def is_awaitable(result: Any) -> bool:
    """Whether a callable gave something to be awaited."""
    return hasattr(type(result), "__await__")


def is_a_stop(error: BaseException) -> bool:
    """Whether it is what is raised in a callable that is asked to stop."""
    return isinstance(error, KeyboardInterrupt) or type(error).__name__ == "CancelledError"


# ---- what was raised --------------------------------------------------------------------------------


def sentence(error: BaseException, project: str) -> str:
    """`ValueError: message (steps/clean.py:12)`: with the last place in the user's own code."""
    leaves = list(_leaves(error))
    first = leaves[0]
    text = _one_line(_message(first))
    name = type(first).__qualname__
    said = f"{name}: {text}" if text else name
    place = place_of(first, project) or place_of(error, project)
    more = f" (and {len(leaves) - 1} more)" if len(leaves) > 1 else ""
    return f"{said}{f' ({place})' if place else ''}{more}"


def place_of(error: BaseException, project: str) -> str:
    """The file and line where the user's own code raised, as `steps/clean.py:12`; empty if nowhere.

    The last frame whose file is in the project; without one, the last that has a file at all.
    """
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return f"{_relative(error.filename, project)}:{error.lineno}"
    frames = [(item.f_code.co_filename, number) for item, number in traceback.walk_tb(_without_ours(error))]
    found = [item for item in frames if _is_in(item[0], project)]
    found = found or [item for item in frames if not item[0].startswith("<")]
    return f"{_relative(found[-1][0], project)}:{found[-1][1]}" if found else ""


def full_traceback(error: BaseException) -> str:
    """The traceback as Python prints it, from the user's code on."""
    return "".join(traceback.format_exception(type(error), error, _without_ours(error)))


def _without_ours(error: BaseException) -> TracebackType | None:
    """The traceback without the frames that lead to the callable."""
    rest = error.__traceback__
    while rest is not None:
        file = rest.tb_frame.f_code.co_filename
        if file not in _OURS and not any(part in file for part in _PLUMBING):
            return rest
        rest = rest.tb_next
    return error.__traceback__


def _leaves(error: BaseException) -> Iterable[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _message(error: BaseException) -> str:
    try:
        # A KeyError's text is its key alone, quoted; the others' is their message.
        return str(error.msg) if isinstance(error, SyntaxError) else str(error)
    except BaseException:  # the user's own class may raise anything here
        return "its message cannot be read"


def _one_line(text: str) -> str:
    """What a terminal would obey is not for a sentence, nor is what no file could hold."""
    text = " ".join(text[: 4 * _MESSAGE].split()).encode("utf-8", "backslashreplace").decode()
    text = "".join(char if char.isprintable() else " " for char in text)
    return text if len(text) <= _MESSAGE else f"{text[: _MESSAGE - 1]}…"


def _is_in(file: str, project: str) -> bool:
    return not file.startswith("<") and is_in_project(os.path.abspath(file), os.path.abspath(project))


def _relative(file: str, project: str) -> str:
    return os.path.relpath(file, project) if _is_in(file, project) else file
